"""What is said to people of money that waits: to the filer of what was parked, to the desk of a refund it has to make.

The reasons are the contract; the words are the office's (`messages.toml`), in its languages, with what to do next.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.contracts.events import PaymentParked
from chalicelib.kernel.errors import Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office

_PARKED = {
    "already-paid": "parked.second",
    "late": "parked.late",
    "time-unknown": "parked.late",
    "cancelled": "parked.cancelled",
    "underpaid": "parked.underpaid",
    "overpaid": "parked.overpaid",
    "currency": "parked.currency",
    "refunded": "parked.went-back",
    "part-refunded": "parked.went-back",
    "reversed": "parked.went-back",
    "after-refund": "parked.went-back",
}
_OTHER = "parked.other"

_LEFT = {
    "refused": "refund.refused",
    "not-shown": "refund.not-shown",
    "gone-already": "refund.gone-already",
}
_BY_HAND = "refund.by-hand"


def parked_words(office: Office, parked: PaymentParked) -> dict[str, Any]:
    """Parked money as the filer sees it."""
    return {"reason": parked.reason, "at": parked.asked_at, **_said(office, _PARKED.get(parked.reason, _OTHER))}


def case_words(office: Office, case: Mapping[str, Any]) -> dict[str, Any]:
    """A case as the desk sees it; a refund that waits for a person says what to do."""
    left = case.get("refund_left")
    if left is None or case["status"] == "closed":
        return dict(case)
    return {**case, "refund_left": {**left, **_said(office, _LEFT.get(left["reason"], _BY_HAND))}}


def _said(office: Office, code: str) -> dict[str, dict[str, str]]:
    said = words(office, Finding(code=code))
    return {
        "message": {language: text for language, (text, _) in said.items()},
        "action": {language: text for language, (_, text) in said.items()},
    }
