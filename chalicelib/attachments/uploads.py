"""Announce a file, and take it back. A file is sent by one presigned form, or in parts if it is large or the filer asks.

Announcing the same bytes again (same SHA-256, same kind of document) answers the file that is there: stored, it is not sent
again; begun, it is gone on with, whatever device began it. An announcement stands before anything is asked of storage; what
is then begun in storage is found again by its key (`multipart.py`), so a crash between the two leaves no second upload.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.attachments import limits
from chalicelib.attachments.holders import FILINGS, Holder
from chalicelib.attachments.items import (
    InParts,
    attachment_of,
    attachments_of,
    in_parts,
    item_key,
    parts_key,
)
from chalicelib.attachments.limits import Announced
from chalicelib.attachments.model import Upload
from chalicelib.attachments.multipart import PartUploads
from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.events import AttachmentRemoved, AttachmentReserved
from chalicelib.contracts.form import parsed
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.text import file_label
from chalicelib.offices.model import Office
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Check, Operation, Put, Register, Stream, deciding

ADDRESS_SECONDS = 900  # an upload address lives 15 minutes; a new one is had by repeating the request
TAGGING = "<Tagging><TagSet><Tag><Key>state</Key><Value>draft</Value></Tag></TagSet></Tagging>"


class Announcement(BaseModel):
    """What the filer says of a file before sending it. `parts`: send it in parts although it is small."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    document: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
    name: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,80}$")]
    size: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    parts: bool = False


class Forms(Protocol):
    """Gives addresses for files that are sent in one piece."""

    def form(
        self, key: str, *, size: int, media_type: str, tags: str, sha256: Digest | None, seconds: int
    ) -> tuple[str, dict[str, str]]:
        """Address and fields of an upload bound to exactly this."""


@dataclass(frozen=True, kw_only=True)
class Uploads:
    """What a filer does with files of a draft: of an application, or of what else `holder` says."""

    register: Register
    office: Office
    quarantine: Forms
    parts: PartUploads
    clock: Clock
    holder: Holder = FILINGS

    def reserve(self, account: str, identifier: str, body: Mapping[str, Any], repeat: Repeat) -> Upload:
        """Announce a file; answers where to send it. A repeat answers the same attachment with a fresh address.
        A file that is there already is answered with no address at all."""
        self.holder.opened(self.register, account, identifier, submitted=True)  # whose it is comes before what is asked
        said = parsed(Announcement, body)
        made = deciding(lambda: self._decide(account, identifier, said, repeat))
        if made.state != "reserved":
            return Upload(made, "", {}, 0)
        begun = self.parts.begin(identifier, made)
        if begun is not None:
            return Upload(made, "", {}, 0, in_parts=begun)
        url, fields = self.quarantine.form(
            made.key,
            size=made.size,
            media_type=made.media_type,
            tags=TAGGING,
            sha256=Digest(said.sha256) if said.sha256 else None,
            seconds=ADDRESS_SECONDS,
        )
        return Upload(made, url, fields, ADDRESS_SECONDS)

    def _decide(self, account: str, identifier: str, said: Announcement, repeat: Repeat) -> Attachment:
        earlier = repeat.earlier(self.register)
        stream = self.holder.opened(self.register, account, identifier, submitted=bool(earlier))
        if earlier:
            return attachment_of(stream, str(earlier["attachment"]))
        if (there := _same(stream, said)) is not None:
            key = item_key(stream.id, there.id)
            self.register.commit(Check(key, stream.items[key.sk].version), repeat.kept(attachment=there.id))
            return there
        row = self.holder.document(self.office, stream, said.document)
        limits.check(self.office, row, Announced(said.document, said.media_type, said.size), attachments_of(stream))
        now = self.clock()
        new = ids.ulid(now)
        named = said.model_dump(include={"document", "media_type", "size", "sha256"})
        made = Attachment(
            id=new, name=file_label(said.name), key=self.holder.key(identifier, new, ids.unguessable()), **named
        )
        operations: list[Operation] = [
            stream.append(AttachmentReserved(attachment=new, **named), by=account, at=now),
            Put(item_key(stream.id, new), made.attributes()),
            limits.charge(self.register, self.office, account, said.size, now),
            repeat.kept(attachment=new),
        ]
        if said.parts or said.size > self.office.uploads.parts_from:
            operations.append(Put(parts_key(stream.id, new), InParts().attributes()))
        self.register.commit(*operations)
        return made

    def remove(self, account: str, identifier: str, attachment_id: str) -> None:
        """Take a file back before submission. Safe to repeat. Bytes that have arrived expire with the draft's uploads;
        an upload in parts that is under way is given up at once."""

        def decide() -> Attachment | None:
            stream = self.holder.opened(self.register, account, identifier)
            there = attachment_of(stream, attachment_id)
            under_way = in_parts(stream, attachment_id)
            if there.state != "removed":
                key = item_key(stream.id, attachment_id)
                self.register.commit(
                    stream.append(AttachmentRemoved(attachment=attachment_id), by=account, at=self.clock()),
                    Put(key, replace(there, state="removed").attributes(), expects=stream.items[key.sk].version),
                    *_closed(stream, attachment_id),
                )
            return there if under_way else None

        if (removed := deciding(decide)) is not None:
            self.parts.abandon(removed)

    def of(self, account: str, identifier: str) -> tuple[tuple[Attachment, ...], dict[str, Any], str | None]:
        """The files of a filing, the limits that hold for it, and its application number once it has one."""
        stream = self.holder.opened(self.register, account, identifier, submitted=True)
        return attachments_of(stream), self.holder.stated(self.office, stream), stream.head.attributes.get("number")


def _same(stream: Stream, said: Announcement) -> Attachment | None:
    """The living file of these very bytes under this kind of document, if there is one; stored rather than begun."""
    found = [
        file
        for file in attachments_of(stream)
        if said.sha256 is not None
        and (file.document, file.media_type, file.size, file.sha256)
        == (said.document, said.media_type, said.size, said.sha256)
        and file.state in limits.LIVING
    ]
    return min(found, key=lambda file: file.state != "stored", default=None)


def _closed(stream: Stream, identifier: str) -> tuple[Put, ...]:
    """Take the name of the upload away, so that nobody who read it before can begin another for a file taken back."""
    found = in_parts(stream, identifier)
    if found is None:
        return ()
    version, upload = found
    return (Put(parts_key(stream.id, identifier), replace(upload, upload="").attributes(), expects=version),)
