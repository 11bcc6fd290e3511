"""The registry's consumer: takes facts off the queue, in order for each filing, and lays each package out as a dossier.

For each message:
1. read and check it (`chain`); what cannot be read is left for the dead-letter queue, and said;
2. compare with the stream's mark: a repeat is deleted; one that does not follow is parked: left, and said;
3. act: on PackageReady see that the package before it was dealt with (a later paper names it: its filing's, or the one of the
   paper before; until it was, the paper is parked), fetch the package, check it against the event, check its seal and that its
   manifests list what it holds, lay every object out, both digests compared; on others, nothing;
   other handlers of the table, by type of fact, do their own;
4. mark and effect in one turn of the marks (one transaction, where the store has them), then delete. Killed anywhere, the
   message comes again, finds what was done, and changes nothing.

A message that is left comes back after a pause; its stream waits behind it, the others go on. Faults of our
surroundings (no network, no space, no right) are not the message's: they stop the consumer instead of emptying the
queue into its dead-letter queue.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from chalicelib.contracts.events import PackageReady
from chalicelib.contracts.fact import Fact
from chalicelib.kernel.clock import parse_stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, Unavailable
from chalicelib.register.model import StreamId
from chalicelib.registry.bag import MAX_TAG_FILE, SEAL, TAG_MANIFEST, verify
from chalicelib.registry.chain import Event, Mark, Place, place, read_event
from chalicelib.registry.layout import MAX_PACKAGE, dossier, payload, read_package
from chalicelib.registry.model import OF_THE_BAG, Dossier, OutOfOrder, Package, PackageObject, Unreadable

PAUSE = 30  # seconds until a message that was left comes again
CONTENTS = ("application", "paper")  # what a package may hold, as far as this program knows
HOLD = 120  # seconds for which a message is ours while its objects are fetched; extended after half of them


@dataclass(frozen=True)
class Message:
    """As it came: the queue's id, the handle of this receipt, and the body."""

    id: str
    handle: str
    body: bytes


class Queue(Protocol):
    """A FIFO queue."""

    def receive(self, *, wait: int) -> Message | None:
        """The next message, waiting up to `wait` seconds; None if none came."""

    def hide(self, message: Message, seconds: int) -> None:
        """Keep it from coming again for `seconds` from now."""

    def delete(self, message: Message) -> None:
        """Done with it."""


class Objects(Protocol):
    """The records bucket, read only."""

    @property
    def name(self) -> str: ...

    def chunks(self, key: str, version: str | None = None) -> Iterator[bytes]:
        """The object in pieces. FileNotFoundError if there is none."""


class Marks(Protocol):
    """What was dealt with, stream by stream."""

    def turn(self, stream: StreamId) -> AbstractContextManager[None]:
        """One turn on a stream, alone: what is done inside stands as a whole when it ends, and not at all if it raises."""

    def last(self, stream: StreamId) -> Mark:
        """The mark of a stream; of one never seen, the mark before its first entry."""

    def set(self, stream: StreamId, mark: Mark, at: str) -> None:
        """Remember `mark` and the time `at` of its entry, durably once the turn ends; the stream is not parked any more."""

    def park(self, stream: StreamId, why: str) -> None:
        """Remember that this stream waits for an entry, for whoever asks how things stand."""


Handler = Callable[[Event], None]  # runs inside the turn: what it writes with the marks' own connection stands with the mark


class Shelf(Protocol):
    """Where dossiers are laid."""

    def lay(self, dossier: Dossier) -> object:
        """Lay it out whole or not at all. The same one there already is success; another one is DossierDiffers."""


class Seals(Protocol):
    """Whom one trusts."""

    def __call__(self, content: bytes, seal: bytes, at: datetime) -> None:
        """Corrupt unless `seal` is a good detached one over `content`, by a certificate valid at `at`."""


class Outcome(Enum):
    """What became of one message."""

    LAID = "laid"  # a dossier lies there
    MARKED = "marked"  # nothing to do for it
    REPEAT = "repeat"  # dealt with before
    PARKED = "parked"  # waits for an entry before it
    LEFT = "left"  # cannot be handled; after some more tries the dead-letter queue has it


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """Deal with one message at a time. `say` gets a line for people about each thing worth knowing."""

    queue: Queue
    objects: Objects
    marks: Marks
    shelf: Shelf
    seals: Seals
    say: Callable[[str], None]
    handlers: Mapping[type[Fact], Handler] = field(default_factory=dict)
    monotonic: Callable[[], float] = time.monotonic

    def step(self, *, wait: int) -> Outcome | None:
        """Receive and deal with one message; None if none came. Unavailable if AWS cannot be reached."""
        message = self.queue.receive(wait=wait)
        return self.handle(message) if message else None

    def handle(self, message: Message) -> Outcome:
        """See the module's four steps."""
        try:
            outcome = self._act(message)
        except OutOfOrder as error:
            self.marks.park(error.stream, str(error))
            return self._leave(message, Outcome.PARKED, f"parked    {error}")
        except (Unreadable, Corrupt) as error:
            return self._leave(message, Outcome.LEFT, f"left      {type(error).__name__}: {error}")
        except Unavailable:
            self.queue.hide(message, PAUSE)
            raise
        self.queue.delete(message)
        return outcome

    def _act(self, message: Message) -> Outcome:
        event = read_event(message.body)
        with self.marks.turn(event.stream):
            if place(event, self.marks.last(event.stream)) is Place.REPEAT:
                return Outcome.REPEAT
            outcome = Outcome.MARKED
            if isinstance(event.fact, PackageReady):
                self._follows(event, event.fact)
                self._lay(message, event, event.fact)
                outcome = Outcome.LAID
            if handler := self.handlers.get(type(event.fact)):
                handler(event)
            self.marks.set(event.stream, event.mark, event.at)
        return outcome

    def _lay(self, message: Message, event: Event, fact: PackageReady) -> None:
        body = self._package_bytes(fact)
        package = read_package(body)
        self._as_announced(package, event, fact)
        self._as_sealed(package, event)
        hold = _Hold(self.queue, message, self.monotonic)
        there = self.shelf.lay(dossier(package, body, lambda one: self._object(one, hold)))
        size = sum(one.size for one in package.objects)
        day = package.paper.received_on if package.paper else package.filing_date
        self.say(
            f"laid      {package.name}  {package.paper.kind if package.paper else package.kind},"
            f" {'paid' if package.paid else 'NOT PAID'}, filed"
            f" {day}: {len(package.objects)} objects, {size:,} bytes, all digests right  →  {there}"
        )

    def _package_bytes(self, fact: PackageReady) -> bytes:
        if fact.size > MAX_PACKAGE:
            raise Unreadable(f"{fact.number}: a package of {fact.size} bytes is none of ours")
        body = bytearray()
        for chunk in self._chunks(fact.key, None):
            body += chunk
            if len(body) > fact.size:
                break
        if (Digest.of(bytes(body)).hex, len(body)) != (fact.sha256, fact.size):
            raise Corrupt(f"{fact.number}: the package under {fact.key} is not the one announced")
        return bytes(body)

    def _follows(self, event: Event, fact: PackageReady) -> None:
        """OutOfOrder unless the package that comes before it was dealt with; Unreadable for contents that we do not know."""
        if fact.contents not in CONTENTS or (fact.contents == "paper") != (fact.paper is not None):
            raise Unreadable(f"{event.stream} {event.seq}: a package of {fact.contents}; this program is too old")
        if fact.paper is None:
            return
        after = fact.paper.after
        mark = self.marks.last(StreamId.parse(after.stream))
        if mark.seq < after.seq:
            raise OutOfOrder(event.stream, f"{event.seq}: the package before it, {after.stream} {after.seq}, has not come")
        if mark.seq == after.seq and mark.hash != after.hash:
            raise OutOfOrder(event.stream, f"{event.seq}: does not follow {after.stream} {after.seq} as it was seen")

    def _as_announced(self, package: Package, event: Event, fact: PackageReady) -> None:
        said = (package.filing, package.number, package.kind, package.route, package.paid)
        filing = fact.paper.filing if fact.paper else event.stream.id
        if said != (filing, fact.number, fact.kind, fact.route, fact.paid) or _of(package) != _announced(event, fact):
            raise Corrupt(f"{event.stream} {event.seq}: package and event speak of different things")
        for key in (fact.key, *(one.key for one in package.objects)):
            if not key.startswith(package.place) or ".." in key:
                raise Corrupt(f"{event.stream} {event.seq}: the package points outside its filing")
        if any(one.bucket != self.objects.name for one in package.objects):
            raise Corrupt(f"{event.stream} {event.seq}: the package points into another bucket")

    def _as_sealed(self, package: Package, event: Event) -> None:
        files = {one.name: self._small(one) for one in package.objects if one.role in OF_THE_BAG}
        self.seals(files[TAG_MANIFEST], files[SEAL], parse_stamp(event.at))
        verify(files, payload(package.objects))

    def _small(self, one: PackageObject) -> bytes:
        if one.size > MAX_TAG_FILE:
            raise Unreadable(f"{one.key}: a tag file of {one.size} bytes is none of ours")
        body = bytearray()
        for chunk in self._chunks(one.key, one.version or None):
            body += chunk
            if len(body) > one.size:
                break
        if (Digest.of(bytes(body)).hex, len(body)) != (one.sha256, one.size):
            raise Corrupt(f"{one.key}: what was fetched is not what the package says")
        return bytes(body)

    def _object(self, one: PackageObject, hold: "_Hold") -> Iterable[bytes]:
        for chunk in self._chunks(one.key, one.version or None):
            hold.renew()
            yield chunk

    def _chunks(self, key: str, version: str | None) -> Iterator[bytes]:
        try:
            yield from self.objects.chunks(key, version)
        except FileNotFoundError as error:
            raise Corrupt(f"{key}: announced, and not there") from error

    def _leave(self, message: Message, outcome: Outcome, line: str) -> Outcome:
        self.queue.hide(message, PAUSE)
        self.say(f"{line}  (message {message.id})")
        return outcome


def _of(package: Package) -> object:
    """Which paper a package says that it is of."""
    one = package.paper
    return one and ("PAPER", one.id, one.number, one.serial, one.kind, one.after.model_dump())


def _announced(event: Event, fact: PackageReady) -> object:
    """Which paper an event says that its package is of."""
    one = fact.paper
    return one and (event.stream.kind, event.stream.id, one.number, one.serial, one.kind, one.after.model_dump())


class _Hold:
    """Keeps a message ours while its objects are fetched."""

    def __init__(self, queue: Queue, message: Message, monotonic: Callable[[], float]) -> None:
        self._queue, self._message, self._monotonic = queue, message, monotonic
        self._until = 0.0

    def renew(self) -> None:
        """Ask for more time, if half of what we asked for is over."""
        now = self._monotonic()
        if now >= self._until:
            self._queue.hide(self._message, HOLD)
            self._until = now + HOLD / 2
