"""How not to do it: each of these must be found out by the harnesses, else they find nothing.

`break_in` puts one of them into a world's rooms, at every cold start.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.attachments.s3 import S3Records
from chalicelib.aws.errors import translated
from chalicelib.aws.s3 import Stored
from chalicelib.kernel.digest import Digest
from chalicelib.register.dynamodb import DynamoRegister
from chalicelib.register.model import Entry, Key, Operation, Put, StreamId
from chalicelib.relay.service import Relay, envelope
from tests.faults.world import World

Rooms = Any


class OneByOne(DynamoRegister):
    """Dual writes: the same rows under the same conditions, one call each."""

    def commit(self, *operations: Operation) -> tuple[Entry, ...]:
        """No transaction."""
        entries: list[Entry] = []
        for operation in operations:
            for key, action, new in self._actions(operation):
                with translated(conditions=[str(key)]):
                    self.client.transact_write_items(TransactItems=[action])  # type: ignore[list-item]
                entries += new
        return tuple(entries)


class Unguarded(DynamoRegister):
    """A transaction without conditions: the last one wins."""

    def _put(self, key: Key, row: Any, expects: int | None) -> dict[str, Any]:
        put = super()._put(key, row, expects)["Put"]
        return {"Put": {name: put[name] for name in ("TableName", "Item")}}


class CounterUnguarded(DynamoRegister):
    """Only the counter has lost its condition."""

    def _actions(self, operation: Operation) -> list[tuple[Key, dict[str, Any], list[Entry]]]:
        actions = super()._actions(operation)
        if isinstance(operation, Put) and operation.key.sk in {"COUNTER", "NUMBER"}:
            for _, action, _ in actions:
                for name in ("ConditionExpression", "ExpressionAttributeValues"):
                    action["Put"].pop(name, None)
        return actions


class Replacing(S3Records):
    """Puts that replace what lies there."""

    def put_once(self, key: str, body: bytes, media_type: str, tags: str = "") -> Stored:
        """No If-None-Match."""
        self.client.put_object(Bucket=self.name, Key=key, Body=body, ContentType=media_type, ChecksumAlgorithm="SHA256")
        return Stored(key, "", len(body), Digest.of(body))


class MarkFirst(Relay):
    """Marks an entry as published before it is."""

    def _publish(self, stream: StreamId) -> None:
        there = self.outbox.load(stream)
        for entry in there.entries if there else ():
            if entry.pending:
                self.outbox.mark_published(entry)
                self.topic.publish(envelope(entry, self.source))


def register(kind: type[DynamoRegister]) -> Callable[[Rooms], None]:
    """Rooms over another register."""

    def put_in(rooms: Rooms) -> None:
        rooms.__dict__["register"] = kind(table=rooms.register.table, client=rooms.register.client)

    return put_in


def replacing(rooms: Rooms) -> None:
    """Rooms over records that are replaced."""
    rooms.__dict__["records"] = Replacing(
        name=rooms.records.name, client=rooms.records.client, quarantine=rooms.quarantine
    )


def mark_first(rooms: Rooms) -> None:
    """Rooms with the wrong relay."""
    right = rooms.relay
    rooms.__dict__["relay"] = MarkFirst(outbox=right.outbox, topic=right.topic, source=right.source, clock=right.clock)


def break_in(world: World, how: Callable[[Rooms], None] | None) -> None:
    """Put a fault into the rooms; None takes it out."""
    world.broken_by = how
    world.cold()
