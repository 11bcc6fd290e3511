"""Files that tests make themselves: real pictures and PDFs, small, the same each time."""

import struct
import zlib
from functools import cache


@cache
def png(width: int = 500, height: int = 500, shade: int = 200) -> bytes:
    """A grey picture."""
    rows = (b"\0" + bytes([shade]) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG, its sum right."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R", head: bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") -> bytes:
    """A PDF of these numbered objects (from 1), its cross-reference table right."""
    body, at = head, []
    for number, content in enumerate(objects, 1):
        at.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(
        b"%010d 00000 n \n" % one for one in at
    )
    return body + table + b"trailer\n<</Size %d %s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(body))


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object's content."""
    return b"<</Length %d %s>>\nstream\n%s\nendstream" % (len(data), entries, data)


def page(
    *more: bytes, catalog: bytes = b"", entries: bytes = b"", draws: bytes = b"0 0 0 rg 50 50 100 100 re f"
) -> bytes:
    """A PDF of one page that draws a black square; `more` are objects from 5 on."""
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R %s>>" % catalog,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<<>> %s>>" % entries,
        stream(draws),
        *more,
    )
