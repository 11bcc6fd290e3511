"""Every bank of the local office with every switch, through the deployed surface: HTTP events, queues, schedules, on moto.

What a bank does wrong is switched on at its simulator; what the office does about it is asked of its public API.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from chalicelib.payment.model import Order
from chalicelib.register.model import order as order_stream
from infra.local.banks.counter import PHNOM_PENH
from infra.local.banks.model import Bank, Fault, Pushback
from infra.local.banks.town import RAILS, Town
from infra.local.filer import Refusal
from tests.fakes import FixedClock
from tests.faults.pump import Invocation, Pump, as_lambda_sees, scheduled
from tests.faults.strict import strict
from tests.faults.world import PUBLIC_URL, Moment, Reply, World, parameters, publications
from tests.integration.people import design, filer, quiet
from tests.unit.payment.finance import EVENING, day_of, export
from tests.unit.payment.rails.test_every_rail import Street, at_the_bank
from tests.unit.payment.test_bank import Counting
from tests.unit.payment.test_statements import mt940
from tests.world import moto_world

ASKED = ("aba", "khqr", "acleda", "wing-v1", "wing-v2", "wing-mini", "ipay88")
RINGING = ("aba", "acleda-mobile", "wing-v1", "wing-v2", "wing-mini", "ipay88")
SIGNED = ("aba", "acleda-mobile", "wing-v1", "wing-mini", "ipay88")
OUTAGES = (
    Fault.BROKEN, Fault.THROTTLED, Fault.HTML_PAGE, Fault.SLOW, Fault.TIMEOUT_AFTER_SUCCESS, Fault.WRONG_ENVELOPE,
)  # fmt: skip
DUE = 80_000
KEYS = iter(range(10_000))


class Row:
    """A filed design in the evening, and all banks of the town."""

    def __init__(self, world: World, town: Town, filing: str, moment: Moment) -> None:
        self.world, self.town, self.filing = world, town, filing
        world.go_back(moment)
        for bank in town.banks:
            bank.faults.clear()
            bank.waiting.clear()
        self.anna = filer(world)

    # ------------------------------------------------------------------ the payer

    def open(self, rail: str) -> dict[str, Any]:
        path = f"/v1/filings/{self.filing}/payment-orders"
        made: dict[str, Any] = self.anna.call("POST", path, {"rail": rail}, Idempotency_Key=f"bank-{next(KEYS):05d}").json
        return made

    def at(self, order: Mapping[str, Any]) -> tuple[Bank, str]:
        return at_the_bank(self.town, order["pay"], DUE)

    def pay(self, order: Mapping[str, Any], *faults: Fault) -> Bank:
        bank, name = self.at(order)
        bank.faults.update(faults)
        self.world.clock.advance(timedelta(seconds=20))
        assert bank.pay(name)
        return bank

    # ------------------------------------------------------------------ what reaches us

    def ring(self, bell: Pushback) -> Reply:
        path = urlsplit(bell.url).path
        return self.world.request("POST", path, subject="", headers=dict(bell.headers), raw=bell.body)

    def asked(self) -> int:
        """The bank is asked for every bell that waits."""
        pump, count = Pump(self.world), 0
        while (message := pump.receive("bells")) is not None:
            pump.run(Invocation("ask_bank", as_lambda_sees(message, "bells"), "bells", message))
            count += 1
        assert pump.failures == []
        return count

    def schedule(self, **later: int) -> "Row":
        self.world.clock.advance(timedelta(**(later or {"minutes": 2})))
        self.world.invoke("ask_due", scheduled())
        self.asked()
        return self

    def statement(self, account: str, raw: str) -> None:
        token = self.world._token("dara", roles=("finance",))
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"load-{next(KEYS):05d}"}
        path = f"/v1/desk/accounts/{account}/statements"
        loaded = self.world.request("POST", path, subject="", headers=headers, raw=raw.encode())
        assert loaded.status == 201, loaded.json
        self.world.rooms.take_lines()

    # ------------------------------------------------------------------ how it stands

    def shown(self) -> dict[str, Any]:
        found: dict[str, Any] = self.anna.call("GET", f"/v1/filings/{self.filing}/payment-orders").json
        return found

    def paid(self) -> bool:
        return bool(self.shown()["status"] == "paid")

    def standing(self) -> Order:
        stream = self.world.rooms.register.load(order_stream(self.shown()["id"]))
        assert stream is not None
        assert [entry.type for entry in stream.entries].count("PaymentVerified") <= 1
        return Order.fold(stream.entries)

    def cases(self) -> list[dict[str, Any]]:
        token = self.world._token("dara", roles=("finance",))
        reply = self.world.request("GET", "/v1/desk/cases", subject="", headers={"Authorization": f"Bearer {token}"})
        found: list[dict[str, Any]] = reply.json["cases"]
        assert all(one["owner"] == "finance" and one["age_days"] >= 0 for one in found)
        return found


@pytest.fixture(scope="module")
def built() -> Iterator[tuple[World, Town, str, Moment]]:
    clock = FixedClock(EVENING)
    town = Town(clock=clock, randomness=Counting(), public_url=PUBLIC_URL)
    rails = json.dumps(town.entries("http://127.0.0.1:8080"))
    with moto_world(parameters={**parameters(), "PaymentRails": rails}) as there:
        world = World(there)
        world.clock, world.http = clock, Street(*town.banks)
        world.clients.ssm.put_parameter(
            Name=world.environment["TRA_PAYMENT_SECRETS_PARAMETER"],
            Value=json.dumps(dict(town.secrets)),
            Type="SecureString",
            Overwrite=True,
        )
        with publications(world), strict():
            clock.now = EVENING
            world.cold()
            anna = filer(world)
            filing, _ = design(world, anna)
            anna.submit(filing)
            quiet(world)
            clock.now = EVENING
            yield world, town, filing, world.remember()


@pytest.fixture
def row(built: tuple[World, Town, str, Moment]) -> Row:
    return Row(*built)


# ---------------------------------------------------------------- a good day


@pytest.mark.parametrize("rail", ASKED)
def test_an_application_is_paid_at_the_bank_and_goes_to_the_registry(row: Row, rail: str) -> None:
    bank = row.pay(row.open(rail))
    bells = bank.take_due()
    for bell in bells:
        assert row.ring(bell).status == 200
    if not bells:  # this bank never rings: the payer's page does
        bell_path = f"/v1/filings/{row.filing}/payment-orders/bell"
        assert row.anna.call("POST", bell_path, {}).status == 202
    assert not row.paid()  # a bell settles nothing
    assert row.asked() >= 1
    assert row.paid()
    quiet(row.world)
    assert row.anna.view(row.filing)["status"] == "handed-over"
    assert row.cases() == []


# ---------------------------------------------------------------- the switches


@pytest.mark.parametrize("rail", [name for name in RINGING if name in ASKED])
def test_a_bell_that_is_late_and_comes_twice_changes_nothing(row: Row, rail: str) -> None:
    bank = row.pay(row.open(rail), Fault.CALLBACK_LATE, Fault.CALLBACK_TWICE)
    assert bank.take_due() == ()
    row.schedule()
    assert row.paid()
    bells = bank.take_due()  # two minutes later
    assert len(bells) == 2
    for bell in bells:
        assert row.ring(bell).status == 200
    row.schedule()
    assert row.standing().paid
    assert row.shown()["parked"] == []


@pytest.mark.parametrize("rail", SIGNED)
def test_a_forged_bell_is_refused_and_asks_nobody(row: Row, rail: str) -> None:
    bank = row.pay(row.open(rail), Fault.BAD_SIGNATURE)
    (bell,) = bank.take_due()
    assert row.ring(bell).status in (401, 400)
    assert row.asked() == 0
    assert not row.paid()


@pytest.mark.parametrize("rail", ["acleda", "wing-v2", "khqr"])
def test_a_bell_that_anybody_can_make_is_asked_about_and_pays_nothing(row: Row, rail: str) -> None:
    order = row.open(rail)
    reference = order["pay"]["reference"]
    token = row.town.acleda.payments[reference].token if rail == "acleda" else ""
    fields = {
        "acleda": {"_paymenttokenid": token, "_resultCode": "0", "_transactionid": reference},
        "wing-v2": {"order_reference_no": reference},
        "khqr": {"reference": reference},
    }[rail]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    bell = Pushback(f"{PUBLIC_URL}/v1/payments/{rail}/notifications", headers, urlencode(fields).encode(), EVENING)
    row.world.clock.advance(timedelta(seconds=20))
    assert row.ring(bell).status == (401 if rail == "khqr" else 200)  # Bakong never rings
    row.asked()
    assert not row.paid()
    row.at(order)
    row.pay(order)
    row.schedule()
    assert row.paid()


PARKED = {Fault.SHORT_AMOUNT: "underpaid", Fault.OVER_AMOUNT: "overpaid"}


@pytest.mark.parametrize(
    ("rail", "fault"),
    [*((name, Fault.SHORT_AMOUNT) for name in ASKED if name != "ipay88"), ("khqr", Fault.OVER_AMOUNT)],
)
def test_money_that_is_not_what_is_due_is_parked_with_a_case(row: Row, rail: str, fault: Fault) -> None:
    row.pay(row.open(rail), fault)
    row.schedule()
    shown = row.shown()
    assert (shown["status"], [one["reason"] for one in shown["parked"]]) == ("open", [PARKED[fault]])
    assert all(one["message"]["km"] and one["action"]["en"] for one in shown["parked"])
    (case,) = row.cases()
    assert (case["reason"], case["amount"]) == (PARKED[fault], DUE + (1 if fault is Fault.OVER_AMOUNT else -1))


def test_the_aggregator_says_in_one_word_that_the_amount_is_another_and_nothing_is_paid(row: Row) -> None:
    row.pay(row.open("ipay88"), Fault.SHORT_AMOUNT)
    row.schedule()
    assert not row.paid()


@pytest.mark.parametrize("rail", ASKED)
def test_paid_twice_counts_once_and_what_the_bank_tells_of_the_second_is_parked(row: Row, rail: str) -> None:
    order = row.open(rail)
    bank = row.pay(order)
    row.schedule()
    assert row.paid()
    bank.pay(row.town.bakong.scan(order["pay"]["qr"]).tran_id if rail == "khqr" else order["pay"]["reference"])
    for bell in bank.take_due():
        row.ring(bell)
    row.asked()
    row.schedule()
    standing = row.standing()
    assert standing.paid
    reasons = [one.reason for one in standing.parked]
    assert reasons == [one["reason"] for one in row.cases()]
    assert set(reasons) <= {"already-paid"}


@pytest.mark.parametrize("rail", ASKED)
def test_a_bank_that_rings_nobody_and_is_out_of_order_is_no_money_and_is_asked_again(row: Row, rail: str) -> None:
    bank = row.pay(row.open(rail), Fault.NO_CALLBACK)
    assert bank.take_due() == ()
    for fault in OUTAGES:
        bank.faults = {fault}
        row.schedule(minutes=20)
        shown = row.shown()
        assert (fault, shown["status"], shown["parked"]) == (fault, "open", [])
    assert row.cases() == []
    bank.faults.clear()
    row.schedule(hours=2)
    assert row.paid()


@pytest.mark.parametrize("rail", ["aba", "acleda", "wing-v2"])  # the others make their own
def test_an_order_opened_while_the_bank_is_out_of_order_goes_on_when_it_is_back(row: Row, rail: str) -> None:
    banks: Mapping[str, Bank] = {"aba": row.town.aba, "acleda": row.town.acleda, "wing-v2": row.town.wing}
    bank = banks[rail]
    for fault in (Fault.BROKEN, Fault.THROTTLED, Fault.SLOW):
        bank.faults = {fault}
        with pytest.raises(Refusal) as refused:
            row.open(rail)
        assert refused.value.answer.status == 503
    bank.faults.clear()
    order = row.open(rail)
    row.pay(order)
    row.schedule()
    assert row.paid()


@pytest.mark.parametrize("rail", ["khqr", "aba"])
def test_money_taken_after_the_expiry_is_parked_and_never_dropped(row: Row, rail: str) -> None:
    order = row.open(rail)
    bank, name = row.at(order)
    row.world.clock.advance(timedelta(days=1, hours=1))
    assert not bank.pay(name)
    bank.faults.add(Fault.TAKES_LATE)
    assert bank.pay(name)
    row.schedule(hours=1)
    shown = row.shown()
    if rail == "aba":  # that bank keeps the expiry itself, and says so: what it took, it took in time
        assert shown["status"] == "paid"
    else:
        assert (shown["status"], [one["reason"] for one in shown["parked"]]) == ("open", ["late"])
        assert [one["reason"] for one in row.cases()] == ["late"]


# ---------------------------------------------------------------- what only a statement tells


def line(day: str, number: int, amount: int, reference: str) -> str:
    return f":61:{day}{day[2:]}C{amount},NTRF{reference}//BR{number}"


def booked(*lines: str, total: int) -> str:
    return mt940(*lines, closing=1_000_000 + total)


class TestAcledaMobile:
    """No question can be asked: a signed bell, and the statement of the account it leads to."""

    day = "261125"

    def test_a_signed_bell_settles_nothing_and_the_statement_does(self, row: Row) -> None:
        order = row.open("acleda-mobile")
        bank = row.pay(order)
        (bell,) = bank.take_due()
        assert row.ring(bell).status == 200
        row.asked()
        assert not row.paid()
        row.statement("acleda-khr", booked(line(self.day, 1, DUE, order["pay"]["reference"]), total=DUE))
        assert row.paid()

    @pytest.mark.parametrize(("amount", "reason"), [(DUE - 1, "underpaid"), (DUE + 1, "overpaid")])
    def test_short_and_over_are_parked_from_the_statement(self, row: Row, amount: int, reason: str) -> None:
        order = row.open("acleda-mobile")
        row.pay(order, Fault.NO_CALLBACK)
        row.statement("acleda-khr", booked(line(self.day, 1, amount, order["pay"]["reference"]), total=amount))
        assert [one["reason"] for one in row.shown()["parked"]] == [reason]
        assert [one["reason"] for one in row.cases()] == [reason]

    def test_two_lines_of_one_reference_are_one_payment_and_one_case(self, row: Row) -> None:
        reference = row.open("acleda-mobile")["pay"]["reference"]
        lines = (line(self.day, 1, DUE, reference), line(self.day, 2, DUE, reference))
        row.statement("acleda-khr", booked(*lines, total=2 * DUE))
        assert row.paid()
        assert [one["reason"] for one in row.cases()] == ["already-paid"]


class TestTheCounter:
    """Cash with our reference; nobody rings and nobody can be asked."""

    def test_what_the_counter_took_is_paid_by_its_statement(self, row: Row) -> None:
        row.at(row.open("statement"))
        row.schedule()
        assert not row.paid()
        row.statement("aba-khr", row.town.counter.statement(EVENING.astimezone(PHNOM_PENH).date(), "KHR"))
        assert row.paid()

    @pytest.mark.parametrize(
        ("amounts", "reasons"),
        [((DUE - 1,), ["underpaid"]), ((DUE + 1,), ["overpaid"]), ((DUE, DUE), ["already-paid"])],
    )
    def test_short_over_and_twice_are_parked(self, row: Row, amounts: tuple[int, ...], reasons: list[str]) -> None:
        reference = row.open("statement")["pay"]["reference"]
        lines = [(f"B{number}", amount, f"CASH {reference}") for number, amount in enumerate(amounts)]
        row.statement("aba-khr", export(lines, day=day_of(EVENING)))
        assert row.paid() is (reasons == ["already-paid"])
        assert [one["reason"] for one in row.shown()["parked"]] == reasons
        assert [one["reason"] for one in row.cases()] == reasons

    def test_booked_long_after_the_expiry_it_is_parked(self, row: Row) -> None:
        reference = row.open("statement")["pay"]["reference"]
        row.world.clock.advance(timedelta(days=60))
        row.statement("aba-khr", export([("B1", DUE, reference)], day=day_of(row.world.clock())))
        assert [one["reason"] for one in row.cases()] == ["late"]

    def test_whoever_posts_to_its_address_is_refused(self, row: Row) -> None:
        row.open("statement")
        bell = Pushback(f"{PUBLIC_URL}/v1/payments/statement/notifications", {"Content-Type": "text/plain"}, b"x", EVENING)
        assert row.ring(bell).status == 401


def test_every_rail_of_the_town_is_driven_here() -> None:
    assert {*ASKED, "acleda-mobile", "statement"} == set(RAILS)
