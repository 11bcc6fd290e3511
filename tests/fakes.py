"""Fakes of our own Protocols, named after them. Each passes the same contract tests as the adapter it stands for.

A fake keeps the conditions of the real thing (versions, write-once, order) and none of its slowness; it is for unit tests of
use cases. Nothing here is imported by the product.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.attachments.multipart import Part
from chalicelib.aws.s3 import Stored, Weighed
from chalicelib.contracts.envelope import Envelope
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, LostRace, Unavailable
from chalicelib.register.dynamodb import HEAD, entry_key, marshal, shard, unmarshal
from chalicelib.register.model import (
    MAX_OPERATIONS,
    Append,
    Check,
    Delete,
    Entry,
    Head,
    Item,
    Key,
    Operation,
    Place,
    Put,
    Stream,
    StreamId,
)

NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # noon in Phnom Penh


@dataclass
class FixedClock:
    """A clock that goes only when told."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


def _plain(value: Any) -> Any:
    """What the table would give back: lists for tuples; TypeError for what has no place in it."""
    return unmarshal(marshal(value))


@dataclass
class InMemoryRegister:
    """Register and Outbox in two dicts. `entries` and `items` are the rows; heads lie among the items as attributes."""

    entries: dict[Key, Entry] = field(default_factory=dict)
    heads: dict[Key, Head] = field(default_factory=dict)
    items: dict[Key, Item] = field(default_factory=dict)

    def load(self, stream: StreamId) -> Stream | None:
        """See `Register.load`."""
        head = self.heads.get(Key(str(stream), HEAD))
        if head is None:
            return None
        return Stream(
            id=stream,
            head=head,
            entries=tuple(entry for key, entry in sorted(self.entries.items(), key=_by_key) if entry.stream == stream),
            items={key.sk: item for key, item in sorted(self.items.items(), key=_by_key) if key.pk == str(stream)},
        )

    def item(self, key: Key) -> Item | None:
        """See `Register.item`."""
        return self.items.get(key)

    def under(self, pk: str) -> tuple[Item, ...]:
        """See `DynamoRegister.under`."""
        return tuple(item for key, item in sorted(self.items.items(), key=_by_key) if key.pk == pk)

    def commit(self, *operations: Operation) -> tuple[Entry, ...]:
        """See `Register.commit`."""
        conditions: dict[Key, int | None] = {}
        appended: list[Entry] = []
        for operation in operations:
            for key, expects in _conditions(operation):
                if key in conditions:
                    raise ValueError(f"two operations on {key}")
                conditions[key] = expects
        if len(conditions) > MAX_OPERATIONS:
            raise ValueError(f"{len(conditions)} operations do not fit one transaction")
        prepared = [self._prepared(operation) for operation in operations]
        if lost := [str(key) for key, expects in conditions.items() if self._version(key) != expects]:
            raise LostRace(*lost)
        for operation, entries, item in prepared:
            match operation:
                case Append():
                    appended += entries
                    self.entries |= {entry_key(entry.stream, entry.seq): entry for entry in entries}
                    self.heads[Key(str(operation.stream), HEAD)] = operation.head(entries)
                case Delete(key):
                    del self.items[key]
                case Put(key) if item:
                    self.items[key] = item
        return tuple(appended)

    def owned(self, owner: str, *, limit: int, after: Place | None = None) -> tuple[Head, ...]:
        """See `Register.owned`."""

        def order(place: Place) -> tuple[str, str]:
            return place.updated, str(place.stream)

        heads = [head for head in self.heads.values() if head.owner == owner]
        found = [head for head in heads if after is None or order(head.place) < order(after)]
        return tuple(sorted(found, key=lambda head: order(head.place), reverse=True)[:limit])

    def due(self, what: str, *, until: datetime, limit: int) -> tuple[Key, ...]:
        """See `DynamoRegister.due`."""
        waiting = [
            (str(item.attributes["due_at"]), str(key), key)
            for key, item in self.items.items()
            if item.attributes.get("due") == what and item.attributes["due_at"] <= stamp(until)
        ]
        return tuple(key for _, _, key in sorted(waiting)[:limit])

    def mark_published(self, entry: Entry) -> None:
        """See `Outbox.mark_published`."""
        key = entry_key(entry.stream, entry.seq)
        if key not in self.entries:
            raise LostRace(str(key))
        self.entries[key] = replace(self.entries[key], pending=False)

    def streams_pending(self, *, older_than: datetime) -> tuple[StreamId, ...]:
        """See `Outbox.streams_pending`."""
        waiting = [entry for entry in self.entries.values() if entry.pending and entry.at <= stamp(older_than)]
        ordered = sorted(waiting, key=lambda entry: (shard(entry.stream), entry.at, str(entry.stream), entry.seq))
        return tuple(dict.fromkeys(entry.stream for entry in ordered))

    def every_stream(self) -> Iterator[StreamId]:
        """See `DynamoRegister.every_stream`."""
        yield from (head.stream for head in self.heads.values())

    def _version(self, key: Key) -> int | None:
        if key in self.heads:
            return self.heads[key].version
        if key in self.entries:
            return 0  # entries have no version: they are only ever expected not to exist
        return self.items[key].version if key in self.items else None

    @staticmethod
    def _prepared(operation: Operation) -> tuple[Operation, tuple[Entry, ...], Item | None]:
        if isinstance(operation, Append):
            return operation, operation.chain(), None
        if isinstance(operation, Put):
            own = {name: value for name, value in operation.attributes.items() if name not in {"pk", "sk", "version"}}
            item = Item(operation.key, (operation.expects or 0) + 1, _plain(own))
            return operation, (), item
        return operation, (), None


def _by_key(pair: tuple[Key, Any]) -> tuple[str, str]:
    return pair[0].pk, pair[0].sk


def _conditions(operation: Operation) -> Iterator[tuple[Key, int | None]]:
    match operation:
        case Append():
            for entry in operation.chain():
                yield entry_key(entry.stream, entry.seq), None
            yield Key(str(operation.stream), HEAD), operation.after.version if operation.after else None
        case Put(key, _, expects):
            yield key, expects
        case Delete(key, expects) | Check(key, expects):
            yield key, expects


@dataclass
class RecordingTopic:
    """A `relay.service.Topic` that remembers what it took. `refusing` names streams for which it is out of order."""

    taken: list[Envelope] = field(default_factory=list)
    refusing: set[str] = field(default_factory=set)

    def publish(self, envelope: Envelope) -> None:
        """See `relay.service.Topic`."""
        if envelope.subject in self.refusing:
            raise Unavailable("topic out of order")
        self.taken.append(envelope)


@dataclass
class InMemoryBucket:
    """A bucket with versions: `aws.s3.Bucket` and `attachments.custody.Records` in one. Versions are `v1`, `v2` …"""

    name: str = "bucket"
    quarantine: "InMemoryBucket | None" = None
    objects: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    media_types: dict[str, str] = field(default_factory=dict)
    tags: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def put(self, key: str, body: bytes) -> Stored:
        """What a browser does: another version each time."""
        versions = self.objects.setdefault(key, [])
        versions.append((f"v{len(versions) + 1}", body))
        return self.stored(key)

    def put_once(self, key: str, body: bytes, media_type: str, tags: str = "") -> Stored:
        """See `Bucket.put_once`."""
        if key not in self.objects:
            there = self.put(key, body)
            self.media_types[key] = media_type
            if tags:
                self.tags[key, there.version] = dict(pair.split("=") for pair in tags.split("&"))
        return self.stored(key)

    def tagged(self, key: str) -> tuple[bytes, str] | None:
        """See `Bucket.tagged`."""
        versions = self.objects.get(key)
        return (versions[-1][1], versions[-1][0]) if versions else None

    def replace(self, key: str, body: bytes, media_type: str, *, tag: str | None) -> bool:
        """See `Bucket.replace`."""
        there = self.tagged(key)
        if (there[1] if there else None) != tag:
            return False
        self.put(key, body)
        self.media_types[key] = media_type
        return True

    def stored(self, key: str, version: str | None = None) -> Stored:
        """See `Bucket.stored`."""
        name, body = self._get(key, version)
        return Stored(key, name, len(body), Digest.of(body))

    def weighed(self, key: str, version: str | None = None) -> Weighed:
        """See `Bucket.weighed`."""
        name, body = self._get(key, version)
        return Weighed(key, name, len(body), Digest.of(body), hashlib.sha512(body).hexdigest())

    def read(self, key: str, version: str | None = None) -> bytes:
        """See `Bucket.read`."""
        return self._get(key, version)[1]

    def chunks(self, key: str, version: str | None = None) -> Iterator[bytes]:
        """See `Bucket.chunks`."""
        body = self.read(key, version)
        yield from (body[at : at + 1024] for at in range(0, len(body), 1024))

    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None:
        """See `Bucket.head`."""
        try:
            name, body = self._get(key, version)
        except FileNotFoundError:
            return None
        return name, len(body)

    def copy_once(self, source: "InMemoryBucket", key: str, version: str, target: str) -> Stored:
        """See `Bucket.copy_once`."""
        if target not in self.objects:
            self.put(target, source.read(key, version))
        return self.stored(target)

    def copy_from_quarantine(self, key: str, version: str, target: str) -> Stored:
        """See `Records.copy_from_quarantine`."""
        assert self.quarantine is not None
        return self.copy_once(self.quarantine, key, version, target)

    def link(self, key: str, *, file_name: str, seconds: int) -> str:
        """See `Bucket.link`."""
        return f"https://{self.name}.invalid/{key}?seconds={seconds}&name={file_name}"

    def form(
        self, key: str, *, size: int, media_type: str, tags: str, sha256: Digest | None, seconds: int
    ) -> tuple[str, dict[str, str]]:
        """See `Bucket.form`."""
        fields = {"key": key, "Content-Type": media_type, "tagging": tags, "size": str(size), "seconds": str(seconds)}
        return f"https://{self.name}.invalid/", fields | ({"sha256": sha256.hex} if sha256 else {})

    def retag(self, key: str, version: str, tags: dict[str, str]) -> None:
        """See `Bucket.retag`."""
        name, _ = self._get(key, version)
        self.tags[key, name] = self.tags.get((key, name), {}) | tags

    def _get(self, key: str, version: str | None) -> tuple[str, bytes]:
        versions = self.objects.get(key, [])
        found = [one for one in versions if version is None or one[0] == version]
        if not found:
            raise FileNotFoundError(key)
        return found[-1]


@dataclass
class InMemoryParts:
    """An `attachments.multipart.PartStore` before a bucket. `send` is what a browser does with an address."""

    bucket: InMemoryBucket
    under_way: dict[str, tuple[str, dict[int, bytes]]] = field(default_factory=dict)  # upload → key, parts
    begun: int = 0
    tells_digests: bool = True  # whether the list of parts tells them (S3 does, moto does not)

    def begin(self, key: str, *, media_type: str, tags: str) -> str:
        """See `PartStore.begin`."""
        for upload, (own, _) in self.under_way.items():
            if own == key:
                return upload
        self.begun += 1
        self.under_way[f"upload-{self.begun}"] = (key, {})
        return f"upload-{self.begun}"

    def parts(self, key: str, upload: str, *, after: int, limit: int) -> tuple[Part, ...] | None:
        """See `PartStore.parts`."""
        if upload not in self.under_way:
            return None
        sent = sorted((number, body) for number, body in self.under_way[upload][1].items() if number > after)
        return tuple(
            Part(number, len(body), f"etag-{number}", Digest.of(body) if self.tells_digests else None)
            for number, body in sent[:limit]
        )

    def part_address(self, key: str, upload: str, number: int, *, size: int, sha256: Digest, seconds: int) -> str:
        """See `PartStore.part_address`."""
        return f"https://{self.bucket.name}.invalid/{key}?upload={upload}&number={number}&size={size}&sha256={sha256}"

    def send(self, url: str, body: bytes) -> bool:
        """PUT a part: whether storage took it."""
        key, _, query = url.partition(".invalid/")[2].partition("?")
        said = dict(pair.split("=") for pair in query.split("&"))
        upload = self.under_way.get(said["upload"])
        if upload is None or upload[0] != key or (len(body), Digest.of(body).hex) != (int(said["size"]), said["sha256"]):
            return False
        upload[1][int(said["number"])] = body
        return True

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """See `PartStore.complete`."""
        _, sent = self.under_way.pop(upload, ("", {}))
        if sent and key not in self.bucket.objects:
            self.bucket.put(key, b"".join(sent[part.number] for part in parts))

    def abandon(self, key: str, upload: str | None = None) -> None:
        """See `PartStore.abandon`."""
        for one in [one for one, (own, _) in self.under_way.items() if own == key and upload in {None, one}]:
            del self.under_way[one]

    def head(self, key: str) -> tuple[str, int] | None:
        """See `PartStore.head`."""
        return self.bucket.head(key)


@dataclass(frozen=True)
class FakeReceiptSigner:
    """A `ReceiptSigner` whose signature says what it signs: the same bytes, the same signature."""

    def sign_detached(self, payload: bytes) -> bytes:
        """See `ReceiptSigner`."""
        return b"signed " + Digest.of(payload).hex.encode()


def fake_seals(content: bytes, seal: bytes, at: datetime) -> None:
    """A `registry.consumer.Seals` that knows the signatures of `FakeReceiptSigner`."""
    if seal != FakeReceiptSigner().sign_detached(content) or at.tzinfo is None:
        raise Corrupt("the seal does not hold")
