"""Watch the log from outside: with its public files, its name and its key, anyone finds what should not be.

Findings, each with a code:
- `head`         no tree head that the log's key signed
- `equivocation` two heads of the log contradict each other (both are kept as evidence)
- `shrunk`       the log became smaller
- `tile`         a file is missing, cut short, or holds something else than the head says: rewritten, or never written
- `entry`        an entry that has no place in the log, or stands there twice
- `receipt`      a leaf without a receipt of the log, or with a wrong one
- `gap`          application numbers with a hole: something was received and is not logged
- `order`        numbers and times of receipt disagree: something was dated back
All is read anew each time: a tile that was rewritten is found even where the head fits. What is remembered from visit to visit
is the head alone.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.proof import cose, note
from chalicelib.proof.entries import is_entry
from chalicelib.proof.keys import LogKey
from chalicelib.proof.merkle import leaf_hash, tree_of
from chalicelib.proof.note import Checkpoint
from chalicelib.proof.tiles import WIDTH, BadTile, Fetch, TiledTree, subtree

_SERIAL = re.compile(r"(.*?)([0-9]+)", re.ASCII | re.DOTALL)
GRACE = timedelta(minutes=30)  # from receipt to the log; what takes longer is a gap


@dataclass(frozen=True)
class Found:
    """Something that should not be."""

    code: str
    text: str


@dataclass
class Visit:
    """One look at the whole log. `seen` are signed heads from before or from others; `head` is there once it was opened."""

    fetch: Fetch
    origin: str
    key: LogKey
    now: datetime
    seen: tuple[bytes, ...] = ()
    head: Checkpoint | None = None
    signed: bytes = b""

    def findings(self) -> Iterator[Found]:
        """Everything found."""
        try:
            self.signed = self.fetch("checkpoint")
            self.head = note.opened(self.signed, self.key, self.origin)
        except (OSError, note.BadNote) as error:
            yield Found("head", str(error))
            return
        entries: list[bytes] = []
        try:
            entries = self._entries(self.head)
        except (OSError, BadTile) as error:
            yield Found("tile", str(error))
        leaves = [leaf_hash(entry) for entry in entries]
        yield from self._against_seen(self.head, leaves)
        if entries:
            yield from self._tiles(self.head, leaves)
        yield from _forms(entries, leaves)
        yield from self._receipts(leaves)
        yield from self._numbers(entries)

    def _entries(self, head: Checkpoint) -> list[bytes]:
        tiled = TiledTree(head.size, self.fetch)
        entries = [entry for number in range(-(-head.size // WIDTH)) for entry in tiled.entries(number)]
        if tree_of([leaf_hash(entry) for entry in entries]).root != head.root:
            raise BadTile("the entries do not lead to the signed root")
        return entries

    def _against_seen(self, head: Checkpoint, leaves: list[bytes]) -> Iterator[Found]:
        for signed in self.seen:
            try:
                other = note.opened(signed, self.key, self.origin)
            except note.BadNote as error:
                yield Found("head", f"a head seen before: {error}")
                continue
            if other.size > head.size:
                yield Found("shrunk", f"{other.size} leaves were signed, now {head.size} are")
            same = tree_of(leaves[: other.size]).root if other.size <= len(leaves) else other.root
            if (other.size == head.size and other.root != head.root) or same != other.root:
                yield Found("equivocation", f"two trees of {other.size} leaves were signed:\n{signed.decode()}\n"
                            f"{self.signed.decode()}")  # fmt: skip

    def _tiles(self, head: Checkpoint, leaves: list[bytes]) -> Iterator[Found]:
        tiled = TiledTree(head.size, self.fetch)
        row, level = leaves, 0
        while row:
            for number in range(-(-len(row) // WIDTH)):
                wanted = b"".join(row[number * WIDTH : (number + 1) * WIDTH])
                try:
                    if tiled.tile(level, number) != wanted:
                        yield Found("tile", f"level {level}, tile {number} holds other hashes")
                except (OSError, BadTile) as error:
                    yield Found("tile", f"level {level}, tile {number}: {error}")
            full = len(row) // WIDTH * WIDTH
            row, level = [subtree(row[at : at + WIDTH]) for at in range(0, full, WIDTH)], level + 1

    def _receipts(self, leaves: list[bytes]) -> Iterator[Found]:
        for index, leaf in enumerate(leaves):
            try:
                proof, _ = cose.checked(self.fetch(f"receipts/{leaf.hex()}"), leaf, self.key, self.origin)
            except OSError:
                if index < len(leaves) - 1:  # that of the newest may be on its way
                    yield Found("receipt", f"leaf {index} has none")
            except cose.BadReceipt as error:
                yield Found("receipt", f"leaf {index}: {error}")
            else:
                if proof.index != index:
                    yield Found("receipt", f"leaf {index} has that of leaf {proof.index}")

    def _numbers(self, entries: list[bytes]) -> Iterator[Found]:
        series: dict[str, dict[int, str]] = {}
        for entry in entries:
            if b'"kind":"receipt"' in entry and is_entry(entry):
                one = json.loads(entry)
                if match := _SERIAL.fullmatch(one["number"]):
                    series.setdefault(match[1], {})[int(match[2])] = one["received_at"]
        settled = (self.now - GRACE).strftime("%Y-%m-%dT%H:%M:%S")
        for name, given in series.items():
            last = max((serial for serial, at in given.items() if at < settled), default=0)
            missing = [serial for serial in range(1, last) if serial not in given]
            if missing:
                yield Found("gap", f"{name}: {', '.join(map(str, missing[:20]))} not logged, {last} is")
            times = [given[serial] for serial in sorted(given)]
            if times != sorted(times):
                yield Found("order", f"{name}: times do not follow the numbers")


def _forms(entries: list[bytes], leaves: list[bytes]) -> Iterator[Found]:
    first: dict[bytes, int] = {}
    for index, (entry, leaf) in enumerate(zip(entries, leaves, strict=True)):
        if not is_entry(entry):
            yield Found("entry", f"leaf {index} has no place in the log")
        if first.setdefault(leaf, index) != index:
            yield Found("entry", f"leaf {index} is leaf {first[leaf]} again")
