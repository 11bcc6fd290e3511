"""Nouns of the way in: the box of one registry about one filing, and what is parked in it.

A box is a partition of its own, read whole in one query: a cursor (the place of the last message taken), a mark for every
message that was taken or dropped (its digest, so that a repeat is known from a contradiction), and what is parked. What cannot
be read has no box: it is parked by the digest of its bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chalicelib.contracts.inbound import MAX_BYTES, Envelope
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest
from chalicelib.register.model import Item, Key, Put, Register

PARKED = "INBOUND"  # value of `due` while a message is parked
UNREADABLE = Key("INBOUND#unreadable", "PARKED#")
GAP, CONFLICT = "sequence-gap", "sequence-conflict"
PASSING = frozenset({GAP, "filing-unknown", "filing-not-submitted", "source-unknown"})  # the message itself may be good
TAKEN, DROPPED = "taken", "dropped"


class Refusal(Exception):
    """The message cannot be taken as things stand; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Boxes(Register, Protocol):
    """The register, with partitions that are no streams."""

    def under(self, pk: str) -> tuple[Item, ...]: ...


@dataclass(frozen=True)
class Parked:
    """One parked message. `place` is 0 where none could be read; `body` is what came, cut off if it is too long (`size`)."""

    key: Key
    version: int
    sha256: str
    place: int
    type: str
    reason: str
    parked_at: str
    size: int
    body: str

    @classmethod
    def of(cls, item: Item) -> "Parked":
        """From its row."""
        kept = {name: item.attributes[name] for name in ("sha256", "type", "reason", "parked_at", "body")}
        place, size = int(item.attributes["place"]), int(item.attributes["size"])
        return cls(key=item.key, version=item.version, place=place, size=size, **kept)

    @property
    def whole(self) -> bool:
        """Whether all of it is kept."""
        return len(self.body.encode()) == self.size

    @property
    def box(self) -> str:
        """`ipas FILING#01J…`, or `unreadable`."""
        return self.key.pk.removeprefix("INBOUND#").replace("#", " ", 1)


@dataclass(frozen=True)
class Box:
    """All that is known of one registry's messages about one filing."""

    pk: str
    cursor: Item | None
    marks: Mapping[int, str]  # place → digest
    parked: Sequence[Parked]

    @classmethod
    def read(cls, register: Boxes, pk: str) -> "Box":
        """As it stands, strongly consistent."""
        rows = register.under(pk)
        return cls(
            pk=pk,
            cursor=next((row for row in rows if row.key.sk == "CURSOR"), None),
            marks={int(row.key.sk[5:]): row.attributes["sha256"] for row in rows if row.key.sk.startswith("MARK#")},
            parked=[Parked.of(row) for row in rows if row.key.sk.startswith(UNREADABLE.sk)],
        )

    @property
    def at(self) -> int:
        """The place of the last message taken or dropped; 0 before the first."""
        return int(self.cursor.attributes["place"]) if self.cursor else 0

    def next(self) -> Parked | None:
        """What is parked, waits for nothing but its turn, and has it; the one that came first."""
        waiting = [one for one in self.parked if one.place == self.at + 1 and one.reason in PASSING]
        return min(waiting, key=lambda one: (one.parked_at, one.key.sk), default=None)

    def find(self, place: int, sha256: str) -> Parked | None:
        """This very message, if it is parked."""
        return next((one for one in self.parked if (one.place, one.sha256) == (place, sha256)), None)

    def moved(self, place: int) -> Put:
        """The cursor, moved to `place`."""
        return Put(Key(self.pk, "CURSOR"), {"place": place}, expects=self.cursor.version if self.cursor else None)

    def mark(self, place: int, sha256: str, became: str, at: datetime) -> Put:
        """That this message was dealt with: it loses if one with its place was already."""
        return Put(Key(self.pk, f"MARK#{place:06d}"), {"sha256": sha256, "became": became, "at": stamp(at)})


def box_of(message: Envelope) -> str:
    """The partition of the box that a message belongs in."""
    return f"INBOUND#{message.registry}#{message.subject}"


def parked_message(message: Envelope, raw: bytes, reason: str, at: datetime, there: Parked | None) -> Put:
    """The row of a message that can be read, for the first time or with another reason."""
    key = Key(box_of(message), f"{UNREADABLE.sk}{message.sequence:06d}#{message.sha256[:32]}")
    return _row(key, message.sha256, message.sequence, message.type, raw, reason, at, there)


def parked_bytes(raw: bytes, reason: str, at: datetime, there: Parked | None) -> Put:
    """The row of what cannot be read."""
    return _row(unreadable_key(raw), Digest.of(raw).hex, 0, "", raw, reason, at, there)


def unreadable_key(raw: bytes) -> Key:
    """Where what cannot be read is parked."""
    return Key(UNREADABLE.pk, f"{UNREADABLE.sk}{Digest.of(raw).hex}")


def _row(
    key: Key, sha256: str, place: int, type_: str, raw: bytes, reason: str, at: datetime, there: Parked | None
) -> Put:
    first = there.parked_at if there else stamp(at)
    kept: dict[str, Any] = {
        "sha256": sha256, "place": place, "type": type_, "reason": reason, "parked_at": first, "size": len(raw),
        "body": raw[:MAX_BYTES].decode("utf-8", "replace"), "due": PARKED, "due_at": first,
    }  # fmt: skip
    return Put(key, kept, expects=there.version if there else None)
