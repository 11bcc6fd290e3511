"""The relay: what wakes it is a bell ("look at this stream"), the register is the data.

For each stream, pending entries are published in the order of their sequence and each is marked only after the topic took
it; the first that fails stops its stream. Killed anywhere, the next bell or the minute's sweep goes on where it stopped, and
what was published twice is dropped by the topic within five minutes, by consumers for ever.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.contracts.envelope import Envelope
from chalicelib.contracts.events import FACTS
from chalicelib.kernel.clock import Clock, parse_stamp
from chalicelib.kernel.errors import Unavailable
from chalicelib.log import log
from chalicelib.register.model import Entry, Outbox, StreamId

PATIENCE = timedelta(minutes=2)  # what waits longer was missed by the table's stream


class Topic(Protocol):
    """Where facts go."""

    def publish(self, envelope: Envelope) -> None:
        """Hand over one event; its group is the stream, its deduplication id the entry's hash."""


def envelope(entry: Entry, source: str) -> Envelope:
    """The event of an entry: the same data, no more."""
    return Envelope(
        id=entry.hash,
        source=source,
        type=FACTS[entry.type].TYPE,
        subject=str(entry.stream),
        time=entry.at,
        sequence=f"{entry.seq:06d}",
        previous=entry.previous,
        schemaversion=entry.schema,
        actor=entry.by,
        data=dict(entry.data),
    )


Waiting = Callable[[float, datetime], None]  # told by each sweep: how many seconds the oldest entry waits, as of when


def untold(_seconds: float, _at: datetime) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, kw_only=True)
class Relay:
    """Publish what is pending."""

    outbox: Outbox
    topic: Topic
    source: str
    clock: Clock
    waiting: Waiting = untold

    def streams(self, streams: Iterable[StreamId]) -> None:
        """Publish all pending entries of these streams. One that fails does not hold the others; then Unavailable."""
        failed: list[str] = []
        last: Exception | None = None
        for stream in dict.fromkeys(streams):
            try:
                self._publish(stream)
            except Exception as error:  # noqa: BLE001 - whatever holds this stream must not hold the others; it is raised below
                log("relay-failed", stream=str(stream), error=type(error).__name__)
                failed.append(str(stream))
                last = error
        if failed:
            raise Unavailable("not published: " + ", ".join(failed)) from last

    def sweep(self) -> None:
        """Publish what the bell missed, and say how long the oldest entry has waited."""
        now = self.clock()
        missed = self.outbox.streams_pending(older_than=now - PATIENCE)
        since = [parse_stamp(at) for stream in missed if (at := self._oldest(stream)) is not None]
        self.waiting(max(((now - at).total_seconds() for at in since), default=0.0), now)
        self.streams(missed)

    def _oldest(self, stream: StreamId) -> str | None:
        there = self.outbox.load(stream)
        return min((entry.at for entry in there.entries if entry.pending), default=None) if there else None

    def _publish(self, stream: StreamId) -> None:
        there = self.outbox.load(stream)
        for entry in there.entries if there else ():
            if entry.pending:
                self.topic.publish(envelope(entry, self.source))
                self.outbox.mark_published(entry)
