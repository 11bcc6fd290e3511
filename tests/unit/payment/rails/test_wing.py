"""Wing's three products. Numbers are cases of payments.md section 12."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

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
from chalicelib.payment.rails import known, wing_v2
from tests.unit.payment.orders import FIRST, NOW, SECOND
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


def cipher(key: bytes, initial: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key), modes.CBC(initial))


def padded(clear: bytes) -> bytes:
    count = 16 - len(clear) % 16
    return clear + bytes([count]) * count


def contents(told: Any, key: str = SECRET) -> str:
    """A return as the bank makes it, and as the payer can: the key was in his form."""
    clear = told if isinstance(told, bytes) else json.dumps(told).encode()
    sealing = cipher(hashlib.sha256(key.encode()).digest(), bytes(16)).encryptor()
    return base64.b64encode(sealing.update(padded(clear)) + sealing.finalize()).decode()


TOLD = {"remark": FIRST, "amount": "85.50", "currency": "USD", "transaction_id": "ONL000001"}


def returned(text: str) -> Delivery:
    return form("contents=" + quote(text, safe=""))


def test_the_form_holds_the_key_so_the_payer_has_it() -> None:
    issued = rail("wing-v1").create(DOLLARS, now=NOW, http=Silent())
    assert issued.form.action == "https://wingsdk.wingmoney.com:334/"
    fields = dict(issued.form.fields)
    assert (fields["remark"], fields["amount"], fields["rest_api_key"], fields["sandbox"]) == (FIRST, "85.50", SECRET, "0")
    assert fields["return_url"] == f"{PUBLIC_URL}/v1/payments/wing-v1/notifications"


@pytest.mark.parametrize("told", [TOLD, {**TOLD, "amount": "999999.99"}, {"remark": FIRST, "paid": True}])
def test_case_33_a_self_made_return_rings_and_no_more(told: dict[str, Any]) -> None:
    notice = rail("wing-v1").verify(returned(contents(told)), now=NOW)
    assert (notice.order_ref, notice.trust, notice.amount_minor, notice.bank_ref) == (FIRST, Trust.DOORBELL, None, None)


GOOD = contents(TOLD)
RAW = base64.b64decode(GOOD)
BLOBS: list[tuple[str, str]] = [
    ("34 last byte flipped", base64.b64encode(RAW[:-1] + bytes([RAW[-1] ^ 1])).decode()),
    ("34 byte before the padding flipped", base64.b64encode(RAW[:-17] + bytes([RAW[-17] ^ 1]) + RAW[-16:]).decode()),
    ("34 a block missing", base64.b64encode(RAW[:-16]).decode()),
    ("34 half a block", base64.b64encode(RAW[:-8]).decode()),
    ("34 one block of noise", base64.b64encode(bytes(16)).decode()),
    ("34 not base64", "!" * 64),
    ("34 url-safe base64", "-" + GOOD[1:]),
    ("34 empty", ""),
    ("34 another key", contents(TOLD, "a key of somebody else 000")),
    ("34 not JSON", contents(b"paid")),
    ("34 not UTF-8", contents(b"\xff\xfe")),
    ("34 a list", contents([TOLD])),
    ("34 no remark", contents({"amount": "1"})),
    ("34 remark is a number", contents({**TOLD, "remark": 1})),
    ("34 a foreign remark", contents({**TOLD, "remark": "PWYFQ93V"})),
    ("09 a retired key", contents(TOLD, OLD)),
    ("10 a future key", contents(TOLD, NEXT)),
]


@pytest.mark.parametrize("blob", [case[1] for case in BLOBS], ids=[case[0] for case in BLOBS])
def test_every_return_that_cannot_be_read_gets_one_and_the_same_answer(blob: str) -> None:
    with pytest.raises(Rejected) as rejected:
        rail("wing-v1").verify(returned(blob), now=NOW)
    assert (rejected.value.reason, rejected.value.alarm) == ("contents", False)


FORMS: list[tuple[str, Delivery]] = [
    ("29 contents twice", form(f"contents={quote(GOOD)}&contents={quote(GOOD)}")),
    ("29 an array", form(f"contents[]={quote(GOOD)}")),
    ("27 JSON", posted({"contents": GOOD})),
    ("27 multipart", Delivery((("content-type", "multipart/form-data; boundary=x"),), (), b"x")),
    ("30 by the query string", Delivery((), (("contents", GOOD),), b"")),
    ("17 another field", form(f"contents={quote(GOOD)}&status=paid")),
]


@pytest.mark.parametrize("sent", [case[1] for case in FORMS], ids=[case[0] for case in FORMS])
def test_adversarial_forms(sent: Delivery) -> None:
    with pytest.raises(Rejected):
        rail("wing-v1").verify(sent, now=NOW)


# ---------------------------------------------------------------- inquiry, of both web products


def inquired(**changes: Any) -> dict[str, Any]:
    values = {"errorCode": "200", "errorText": "OK", **TOLD, **changes}
    return {name: value for name, value in values.items() if value is not ...}


@pytest.mark.parametrize("name", ["wing-v1", "wing-v2"])
def test_an_inquiry_proves(name: str) -> None:
    http = Answering(inquired())
    told = rail(name).query(DOLLARS, now=NOW, http=http)
    assert http.sent[0][0] == "https://wingsdk.wingmoney.com:334/wingonlinesdk/inquiry"
    assert http.sent[0][2]["content-type"] == "application/x-www-form-urlencoded"
    assert http.body == {"username": "online.ip", "rest_api_key": SECRET, "remark": FIRST, "sandbox": "0"}
    assert (told.status, told.trust, told.amount_minor, told.currency, told.bank_ref) == (
        Status.PAID, Trust.AUTHORITATIVE, 8550, "USD", "ONL000001",
    )  # fmt: skip


INQUIRIES: list[tuple[str, Any, Status, bool]] = [
    ("22 the code as a number", inquired(errorCode=200), Status.PAID, False),
    ("60 no code", inquired(errorCode=...), Status.UNKNOWN, True),
    ("60 200.0", inquired(errorCode=200.0), Status.UNKNOWN, False),
    ("63 another code", inquired(errorCode="500"), Status.UNKNOWN, False),
    ("62 success, nothing else", {"errorCode": "200"}, Status.UNKNOWN, True),
    ("62 no amount", inquired(amount=...), Status.UNKNOWN, True),
    ("62 no transaction", inquired(transaction_id=...), Status.UNKNOWN, True),
    ("69 another payment", inquired(remark=SECOND), Status.UNKNOWN, True),
    ("69 no payment named", inquired(remark=...), Status.UNKNOWN, True),
    ("21 amount null", inquired(amount=None), Status.UNKNOWN, True),
    ("24 Khmer digits", inquired(amount="៨៥"), Status.UNKNOWN, True),
    ("71 not found", inquired(errorCode="404"), Status.UNKNOWN, False),
]


@pytest.mark.parametrize(("body", "wanted", "alarm"), [case[1:] for case in INQUIRIES], ids=[c[0] for c in INQUIRIES])
def test_adversarial_inquiries(body: Any, wanted: Status, alarm: bool) -> None:
    told: Notice = rail("wing-v1").query(DOLLARS, now=NOW, http=Answering(body))
    assert (told.status, told.alarm) == (wanted, alarm)


# ---------------------------------------------------------------- online v2


def test_a_token_is_asked_for_with_an_enciphered_payload_and_the_hash_over_a_list() -> None:
    http = Answering({"errorCode": "200", "token": "T-1"})
    one = rail("wing-v2")
    issued = wing_v2.WingV2(
        config=one.config, keys=one.keys, callback_url=one.callback_url, sixteen=lambda: "0123456789abcdef"
    ).create(DOLLARS, now=NOW, http=http)
    assert http.sent[0][0] == "https://wingsdk.wingmoney.com:334/v2/online/payment/authorization"
    opening = cipher(PASSWORD.encode(), PASSWORD[:16].encode()).decryptor()
    clear = opening.update(base64.b64decode(http.body["payload"])) + opening.finalize()
    told = json.loads(clear[: -clear[-1]])
    assert (told["order_reference_no"], told["amount"], told["bill_till_number"]) == (FIRST, "85.50", "5004")
    listed = "#".join(("online.ip", SECRET, "5004", "85.50", FIRST, "0123456789abcdef", told["timestamp"]))
    sealing = cipher(PASSWORD.encode(), b"0123456789abcdef").encryptor()
    sealed = sealing.update(padded(base64.b64encode(listed.encode()))) + sealing.finalize()
    assert http.body["hash"] == hashlib.sha256(base64.b64encode(sealed)).hexdigest().upper()
    link = urlsplit(issued.deeplink)
    assert (link.netloc, link.path) == ("wingsdk.wingmoney.com:334", "/v2/online/payment/confirm")
    assert base64.b64decode(parse_qs(link.query)["token"][0]) == b"T-1"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [({"errorCode": "400"}, 200, CreateRefused), ({"errorCode": "200"}, 200, CreateRefused),
     ({"errorCode": "200", "token": "a b"}, 200, CreateRefused), ({"errorCode": "200", "token": "T"}, 500, CreateRefused),
     (b"<html>", 200, HttpFailed), ({}, 200, HttpFailed), ([], 200, HttpFailed)],
)  # fmt: skip
def test_without_a_token_nothing_is_issued(body: Any, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        rail("wing-v2").create(DOLLARS, now=NOW, http=Answering(body, status))


def test_case_30_the_way_back_rings_and_says_nothing() -> None:
    by_query = Delivery((), (("order_reference_no", FIRST),), b"")
    for sent in (by_query, form(f"order_reference_no={FIRST}")):
        told = rail("wing-v2").verify(sent, now=NOW)
        assert (told.order_ref, told.trust, told.status) == (FIRST, Trust.DOORBELL, Status.UNKNOWN)
    for wrong in (Delivery((), (("order_reference_no", "1"),), b""), Delivery((), (), b"")):
        with pytest.raises(Rejected):
            rail("wing-v2").verify(wrong, now=NOW)


def test_a_password_of_another_length_stops_the_start() -> None:
    with pytest.raises(BadConfiguration, match="32 characters"):
        known.make([config("wing-v2")], {**SECRETS, "now.password": "only-twenty-letters-"}, public_url=PUBLIC_URL)


# ---------------------------------------------------------------- mini-app

APP = "WG_APPID_0001"


def message(key: str = SECRET, *, over: str | None = None, **changes: Any) -> dict[str, Any]:
    body = {"orderRef": FIRST, "debitAmount": "85.50", "debitCcy": "USD", "transactionId": "0002352252200038",
            "transactionDate": "2026-11-25 09:45:53", **changes}  # fmt: skip
    joined = APP + "".join(str(over if over and name == "debitAmount" else value) for name, value in body.items()) + key
    return {**body, "secretKey": hashlib.sha256(joined.upper().encode()).hexdigest().upper()}


def test_a_message_names_amount_and_currency_and_is_still_no_evidence() -> None:
    told = rail("wing-mini").verify(posted(message()), now=NOW)
    assert (told.order_ref, told.trust, told.amount_minor, told.currency) == (FIRST, Trust.AUTHENTICATED, 8550, "USD")


@pytest.mark.parametrize(("sent", "over"), [("1", "1"), ("1", "1.00"), ("85.50", "85.50"), ("4000", "4000.00")])
def test_case_22_the_digest_is_over_the_text_as_sent_or_with_two_decimals(sent: str, over: str) -> None:
    assert rail("wing-mini").verify(posted(message(debitAmount=sent, over=over)), now=NOW)


def test_our_own_question_makes_the_same_message_evidence() -> None:
    http = Answering(message())
    told = rail("wing-mini").query(DOLLARS, now=NOW, http=http)
    assert http.sent[0][0] == "https://mini.wingmoney.com/app/status"
    assert http.body == {"appId": APP, "orderRef": FIRST}
    assert (told.status, told.trust, told.amount_minor, told.bank_ref) == (
        Status.PAID, Trust.AUTHORITATIVE, 8550, "0002352252200038",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "remark"),
    [({**message(), "secretKey": "0" * 64}, "not-authentic"), (message(orderRef=SECOND), "other-transaction"),
     ({**message(), "status": "PAID"}, "unreadable"), ({"status": "PAID"}, "unreadable"), ([], "unreadable")],
    ids=["69 not authentic", "69 another payment", "62 a key more", "62 success words", "62 a list"],
)  # fmt: skip
def test_adversarial_answers(body: Any, remark: str) -> None:
    told = rail("wing-mini").query(DOLLARS, now=NOW, http=Answering(body))
    assert (told.status, told.remark, told.alarm) == (Status.UNKNOWN, remark, True)


def test_without_a_server_call_by_contract_only_the_statement_proves() -> None:
    told = rail("wing-mini", status_path="").query(DOLLARS, now=NOW, http=Silent())
    assert (told.status, told.remark) == (Status.UNKNOWN, "statement-only")


HONEST = message()
MESSAGES: list[tuple[str, Delivery]] = [
    ("01 no digest", posted({name: value for name, value in HONEST.items() if name != "secretKey"})),
    ("02 empty digest", posted({**HONEST, "secretKey": ""})),
    ("03 amount changed", posted({**HONEST, "debitAmount": "1.00"})),
    ("05 lower case", posted({**HONEST, "secretKey": HONEST["secretKey"].lower()})),
    ("07 empty key", posted(message(""))),
    ("08 another key", posted(message("the key of some other merchant"))),
    ("09 retired key", posted(message(OLD))),
    ("10 future key", posted(message(NEXT))),
    ("14 non-ASCII digest", posted({**HONEST, "secretKey": "É" * 64})),
    ("15 a digit moved from amount to reference", posted({**HONEST, "orderRef": FIRST + "8", "debitAmount": "5.50"})),
    ("17 extra key", posted({**HONEST, "zz": ""})),
    ("20 duplicate key", posted(json.dumps(HONEST).encode()[:-1] + b',"debitAmount":"1"}')),
    ("21 amount as a number", posted({**HONEST, "debitAmount": 85.5})),
    ("22 one decimal", posted(message(debitAmount="85.5", over="85.50"))),
    ("22 exponent", posted(message(debitAmount="8e1"))),
    ("24 Khmer digits", posted(message(debitAmount="៨៥.៥០"))),
    ("32 the boundary of amount and currency", posted({**message(debitAmount="1", debitCcy="9.90USD")})),
    ("32 a currency of another case", posted(message(debitCcy="usd"))),
    ("32 another currency", posted(message(debitCcy="THB"))),
    ("32 the date takes part of the transaction", posted({**HONEST, "transactionId": "000235225220003",
                                                         "transactionDate": "8" + HONEST["transactionDate"]})),
    ("45 no reference of ours", posted(message(orderRef="R000-P123456"))),
    ("51 zero", posted(message(debitAmount="0.00"))),
    ("51 riel with decimals", posted(message(debitAmount="100.50", debitCcy="KHR"))),
    ("24 a date there is none", posted(message(transactionDate="2026-02-30 09:45:53"))),
]  # fmt: skip


@pytest.mark.parametrize("sent", [case[1] for case in MESSAGES], ids=[case[0] for case in MESSAGES])
def test_adversarial_messages(sent: Delivery) -> None:
    with pytest.raises(Rejected):
        rail("wing-mini").verify(sent, now=NOW)


def test_the_page_within_the_app_gets_the_reference_only() -> None:
    issued = rail("wing-mini").create(RIEL, now=NOW, http=Silent())
    assert (issued.bill.reference, issued.qr, issued.form, issued.deeplink) == (FIRST, "", None, "")
