"""Bells for orders that are not there: they wait for the order, and are a case when it does not come (payments.md case 44)."""

from datetime import timedelta

import pytest

from chalicelib.payment import references
from chalicelib.payment.cases import OWNER
from chalicelib.payment.strangers import WAITING
from infra.local.banks.model import Pushback
from tests.factories import ANNA, Desk, asking, lose
from tests.unit.payment.finance import Finance
from tests.unit.payment.rails.test_every_rail import Place
from tests.unit.payment.till import delivery

FOREIGN = "another-office"


class Invented:
    """A desk whose bank, in good faith, rings for a payment that is of no order here: signed, and of nobody."""

    def __init__(self) -> None:
        self.finance = Finance()
        self.desk = self.finance.desk
        elsewhere = Desk(clock=self.desk.clock)
        elsewhere.bank = self.desk.bank
        opened = elsewhere.orders.open(ANNA, elsewhere.filed().filing, "aba", asking(FOREIGN))
        self.register = elsewhere.register
        self.reference = opened.order.attempts[0].reference
        self.desk.bank.pay(self.reference)
        (self.bell,) = self.desk.bank.take_due()

    def ring(self) -> int:
        return self.desk.doorbell("aba", delivery(self.bell)).status

    def later(self, **time: int) -> "Invented":
        self.desk.clock.advance(timedelta(**time))
        self.desk.look_for_orders()
        return self

    @property
    def waiting(self) -> int:
        return len(self.desk.register.due(WAITING, until=self.desk.clock() + timedelta(days=30), limit=100))


def test_case_44_a_bell_of_no_order_is_taken_and_stored_and_no_case_yet() -> None:
    place = Invented()
    assert place.ring() == 200
    assert place.waiting == 1
    assert place.later(hours=23).finance.open_cases() == []
    assert place.waiting == 1


def test_case_44_it_expires_to_a_case_with_an_owner_and_an_age() -> None:
    place = Invented()
    place.ring()
    place.later(minutes=2).later(hours=2).later(days=1)
    (case,) = place.finance.open_cases()
    assert (case["reason"], case["owner"], case["reference"]) == ("unknown-order", OWNER, place.reference)
    assert case["evidence_sha256"]
    assert "amount" not in case  # a bell is no evidence of money
    place.later(days=3)
    assert [(one["id"], one["age_days"]) for one in place.finance.open_cases()] == [(case["id"], 3)]
    assert place.waiting == 0


def test_case_44_the_bell_rings_after_the_order_appears_and_is_no_case() -> None:
    place = Invented()
    place.ring()
    place.desk.register.items |= place.register.items
    place.desk.register.heads |= place.register.heads
    place.desk.register.entries |= place.register.entries
    place.desk.bells.rung.clear()
    place.later(minutes=2)
    assert place.desk.bells.rung == [(place.reference, True, timedelta())]
    place.desk.ask_bank(place.reference, rung=True)
    assert place.later(days=2).finance.open_cases() == []
    assert place.waiting == 0


def test_case_44_the_same_bell_again_and_again_is_one_case() -> None:
    place = Invented()
    for _ in range(3):
        place.ring()
    place.later(days=1).ring()
    place.later(days=1)
    assert len(place.finance.open_cases()) == 1


def test_case_45_the_reply_is_the_same_whether_there_is_such_an_order_or_not() -> None:
    place = Invented()
    own = place.desk.orders.open(ANNA, place.desk.filed().filing, "aba", asking("own")).order.attempts[0].reference
    place.desk.bank.pay(own)
    (known,) = place.desk.bank.take_due()
    assert place.desk.doorbell("aba", delivery(known)) == place.desk.doorbell("aba", delivery(place.bell))


def test_a_known_order_has_no_bell_that_waits() -> None:
    desk = Desk()
    opened = desk.orders.open(ANNA, desk.filed().filing, "aba", asking("pay"))
    desk.bank.pay(opened.order.attempts[0].reference)
    (bell,) = desk.bank.take_due()
    desk.doorbell("aba", delivery(bell))
    assert desk.register.due(WAITING, until=desk.clock() + timedelta(days=30), limit=10) == ()


@pytest.mark.parametrize("dies", ["before", "after"])
def test_killed_at_the_case_it_is_opened_once(dies: str) -> None:
    place = Invented()
    place.ring()
    place.desk.clock.advance(timedelta(days=1))
    place.desk.register.rivals = [lose if dies == "before" else place.desk.look_for_orders]
    place.desk.look_for_orders()
    assert len(place.finance.open_cases()) == 1


def test_case_44_invented_bells_that_anybody_could_send_are_one_case_for_rail_and_day() -> None:
    place = Place()
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    for _ in range(5):
        body = f"order_reference_no={references.new(prefix='TR')}".encode()
        assert place.ring("wing-v2", Pushback("", dict(form), body, place.desk.clock())) == 200
    place.desk.clock.advance(timedelta(days=2))
    place.desk.look_for_orders()
    (case,) = place.finance.open_cases()
    assert (case["reason"], case["rail"], case["owner"]) == ("unknown-order", "wing-v2", OWNER)
