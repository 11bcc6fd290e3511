"""Large files in parts: resumed after a lost line, a closed tab or from another device, and never mixed with another file.

1. A part's address is bound to its number, its size and its SHA-256; storage refuses other bytes. The digest that was said
   first for a part stays: whoever says another has another file in hand.
2. Storage's own list of parts is the truth about what has arrived.
3. Completion happens once: it names every part, and is refused if the key is taken. Done is done, however often it is asked.
4. What storage gave up (a day after it began) is begun again under the same key, and the parts are sent again.
5. The upload of a key is looked for before one is begun, so that a crash between storage and register leaves no second one.
The digest of the whole is never taken from here: screening computes it from the bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.attachments.holders import FILINGS, Holder
from chalicelib.attachments.items import InParts, attachment_of, in_parts, parts_key
from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.form import parsed
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict, Corrupt, Finding, Invalid, LostRace
from chalicelib.register.model import Put, Register, Stream, deciding

ADDRESS_SECONDS = 900
AT_ONCE = 100  # addresses in one answer
PAGE = 1000  # parts in one page of the list (S3 API, ListParts)
TAGS = "state=draft"
SHOWN = 20  # missing parts that are named


@dataclass(frozen=True)
class Part:
    """A part that lies in storage. `sha256` is absent where storage does not tell it."""

    number: int
    size: int
    etag: str
    sha256: Digest | None = None


class PartStore(Protocol):
    """Storage that takes an object in parts."""

    def begin(self, key: str, *, media_type: str, tags: str) -> str:
        """The upload under way for this key; begun if there is none."""

    def parts(self, key: str, upload: str, *, after: int, limit: int) -> tuple[Part, ...] | None:
        """Up to `limit` parts with numbers above `after`; None if there is no such upload any more."""

    def part_address(self, key: str, upload: str, number: int, *, size: int, sha256: Digest, seconds: int) -> str:
        """An address that takes exactly this part."""

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """Make the object, unless the key is taken or the upload is gone: look afterwards (`head`)."""

    def abandon(self, key: str, upload: str | None = None) -> None:
        """Give up this upload of the key, or whatever is under way for it. Safe to repeat."""

    def head(self, key: str) -> tuple[str, int] | None:
        """Version and size of the finished object; None if there is none."""


class SaidPart(BaseModel):
    """One part that the filer wants to send."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    number: Annotated[int, Field(ge=1, le=10_000)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Asked(BaseModel):
    """A request for addresses."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    parts: Annotated[tuple[SaidPart, ...], Field(min_length=1, max_length=AT_ONCE)]


@dataclass(frozen=True)
class Address:
    """Where one part goes, and the header that must go with it."""

    number: int
    url: str
    size: int
    sha256: Digest

    @property
    def headers(self) -> dict[str, str]:
        """Without these, storage refuses."""
        return {"x-amz-checksum-sha256": self.sha256.base64}


@dataclass(frozen=True)
class Listing:
    """A page of the parts that have arrived. `state`: `open`; `arrived` when all are joined and wait to be looked at;
    `expired` when storage gave up, so that all must be sent again; else the attachment's own state."""

    state: str
    size: int
    part_size: int
    count: int
    parts: tuple[tuple[Part, str | None], ...] = ()  # with the digest said for each
    next: int | None = None


@dataclass(frozen=True, kw_only=True)
class PartUploads:
    """Uploads in parts."""

    register: Register
    store: PartStore
    holder: Holder = FILINGS

    def begin(self, identifier: str, file: Attachment) -> InParts | None:
        """The upload of an announced file, begun in storage if it is not yet. None if it is not sent in parts."""

        def decide() -> InParts | None:
            stream = self.register.load(self.holder.stream(identifier))
            found = in_parts(stream, file.id) if stream else None
            if stream is None or found is None or found[1].upload:
                return found[1] if found else None
            return self._open(stream, file, *found)

        return deciding(decide)

    def addresses(
        self, account: str, identifier: str, attachment_id: str, body: Mapping[str, Any]
    ) -> tuple[Address, ...]:
        """Addresses for the parts named. Conflict if one of them was said to be other bytes before."""
        self.holder.opened(self.register, account, identifier, submitted=True)  # whose it is comes before what is asked
        asked = parsed(Asked, body).parts

        def decide() -> tuple[Attachment, InParts]:
            stream = self.holder.opened(self.register, account, identifier)
            file, version, upload = _sent_in_parts(stream, attachment_id)
            if file.state != "reserved":
                raise Conflict.because("upload.closed")
            _check(file, upload, asked)
            if not upload.upload or self.store.parts(file.key, upload.upload, after=0, limit=1) is None:
                if self.store.head(file.key) is not None:
                    raise Conflict.because("upload.closed")
                upload, version = self._open(stream, file, version, upload), version + 1
            said = {**upload.digests, **{str(part.number): part.sha256 for part in asked}}
            if said != upload.digests:
                upload = replace(upload, digests=said)
                self.register.commit(Put(parts_key(stream.id, file.id), upload.attributes(), expects=version))
            return file, upload

        file, upload = deciding(decide)
        return tuple(self._address(file, upload, part.number, Digest(part.sha256)) for part in asked)

    def listing(self, account: str, identifier: str, attachment_id: str, *, after: int = 0) -> Listing:
        """What has arrived, as storage says."""
        stream = self.holder.opened(self.register, account, identifier, submitted=True)
        file, _, upload = _sent_in_parts(stream, attachment_id)
        shape = (file.size, upload.part_size, upload.count(file.size))
        if file.state != "reserved":
            return Listing(file.state, *shape)
        found = self.store.parts(file.key, upload.upload, after=after, limit=PAGE) if upload.upload else ()
        if found is None:
            return Listing("expired" if self.store.head(file.key) is None else "arrived", *shape)
        told = tuple((part, part.sha256.hex if part.sha256 else upload.digests.get(str(part.number))) for part in found)
        return Listing("open", *shape, told, found[-1].number if len(found) == PAGE else None)

    def complete(self, account: str, identifier: str, attachment_id: str) -> Attachment:
        """Join the parts. Conflict while some are missing. Done already is done."""
        stream = self.holder.opened(self.register, account, identifier, submitted=True)
        file, _, upload = _sent_in_parts(stream, attachment_id)
        if file.state == "removed":
            raise Conflict.because("upload.closed")
        if file.state != "reserved":
            return file
        found = self._all(file, upload)
        if found is None:
            if self.store.head(file.key) is None:
                raise Conflict.because("upload.expired")
            return file
        good = {part.number for part in found if part.size == upload.size_of(part.number, file.size)}
        if missing := sorted(set(range(1, upload.count(file.size) + 1)) - good):
            named = ", ".join(map(str, missing[:SHOWN])) + (" …" if len(missing) > SHOWN else "")
            raise Conflict.because("upload.incomplete", "", missing=named)
        self.store.complete(file.key, upload.upload, [_with_digest(part, upload) for part in found])
        there = self.store.head(file.key)
        if there is None:
            raise Conflict.because("upload.expired")
        if there[1] != file.size:
            raise Corrupt(f"{file.key}: {there[1]} bytes came of parts of {file.size}")
        return file

    def abandon(self, file: Attachment) -> None:
        """Give up what is under way for a file that was taken back."""
        self.store.abandon(file.key)

    def _open(self, stream: Stream, file: Attachment, version: int, upload: InParts) -> InParts:
        """Begin in storage, and write down its name. Who loses that race gives up what he began, unless it is the same."""
        begun = replace(upload, upload=self.store.begin(file.key, media_type=file.media_type, tags=TAGS))
        key = parts_key(stream.id, file.id)
        try:
            self.register.commit(Put(key, begun.attributes(), expects=version))
        except LostRace:
            now = self.register.item(key)
            if now is None or now.attributes["upload"] != begun.upload:
                self.store.abandon(file.key, begun.upload)
            raise
        return begun

    def _all(self, file: Attachment, upload: InParts) -> list[Part] | None:
        found: list[Part] = []
        while upload.upload:
            page = self.store.parts(file.key, upload.upload, after=found[-1].number if found else 0, limit=PAGE)
            if page is None:
                return None
            found += page
            if len(page) < PAGE:
                break
        return found

    def _address(self, file: Attachment, upload: InParts, number: int, sha256: Digest) -> Address:
        size = upload.size_of(number, file.size)
        url = self.store.part_address(
            file.key, upload.upload, number, size=size, sha256=sha256, seconds=ADDRESS_SECONDS
        )
        return Address(number, url, size, sha256)


def _sent_in_parts(stream: Stream, identifier: str) -> tuple[Attachment, int, InParts]:
    file, found = attachment_of(stream, identifier), in_parts(stream, identifier)
    if found is None:
        raise Conflict.because("upload.not-in-parts")
    return file, *found


def _with_digest(part: Part, upload: InParts) -> Part:
    said = upload.digests.get(str(part.number))
    return part if part.sha256 or said is None else replace(part, sha256=Digest(said))


def _check(file: Attachment, upload: InParts, asked: Sequence[SaidPart]) -> None:
    """Invalid for a number that there is not, or that comes twice. Conflict for other bytes than were said before."""
    count, seen = upload.count(file.size), set[int]()
    for place, part in enumerate(asked):
        if part.number > count or part.number in seen:
            raise Invalid.because(
                "upload.no-such-part", f"/parts/{place}/number", number=str(part.number), count=str(count)
            )
        seen.add(part.number)
    whole = {"1": file.sha256} if count == 1 and file.sha256 else {}
    known = {**whole, **upload.digests}
    other = [
        Finding(code="upload.other-file", pointer=f"/parts/{place}/sha256", params={"number": str(part.number)})
        for place, part in enumerate(asked)
        if known.get(str(part.number), part.sha256) != part.sha256
    ]
    if other:
        raise Conflict(*other)
