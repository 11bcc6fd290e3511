"""Entries, streams, and the one way to change anything: a `Commit`, all of it or nothing.

Every item but an entry carries a `version`; a commit says for each item which version it expects (None: the item must not
exist). A lost condition raises `LostRace` naming the items; the use case reads again and decides again (`deciding`).
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from chalicelib.contracts.envelope import NO_PREVIOUS
from chalicelib.contracts.events import read
from chalicelib.contracts.fact import Fact
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Corrupt, LostRace
from chalicelib.register.timeline import after, status

F = TypeVar("F", bound=Fact)
T = TypeVar("T")

MAX_OPERATIONS = 100  # DynamoDB TransactWriteItems
MAX_TRIES = 12
SHARDS = 16  # of the outbox index


@dataclass(frozen=True)
class StreamId:
    """One aggregate: `FILING#01J…`, `ORDER#01J…`."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}#{self.id}"

    @classmethod
    def parse(cls, text: str) -> "StreamId":
        """From its text form. ValueError if it has none."""
        kind, mark, identifier = text.partition("#")
        if not (kind and mark and identifier):
            raise ValueError(f"not a stream: {text!r}")
        return cls(kind, identifier)


def filing(identifier: str) -> StreamId:
    """The stream of one filing."""
    return StreamId("FILING", identifier)


def paper(identifier: str) -> StreamId:
    """The stream of one later paper of a filing."""
    return StreamId("PAPER", identifier)


def order(identifier: str) -> StreamId:
    """The stream of one order."""
    return StreamId("ORDER", identifier)


def case(identifier: str) -> StreamId:
    """The stream of one case."""
    return StreamId("CASE", identifier)


def statement(identifier: str) -> StreamId:
    """The stream of one bank statement."""
    return StreamId("STATEMENT", identifier)


def reconciliation(identifier: str) -> StreamId:
    """The stream of one day's reconciliation."""
    return StreamId("RECONCILIATION", identifier)


@dataclass(frozen=True)
class Key:
    """Where one item lies in the table."""

    pk: str
    sk: str

    def __str__(self) -> str:
        return f"{self.pk}/{self.sk}"


@dataclass(frozen=True)
class Item:
    """Any item that is not an entry. `attributes` are plain JSON values without the keys and `version`."""

    key: Key
    version: int
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """One fact as recorded. `hash` is SHA-256 over the canonical JSON of all the rest, `previous` included."""

    stream: StreamId
    seq: int
    type: str
    schema: int
    at: str
    by: str
    data: Mapping[str, Any]
    previous: str
    hash: str
    pending: bool = False

    @property
    def fact(self) -> Fact:
        """The typed fact."""
        return read(self.type, self.data)


def entry_hash(stream: StreamId, seq: int, type_: str, schema: int, at: str, by: str, data: Any, previous: str) -> str:
    """The hash of an entry: what a consumer computes again from an event."""
    body = {
        "stream": str(stream), "seq": seq, "type": type_, "schema": schema,
        "at": at, "by": by, "data": data, "previous": previous,
    }  # fmt: skip
    return Digest.of(canonical(body)).hex


@dataclass(frozen=True)
class Place:
    """Where a stream stands in its owner's list: two may have changed in the same millisecond."""

    updated: str
    stream: StreamId


@dataclass(frozen=True)
class Head:
    """What lists need of a stream, and its version for optimistic concurrency. Re-derivable from the entries."""

    stream: StreamId
    version: int
    hash: str
    owner: str
    status: str
    updated: str
    attributes: Mapping[str, Any] = field(default_factory=dict)  # kind, number …: codes only

    @property
    def place(self) -> Place:
        """For the page that follows."""
        return Place(self.updated, self.stream)


@dataclass(frozen=True)
class Stream:
    """All that lies under one stream's key, read consistently in one go."""

    id: StreamId
    head: Head
    entries: tuple[Entry, ...]
    items: Mapping[str, Item]

    def facts(self, kind: type[F]) -> tuple[F, ...]:
        """Every fact of one type, oldest first."""
        return tuple(fact for entry in self.entries if isinstance(fact := entry.fact, kind))

    def last(self, kind: type[F]) -> F | None:
        """The newest fact of one type."""
        for entry in reversed(self.entries):
            if entry.type == kind.__name__:
                return cast(F, entry.fact)
        return None

    def append(self, *facts: Fact, by: str, at: datetime, **attributes: str) -> "Append":
        """Add facts to this stream as it was read. NotAllowed if its state does not allow them."""
        return Append(
            stream=self.id,
            after=self.head,
            facts=facts,
            by=by,
            at=at,
            status=after(self.id.kind, self.head.status, (type(fact).__name__ for fact in facts)),
            attributes=attributes,
        )


@dataclass(frozen=True)
class Put:
    """Write one item whole, if its version is `expects` (None: if there is none). The new version is `expects` + 1 or 1."""

    key: Key
    attributes: Mapping[str, Any]
    expects: int | None = None


@dataclass(frozen=True)
class Delete:
    """Remove one item, if its version is `expects`."""

    key: Key
    expects: int


@dataclass(frozen=True)
class Check:
    """Let the commit stand only if the item has version `expects`."""

    key: Key
    expects: int


@dataclass(frozen=True)
class Append:
    """Add `facts` to a stream that stands as `after`, and set its head. A stream is born with `after` None."""

    stream: StreamId
    after: Head | None
    facts: Sequence[Fact]
    by: str
    at: datetime
    status: str
    owner: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def chain(self) -> tuple[Entry, ...]:
        """The entries to be written, hashed one upon the other."""
        seq, previous = (self.after.version, self.after.hash) if self.after else (0, NO_PREVIOUS)
        at, made = stamp(self.at), []
        for fact in self.facts:
            seq += 1
            type_, data = type(fact).__name__, fact.to_data()
            own = entry_hash(self.stream, seq, type_, fact.SCHEMA, at, self.by, data, previous)
            made.append(Entry(self.stream, seq, type_, fact.SCHEMA, at, self.by, data, previous, own, pending=True))
            previous = own
        return tuple(made)

    def head(self, entries: Sequence[Entry]) -> Head:
        """The head once `entries` stand."""
        before = self.after
        return Head(
            stream=self.stream,
            version=(before.version if before else 0) + len(entries),
            hash=entries[-1].hash if entries else (before.hash if before else NO_PREVIOUS),
            owner=before.owner if before else self.owner,
            status=self.status,
            updated=stamp(self.at),
            attributes={**(before.attributes if before else {}), **self.attributes},
        )


def day_key(day: str) -> Key:
    """Which stream is a day's reconciliation."""
    return Key(f"RECONCILED#{day}", "RECONCILED")


def report_prefix(run: int) -> str:
    """How the items begin that hold the rows of a run's report, on its stream."""
    return f"REPORT#{run:04d}#"


Operation = Append | Put | Delete | Check


class Register(Protocol):
    """The one store of truth."""

    def load(self, stream: StreamId) -> Stream | None:
        """Everything under the stream's key, strongly consistent; None if it was never begun."""

    def item(self, key: Key) -> Item | None:
        """One item, strongly consistent."""

    def commit(self, *operations: Operation) -> tuple[Entry, ...]:
        """All operations or none. Answers the new entries. LostRace if a condition failed."""

    def owned(self, owner: str, *, limit: int, after: Place | None = None) -> tuple[Head, ...]:
        """Heads of one owner, newest first (eventually consistent), from where a page before ended."""


class Due(Protocol):
    """The register's list of what is due. It lags behind: look at each item before acting on it."""

    def due(self, what: str, *, until: datetime, limit: int) -> tuple[Key, ...]: ...

    def item(self, key: Key) -> Item | None: ...


class Outbox(Protocol):
    """The register as the relay sees it."""

    def load(self, stream: StreamId) -> Stream | None: ...

    def mark_published(self, entry: Entry) -> None:
        """Take the entry off the outbox. Safe to repeat."""

    def streams_pending(self, *, older_than: datetime) -> tuple[StreamId, ...]:
        """Streams with entries that wait for longer."""


def begin(stream: StreamId, *facts: Fact, by: str, at: datetime, owner: str, **attributes: str) -> Append:
    """The birth of a stream, with its first facts if there are any yet."""
    return Append(
        stream=stream,
        after=None,
        facts=facts,
        by=by,
        at=at,
        status=status(stream.kind, (type(fact).__name__ for fact in facts)),
        owner=owner,
        attributes=attributes,
    )


def verify_chain(entries: Sequence[Entry]) -> None:
    """Corrupt unless sequence numbers run 1..n and each hash follows from what is recorded (invariant I10)."""
    previous = NO_PREVIOUS
    for expected, entry in enumerate(entries, start=1):
        own = entry_hash(
            entry.stream, entry.seq, entry.type, entry.schema, entry.at, entry.by, dict(entry.data), entry.previous
        )
        if entry.seq != expected or entry.previous != previous or entry.hash != own:
            raise Corrupt(f"chain broken at {entry.stream} {entry.seq}")
        previous = entry.hash


def deciding(decide: Callable[[], T], *, pause: Callable[[float], None] = time.sleep) -> T:
    """Run `decide` (read, decide, commit) until it wins. LostRace when it lost too often: answer 503, nothing is lost."""
    for tries in range(MAX_TRIES):
        try:
            return decide()
        except LostRace:
            if tries == MAX_TRIES - 1:
                raise
            pause(random.uniform(0, min(1.0, 0.02 * 2**tries)))  # noqa: S311 - spreads retries, guards nothing
    raise AssertionError("unreachable")
