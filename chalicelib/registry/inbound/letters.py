"""A letter that the registry issued: from the inbox, looked at, into the records once and for ever.

It is fetched by the key that follows from source and digest, in one version; size and digest are those of the bytes that came;
a process of its own looks at it, as at any file nobody trusts. What is refused stays in the inbox until that expires.
"""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.contracts import records
from chalicelib.contracts.inbound import LetterIssued
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.registry.inbound.model import Refusal


class Inbox(Protocol):
    """Where registries lay their letters."""

    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None:
        """Version and size of what lies there."""

    def read(self, key: str, version: str | None = None) -> bytes:
        """The bytes of that version."""


class Lying(Protocol):
    """An object as it lies in a bucket."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> Digest: ...


class Records(Protocol):
    """Where letters lie for ever."""

    def put_once(self, key: str, body: bytes, media_type: str) -> Lying:
        """Store unless the key is taken; answers what lies there."""


class Look(Protocol):
    """Looks at a file, by the bytes and, for a scanner that looks where it lies, by key and version."""

    def __call__(self, body: bytes, *, filing: str, key: str, version: str, media_type: str) -> str:
        """A code that says why it is refused; empty if it is not. Unavailable if nobody can say yet."""


@dataclass(frozen=True, kw_only=True)
class KeepLetter:
    """See the module."""

    inbox: Inbox
    records: Records
    look: Look

    def __call__(self, filing: str, letter: LetterIssued) -> str:
        """Where it lies now. Refusal, with a code, of what is not the letter or is no letter at all."""
        there = self.inbox.head(letter.key)
        if there is None:
            raise Refusal("letter-missing")
        version, size = there
        if size != letter.size:
            raise Refusal("letter-size-differs")
        body = self.inbox.read(letter.key, version or None)
        if Digest.of(body).hex != letter.sha256:
            raise Refusal("letter-digest-differs")
        if reason := self.look(body, filing=filing, key=letter.key, version=version, media_type=letter.media_type):
            raise Refusal(reason)
        key = records.office_letter(filing, letter.sha256)
        kept = self.records.put_once(key, body, letter.media_type)
        if (kept.sha256.hex, kept.size) != (letter.sha256, letter.size):
            raise Corrupt(f"{key}: stored bytes are not the letter")
        return key
