"""An order is the fold of its entries."""

import pytest

from chalicelib.kernel.errors import Corrupt
from chalicelib.kernel.money import Money
from chalicelib.payment.model import Bill, Order
from tests.unit.payment.orders import (
    DUE,
    EXPIRES,
    FIRST,
    NOW,
    SECOND,
    attempt,
    opened,
    order,
    parked,
    recorded,
    verified,
)


def test_an_order_tells_what_is_due_and_how_it_may_be_paid() -> None:
    standing = order(*attempt(2, SECOND))
    assert (standing.total, standing.opened_at, standing.paid) == (Money(DUE, "KHR"), NOW, False)
    latest = standing.latest
    assert latest is not None
    assert (latest.n, latest.reference, latest.expires_at, latest.issued_at) == (2, SECOND, EXPIRES, NOW)
    assert standing.bill(latest) == Bill(SECOND, Money(DUE, "KHR"), qr_md5="0" * 32, opened_at=NOW)


def test_an_attempt_may_stand_open_without_being_issued() -> None:
    standing = order(*attempt(2, SECOND)[:1])
    latest = standing.latest
    assert latest is not None
    assert latest.issued_at is None
    assert latest.expires_at is None


def test_money_that_came_is_part_of_the_order() -> None:
    standing = order(parked("underpaid"), verified(bank_ref="b"))
    assert standing.paid
    assert [one.reason for one in standing.parked] == ["underpaid"]


@pytest.mark.parametrize(
    "facts",
    [
        [],
        attempt(1, FIRST),
        [opened(), opened()],
        [opened(), *attempt(2, FIRST)],
        [opened(), *attempt(1, FIRST), *attempt(2, FIRST)],
        [opened(), *attempt(1, FIRST)[1:]],
        [opened(), *attempt(1, FIRST), attempt(1, FIRST)[1]],
        [opened(), verified()],
        [opened(), *attempt(1, FIRST), verified(), verified()],
    ],
    ids=[
        "no entries", "no opening", "opened twice", "attempt skipped", "reference reused", "issued unopened",
        "issued twice", "paid without attempt", "paid twice",
    ],
)  # fmt: skip
def test_a_story_that_cannot_be_is_refused(facts: list) -> None:  # type: ignore[type-arg]
    with pytest.raises(Corrupt):
        Order.fold(recorded(fact) for fact in facts)
