"""The facts. One frozen model each; the entry in the register, and the data of the published event, are this and no more.

Facts hold ids, codes, amounts, digests and times; every text field is bound to a pattern, so that no name, address or
file name can get in (invariant I13, `tests/architecture`). Within a major version fields are only added, and optional.
A reader ignores fields it does not know and refuses a missing one (`read`).
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.kernel import clock, digest, ids

Id = Annotated[str, StringConstraints(pattern=ids.PATTERN)]
Sha256 = Annotated[str, StringConstraints(pattern=digest.PATTERN)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
Stamp = Annotated[str, StringConstraints(pattern=clock.PATTERN)]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9/.-]{0,39}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$")]
MediaType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,80}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Key = Annotated[str, StringConstraints(pattern=r"^filings/[A-Za-z0-9./_-]{1,200}$")]
Count = Annotated[int, Field(ge=0)]


class Fact(BaseModel):
    """Root of all facts. `TYPE` is the CloudEvents type; the class name is the entry's type."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    TYPE: ClassVar[str]
    SCHEMA: ClassVar[int] = 1

    def to_data(self) -> dict[str, Any]:
        """Plain JSON values; absent optional fields are left out."""
        return self.model_dump(mode="json", exclude_none=True)


class AttachmentReserved(Fact):
    """The filer announced a file and got an address to send it to."""

    TYPE = "int.tra.attachment.reserved.v1"
    attachment: Id
    document: Code
    media_type: MediaType
    size: Count
    sha256: Sha256 | None = None


class AttachmentStored(Fact):
    """The announced file lies in quarantine and passed the checks; digest and size are of the stored bytes."""

    TYPE = "int.tra.attachment.stored.v1"
    attachment: Id
    document: Code
    media_type: MediaType
    size: Count
    sha256: Sha256
    pages: Count | None = None


class AttachmentRefused(Fact):
    """What was sent cannot be taken; `reason` is a message code."""

    TYPE = "int.tra.attachment.refused.v1"
    attachment: Id
    document: Code
    reason: Code


class AttachmentRemoved(Fact):
    """The filer took a file back before submission."""

    TYPE = "int.tra.attachment.removed.v1"
    attachment: Id


class FiledFile(BaseModel):
    """One file of a submission, in the order of the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    attachment: Id
    document: Code
    media_type: MediaType
    size: Count
    sha256: Sha256


class Defect(BaseModel):
    """A finding with which the submission was accepted all the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: Code
    due: Day | None = None


class FilingSubmitted(Fact):
    """An application was received and numbered. `received_at` is when the complete request was at the gateway,
    `filing_date` its day on the office's calendar."""

    TYPE = "int.tra.filing.submitted.v1"
    number: Number
    kind: Code
    route: Code
    series: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,8}$")]
    year: Annotated[int, Field(ge=1900, le=9999)]
    serial: Annotated[int, Field(ge=1)]
    received_at: Stamp
    filing_date: Day
    draft_version: Count
    form_sha256: Sha256
    form_size: Count
    manifest_sha256: Sha256
    manifest_size: Count
    receipt_sha256: Sha256
    receipt_size: Count
    files: tuple[FiledFile, ...]
    claims: Count = 0
    designs: Count = 0
    pages: Count = 0
    defects: tuple[Defect, ...] = ()


class AttachmentSecured(Fact):
    """The file lies in the records for good, digest checked after copying."""

    TYPE = "int.tra.attachment.secured.v1"
    attachment: Id
    key: Key
    sha256: Sha256
    size: Count


class FeePaid(Fact):
    """What was due for this filing is paid."""

    TYPE = "int.tra.fee.paid.v1"
    order: Id
    purpose: Code
    reference: Reference
    rail: Code
    amount: Count
    currency: Currency
    paid_at: Stamp | None = None
    demo: bool = False


class LetterIntended(Fact):
    """A letter with this number and content will be sealed; written before anything is signed."""

    TYPE = "int.tra.letter.intended.v1"
    code: Code
    number: Number
    content_sha256: Sha256
    intended_at: Stamp


class LetterIssued(Fact):
    """The sealed letter is stored for ever under `key`."""

    TYPE = "int.tra.letter.issued.v1"
    code: Code
    number: Number
    level: Literal["b-b", "b-t", "b-lta"]
    key: Key
    sha256: Sha256
    size: Count


class PackageReady(Fact):
    """All that the registry needs is stored and listed in the package manifest under `key`: act on this."""

    TYPE = "int.tra.package.ready.v1"
    number: Number
    kind: Code
    route: Code
    paid: bool
    key: Key
    sha256: Sha256
    size: Count


class Line(BaseModel):
    """One line of an order: what for, by the fee schedule's code, and how much in minor units."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: Code
    amount: Count
    quantity: Count = 1
    demo: bool = False


class OrderOpened(Fact):
    """Something is due."""

    TYPE = "int.tra.order.opened.v1"
    filing: Id
    purpose: Code
    lines: tuple[Line, ...]
    amount: Count
    currency: Currency
    schedule: Code
    demo: bool = False


class AttemptOpened(Fact):
    """One way to pay the order was begun under its own reference."""

    TYPE = "int.tra.attempt.opened.v1"
    attempt: Annotated[int, Field(ge=1)]
    rail: Code
    reference: Reference


class AttemptIssued(Fact):
    """The bank took the attempt; the QR given to the payer has these digests."""

    TYPE = "int.tra.attempt.issued.v1"
    attempt: Annotated[int, Field(ge=1)]
    reference: Reference
    qr_sha256: Sha256
    qr_md5: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    expires_at: Stamp


class PaymentVerified(Fact):
    """The bank's own answer to our question says that the order is paid in full."""

    TYPE = "int.tra.payment.verified.v1"
    filing: Id
    purpose: Code
    reference: Reference
    rail: Code
    bank_ref: Reference
    amount: Count
    currency: Currency
    asked_at: Stamp
    paid_at: Stamp | None = None
    paid_on: Day | None = None  # where the bank names the day only
    evidence_sha256: Sha256
    demo: bool = False
    statement: Id | None = None  # the bank's statement said so, not its answer
    case: Id | None = None  # two persons decided that parked money pays the order
    joined: tuple[Reference, ...] = ()  # further bank transactions that pay it together with `bank_ref`


class PaymentParked(Fact):
    """Money came that does not settle the order by itself; a person decides. `reason` says why."""

    TYPE = "int.tra.payment.parked.v1"
    reference: Reference
    rail: Code
    bank_ref: Reference
    reason: Code
    amount: Count | None = None
    currency: Currency | None = None
    asked_at: Stamp
    evidence_sha256: Sha256
    statement: Id | None = None


class PaymentConfirmed(Fact):
    """The other source (statement or bank's answer) shows money that was counted before, under its own `bank_ref`:
    the same movement seen from two sides, counted once as `counted_as`."""

    TYPE = "int.tra.payment.confirmed.v1"
    reference: Reference
    rail: Code
    bank_ref: Reference
    counted_as: Reference
    amount: Count
    currency: Currency
    asked_at: Stamp
    evidence_sha256: Sha256
    statement: Id | None = None


class CaseOpened(Fact):
    """Something about money that a person has to look at; `owner` is the role that must."""

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


Decision = Literal["apply", "refund", "dismiss"]


class CaseDecisionProposed(Fact):
    """One person says what should become of it. `joined` are other cases whose money pays the order together with
    this one's."""

    TYPE = "int.tra.case.decision-proposed.v1"
    decision: Decision
    ground: Code
    amount: Count | None = None
    joined: tuple[Id, ...] = ()


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


class DayReconciled(Fact):
    """Ledger, banks' lists and statements of one day were held against each other."""

    TYPE = "int.tra.reconciliation.day-reconciled.v1"
    day: Day
    report_sha256: Sha256
    rows: Count
    cases: Count
    tallies: tuple[Tally, ...]


FACTS: dict[str, type[Fact]] = {fact.__name__: fact for fact in Fact.__subclasses__()}


def read(type_name: str, data: Any) -> Fact:
    """The fact in an entry or event. Unknown extra fields are ignored. KeyError for an unknown type, pydantic's
    ValidationError for a missing or malformed field."""
    return FACTS[type_name].model_validate(data, extra="ignore")
