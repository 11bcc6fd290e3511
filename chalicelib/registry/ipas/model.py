"""Nouns of the connector: what is to be brought in, how far it is, what IPAS answered, and what goes wrong.

IpasError
├── NoAnswer       sent, and no answer seen: it may have been done. Whoever gets this asks before saying it again.
├── IpasFault      IPAS said no (or could not); its words are for people and are never sorted by
├── DoesNotFit     what we would send is not in the office's WSDL: run `ipas check`
└── NeedsPerson    a code that is not mapped, or a number that another file has; `what_next` in Khmer and in English
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from chalicelib.kernel.errors import TraError

Value = Any  # what SOAP carries, as plain Python: dict, list, str, int, bool, float, bytes, datetime, None
Kind = Literal["filing", "paper"]
State = Literal["open", "waiting", "refused", "done"]


class IpasError(TraError):
    """Root of what goes wrong between this connector and IPAS."""


class NoAnswer(IpasError):
    """No answer was seen. What was asked for may have been done."""


class IpasFault(IpasError):
    """IPAS answered with a fault."""


class DoesNotFit(IpasError):
    """Our data do not fit the office's WSDL."""


class NeedsPerson(IpasError):
    """Nothing more is done with this work until a person has looked."""

    def __init__(self, why: str, what_next: Mapping[str, str]) -> None:
        super().__init__(f"{why}  →  {what_next['km']} / {what_next['en']}")


class Ipas(Protocol):
    """IPAS's service."""

    def call(self, operation: str, *arguments: Value) -> Value:
        """The plain answer; None where there is none. NoAnswer, IpasFault or DoesNotFit otherwise."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """One package to bring in: of a filing, or of a later paper. `folder` is the dossier's name; `after` counts how often
    IPAS said no."""

    id: str
    filing: str
    kind: Kind
    number: str
    folder: str
    state: State = "open"
    attempts: int = 0
    why: str = ""


@dataclass(frozen=True)
class Step:
    """One call of one work: asked, and what was answered (None until it was)."""

    answer: dict[str, Any] | None


@dataclass(frozen=True)
class FileNumber:
    """IPAS's four parts of a file's number: `KH/D/2026/10`, not padded."""

    seq: str
    type: str
    series: int
    number: int

    @classmethod
    def parse(cls, text: str, types: Mapping[str, str]) -> "FileNumber":
        """From our number; `types` maps our series to IPAS's file types. NeedsPerson if it has other parts."""
        parts = text.split("/")
        if len(parts) != 4 or not (parts[2].isdigit() and parts[3].isdigit()) or parts[1] not in types:
            raise NeedsPerson(f"{text} is no number with four parts of a file type that is mapped", MAP_IT)
        return cls(parts[0], types[parts[1]], int(parts[2]), int(parts[3]))

    def to_key(self) -> dict[str, Value]:
        """As cFileId."""
        return {"fileNbr": self.number, "fileSeq": self.seq, "fileSeries": self.series, "fileType": self.type}

    def __str__(self) -> str:
        return f"{self.seq}/{self.type}/{self.series}/{self.number}"


MAP_IT = {
    "km": "សូមបំពេញកូដក្នុងឯកសារកំណត់រចនាសម្ព័ន្ធ រួចដំណើរការ `ipas check` និង `ipas retry`។",
    "en": "Fill in the code in the connector's file, then run `ipas check` and `ipas retry`.",
}
LOOK_AT_IT = {
    "km": "សូមបើកមើលឯកសារនេះក្នុង IPAS ប្រៀបធៀប រួចដំណើរការ `ipas retry`។",
    "en": "Open the file in IPAS, compare, then run `ipas retry`.",
}
