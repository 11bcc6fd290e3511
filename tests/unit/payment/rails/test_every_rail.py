"""Every rail of the local office, from the order to the settled order, through the office's own use cases and its bank."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.kernel.errors import Unavailable
from chalicelib.payment.model import Delivery, Form, HttpFailed, HttpReply, Order, Rail
from chalicelib.payment.orders import OpenedOrder, Orders
from chalicelib.payment.rails import known
from chalicelib.payment.routes import order_answer
from chalicelib.payment.schedule import MIN_INTERVAL
from chalicelib.payment.service import AskBank, Doorbell
from chalicelib.register.model import order as order_stream
from infra.local.banks.counter import PHNOM_PENH
from infra.local.banks.model import SLOW_SECONDS, Bank, Fault, Pushback
from infra.local.banks.town import RAILS, Town
from tests.factories import ANNA, Desk
from tests.unit.payment.finance import Finance
from tests.unit.payment.test_bank import Counting

PUBLIC_URL = "https://office.example"
ASKED = tuple(name for name in RAILS if name not in ("statement", "acleda-mobile"))
SILENT = ("khqr", "acleda", "statement")  # of ACLEDA's QR nobody rings: its browser return is of the page


class Street:
    """`Http` to whichever bank of the town hears the path."""

    def __init__(self, *banks: Bank) -> None:
        self.banks = banks

    def post(self, url: str, *, json: bytes | None, headers: Mapping[str, str], timeout: float) -> HttpReply:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        bank = next(one for one in self.banks if one.hears(path))
        reply = bank.answer(path, json or b"", {"content-type": "application/json", **headers})
        if reply is None or (Fault.SLOW in bank.faults and timeout < SLOW_SECONDS):
            raise HttpFailed("silence")
        return reply


def at_the_bank(town: Town, shown: Mapping[str, Any], amount: int) -> tuple[Bank, str]:
    """The payer does what the order's page says, up to the last button: at which bank, and what it is called there."""
    reference = str(shown["reference"])
    if "form" in shown:
        fields = tuple((one["name"], one["value"]) for one in shown["form"]["fields"])
        path = urlsplit(shown["form"]["action"]).path
        bank = next(one for one in town.banks if one.takes_form(path))
        bank.enter(Form(path, fields))
        return bank, reference
    match shown["rail"]:
        case "khqr":
            return town.bakong, town.bakong.scan(shown["qr"]).tran_id
        case "acleda-mobile":
            town.acleda_app.follow(shown["deeplink"])
            return town.acleda_app, reference
        case "wing-mini":
            town.wing_app.bridge(reference, Decimal(amount), "KHR")
            return town.wing_app, reference
        case "statement":
            town.counter.take(reference, Decimal(amount), "KHR")
            return town.counter, reference
    others: Mapping[str, Bank] = {"aba": town.aba, "acleda": town.acleda, "wing-v2": town.wing}
    return others[shown["rail"]], reference


@dataclass
class Place:
    """An office in the town, with a filed design."""

    finance: Finance = field(default_factory=Finance)

    def __post_init__(self) -> None:
        self.desk: Desk = self.finance.desk
        self.desk.clock.now = self.desk.clock.now.replace(hour=16, minute=30)
        self.town = Town(clock=self.desk.clock, randomness=Counting(), public_url=PUBLIC_URL)
        configs = known.read(json.dumps(self.town.entries("http://127.0.0.1:8080")))
        self.rails: Mapping[str, Rail] = known.make(configs, self.town.secrets, public_url=PUBLIC_URL)
        self.windows = {one.rail: one.query_window_days for one in configs}
        self.payees = {one.rail: frozenset(one.payee_accounts) for one in configs}
        self.street = Street(*self.town.banks)
        self.filing = self.desk.filed().filing

    @property
    def orders(self) -> Orders:
        return replace(self.desk.orders, rails=self.rails, windows=self.windows, http=self.street)

    @property
    def ask_bank(self) -> AskBank:
        return replace(
            self.desk.ask_bank, rails=self.rails, windows=self.windows, payees=self.payees, http=self.street
        )

    def open(self, rail: str) -> OpenedOrder:
        return self.orders.open(ANNA, self.filing, rail, self.desk.repeat())

    def pay(self, opened: OpenedOrder) -> Bank:
        """The payer does what the order's page says, at that bank."""
        shown: Any = order_answer(opened, self.desk.office)["pay"]
        bank, reference = at_the_bank(self.town, shown, opened.order.total.minor)
        if shown["rail"] != "statement":
            assert bank.pay(reference)
        return bank

    def ring(self, rail: str, bell: Pushback) -> int:
        door = Doorbell(
            register=self.desk.register, rails=self.rails, bells=self.desk.bells, clock=self.desk.clock
        )
        return door(rail, Delivery(tuple(bell.headers.items()), (), bell.body, "203.0.113.5")).status

    def ask(self, opened: OpenedOrder) -> Order:
        self.desk.clock.advance(MIN_INTERVAL)
        assert opened.order.latest is not None
        self.ask_bank(opened.order.latest.reference, rung=True)
        return self.standing(opened)

    def standing(self, opened: OpenedOrder) -> Order:
        return Order.fold(self.desk.load(order_stream(opened.id)).entries)


@pytest.mark.parametrize("rail", ASKED)
def test_an_order_is_paid_at_the_bank_and_our_own_question_settles_it(rail: str) -> None:
    place = Place()
    opened = place.open(rail)
    assert not place.ask(opened).paid
    place.pay(opened)
    assert not place.standing(opened).paid
    assert place.ask(opened).paid


def test_whoever_chooses_another_bank_gets_that_banks_way_to_pay() -> None:
    place = Place()
    first = place.open("aba")
    second = place.open("khqr")
    assert (second.id, second.order.latest and second.order.latest.rail) == (first.id, "khqr")
    place.pay(second)
    assert place.ask(second).paid


def test_a_bank_that_is_down_stands_in_nobody_elses_way() -> None:
    place = Place()
    place.town.aba.faults.add(Fault.BROKEN)
    with pytest.raises(Unavailable):
        place.open("aba")
    place.desk.clock.advance(timedelta(seconds=1))
    opened = place.open("khqr")
    assert [one.rail for one in opened.order.attempts] == ["aba", "khqr"]
    place.pay(opened)
    assert place.ask(opened).paid


def test_money_for_the_bank_that_was_left_still_counts_and_a_second_payment_is_parked() -> None:
    place = Place()
    left = place.open("aba")
    opened = place.open("khqr")
    place.pay(left)
    assert place.ask(left).paid
    place.pay(opened)
    order = place.ask(opened)
    assert [one.reason for one in order.parked] == ["already-paid"]


@pytest.mark.parametrize("rail", [name for name in RAILS if name not in SILENT])
def test_a_banks_bell_is_let_in_and_settles_nothing(rail: str) -> None:
    place = Place()
    opened = place.open(rail)
    bank = place.pay(opened)
    (bell,) = bank.take_due()
    assert place.ring(rail, bell) == 200
    assert [rung for _, rung, _ in place.desk.bells.rung] == [True]
    assert not place.standing(opened).paid


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.THROTTLED, Fault.HTML_PAGE, Fault.WRONG_ENVELOPE, Fault.SLOW])
@pytest.mark.parametrize("rail", ASKED)
def test_a_banks_bad_day_is_no_money_and_the_good_day_after_it_settles(rail: str, fault: Fault) -> None:
    place = Place()
    opened = place.open(rail)
    bank = place.pay(opened)
    bank.faults.add(fault)
    assert not place.ask(opened).paid
    bank.faults.clear()
    assert place.ask(opened).paid


@pytest.mark.parametrize("rail", ["statement"])
def test_cash_at_the_counter_settles_by_the_statement(rail: str) -> None:
    place = Place()
    opened = place.open(rail)
    place.pay(opened)
    assert not place.ask(opened).paid
    day = place.desk.clock.now.astimezone(PHNOM_PENH).date()
    place.finance.taken(place.town.counter.statement(day, "KHR"))
    assert place.standing(opened).paid


class TestAfterABellThatNeverComes:
    def test_a_message_that_waits_rings_for_a_bank_that_never_does(self) -> None:
        place = Place()
        opened = place.open("khqr")
        ((reference, rung, delay),) = place.desk.bells.rung
        assert (reference, rung, delay) == (opened.issued and opened.issued["reference"], False, timedelta(seconds=15))
        place.desk.clock.advance(delay)
        place.ask_bank(reference, rung=False)
        assert place.desk.bells.rung[-1] == (reference, False, timedelta(seconds=45))

    def test_it_stops_once_the_order_is_paid(self) -> None:
        place = Place()
        opened = place.open("khqr")
        place.pay(opened)
        place.desk.clock.advance(timedelta(seconds=15))
        place.ask_bank(place.desk.bells.rung[0][0], rung=False)
        assert place.standing(opened).paid
        assert len(place.desk.bells.rung) == 1

    def test_a_bank_that_rings_needs_none(self) -> None:
        place = Place()
        place.open("aba")
        assert place.desk.bells.rung == []


class TestThePayersPage:
    def test_it_rings_and_is_answered_the_same_however_often(self) -> None:
        place = Place()
        opened = place.open("khqr")
        place.desk.bells.rung.clear()
        place.orders.ring(ANNA, place.filing)
        assert [rung for _, rung, _ in place.desk.bells.rung] == [True]
        place.pay(opened)
        assert place.ask(opened).paid
        place.orders.ring(ANNA, place.filing)
        assert len(place.desk.bells.rung) == 1

    def test_case_79_within_an_interval_of_the_last_question_it_rings_nothing(self) -> None:
        place = Place()
        opened = place.open("khqr")
        place.ask(opened)
        place.desk.bells.rung.clear()
        for _ in range(20):
            place.orders.ring(ANNA, place.filing)
        assert place.desk.bells.rung == []


def test_case_79_a_flood_of_bells_asks_once_and_puts_one_off() -> None:
    place = Place()
    opened = place.open("khqr")
    place.ask(opened)
    asked = len(place.town.bakong.calls)
    place.desk.bells.rung.clear()
    for _ in range(200):
        place.ask_bank(str(opened.issued and opened.issued["reference"]), rung=True)
    assert len(place.town.bakong.calls) == asked
    assert len(place.desk.bells.rung) == 1
