"""`multipart/form-data` (RFC 7578), read strictly: a page without scripts sends files this way.

Parts are few and small; a name may come several times. Whatever is not well formed is Malformed, never guessed at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.kernel.errors import Malformed

MAX_PARTS = 64
_BOUNDARY = re.compile(r'multipart/form-data;\s*boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?', re.IGNORECASE)
_NAME = re.compile(rb'content-disposition:\s*form-data;\s*name="([A-Za-z0-9_-]{1,40})"(;\s*filename)?', re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One field. `file`: it was sent as a file (its name is not kept)."""

    name: str
    body: bytes
    file: bool


def parts(content_type: str, body: bytes) -> Iterator[Part]:
    """The parts in their order. Malformed for anything else."""
    found = _BOUNDARY.fullmatch(content_type.strip())
    if found is None:
        raise Malformed.because("form.malformed")
    mark = b"--" + found[1].encode()
    first, *pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if first or not pieces or pieces[-1].strip(b"\r\n") != b"--" or len(pieces) > MAX_PARTS:
        raise Malformed.because("form.malformed")
    for piece in pieces[:-1]:
        head, gap, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not gap or name is None or not head.startswith(b"\r\n"):
            raise Malformed.because("form.malformed")
        yield Part(name[1].decode(), content, name[2] is not None)
