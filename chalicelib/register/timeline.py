"""Status as a pure fold over entries, and the only allowed ways from one status to the next (invariant I9)."""

from collections.abc import Iterable

FILING_STATES: dict[str, tuple[frozenset[str], str]] = {
    # entry type: (states it may happen in, state after; "" = unchanged)
    "AttachmentReserved": (frozenset({"draft"}), ""),
    "AttachmentStored": (frozenset({"draft"}), ""),
    "AttachmentRefused": (frozenset({"draft"}), ""),
    "AttachmentRemoved": (frozenset({"draft"}), ""),
    "FilingSubmitted": (frozenset({"draft"}), "submitted"),
    "AttachmentSecured": (frozenset({"submitted", "paid", "acknowledged"}), ""),
    "FeePaid": (frozenset({"submitted"}), "paid"),
    "LetterIntended": (frozenset({"paid"}), ""),
    "LetterIssued": (frozenset({"paid"}), "acknowledged"),
    "PackageReady": (frozenset({"acknowledged"}), "handed-over"),
}

ORDER_STATES: dict[str, tuple[frozenset[str], str]] = {
    "OrderOpened": (frozenset({""}), "open"),
    "AttemptOpened": (frozenset({"open"}), ""),
    "AttemptIssued": (frozenset({"open", "paid"}), ""),
    "PaymentVerified": (frozenset({"open"}), "paid"),
    "PaymentParked": (frozenset({"open", "paid"}), ""),
}


class NotAllowed(ValueError):
    """An entry that its stream's state does not allow."""


def after(kind: str, state: str, entry_types: Iterable[str]) -> str:
    """The state of a stream (`FILING` or `ORDER`) once entries of these types follow. NotAllowed outside the graph."""
    graph = {"FILING": FILING_STATES, "ORDER": ORDER_STATES}[kind]
    for type_ in entry_types:
        allowed, then = graph[type_]
        if state not in allowed:
            raise NotAllowed(f"{type_} cannot follow {state!r}")
        state = then or state
    return state


def status(kind: str, entry_types: Iterable[str]) -> str:
    """The state of a stream with these entries."""
    return after(kind, {"FILING": "draft", "ORDER": ""}[kind], entry_types)
