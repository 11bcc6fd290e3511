"""ACLEDA: XPAY and the mobile deep link. Numbers are cases of payments.md section 12."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.kernel.money import Money
from chalicelib.payment import khqr
from chalicelib.payment.model import (
    BadConfiguration,
    CreateRefused,
    Delivery,
    HttpFailed,
    Notice,
    Rejected,
    Status,
    Trust,
)
from chalicelib.payment.rails import acleda_mobile, known
from tests.unit.payment.orders import DUE, FIRST, NOW, SECOND
from tests.unit.payment.rails.setting import (
    DOLLARS,
    NEXT,
    OLD,
    PASSWORD,
    PUBLIC_URL,
    RIEL,
    SECRET,
    SECRETS,
    Answering,
    Silent,
    config,
    form,
    posted,
    rail,
)  # fmt: skip

TOKEN = "Lr/y10389Ww82q1Z7meWY="
BILL = replace(DOLLARS, token=TOKEN)
QR = rail("khqr").create(DOLLARS, now=NOW, http=Silent()).qr


def mac512(*values: str) -> str:
    return hmac.new(SECRET.encode(), "".join(values).encode(), hashlib.sha512).hexdigest().upper()


def opened(**changes: Any) -> dict[str, Any]:
    result = {"code": 0, "errorDetails": "SUCCESS", "sessionid": "S1", "xTran": {"paymentTokenid": TOKEN},
              "qrValue": QR, **changes}  # fmt: skip
    return {"result": {name: value for name, value in result.items() if value is not ...}}


def test_a_session_is_opened_with_the_hash_over_what_the_bank_hashes() -> None:
    http = Answering(opened())
    issued = rail("acleda").create(DOLLARS, now=NOW, http=http)
    url, body = http.sent[0][0], http.body
    assert url == ("https://epayment.acledabank.com.kh/IPOFFICE/XPAYConnectorServiceInterfaceImplV2/"
                   "XPAYConnectorServiceInterfaceImplV2RS/openSessionV2")  # fmt: skip
    assert body["hash"] == mac512("IPOFFICE", "remoteuser", PASSWORD, FIRST)
    told = body["xpayTransaction"]
    assert (told["txid"], told["purchaseAmount"], told["purchaseCurrency"]) == (FIRST, "85.50", "USD")
    assert (told["purchaseDate"], told["operationType"], told["expiryTime"]) == ("2026-11-25", "5", "60")
    assert len(told["txid"]) <= 16 and len(told["purchaseDesc"]) <= 16
    assert (issued.token, issued.qr, issued.form) == (TOKEN, QR, None)


def test_the_other_form_of_dates_is_configured() -> None:
    http = Answering(opened())
    rail("acleda", date_form="DD-MM-YYYY").create(DOLLARS, now=NOW, http=http)
    assert http.body["xpayTransaction"]["purchaseDate"] == "25-11-2026"


@pytest.mark.parametrize(("show", "card"), [("khqr-page", "0"), ("card-page", "1")])
def test_the_banks_own_page_gets_a_form(show: str, card: str) -> None:
    http = Answering(opened(qrValue=...))
    issued = rail("acleda", show=show).create(DOLLARS, now=NOW, http=http)
    assert http.body["xpayTransaction"]["paymentCard"] == card
    assert issued.form.action == "https://epayment.acledabank.com.kh/IPOFFICE/paymentPage.jsp"
    fields = dict(issued.form.fields)
    assert (fields["transactionID"], fields["paymenttokenid"], fields["sessionid"]) == (FIRST, TOKEN, "S1")
    assert fields["successUrlToReturn"] == f"{PUBLIC_URL}/v1/payments/acleda/notifications"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (opened(code=-119), 200, CreateRefused), (opened(code="0"), 200, CreateRefused), (opened(), 500, CreateRefused),
        (opened(xTran=...), 200, CreateRefused), (opened(xTran={"paymentTokenid": 7}), 200, CreateRefused),
        (opened(qrValue=...), 200, CreateRefused), (opened(qrValue=QR[:-1]), 200, CreateRefused),
        (b"<html>", 200, HttpFailed), ({}, 200, HttpFailed), ({"result": []}, 200, HttpFailed),
    ],
)  # fmt: skip
def test_a_session_that_is_not_what_we_asked_for_reaches_nobody(body: Any, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        rail("acleda").create(DOLLARS, now=NOW, http=Answering(body, status))


def test_a_genuine_qr_of_another_amount_or_currency_is_refused() -> None:
    for other in (replace(DOLLARS, amount=Money(8551, "USD")), RIEL):
        qr = rail("khqr").create(other, now=NOW, http=Silent()).qr
        with pytest.raises(CreateRefused, match="qr-not-as-asked"):
            rail("acleda").create(DOLLARS, now=NOW, http=Answering(opened(qrValue=qr)))


def status(**changes: Any) -> dict[str, Any]:
    transaction = {"txid": FIRST, "paymentTokenid": TOKEN, "purchaseAmount": 85.5, "purchaseCurrency": "USD"}
    result: dict[str, Any] = {"code": 0, "errorDetails": "SUCCESS", "xTran": transaction}
    for name, value in changes.items():
        (result if name in result else transaction)[name] = value
    result["xTran"] = {name: value for name, value in transaction.items() if value is not ...} if (
        result["xTran"] is transaction) else result["xTran"]  # fmt: skip
    return {"result": {name: value for name, value in result.items() if value is not ...}}


def ask(body: Any) -> Notice:
    told: Notice = rail("acleda").query(BILL, now=NOW, http=Answering(body))
    return told


def test_the_question_is_by_token_and_only_all_three_words_of_success_are_paid() -> None:
    http = Answering(status())
    told = rail("acleda").query(BILL, now=NOW, http=http)
    assert http.body["hash"] == mac512("IPOFFICE", "remoteuser", PASSWORD, TOKEN)
    assert (http.body["merchantId"], http.body["paymentTokenid"]) == ("IPOFFICE", TOKEN)
    assert (told.status, told.amount_minor, told.currency) == (Status.PAID, 8550, "USD")
    assert told.bank_ref.startswith(f"{FIRST}:") and TOKEN not in told.bank_ref


def test_another_session_of_the_same_reference_is_another_movement_of_money() -> None:
    other = rail("acleda").query(replace(BILL, token="t2"), now=NOW, http=Answering(status(paymentTokenid="t2")))
    assert other.bank_ref != ask(status()).bank_ref


STATUSES: list[tuple[str, Any, Status, bool]] = [
    ("62 code 0, another word", status(errorDetails="APPROVED"), Status.PENDING, False),
    ("62 success word, code 1", status(code=1), Status.PENDING, False),
    ("62 code 0 with a word of failure", status(errorDetails="FAILED"), Status.PENDING, False),
    ("62 success, no transaction", status(xTran=...), Status.UNKNOWN, True),
    ("62 success, null transaction", status(xTran=None), Status.UNKNOWN, True),
    ("60 no code", status(code=...), Status.UNKNOWN, True),
    ("60 text code", status(code="0"), Status.UNKNOWN, True),
    ("60 false for 0", status(code=False), Status.UNKNOWN, True),
    ("61 pending", status(code=1, errorDetails="PENDING"), Status.PENDING, False),
    ("63 a new word", status(code=1, errorDetails="SETTLED"), Status.PENDING, False),
    ("64 expired", status(code=1, errorDetails="EXPIRED"), Status.FAILED, False),
    ("69 another transaction", status(txid=SECOND), Status.UNKNOWN, True),
    ("69 another token", status(paymentTokenid="t2"), Status.UNKNOWN, True),
    ("69 no transaction named", status(txid=...), Status.UNKNOWN, True),
    ("62 no amount", status(purchaseAmount=...), Status.UNKNOWN, True),
    ("62 no currency", status(purchaseCurrency=...), Status.UNKNOWN, True),
    ("51 negative", status(purchaseAmount=-85.5), Status.UNKNOWN, True),
    ("48 a currency we do not know", status(purchaseCurrency="ZZZ"), Status.PAID, False),  # parked: no amount
]


@pytest.mark.parametrize(("body", "wanted", "alarm"), [case[1:] for case in STATUSES], ids=[c[0] for c in STATUSES])
def test_adversarial(body: Any, wanted: Status, alarm: bool) -> None:
    told = ask(body)
    assert (told.status, told.alarm) == (wanted, alarm)


def test_without_a_token_nobody_is_asked() -> None:
    http = Answering(status())
    told = rail("acleda").query(DOLLARS, now=NOW, http=http)
    assert (told.status, told.remark, http.sent) == (Status.UNKNOWN, "no-token", [])


RETURNED = (("_paymenttokenid", TOKEN), ("_resultCode", "0"), ("_transactionid", FIRST))


def test_case_30_a_browser_that_comes_back_rings_by_query_or_form_and_proves_nothing() -> None:
    by_query = rail("acleda").verify(Delivery((), RETURNED, b""), now=NOW)
    by_form = rail("acleda").verify(
        form(f"_paymenttokenid=Lr%2Fy10389Ww82q1Z7meWY%3D&_resultCode=0&_transactionid={FIRST}"), now=NOW
    )
    assert by_query.event_key == by_form.event_key
    assert (by_form.trust, by_form.amount_minor, by_form.bank_ref) == (Trust.DOORBELL, None, None)
    assert TOKEN not in by_form.event_key


RETURNS: list[tuple[str, Delivery]] = [
    ("29 a field twice", form(f"_paymenttokenid=t&_resultCode=0&_resultCode=1&_transactionid={FIRST}")),
    ("29 an array field", form(f"_paymenttokenid=t&_resultCode[]=0&_transactionid={FIRST}")),
    ("29 a field twice in the query", Delivery((), (*RETURNED, ("_resultCode", "1")), b"")),
    ("30 query and form", Delivery((), RETURNED, b"x=1")),
    ("17 another field", form(f"_paymenttokenid=t&_resultCode=0&_transactionid={FIRST}&amount=1")),
    ("17 a field missing", form(f"_paymenttokenid=t&_transactionid={FIRST}")),
    ("24 full-width digits", form(f"_paymenttokenid=t&_resultCode=%EF%BC%90&_transactionid={FIRST}")),
    ("25 not UTF-8", form(f"_paymenttokenid=%FF&_resultCode=0&_transactionid={FIRST}")),
    ("25 NUL", form(f"_paymenttokenid=t%00&_resultCode=0&_transactionid={FIRST}")),
    ("25 raw bytes", form(b"_paymenttokenid=\xff&_resultCode=0&_transactionid=x")),
    ("27 JSON for a form", posted({"_paymenttokenid": "t", "_resultCode": "0", "_transactionid": FIRST})),
    ("45 no reference of ours", form("_paymenttokenid=t&_resultCode=0&_transactionid=PJ0MYD2Y")),
    ("25 broken percent", form(f"_paymenttokenid=%4&_resultCode=0&_transactionid={FIRST}")),
    ("28 many fields", form("&".join(f"a{n}=1" for n in range(50)))),
]


@pytest.mark.parametrize("sent", [case[1] for case in RETURNS], ids=[case[0] for case in RETURNS])
def test_adversarial_returns(sent: Delivery) -> None:
    with pytest.raises(Rejected):
        rail("acleda").verify(sent, now=NOW)


# ---------------------------------------------------------------- mobile


def signed(key: str = SECRET, *, joined: str | None = None, **changes: Any) -> dict[str, Any]:
    body = {"TransactionId": FIRST, "PaymentTokenId": "16de81d4-b5ef-ef59", "TxnAmount": "85.50",
            "SenderName": "Test User", **changes}  # fmt: skip
    text = joined or f"{body['TransactionId']} {body['PaymentTokenId']} {body['TxnAmount']}"
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return {"SignedHash": mac, **{name: value for name, value in body.items() if value is not ...}}


def test_a_deep_link_holds_amount_currency_and_reference_enciphered() -> None:
    issued = rail("acleda-mobile").create(DOLLARS, now=NOW, http=Silent())
    query = parse_qs(urlsplit(issued.deeplink).query)
    assert issued.deeplink.startswith("ACLEDAmobile://?") and query["partner_id"] == ["ipoffice"]
    told, mac = opened_data(query["payment_data"][0]).rsplit("~", 1)
    assert json.loads(told)["txn_ref"] == FIRST
    assert (json.loads(told)["payment_amount"], json.loads(told)["payment_amount_ccy"]) == ("85.50", "USD")
    wanted = hmac.new(PASSWORD.encode(), told.encode(), hashlib.sha256).digest()
    assert mac == base64.b64encode(wanted).decode()


def opened_data(sealed: str) -> str:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    derived = hashlib.pbkdf2_hmac("sha1", PASSWORD.encode(), PASSWORD.encode(), 100, 32)
    cipher = Cipher(algorithms.AES(derived), modes.CBC(bytes.fromhex(PASSWORD))).decryptor()
    clear = cipher.update(base64.b64decode(sealed.replace("acledabankSecurityTC", "/"))) + cipher.finalize()
    return clear[: -clear[-1]].decode()


def test_a_callback_is_authentic_names_no_currency_and_nothing_can_be_asked() -> None:
    told = rail("acleda-mobile").verify(posted(signed()), now=NOW)
    assert (told.order_ref, told.trust, told.amount_minor, told.key_id) == (FIRST, Trust.AUTHENTICATED, None, "now")
    asked = rail("acleda-mobile").query(DOLLARS, now=NOW, http=Silent())
    assert (asked.status, asked.remark) == (Status.UNKNOWN, "statement-only")


def test_case_22_the_received_text_is_hashed_never_an_amount_written_anew() -> None:
    for amount in ("85.5", "85.50", "85"):
        assert rail("acleda-mobile").verify(posted(signed(TxnAmount=amount)), now=NOW)
    literal = json.dumps(signed(TxnAmount="85.50")).replace('"85.50"', "85.50").encode()
    assert rail("acleda-mobile").verify(posted(literal), now=NOW)
    with pytest.raises(Rejected):
        rail("acleda-mobile").verify(posted({**signed(TxnAmount="85.50"), "TxnAmount": "85.5"}), now=NOW)


GOOD = signed()
CALLBACKS: list[tuple[str, Delivery]] = [
    ("01 no signature", posted({name: value for name, value in GOOD.items() if name != "SignedHash"})),
    ("02 empty signature", posted({**GOOD, "SignedHash": ""})),
    ("03 amount changed", posted({**GOOD, "TxnAmount": "1.00"})),
    ("04 truncated", posted({**GOOD, "SignedHash": GOOD["SignedHash"][:-2]})),
    ("05 upper case", posted({**GOOD, "SignedHash": GOOD["SignedHash"].upper()})),
    ("06 SHA-512", posted({**GOOD, "SignedHash": hmac.new(SECRET.encode(), b"x", "sha512").hexdigest()})),
    ("07 empty key", posted(signed(""))),
    ("08 another key", posted(signed("the key of some other merchant"))),
    ("09 retired key", posted(signed(OLD))),
    ("10 future key", posted(signed(NEXT))),
    ("14 non-ASCII signature", posted({**GOOD, "SignedHash": "é" * 64})),
    ("17 extra key", posted({**GOOD, "zz": ""})),
    ("20 duplicate key", posted(json.dumps(GOOD).encode()[:-1] + b',"TxnAmount":"1"}')),
    ("21 amount in a list", posted({**GOOD, "TxnAmount": ["85.50"]})),
    ("21 amount true", posted({**GOOD, "TxnAmount": True})),
    ("21 reference a number", posted({**GOOD, "TransactionId": 1})),
    ("22 exponent", posted(signed(TxnAmount="8e1"))),
    ("24 Khmer digits", posted(signed(TxnAmount="៨៥"))),
    ("31 space in the reference", posted(signed(TransactionId=f"{FIRST} 16de", PaymentTokenId="81d4",
                                                joined=f"{FIRST} 16de 81d4 85.50"))),
    ("31 empty amount", posted(signed(TransactionId=f"{FIRST} 16de", PaymentTokenId="85.50", TxnAmount="",
                                      joined=f"{FIRST} 16de 85.50"))),
    ("31 tab for a space", posted(signed(PaymentTokenId="a\tb"))),
    ("31 no-break space", posted(signed(PaymentTokenId="a\u00a0b"))),
    ("45 no reference of ours", posted(signed(TransactionId="REF0361472663"))),
    ("51 negative", posted(signed(TxnAmount="-85.50"))),
]  # fmt: skip


@pytest.mark.parametrize("sent", [case[1] for case in CALLBACKS], ids=[case[0] for case in CALLBACKS])
def test_adversarial_callbacks(sent: Delivery) -> None:
    with pytest.raises(Rejected):
        rail("acleda-mobile").verify(sent, now=NOW)


def test_case_09_a_retired_key_that_matches_raises_an_alarm() -> None:
    with pytest.raises(Rejected) as rejected:
        rail("acleda-mobile").verify(posted(signed(OLD)), now=NOW)
    assert rejected.value.alarm


def test_an_enciphering_key_of_another_form_stops_the_start() -> None:
    with pytest.raises(BadConfiguration, match="32 hexadecimal"):
        known.make([config("acleda-mobile")], {**SECRETS, "now.password": "not hexadecimal at all"}, public_url=PUBLIC_URL)


def test_the_amount_of_a_callback_is_never_taken_for_the_bills() -> None:
    told = acleda_mobile.authenticate(posted(signed()), keys=rail("acleda-mobile").keys, now=NOW, max_body=9999)
    assert told.amount == "85.50"
    assert khqr.read(QR)["54"] == "85.50"
    assert DUE
