"""The door: what can be said of a file without parsing it. First bytes, last bytes, and nothing between.

A file is one thing. What a second reader could take for another (a ZIP at its end, a page of HTML or a PDF at its start) is
refused, because two programs would show two things (security reference, rows 1 to 5, 40 and 41).
"""

import mmap
import re
from pathlib import Path

from chalicelib.attachments.screening.model import JPEG, PDF, PNG, SVG, XML

HEAD = 4096  # bytes looked at for the type; viewers look for a PDF header in the first 1,024
VIEWERS_LOOK = 1024
ZIP_END = 65_557  # a ZIP's end record and its longest comment (APPNOTE 4.3.16)
_MAGIC = ((b"%PDF-", PDF), (b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG))
_MARKUP = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml\b|<!--|<svg[\s>])")
_SVG = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?[^>]*\?>\s*|<!--.*?-->\s*|<!DOCTYPE\s+svg[^>\[]*>\s*)*<(?:svg:)?svg[\s>]", re.DOTALL
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|iframe)[\s>/]", re.IGNORECASE)


def media_type(first: bytes) -> str:
    """The type that the first bytes show; `application/octet-stream` if none we know."""
    found = next((name for magic, name in _MAGIC if first.startswith(magic)), "")
    if not found and _MARKUP.match(first):
        found = SVG if _SVG.match(first) else XML
    return found or "application/octet-stream"


def at_the_door(path: Path, expected: str) -> str:
    """The code for which the file is refused, or nothing."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(HEAD)
        file.seek(max(0, size - ZIP_END))
        last = file.read()
    if media_type(first) != expected:
        return "upload.type-differs"
    start = first[:VIEWERS_LOOK]
    if _is_zip(last) or (expected not in {SVG, XML} and _HTML.search(start)):
        return "file.two-in-one"
    if expected != PDF and b"%PDF-" in start:
        return "file.two-in-one"
    if expected == PDF:
        if b"%%EOF" not in last[-1024:]:
            return "pdf.damaged"
        if _second_header(path):
            return "file.two-in-one"
    return ""


def _second_header(path: Path) -> bool:
    """Another PDF begins later in the file: readers differ in which of them they show."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
        return body.find(b"%PDF-", 1) >= 0


def _is_zip(last: bytes) -> bool:
    """An end record, of one disk, whose comment does not run past the end of the file."""
    at = last.rfind(b"PK\x05\x06")
    while at >= 0:
        record = last[at : at + 22]
        if len(record) == 22 and record[4:8] == b"\0\0\0\0" and record[8:10] == record[10:12]:
            return True
        at = last.rfind(b"PK\x05\x06", 0, at)
    return False
