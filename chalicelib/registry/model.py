"""Nouns of the hand-over: the package manifest that a registry acts on, and the dossier laid out from it.

The package is canonical JSON (RFC 8785) and follows from the entries and the stored objects alone: the same entries
give the same bytes. Within `urn:tra:package:2` fields are only added; a reader ignores fields it does not know. File names
stand here (and not in entries) because the package is an object of the records, where access can be controlled.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts import records
from chalicelib.contracts.fact import (
    Code,
    Count,
    Currency,
    Day,
    Id,
    Key,
    MediaType,
    Number,
    Reference,
    Sha256,
    Stamp,
)
from chalicelib.kernel import ids
from chalicelib.kernel.digest import canonical
from chalicelib.kernel.errors import Corrupt, TraError
from chalicelib.register.model import StreamId

PACKAGE_SCHEMA: Literal["urn:tra:package:2"] = "urn:tra:package:2"
ACKNOWLEDGEMENT = "acknowledgement"  # code of the letter that makes a filing ready
Role = Literal[
    "form", "manifest", "receipt", "receipt-signature", "file", "derived", "letter", "st96", "edms", "tag", "seal"
]  # fmt: skip
SINGLE_ROLES: tuple[Role, ...] = ("form", "manifest", "receipt", "receipt-signature", "edms", "seal")  # each exactly once
OF_THE_BAG: tuple[Role, ...] = ("tag", "seal")  # beside the payload, not of it

BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{2,62}$")]
Sha512 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]
ObjectVersion = Annotated[str, StringConstraints(pattern=r"^[!-~]{0,1024}$")]  # empty where the bucket keeps none


class Unreadable(TraError):
    """A message or package that this program cannot read: malformed, or of a version it does not know."""


class OutOfOrder(TraError):
    """An entry that does not follow the last one seen of its stream; it waits until the one before it comes."""

    def __init__(self, stream: StreamId, what: str) -> None:
        super().__init__(f"{stream} {what}")
        self.stream = stream


class NotHandedOver(Corrupt):
    """What would be handed over breaks a rule of ours or of the standard; a person must look."""


class DossierDiffers(Corrupt):
    """Under this number another dossier lies already; both are kept, a person must look."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PackageObject(_Part):
    """One stored object. `name` is the filer's label for a file (hostile: never a path), ours for the rest; `document`
    is the document or letter code; `attachment` is how the form names a file, and of which file something was made."""

    role: Role
    name: str
    document: Code
    media_type: MediaType
    bucket: BucketName
    key: Key
    version: ObjectVersion
    sha256: Sha256
    sha512: Sha512
    size: Count
    attachment: Id | None = None


class Payment(_Part):
    """What was paid for this filing, in minor units."""

    order: Id
    purpose: Code
    reference: Reference
    rail: Code
    amount: Count
    currency: Currency
    paid_at: Stamp | None = None
    demo: bool = False


class Withheld(_Part):
    """A file that was filed, held for want of a scanner's word, and refused since: it stands in the receipt, and is not handed
    over. `reason` is a message code."""

    attachment: Id
    document: Code
    media_type: MediaType
    size: Count
    sha256: Sha256
    reason: Code


class Basis(_Part):
    """The entry with which the package became complete: sequence number and hash in the filing's chain."""

    seq: Annotated[int, Field(ge=1)]
    hash: Sha256


class After(_Part):
    """The `package.ready` that the registry must have first: an entry of another stream."""

    stream: Annotated[str, StringConstraints(pattern=rf"^(FILING|PAPER)#{ids.PATTERN[1:-1]}$")]
    seq: Annotated[int, Field(ge=1)]
    hash: Sha256


class Answered(_Part):
    """What a later paper answers: a letter of the office, or a finding of the receipt."""

    letter: Number | None = None
    defect: Code | None = None


class FeeOpen(_Part):
    """A fee that stood open when the paper was received; no amount where the office's data know none."""

    code: Code
    amount: Count | None = None
    currency: Currency


class Paper(_Part):
    """The later paper that a package is of. What the filer asks for, as data, is the object of role `form`."""

    id: Id
    number: Number
    serial: Annotated[int, Field(ge=1)]  # which of its filing's papers: 1 to n in order of receipt
    kind: Code
    received_at: Stamp
    received_on: Day
    answers: tuple[Answered, ...] = ()
    fee: FeeOpen | None = None
    after: After


class Package(_Part):
    """Everything the registry receives of one filing, or of one later paper (`paper`). `filing`, `number`, `kind`, `route`,
    `filing_date` and `received_at` are the application's in both; the rest is of what the package holds."""

    schema_: Annotated[Literal["urn:tra:package:2"], Field(alias="schema")] = PACKAGE_SCHEMA
    office: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]  # WIPO ST.3
    filing: Id
    number: Number
    kind: Code
    route: Code
    filing_date: Day
    received_at: Stamp
    paid: bool
    payments: tuple[Payment, ...]
    entries: Basis
    objects: tuple[PackageObject, ...]
    withheld: tuple[Withheld, ...] | None = None
    paper: Paper | None = None

    @property
    def name(self) -> str:
        """The number of what is in it: the application's, or the paper's."""
        return self.paper.number if self.paper else self.number

    @property
    def place(self) -> str:
        """Below what its objects lie in the records."""
        return f"filings/{records.paper(self.filing, self.paper.id) if self.paper else self.filing}/"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON value; absent optional fields are left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def to_bytes(self) -> bytes:
        """Canonical JSON: what is stored, and named by its digest."""
        return canonical(self.to_json())


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of a dossier: where it goes (relative, forward slashes), what it must be, and how to get its bytes."""

    path: str
    sha256: str
    sha512: str
    size: int
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """A filing as laid into a folder called `name`. `digest` is the package's."""

    name: str
    digest: str
    parts: tuple[Part, ...]
