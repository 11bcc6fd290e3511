"""Confirm what arrived. Confirmation looks at the stored bytes, never at what was said.

An attachment is bound to one object version: the first that arrives decides, whatever is sent to the key later.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from chalicelib.attachments.items import item_key
from chalicelib.attachments.model import Verdict
from chalicelib.contracts import attachment, records
from chalicelib.contracts.attachment import PAGE, Attachment, Derived
from chalicelib.contracts.events import AttachmentRefused, AttachmentStored, DerivedCopy
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.digest import Digest
from chalicelib.log import log
from chalicelib.register.model import Put, Register, Stream, deciding, filing

ACTOR = "tra:receive_upload"
DRAFT_TAG = "state=draft"


class Lying(Protocol):
    """An object as it lies in a bucket."""

    @property
    def key(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> Digest: ...


class Quarantine(Protocol):
    """Where uploads lie until they are filed."""

    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None:
        """Version and size of what lies there."""

    def chunks(self, key: str, version: str | None = None) -> Iterator[bytes]:
        """The bytes of that version."""

    def put_once(self, key: str, body: bytes, media_type: str, tags: str = "") -> Lying:
        """Store unless the key is taken; answers what lies there."""


class Screen(Protocol):
    """Looks at the bytes of one upload."""

    def __call__(self, chunks: Iterator[bytes], announced: Attachment) -> Verdict:
        """Accepted with what was found, or refused with a reason."""


@dataclass(frozen=True, kw_only=True)
class ConfirmUpload:
    """Look at one object that arrived in quarantine."""

    register: Register
    quarantine: Quarantine
    screen: Screen
    clock: Clock

    def __call__(self, key: str, version: str | None) -> None:
        """Confirm or refuse. Nothing happens for an object that nobody announced, or that was decided already."""
        names = records.of_upload(key)
        if names is None or (stream := self.register.load(filing(names[0]))) is None:
            log("upload-unknown")
            return
        item = stream.items.get(attachment.PREFIX + names[1])
        if item is None or item.attributes["key"] != key or not _open(stream, names[1]):
            log("upload-not-expected", filing=names[0], attachment=names[1])
            return
        announced = Attachment.of(names[1], item.attributes)
        there = self.quarantine.head(key, version)
        if there is None:
            log("upload-gone", filing=names[0], attachment=names[1])
            return
        version, size = there
        if size != announced.size:
            verdict: Verdict = Verdict(reason="upload.size-differs")
        else:
            verdict = self.screen(
                self.quarantine.chunks(key, version or None), replace(announced, object_version=version)
            )
        derived = self._keep(names[0], announced.id, verdict)
        deciding(lambda: self._record(names[0], announced, version, verdict, derived))

    def _keep(self, filing_id: str, identifier: str, verdict: Verdict) -> tuple[Derived, ...]:
        """Put what was made of the file beside it; it expires with the draft. What a crash leaves is found by a repeat."""
        kept = []
        for made in verdict.accepted.made if verdict.accepted else ():
            key = records.derived(filing_id, identifier, Digest.of(made.body))
            there = self.quarantine.put_once(key, made.body, made.media_type, tags=DRAFT_TAG)
            kept.append(
                Derived(
                    what=made.what, page=made.page, key=key, version=there.version, media_type=made.media_type,
                    size=there.size, sha256=there.sha256.hex, tool=made.tool,
                )
            )  # fmt: skip
        return tuple(kept)

    def _record(
        self, filing_id: str, announced: Attachment, version: str, verdict: Verdict, derived: tuple[Derived, ...]
    ) -> None:
        stream = self.register.load(filing(filing_id))
        if stream is None or not _open(stream, announced.id):
            return
        fact: AttachmentStored | AttachmentRefused
        if (found := verdict.accepted) is not None:
            fact = AttachmentStored(
                attachment=announced.id,
                document=announced.document,
                media_type=found.media_type,
                size=found.size,
                sha256=found.sha256.hex,
                pages=found.pages,
                findings=found.findings,
                derived=tuple(
                    DerivedCopy(what=one.what, media_type=one.media_type, size=one.size, sha256=one.sha256, tool=one.tool)
                    for one in derived
                    if one.what != PAGE
                ),
            )
            after = replace(
                announced,
                state="stored",
                sha256=found.sha256.hex,
                object_version=version,
                findings=found.findings,
                derived=derived,
            )
        else:
            fact = AttachmentRefused(attachment=announced.id, document=announced.document, reason=verdict.reason)
            after = replace(announced, state="refused", reason=verdict.reason)
        key = item_key(stream.id, announced.id)
        self.register.commit(
            stream.append(fact, by=ACTOR, at=self.clock()),
            Put(key, after.attributes(), expects=stream.items[key.sk].version),
        )


def _open(stream: Stream, identifier: str) -> bool:
    item = stream.items[attachment.PREFIX + identifier]
    return stream.head.status == "draft" and item.attributes["state"] == "reserved"
