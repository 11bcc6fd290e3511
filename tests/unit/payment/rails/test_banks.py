"""Every rail against its simulated bank, on good days and bad. Numbers are cases of payments.md section 12."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.contracts.events import AttemptIssued, AttemptOpened
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.money import Money
from chalicelib.payment.model import Bill, Delivery, HttpFailed, Issued, Notice, Order, Rejected, Status, Trust
from chalicelib.payment.settle import Apply, Duplicate, Park, settle
from infra.local.bank_page import bank_app
from infra.local.banks.acleda import AcledaApp, AcledaBank
from infra.local.banks.bakong import BakongBank, NotAQr
from infra.local.banks.counter import Counter
from infra.local.banks.ipay88 import IPay88Bank
from infra.local.banks.model import Fault, Pushback
from infra.local.banks.till import Payment
from infra.local.banks.wing import WingApp, WingBank
from tests.unit.payment.orders import FIRST, NOW, opened, recorded
from tests.unit.payment.rails.setting import ACCOUNT, DOLLARS, PASSWORD, SECRET, rail
from tests.unit.payment.test_bank import Counting, Hands

PROVING = ("khqr", "acleda", "wing-v1", "wing-v2", "wing-mini", "ipay88")
RINGING = ("acleda", "acleda-mobile", "wing-v1", "wing-v2", "wing-mini", "ipay88")


@dataclass
class Office:
    """One rail and its bank, and an order of 85 dollars."""

    name: str
    clock: Hands = field(default_factory=Hands)

    def __post_init__(self) -> None:
        self.rail: Any = rail(self.name, **({"show": "khqr-page"} if self.name == "acleda" else {}))
        around: dict[str, Any] = {"clock": self.clock, "randomness": Counting()}
        callback = self.rail.callback_url
        banks: dict[str, Callable[[], Any]] = {
            "khqr": lambda: BakongBank(token=SECRET, **around),
            "acleda": lambda: AcledaBank(
                merchant_path="IPOFFICE", merchant_id="IPOFFICE", login_id="remoteuser", password=PASSWORD,
                secret=SECRET, **around,
            ),
            "acleda-mobile": lambda: AcledaApp(secret=SECRET, key=PASSWORD, callback_url=callback, **around),
            "wing-v1": lambda: WingBank(
                username="online.ip", rest_api_key=SECRET, bill_till="5004", password=PASSWORD, **around
            ),
            "wing-v2": lambda: WingBank(
                username="online.ip", rest_api_key=SECRET, bill_till="5004", password=PASSWORD, **around
            ),
            "wing-mini": lambda: WingApp(app_id="WG_APPID_0001", secret=SECRET, callback_url=callback, **around),
            "ipay88": lambda: IPay88Bank(merchant_code="KH00001", merchant_key=SECRET, **around),
        }  # fmt: skip
        self.bank: Any = banks[self.name]()
        self.bill: Bill = replace(DOLLARS, amount=Money(8500, "USD"))
        self.reference = FIRST

    def issue(self) -> Issued:
        """Something to pay by, and the payer at the bank with it."""
        issued: Issued = self.rail.create(self.bill, now=self.clock(), http=self.bank)
        self.bill = replace(self.bill, qr_md5=issued.qr_md5, token=issued.token)
        if self.name == "khqr":
            self.reference = self.bank.scan(issued.qr).tran_id
        elif self.name == "acleda-mobile":
            self.bank.follow(issued.deeplink)
        elif self.name == "wing-mini":
            self.bank.bridge(FIRST, *(self.bank_amount()))
        elif issued.form is not None:
            self.bank.enter(issued.form)
        return issued

    def bank_amount(self) -> Any:
        from decimal import Decimal

        return Decimal(self.bill.amount.decimal), self.bill.amount.currency

    def paid(self, *faults: Fault) -> "Office":
        self.issue()
        self.bank.faults.update(faults)
        self.clock.now += timedelta(minutes=5)
        assert self.bank.pay(self.reference)
        return self

    def ask(self) -> Notice:
        told: Notice = self.rail.query(self.bill, now=self.clock(), http=self.bank)
        return told

    def heard(self, bell: Pushback) -> Notice:
        told: Notice = self.rail.verify(Delivery(tuple(bell.headers.items()), (), bell.body), now=self.clock())
        return told

    def order(self, *more: Any) -> Order:
        issued = AttemptIssued(attempt=1, reference=FIRST, qr_sha256="0" * 64, qr_md5=self.bill.qr_md5 or "0" * 32,
                               expires_at=stamp(NOW + timedelta(hours=1)))  # fmt: skip
        facts = [opened(8500, "USD"), AttemptOpened(attempt=1, rail=self.name, reference=FIRST), issued, *more]
        return Order.fold(recorded(fact) for fact in facts)

    def settled(self, *more: Any) -> Any:
        return settle(self.order(*more), FIRST, self.ask(), payees=frozenset({ACCOUNT}))


@pytest.mark.parametrize("name", PROVING)
def test_before_anybody_paid_there_is_no_money_and_after_it_our_own_question_proves_it(name: str) -> None:
    office = Office(name)
    office.issue()
    assert office.ask().status in (Status.PENDING, Status.UNKNOWN)
    assert not office.ask().alarm
    office.clock.now += timedelta(minutes=5)
    assert office.bank.pay(office.reference)
    assert (office.ask().status, office.ask().trust) == (Status.PAID, Trust.AUTHORITATIVE)
    assert isinstance(office.settled(), Apply)


@pytest.mark.parametrize("name", PROVING)
def test_case_36_the_same_answer_again_is_the_same_movement_of_money(name: str) -> None:
    office = Office(name).paid()
    first = office.settled()
    assert office.settled(first.fact) == Duplicate()


@pytest.mark.parametrize("name", RINGING)
def test_a_payment_rings_once_and_a_ring_alone_is_never_evidence(name: str) -> None:
    office = Office(name).paid()
    (bell,) = office.bank.take_due()
    assert bell.url == office.rail.callback_url
    told = office.heard(bell)
    assert (told.order_ref, told.trust is Trust.AUTHORITATIVE) == (FIRST, False)
    assert office.bank.take_due() == ()


@pytest.mark.parametrize("name", RINGING)
def test_case_36_a_bell_that_rings_twice_has_one_event_key(name: str) -> None:
    office = Office(name).paid(Fault.CALLBACK_TWICE)
    keys = [office.heard(bell).event_key for bell in office.bank.take_due()]
    assert keys == [keys[0]] * 2


@pytest.mark.parametrize("name", RINGING)
def test_a_bell_may_be_late_or_never_come_and_the_question_proves_all_the_same(name: str) -> None:
    for fault, bells in ((Fault.NO_CALLBACK, 0), (Fault.CALLBACK_LATE, 1)):
        office = Office(name).paid(fault)
        assert office.bank.take_due() == ()
        office.clock.now += timedelta(minutes=2)
        assert len(office.bank.take_due()) == bells
        if name in PROVING:
            assert office.ask().status is Status.PAID


@pytest.mark.parametrize("name", ["acleda-mobile", "wing-v1", "wing-mini", "ipay88"])
def test_case_08_a_forged_bell_is_refused(name: str) -> None:
    office = Office(name).paid(Fault.BAD_SIGNATURE)
    with pytest.raises(Rejected):
        office.heard(office.bank.take_due()[0])


PARKED = {Fault.SHORT_AMOUNT: "underpaid", Fault.OVER_AMOUNT: "overpaid", Fault.WRONG_CURRENCY: "currency"}


@pytest.mark.parametrize("name", [name for name in PROVING if name != "ipay88"])
@pytest.mark.parametrize("fault", PARKED)
def test_cases_46_47_and_48_money_that_is_not_what_is_due_is_parked(name: str, fault: Fault) -> None:
    verdict = Office(name).paid(fault).settled()
    assert isinstance(verdict, Park)
    assert verdict.reason == PARKED[fault]


@pytest.mark.parametrize("name", ["khqr", "acleda", "wing-v1"])
def test_case_48_a_fraction_of_a_riel_is_no_amount_and_is_parked_all_the_same(name: str) -> None:
    office = Office(name)
    office.bill = replace(office.bill, amount=Money(8550, "USD"))
    verdict = office.paid(Fault.WRONG_CURRENCY).settled()
    assert isinstance(verdict, Park)
    assert (verdict.reason, verdict.fact.amount) == ("amount-unknown", None)


@pytest.mark.parametrize("fault", PARKED)
def test_case_46_an_aggregator_that_answers_in_one_word_says_that_the_amount_is_another(fault: Fault) -> None:
    told = Office("ipay88").paid(fault).ask()
    assert (told.status, told.remark, told.alarm) == (Status.UNKNOWN, "other-amount", True)


def test_case_53_money_at_another_account_is_parked_with_an_alarm() -> None:
    verdict = Office("khqr").paid(Fault.WRONG_PAYEE).settled()
    assert isinstance(verdict, Park)
    assert (verdict.reason, verdict.alarm) == ("payee", True)


def test_case_55_a_code_paid_twice_is_two_movements_of_money() -> None:
    office = Office("khqr").paid()
    first = office.settled()
    office.bank.pay(office.reference)
    again = office.settled(first.fact)
    assert isinstance(again, Park)
    assert again.reason == "already-paid"


def test_case_57_a_payers_app_turns_an_expired_code_away_and_money_taken_all_the_same_is_parked() -> None:
    office = Office("khqr")
    office.issue()
    office.clock.now += timedelta(minutes=61)
    assert not office.bank.pay(office.reference)
    office.bank.faults.add(Fault.TAKES_LATE)
    assert office.bank.pay(office.reference)
    verdict = office.settled()
    assert isinstance(verdict, Park)
    assert verdict.reason == "late"


OUT_OF_ORDER = (
    Fault.THROTTLED, Fault.BROKEN, Fault.HTML_PAGE, Fault.TIMEOUT_AFTER_SUCCESS, Fault.WRONG_ENVELOPE,
    Fault.OTHER_TRANSACTION,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fault"),
    [(name, fault) for name in PROVING for fault in OUT_OF_ORDER
     if (name, fault) != ("ipay88", Fault.OTHER_TRANSACTION)],  # its one word names no transaction
)  # fmt: skip
def test_cases_62_69_and_71_a_bank_out_of_order_leaves_it_unknown_until_it_recovers(name: str, fault: Fault) -> None:
    office = Office(name).paid(fault)
    assert office.ask().status is Status.UNKNOWN
    office.bank.faults.clear()
    assert office.ask().status is Status.PAID


@pytest.mark.parametrize("name", ["acleda", "wing-v2"])
def test_case_73_a_create_whose_answer_was_lost_is_asked_for_again_under_the_same_reference(name: str) -> None:
    office = Office(name)
    office.bank.faults.add(Fault.TIMEOUT_AFTER_SUCCESS)
    with pytest.raises(HttpFailed):
        office.issue()
    office.bank.faults.clear()
    assert office.issue().bill.reference == FIRST
    assert [reference for _, reference in office.bank.calls] == [FIRST, FIRST]


def test_case_44_a_bell_may_ring_before_the_answer_to_create_has_come() -> None:
    office = Office("wing-v2")
    office.bank.faults.add(Fault.CALLBACK_EARLY)
    office.issue()
    assert office.heard(office.bank.take_due()[0]).order_ref == FIRST


def test_case_85_a_static_code_is_not_paid_and_the_bank_says_so() -> None:
    office = Office("khqr")
    static = "00020101021129270010kimhak@dev01091234567895204599953031165802KH5906Kimhak6010Phnom Penh63042592"
    for wrong in (static, "hello", static[:-1] + "0"):
        with pytest.raises(NotAQr):
            office.bank.scan(wrong)
    office.bill = replace(office.bill, qr_md5="788b9674c8474328579574d4e09452e0")
    assert office.ask().remark == "static-qr"


def test_case_70_the_list_of_bakong_tells_which_to_ask_about() -> None:
    office = Office("khqr").paid()
    other = replace(office.bill, reference="TR2", qr_md5="0" * 32)
    assert office.rail.worth_asking([office.bill, other], now=office.clock(), http=office.bank) == {FIRST}


def test_a_wrong_token_is_unauthorised_and_raises_an_alarm() -> None:
    office = Office("khqr").paid()
    office.bank.token = "another"
    assert (office.ask().status, office.ask().alarm) == (Status.UNKNOWN, True)


@pytest.mark.parametrize("name", ["wing-v1", "ipay88"])
def test_a_form_that_is_not_ours_is_not_taken(name: str) -> None:
    office = Office(name)
    issued = office.issue()
    assert issued.form is not None
    spoilt = tuple((field_name, "x" if field_name in ("rest_api_key", "Signature") else value)
                   for field_name, value in issued.form.fields)  # fmt: skip
    with pytest.raises(ValueError, match=r"merchant|Signature"):
        office.bank.enter(replace(issued.form, fields=spoilt))


# ---------------------------------------------------------------- one port, one page

Visit = tuple[str, bytes]


def visit(*banks: Any, method: str = "GET", path: str = "/", body: bytes = b"", query: str = "") -> Visit:
    said: list[str] = []

    def start(status: str, *_: object) -> Callable[[bytes], object]:
        said.append(status)
        return lambda data: None

    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body)), "QUERY_STRING": query,
               "CONTENT_TYPE": "application/json", "HTTP_AUTHORIZATION": f"Bearer {SECRET}",
               "wsgi.input": io.BytesIO(body)}  # fmt: skip
    answer = b"".join(bank_app(*banks, silence=lambda seconds: None)(environ, start))
    return said[0], answer


def test_one_page_lists_what_waits_at_every_bank_and_one_click_pays() -> None:
    khqr, acleda = Office("khqr"), Office("acleda")
    for office in (khqr, acleda):
        office.issue()
    banks = (khqr.bank, acleda.bank)
    page = visit(*banks)[1].decode()
    assert "Bakong" in page and "ACLEDA" in page and page.count("85 USD") + page.count("85.00 USD") == 2
    assert visit(*banks, method="POST", path="/pay", body=f"tran_id={FIRST}".encode())[0].startswith("303")
    assert (acleda.ask().status, khqr.ask().status) == (Status.PAID, Status.UNKNOWN)


def test_a_code_is_scanned_on_the_page_and_the_open_api_answers_on_the_same_port() -> None:
    office = Office("khqr")
    issued = office.rail.create(office.bill, now=NOW, http=office.bank)
    body = urlencode({"qr": issued.qr}).encode()
    assert visit(office.bank, method="POST", path="/scan", body=body)[0].startswith("303")
    assert visit(office.bank, method="POST", path="/scan", body=b"qr=nothing")[0].startswith("303")
    (waiting,) = office.bank.open_payments()
    assert waiting.qr == issued.qr
    asked = f'{{"md5":"{issued.qr_md5}"}}'.encode()
    status, answer = visit(office.bank, method="POST", path="/v1/check_transaction_by_md5", body=asked)
    assert status.startswith("200") and b'"errorCode": 1' in answer


def test_cash_at_the_counter_is_on_the_statement_and_nowhere_else() -> None:
    counter = Counter(clock=Hands(), randomness=Counting())
    paid = urlencode({"reference": FIRST, "amount": "320000", "currency": "KHR"}).encode()
    visit(counter, method="POST", path="/counter", body=paid)
    visit(counter, method="POST", path="/counter", body=b"reference=x&amount=much&currency=KHR")
    status, text = visit(counter, path="/statement", query="currency=KHR")
    rows = text.decode().splitlines()
    assert status == "200 OK" and rows[0].startswith("Date,Reference,Type,Details,")
    assert rows[1].startswith("25/11/2026,") and f"CASH DEPOSIT {FIRST}" in rows[1] and rows[1].endswith('"320,000",KHR')
    assert visit(counter, path="/statement", query="currency=USD")[1].decode().count("\n") == 1
    assert counter.take_due() == () and not counter.hears("/anything")


def test_a_form_of_the_payers_browser_reaches_its_bank_over_http() -> None:
    office = Office("ipay88")
    issued = office.rail.create(office.bill, now=NOW, http=office.bank)
    body = urlencode(issued.form.fields).encode()
    assert visit(office.bank, method="POST", path="/epayment/entry.asp", body=body)[0].startswith("303")
    assert [one.tran_id for one in office.bank.open_payments()] == [FIRST]
    assert visit(office.bank, method="POST", path="/epayment/entry.asp", body=b"RefNo=1")[0].startswith("400")
    assert visit(office.bank, method="POST", path="/epayment/enquiry.asp", query="RefNo=1")[1] == b"Invalid parameters"


def test_a_payment_on_the_books_says_when_it_was_made() -> None:
    moment: datetime = NOW
    assert Payment("x", office_amount := Office("ipay88").bank_amount()[0], "USD", moment, moment).amount == office_amount
