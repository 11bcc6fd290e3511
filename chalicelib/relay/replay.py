"""Send entries again, from any point, to one consumer's queue: for one that lost its memory, or begins late.

What is sent is what was published: the same bytes, in order for each stream. Nobody else gets it. A consumer that has dealt
with an entry drops it, so a replay does no harm and may be repeated; `run` keeps SQS from dropping it for five minutes.
Entries that are not published yet are left to the relay.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from chalicelib.contracts.envelope import Envelope
from chalicelib.register.model import Stream, StreamId
from chalicelib.relay.service import envelope


class Streams(Protocol):
    """The register, read only."""

    def load(self, stream: StreamId) -> Stream | None: ...


class Inbox(Protocol):
    """One consumer's queue."""

    def send(self, envelope: Envelope, *, run: str) -> None:
        """Put one event at the end; `run` is part of what makes it another message than before."""


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Replay into one queue."""

    register: Streams
    inbox: Inbox
    source: str

    def __call__(self, streams: Iterable[StreamId], *, run: str, from_seq: int = 1, since: str = "") -> int:
        """Send every published entry from `from_seq` on, entered at `since` or later; answers how many."""
        sent = 0
        for stream in streams:
            there = self.register.load(stream)
            for entry in there.entries if there else ():
                if entry.pending:
                    break
                if entry.seq >= from_seq and entry.at >= since:
                    self.inbox.send(envelope(entry, self.source), run=run)
                    sent += 1
        return sent
