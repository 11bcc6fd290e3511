"""What a letter says, as plain values, and who seals it. The same content always makes the same letter.

- Nothing here knows a country, a language or a font: texts come by language; `languages` says which, in what order.
- Times are aware; money is integer minor units; digests are values. `to_json` gives plain JSON values (RFC 8785 ready).
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.money import Money

Texts = Mapping[str, str]  # language code → text; a language may be missing, one at least is there


@dataclass(frozen=True, kw_only=True)
class Office:
    """The letter head. `head` stands above all (state, motto), `ministry` beside the mark, `contact` at the foot.

    `mark_svg` is the office's emblem; a neutral mark is drawn without one.
    """

    name: Texts
    head: tuple[Texts, ...] = ()
    ministry: tuple[Texts, ...] = ()
    contact: tuple[Texts, ...] = ()
    mark_svg: str = ""


@dataclass(frozen=True, kw_only=True)
class ReceivedFile:
    """One file as the office received it: digest and size of the bytes, name as the filer gave it."""

    seq: int
    role: Texts
    name: str
    media_type: str
    size: int
    sha256: Digest


@dataclass(frozen=True, kw_only=True)
class FeeLine:
    """One fee that was paid."""

    code: str
    label: Texts
    amount: Money


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A verified payment. `demo`: the amounts are made up for a demonstration, and the letter says so."""

    lines: tuple[FeeLine, ...]
    total: Money
    paid_at: datetime
    reference: str
    demo: bool = False


@dataclass(frozen=True, kw_only=True)
class Defect:
    """Something the filer has to mend: what is wrong, what to do, and by when (if a time runs)."""

    code: str
    message: Texts
    what_to_do: Texts
    by: date | None = None


@dataclass(frozen=True, kw_only=True)
class DerivedFile:
    """A file that the office made of a received one, listed apart: nobody may take it for what was filed."""

    from_seq: int
    what: str  # a code: `made_<code>` are its words, of a code without words it stands itself
    tool: str
    size: int
    sha256: Digest


@dataclass(frozen=True, kw_only=True)
class AmountDue:
    """What is to be paid. `by`: until when; `how`: where and how, one text each."""

    lines: tuple[FeeLine, ...]
    total: Money
    reference: str
    by: date | None = None
    how: tuple[Texts, ...] = ()
    demo: bool = False


@dataclass(frozen=True, kw_only=True)
class Particular:
    """One labelled line; `inid` is the WIPO ST.9 or ST.80 code that stands before it."""

    label: Texts
    values: tuple[Texts, ...]
    inid: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under a heading. `widths` are shares of the line; each cell is a text in its languages."""

    title: Texts
    columns: tuple[Texts, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[Texts, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in (self.widths, *self.rows)):
            raise ValueError("every row of a table has a cell for every column")


@dataclass(frozen=True, kw_only=True)
class LetterContent:
    """Everything a letter prints, whichever document it is. ValueError for a naive time or without a language.

    `words` adds to, or overrides, the labels that ship for a language (`wording.py`): language → word → text. What a
    document does not need stays empty and is not printed. `opening` stands in place of the acknowledgement's first
    sentence; `number_label` names a number that is not an application's; `warning` says in a frame what the paper is not.
    `proof` is the log's receipt for what is embedded (COSE, base64url): in the QR code and embedded, empty without one.
    """

    languages: tuple[str, ...]
    office: Office
    letter_code: str
    letter_number: str
    letter_title: Texts
    issued_at: datetime
    time_zone: str
    application_number: str
    ipas_number: tuple[str, str, str, str] | None
    st13_number: str
    kind: Texts
    route: Texts
    received_at: datetime | None
    filing_date: date | None
    applicants: tuple[Texts, ...]
    agent: Texts | None
    reference: str
    title: Texts
    files: tuple[ReceivedFile, ...]
    form_sha256: Digest | None
    manifest_sha256: Digest | None
    receipt_sha256: Digest | None
    payment: Payment | None
    defects: tuple[Defect, ...]
    next_steps: tuple[Texts, ...]
    verification_url: str
    trust_label: Texts | None = None
    opening: Texts | None = None
    number_label: Texts | None = None
    warning: Texts | None = None
    particulars: tuple[Particular, ...] = ()
    derived: tuple[DerivedFile, ...] = ()
    due: AmountDue | None = None
    tables: tuple[Table, ...] = ()
    proof: str = ""
    words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.languages:
            raise ValueError("a letter is written in at least one language")
        times = [self.received_at, self.issued_at, self.payment.paid_at if self.payment else None]
        if any(moment is not None and moment.tzinfo is None for moment in times):
            raise ValueError("a letter's times are aware")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: times as stamps, money as `{"minor", "currency"}`, digests as text."""
        plain: dict[str, Any] = _plain(self)
        return plain

    @property
    def digest(self) -> Digest:
        """SHA-256 of the canonical JSON of the content: names what was intended before it is sealed."""
        return Digest.of(canonical(self.to_json()))


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The visible seal: a one-page PDF, where it stands on the letter's last page (points from the lower left), and
    what a screen reader says of it."""

    pdf: bytes
    box: tuple[float, float, float, float]
    description: str


class Signer(Protocol):
    """A private key that never leaves its keeper."""

    def sign(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2) over `message`, at most 4,096 bytes."""


def _plain(value: Any) -> Any:
    if isinstance(value, Digest):
        return value.hex
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if dataclasses.is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value
