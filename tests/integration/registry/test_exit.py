"""Export, proof, restore: an office carried into other stores, with nothing lost and no number given twice."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws import clients
from chalicelib.contracts.paper import COUNT, RECEIPT_SCHEMA
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import canonical
from chalicelib.kernel.errors import Corrupt
from chalicelib.register.dynamodb import DynamoRegister, marshal
from chalicelib.register.model import verify_chain
from chalicelib.register.rows import DynamoRows
from chalicelib.registry.__main__ import DONE, LEFT, main
from chalicelib.registry.bag import TAG_MANIFEST
from chalicelib.registry.proof import Proof
from tests.faults.strict import strict
from tests.integration.registry.test_registry import Ground
from tests.unit.registry import papers
from tests.world import moto_world

TABLE, BUCKET = "successor", "successor-records"


class Office:
    """An office with two filings and a later paper, its export, and an empty one beside it."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self.ground, self.folder, self.said = ground, folder, folder.parent / "receipts"
        filings = [ground.filings.handed_over(), ground.filings.handed_over(files=())]
        self.streams = [*filings, papers.handed_over(ground.filings, filings[0])]
        rows = DynamoRows(table=ground.outputs["RegisterTable"], client=clients.dynamodb())
        for stream in filings:  # what submission commits along, and the fakes' filings do not
            number = ground.filings.load(stream).head.attributes["number"]
            assert rows.restore_row({"pk": f"NUMBER#{number}", "sk": "NUMBER", "version": 1, "stream": str(stream)})
        at = stamp(ground.filings.clock())
        assert rows.restore_row({"pk": "COUNTER#D#2026", "sk": "COUNTER", "version": 2, "last_at": at})
        assert rows.restore_row({"pk": "BELL#aba#x", "sk": "BELL", "version": 1})
        assert self.run("export", "--table", ground.outputs["RegisterTable"], "--bucket", ground.bucket) == DONE
        self.whole = folder.parent / "whole"
        shutil.copytree(folder, self.whole)

    def run(self, command: str, *words: str) -> int:
        """The program."""
        trust = () if command == "export" else ("--trust", str(self.ground.trust))
        return main([command, "--folder", str(self.folder), *trust, *words])

    def restore(self, *words: str) -> int:
        """Into the empty office."""
        return self.run("restore", "--table", TABLE, "--bucket", BUCKET, *words)

    def again(self) -> None:
        """The export as it was, and an empty office."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.whole, self.folder)
        dynamodb, s3 = clients.dynamodb(), clients.s3()
        if TABLE in dynamodb.list_tables()["TableNames"]:
            dynamodb.delete_table(TableName=TABLE)
            for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
                s3.delete_object(Bucket=BUCKET, Key=one["Key"])
        else:
            where: Any = {"LocationConstraint": s3.meta.region_name}
            s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        dynamodb.create_table(
            TableName=TABLE, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for all."""
    with moto_world() as world, strict():
        ground = Ground(world, tmp_path_factory.mktemp("trust") / "roots.pem")
        yield Office(ground, tmp_path_factory.mktemp("exit") / "export")


@pytest.fixture
def office(made: Office) -> Office:
    """The same, as it was."""
    made.again()
    return made


def test_an_export_is_proved_offline(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert office.run("verify") == DONE
    said = capsys.readouterr().out
    assert "3 streams, 3 numbers" in said
    assert "6 seals" in said


def test_bells_stay_behind_and_a_folder_that_is_not_empty_is_left_alone(office: Office) -> None:
    rows = (office.folder / "data" / "register.jsonl").read_text("utf-8")
    assert "BELL#" not in rows
    with pytest.raises(FileExistsError):
        office.run("export", "--table", office.ground.outputs["RegisterTable"], "--bucket", office.ground.bucket)


@pytest.mark.parametrize("what", ["row", "object", "more", "less", "manifest", "link"])
def test_whatever_is_changed_is_found_and_nothing_is_restored(office: Office, what: str) -> None:
    rows, data = office.folder / "data" / "register.jsonl", office.folder / "data"
    letter = next(data.rglob("*.pdf"))
    match what:
        case "row":
            rows.write_text(rows.read_text("utf-8").replace("KH/D/2026/2", "KH/D/2026/3"), "utf-8")
        case "object":
            letter.write_bytes(b"x" * letter.stat().st_size)
        case "more":
            (data / "more").touch()
        case "less":
            letter.unlink()
        case "link":
            (data / "link").symlink_to(letter)
        case _:
            (office.folder / TAG_MANIFEST).write_bytes(b"")
    assert office.run("verify") == LEFT
    assert office.restore() == LEFT
    assert clients.dynamodb().scan(TableName=TABLE)["Items"] == []


def test_a_restored_office_has_the_same_entries_and_objects_in_other_stores(office: Office) -> None:
    assert office.restore() == DONE
    new = DynamoRegister(table=TABLE, client=clients.dynamodb())
    for stream in office.streams:
        there, before = new.load(stream), office.ground.filings.load(stream)
        assert there is not None
        verify_chain(there.entries)
        assert (there.entries, there.head, there.items) == (before.entries, before.head, before.items)
    for path in (office.folder / "data" / "objects").rglob("*.*"):
        key = path.relative_to(office.folder / "data" / "objects").as_posix()
        assert clients.s3().get_object(Bucket=BUCKET, Key=key)["Body"].read() == path.read_bytes()


def test_a_restore_that_was_killed_is_begun_again_and_another_office_is_not_overwritten(office: Office) -> None:
    assert office.restore() == DONE
    assert office.restore() == DONE
    key = {"pk": marshal("NUMBER#KH/D/2026/1"), "sk": marshal("NUMBER")}
    clients.dynamodb().put_item(TableName=TABLE, Item={**key, "version": marshal(9)})
    assert office.restore() == LEFT


def test_receipts_that_are_newer_than_the_register_are_replayed_so_that_no_number_is_given_twice(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = office.ground.filings.clock() + timedelta(hours=1)
    number = {"display": "KH/D/2026/5", "series": "D", "year": 2026, "serial": 5}
    body = canonical({"application_number": number, "received_at": at.isoformat()})
    (tmp_path / "r.json").write_bytes(body)
    (tmp_path / "r.json.p7s").write_bytes(office.ground.filings.sealer.sign_detached(body))
    assert office.restore("--receipts", str(tmp_path)) == DONE
    assert "raised    D 2026: 2 to 5" in capsys.readouterr().out
    rows = DynamoRows(table=TABLE, client=clients.dynamodb())
    (counter,) = [row for row in rows.every_row() if row["sk"] == "COUNTER"]
    assert (counter["version"], counter["last_at"]) == (5, stamp(at))


def test_receipts_of_later_papers_are_replayed_too(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = office.ground.filings.clock() + timedelta(hours=1)
    filing = office.streams[0].id
    body = canonical({"schema": RECEIPT_SCHEMA, "filing": filing, "serial": 4, "received_at": at.isoformat()})
    (tmp_path / "r.json").write_bytes(body)
    (tmp_path / "r.json.p7s").write_bytes(office.ground.filings.sealer.sign_detached(body))
    assert office.restore("--receipts", str(tmp_path)) == DONE
    assert f"raised    FILING {filing}: 1 to 4" in capsys.readouterr().out
    rows = DynamoRows(table=TABLE, client=clients.dynamodb())
    (count,) = [row for row in rows.every_row() if row["sk"] == COUNT]
    assert (count["version"], count["last_at"]) == (4, stamp(at))


def test_a_count_of_papers_that_would_give_one_twice_is_found(office: Office) -> None:
    path = office.folder / "data" / "register.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row in rows:
        if row["sk"] == COUNT:
            row["version"] = 0
    with pytest.raises(Corrupt, match="would give a number twice"):
        Proof(folder=office.folder, seals=lambda *_: None)._numbers(
            *_read(rows)
        )


def _read(rows: list[dict[str, Any]]) -> tuple[Any, Any]:
    """Entries and rows, as a proof reads them."""
    from chalicelib.registry.proof import _entries

    keyed = {(row["pk"], row["sk"]): row for row in rows}
    return _entries(keyed), keyed


def test_a_forged_receipt_raises_nothing(office: Office, tmp_path: Path) -> None:
    number = {"series": "D", "year": 2026, "serial": 999}
    at = office.ground.filings.clock().isoformat()
    (tmp_path / "r.json").write_text(json.dumps({"application_number": number, "received_at": at}), "utf-8")
    (tmp_path / "r.json.p7s").write_bytes(office.ground.filings.sealer.sign_detached(b"another receipt"))
    assert office.restore("--receipts", str(tmp_path)) == LEFT


def test_a_package_sealed_by_somebody_else_is_found(office: Office, tmp_path: Path) -> None:
    from infra.local.trust import TestTrust

    other = tmp_path / "other.pem"
    other.write_bytes(TestTrust().roots())
    assert main(["verify", "--folder", str(office.folder), "--trust", str(other)]) == LEFT


