"""What the filer reads of parked money, and the desk of a refund it has to make: what it is, and what to do next."""

import re

import pytest

from chalicelib.contracts.events import PaymentParked
from chalicelib.payment import settle
from chalicelib.payment.words import case_words, parked_words
from tests.factories import cambodia
from tests.unit.payment.orders import FIRST

REASONS = (
    "after-refund", "cancelled", "already-paid", "no-bank-reference", "amount-unknown", "currency", "underpaid",
    "overpaid", "late", "time-unknown", "reference", "payee", "rail", "refunded", "part-refunded", "reversed",
)  # fmt: skip


def parked(reason: str) -> PaymentParked:
    return PaymentParked(
        reference=FIRST, rail="aba", bank_ref="B1", reason=reason, amount=1, currency="KHR",
        asked_at="2026-11-25T09:00:00.000Z", evidence_sha256="0" * 64,
    )  # fmt: skip


@pytest.mark.parametrize("reason", REASONS)
def test_parked_money_is_told_in_khmer_and_english_with_what_to_do_next(reason: str) -> None:
    told = parked_words(cambodia(), parked(reason))
    assert told["reason"] == reason
    for part in ("message", "action"):
        assert re.search(r"[\u1780-\u17ff]", told[part]["km"])
        assert told[part]["en"].endswith(".")


def test_the_reasons_are_those_that_settlement_gives() -> None:
    from pathlib import Path

    source = Path(settle.__file__).read_text("utf-8")
    given = set(re.findall(r'return "([a-z-]+)"', source)) | {"underpaid", "overpaid", "time-unknown"}
    assert given - set(REASONS) == set()


@pytest.mark.parametrize(
    ("reason", "word"),
    [("no-call", "at the bank"), ("not-shown", "Do not"), ("refused", "Ask"), ("gone-already", "Do not")],
)
def test_a_refund_left_to_people_says_what_to_do(reason: str, word: str) -> None:
    told = case_words(cambodia(), {"status": "decided", "refund_left": {"reason": reason}})["refund_left"]
    assert told["reason"] == reason
    assert word in told["action"]["en"]
    assert re.search(r"[\u1780-\u17ff]", told["action"]["km"])
    closed = {"status": "closed", "refund_left": {"reason": reason}}
    assert case_words(cambodia(), closed) == closed
