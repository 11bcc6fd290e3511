"""A PDF, in the cell: opened strictly, every object held against the allow-lists, pages counted, then drawn twice.

1. Open without repair. What the parser would have to mend is damaged: mended bytes are not the bytes that were sent.
2. A file that asks for a password is refused. One that only has an owner's password opens for everybody: it is taken as it
   is, never decrypted, and the lock is a finding (an archive cannot keep it).
3. Every object (`pdf_objects`), then the pages: how many, how large.
4. What the pages show (`pdf_pages`): two renderers must agree.
"""

from pathlib import Path

import pikepdf

from chalicelib.attachments.screening import pdf_objects, pdf_pages
from chalicelib.attachments.screening.model import Refusal, Report, Task

MIN_SIDE, MAX_SIDE = 3.0, 14_400.0  # points; ISO 32000-2 annex C.2 (200 inches)
_HOSTILE = (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)


def look(path: Path, task: Task) -> Report:
    """What there is to say. Refusal if it cannot be taken."""
    try:
        pages, findings = _structure(path, task)
    except pikepdf.PasswordError as error:
        raise Refusal("pdf.password") from error
    except _HOSTILE as error:
        raise Refusal("pdf.damaged") from error  # what a hostile file makes the parser raise
    compared, seen = pdf_pages.compare(path, pages)
    return Report(findings=(*findings, *seen), pages=pages, compared=compared)


def _structure(path: Path, task: Task) -> tuple[int, list[str]]:
    with pikepdf.open(path, attempt_recovery=False, suppress_warnings=True) as document:
        pages = len(document.pages)
        if pages == 0:
            raise Refusal("pdf.no-pages")
        if pages > task.max_pages:
            raise Refusal("pdf.too-many-pages")
        findings = pdf_objects.walk(document, embedded_files=task.embedded_files)
        for page in document.pages:
            _sized(page)
        if document.is_encrypted:
            findings.append("pdf.locked")
        if document.get_warnings():
            raise Refusal("pdf.damaged")
    return pages, findings


def _sized(page: pikepdf.Page) -> None:
    if "/MediaBox" not in page.obj and "/Parent" not in page.obj:
        raise Refusal("pdf.page-size")
    for box in (page.mediabox, page.cropbox):
        left, bottom, right, top = (float(value) for value in box.as_list())
        sides = abs(right - left), abs(top - bottom)
        if not all(MIN_SIDE <= side <= MAX_SIDE for side in sides):
            raise Refusal("pdf.page-size")
