"""The register on DynamoDB keeps the register's contract, and what only a table can show."""

from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.kernel.digest import Digest
from chalicelib.register.dynamodb import DynamoRegister, marshal, shard, unmarshal
from chalicelib.register.model import begin, filing
from tests.fakes import NOON
from tests.integration.register.contract import (
    LIKE,
    OutboxContract,
    RegisterContract,
    StreamsContract,
    born,
    loaded,
    reserved,
)


class TestDynamoRegister(RegisterContract, OutboxContract, StreamsContract):
    """The same tests as the fake."""

    def test_a_stream_longer_than_a_page_is_read_whole(self, register: DynamoRegister) -> None:
        stream = filing(ids.ulid(NOON))
        register.commit(begin(stream, by="tra:test", at=NOON, owner="account:anna"))
        for _ in range(3):
            register.commit(loaded(register, stream).append(*[reserved()] * 90, by="tra:test", at=NOON))
        assert [entry.seq for entry in loaded(register, stream).entries] == list(range(1, 271))

    def test_a_published_entry_leaves_the_outbox_index(self, register: DynamoRegister) -> None:
        stream = born(register, reserved())
        register.mark_published(loaded(register, stream).entries[0])
        rows = register.client.scan(TableName=register.table, IndexName="outbox")["Items"]
        assert rows == []

    def test_an_entry_row_holds_exactly_what_is_hashed_and_its_hash(self, register: DynamoRegister) -> None:
        stream = born(register, reserved())
        rows = register.client.scan(TableName=register.table)["Items"]
        (entry,) = [row for row in rows if row["sk"]["S"].startswith("ENTRY#")]
        hashed = {"type", "schema", "at", "by", "data", "previous"}
        assert set(entry) == {"pk", "sk", "hash", "pending"} | hashed
        assert entry["pending"] == {"S": shard(stream)}


@pytest.mark.parametrize("value", [None, True, 0, -(10**14), "", "ក", [], {}, {"a": [1, {"b": None}]}])
def test_a_plain_value_survives_the_table_form(value: Any) -> None:
    assert unmarshal(marshal(value)) == value


def test_shards_are_two_digits_and_spread() -> None:
    shards = {shard(filing(Digest.of(bytes([number])).hex[:26].upper())) for number in range(200)}
    assert shards == {f"{number:02d}" for number in range(16)}


def test_the_contract_is_run_on_an_empty_table(register: DynamoRegister) -> None:
    assert register.item(LIKE) is None
