"""The bank simulator behaves as the rail's description says, on good days and bad. Numbers: payments.md section 12."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.kernel.money import Money
from chalicelib.payment.model import Bill, Delivery, Notice, Rejected, Status
from chalicelib.payment.settle import Apply, Duplicate, Park, settle
from infra.local.bank_page import bank_app
from infra.local.banks.aba import PREFIX, AbaBank
from infra.local.banks.model import Fault, Pushback
from tests.unit.payment.orders import API_KEY, CALLBACK, DUE, FIRST, MERCHANT, NOW, order, rail

BILL = Bill(FIRST, Money(DUE, "KHR"))


class Counting:
    """Randomness that never repeats."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self, size: int) -> bytes:
        self.n += 1
        return self.n.to_bytes(size, "big")


class Hands:
    """A clock one can turn."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def bank(*faults: Fault, clock: Callable[[], datetime] = lambda: NOW, **changes: Any) -> AbaBank:
    return AbaBank(
        merchant_id=MERCHANT, api_key=API_KEY, clock=clock, randomness=Counting(), faults=set(faults), **changes
    )


def issued(simulator: AbaBank) -> AbaBank:
    rail().create(BILL, now=simulator.clock(), http=simulator)
    return simulator


def paid(*faults: Fault) -> AbaBank:
    simulator = bank()
    issued(simulator)
    simulator.faults.update(faults)
    assert simulator.pay(FIRST)
    return simulator


def ask(simulator: AbaBank) -> Notice:
    return rail().query(BILL, now=simulator.clock(), http=simulator)


def received(pushback: Pushback) -> Notice:
    return rail().verify(Delivery(tuple(pushback.headers.items()), (), pushback.body), now=NOW)


def test_before_anybody_paid_the_answer_is_pending() -> None:
    assert ask(issued(bank())).status is Status.PENDING


def test_a_payment_rings_once_and_the_question_proves_it() -> None:
    simulator = paid()
    (bell,) = simulator.take_due()
    assert (bell.url, received(bell).order_ref) == (CALLBACK, FIRST)
    assert simulator.take_due() == ()
    assert isinstance(settle(order(), FIRST, ask(simulator)), Apply)


def test_the_bell_and_the_answer_name_the_same_movement_of_money() -> None:
    simulator = paid()
    assert received(simulator.take_due()[0]).bank_ref == ask(simulator).bank_ref


def test_case_55_a_qr_paid_twice_is_a_second_movement() -> None:
    simulator = paid()
    first = settle(order(), FIRST, ask(simulator))
    assert isinstance(first, Apply)
    simulator.pay(FIRST)
    again = settle(order(first.fact), FIRST, ask(simulator))
    assert isinstance(again, Park)
    assert again.reason == "already-paid"
    assert len({received(bell).event_key for bell in simulator.take_due()}) == 2


def test_case_66_a_refund_after_grant_is_a_case() -> None:
    simulator = paid()
    first = settle(order(), FIRST, ask(simulator))
    assert isinstance(first, Apply)
    simulator.refund(FIRST)
    verdict = settle(order(first.fact), FIRST, ask(simulator))
    assert isinstance(verdict, Park)
    assert verdict.alarm
    assert verdict.reason == "refunded"


@pytest.mark.parametrize(("fault", "reason"), [(Fault.SHORT_AMOUNT, "underpaid"), (Fault.WRONG_CURRENCY, "currency")])
def test_cases_46_and_48_wrong_money_is_parked(fault: Fault, reason: str) -> None:
    verdict = settle(order(), FIRST, ask(paid(fault)))
    assert isinstance(verdict, Park)
    assert verdict.reason == reason


def test_case_59_money_only_held_is_not_paid() -> None:
    assert ask(paid(Fault.PRE_AUTH)).status is Status.HELD


@pytest.mark.parametrize(
    "fault",
    [Fault.THROTTLED, Fault.BROKEN, Fault.HTML_PAGE, Fault.TIMEOUT_AFTER_SUCCESS, Fault.OTHER_TRANSACTION],
)
def test_cases_69_and_71_a_bank_out_of_order_leaves_it_unknown_until_it_recovers(fault: Fault) -> None:
    simulator = paid(fault)
    assert ask(simulator).status is Status.UNKNOWN
    simulator.faults.clear()
    assert ask(simulator).status is Status.PAID


def test_without_a_callback_the_question_still_proves() -> None:
    simulator = paid(Fault.NO_CALLBACK)
    assert simulator.take_due() == ()
    assert ask(simulator).status is Status.PAID


def test_case_36_a_bell_that_rings_twice_has_one_event_key() -> None:
    simulator = paid(Fault.CALLBACK_TWICE)
    bells = simulator.take_due()
    assert [received(bell).event_key for bell in bells] == [received(bells[0]).event_key] * 2
    first = settle(order(), FIRST, ask(simulator))
    assert isinstance(first, Apply)
    assert settle(order(first.fact), FIRST, ask(simulator)) == Duplicate()


def test_case_44_a_bell_may_ring_before_the_answer_to_create_has_come() -> None:
    rung: list[Pushback] = []
    simulator = bank(Fault.CALLBACK_EARLY, deliver=rung.append)
    issued(simulator)
    assert received(rung[0]).order_ref == FIRST
    assert ask(simulator).status is Status.PAID


def test_a_late_bell_waits() -> None:
    clock = Hands()
    simulator = issued(bank(Fault.CALLBACK_LATE, clock=clock))
    simulator.pay(FIRST)
    assert simulator.take_due() == ()
    clock.now += timedelta(minutes=2)
    assert len(simulator.take_due()) == 1


def test_case_08_a_bell_with_a_wrong_signature_is_rejected() -> None:
    (bell,) = paid(Fault.BAD_SIGNATURE).take_due()
    with pytest.raises(Rejected):
        received(bell)


def test_case_57_after_its_lifetime_the_bank_turns_money_away() -> None:
    clock = Hands()
    simulator = issued(bank(clock=clock))
    clock.now += timedelta(days=1, seconds=1)
    assert not simulator.pay(FIRST)
    assert ask(simulator).status is Status.PENDING
    assert simulator.open_payments() == ()


def test_case_72_beyond_its_window_the_bank_has_never_heard_of_it() -> None:
    clock = Hands()
    simulator = issued(bank(clock=clock))
    clock.now += timedelta(days=8)
    assert (ask(simulator).status, ask(simulator).remark) == (Status.UNKNOWN, "not-found")


def call(simulator: AbaBank, name: str, **fields: Any) -> Any:
    reply = simulator.post(
        "https://bank.example" + PREFIX + name, json=json.dumps(fields).encode(), headers={}, timeout=1
    )
    return json.loads(reply.body)["status"]["code"] if reply.body.startswith(b"{") else reply.status


@pytest.mark.parametrize(
    ("name", "code"), [("generate-qr", 1), ("check-transaction-2", 5), ("close-transaction", 1), ("purchase", 404)]
)
def test_a_request_with_a_wrong_hash_gets_the_code_of_its_call(name: str, code: int) -> None:
    fields = {"req_time": "20261125023330", "merchant_id": MERCHANT, "tran_id": FIRST, "hash": "x"}
    assert call(bank(), name, **fields) == code


def test_a_stale_request_is_refused() -> None:
    simulator = issued(bank())
    told = rail().query(BILL, now=NOW + timedelta(hours=1), http=simulator)
    assert (told.status, told.remark) == (Status.UNKNOWN, "merchant-profile")


def visit(simulator: AbaBank, method: str = "GET", path: str = "/", body: bytes = b"") -> tuple[str, bytes]:
    said: list[str] = []

    def start(status: str, *_: object) -> Callable[[bytes], object]:
        said.append(status)
        return lambda data: None

    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
    }  # fmt: skip
    app = bank_app(simulator, silence=lambda seconds: None)
    answer = b"".join(app(environ, start))
    return said[0], answer


def test_the_page_lists_what_waits_and_one_click_pays() -> None:
    simulator = issued(bank())
    status, page = visit(simulator)
    assert status == "200 OK"
    assert FIRST.encode() in page
    assert "ទូទាត់ · Pay".encode() in page
    assert b"320,000 KHR" in page
    assert visit(simulator, "POST", "/pay", f"tran_id={FIRST}".encode())[0] == "303 See Other"
    assert ask(simulator).status is Status.PAID
    assert b"APPROVED" in visit(simulator)[1]


def test_the_page_switches_faults_on_and_off_and_ignores_what_it_does_not_know() -> None:
    simulator = bank()
    for expected in ({Fault.BROKEN}, set()):
        visit(simulator, "POST", "/fault", b"fault=broken")
        assert simulator.faults == expected
    visit(simulator, "POST", "/fault", b"fault=no-such")
    visit(simulator, "POST", "/pay", b"tran_id=no-such")
    assert simulator.faults == set()


def test_the_page_escapes_what_a_request_brought_in() -> None:
    simulator = issued(bank())
    simulator.transactions["<b>"] = simulator.transactions.pop(FIRST)
    simulator.transactions["<b>"].tran_id = "<b>"
    assert b"<b>" not in visit(simulator)[1]


def test_the_api_speaks_over_wsgi_and_stays_silent_when_told_to() -> None:
    simulator = bank(Fault.TIMEOUT_AFTER_SUCCESS)
    assert visit(simulator, "POST", PREFIX + "check-transaction-2", b"{}")[0].startswith("504")
    simulator.faults.clear()
    assert b'"code": 5' in visit(simulator, "POST", PREFIX + "check-transaction-2", b"{}")[1]
    assert visit(simulator, "GET", "/nowhere")[0].startswith("404")
    assert visit(simulator, "POST", "/pay", b"x" * 70_000)[0].startswith("413")
