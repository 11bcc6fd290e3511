"""The facts of a later paper: received, secured; and which paper a package is of. Facts like those in `events.py`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts.fact import Code, Count, Currency, Day, Fact, Id, Number, Sha256, Stamp
from chalicelib.contracts.parts import Defect, FiledFile
from chalicelib.kernel import ids


class Answered(BaseModel):
    """What a later paper answers: a letter of the office by its number, or what the receipt found wanting by its code."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    letter: Number | None = None
    defect: Code | None = None


class FeeOpen(BaseModel):
    """A fee that stood open when a paper was received: `amount` is absent where the office's data do not know it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: Code
    amount: Count | None = None
    currency: Currency


class PaperSubmitted(Fact):
    """A later paper was received for a filing (`application` is its number) and numbered within it: `serial` runs 1 to n in
    order of receipt. `received_at` is when the complete request was at the gateway, `received_on` its day on the office's
    calendar. A paper asks or states; what becomes of it is the office's to say."""

    TYPE = "int.tra.paper.submitted.v1"
    filing: Id
    application: Number
    number: Number
    serial: Annotated[int, Field(ge=1)]
    kind: Code
    received_at: Stamp
    received_on: Day
    draft_version: Count
    form_sha256: Sha256
    form_size: Count
    manifest_sha256: Sha256
    manifest_size: Count
    receipt_sha256: Sha256
    receipt_size: Count
    files: tuple[FiledFile, ...]
    answers: tuple[Answered, ...] = ()
    fee: FeeOpen | None = None
    defects: tuple[Defect, ...] = ()


class PaperSecured(Fact):
    """What the filer wrote, the manifest and the signed receipt of a later paper lie in the records for good. Its files follow
    each with an `attachment.secured` of its own, before or after this."""

    TYPE = "int.tra.paper.secured.v1"
    filing: Id
    serial: Annotated[int, Field(ge=1)]


class After(BaseModel):
    """The `package.ready` that comes before: an entry of another stream, by sequence number and hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    stream: Annotated[str, StringConstraints(pattern=rf"^(FILING|PAPER)#{ids.PATTERN[1:-1]}$")]
    seq: Annotated[int, Field(ge=1)]
    hash: Sha256


class PaperPackage(BaseModel):
    """Which later paper a package is of. `after` names the package that the registry must have first: the filing's own, or the
    one of the paper before."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    filing: Id
    number: Number
    serial: Annotated[int, Field(ge=1)]
    kind: Code
    after: After
