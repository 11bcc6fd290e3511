"""The scanner of tests, trials and the local office: it knows the industry's harmless test string, and protects nobody.

The string is found as it stands, in a ZIP, in a ZIP in a ZIP, and in the packed streams of a PDF: where a real scanner looks
too. What is unpacked is bounded in number, size and depth; beyond the bounds it looks no further, and says nothing of it.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.attachments.screening.scanner import CHUNK, Clean, Infected, Sample, Scan

# The test string in two halves, so that this file is not taken for it.
_SIGNATURE = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_STREAM = re.compile(rb"stream\r?\n")
UNPACKED, MEMBERS, DEPTH = 1 << 20, 200, 3  # bytes of one thing, things of one file, ZIP in ZIP
READ = 4 << 20  # bytes of a file that are searched for packed things


@dataclass(frozen=True)
class EicarOnly:
    """Finds the EICAR test string and nothing else."""

    def scan(self, sample: Sample) -> Scan:
        """See `Scanner.scan`."""
        kept = b""
        with sample.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                if _SIGNATURE in (window := kept + chunk):
                    return Infected("EICAR test string")
                kept = window[-len(_SIGNATURE) :]
            file.seek(0)
            packed = any(_SIGNATURE in one for one in _unpacked(file.read(READ), DEPTH))
        return Infected("EICAR test string, packed") if packed else Clean()


def _unpacked(body: bytes, depth: int) -> Iterator[bytes]:
    for number, found in enumerate(_STREAM.finditer(body)):
        if number >= MEMBERS:
            break
        yield _inflated(body[found.end() : found.end() + UNPACKED])
    if depth and b"PK\x03\x04" in body:
        for member in _members(body):
            yield member
            yield from _unpacked(member, depth - 1)


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, UNPACKED)
    except zlib.error:
        return b""


def _members(body: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for entry in archive.infolist()[:MEMBERS]:
                with archive.open(entry) as member:
                    yield member.read(UNPACKED)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError, zlib.error):
        return
