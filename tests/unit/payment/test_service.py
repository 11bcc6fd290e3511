"""From a doorbell to a settled order: no money without the bank's own answer to our own question."""

from datetime import timedelta

import pytest

from chalicelib.kernel.errors import Conflict, NotFound
from chalicelib.payment.model import Delivery, HttpFailed
from chalicelib.payment.orders import ASK, ask_key
from chalicelib.payment.schedule import MIN_INTERVAL
from chalicelib.payment.service import LISTENING
from chalicelib.register.model import Key, Put
from infra.local.banks.model import Fault
from tests.factories import ANNA, Desk, asking, lose
from tests.unit.payment.till import Till, delivery

# ---------------------------------------------------------------- doorbell


def test_an_honest_notification_rings_and_settles_nothing() -> None:
    till = Till()
    (pushback,) = till.pay()
    reply = till.desk.doorbell("aba", delivery(pushback))
    assert reply.status == 200
    assert till.desk.bells.rung == [(till.reference, True, timedelta())]
    assert till.types == []


def test_a_bell_is_kept_until_it_expires_and_is_no_entry() -> None:
    till = Till()
    (pushback,) = till.pay()
    till.desk.doorbell("aba", delivery(pushback))
    (bell,) = [item for key, item in till.desk.register.items.items() if key.pk.startswith("BELL#aba#")]
    assert bell.attributes["reference"] == till.reference
    assert bell.attributes["expires"] == int(till.desk.clock().timestamp()) + 14 * 86400


def test_a_notification_that_comes_twice_rings_twice_and_is_kept_once() -> None:
    till = Till()
    first, second = till.pay(Fault.CALLBACK_TWICE)
    for pushback in (first, second):
        assert till.desk.doorbell("aba", delivery(pushback)).status == 200
    assert len(till.desk.bells.rung) == 2
    assert len([key for key in till.desk.register.items if key.pk.startswith("BELL#")]) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"tran_id":"x","tran_id":"y"}', b"x" * 1_000_000,
        b'{"tran_id":NaN,"apv":"1","status":"0","return_params":""}',
    ],
    ids=["empty", "object", "list", "null", "not-utf8", "deep", "duplicate", "megabyte", "nan"],
)  # fmt: skip
def test_a_notification_that_is_not_the_banks_is_refused_and_rings_nothing(body: bytes) -> None:
    till = Till()
    headers = (("content-type", "application/json"), ("X-PAYWAY-HMAC-SHA512", "x"))
    reply = till.desk.doorbell("aba", Delivery(headers=headers, query=(), body=body))
    assert reply.status == 401
    assert till.desk.bells.rung == []
    assert not [key for key in till.desk.register.items if key.pk.startswith("BELL#")]


def test_a_wrong_signature_is_refused() -> None:
    till = Till()
    (pushback,) = till.pay(Fault.BAD_SIGNATURE)
    assert till.desk.doorbell("aba", delivery(pushback)).status == 401
    assert till.desk.bells.rung == []


def test_a_notification_for_a_rail_we_do_not_have_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"rail\.not-found"):
        Desk().doorbell("wing", Delivery(headers=(), query=(), body=b"{}"))


def test_if_the_bell_cannot_ring_the_bank_is_told_to_come_again() -> None:
    till = Till()
    (pushback,) = till.pay()
    till.desk.bells.broken = True
    assert till.desk.doorbell("aba", delivery(pushback)).status == 503
    till.desk.bells.broken = False
    assert till.desk.doorbell("aba", delivery(pushback)).status == 200
    assert len(till.desk.bells.rung) == 1


# ---------------------------------------------------------------- asking


def test_the_banks_own_answer_settles_the_order() -> None:
    till = Till()
    till.pay()
    till.ask()
    assert till.types == ["PaymentVerified"]
    payment = till.order.payment
    assert payment is not None
    assert (payment.amount, payment.currency, payment.reference) == (80_000, "KHR", till.reference)
    assert payment.demo and payment.filing == till.filing


def test_a_paid_order_is_asked_about_no_more_by_the_schedule() -> None:
    till = Till()
    till.pay()
    till.ask()
    assert till.desk.register.due(ASK, until=till.desk.clock() + timedelta(days=30), limit=10) == ()


def test_an_order_whose_bell_never_rang_is_settled_by_the_schedule() -> None:
    till = Till()
    assert till.pay(Fault.NO_CALLBACK) == []
    till.desk.ask_due()
    assert till.desk.bells.rung == []
    till.desk.clock.advance(timedelta(seconds=16))
    till.desk.ask_due()
    assert till.desk.bells.rung == [(till.reference, False, timedelta())]
    till.ask(rung=False)
    assert till.types == ["PaymentVerified"]


def test_a_bell_before_anything_was_paid_settles_nothing_and_is_followed_up_soon() -> None:
    till = Till()
    till.ask(rung=True)
    assert till.types == []
    ask = till.desk.register.items[ask_key(till.opened.id, 1)]
    assert ask.attributes["due_at"] <= f"{till.desk.clock() + LISTENING:%Y-%m-%dT%H:%M:%S}.000Z"


@pytest.mark.parametrize(
    "fault", [Fault.THROTTLED, Fault.BROKEN, Fault.HTML_PAGE, Fault.TIMEOUT_AFTER_SUCCESS, Fault.OTHER_TRANSACTION]
)
def test_no_answer_is_no_money_and_the_question_is_asked_again(fault: Fault) -> None:
    till = Till()
    till.pay(fault)
    till.ask()
    assert till.types == []
    assert till.desk.register.due(ASK, until=till.desk.clock() + timedelta(hours=2), limit=10)
    till.desk.bank.faults.clear()
    till.ask(rung=False)
    assert till.types == ["PaymentVerified"]


@pytest.mark.parametrize(("fault", "reason"), [(Fault.SHORT_AMOUNT, "underpaid"), (Fault.WRONG_CURRENCY, "currency")])
def test_money_that_does_not_fit_is_parked_and_the_order_stays_open(fault: Fault, reason: str) -> None:
    till = Till()
    till.pay(fault)
    till.ask()
    assert till.types == ["PaymentParked"]
    assert (till.order.parked[0].reason, till.order.paid) == (reason, False)


def test_money_on_hold_is_no_money() -> None:
    till = Till()
    till.pay(Fault.PRE_AUTH)
    till.ask()
    assert till.types == []


def test_asking_again_after_settling_changes_nothing() -> None:
    till = Till()
    till.pay()
    for _ in range(3):
        till.ask()
    assert till.types == ["PaymentVerified"]


def test_a_question_too_soon_after_another_is_put_off_and_not_dropped() -> None:
    till = Till()
    till.ask()
    till.pay()
    till.desk.ask_bank(till.reference, rung=True)
    assert till.types == []
    assert till.desk.bells.rung == [(till.reference, True, MIN_INTERVAL)]
    checks = [call for call, _ in till.desk.bank.calls if call == "check-transaction-2"]
    assert len(checks) == 1
    till.ask()
    assert till.types == ["PaymentVerified"]


def test_case_42_two_bells_at_once_ask_once_and_apply_once() -> None:
    till = Till()
    till.pay()
    till.desk.register.rivals = [lambda: till.desk.ask_bank(till.reference, rung=True)]
    till.ask()
    assert till.types == ["PaymentVerified"]
    assert [call for call, _ in till.desk.bank.calls].count("check-transaction-2") == 1


def test_case_43_killed_after_the_question_the_answer_is_had_again() -> None:
    till = Till()
    till.pay()

    def killed() -> None:
        raise SystemExit

    till.desk.register.rivals = [lambda: None, killed]
    with pytest.raises(SystemExit):
        till.ask()
    till.ask()
    assert till.types == ["PaymentVerified"]


def test_case_42_a_lost_race_while_settling_is_tried_again() -> None:
    till = Till()
    till.pay()
    till.desk.register.rivals = [lambda: None, lose]
    till.ask()
    assert till.types == ["PaymentVerified"]


def test_case_42_who_settles_second_counts_nothing() -> None:
    till = Till()
    till.pay()

    def other() -> None:
        till.desk.clock.advance(MIN_INTERVAL)
        till.desk.ask_bank(till.reference, rung=True)

    till.desk.register.rivals = [lambda: None, other]  # between our question and our commit
    till.ask()
    assert till.types == ["PaymentVerified"]


def test_a_bank_transaction_counts_once() -> None:
    till = Till()
    till.pay()
    till.ask()
    (once,) = [key for key in till.desk.register.items if key.pk.startswith("BANKTX#")]
    payment = till.order.payment
    assert payment is not None
    assert once == Key(f"BANKTX#aba#{payment.bank_ref}", "BANKTX")


def test_a_bank_transaction_that_counted_elsewhere_changes_nothing() -> None:
    till = Till()
    till.pay()
    apv = till.desk.bank.transactions[till.reference].apv
    till.desk.register.commit(Put(Key(f"BANKTX#aba#{till.reference}:{apv}", "BANKTX"), {"stream": "ORDER#other"}))
    till.ask()
    assert till.types == []


def test_the_bell_of_a_reference_that_is_not_ours_changes_nothing() -> None:
    desk = Desk()
    desk.ask_bank("TR00000000000000", rung=True)
    assert desk.bank.calls == []


def test_a_bell_that_rings_before_we_have_stored_the_qr_is_not_the_last_word() -> None:
    desk = Desk()
    desk.bank.faults.add(Fault.CALLBACK_EARLY)
    till = Till(desk)
    (pushback,) = desk.bank.take_due()
    assert desk.doorbell("aba", delivery(pushback)).status == 200
    till.ask()
    assert till.types == ["PaymentVerified"]


def test_an_attempt_whose_issue_was_lost_is_asked_about_all_the_same() -> None:
    desk = Desk()
    filed = desk.filed().filing
    desk.bank.faults.add(Fault.TIMEOUT_AFTER_SUCCESS)
    with pytest.raises(HttpFailed):
        desk.orders.open(ANNA, filed, "aba", asking("pay"))
    desk.bank.faults.clear()
    (reference,) = desk.bank.transactions
    assert desk.bank.pay(reference)
    desk.ask_bank(reference, rung=True)
    assert desk.orders.one(ANNA, filed).order.paid


def test_a_bell_ahead_of_the_issue_does_not_keep_the_issue_from_being_entered() -> None:
    desk = Desk()
    filed = desk.filed().filing

    def early() -> None:
        (reference,) = desk.bank.transactions
        desk.ask_bank(reference, rung=True)

    desk.register.rivals = [lambda: None, early]
    made = desk.orders.open(ANNA, filed, "aba", asking("pay"))
    assert made.order.attempts[0].issued_at is not None
    assert made.issued is not None


def test_money_that_the_bank_took_in_time_counts_whenever_we_learn_of_it() -> None:
    till = Till()
    till.pay(Fault.NO_CALLBACK)
    till.desk.clock.advance(timedelta(days=5))
    till.ask(rung=False)
    assert till.types == ["PaymentVerified"]


def test_paying_both_attempts_pays_once_and_parks_the_other() -> None:
    till = Till()
    till.desk.clock.advance(timedelta(minutes=50))
    till.pay(Fault.NO_CALLBACK)
    till.desk.clock.advance(timedelta(minutes=11))
    second = till.desk.orders.open(ANNA, till.filing, "aba", asking("pay-2"))
    reference = second.order.attempts[1].reference
    assert till.desk.bank.pay(reference)
    till.desk.ask_bank(reference, rung=True)
    till.ask(rung=False)
    assert till.types[2:] == ["PaymentVerified", "PaymentParked"]
    assert till.order.parked[0].reason == "already-paid"


def test_a_paid_order_takes_no_further_attempt() -> None:
    till = Till()
    till.pay()
    till.ask()
    with pytest.raises(Conflict, match=r"order\.paid"):
        till.desk.orders.open(ANNA, till.filing, "aba", asking("pay-2"))
    assert till.desk.orders.open(ANNA, till.filing, "aba", asking("pay")).order.paid


def test_money_going_back_after_it_counted_is_parked_and_the_payment_stands() -> None:
    till = Till()
    till.pay()
    till.ask()
    till.desk.bank.refund(till.reference)
    till.ask()
    till.ask()
    assert till.types == ["PaymentVerified", "PaymentParked"]
    assert till.order.parked[0].reason == "refunded"


def test_after_the_banks_window_nobody_asks_any_more() -> None:
    till = Till()
    till.desk.clock.advance(timedelta(days=8))
    till.ask(rung=False)
    assert till.desk.register.due(ASK, until=till.desk.clock() + timedelta(days=365), limit=10) == ()
