"""The facts of what somebody must look at, money above all: cases and what is decided of them, statements, the day's
reconciliation."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts.fact import Code, Count, Currency, Day, Fact, Id, Reference, Sha256


class CaseOpened(Fact):
    """Something, mostly about money, that a person has to look at; `owner` is the role that must. `filing` is what a
    registry did not take."""

    TYPE = "int.tra.case.opened.v1"
    reason: Code
    owner: Code
    order: Id | None = None
    reference: Reference | None = None
    rail: Code | None = None
    bank_ref: Reference | None = None
    amount: Count | None = None
    currency: Currency | None = None
    statement: Id | None = None
    line: Count | None = None
    day: Day | None = None
    evidence_sha256: Sha256 | None = None
    filing: Id | None = None


Decision = Literal["apply", "refund", "confirm", "dismiss"]


class CaseDecisionProposed(Fact):
    """One person says what should become of it. `joined` are other cases whose money pays the order together with
    this one's; `order` is the one that money without our reference is for, or (`confirm`) whose counted money it is.
    `distinct`: that it is not money which a bank's answer told of already was looked into."""

    TYPE = "int.tra.case.decision-proposed.v1"
    decision: Decision
    ground: Code
    amount: Count | None = None
    order: Id | None = None
    joined: tuple[Id, ...] = ()
    distinct: bool = False


class CaseProposalRejected(Fact):
    """Another person disagreed: the case is open again."""

    TYPE = "int.tra.case.proposal-rejected.v1"
    decision: Decision


class CaseDecided(Fact):
    """What shall become of it; by another person than `proposed_by` where money came, leaves, or moves a filing."""

    TYPE = "int.tra.case.decided.v1"
    decision: Decision
    proposed_by: Annotated[str, StringConstraints(pattern=r"^account:[a-z0-9_-]{1,64}$")]


class RefundRequested(Fact):
    """Money shall go back to who paid it."""

    TYPE = "int.tra.refund.requested.v1"
    order: Id | None = None
    reference: Reference | None = None
    rail: Code | None = None
    bank_ref: Reference | None = None
    amount: Annotated[int, Field(ge=1)]
    currency: Currency


class RefundAsked(Fact):
    """The bank is about to be asked to give money back: written before the call, so that nobody ever asks twice for one.
    `before` is what the bank said had gone back of that payment already."""

    TYPE = "int.tra.refund.asked.v1"
    reference: Reference
    rail: Code
    amount: Annotated[int, Field(ge=1)]
    currency: Currency
    before: Count


class RefundAnswered(Fact):
    """What became of the asking: the bank took it (`done`), wants to be asked again (`later`), will not (`refused`), or
    there is no answer (`unknown`: its own check tells). `code` is the bank's. Nothing is closed by this."""

    TYPE = "int.tra.refund.answered.v1"
    outcome: Literal["done", "later", "refused", "unknown"]
    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,20}$")] = ""


class RefundReferred(Fact):
    """The bank is not asked, or not again: a person gives the money back at the bank. `reason` says why."""

    TYPE = "int.tra.refund.referred.v1"
    reason: Code


class CaseClosed(Fact):
    """Nothing is left to do. `bank_ref` names the movement by which money went back, if any did; `by_case` the case that
    took this one's money along."""

    TYPE = "int.tra.case.closed.v1"
    decision: Decision
    bank_ref: Reference | None = None
    by_case: Id | None = None


class StatementRecord(BaseModel):
    """One line of a statement as recorded: no names, no texts. `n` counts from 1 in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    n: Annotated[int, Field(ge=1)]
    day: Day
    amount: Count
    direction: Literal["in", "out"]
    status: Literal["booked", "pending", "reversal"]
    kind: Literal["payment", "fee", "payout", "other"]
    bank_ref: Reference
    reference: Reference | None = None
    sha256: Sha256


class StatementLoaded(Fact):
    """A bank's statement of one account was taken in, checked against its own sums and against the one before it.
    Balances are signed minor units."""

    TYPE = "int.tra.statement.loaded.v1"
    file_sha256: Sha256
    part: Annotated[int, Field(ge=1)] = 1
    account: Code
    currency: Currency
    first: Day
    last: Day
    sequence: Count | None = None
    opening: int | None = None
    closing: int | None = None
    lines: Count
    known_before: Count = 0


class StatementLinesRecorded(Fact):
    """The next lines of a statement."""

    TYPE = "int.tra.statement.lines-recorded.v1"
    lines: tuple[StatementRecord, ...]


class StatementRefused(Fact):
    """A file that contradicts itself or what was loaded before; nothing of it counts."""

    TYPE = "int.tra.statement.refused.v1"
    file_sha256: Sha256
    account: Code
    reason: Code


class StatementApplied(Fact):
    """Every line of it was looked at: orders settled, payments borne out, cases opened."""

    TYPE = "int.tra.statement.applied.v1"
    lines: Count


class Tally(BaseModel):
    """How many, and how much in minor units, of one class at one bank in one currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    bank: Code
    currency: Currency
    result: Code
    count: Count
    amount: Count


class ReportSealed(Fact):
    """The report of one run of a day's reconciliation lies sealed under `key`, for ever."""

    TYPE = "int.tra.reconciliation.report-sealed.v1"
    day: Day
    run: Annotated[int, Field(ge=1)]
    report_sha256: Sha256
    level: Literal["b-b"]
    key: Annotated[str, StringConstraints(pattern=r"^reconciliations/[0-9-]{10}/[0-9]{4}\.b-b\.pdf$")]
    sha256: Sha256
    size: Count


class DayReconciled(Fact):
    """Ledger, banks' lists and statements of one day were held against each other."""

    TYPE = "int.tra.reconciliation.day-reconciled.v1"
    day: Day
    report_sha256: Sha256
    rows: Count
    cases: Count
    tallies: tuple[Tally, ...]
    covered: tuple[Code, ...] = ()  # banks of whom a list or a statement was there
