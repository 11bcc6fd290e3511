"""Signatures in a PDF that came in: asked of a program in a cell of its own, and what it says read as data.

Which program that is, is not this room's to know (`wiring`): it is given a path and the office's roots, and says one line of
JSON. Nothing that it says or fails to say refuses a file. A program that dies, hangs or says anything else makes one finding:
that nothing was checked.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chalicelib.attachments.screening import cell
from chalicelib.contracts.attachment import Signature
from chalicelib.contracts.signatures import MOST, SignatureSeen
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.errors import Unavailable

SIGNED: Final = "pdf.signed"  # the finding that makes us ask
NOT_CHECKED, MORE, ADDED_TO = "signature.not-checked", "signature.too-many", "signature.added-to"
RESULTS: Final = {
    "valid": "signature.valid",
    "expired": "signature.expired",
    "unknown-signer": "signature.unknown-signer",
    "changed": "signature.changed",
    "broken": "signature.broken",
}
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was found: the signatures, and codes of findings in place of `pdf.signed`."""

    signatures: tuple[Signature, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SignatureCell:
    """Looks at the signatures of one file. `roots`: whom the office trusts to name signers, PEM."""

    program: str
    roots: Sequence[str]
    clock: Clock
    seconds: float = cell.WALL_SECONDS

    def __call__(self, path: Path) -> Seen:
        """See above. Never an exception of the file's doing."""
        task = {
            "roots": "\n".join(self.roots), "at": self.clock().isoformat(), "memory": cell.MEMORY,
            "seconds": cell.CPU_SECONDS, "written": cell.WRITTEN,
        }  # fmt: skip
        try:
            said = cell.ask(path, json.dumps(task), self.program, self.seconds)
        except Unavailable:
            said = ""
        return read(said)


def read(said: str) -> Seen:
    """What a process said, as far as it is what it may say."""
    try:
        told = json.loads(said)
        signatures = tuple(_signature(one) for one in told["signatures"][:MOST])
        more = told["more"] is True
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Seen(signatures=(), findings=(NOT_CHECKED,))
    codes = [RESULTS[one.result] for one in signatures] or [NOT_CHECKED]
    codes += [ADDED_TO] if any(one.covers == "revision" for one in signatures) else []
    codes += [MORE] if more else []
    return Seen(signatures=signatures, findings=tuple(dict.fromkeys(codes)))


def _signature(told: dict[str, Any]) -> Signature:
    signer = _UNSEEN.sub("", str(told.pop("signer", "")))[:200]
    return Signature(signer=signer, **SignatureSeen.model_validate(told).model_dump(exclude_none=True))
