"""Confirm what arrived. Confirmation looks at the stored bytes, never at what was said.

An attachment is bound to one object version: the first that arrives decides, whatever is sent to the key later. A file that
can be read while no scanner says anything is held: it may be submitted, the queue brings it again, and the verdict that comes
at last, before submission or after, is entered for the very version that was held.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from chalicelib.attachments.items import item_key
from chalicelib.attachments.model import Accepted, Verdict
from chalicelib.contracts import attachment, records
from chalicelib.contracts.attachment import PAGE, Attachment, Derived
from chalicelib.contracts.events import AttachmentCleared, AttachmentHeld, AttachmentRefused, AttachmentStored
from chalicelib.contracts.parts import DerivedCopy
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Unavailable
from chalicelib.log import log
from chalicelib.register.model import Put, Register, Stream, StreamId, deciding

ACTOR = "tra:receive_upload"
DRAFT_TAG = "state=draft"
HELD = "held"


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
        """Confirm, hold or refuse. Nothing happens for an object that nobody announced, or that was decided already.
        Unavailable, once it is entered, for a file that is held: so that the queue brings it again, and alarms."""
        names = records.of_upload(key)
        if names is None or (stream := self.register.load(StreamId(*names[:2]))) is None:
            log("upload-unknown")
            return
        item = stream.items.get(attachment.PREFIX + names[2])
        if item is None or item.attributes["key"] != key or not _open(stream, names[2]):
            log("upload-not-expected", of=names[1], attachment=names[2])
            return
        announced = Attachment.of(names[2], item.attributes)
        there = self.quarantine.head(key, version)
        if there is None:
            log("upload-gone", of=names[1], attachment=names[2])
            return
        version, size = there
        if announced.state == HELD and version != announced.object_version:
            log("upload-not-expected", of=names[1], attachment=names[2])
            return
        if size != announced.size:
            verdict: Verdict = Verdict(reason="upload.size-differs")
        else:
            verdict = self.screen(
                self.quarantine.chunks(key, version or None), replace(announced, object_version=version)
            )
        derived = self._keep(stream.id, announced.id, verdict)
        deciding(lambda: self._record(stream.id, announced.id, version, verdict, derived))
        if verdict.accepted and not verdict.accepted.scanned:
            raise Unavailable(f"{announced.id} is held until a scanner has looked at it")

    def _keep(self, of: StreamId, identifier: str, verdict: Verdict) -> tuple[Derived, ...]:
        """Put what was made of the file beside it; it expires with the draft. What a crash leaves is found by a repeat."""
        kept = []
        for made in verdict.accepted.made if verdict.accepted else ():
            key = records.derived(of.id, identifier, Digest.of(made.body))
            there = self.quarantine.put_once(key, made.body, made.media_type, tags=DRAFT_TAG)
            kept.append(
                Derived(
                    what=made.what, page=made.page, key=key, version=there.version, media_type=made.media_type,
                    size=there.size, sha256=there.sha256.hex, tool=made.tool,
                )
            )  # fmt: skip
        return tuple(kept)

    def _record(
        self, of: StreamId, identifier: str, version: str, verdict: Verdict, derived: tuple[Derived, ...]
    ) -> None:
        stream = self.register.load(of)
        if stream is None or not _open(stream, identifier):
            return
        key = item_key(stream.id, identifier)
        there = Attachment.of(identifier, stream.items[key.sk].attributes)
        decided = _refused(there, verdict) if verdict.accepted is None else _taken(there, version, verdict.accepted, derived)
        if decided is None:
            return
        fact, after = decided
        self.register.commit(
            stream.append(fact, by=ACTOR, at=self.clock()),
            Put(key, after.attributes(), expects=stream.items[key.sk].version),
        )


def _open(stream: Stream, identifier: str) -> bool:
    """Whether a verdict is still wanted: of what was announced in a draft, and of what is held wherever its filing stands."""
    state = str(stream.items[attachment.PREFIX + identifier].attributes["state"])
    return (stream.head.status == "draft" and state == "reserved") or state == HELD


def _refused(there: Attachment, verdict: Verdict) -> tuple[AttachmentRefused, Attachment]:
    fact = AttachmentRefused(attachment=there.id, document=there.document, reason=verdict.reason)
    return fact, replace(there, state="refused", reason=verdict.reason)


def _taken(
    there: Attachment, version: str, found: Accepted, derived: tuple[Derived, ...]
) -> tuple[AttachmentStored | AttachmentHeld | AttachmentCleared, Attachment] | None:
    """What to enter of a file that can be read, and its item after it; None if that stands already or is of other bytes."""
    if there.state == HELD:
        if not found.scanned or (version, found.sha256.hex) != (there.object_version, there.sha256):
            return None
        fact = AttachmentCleared(attachment=there.id, document=there.document, sha256=found.sha256.hex)
        return fact, replace(there, state="stored")
    told = (AttachmentStored if found.scanned else AttachmentHeld)(
        attachment=there.id,
        document=there.document,
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
        there,
        state="stored" if found.scanned else HELD,
        sha256=found.sha256.hex,
        object_version=version,
        findings=found.findings,
        derived=derived,
    )
    return told, after
