"""Cases: what about money a person has to decide, one stream each.

A case is opened in the very commit that records what it is about, so that there is no moment, and no lost message, in which
parked money has none; a row under what it is about (`CASEOF#…`) lets exactly one be opened for it, whoever sees it again.
Open ones stand in the list of what is due, oldest first, until they are closed. `CaseOpened` says whose they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.contracts.cases import (
    CaseClosed,
    CaseDecided,
    CaseDecisionProposed,
    CaseOpened,
    CaseProposalRejected,
    RefundAnswered,
    RefundAsked,
    RefundReferred,
    RefundRequested,
)
from chalicelib.contracts.events import PaymentParked
from chalicelib.contracts.fact import Fact
from chalicelib.kernel.clock import parse_stamp, stamp
from chalicelib.kernel.errors import Corrupt
from chalicelib.register.model import Delete, Entry, Operation, Stream, StreamId

OWNER = "finance"  # the role whose they are
GOING_BACK = ("refunded", "part-refunded", "reversed")  # the money of such a case is not with us
NOT_WITH_US = (*GOING_BACK, "refund-wanted", "fee", "money-out", "reversal", "ours-only")
NAMELESS = "unmatched"  # money on a statement without a reference of ours: not in the ledger yet
PAYABLE = ("rail", "late", "time-unknown", "overpaid", "underpaid", "no-bank-reference", NAMELESS)  # if two persons say so


def off_the_list(stream: Stream) -> tuple[Operation, ...]:
    """With the entry that closes the case."""
    item = stream.items.get("OPEN")
    return (Delete(item.key, expects=item.version),) if item else ()


def about(parked: PaymentParked, order: StreamId) -> CaseOpened:
    """The case of parked money."""
    return CaseOpened(
        reason=parked.reason,
        owner=OWNER,
        order=order.id,
        reference=parked.reference,
        rail=parked.rail,
        bank_ref=parked.bank_ref,
        amount=parked.amount,
        currency=parked.currency,
        statement=parked.statement,
        evidence_sha256=parked.evidence_sha256,
    )


@dataclass(frozen=True, slots=True)
class Case:
    """One case as its entries tell it."""

    id: str
    opened: CaseOpened
    opened_at: datetime
    status: str
    proposal: CaseDecisionProposed | None = None
    proposed_by: str = ""
    decided: CaseDecided | None = None
    refunds: tuple[RefundRequested, ...] = ()
    asked: tuple[RefundAsked, ...] = ()
    answer: RefundAnswered | None = None  # to the last asking
    left: RefundReferred | None = None
    closed: CaseClosed | None = None

    @property
    def holds_money(self) -> bool:
        """Whether money came that is with us and not in an order: it may not just be kept."""
        return bool(self.opened.amount) and self.opened.reason not in NOT_WITH_US

    def age_days(self, now: datetime) -> int:
        """For how many whole days it has stood."""
        return (now - self.opened_at).days

    @classmethod
    def fold(cls, stream: StreamId, status: str, entries: Iterable[Entry]) -> "Case":
        """Corrupt if the entries do not begin with CaseOpened."""
        made: Case | None = None
        for entry in entries:
            fact = entry.fact
            if isinstance(fact, CaseOpened) and made is None:
                made = cls(stream.id, fact, parse_stamp(entry.at), status)
            elif made is None:
                raise Corrupt("a case begins with CaseOpened")
            else:
                made = _after(made, fact, entry.by)
        if made is None:
            raise Corrupt("a case without entries")
        return made


def _after(one: Case, fact: Fact, by: str) -> Case:
    match fact:
        case CaseDecisionProposed():
            return replace(one, proposal=fact, proposed_by=by)
        case CaseProposalRejected():
            return replace(one, proposal=None, proposed_by="")
        case CaseDecided():
            return replace(one, decided=fact)
        case RefundRequested():
            return replace(one, refunds=(*one.refunds, fact))
        case RefundAsked():
            return replace(one, asked=(*one.asked, fact), answer=None)
        case RefundAnswered():
            return replace(one, answer=fact)
        case RefundReferred():
            return replace(one, left=fact)
        case CaseClosed():
            return replace(one, closed=fact)
        case _:
            return one


def shown(one: Case, now: datetime) -> dict[str, Any]:
    """A case as the desk sees it."""
    view: dict[str, Any] = {
        "id": one.id,
        "status": one.status,
        "opened_at": stamp(one.opened_at),
        "age_days": one.age_days(now),
        **one.opened.to_data(),
    }
    if one.proposal is not None:
        view["proposal"] = {**one.proposal.to_data(), "by": one.proposed_by}
    parts: Mapping[str, Any] = {"decided": one.decided, "closed": one.closed}
    view |= {name: part.to_data() for name, part in parts.items() if part is not None}
    if one.refunds:
        view["refunds"] = [refund.to_data() for refund in one.refunds]
        view["refund_by"] = "hand" if one.left else "bank"
        parts = {"asked": one.asked[-1] if one.asked else None, "answer": one.answer, "left": one.left}
        view |= {f"refund_{name}": part.to_data() for name, part in parts.items() if part is not None}
    return view
