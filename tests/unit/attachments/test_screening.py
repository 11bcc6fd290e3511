"""The first look at an upload: by content only, and never with an exception that a file chose."""

import io
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from chalicelib.attachments.screening import media_type, screen
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel.digest import Digest

DOCUMENTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "documents"


def announced(body: bytes, media: str = "application/pdf", sha256: str | None = None) -> Attachment:
    return Attachment(id="1", document="d", name="n", media_type=media, size=len(body), key="k", sha256=sha256)


def pieces(body: bytes, size: int = 7) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


@pytest.mark.parametrize(
    ("first", "found"),
    [
        (b"%PDF-2.0", "application/pdf"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"<?xml version", "application/xml"),
        (b"<svg", "application/octet-stream"),
        (b"PK\x03\x04", "application/octet-stream"),
        (b" %PDF-1.7", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_type_is_what_the_first_bytes_show(first: bytes, found: str) -> None:
    assert media_type(first) == found


def test_nothing_is_refused_as_empty() -> None:
    assert screen(iter(()), announced(b"")).reason == "upload.empty"


def test_fewer_bytes_than_announced_are_refused() -> None:
    body = b"\x89PNG\r\n\x1a\n12345"
    assert screen(pieces(body[:-1]), announced(body, "image/png")).reason == "upload.size-differs"


def test_size_and_digest_are_of_the_bytes_that_came() -> None:
    body = b"\xff\xd8\xff" + bytes(range(256)) * 50
    verdict = screen(pieces(body), announced(body, "image/jpeg", Digest.of(body).hex))
    assert verdict.accepted is not None
    assert (verdict.accepted.size, verdict.accepted.sha256) == (len(body), Digest.of(body))


def test_a_pdf_without_pages_is_refused() -> None:
    with pikepdf.new() as document:
        held = io.BytesIO()
        document.save(held)
    assert screen(pieces(held.getvalue()), announced(held.getvalue())).reason == "pdf.no-pages"


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.7\nstartxref\n99999999\n%%EOF",
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF",
        b"%PDF-1.4\n" + b"[" * 100_000,
        b"%PDF-1.4\nxref\n0 99999999\ntrailer<</Size 99999999/Root 1 0 R>>\nstartxref\n9\n%%EOF",
    ],
    ids=["far-xref", "pages-loop", "deep", "huge-xref"],
)
def test_a_hostile_pdf_is_refused_and_raises_nothing(body: bytes) -> None:
    verdict = screen(pieces(body, 4096), announced(body))
    assert verdict.accepted is None
    assert verdict.reason in {"pdf.damaged", "pdf.no-pages"}


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="no real documents: ../shared/data/documents is absent")
@pytest.mark.parametrize("path", sorted(DOCUMENTS.glob("*")), ids=lambda path: path.name)
def test_real_documents_are_accepted_as_what_they_are(path: Path) -> None:
    body = path.read_bytes()
    media = {".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg"}[path.suffix]
    verdict = screen(pieces(body, 1 << 16), announced(body, media))
    assert verdict.accepted is not None, verdict.reason
    assert (verdict.accepted.pages is not None) == (media == "application/pdf")
