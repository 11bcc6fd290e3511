"""The finance desk through the public API: a statement loaded, money decided by two persons, a day closed and sealed."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.request import Request

import pytest

from chalicelib.kernel.digest import Digest
from chalicelib.signing.check import check_sealed
from infra.local.banks.model import Fault
from tests.faults.pump import Pump
from tests.faults.world import Reply, World
from tests.integration.people import design, filer, quiet
from tests.unit.payment.finance import EVENING, day_of, export

KEYS = iter(range(10_000))


def desk(world: World, who: str, method: str, path: str, body: Any = None, *, raw: bytes | None = None) -> Reply:
    """An officer's request, under a key of its own."""
    headers: Mapping[str, str] = {
        "Authorization": f"Bearer {world._token(who, roles=('finance',))}",
        "Idempotency-Key": f"desk-{next(KEYS):05d}",
    }
    return world.request(method, f"/v1/desk{path}", body, subject="", headers=headers, raw=raw)


@pytest.fixture
def late(world: World) -> tuple[World, str, dict[str, Any]]:
    """Anna paid one riel less than what is due."""
    world.go_back(world.first)
    world.clock.now = EVENING
    anna = filer(world)
    filing, _ = design(world, anna)
    anna.submit(filing)
    order = anna.order(filing)
    quiet(world)
    return world, filing, order


def test_a_statement_two_persons_and_the_sealed_day(late: tuple[World, str, dict[str, Any]]) -> None:
    world, filing, order = late
    due, reference = order["quote"]["total"]["minor"], order["pay"]["reference"]
    lines = [("B1", due + 500, reference), ("F1", -100, "FEE")]
    raw = export(lines, day=day_of(world.clock())).encode()
    loaded = desk(world, "dara", "POST", "/accounts/aba-khr/statements", raw=raw)
    assert (loaded.status, loaded.json["statements"][0]["lines"]) == (201, 2)
    quiet(world)
    cases = {one["reason"]: one for one in desk(world, "dara", "GET", "/cases").json["cases"]}
    assert cases.keys() == {"overpaid", "fee"}

    case = cases["overpaid"]["id"]
    wanted = {"decision": "apply", "ground": "paid-too-much"}
    assert desk(world, "dara", "POST", f"/cases/{case}/proposal", wanted).status == 200
    assert desk(world, "dara", "POST", f"/cases/{case}/decision", {"approve": True}).status == 403
    decided = desk(world, "vanna", "POST", f"/cases/{case}/decision", {"approve": True})
    assert [one["amount"] for one in decided.json["refunds"]] == [500]
    assert desk(world, "rith", "POST", f"/cases/{case}/decision", {"approve": True}).status == 409
    quiet(world)
    assert filer(world).view(filing)["status"] == "handed-over"

    day = (world.clock() + timedelta(hours=7)).date().isoformat()
    world.clock.advance(timedelta(hours=12))
    world.bank.faults.add(Fault.BROKEN)  # no list: the statement alone
    quiet(world)
    world.bank.faults.clear()
    report = desk(world, "dara", "GET", f"/reconciliations/{day}").json
    assert {one["result"]: one["count"] for one in report["tallies"]} == {"matched": 1, "fee": 1}
    text = desk(world, "dara", "GET", f"/reconciliations/{day}.csv").body.decode()
    assert text.splitlines()[0].startswith("result,bank,currency")
    sealed = desk(world, "vanna", "GET", f"/reconciliations/{day}/sealed").json
    pdf = world.clients.s3.get_object(
        Bucket=world.environment["TRA_RECORDS_BUCKET"], Key=f"reconciliations/{day}/0001.b-b.pdf"
    )["Body"].read()
    assert (sealed["run"], sealed["size"], sealed["sha256"]) == (1, len(pdf), Digest.of(pdf).hex)
    assert check_sealed(pdf, world.roots, at=world.clock()).valid
    assert Request(sealed["url"]).selector.startswith("/")


def test_the_same_statement_by_two_officers_at_once_is_one(late: tuple[World, str, dict[str, Any]]) -> None:
    world, _, order = late
    raw = export([("B1", 5, order["pay"]["reference"])], day=day_of(world.clock())).encode()
    first = desk(world, "dara", "POST", "/accounts/aba-khr/statements", raw=raw).json
    second = desk(world, "vanna", "POST", "/accounts/aba-khr/statements", raw=raw).json
    assert [one["id"] for one in first["statements"]] == [one["id"] for one in second["statements"]]
    quiet(world)
    assert desk(world, "dara", "GET", "/cases").json["open"] == 1


@pytest.mark.parametrize("path", ["/cases", "/reconciliations/2026-11-24", "/reconciliations/2026-11-24/sealed"])
def test_the_desk_is_the_finance_officers(world: World, path: str) -> None:
    world.go_back(world.first)
    refused = world.request("GET", f"/v1/desk{path}", subject="anna")
    assert (refused.status, json.loads(refused.body)["findings"][0]["code"]) == (403, "desk.role-missing")
    assert Pump(world).failures == []
