"""SHA-256 digests as values, and canonical JSON (RFC 8785), which is what we digest and sign."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import rfc8785

PATTERN = r"^[0-9a-f]{64}$"
_HEX = re.compile(PATTERN, re.ASCII)


@dataclass(frozen=True, order=True)
class Digest:
    """A SHA-256 digest; `hex` is 64 lower-case hexadecimal digits. ValueError otherwise."""

    hex: str

    def __post_init__(self) -> None:
        if _HEX.fullmatch(self.hex) is None:
            raise ValueError("a SHA-256 digest is 64 lower-case hexadecimal digits")

    @classmethod
    def of(cls, data: bytes) -> "Digest":
        """The digest of `data`."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def from_base64(cls, text: str) -> "Digest":
        """As S3 gives it. ValueError for anything else."""
        return cls(base64.b64decode(text, validate=True).hex())

    @property
    def base64(self) -> str:
        """As S3 wants it in `ChecksumSHA256`."""
        return base64.b64encode(bytes.fromhex(self.hex)).decode()

    def __str__(self) -> str:
        return self.hex


def of_stream(chunks: Iterable[bytes]) -> tuple[Digest, int]:
    """Digest and length of bytes that come in pieces."""
    running, size = hashlib.sha256(), 0
    for chunk in chunks:
        running.update(chunk)
        size += len(chunk)
    return Digest(running.hexdigest()), size


def canonical(value: Any) -> bytes:
    """RFC 8785 form of a JSON value, UTF-8. ValueError for floats that JSON cannot hold or integers over 2^53."""
    return rfc8785.dumps(value)
