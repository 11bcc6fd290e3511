"""What a QR code on paper proves by itself: that the log holds this very receipt.

The code leads to the verification page; its fragment, which no browser sends, holds the receipt's digest, its time and the
log's receipt. `number` in the address, `sha256`, `at` and `proof` in the fragment make the entry again and prove it.
"""

import base64
import binascii
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from chalicelib.proof import cose
from chalicelib.proof.entries import receipt_entry
from chalicelib.proof.merkle import leaf_hash
from chalicelib.proof.verify import Trust

MAX_TEXT = 8192


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What the code says, and whether the log proves it; `problem` says why not."""

    number: str = ""
    receipt_sha256: str = ""
    received_at: str = ""
    index: int | None = None
    problem: str = ""

    @property
    def proved(self) -> bool:
        """Whether the log proves it."""
        return self.index is not None


def packed(receipt: bytes) -> str:
    """A receipt of the log as a code holds it: base64url without padding."""
    return base64.urlsafe_b64encode(receipt).decode().rstrip("=")


def from_qr(address_text: str, trust: Trust) -> Paper:
    """The text of a code, proved or not."""
    address = urlsplit(address_text[:MAX_TEXT])
    said = {name: values[0] for name, values in {**parse_qs(address.query), **parse_qs(address.fragment)}.items()}
    number, sha256, at = (said.get(name, "") for name in ("number", "sha256", "at"))
    paper = Paper(number=number, receipt_sha256=sha256, received_at=at)
    try:
        text = said.get("proof", "")
        receipt = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        entry = receipt_entry(number=number, received_at=at, receipt_sha256=sha256)
        found, _ = cose.checked(receipt, leaf_hash(entry), trust.log_key, trust.origin)
    except (ValueError, binascii.Error) as error:
        return replace(paper, problem=str(error))
    return replace(paper, index=found.index)
