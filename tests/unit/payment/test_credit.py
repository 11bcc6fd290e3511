"""A paid order credits its filing, once."""

import json

import pytest

from chalicelib.kernel.errors import Corrupt
from chalicelib.register.model import order as order_stream
from tests.unit.payment.till import Till


def test_a_paid_order_credits_its_filing_once() -> None:
    till = Till()
    till.pay()
    till.ask()
    for _ in range(2):
        till.desk.credit_filing(till.stream)
    assert till.desk.types(till.filing).count("FeePaid") == 1
    assert till.desk.stream(till.filing).head.status == "paid"
    entry = till.desk.stream(till.filing).entries[-1]
    assert entry.data["order"] == till.opened.id and entry.data["demo"] is True


def test_crediting_beside_oneself_credits_once() -> None:
    till = Till()
    till.pay()
    till.ask()
    till.desk.register.rivals = [lambda: till.desk.credit_filing(till.stream)]
    till.desk.credit_filing(till.stream)
    assert till.desk.types(till.filing).count("FeePaid") == 1


def test_an_order_that_is_not_paid_credits_nothing() -> None:
    till = Till()
    with pytest.raises(Corrupt):
        till.desk.credit_filing(till.stream)
    with pytest.raises(Corrupt):
        till.desk.credit_filing(order_stream("01JDT0000000000000000000AA"))
    assert "FeePaid" not in till.desk.types(till.filing)


def test_nothing_of_the_person_is_in_any_entry_of_payment() -> None:
    till = Till()
    till.pay()
    till.ask()
    till.desk.credit_filing(till.stream)
    said = json.dumps([dict(entry.data) for entry in till.desk.register.entries.values()], ensure_ascii=False)
    assert "Bowl" not in said and "សហគមន៍" not in said
