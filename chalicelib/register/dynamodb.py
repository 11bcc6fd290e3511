"""The register on DynamoDB: one table, every write a conditional transaction, every read that decides strongly consistent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.aws.errors import translated
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest
from chalicelib.register.model import (
    MAX_OPERATIONS,
    SHARDS,
    Append,
    Check,
    Delete,
    Entry,
    Head,
    Item,
    Key,
    Operation,
    Place,
    Stream,
    StreamId,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HEAD = "HEAD"
ENTRY = "ENTRY#"
RESERVED = {"pk", "sk", "version"}


def entry_key(stream: StreamId, seq: int) -> Key:
    """Where an entry lies: sorted by its six digits."""
    return Key(str(stream), f"{ENTRY}{seq:06d}")


def shard(stream: StreamId) -> str:
    """The outbox shard of a stream, `00` to `15`."""
    return f"{int(Digest.of(str(stream).encode()).hex[:4], 16) % SHARDS:02d}"


def marshal(value: Any) -> dict[str, Any]:
    """A plain JSON value as DynamoDB's attribute value. TypeError for anything else (floats above all)."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case list() | tuple():
            return {"L": [marshal(part) for part in value]}
        case Mapping():
            return {"M": {name: marshal(part) for name, part in value.items()}}
    raise TypeError(f"{type(value).__name__} has no place in the register")


def unmarshal(value: Mapping[str, Any]) -> Any:
    """The plain JSON value of a DynamoDB attribute value."""
    ((kind, content),) = value.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(content)
        case "L":
            return [unmarshal(part) for part in content]
        case "M":
            return {name: unmarshal(part) for name, part in content.items()}
    return content


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: unmarshal(value) for name, value in item.items()}


def _head(row: Mapping[str, Any]) -> Head:
    return Head(
        stream=StreamId.parse(row["pk"]),
        version=row["version"],
        hash=row["hash"],
        owner=row["owner"],
        status=row["status"],
        updated=row["updated"],
        attributes=row["attributes"],
    )


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        stream=StreamId.parse(row["pk"]),
        seq=int(row["sk"].removeprefix(ENTRY)),
        type=row["type"],
        schema=row["schema"],
        at=row["at"],
        by=row["by"],
        data=row["data"],
        previous=row["previous"],
        hash=row["hash"],
        pending="pending" in row,
    )


def _item(row: dict[str, Any]) -> Item:
    key, version = Key(row.pop("pk"), row.pop("sk")), row.pop("version")
    return Item(key, version, row)


@dataclass(frozen=True, kw_only=True)
class DynamoRegister:
    """Register and Outbox over one table."""

    table: str
    client: "DynamoDBClient"

    def load(self, stream: StreamId) -> Stream | None:
        """See `Register.load`. One Query per megabyte."""
        rows: list[dict[str, Any]] = []
        start: dict[str, Any] = {}
        while True:
            with translated():
                page = self.client.query(
                    TableName=self.table,
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues={":pk": {"S": str(stream)}},
                    ConsistentRead=True,
                    **start,
                )
            rows += map(_row, page["Items"])
            if not page.get("LastEvaluatedKey"):
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        heads = [row for row in rows if row["sk"] == HEAD]
        if not heads:
            return None
        return Stream(
            id=stream,
            head=_head(heads[0]),
            entries=tuple(_entry(row) for row in rows if row["sk"].startswith(ENTRY)),
            items={row["sk"]: _item(row) for row in rows if row["sk"] != HEAD and not row["sk"].startswith(ENTRY)},
        )

    def item(self, key: Key) -> Item | None:
        """See `Register.item`."""
        with translated():
            answer = self.client.get_item(
                TableName=self.table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}}, ConsistentRead=True
            )
        return _item(_row(answer["Item"])) if answer.get("Item") else None

    def under(self, pk: str) -> tuple[Item, ...]:
        """Every item of a partition that is no stream, in the order of its sort keys, strongly consistent. One Query per
        megabyte."""
        rows: list[dict[str, Any]] = []
        start: dict[str, Any] = {}
        while True:
            with translated():
                page = self.client.query(
                    TableName=self.table,
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues={":pk": {"S": pk}},
                    ConsistentRead=True,
                    **start,
                )
            rows += map(_row, page["Items"])
            if not page.get("LastEvaluatedKey"):
                return tuple(map(_item, rows))
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def commit(self, *operations: Operation) -> tuple[Entry, ...]:
        """See `Register.commit`. One TransactWriteItems, at most 100 items."""
        actions: list[Any] = []
        names: list[str] = []
        entries: list[Entry] = []
        for operation in operations:
            for key, action, new in self._actions(operation):
                names.append(str(key))
                actions.append(action)
                entries += new
        if len(actions) > MAX_OPERATIONS:
            raise ValueError(f"{len(actions)} operations do not fit one transaction")
        with translated(conditions=names):
            self.client.transact_write_items(TransactItems=actions)
        return tuple(entries)

    def owned(self, owner: str, *, limit: int, after: Place | None = None) -> tuple[Head, ...]:
        """See `Register.owned`."""
        start: dict[str, Any] = {}
        if after:
            place = {"pk": str(after.stream), "sk": HEAD, "owner": owner, "updated": after.updated}
            start = {"ExclusiveStartKey": {name: {"S": value} for name, value in place.items()}}
        with translated():
            page = self.client.query(
                TableName=self.table,
                IndexName="owner",
                KeyConditionExpression="#owner = :owner",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={":owner": {"S": owner}},
                ScanIndexForward=False,
                Limit=limit,
                **start,
            )
        return tuple(_head(_row(item)) for item in page["Items"])

    def due(self, what: str, *, until: datetime, limit: int) -> tuple[Key, ...]:
        """Keys of items whose `due` is `what` and whose `due_at` has come, earliest first (eventually consistent). One
        Query per megabyte."""
        found: list[Key] = []
        start: dict[str, Any] = {}
        while len(found) < limit:
            with translated():
                page = self.client.query(
                    TableName=self.table,
                    IndexName="due",
                    KeyConditionExpression="due = :what AND due_at <= :until",
                    ExpressionAttributeValues={":what": {"S": what}, ":until": {"S": stamp(until)}},
                    Limit=limit - len(found),
                    **start,
                )
            found += [Key(row["pk"], row["sk"]) for row in map(_row, page["Items"])]
            if not page.get("LastEvaluatedKey"):
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return tuple(found)

    def mark_published(self, entry: Entry) -> None:
        """See `Outbox.mark_published`."""
        key = entry_key(entry.stream, entry.seq)
        with translated(conditions=[str(key)]):
            self.client.update_item(
                TableName=self.table,
                Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
                UpdateExpression="REMOVE pending",
                ConditionExpression="attribute_exists(pk)",
            )

    def streams_pending(self, *, older_than: datetime) -> tuple[StreamId, ...]:
        """See `Outbox.streams_pending`. One Query for each shard."""
        found: dict[str, None] = {}
        for number in range(SHARDS):
            with translated():
                page = self.client.query(
                    TableName=self.table,
                    IndexName="outbox",
                    KeyConditionExpression="pending = :shard AND #at <= :until",
                    ExpressionAttributeNames={"#at": "at"},
                    ExpressionAttributeValues={":shard": {"S": f"{number:02d}"}, ":until": {"S": stamp(older_than)}},
                    Limit=100,
                )
            found |= {row["pk"]: None for row in map(_row, page["Items"])}
        return tuple(StreamId.parse(text) for text in found)

    def every_stream(self) -> Iterator[StreamId]:
        """Every stream ever begun, in no order: reads the whole table, so for replays, exports and nightly checks only."""
        start: dict[str, Any] = {}
        while True:
            with translated():
                page = self.client.scan(
                    TableName=self.table,
                    FilterExpression="sk = :head",
                    ExpressionAttributeValues={":head": {"S": HEAD}},
                    ProjectionExpression="pk",
                    ConsistentRead=True,
                    **start,
                )
            yield from (StreamId.parse(item["pk"]["S"]) for item in page["Items"])
            if not page.get("LastEvaluatedKey"):
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _actions(self, operation: Operation) -> list[tuple[Key, dict[str, Any], list[Entry]]]:
        match operation:
            case Append():
                entries = operation.chain()
                head = operation.head(entries)
                head_key = Key(str(operation.stream), HEAD)
                row = {
                    "version": head.version,
                    "hash": head.hash,
                    "owner": head.owner,
                    "status": head.status,
                    "updated": head.updated,
                    "attributes": head.attributes,
                }
                expects = operation.after.version if operation.after else None
                return [
                    *(self._entry_action(entry) for entry in entries),
                    (head_key, self._put(head_key, row, expects), []),
                ]
            case Delete(key, expects):
                return [(key, {"Delete": self._condition(key, expects)}, [])]
            case Check(key, expects):
                return [(key, {"ConditionCheck": self._condition(key, expects)}, [])]
            case _:
                if RESERVED & operation.attributes.keys():
                    raise ValueError(f"{operation.key}: an attribute has a name of the register's own")
                version = (operation.expects or 0) + 1
                row = {**operation.attributes, "version": version}
                return [(operation.key, self._put(operation.key, row, operation.expects), [])]

    def _entry_action(self, entry: Entry) -> tuple[Key, dict[str, Any], list[Entry]]:
        key = entry_key(entry.stream, entry.seq)
        row = {
            "type": entry.type,
            "schema": entry.schema,
            "at": entry.at,
            "by": entry.by,
            "data": entry.data,
            "previous": entry.previous,
            "hash": entry.hash,
            "pending": shard(entry.stream),
        }
        return key, self._put(key, row, None), [entry]

    def _put(self, key: Key, row: Mapping[str, Any], expects: int | None) -> dict[str, Any]:
        item = {"pk": {"S": key.pk}, "sk": {"S": key.sk}, **{name: marshal(value) for name, value in row.items()}}
        put: dict[str, Any] = {"TableName": self.table, "Item": item}
        if expects is None:
            return {"Put": {**put, "ConditionExpression": "attribute_not_exists(pk)"}}
        return {"Put": {**put, **self._version_is(expects)}}

    def _condition(self, key: Key, expects: int) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}},
            **self._version_is(expects),
        }

    @staticmethod
    def _version_is(expects: int) -> dict[str, Any]:
        return {
            "ConditionExpression": "version = :expected",
            "ExpressionAttributeValues": {":expected": {"N": str(expects)}},
        }
