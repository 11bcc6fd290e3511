"""What the office's registry tells us: CloudEvents 1.0 in a queue of ours, read as hostile input.

1. A message is one JSON object of at most `MAX_BYTES`; keys twice, fractions, depth and anything that JSON does not know are
   refused before a field is looked at (`kernel/strict.py`).
2. No unknown field, no free text: what a fact may not hold cannot come in this way either (invariant I13).
3. `sequence` counts from 1 for each source and subject; `id` may be anything that does not repeat.
4. A letter's bytes lie in the inbox under a key that follows from source and digest: a message can name no other object.

The schemas in `schemas/inbound/` are written from these models.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from chalicelib.contracts.fact import Code, Id, Sha256, Stamp
from chalicelib.contracts.registered import KeyEvent, RegistryNumber, StatusCode
from chalicelib.kernel import clock
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Malformed, TooLarge
from chalicelib.kernel.strict import loads

MAX_BYTES = 16 * 1024  # a message of ours has less than 1 KB
MAX_DEPTH = 4
MAX_LETTER = 20 << 20  # bytes
MAX_SEQUENCE = 999_999


def _moment(text: str) -> str:
    try:
        clock.parse_stamp(text)
    except ValueError as error:
        raise PydanticCustomError("moment", "not a moment of the calendar") from error
    return text


def _counted(value: Any) -> Any:
    """Digits as text are a number too: CloudEvents' sequence extension is text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 6:
        return int(value)
    return value


Moment = Annotated[Stamp, AfterValidator(_moment)]
Source = Annotated[str, StringConstraints(pattern=r"^urn:registry:[a-z0-9][a-z0-9-]{0,31}$")]
Subject = Annotated[str, StringConstraints(pattern=r"^FILING#[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
_Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$")]
Sequence = Annotated[int, BeforeValidator(_counted, json_schema_input_type=int | _Digits), Field(ge=1, le=MAX_SEQUENCE)]


class Said(BaseModel):
    """Root of what a message may say. `TYPE` is its CloudEvents type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    TYPE: ClassVar[str]

    def to_data(self) -> dict[str, Any]:
        """Plain JSON values; absent optional fields are left out."""
        return self.model_dump(mode="json", exclude_none=True)


class FilingAccepted(Said):
    """The registry has the filing, whole, under this number of its own."""

    TYPE = "int.registry.filing.accepted.v1"
    number: RegistryNumber


class FilingRejected(Said):
    """The registry does not take the filing; a person of the office has to look."""

    TYPE = "int.registry.filing.rejected.v1"
    number: RegistryNumber
    reason: Code


class PaperAccepted(Said):
    """The registry has a paper that was filed later."""

    TYPE = "int.registry.paper.accepted.v1"
    paper: Id
    number: RegistryNumber


class PaperRejected(Said):
    """The registry does not take a paper that was filed later; a person of the office has to look."""

    TYPE = "int.registry.paper.rejected.v1"
    paper: Id
    number: RegistryNumber
    reason: Code


class StatusChanged(Said):
    """The registry's status of the file since `at`; `st27` is the key event it stands for, `due` by when to answer."""

    TYPE = "int.registry.status.changed.v1"
    status: StatusCode
    st27: KeyEvent | None = None
    at: Moment
    due: Moment | None = None


class LetterIssued(Said):
    """The office issued a letter; its bytes lie in the inbox under `key`."""

    TYPE = "int.registry.letter.issued.v1"
    code: Code
    number: RegistryNumber
    issued_at: Moment
    sha256: Sha256
    size: Annotated[int, Field(ge=1, le=MAX_LETTER)]
    media_type: Literal["application/pdf"]
    key: Annotated[str, StringConstraints(pattern=r"^inbox/urn:registry:[a-z0-9][a-z0-9-]{0,31}/[0-9a-f]{64}$")]


SAID: Mapping[str, type[Said]] = {
    said.TYPE: said
    for said in (FilingAccepted, FilingRejected, PaperAccepted, PaperRejected, StatusChanged, LetterIssued)
}


class Envelope(BaseModel):
    """One message of a registry, its `data` not looked at yet."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    specversion: Literal["1.0"]
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
    source: Source
    type: Annotated[str, StringConstraints(pattern=r"^int\.registry\.[a-z]+\.[a-z-]+\.v[1-9]$")]
    subject: Subject
    time: Moment
    sequence: Sequence
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]

    @property
    def registry(self) -> str:
        """The registry's name."""
        return self.source.rpartition(":")[2]

    @property
    def filing(self) -> str:
        """Whose filing it is about."""
        return self.subject.partition("#")[2]

    @property
    def sha256(self) -> str:
        """Of all that it says, however it was written."""
        return Digest.of(canonical(self.model_dump(mode="json"))).hex


class Unreadable(Exception):
    """The message says nothing that we may act on; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def inbox_key(source: str, sha256: str) -> str:
    """Where the bytes of a letter lie in the inbox."""
    return f"inbox/{source}/{sha256}"


def read_envelope(raw: bytes) -> Envelope:
    """The message in `raw`, its data as sent. Unreadable for anything else."""
    try:
        value = loads(raw, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
        return Envelope.model_validate(value)
    except ValidationError as error:
        raise Unreadable("message-malformed") from error
    except (Malformed, TooLarge) as error:
        raise Unreadable(error.findings[0].code) from error


def read_said(envelope: Envelope) -> Said:
    """What it says. Unreadable for a type we do not know, for data that is not of the type, and for another's letter."""
    model = SAID.get(envelope.type)
    if model is None:
        raise Unreadable("type-unknown")
    try:
        said = model.model_validate(envelope.data)
    except ValidationError as error:
        raise Unreadable("data-malformed") from error
    if isinstance(said, LetterIssued) and said.key != inbox_key(envelope.source, said.sha256):
        raise Unreadable("letter-key")
    return said


def schema(said: type[Said]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the whole message."""
    document = Envelope.model_json_schema(mode="validation")
    document["properties"]["type"] = {"const": said.TYPE, "type": "string"}
    document["properties"]["data"] = said.model_json_schema()
    document["required"] = sorted({*document["required"], "data"})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tra:schema:{said.TYPE}",
        **document,
        "title": said.__name__,
        "description": (said.__doc__ or "").strip(),
        "examples": [example(said)],
    }


def schemas() -> dict[str, dict[str, Any]]:
    """Message type → schema."""
    return {type_: schema(said) for type_, said in SAID.items()}


_FILING = "01JDJ0Z7Q8F0000000000000AA"
_SOURCE = "urn:registry:example"
_EXAMPLES: Mapping[str, Any] = {
    "number": "XX/P/2026/1", "paper": "01JDJ2A2B3C0000000000000AC", "reason": "registry-refused", "status": "examination",
    "st27": "D10", "at": "2026-11-25T02:33:30.123Z", "due": "2027-01-25T00:00:00.000Z", "code": "office-action",
    "issued_at": "2026-11-25T02:33:30.123Z", "sha256": "a" * 64, "size": 48_213, "media_type": "application/pdf",
    "key": inbox_key(_SOURCE, "a" * 64),
}  # fmt: skip


def example(said: type[Said]) -> dict[str, Any]:
    """A whole message of this type."""
    return {
        "specversion": "1.0",
        "id": "example-1",
        "source": _SOURCE,
        "type": said.TYPE,
        "subject": f"FILING#{_FILING}",
        "time": "2026-11-25T02:33:30.123Z",
        "sequence": "000001",
        "datacontenttype": "application/json",
        "data": {name: _EXAMPLES[name] for name in said.model_fields},
    }
