"""Tree heads as signed notes (C2SP tlog-checkpoint, signed-note): origin, size, root, and a signature with P-256.

The key's id is the first four bytes of SHA-256 over its SubjectPublicKeyInfo, as ECDSA keys of public logs have it; the
signature is ECDSA with SHA-256 over the text, DER.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.proof.keys import LogKey
from chalicelib.proof.merkle import MAX_LEAVES, SIZE

MAX_NOTE = 4096
_MARK = "— "


class BadNote(ValueError):
    """Not a tree head that this key signed."""


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: `origin` names the log."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def signed(checkpoint: Checkpoint, key: LogKey, sign: Callable[[bytes], bytes]) -> bytes:
    """The note. `sign` gives ECDSA with SHA-256 in DER."""
    signature = base64.b64encode(_id(key) + sign(checkpoint.text.encode())).decode()
    return f"{checkpoint.text}\n{_MARK}{checkpoint.origin} {signature}\n".encode()


def opened(note: bytes, key: LogKey, origin: str) -> Checkpoint:
    """The tree head in a note of this log. BadNote if it is malformed, of another log, or not signed with the key."""
    try:
        text, mark, signatures = note[: MAX_NOTE + 1].decode().rpartition("\n\n")
        found, size, root = text.split("\n")
        head = Checkpoint(found, int(size), base64.b64decode(root, validate=True))
        wrong = len(note) > MAX_NOTE or not mark or found != origin or str(head.size) != size
    except (ValueError, binascii.Error) as error:
        raise BadNote("not a tree head") from error
    if wrong or len(head.root) != SIZE or not 0 <= head.size < MAX_LEAVES:
        raise BadNote("not a tree head of this log")
    for line in signatures.splitlines():
        name, _, value = line.removeprefix(_MARK).partition(" ")
        try:
            signature = base64.b64decode(value, validate=True)
        except binascii.Error:
            continue
        if name == origin and signature[:4] == _id(key) and key.verifies(signature[4:], head.text.encode()):
            return head
    raise BadNote("no signature of the log's key")


def _id(key: LogKey) -> bytes:
    return hashlib.sha256(key.spki).digest()[:4]
