"""How much may be sent: by kind of document, by filing, and by filer and day. What is refused here was never begun.

The same numbers are stated to whoever asks (`stated`), so that a program can tell its user before anything is sent. A filer's
day is one item of the register, moved in the transaction of the announcement; it expires by itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.attachments.items import PART_SIZE
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel.clock import local
from chalicelib.kernel.errors import Invalid, TooLarge, TooMany
from chalicelib.offices.model import DocumentKind, Office
from chalicelib.register.model import Key, Put, Register

LIVING = {"reserved", "held", "stored"}
KEPT = timedelta(days=3)  # how long a day's count stays after it began


@dataclass(frozen=True)
class Announced:
    """The size and kind of a file that a filer wants to send."""

    document: str
    media_type: str
    size: int


def row_for(office: Office, kind: str, route: str, document: str) -> DocumentKind:
    """The office's row for a document of this application. Invalid if it takes none such."""
    row = office.document(document, kind)
    if row is None or not row.allowed(kind, route):
        raise Invalid.because("document.unknown", "/document", document=document)
    return row


def check(office: Office, row: DocumentKind, said: Announced, there: Iterable[Attachment]) -> None:
    """Invalid, TooLarge or TooMany if the file, or all files of the filing with it, break a limit."""
    if said.media_type not in row.media_types:
        raise Invalid.because("document.media-type", "/media_type", allowed=", ".join(row.media_types))
    if said.size > row.max_bytes:
        raise Invalid.because("document.too-large", "/size", limit=str(row.max_bytes))
    files = tuple(there)
    living = [file for file in files if file.state in LIVING]
    of_kind = sum(file.size for file in living if file.document == row.code)
    if row.max_total_bytes is not None and of_kind + said.size > row.max_total_bytes:
        raise TooLarge.because("document.kind-too-large", "/size", limit=str(row.max_total_bytes))
    if sum(file.size for file in living) + said.size > office.uploads.filing_bytes:
        raise TooLarge.because("attachment.all-too-large", "/size", limit=str(office.uploads.filing_bytes))
    if len(living) >= office.max_attachments or len(files) >= 3 * office.max_attachments:
        raise TooMany.because("attachment.too-many", "", limit=str(office.max_attachments))


def charge(register: Register, office: Office, account: str, size: int, now: datetime) -> Put:
    """What moves the filer's day by one file of `size` bytes, to be committed with it. TooMany over the day's quota."""
    day = local(now, office.time_zone).date()
    key = Key(f"QUOTA#{account}", f"DAY#{day.isoformat()}")
    item = register.item(key)
    files, sent = (item.attributes["files"], item.attributes["bytes"]) if item else (0, 0)
    if files + 1 > office.uploads.day_files:
        raise TooMany.because("quota.files", "", limit=str(office.uploads.day_files))
    if sent + size > office.uploads.day_bytes:
        raise TooMany.because("quota.bytes", "/size", limit=str(office.uploads.day_bytes))
    after = {"files": files + 1, "bytes": sent + size, "expires": int((now + KEPT).timestamp())}
    return Put(key, after, expects=item.version if item else None)


def stated(office: Office, kind: str, route: str, there: Iterable[Attachment]) -> dict[str, Any]:
    """The limits as the API answers them: documents this application takes, and what the filing holds of what it may."""
    documents = [
        {**_document(row), "needed": _needed(office, row.code, kind, route)}
        for row in office.documents
        if row.allowed(kind, route)
    ]
    return _stated(office, documents, there)


def stated_of_paper(
    office: Office, rows: Iterable[DocumentKind], there: Iterable[Attachment], *, needed: bool
) -> dict[str, Any]:
    """The same for a later paper. `needed`: it cannot be without a file, of whichever of these kinds."""
    return {**_stated(office, [dict(_document(row)) for row in rows], there), "file_needed": needed}


def _stated(office: Office, documents: list[dict[str, Any]], there: Iterable[Attachment]) -> dict[str, Any]:
    living = [file for file in there if file.state in LIVING]
    return {
        "documents": documents,
        "filing": {
            "max_files": office.max_attachments,
            "files": len(living),
            "max_bytes": office.uploads.filing_bytes,
            "bytes": sum(file.size for file in living),
        },
        "filer": {"max_files_a_day": office.uploads.day_files, "max_bytes_a_day": office.uploads.day_bytes},
        "parts": {"from": office.uploads.parts_from, "size": PART_SIZE},
    }


def _needed(office: Office, document: str, kind: str, route: str) -> list[dict[str, Any]]:
    """When this application needs the document, how grave its want is, and by what rule; empty if it never does."""
    return [
        row.model_dump(mode="json", exclude_none=True, include={"severity", "when", "language", "days", "rule"})
        for row in office.requirements
        if row.check == "document" and row.document == document and row.applies(kind, route)
    ]


def _document(row: DocumentKind) -> Mapping[str, Any]:
    shown: dict[str, Any] = {
        "document": row.code,
        "names": dict(row.names),
        "media_types": list(row.media_types),
        "max_bytes": row.max_bytes,
        "repeatable": row.repeatable,
        "rule": row.rule,
    }
    for name in ("max_total_bytes", "max_pages"):
        if (value := getattr(row, name)) is not None:
            shown[name] = value
    if row.image:
        shown["image"] = row.image.model_dump(mode="json", exclude_none=True, exclude={"certainty"})
    return shown
