"""A later paper as a filer writes it: which kind, what it answers, and what it asks for as data. Shapes and limits only.

What a kind needs (files, something that it answers, a change, a withdrawal, a time) is the office's data, and is checked in
`filing/paper_rules.py`. Like a form, a draft may be incomplete, never malformed. Beside the filing's stream a row says of each
paper what lists need (`PaperRow`); the draft lies beside the paper's own stream, under the same sort key as a filing's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts.form import Code, Day, Email, Language, Lines, Names, OfficeCode, Words
from chalicelib.kernel.digest import canonical

ROW = "PAPER#"  # sort key of the row beside the filing's stream: PAPER#<id>
COUNT = "PAPERS"  # sort key of the counter beside the filing's stream: its version is the last serial given
RECEIPT_SCHEMA = "urn:tra:paper-receipt:1"
LetterNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9/.-]{0,39}$")]
MAX_ANSWERS = 20


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Answer(_Part):
    """What the paper answers: a letter of the office, by its number, or a finding of the receipt, by its code."""

    letter: LetterNumber | None = None
    dated: Day | None = None  # of the letter
    defect: Code | None = None


class Change(_Part):
    """Another name or address of a party, or another agent. `who` is the party as it stands in the form (from 0, where there
    are several); what is given replaces what stood there, what is absent stays. `remove`: the agent acts no more."""

    who: Literal["applicant", "inventor", "agent"]
    position: Annotated[int, Field(ge=0, le=99)] = 0
    names: Names | None = None
    country: OfficeCode | None = None
    address: Annotated[dict[Language, Lines], Field(min_length=1, max_length=8)] | None = None
    email: Email | None = None
    agent_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/-]{1,20}$")] | None = None
    remove: bool = False
    since: Day | None = None


class Withdrawal(_Part):
    """The application is given up. Whoever withdraws writes its number and says that he knows what he does: there is no way
    back through this door."""

    application_number: LetterNumber
    confirmed: bool = False
    reason: Lines | None = None


class Extension(_Part):
    """More time, by so many months, to do what is asked for in what the paper answers."""

    months: Annotated[int, Field(ge=1, le=24)]
    reason: Lines | None = None


class PaperForm(_Part):
    """A later paper as drafted."""

    kind: Code
    language: Language = "en"
    reference: Annotated[Words, Field(max_length=60)] | None = None
    subject: Words | None = None
    note: Lines | None = None
    answers: Annotated[tuple[Answer, ...], Field(max_length=MAX_ANSWERS)] = ()
    changes: Annotated[tuple[Change, ...], Field(max_length=20)] = ()
    withdrawal: Withdrawal | None = None
    extension: Extension | None = None

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785): what is digested, confirmed and handed on. Absent fields are left out."""
        return canonical(self.model_dump(mode="json", exclude_none=True))


@dataclass(frozen=True)
class PaperDraft:
    """The editable paper and its version; once submitted, what was submitted, with manifest and receipt."""

    version: int
    form: PaperForm
    manifest: str | None = None
    receipt: str | None = None

    @classmethod
    def of(cls, version: int, attributes: Mapping[str, Any]) -> "PaperDraft":
        """From the item beside the paper's stream."""
        form = PaperForm.model_validate_json(attributes["form"])
        return cls(version, form, attributes.get("manifest"), attributes.get("receipt"))


@dataclass(frozen=True, kw_only=True)
class PaperRow:
    """What a filing knows of one of its papers. Number, serial and time once it is submitted."""

    id: str
    kind: str
    begun_at: str
    serial: int = 0
    number: str = ""
    received_at: str = ""
    defects: tuple[str, ...] = ()  # codes of what it answers in the receipt

    def attributes(self) -> dict[str, Any]:
        """As kept beside the filing's stream."""
        kept = {name: value for name, value in self.__dict__.items() if name not in {"id", "defects"} and value}
        return kept | ({"defects": list(self.defects)} if self.defects else {})


def rows_of(items: Mapping[str, Any]) -> Iterator[tuple[PaperRow, int]]:
    """Every paper of a filing with its row's version: those submitted in order of receipt, then drafts as they were begun.
    `items` are those beside the filing's stream."""
    found = []
    for key, item in items.items():
        if key.startswith(ROW):
            serial = int(item.attributes.get("serial", 0))
            defects = tuple(item.attributes.get("defects", ()))
            row = PaperRow(id=key.removeprefix(ROW), **{**item.attributes, "serial": serial, "defects": defects})
            found.append((row, item.version))
    yield from sorted(found, key=lambda pair: (not pair[0].serial, pair[0].serial, pair[0].begun_at, pair[0].id))
