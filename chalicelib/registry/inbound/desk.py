"""What staff do with parked messages: look at them, send one into the queue again, drop one.

Redriven, a message goes the whole way again, and its row goes when it is taken. Dropped, it counts as dealt with: if it held up
those behind it, the cursor moves over it in the same commit, and the next one is sent in again. `over_gap` is for messages
that the registry says will never come: the cursor moves up to the parked one. Killed in between, what was not sent in is still
parked and can be redriven.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from chalicelib.kernel.clock import Clock, stamp
from chalicelib.kernel.digest import Digest
from chalicelib.register.model import Delete, Due, deciding
from chalicelib.registry.inbound.model import DROPPED, PARKED, UNREADABLE, Box, Boxes, Parked

LIMIT = 1_000
SHORT = 12  # characters of a digest that name a message


class Table(Boxes, Due, Protocol):
    """The register, with its list of what is parked."""


Send = Callable[[str, str, str], None]  # group, deduplication id, body: into the inbound queue


@dataclass(frozen=True, kw_only=True)
class InboundDesk:
    """See the module."""

    register: Table
    send: Send
    clock: Clock

    def parked(self) -> list[Parked]:
        """What is parked, oldest first; at most `LIMIT`."""
        keys = self.register.due(PARKED, until=self.clock() + timedelta(minutes=1), limit=LIMIT)
        rows = [self.register.item(key) for key in keys]
        return [Parked.of(row) for row in rows if row is not None]

    def one(self, name: str) -> Parked:
        """The message whose digest begins so. LookupError if there is none, or more than one."""
        found = [one for one in self.parked() if len(name) >= SHORT and one.sha256.startswith(name)]
        if len(found) != 1:
            raise LookupError(f"{name}: {len(found)} messages are parked under this name")
        return found[0]

    def redrive(self, name: str, *, over_gap: bool = False) -> Parked:
        """Send it into the queue again. LookupError if it was too long to be kept whole."""
        one = self.one(name)
        if not one.whole:
            raise LookupError(f"{name} was too long to be kept whole: drop it, and have it sent again")
        if over_gap and one.place:
            deciding(lambda: self._step_over(one))
        self._send(one)
        if not one.place:  # if it cannot be read this time either, it is parked again
            self.register.commit(Delete(one.key, expects=one.version))
        return one

    def drop(self, name: str) -> Parked:
        """It counts as dealt with."""
        one = self.one(name)
        deciding(lambda: self._drop(one))
        if one.place and (waiting := Box.read(self.register, one.key.pk).next()) is not None:
            self._send(waiting)
        return one

    def _drop(self, one: Parked) -> None:
        row = self.register.item(one.key)
        if row is None:
            return
        gone = Delete(one.key, expects=row.version)
        box = Box.read(self.register, one.key.pk)
        if one.place and one.place == box.at + 1:
            mark = box.mark(one.place, one.sha256, DROPPED, self.clock())
            self.register.commit(gone, box.moved(one.place), mark)
        else:
            self.register.commit(gone)

    def _step_over(self, one: Parked) -> None:
        box = Box.read(self.register, one.key.pk)
        if one.place - 1 > box.at:
            self.register.commit(box.moved(one.place - 1))

    def _send(self, one: Parked) -> None:
        group = one.key.pk.split("#", 2)[-1] if one.place else UNREADABLE.pk.replace("#", "-")
        once = Digest.of(f"redrive {stamp(self.clock())} {one.sha256}".encode()).hex
        self.send(group, once, one.body)
