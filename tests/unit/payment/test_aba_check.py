"""Reading the bank's answer to our question. Numbers are those of the adversarial cases in payments.md section 12."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel.money import Money
from chalicelib.payment.model import Bill, HttpFailed, HttpReply, Notice, Status, Trust
from chalicelib.payment.settle import Apply, Park, settle
from tests.unit.payment.orders import DUE, FIRST, NOW, order, rail
from tests.unit.payment.vectors import vectors

RIEL = Bill(FIRST, Money(DUE, "KHR"))
DOLLARS = Bill(FIRST, Money(8500, "USD"))


def data(**changes: Any) -> dict[str, Any]:
    values = {
        "payment_status_code": 0,
        "total_amount": DUE,
        "original_amount": DUE,
        "refund_amount": 0,
        "discount_amount": 0,
        "payment_amount": DUE,
        "payment_currency": "KHR",
        "apv": "753786",
        "payment_status": "APPROVED",
        "transaction_date": "2026-11-25 09:33:30",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not ...}


def envelope(code: Any = "00", tran_id: str = FIRST, **changes: Any) -> bytes:
    return json.dumps({"data": data(**changes), "status": {"code": code, "message": "m", "tran_id": tran_id}}).encode()


class Answering:
    """An `Http` with one answer."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.reply = HttpReply(status, {}, body)

    def post(self, url: str, **_: Any) -> HttpReply:
        return self.reply


class Silent:
    """An `Http` without an answer."""

    def post(self, url: str, **_: Any) -> HttpReply:
        raise HttpFailed("timed out")


def ask(body: bytes, bill: Bill = RIEL, status: int = 200) -> Notice:
    return rail().query(bill, now=NOW, http=Answering(body, status))


def test_approved_in_full_is_paid_and_settles() -> None:
    told = ask(envelope())
    assert (told.status, told.trust, told.amount_minor, told.currency) == (Status.PAID, Trust.AUTHORITATIVE, DUE, "KHR")
    assert (told.bank_ref, told.paid_at, told.bank_keeps_expiry) == (f"{FIRST}:753786", None, True)
    assert isinstance(settle(order(), FIRST, told), Apply)


def test_the_creation_time_of_a_transaction_is_never_taken_for_the_time_of_payment() -> None:
    assert ask(envelope(transaction_date="2020-01-01 00:00:00")).paid_at is None


@pytest.mark.parametrize("figure", ["85", "85.0", "85.00"])
def test_dollars_are_read_from_the_literal(figure: str) -> None:
    body = envelope(payment_currency="USD").replace(str(DUE).encode(), figure.encode())
    told = ask(body, DOLLARS)
    assert (told.status, told.amount_minor, told.currency) == (Status.PAID, 8500, "USD")


def test_an_approval_without_a_code_is_named_by_its_reference() -> None:
    assert ask(envelope(apv="")).bank_ref == FIRST


@pytest.mark.parametrize("vector", vectors("status_response"))
def test_vector_of_a_status_response(vector: dict[str, Any]) -> None:
    body = json.loads(json.dumps(vector["body"]))
    body["status"]["tran_id"] = FIRST
    told = ask(json.dumps(body).encode(), Bill(FIRST, Money(100, "USD")))
    assert told.status is {"aba-check-pending": Status.PENDING, "aba-check-preauth": Status.HELD}[vector["id"]]


STATUSES: list[tuple[str, bytes, Status]] = [
    ("59 code 0 with PRE-AUTH", envelope(payment_status="PRE-AUTH"), Status.HELD),
    ("60 missing status code", envelope(payment_status_code=...), Status.UNKNOWN),
    ("60 null status code", envelope(payment_status_code=None), Status.UNKNOWN),
    ("60 text status code", envelope(payment_status_code="0"), Status.UNKNOWN),
    ("60 false status code", envelope(payment_status_code=False), Status.UNKNOWN),
    ("60 0.0", envelope().replace(b'"payment_status_code": 0', b'"payment_status_code": 0.0'), Status.UNKNOWN),
    ("60 not found", json.dumps({"status": {"code": 6, "message": "not found"}}).encode(), Status.UNKNOWN),
    ("60 not found, with data", envelope(code="6"), Status.UNKNOWN),
    ("60 envelope 0 is not 00", envelope(code="0"), Status.UNKNOWN),
    ("60 envelope number 0", envelope(code=0), Status.UNKNOWN),
    ("60 missing amount", envelope(original_amount=...), Status.UNKNOWN),
    ("61 success, data pending", envelope(payment_status_code=2, payment_status="PENDING"), Status.PENDING),
    ("62 success words, no data", json.dumps({"status": {"code": "00", "tran_id": FIRST}}).encode(), Status.UNKNOWN),
    (
        "62 success words, null data",
        b'{"data":null,"status":{"code":"00","tran_id":"%b"}}' % FIRST.encode(),
        Status.UNKNOWN,
    ),
    ("62 success words, list", b'{"data":[],"status":{"code":"00","tran_id":"%b"}}' % FIRST.encode(), Status.UNKNOWN),
    ("63 code 9", envelope(payment_status_code=9), Status.UNKNOWN),
    ("63 new word", envelope(payment_status="SETTLED"), Status.UNKNOWN),
    ("63 code and word disagree", envelope(payment_status_code=2), Status.UNKNOWN),
    ("64 declined", envelope(payment_status_code=3, payment_status="DECLINED"), Status.FAILED),
    ("64 cancelled", envelope(payment_status_code=7, payment_status="CANCELLED"), Status.CANCELLED),
    ("66 refunded", envelope(payment_status_code=4, payment_status="REFUNDED", refund_amount=DUE), Status.REFUNDED),
    (
        "67 part of it",
        envelope(payment_status_code=4, payment_status="REFUNDED", refund_amount=9),
        Status.PART_REFUNDED,
    ),
    ("67 approved, part gone back", envelope(refund_amount=9), Status.PART_REFUNDED),
    ("67 approved, all gone back", envelope(refund_amount=DUE), Status.REFUNDED),
    ("67 refunded, no amount", envelope(payment_status_code=4, payment_status="REFUNDED"), Status.UNKNOWN),
    ("69 about another transaction", envelope(tran_id="17394277693"), Status.UNKNOWN),
    ("71 wrong hash", envelope(code=5), Status.UNKNOWN),
    ("71 throttled in the envelope", envelope(code=429), Status.UNKNOWN),
    ("71 HTML page", b"<!doctype html><title>Maintenance</title>", Status.UNKNOWN),
    ("71 empty", b"", Status.UNKNOWN),
    ("71 too large", b" " * 100_000 + envelope(), Status.UNKNOWN),
    ("51 riel with decimals", envelope(original_amount=100.5), Status.UNKNOWN),
    ("51 negative", envelope(original_amount=-1), Status.UNKNOWN),
    ("23 exponent", envelope().replace(str(DUE).encode(), b"32e4"), Status.UNKNOWN),
    ("23 NaN", envelope().replace(str(DUE).encode(), b"NaN"), Status.UNKNOWN),
    ("23 too many digits", envelope().replace(str(DUE).encode(), b"9" * 5000), Status.UNKNOWN),
    ("20 duplicate key", envelope()[:-1] + b',"status":{}}', Status.UNKNOWN),
    ("24 Khmer digits", envelope(original_amount="៣២០០០០"), Status.UNKNOWN),
    ("21 approval code of another type", envelope(apv={}), Status.UNKNOWN),
]


@pytest.mark.parametrize(("body", "expected"), [case[1:] for case in STATUSES], ids=[case[0] for case in STATUSES])
def test_adversarial(body: bytes, expected: Status) -> None:
    assert ask(body).status is expected


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 429, 500, 502, 503])
def test_case_71_any_other_http_status_is_unknown_even_with_a_perfect_body(status: int) -> None:
    told = ask(envelope(), status=status)
    assert (told.status, told.remark) == (Status.UNKNOWN, f"http-{status}")


def test_case_71_no_answer_is_unknown() -> None:
    told = rail().query(RIEL, now=NOW, http=Silent())
    assert (told.status, told.remark) == (Status.UNKNOWN, "no-answer")


def test_case_69_an_answer_about_another_transaction_raises_an_alarm() -> None:
    told = ask(envelope(tran_id="17394277693"))
    assert (told.remark, told.alarm) == ("other-transaction", True)


PARKED: list[tuple[str, bytes, Bill, str]] = [
    ("46 paid one less", envelope(payment_amount=DUE - 1), RIEL, "underpaid"),
    ("46 billed one less", envelope(original_amount=DUE - 1, total_amount=DUE - 1), RIEL, "underpaid"),
    ("47 paid one more", envelope(payment_amount=DUE + 1), RIEL, "overpaid"),
    ("48 bill was in dollars", envelope(payment_currency="USD"), RIEL, "currency"),
    ("48 bill says so itself", envelope(original_currency="USD"), RIEL, "currency"),
    ("48 a currency we do not know", envelope(original_currency="ZZZ"), RIEL, "amount-unknown"),
    ("50 riel times a hundred", envelope(original_amount=DUE * 100, total_amount=DUE * 100), RIEL, "overpaid"),
    ("52 discount", envelope(total_amount=DUE - 20_000, payment_amount=DUE - 20_000), RIEL, "underpaid"),
    ("52 discount down to what is due", envelope(original_amount=DUE + 20_000), RIEL, "overpaid"),
]


@pytest.mark.parametrize(("body", "bill", "reason"), [case[1:] for case in PARKED], ids=[case[0] for case in PARKED])
def test_adversarial_amounts_are_parked(body: bytes, bill: Bill, reason: str) -> None:
    verdict = settle(order(), FIRST, ask(body, bill))
    assert isinstance(verdict, Park)
    assert verdict.reason == reason


def test_case_49_a_charge_converted_by_the_payers_bank_does_not_matter() -> None:
    body = envelope(original_amount=85, total_amount=85, payment_amount=340_000, payment_currency="KHR")
    told = ask(body, DOLLARS)
    assert isinstance(settle(order(amount=8500, currency="USD"), FIRST, told), Apply)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(data())), anything)
def test_whatever_stands_in_one_field_the_answer_is_read_or_unknown(field: str, value: Any) -> None:
    told = ask(envelope(**{field: value}))
    unchanged = data()[field] == value and type(value) is type(data()[field])
    if told.status is Status.PAID and field in ("payment_status_code", "payment_status"):
        assert unchanged


@given(st.binary(max_size=100))
def test_noise_is_unknown(body: bytes) -> None:
    assert ask(body).status is Status.UNKNOWN
