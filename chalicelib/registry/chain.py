"""One message of the queue, read and checked: form, version, data, hash, and its place in its stream.

1. Strict JSON (no duplicate keys, no fractions), then the envelope, then the fact; unknown extra fields pass.
2. An unknown event type or major version is Unreadable: it is never guessed at, and never dropped.
3. The entry's hash is computed again from the message; it must be the message's id.
4. Place: at or below the mark it is a repeat; right after it, and grown from it, it is next; anything else waits.
"""

import re
from dataclasses import dataclass
from enum import Enum

from pydantic import ValidationError

from chalicelib.contracts.envelope import NO_PREVIOUS, TYPE_NAMES, Envelope
from chalicelib.contracts.events import read
from chalicelib.contracts.fact import Fact
from chalicelib.kernel import strict
from chalicelib.kernel.errors import Refused
from chalicelib.register.model import StreamId, entry_hash
from chalicelib.registry.model import OutOfOrder, Unreadable

MAX_MESSAGE = 1 << 20  # bytes: what a queue carries at most
_VERSION = re.compile(r"\.v[0-9]+$", re.ASCII)


@dataclass(frozen=True)
class Mark:
    """The last entry of a stream that was dealt with."""

    seq: int = 0
    hash: str = NO_PREVIOUS


@dataclass(frozen=True)
class Event:
    """A checked message."""

    stream: StreamId
    seq: int
    hash: str
    previous: str
    at: str
    fact: Fact

    @property
    def mark(self) -> Mark:
        """What to remember once it is dealt with."""
        return Mark(self.seq, self.hash)


class Place(Enum):
    """Where an event stands to what was seen of its stream."""

    NEXT = "next"
    REPEAT = "repeat"


def read_event(body: bytes) -> Event:
    """The event in a message. Unreadable otherwise; the reason names fields, never their content."""
    try:
        value = strict.loads(body, max_bytes=MAX_MESSAGE)
        envelope = Envelope.model_validate(value)
    except Refused as error:
        raise Unreadable(f"not a message of ours: {error}") from error
    except ValidationError as error:
        raise Unreadable(f"not a message of ours: {_fields(error)}") from error
    name = TYPE_NAMES.get(envelope.type)
    if name is None:
        known = {_VERSION.sub("", type_) for type_ in TYPE_NAMES}
        what = "major version" if _VERSION.sub("", envelope.type) in known else "event type"
        raise Unreadable(f"{envelope.subject} {envelope.seq}: unknown {what} {envelope.type}; this program is too old")
    try:
        fact = read(name, envelope.data)
    except ValidationError as error:
        raise Unreadable(f"{envelope.subject} {envelope.seq} {name}: {_fields(error)}") from error
    stream = StreamId.parse(envelope.subject)
    own = entry_hash(
        stream, envelope.seq, name, envelope.schemaversion, envelope.time, envelope.actor, envelope.data, envelope.previous
    )
    if own != envelope.id:
        raise Unreadable(f"{envelope.subject} {envelope.seq} {name}: its hash is not the hash of what it says")
    return Event(stream, envelope.seq, own, envelope.previous, envelope.time, fact)


def place(event: Event, mark: Mark) -> Place:
    """Where `event` stands. OutOfOrder if one before it is missing, or if it grows from another past than we saw."""
    if event.seq < mark.seq or event.mark == mark:
        return Place.REPEAT
    if event.seq == mark.seq:
        raise OutOfOrder(event.stream, f"{event.seq}: another entry was seen in this place")
    if event.seq > mark.seq + 1:
        raise OutOfOrder(event.stream, f"{event.seq}: entry {mark.seq + 1} has not come")
    if event.previous != mark.hash:
        raise OutOfOrder(event.stream, f"{event.seq}: does not follow from entry {mark.seq} as it was seen")
    return Place.NEXT


def _fields(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    named = (".".join(str(part) for part in fault["loc"]) + " " + fault["type"] for fault in faults)
    return "; ".join(text.encode("ascii", "backslashreplace").decode()[:100] for text in named)[:400]
