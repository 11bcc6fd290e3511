"""Money by other ways than the journey's: a group paid at once, a statement, two persons' decision, a day closed and sealed.
Each is killed before and after every AWS call and begun again: every invariant holds, and the effect is there once.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.register.model import StreamId, day_key, order
from infra.local.banks.model import Fault
from tests.faults import figures
from tests.faults.crash import crash_points
from tests.faults.invariants import check
from tests.faults.journey import wanted
from tests.faults.pump import Pump, scheduled
from tests.faults.stores import Stores
from tests.faults.world import Reply, World, world
from tests.integration.people import design, filer
from tests.unit.payment.finance import EVENING, day_of, export

PRIVATE = ("Bowl", "សហគមន៍")


@pytest.fixture(scope="module")
def office() -> Iterator[World]:
    """Two designs, filed by Anna in the evening; nothing is paid."""
    with world() as made:
        made.clock.now = EVENING
        anna = filer(made)
        filings = []
        for _ in range(2):
            filing, _ = design(made, anna)
            anna.submit(filing)
            Pump(made).drain()
            filings.append(filing)
        made.memory.journey["filings"] = filings
        made.first = made.remember()
        yield made


def back(office: World, *before: Callable[[World], None]) -> Callable[[], World]:
    """To the moment after `before`, each time anew."""
    office.go_back(office.first)
    for step in before:
        step(office)
    there = office.remember()

    def fresh() -> World:
        office.go_back(there)
        return office

    return fresh


@pytest.fixture(autouse=True)
def again(office: World) -> None:
    office.go_back(office.first)


def desk(office: World, who: str, path: str, key: str, body: Any = None, raw: bytes | None = None) -> Reply:
    headers = {"Authorization": f"Bearer {office._token(who, roles=('finance',))}", "Idempotency-Key": f"money-{key}"}
    return office.request("POST", f"/v1/desk{path}", body, subject="", headers=headers, raw=raw)


# ------------------------------------------------------------------ what is done


def group(office: World) -> None:
    """One order for both."""
    asked = {"filings": office.memory.journey["filings"], "rail": "aba"}
    reply = office.request("POST", "/v1/payment-orders", asked, headers={"Idempotency-Key": "money-group-order"})
    order = wanted(reply, 201).json
    office.memory.journey |= {"order": order["id"], "reference": order["pay"]["reference"]}


def single(office: World) -> None:
    """An order for the first."""
    path = f"/v1/filings/{office.memory.journey['filings'][0]}/payment-orders"
    order = wanted(office.request("POST", path, {"rail": "aba"}, headers={"Idempotency-Key": "money-order"}), 201).json
    office.memory.journey |= {"order": order["id"], "reference": order["pay"]["reference"]}


def cancel(office: World) -> None:
    path = f"/v1/filings/{office.memory.journey['filings'][0]}/payment-orders"
    wanted(office.request("DELETE", path, headers={"Idempotency-Key": "money-cancel"}), 200)


def paid(office: World) -> None:
    """At the bank; nobody rings."""
    assert office.bank.pay(office.memory.journey["reference"])
    office.bank.take_due()


def asked(office: World) -> None:
    """The bank is asked, and no further."""
    office.rooms.ask_bank(office.memory.journey["reference"], rung=True)


def credit(office: World) -> None:
    office.cold()
    office.rooms.credit_filing(order(office.memory.journey["order"]))


def statement(office: World, *, over: int = 0) -> None:
    """An officer loads the day's statement."""
    due = 80_000 + over
    raw = export([("B1", due, office.memory.journey["reference"]), ("F1", -100, "FEE")], day=day_of(EVENING)).encode()
    wanted(desk(office, "dara", "/accounts/aba-khr/statements", "statement", raw=raw), 201)


def lines(office: World) -> None:
    office.cold()
    office.rooms.take_lines()


def decision(office: World) -> None:
    """Dara proposes, Vanna decides."""
    cases = office.rooms.case_desk.open_cases()["cases"]
    case = office.memory.journey.setdefault("case", next((c["id"] for c in cases if c["reason"] == "overpaid"), None))
    wanted(desk(office, "dara", f"/cases/{case}/proposal", "proposal", {"decision": "apply", "ground": "x"}), 200)
    wanted(desk(office, "vanna", f"/cases/{case}/decision", "decision", {"approve": True}), 200)


def give_back(office: World) -> None:
    """Dara wants the order's money to go back, Vanna agrees."""
    wish = {"order": office.memory.journey["order"], "amount": 30_000, "ground": "withdrawn"}
    case = wanted(desk(office, "dara", "/refunds", "refund", wish), 201).json["id"]
    wanted(desk(office, "vanna", f"/cases/{case}/decision", "refund-decision", {"approve": True}), 200)


def ask_refund(office: World) -> None:
    office.cold()
    office.rooms.ask_refunds()


def next_day(office: World) -> None:
    office.clock.advance(timedelta(hours=12))


def reconcile(office: World) -> None:
    wanted(desk(office, "dara", "/reconciliations", "day", {"day": "2026-11-25"}), 200)


def seal(office: World) -> None:
    """What the sealing queue brings for the day."""
    office.cold()
    row = office.rooms.register.item(day_key("2026-11-25"))
    assert row is not None
    office.rooms.seal(StreamId.parse(str(row.attributes["stream"])))


def settle(office: World) -> None:
    """Everything that follows is done."""
    bench = Pump(office)
    bench.drain()
    office.bank.faults.clear()
    assert bench.failures == []


# ------------------------------------------------------------------ what must be there


def facts(office: World, type_: str) -> int:
    return len(Stores(office).facts(type_))


def holds(office: World, counts: Mapping[str, int]) -> None:
    check(office, final=True, private=PRIVATE)
    assert {name: facts(office, name) for name in counts} == counts


def tried(office: World, act: Callable[[World], None], *before: Callable[[World], None], **counts: int) -> None:
    found = crash_points(
        world=back(office, *before), act=act, settle=settle, check=lambda place: holds(place, counts)
    )
    figures.count("pay", "crash_points", found.tried)
    figures.count("pay", "broken", len(found.broken))
    assert found.calls
    assert not found.broken, "\n".join(map(str, found.broken))


@pytest.mark.timeout(600)
class TestKilledAtAnyCall:
    def test_a_group_order_is_opened_once(self, office: World) -> None:
        tried(office, group, OrderOpened=1)

    def test_a_group_is_credited_to_each_filing_once(self, office: World) -> None:
        tried(office, credit, group, paid, asked, PaymentVerified=1, FeePaid=2, LetterIssued=4)

    def test_an_order_is_cancelled_once(self, office: World) -> None:
        tried(office, cancel, single, OrderCancelled=1)

    def test_a_statement_is_loaded_once(self, office: World) -> None:
        tried(office, statement, single, StatementLoaded=1)

    def test_its_lines_are_dealt_with_once(self, office: World) -> None:
        tried(office, lines, single, paid, statement, PaymentVerified=1, CaseOpened=1, StatementApplied=1, FeePaid=1)

    def test_two_persons_decide_once(self, office: World) -> None:
        tried(
            office, decision, single, paid, partial(statement, over=500), lines,
            PaymentParked=1, PaymentVerified=1, CaseDecided=1, RefundRequested=1, FeePaid=1,
        )  # fmt: skip

    def test_money_is_given_back_once(self, office: World) -> None:
        def once(place: World) -> None:
            for _ in range(3):
                place.clock.advance(timedelta(minutes=6))
                ask_refund(place)
            settle(place)
            holds(place, {"RefundAsked": 1, "RefundRequested": 1})
            gone = place.bank.transactions[place.memory.journey["reference"]].refunded
            assert gone == (30_000 if facts(place, "CaseClosed") else 0)

        found = crash_points(
            world=back(office, single, paid, asked, give_back), act=ask_refund, settle=settle, check=once
        )
        figures.count("pay", "crash_points", found.tried)
        figures.count("pay", "broken", len(found.broken))
        assert found.calls
        assert not found.broken, "\n".join(map(str, found.broken))

    def test_a_day_is_reconciled_and_sealed(self, office: World) -> None:
        tried(office, reconcile, single, paid, asked, next_day, DayReconciled=1, ReportSealed=1, PaymentVerified=1)

    def test_the_report_is_sealed_once(self, office: World) -> None:
        tried(office, seal, single, paid, asked, next_day, reconcile, DayReconciled=1, ReportSealed=1)


def test_the_schedule_says_nothing_of_a_bank_that_is_out_of_order(office: World) -> None:
    single(office)
    paid(office)
    next_day(office)
    office.bank.faults.add(Fault.BROKEN)
    office.invoke("ask_due", scheduled())
    assert facts(office, "DayReconciled") == 1
    assert facts(office, "PaymentVerified") == 0
