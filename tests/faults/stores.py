"""What lies in every store of a world: rows, entries, published messages, objects. What `invariants.py` reads."""

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalicelib.register.dynamodb import unmarshal
from tests.faults.ground import objects
from tests.faults.pump import Pump
from tests.faults.world import World

Row = dict[str, Any]


class Violated(AssertionError):
    """Something that must hold does not."""


@dataclass
class Stores:
    """Everything that lies anywhere."""

    world: World
    private: tuple[str, ...] = ()  # texts that may stand in no entry and no event

    @cached_property
    def rows(self) -> list[Row]:
        """The table, unmarshalled."""
        return [{name: unmarshal(value) for name, value in row.items()} for row in Pump(self.world).rows()]

    @cached_property
    def heads(self) -> dict[str, Row]:
        """Stream → head."""
        return {row["pk"]: row for row in self.rows if row["sk"] == "HEAD"}

    @cached_property
    def streams(self) -> dict[str, list[Row]]:
        """Stream → its entries in order."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row["sk"].startswith("ENTRY#"):
                found[row["pk"]].append(row)
        return found

    @cached_property
    def items(self) -> dict[tuple[str, str], Row]:
        """Every row by its key."""
        return {(row["pk"], row["sk"]): row for row in self.rows}

    def facts(self, type_: str, stream: str = "") -> list[tuple[str, Row]]:
        """Stream and data of each entry of a type."""
        return [
            (pk, entry["data"])
            for pk, entries in self.streams.items()
            for entry in entries
            if entry["type"] == type_ and stream in {"", pk}
        ]

    @cached_property
    def published(self) -> list[Row]:
        """Every event the topic took, in order."""
        return [json.loads(body) for body in self.world.memory.published]

    @cached_property
    def quarantine(self) -> dict[str, dict[str, bytes]]:
        """Key → version → bytes."""
        return self._objects("TRA_QUARANTINE_BUCKET")

    @cached_property
    def records(self) -> dict[str, dict[str, bytes]]:
        """Key → version → bytes."""
        return self._objects("TRA_RECORDS_BUCKET")

    def _objects(self, variable: str) -> dict[str, dict[str, bytes]]:
        try:
            return objects(self.world.environment[variable])
        except ValueError as error:
            raise Violated(f"I3: {error}") from error
