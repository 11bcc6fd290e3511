"""Announce a file, take it back, and confirm what arrived. Confirmation looks at the stored bytes, never at what was said.

An attachment is bound to one object version: the first that arrives decides, whatever is sent to the key later.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.attachments.model import Upload, Verdict
from chalicelib.contracts import attachment, records
from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.events import AttachmentRefused, AttachmentRemoved, AttachmentReserved, AttachmentStored
from chalicelib.contracts.form import parsed
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict, Invalid, NotFound, TooMany
from chalicelib.kernel.text import file_label
from chalicelib.log import log
from chalicelib.offices.model import Office
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Key, Put, Register, Stream, deciding, filing

ADDRESS_SECONDS = 900  # an upload address lives 15 minutes; a new one is had by repeating the request
ACTOR = "tra:receive_upload"
TAGGING = "<Tagging><TagSet><Tag><Key>state</Key><Value>draft</Value></Tag></TagSet></Tagging>"


class Announcement(BaseModel):
    """What the filer says of a file before sending it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    document: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
    name: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,80}$")]
    size: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class Quarantine(Protocol):
    """Where uploads lie until they are filed."""

    def form(
        self, key: str, *, size: int, media_type: str, tags: str, sha256: Digest | None, seconds: int
    ) -> tuple[str, dict[str, str]]:
        """Address and fields of an upload bound to exactly this."""

    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None:
        """Version and size of what lies there."""

    def chunks(self, key: str, version: str | None = None) -> Iterator[bytes]:
        """The bytes of that version."""


class Screen(Protocol):
    """Looks at the bytes of one upload."""

    def __call__(self, chunks: Iterator[bytes], announced: Attachment) -> Verdict:
        """Accepted with what was found, or refused with a reason."""


@dataclass(frozen=True, kw_only=True)
class Uploads:
    """What a filer does with files of a draft."""

    register: Register
    office: Office
    quarantine: Quarantine
    clock: Clock

    def reserve(self, account: str, identifier: str, body: Mapping[str, Any], repeat: Repeat) -> Upload:
        """Announce a file; answers where to send it. A repeat answers the same attachment with a fresh address."""
        said = parsed(Announcement, body)

        def decide() -> Attachment:
            earlier = repeat.earlier(self.register)
            stream = self._draft(account, identifier, allow_submitted=bool(earlier))
            if earlier:
                return attachment_of(stream, str(earlier["attachment"]))
            self._allowed(stream, said)
            now = self.clock()
            new = ids.ulid(now)
            made = Attachment(
                id=new,
                document=said.document,
                name=file_label(said.name),
                media_type=said.media_type,
                size=said.size,
                sha256=said.sha256,
                key=records.upload(identifier, new, ids.unguessable()),
            )
            fact = AttachmentReserved(
                attachment=new,
                document=said.document,
                media_type=said.media_type,
                size=said.size,
                sha256=said.sha256,
            )
            self.register.commit(
                stream.append(fact, by=account, at=now),
                Put(_item_key(stream, new), made.attributes()),
                repeat.kept(attachment=new),
            )
            return made

        made = deciding(decide)
        url, fields = self.quarantine.form(
            made.key,
            size=made.size,
            media_type=made.media_type,
            tags=TAGGING,
            sha256=Digest(said.sha256) if said.sha256 else None,
            seconds=ADDRESS_SECONDS,
        )
        return Upload(made, url, fields, ADDRESS_SECONDS)

    def remove(self, account: str, identifier: str, attachment_id: str) -> None:
        """Take a file back before submission. Safe to repeat."""

        def decide() -> None:
            stream = self._draft(account, identifier)
            there = attachment_of(stream, attachment_id)
            if there.state == "removed":
                return
            key = _item_key(stream, attachment_id)
            self.register.commit(
                stream.append(AttachmentRemoved(attachment=attachment_id), by=account, at=self.clock()),
                Put(key, replace(there, state="removed").attributes(), expects=stream.items[key.sk].version),
            )

        deciding(decide)

    def _draft(self, account: str, identifier: str, *, allow_submitted: bool = False) -> Stream:
        stream = self.register.load(filing(identifier)) if ids.is_ulid(identifier) else None
        if stream is None or stream.head.owner != account:
            raise NotFound.because("filing.not-found")
        if stream.head.status != "draft" and not allow_submitted:
            raise Conflict.because("filing.submitted-already", number=stream.head.attributes["number"])
        return stream

    def _allowed(self, stream: Stream, said: Announcement) -> None:
        row = self.office.document(said.document, stream.head.attributes["kind"])
        if row is None:
            raise Invalid.because("document.unknown", "/document", document=said.document)
        if said.media_type not in row.media_types:
            raise Invalid.because("document.media-type", "/media_type", allowed=", ".join(row.media_types))
        if said.size > row.max_bytes:
            raise Invalid.because("document.too-large", "/size", limit=str(row.max_bytes))
        states = [item.attributes["state"] for key, item in stream.items.items() if key.startswith(attachment.PREFIX)]
        living = sum(state in {"reserved", "stored"} for state in states)
        if living >= self.office.max_attachments or len(states) >= 3 * self.office.max_attachments:
            raise TooMany.because("attachment.too-many", "", limit=str(self.office.max_attachments))


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
            verdict = self.screen(self.quarantine.chunks(key, version or None), announced)
        deciding(lambda: self._record(names[0], announced, version, verdict))

    def _record(self, filing_id: str, announced: Attachment, version: str, verdict: Verdict) -> None:
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
            )
            after = replace(announced, state="stored", sha256=found.sha256.hex, object_version=version)
        else:
            fact = AttachmentRefused(attachment=announced.id, document=announced.document, reason=verdict.reason)
            after = replace(announced, state="refused", reason=verdict.reason)
        key = _item_key(stream, announced.id)
        self.register.commit(
            stream.append(fact, by=ACTOR, at=self.clock()),
            Put(key, after.attributes(), expects=stream.items[key.sk].version),
        )


def attachment_of(stream: Stream, identifier: str) -> Attachment:
    """One attachment of a filing. NotFound if it has none such."""
    item = stream.items.get(attachment.PREFIX + identifier)
    if item is None:
        raise NotFound.because("attachment.not-found")
    return Attachment.of(identifier, item.attributes)


def _open(stream: Stream, identifier: str) -> bool:
    item = stream.items[attachment.PREFIX + identifier]
    return stream.head.status == "draft" and item.attributes["state"] == "reserved"


def _item_key(stream: Stream, identifier: str) -> Key:
    return Key(str(stream.id), attachment.PREFIX + identifier)
