"""The register's table as plain rows: for whoever carries all of it away, and for whoever begins with it.

Nothing of the running office uses this: a row put here passes none of the register's rules, so it goes into a free key only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.aws.errors import translated
from chalicelib.kernel.errors import LostRace
from chalicelib.register.dynamodb import marshal, unmarshal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, kw_only=True)
class DynamoRows:
    """One table."""

    table: str
    client: "DynamoDBClient"

    def every_row(self) -> Iterator[dict[str, Any]]:
        """Every row, plain JSON values, in no order. One Scan for each megabyte, each strongly consistent."""
        start: dict[str, Any] = {}
        while True:
            with translated():
                page = self.client.scan(TableName=self.table, ConsistentRead=True, **start)
            for item in page["Items"]:
                yield {name: unmarshal(value) for name, value in item.items()}
            if not page.get("LastEvaluatedKey"):
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def restore_row(self, row: dict[str, Any]) -> bool:
        """Put the row if its key is free; whether the row is there now as given."""
        item = {name: marshal(value) for name, value in row.items()}
        try:
            with translated():
                self.client.put_item(TableName=self.table, Item=item, ConditionExpression="attribute_not_exists(pk)")
        except LostRace:
            with translated():
                there = self.client.get_item(
                    TableName=self.table, Key={"pk": item["pk"], "sk": item["sk"]}, ConsistentRead=True
                )
            return {name: unmarshal(value) for name, value in there.get("Item", {}).items()} == row
        return True
