"""Fakes of the consumer's Protocols: a FIFO queue with a clock, marks and a shelf in dicts, and death at any call."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.kernel.digest import of_stream
from chalicelib.kernel.errors import Corrupt
from chalicelib.register.model import StreamId
from chalicelib.registry.chain import Mark
from chalicelib.registry.consumer import Message
from chalicelib.registry.model import Dossier, DossierDiffers

VISIBILITY = 60
MAX_RECEIVES = 3


@dataclass
class _Held:
    id: str
    group: str
    body: bytes
    visible_at: float = 0
    receives: int = 0


@dataclass
class InMemoryQueue:
    """SQS FIFO as far as it matters: a group waits while one of its messages is out, and after three receipts a message
    is dead. `now` is in seconds."""

    now: float = 0
    held: list[_Held] = field(default_factory=list)
    dead: list[_Held] = field(default_factory=list)
    sent: int = 0

    def send(self, body: bytes, group: str) -> None:
        """Put a message at the end."""
        self.sent += 1
        self.held.append(_Held(f"message-{self.sent}", group, body))

    def receive(self, *, wait: int) -> Message | None:
        """See `consumer.Queue`. `wait` is how long the clock goes on when nothing comes."""
        waiting: set[str] = set()
        for one in list(self.held):
            if one.group in waiting or one.visible_at > self.now:
                waiting.add(one.group)
                continue
            if one.receives == MAX_RECEIVES:
                self.held.remove(one)
                self.dead.append(one)
                continue
            one.receives += 1
            one.visible_at = self.now + VISIBILITY
            return Message(one.id, f"{one.id}/{one.receives}", one.body)
        self.now += wait
        return None

    def hide(self, message: Message, seconds: int) -> None:
        """See `consumer.Queue`."""
        if one := self._ours(message):
            one.visible_at = self.now + seconds

    def delete(self, message: Message) -> None:
        """See `consumer.Queue`."""
        if one := self._ours(message):
            self.held.remove(one)

    def _ours(self, message: Message) -> _Held | None:
        return next((one for one in self.held if f"{one.id}/{one.receives}" == message.handle), None)


@dataclass
class InMemoryMarks:
    """See `consumer.Marks`."""

    marks: dict[StreamId, Mark] = field(default_factory=dict)
    parked: dict[StreamId, str] = field(default_factory=dict)

    def last(self, stream: StreamId) -> Mark:
        """See `consumer.Marks`."""
        return self.marks.get(stream, Mark())

    def turn(self, stream: StreamId) -> AbstractContextManager[None]:
        """See `consumer.Marks`."""
        return nullcontext()

    def set(self, stream: StreamId, mark: Mark, at: str = "") -> None:
        """See `consumer.Marks`."""
        if mark.seq > self.last(stream).seq:
            self.marks[stream] = mark
        self.parked.pop(stream, None)

    def park(self, stream: StreamId, why: str) -> None:
        """See `consumer.Marks`."""
        self.parked[stream] = why


@dataclass
class InMemoryShelf:
    """See `consumer.Shelf`. `laid` lists every dossier that was really laid, in order."""

    dossiers: dict[str, str] = field(default_factory=dict)
    laid: list[str] = field(default_factory=list)

    def lay(self, dossier: Dossier) -> Path:
        """See `consumer.Shelf`."""
        there = self.dossiers.get(dossier.name)
        if there is None:
            for part in dossier.parts:
                digest, size = of_stream(part.chunks())
                if (digest.hex, size) != (part.sha256, part.size):
                    raise Corrupt(part.path)
            self.dossiers[dossier.name] = dossier.digest
            self.laid.append(dossier.name)
        elif there != dossier.digest:
            raise DossierDiffers(dossier.name)
        return Path(dossier.name)


class Killed(BaseException):
    """Death: not an Exception, so that no handler takes it for a fault."""


@dataclass
class Fate:
    """Kills at call number `at` of everything it watches, before or after the call is carried out."""

    at: int = 0
    after: bool = False
    calls: int = 0

    def watch(self, target: Any) -> Any:
        """`target` with every method call counted."""
        return _Watched(target, self)

    def meet(self, call: Callable[[], Any]) -> Any:
        """One call."""
        self.calls += 1
        doomed = self.calls == self.at
        if doomed and not self.after:
            raise Killed
        answer = call()
        if doomed:
            raise Killed
        return answer


class _Watched:
    def __init__(self, target: Any, fate: Fate) -> None:
        self._target, self._fate = target, fate

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._target, name)
        if not callable(member):
            return member
        return lambda *args, **named: self._fate.meet(lambda: _all(member(*args, **named)))


def _all(answer: Any) -> Any:
    return iter(list(answer)) if isinstance(answer, Iterator) else answer
