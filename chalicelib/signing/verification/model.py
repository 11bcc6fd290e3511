"""What can be said of a file, and what an inspector finds in one. Plain values, which go through JSON between functions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

Verdict = Literal[
    "exact",  # byte for byte a letter of ours, and the newest copy of it
    "superseded",  # byte for byte a letter of ours; a newer copy or letter stands
    "other-number",  # byte for byte a letter of ours, but of another application than was asked about
    "changed",  # a letter of ours, and not as it was issued
    "other-seal",  # sealed, and not by this office
    "not-sealed",  # a PDF without any seal
    "unreadable",  # no PDF that can be read
    "unknown",  # not one of ours by its digest; the file itself would tell more
    "registered",  # no file was given: number and code fit a receipt of ours
    "not-registered",  # no file was given: number and code fit none
]

MAX_FILE = 4_000_000  # bytes: what a function can be handed in one call (6 MB of text) and still answer
MAX_ATTACHMENTS = 1000

CHANGES = {  # what may have become of a letter of ours → the code of its words
    "appended": "change.appended",
    "seal-removed": "change.seal-removed",
    "inside": "change.inside",
    "second-seal": "change.second-seal",
    "not-as-issued": "change.not-as-issued",
    "pages": "change.pages",
    "content": "change.content",
    "annotations": "change.annotations",
    "attachments": "change.attachments",
    "metadata": "change.metadata",
    "form": "change.form",
    "actions": "change.actions",
    "archive": "change.archive",
    "structure": "change.structure",
    "receipt": "change.receipt",
}
VERDICTS: dict[Verdict, str] = {
    "exact": "verification.exact",
    "superseded": "verification.superseded",
    "other-number": "verification.other-number",
    "changed": "verification.changed",
    "other-seal": "verification.other-seal",
    "not-sealed": "verification.not-sealed",
    "unreadable": "verification.unreadable",
    "unknown": "verification.unknown",
    "registered": "verification.registered",
    "not-registered": "verification.not-registered",
}


@dataclass(frozen=True, kw_only=True)
class Seal:
    """One signature in a file. `ours`: its certificate leads to our root and names this office."""

    by: str
    ours: bool
    intact: bool
    whole: bool


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What an inspector found. `valid` is the strict verdict over the one seal of a whole file (`signing/check.py`)."""

    problem: str = ""
    valid: bool = False
    level: str = ""
    ades: str = ""
    seals: tuple[Seal, ...] = ()
    receipt_sha256: str = ""
    receipt_number: str = ""
    changes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Inspection":
        """From what `to_json` gave. TypeError or KeyError for anything else."""
        seals = tuple(Seal(**one) for one in value["seals"])
        return cls(**{**value, "seals": seals, "changes": tuple(value["changes"])})


class Inspector(Protocol):
    """Opens files that nobody trusts, where nothing can be lost by it."""

    def __call__(self, pdf: bytes, *, chain_pem: str, stamp_roots_pem: str, issued: int | None) -> Inspection:
        """What is in the file. `stamp_roots_pem`: what chains of time-stamps may end in, beside the root of our seal.
        `issued`: how many bytes from its start are a letter as we issued it, if any are.
        An inspector that died of the file gives an Inspection with a problem; Unavailable if there is none to ask."""


def prefixes(pdf: bytes, *, most: int = 8) -> Sequence[int]:
    """Where earlier revisions of a file may end, the longest first: after each `%%EOF`, with and without its line end, and
    where a /ByteRange says. The file's own end is none."""
    ends: set[int] = set()
    for match in re.finditer(rb"%%EOF(\r\n|\r|\n)?", pdf):
        ends |= {match.start() + 5, match.end()}
    for match in re.finditer(rb"/ByteRange\s*\[\s*0\s+\d{1,10}\s+(\d{1,10})\s+(\d{1,10})\s*\]", pdf):
        ends.add(int(match[1]) + int(match[2]))
    ends = {end for end in ends if 0 < end < len(pdf)}
    shortest, longest = sorted(ends)[: most // 2], sorted(ends, reverse=True)[: most // 2]
    return sorted({*shortest, *longest}, reverse=True)
