"""A first look at an upload's bytes: length and digest, type by content, a PDF that opens and has no password.

The bytes go to a file of the function's own temporary storage and are read once. This is the door, not the guard: full
screening (actions, embedded files, rendering, malware) is a room of its own.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from chalicelib.attachments.model import Accepted, Verdict
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel.digest import of_stream

SNIFF = 1024
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"<?xml", "application/xml"),
)


def media_type(first: bytes) -> str:
    """The type that the first bytes show; `application/octet-stream` if none we know."""
    return next((name for magic, name in _MAGIC if first.startswith(magic)), "application/octet-stream")


def screen(chunks: Iterator[bytes], announced: Attachment) -> Verdict:
    """See `attachments.service.Screen`."""
    with tempfile.NamedTemporaryFile(prefix="upload-") as file:

        def kept() -> Iterator[bytes]:
            for chunk in chunks:
                file.write(chunk)
                yield chunk

        digest, size = of_stream(kept())
        file.flush()
        file.seek(0)
        found = media_type(file.read(SNIFF))
        if size == 0:
            return Verdict(reason="upload.empty")
        if size != announced.size:
            return Verdict(reason="upload.size-differs")
        if announced.sha256 and announced.sha256 != digest.hex:
            return Verdict(reason="upload.digest-differs")
        if found != announced.media_type:
            return Verdict(reason="upload.type-differs")
        pages = None
        if found == "application/pdf":
            pages, reason = _pages(Path(file.name))
            if reason:
                return Verdict(reason=reason)
    return Verdict(Accepted(found, size, digest, pages))


def _pages(path: Path) -> tuple[int | None, str]:
    import pikepdf

    try:
        with pikepdf.open(path, attempt_recovery=False) as document:
            if document.is_encrypted:
                return None, "pdf.password"
            pages = len(document.pages)
    except pikepdf.PasswordError:
        return None, "pdf.password"
    except (pikepdf.PdfError, ValueError, TypeError, RecursionError, KeyError, AttributeError):
        return None, "pdf.damaged"  # what a hostile file makes the parser raise; the file is refused, never repaired
    return (pages, "") if pages else (None, "pdf.no-pages")
