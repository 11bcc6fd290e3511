"""What lies beside a filing's stream for each of its files, and how a filer's draft is found.

`ATTACHMENT#<id>` holds the file itself (`contracts/attachment.py`); `PARTS#<id>` holds, for a file that is sent in parts, the
storage's name of the upload and the digest that each part was said to have. Once said, a part's digest never changes: this is
how a wrong file is known. Storage says which parts have arrived; this item never does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.contracts import attachment
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel import ids
from chalicelib.kernel.errors import Conflict, NotFound
from chalicelib.register.model import Key, Register, Stream, StreamId, filing

PARTS = "PARTS#"
PART_SIZE = 8 * 1024 * 1024  # bytes; S3 takes 5 MiB and more, except for the last (user guide, "Multipart upload limits")


@dataclass(frozen=True, kw_only=True)
class InParts:
    """One upload in parts. `upload` is empty until storage has begun it."""

    part_size: int = PART_SIZE
    upload: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)  # part number → SHA-256, as announced

    def attributes(self) -> dict[str, Any]:
        """As kept in the item."""
        return {"part_size": self.part_size, "upload": self.upload, "digests": dict(self.digests)}

    def count(self, size: int) -> int:
        """How many parts a file of `size` bytes has."""
        return -(-size // self.part_size)

    def size_of(self, number: int, size: int) -> int:
        """The bytes of part `number` (from 1) of a file of `size` bytes."""
        return min(self.part_size, size - (number - 1) * self.part_size)


def item_key(stream: StreamId, identifier: str) -> Key:
    """Where an attachment's item lies."""
    return Key(str(stream), attachment.PREFIX + identifier)


def parts_key(stream: StreamId, identifier: str) -> Key:
    """Where the item of its upload in parts lies."""
    return Key(str(stream), PARTS + identifier)


def attachment_of(stream: Stream, identifier: str) -> Attachment:
    """One attachment of a filing. NotFound if it has none such."""
    item = stream.items.get(attachment.PREFIX + identifier)
    if item is None:
        raise NotFound.because("attachment.not-found")
    return Attachment.of(identifier, item.attributes)


def attachments_of(stream: Stream) -> tuple[Attachment, ...]:
    """All attachments of a filing, in the order they were announced."""
    return tuple(
        Attachment.of(key.removeprefix(attachment.PREFIX), item.attributes)
        for key, item in sorted(stream.items.items())
        if key.startswith(attachment.PREFIX)
    )


def in_parts(stream: Stream, identifier: str) -> tuple[int, InParts] | None:
    """Version and content of the item of its upload in parts; None if it is not sent so."""
    item = stream.items.get(PARTS + identifier)
    return (item.version, InParts(**item.attributes)) if item else None


def owned_draft(register: Register, account: str, identifier: str, *, submitted: bool = False) -> Stream:
    """The filing, if it is this account's. Conflict if it is no longer a draft, unless `submitted` says that it may be."""
    stream = register.load(filing(identifier)) if ids.is_ulid(identifier) else None
    if stream is None or stream.head.owner != account:
        raise NotFound.because("filing.not-found")
    if stream.head.status != "draft" and not submitted:
        raise Conflict.because("filing.submitted-already", number=stream.head.attributes["number"])
    return stream
