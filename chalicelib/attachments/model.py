"""Nouns of uploads: where to send a file, and what a look at it found."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.attachments.items import InParts
from chalicelib.contracts.attachment import Attachment, Signature
from chalicelib.kernel.digest import Digest


@dataclass(frozen=True)
class Upload:
    """An announced file and the form (HTML names and values) with which to POST it straight to storage. Without an address
    it goes in parts, or, if there are none either, is there already."""

    attachment: Attachment
    url: str
    fields: Mapping[str, str]
    seconds: int
    in_parts: InParts | None = None


@dataclass(frozen=True)
class Accepted:
    """What the bytes are, by content."""

    media_type: str
    size: int
    sha256: Digest
    pages: int | None = None
    findings: tuple[str, ...] = ()  # codes of what is outside the rules; the office's data say how grave each is
    made: tuple["Made", ...] = ()
    signatures: tuple[Signature, ...] = ()
    scanned: bool = True  # False: it can be read, and no scanner for malware could say anything


@dataclass(frozen=True, kw_only=True)
class Made:
    """What we made of a file: a picture of a page (`page`, from 1), or a copy within the rules. `tool` with its version."""

    what: str
    page: int
    media_type: str
    tool: str
    body: bytes


@dataclass(frozen=True)
class Verdict:
    """Accepted, or refused for `reason` (a message code)."""

    accepted: Accepted | None = None
    reason: str = ""
