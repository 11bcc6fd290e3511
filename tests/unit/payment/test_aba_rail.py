"""What we ask of ABA, and what we make of a created QR. Numbers are cases of payments.md section 12."""

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.kernel.money import Money
from chalicelib.payment.model import (
    AlreadyCreated,
    Answer,
    BadConfiguration,
    Bill,
    CreateRefused,
    HttpFailed,
    HttpReply,
)
from chalicelib.payment.rails import aba_wire
from chalicelib.payment.rails.aba import AbaPayWay
from infra.local.banks.aba import AbaBank
from infra.local.banks.model import Fault
from tests.unit.payment.orders import (
    API_KEY,
    CALLBACK,
    DUE,
    FIRST,
    MERCHANT,
    NOW,
    SECOND,
    rail,
)
from tests.unit.payment.vectors import vectors

parse = json.loads  # `json` is the name of a parameter of `Http.post`
BILL = Bill(FIRST, Money(DUE, "KHR"))


def bank(**changes: Any) -> AbaBank:
    values: dict[str, Any] = {"merchant_id": MERCHANT, "api_key": API_KEY, "clock": lambda: NOW, "randomness": bytes}
    return AbaBank(**{**values, **changes})


class Recording:
    """An `Http` that keeps what was sent and gives one answer."""

    def __init__(self, body: bytes = b"{}", status: int = 200) -> None:
        self.sent: list[tuple[str, dict[str, Any], float]] = []
        self.reply = HttpReply(status, {}, body)

    def post(self, url: str, *, json: bytes | None, headers: Any, timeout: float) -> HttpReply:
        self.sent.append((url, parse(json or b"{}"), timeout))
        return self.reply


def test_a_bill_becomes_a_qr_exactly_as_the_bank_issued_it() -> None:
    simulator = bank()
    issued = rail().create(BILL, now=NOW, http=simulator)
    qr = simulator.transactions[FIRST].qr
    assert issued.qr == qr
    assert issued.bill == BILL
    assert issued.qr_sha256 == hashlib.sha256(qr.encode()).hexdigest()
    assert issued.qr_md5 == hashlib.md5(qr.encode(), usedforsecurity=False).hexdigest()
    assert (issued.issued_at, issued.expires_at) == (NOW, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("amount", "text"), [(Money(DUE, "KHR"), "320000"), (Money(8500, "USD"), "85.00"), (Money(8550, "USD"), "85.50")]
)
def test_the_amount_is_the_same_text_in_body_and_hash(amount: Money, text: str) -> None:
    http = Recording()
    with pytest.raises(HttpFailed):
        rail().create(Bill(FIRST, amount), now=NOW, http=http)
    url, body, timeout = http.sent[0]
    assert url == "https://checkout-sandbox.payway.com.kh/api/payment-gateway/v1/payments/generate-qr"
    assert (body["amount"], body["currency"], body["req_time"], timeout) == (
        text,
        amount.currency,
        "20261125023330",
        8.0,
    )
    assert base64.b64decode(body["callback_url"]).decode() == CALLBACK
    signed = [str(body.get(name, "")) for name in aba_wire.SIGNED_ORDER["generate-qr"]]
    assert body["hash"] == aba_wire.sign(API_KEY.encode(), signed)


def test_nothing_about_a_person_is_ever_sent_and_the_reference_comes_back() -> None:
    http = Recording()
    with pytest.raises(HttpFailed):
        rail().create(BILL, now=NOW, http=http)
    body = http.sent[0][1]
    assert not {"first_name", "last_name", "email", "phone", "items", "custom_fields"} & set(body)
    assert body["return_params"] == body["tran_id"] == FIRST


def test_a_field_that_the_call_does_not_sign_is_never_sent() -> None:
    with pytest.raises(ValueError, match="does not sign ctid"):
        aba_wire.request_body(b"k", "generate-qr", {"ctid": "1"})


@pytest.mark.parametrize(
    "amount", [Money(100, "KHR"), Money(0, "KHR"), Money(-1, "KHR"), Money(0, "USD"), Money(85, "EUR")]
)
def test_case_51_an_amount_the_bank_would_refuse_is_not_sent(amount: Money) -> None:
    http = Recording()
    with pytest.raises(ValueError, match=r"amount|currency"):
        rail().create(Bill(FIRST, amount), now=NOW, http=http)
    assert not http.sent


def test_a_reference_that_is_not_ours_is_not_sent() -> None:
    with pytest.raises(ValueError, match="reference"):
        rail().create(Bill("17425401324", Money(DUE, "KHR")), now=NOW, http=Recording())


def test_case_73_a_lost_answer_is_asked_for_again_under_the_same_reference_and_then_known_to_exist() -> None:
    simulator = bank(faults={Fault.TIMEOUT_AFTER_SUCCESS})
    with pytest.raises(HttpFailed):
        rail().create(BILL, now=NOW, http=simulator)
    simulator.faults.clear()
    with pytest.raises(AlreadyCreated):
        rail().create(BILL, now=NOW, http=simulator)
    assert rail().close(BILL, now=NOW, http=simulator)
    assert not simulator.pay(FIRST)
    assert rail().create(Bill(SECOND, BILL.amount), now=NOW, http=simulator).bill.reference == SECOND


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.BROKEN, Fault.HTML_PAGE])
def test_case_71_a_bank_out_of_order_can_be_asked_again(fault: Fault) -> None:
    simulator = bank(faults={fault})
    with pytest.raises(HttpFailed):
        rail().create(BILL, now=NOW, http=simulator)
    assert not rail().query(BILL, now=NOW, http=simulator).alarm
    simulator.faults.clear()
    assert rail().create(BILL, now=NOW, http=simulator).qr


@pytest.mark.parametrize(
    ("code", "http_status", "error"),
    [
        (403, 200, AlreadyCreated),
        (403, 403, AlreadyCreated),
        ("403", 200, AlreadyCreated),
        (429, 200, HttpFailed),
        (8, 200, HttpFailed),
        (1, 200, CreateRefused),
        (6, 200, CreateRefused),
        (47, 200, CreateRefused),
        (102, 400, CreateRefused),
        ("0", 500, HttpFailed),
        ("0", 302, CreateRefused),
        (None, 200, CreateRefused),
    ],
)
def test_codes_mean_what_they_mean_on_this_call(code: Any, http_status: int, error: type[Exception]) -> None:
    http = Recording(json.dumps({"status": {"code": code, "message": "m"}}).encode(), http_status)
    with pytest.raises(error):
        rail().create(BILL, now=NOW, http=http)


def created(**changes: Any) -> bytes:
    simulator = bank()
    rail().create(BILL, now=NOW, http=simulator)
    body = {
        "status": {"code": "0"}, "amount": DUE, "currency": "KHR", "qrString": simulator.transactions[FIRST].qr,
        "abapay_deeplink": "abamobilebank://ababank.com?type=payway&qrcode=x", **changes,
    }  # fmt: skip
    return json.dumps({name: value for name, value in body.items() if value is not ...}).encode()


def test_a_number_with_a_zero_fraction_is_the_same_amount() -> None:
    assert rail().create(BILL, now=NOW, http=Recording(created(amount=320000.0))).bill == BILL


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": DUE - 1}, {"amount": "x"}, {"amount": ...}, {"currency": "USD"}, {"currency": ...},
        {"qrString": ...}, {"qrString": ""}, {"qrString": 7}, {"qrString": "00020101021230"},
    ],
    ids=str,
)  # fmt: skip
def test_a_qr_that_is_not_what_we_asked_for_reaches_nobody(changes: dict[str, Any]) -> None:
    with pytest.raises(CreateRefused, match="qr-not-as-asked"):
        rail().create(BILL, now=NOW, http=Recording(created(**changes)))


@pytest.mark.parametrize("other", [Bill(FIRST, Money(DUE * 10, "KHR")), Bill(FIRST, Money(DUE, "USD"))])
def test_a_genuine_qr_of_another_amount_or_currency_is_refused(other: Bill) -> None:
    simulator = bank()
    rail().create(other, now=NOW, http=simulator)
    with pytest.raises(CreateRefused, match="qr-not-as-asked"):
        rail().create(BILL, now=NOW, http=Recording(created(qrString=simulator.transactions[FIRST].qr)))


def test_a_deeplink_that_leads_elsewhere_is_dropped() -> None:
    issued = rail().create(BILL, now=NOW, http=Recording(created(abapay_deeplink="https://elsewhere.example")))
    assert issued.deeplink == ""


def test_closing_is_true_only_if_the_bank_says_so() -> None:
    simulator = bank()
    assert not rail().close(BILL, now=NOW, http=simulator)
    rail().create(BILL, now=NOW, http=simulator)
    assert rail().close(BILL, now=NOW, http=simulator)
    assert not rail().close(BILL, now=NOW, http=Recording(b"<html>"))


def test_the_answer_to_the_bank_says_nothing_about_the_order() -> None:
    assert [rail().ack(answer).status for answer in Answer] == [200, 401, 503]
    assert all(len(rail().ack(answer).body) < 30 for answer in Answer)


def test_a_callback_address_too_long_for_the_bank_stops_the_start() -> None:
    ring = rail()
    with pytest.raises(BadConfiguration, match="too long"):
        AbaPayWay(config=ring.config, keys=ring.keys, callback_url="https://office.example/" + "x" * 200)


def test_the_wrong_configuration_stops_the_start() -> None:
    with pytest.raises(BadConfiguration, match="wing"):
        rail(rail="wing")


@pytest.mark.parametrize("vector", vectors("request_hash"))
def test_vector_of_a_request_hash(vector: dict[str, Any]) -> None:
    assert "".join(vector["values"]) == vector["preimage"]
    assert aba_wire.sign(vector["api_key"].encode(), vector["values"]) == vector["expected"]
    order = aba_wire.SIGNED_ORDER.get(vector["operation"])
    if order is not None:
        assert list(order) == vector["field_order"]
        fields = dict(zip(order, vector["values"], strict=True))
        assert aba_wire.request_hash(vector["api_key"].encode(), vector["operation"], fields) == vector["expected"]
    if "LEGACY" in vector["operation"]:
        with_time = dict(zip(vector["field_order"], vector["values"], strict=True)) | {"req_time": "20260101000000"}
        ours = aba_wire.request_hash(vector["api_key"].encode(), "check-transaction-2", with_time)
        assert ours != vector["expected"]
