"""How a consumer stands, as JSON for whatever watches it: how far it is, what waits, what is parked, what is dead.

`healthy` is false when a stream is parked or a message is dead: then a person looks (docs/runbooks/registry-stands.md).
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from chalicelib.kernel.clock import Clock, parse_stamp, stamp

EVERY = 10.0  # seconds between two writings


class Book(Protocol):
    """What a consumer's store knows of its streams."""

    def streams(self) -> dict[str, tuple[int, str]]:
        """Every stream seen: its last sequence number, and the time of that entry."""

    def parked(self) -> dict[str, str]:
        """Streams that wait, and for what."""


Counts = Callable[[], tuple[int, int, int]]  # messages to be had, out with somebody, dead


def health(book: Book, counts: tuple[int, int, int], clock: Clock) -> dict[str, Any]:
    """The state as plain JSON. `lag_seconds` is the age of the newest entry dealt with while messages wait, else 0."""
    now, streams, parked = clock(), book.streams(), book.parked()
    ready, out, dead = counts
    newest = max((at for _, at in streams.values()), default=None)
    lag = (now - parse_stamp(newest)).total_seconds() if newest and ready + out else 0.0
    return {
        "at": stamp(now),
        "healthy": not parked and not dead,
        "streams": len(streams),
        "entries": sum(seq for seq, _ in streams.values()),
        "newest_entry_at": newest,
        "lag_seconds": round(lag, 3),
        "waiting": ready,
        "in_flight": out,
        "dead": dead,
        "parked": parked,
    }


@dataclass(kw_only=True)
class HealthFile:
    """Writes it to a file, whole or not at all, now and then."""

    path: Path
    book: Book
    counts: Counts
    clock: Clock
    monotonic: Callable[[], float]
    _written: float | None = None

    def now_and_then(self) -> None:
        """Write, unless it was written a moment ago."""
        if self._written is None or self.monotonic() - self._written >= EVERY:
            self.write()

    def write(self) -> None:
        """Write."""
        text = json.dumps(health(self.book, self.counts(), self.clock), indent=2, ensure_ascii=False) + "\n"
        beside = self.path.with_name(self.path.name + ".new")
        beside.write_text(text, "utf-8")
        os.replace(beside, self.path)  # noqa: PTH105 - the one that replaces at once
        self._written = self.monotonic()
