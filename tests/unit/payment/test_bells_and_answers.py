"""Rows of the adversarial table between a doorbell and the bank's answer, each to its required outcome."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest

from chalicelib.payment.model import HttpReply
from chalicelib.payment.orders import ASK
from chalicelib.payment.schedule import MIN_INTERVAL
from tests.factories import API_KEY
from tests.unit.payment.till import Till, delivery


def test_case_43_killed_between_keeping_the_bell_and_ringing_the_schedule_finishes_once() -> None:
    till = Till()
    (pushback,) = till.pay()
    till.desk.bells.broken = True
    assert till.desk.doorbell("aba", delivery(pushback)).status == 503  # kept; nobody was rung
    till.desk.bells.broken = False
    assert [key for key in till.desk.register.items if key.pk.startswith("BELL#")]
    for _ in range(3):
        till.desk.clock.advance(timedelta(minutes=2))
        till.desk.ask_due()
        for reference, rung, _ in list(till.desk.bells.rung):
            till.desk.ask_bank(reference, rung=rung)
        till.desk.bells.rung.clear()
    assert till.types == ["PaymentVerified"]


class Apart:
    """The bank behind a clock that is `seconds` ahead of ours."""

    def __init__(self, till: Till, seconds: int) -> None:
        self.till, self.seconds = till, seconds

    def post(self, url: str, *, json: bytes | None, headers: Mapping[str, str], timeout: float) -> HttpReply:
        reply = self.till.desk.bank.post(url, json=json, headers=headers, timeout=timeout)
        date = format_datetime(self.till.desk.clock() + timedelta(seconds=self.seconds), usegmt=True)
        return replace(reply, headers={**reply.headers, "date": date})


def test_case_41_with_clocks_apart_it_is_settled_later_and_an_alarm_is_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    till = Till()
    till.pay()
    till.desk.clock.advance(MIN_INTERVAL)
    replace(till.desk.ask_bank, http=Apart(till, 90))(till.reference, rung=True)
    assert till.types == []
    assert "bank-answer-alarm" in (said := capsys.readouterr().err)
    assert "clocks-apart" in said
    assert till.desk.register.due(ASK, until=till.desk.clock() + timedelta(hours=1), limit=9)
    till.desk.clock.advance(timedelta(minutes=1))
    replace(till.desk.ask_bank, http=Apart(till, 1))(till.reference, rung=False)
    assert till.types == ["PaymentVerified"]


def test_case_78_nothing_of_a_delivery_that_could_be_used_is_logged_or_answered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    till = Till()
    (pushback,) = till.pay()
    signature = next(value for name, value in pushback.headers.items() if name.lower().startswith("x-payway"))
    forged = replace(pushback, headers={**pushback.headers, "X-PAYWAY-HMAC-SHA512": signature[::-1]})
    replies = [till.desk.doorbell("aba", delivery(one)).body.decode() for one in (pushback, forged)]
    told = capsys.readouterr()
    for text in (told.err, told.out, *replies):
        for secret in (API_KEY, signature, signature[::-1], pushback.body.decode()):
            assert secret not in text


def test_case_65_money_that_comes_after_a_refund_opens_nothing_again_and_is_a_case() -> None:
    till = Till()
    till.pay()
    till.ask()
    till.desk.bank.refund(till.reference)
    till.ask()
    transaction = till.desk.bank.transactions[till.reference]
    transaction.status, transaction.refunded = "PENDING", Decimal(0)
    till.pay()
    till.ask()
    assert till.types == ["PaymentVerified", "PaymentParked", "PaymentParked"]
    assert [one.reason for one in till.order.parked] == ["refunded", "after-refund"]
    cases = [stream for stream in till.desk.register.heads.values() if stream.stream.kind == "CASE"]
    assert {head.attributes["reason"] for head in cases} == {"refunded", "after-refund"}
    assert {head.owner for head in cases} == {"role:finance"}
