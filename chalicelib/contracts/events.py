"""The facts. One frozen model each; the entry in the register, and the data of the published event, are this and no more.

Facts hold ids, codes, amounts, digests and times; every text field is bound to a pattern, so that no name, address or
file name can get in (invariant I13, `tests/architecture`). Within a major version fields are only added, and optional.
A reader ignores fields it does not know and refuses a missing one (`read`).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts import cases, letters, logged, registered  # noqa: F401 - their facts are facts too: `FACTS` finds them
from chalicelib.contracts.fact import (
    Code,
    Count,
    Currency,
    Day,
    Fact,
    Id,
    Key,
    MediaType,
    Number,
    Reference,
    Sha256,
    Stamp,
)
from chalicelib.contracts.paper_facts import PaperPackage
from chalicelib.contracts.parts import Defect, DerivedCopy, FiledFile
from chalicelib.contracts.signatures import SignatureSeen


class AttachmentReserved(Fact):
    """The filer announced a file and got an address to send it to."""

    TYPE = "int.tra.attachment.reserved.v1"
    attachment: Id
    document: Code
    media_type: MediaType
    size: Count
    sha256: Sha256 | None = None


class AttachmentStored(Fact):
    """The announced file lies in quarantine and passed the checks; digest and size are of the stored bytes. `findings` are
    what is outside the rules: the file is kept all the same, and as it was sent. `derived` are copies of ours beside it;
    `signatures` what it was signed with when it came."""

    TYPE = "int.tra.attachment.stored.v1"
    attachment: Id
    document: Code
    media_type: MediaType
    size: Count
    sha256: Sha256
    pages: Count | None = None
    findings: tuple[Code, ...] = ()
    derived: tuple[DerivedCopy, ...] = ()
    signatures: tuple[SignatureSeen, ...] = ()


class AttachmentHeld(Fact):
    """The announced file lies in quarantine and can be read; no scanner for malware has said a word yet. It is held: it may be
    submitted, it never expires once it is, and it is handed to nobody before it is cleared. Fields as in `AttachmentStored`."""

    TYPE = "int.tra.attachment.held.v1"
    attachment: Id
    document: Code
    media_type: MediaType
    size: Count
    sha256: Sha256
    pages: Count | None = None
    findings: tuple[Code, ...] = ()
    derived: tuple[DerivedCopy, ...] = ()
    signatures: tuple[SignatureSeen, ...] = ()


class AttachmentCleared(Fact):
    """A scanner found no malware in a held file, before submission or after: from here on it is like a stored one."""

    TYPE = "int.tra.attachment.cleared.v1"
    attachment: Id
    document: Code
    sha256: Sha256


class AttachmentRefused(Fact):
    """What was sent cannot be taken; `reason` is a message code. After submission: a held file in which malware was found; the
    submission stands."""

    TYPE = "int.tra.attachment.refused.v1"
    attachment: Id
    document: Code
    reason: Code


class AttachmentRemoved(Fact):
    """The filer took a file back before submission."""

    TYPE = "int.tra.attachment.removed.v1"
    attachment: Id


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
    """What was due for this filing, or for this later paper, is paid."""

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
    filing: Id | None = None


class LetterIssued(Fact):
    """The sealed letter is stored for ever under `key`."""

    TYPE = "int.tra.letter.issued.v1"
    code: Code
    number: Number
    level: Literal["b-b", "b-t", "b-lta"]
    key: Key
    sha256: Sha256
    size: Count
    filing: Id | None = None


class LetterStamped(Fact):
    """The same letter with a time-stamp over its seal (PAdES B-T), stored for ever under a key of its own. The signed byte
    range is that of the issued letter. `stamped_at` is the authority's time."""

    TYPE = "int.tra.letter.stamped.v1"
    filing: Id
    code: Code
    number: Number
    level: Literal["b-t"] = "b-t"
    key: Key
    sha256: Sha256
    size: Count
    stamped_at: Stamp


class LetterArchived(Fact):
    """The same letter with everything that a check needs in ten years (PAdES B-LTA): certificates, their state, a time-stamp
    over all of it. `run` counts the renewals, from 1; `renew_by` is when the newest time-stamp's certificate ends."""

    TYPE = "int.tra.letter.archived.v1"
    filing: Id
    code: Code
    number: Number
    level: Literal["b-lta"] = "b-lta"
    run: Annotated[int, Field(ge=1)]
    key: Key
    sha256: Sha256
    size: Count
    renew_by: Stamp


class PackageReady(Fact):
    """All that the registry needs is stored and listed in the package manifest under `key`: act on this. `contents` is
    `application`, or `paper`: then it lies on the paper's stream, `paper` says which, and number, kind and route are those of
    the application that the paper is for. `paid`: nothing is open for what the package holds."""

    TYPE = "int.tra.package.ready.v1"
    contents: Code = "application"
    number: Number
    kind: Code
    route: Code
    paid: bool
    key: Key
    sha256: Sha256
    size: Count
    paper: PaperPackage | None = None


class Line(BaseModel):
    """One line of an order: what for, by the fee schedule's code, and how much in minor units."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: Code
    amount: Count
    quantity: Count = 1
    demo: bool = False


class Member(BaseModel):
    """What of a group order is for one filing; with `paper`, for one of its later papers."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    filing: Id
    lines: tuple[Line, ...]
    amount: Count
    demo: bool = False
    paper: Id | None = None


class OrderOpened(Fact):
    """Something is due. A group order is for several filings (`members`) of one account: `filing` is then the first of
    them, `lines` and `amount` are of all. With `paper` it is for that later paper of the filing."""

    TYPE = "int.tra.order.opened.v1"
    filing: Id
    purpose: Code
    lines: tuple[Line, ...]
    amount: Count
    currency: Currency
    schedule: Code
    demo: bool = False
    members: tuple[Member, ...] = ()
    paper: Id | None = None

    @property
    def parts(self) -> tuple[Member, ...]:
        """What of it is for which filing, a single one too."""
        own = Member(filing=self.filing, lines=self.lines, amount=self.amount, demo=self.demo, paper=self.paper)
        return self.members or (own,)

    def part(self, filing: str) -> Member | None:
        """What of it is for `filing`, or for the later paper of that id."""
        return next((one for one in self.parts if (one.paper or one.filing) == filing), None)


class OrderCancelled(Fact):
    """The filer gave the order up before it was paid; money that comes for it all the same is parked."""

    TYPE = "int.tra.order.cancelled.v1"


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
    counted_as: Reference | None = None  # money that was parked for want of its time, which the bank's answer shows
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


FACTS: dict[str, type[Fact]] = {fact.__name__: fact for fact in Fact.__subclasses__()}


def read(type_name: str, data: Any) -> Fact:
    """The fact in an entry or event. Unknown extra fields are ignored. KeyError for an unknown type, pydantic's
    ValidationError for a missing or malformed field."""
    return FACTS[type_name].model_validate(data, extra="ignore")
