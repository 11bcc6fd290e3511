"""Status as a pure fold over entries, and the only allowed ways from one status to the next (invariant I9)."""

from collections.abc import Iterable

FILED = frozenset({"submitted", "paid", "acknowledged", "handed-over"})

FILING_STATES: dict[str, tuple[frozenset[str], str]] = {
    # entry type: (states it may happen in, state after; "" = unchanged)
    "AttachmentReserved": (frozenset({"draft"}), ""),
    "AttachmentStored": (frozenset({"draft"}), ""),
    "AttachmentHeld": (frozenset({"draft"}), ""),
    "AttachmentCleared": (frozenset({"draft", "submitted", "paid", "acknowledged"}), ""),
    "AttachmentRefused": (frozenset({"draft", "submitted", "paid", "acknowledged"}), ""),
    "AttachmentRemoved": (frozenset({"draft"}), ""),
    "FilingSubmitted": (frozenset({"draft"}), "submitted"),
    "AttachmentSecured": (frozenset({"submitted", "paid", "acknowledged"}), ""),
    "FeePaid": (frozenset({"submitted"}), "paid"),
    "LetterIntended": (frozenset({"paid"}), ""),
    "LetterIssued": (frozenset({"paid"}), "acknowledged"),
    "PackageReady": (frozenset({"acknowledged"}), "handed-over"),
    "ReceiptLogged": (FILED, ""),
    "LetterLogged": (frozenset({"acknowledged", "handed-over"}), ""),
    # what the registry says changes nothing of what is with us; it may have the filing from paper before our package is ready
    "RegistryAccepted": (FILED, ""),
    "RegistryRejected": (FILED, ""),
    "RegistryStatusChanged": (FILED, ""),
    "OfficeLetterReceived": (FILED, ""),
}

PAPER_STATES: dict[str, tuple[frozenset[str], str]] = {
    "AttachmentReserved": (frozenset({"draft"}), ""),
    "AttachmentStored": (frozenset({"draft"}), ""),
    "AttachmentHeld": (frozenset({"draft"}), ""),
    "AttachmentCleared": (frozenset({"draft", "submitted", "secured"}), ""),
    "AttachmentRefused": (frozenset({"draft", "submitted", "secured"}), ""),
    "AttachmentRemoved": (frozenset({"draft"}), ""),
    "FeePaid": (frozenset({"draft", "submitted", "secured", "handed-over"}), ""),
    "PaperSubmitted": (frozenset({"draft"}), "submitted"),
    "AttachmentSecured": (frozenset({"submitted", "secured"}), ""),
    "PaperSecured": (frozenset({"submitted"}), "secured"),
    "PackageReady": (frozenset({"secured"}), "handed-over"),
}

ORDER_STATES: dict[str, tuple[frozenset[str], str]] = {
    "OrderOpened": (frozenset({""}), "open"),
    "AttemptOpened": (frozenset({"open"}), ""),
    "AttemptIssued": (frozenset({"open", "paid", "cancelled"}), ""),
    "OrderCancelled": (frozenset({"open"}), "cancelled"),
    "PaymentVerified": (frozenset({"open"}), "paid"),
    "PaymentParked": (frozenset({"open", "paid", "cancelled"}), ""),
    "PaymentConfirmed": (frozenset({"open", "paid", "cancelled"}), ""),
}

CASE_STATES: dict[str, tuple[frozenset[str], str]] = {
    "CaseOpened": (frozenset({""}), "open"),
    "CaseDecisionProposed": (frozenset({"open"}), "proposed"),
    "CaseProposalRejected": (frozenset({"proposed"}), "open"),
    "CaseDecided": (frozenset({"proposed"}), "decided"),
    "RefundRequested": (frozenset({"decided"}), ""),
    "RefundAsked": (frozenset({"decided"}), ""),
    "RefundAnswered": (frozenset({"decided", "closed"}), ""),  # a person may have been faster than the bank
    "RefundReferred": (frozenset({"decided"}), ""),
    "CaseClosed": (frozenset({"open", "proposed", "decided"}), "closed"),
}

STATEMENT_STATES: dict[str, tuple[frozenset[str], str]] = {
    "StatementLoaded": (frozenset({""}), "loaded"),
    "StatementRefused": (frozenset({""}), "refused"),
    "StatementLinesRecorded": (frozenset({"loaded"}), ""),
    "StatementApplied": (frozenset({"loaded"}), "applied"),
}

RECONCILIATION_STATES: dict[str, tuple[frozenset[str], str]] = {
    "DayReconciled": (frozenset({"", "reconciled"}), "reconciled"),
    "ReportSealed": (frozenset({"reconciled"}), ""),
}

LETTER_STATES: dict[str, tuple[frozenset[str], str]] = {
    # the acknowledgement is issued on its filing's stream: its own begins with what comes after
    # a letter that persons answer for is prepared and approved first; once its sealing has begun nobody changes it any more
    "LetterPrepared": (frozenset({"", "prepared", "rejected", "approved"}), "prepared"),
    "LetterApproved": (frozenset({"prepared"}), "approved"),
    "LetterRejected": (frozenset({"prepared"}), "rejected"),
    "LetterCancelled": (frozenset({"prepared", "rejected", "approved"}), "cancelled"),
    "LetterIntended": (frozenset({"", "approved", "intended"}), "intended"),
    "LetterIssued": (frozenset({"intended"}), "issued"),
    "LetterStamped": (frozenset({"", "issued"}), "stamped"),
    "LetterArchived": (frozenset({"stamped", "archived"}), "archived"),
    "LetterLogged": (frozenset({"issued", "stamped", "archived"}), ""),
}

GRAPHS = {
    "LETTER": LETTER_STATES,
    "FILING": FILING_STATES,
    "PAPER": PAPER_STATES,
    "ORDER": ORDER_STATES,
    "CASE": CASE_STATES,
    "STATEMENT": STATEMENT_STATES,
    "RECONCILIATION": RECONCILIATION_STATES,
}
DRAFTED = {"FILING", "PAPER"}  # these begin as drafts, before their first entry


class NotAllowed(ValueError):
    """An entry that its stream's state does not allow."""


def after(kind: str, state: str, entry_types: Iterable[str]) -> str:
    """The state of a stream of this kind once entries of these types follow. NotAllowed outside the graph."""
    graph = GRAPHS[kind]
    for type_ in entry_types:
        allowed, then = graph[type_]
        if state not in allowed:
            raise NotAllowed(f"{type_} cannot follow {state!r}")
        state = then or state
    return state


def status(kind: str, entry_types: Iterable[str]) -> str:
    """The state of a stream with these entries."""
    return after(kind, "draft" if kind in DRAFTED else "", entry_types)
