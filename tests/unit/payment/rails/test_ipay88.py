"""iPay88. Numbers are cases of payments.md section 12."""

import base64
import hashlib
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.payment.model import Answer, Delivery, Rejected, Status, Trust
from chalicelib.payment.rails import ipay88
from tests.unit.payment.orders import FIRST, NOW
from tests.unit.payment.rails.setting import (
    DOLLARS,
    NEXT,
    OLD,
    RIEL,
    SECRET,
    Answering,
    Silent,
    form,
    posted,
    rail,
)  # fmt: skip


def sha1(*values: str) -> str:
    return base64.b64encode(hashlib.sha1("".join(values).encode(), usedforsecurity=False).digest()).decode()


def post(key: str = SECRET, *, payment_id: bool = False, sign: str | None = None, **changes: str) -> Delivery:
    told = {"MerchantCode": "KH00001", "PaymentId": "1", "RefNo": FIRST, "Amount": "85.50", "Currency": "USD",
            "Status": "1", "TransId": "T019988877700", "Remark": "", "AuthCode": "", "ErrDesc": "", **changes}  # fmt: skip
    plain = told["Amount"].replace(".", "").replace(",", "")
    within = told["PaymentId"] if payment_id else ""
    made = sha1(key, told["MerchantCode"], within, told["RefNo"], plain, told["Currency"], told["Status"])
    return form(urlencode({**told, "Signature": made if sign is None else sign}))


def test_the_published_example_is_reproduced_and_only_without_the_payment_id() -> None:
    given = "KiCecyU86ZOFk15jXwOAvHdw/1M="
    assert ipay88.signature(b"Apple88KEY", "KH00001", "ORD1188", ipay88.digits("1.00"), "KHR", "1") == given
    assert ipay88.signature(b"Apple88KEY", "KH00001", "1", "ORD1188", ipay88.digits("1.00"), "KHR", "1") != given


def test_the_form_holds_no_person_and_is_signed() -> None:
    issued = rail("ipay88").create(DOLLARS, now=NOW, http=Silent())
    fields = dict(issued.form.fields)
    assert issued.form.action == "https://payment.ipay88.com.kh/epayment/entry.asp"
    assert fields["Signature"] == sha1(SECRET, "KH00001", FIRST, "8550", "USD")
    assert (fields["UserName"], fields["UserEmail"], fields["UserContact"]) == ("", "", "")
    assert dict(rail("ipay88").create(RIEL, now=NOW, http=Silent()).form.fields)["Amount"] == "320000.00"


def test_a_signed_backend_post_rings_and_proves_nothing() -> None:
    told = rail("ipay88").verify(post(), now=NOW)
    assert (told.order_ref, told.trust, told.bank_ref, told.amount_minor) == (FIRST, Trust.DOORBELL, None, None)


@pytest.mark.parametrize("amount", ["85.50", "1,085.50", "1085.50"])
def test_the_amount_is_signed_without_its_marks(amount: str) -> None:
    assert rail("ipay88").verify(post(Amount=amount), now=NOW)


def test_case_94_the_payment_id_is_in_the_signature_or_not_by_contract_never_both() -> None:
    assert rail("ipay88", signs_payment_id=True).verify(post(payment_id=True), now=NOW)
    for contract, sent in ((True, post()), (False, post(payment_id=True))):
        with pytest.raises(Rejected):
            rail("ipay88", signs_payment_id=contract).verify(sent, now=NOW)


def test_the_bank_wants_one_word() -> None:
    assert rail("ipay88").ack(Answer.TAKEN).body == b"RECEIVEOK"
    assert rail("ipay88").ack(Answer.TAKEN).media_type == "text/plain"
    assert b"RECEIVEOK" not in rail("ipay88").ack(Answer.REFUSED).body


RAW = post().body.decode()
CASES: list[tuple[str, Delivery]] = [
    ("01 no signature", form(RAW.split("&Signature")[0])),
    ("02 empty signature", post(sign="")),
    ("03 amount changed", form(RAW.replace("85.50", "95.50"))),
    ("06 SHA-256", post(sign=base64.b64encode(hashlib.sha256(b"x").digest()).decode())),
    ("08 another key", post("the key of some other merchant")),
    ("09 retired key", post(OLD)),
    ("10 future key", post(NEXT)),
    ("14 non-ASCII signature", post(sign="é" * 27 + "=")),
    ("16 a digit moved from amount to reference", form(RAW.replace(FIRST, FIRST + "8").replace("85.50", "5.50"))),
    ("17 extra field", form(RAW + "&Paid=1")),
    ("21 status 0", post(Status="0")),
    ("24 full-width digits", post(Amount="\uff18\uff15.50")),
    ("27 JSON", posted({"RefNo": FIRST})),
    ("27 two types", Delivery((("content-type", "text/plain, application/x-www-form-urlencoded"),), (), RAW.encode())),
    ("29 a field twice", form(RAW + "&Amount=1.00")),
    ("29 an array field", form(RAW.replace("Amount=", "Amount[]="))),
    ("29 an encoded name twice", form(RAW + "&%41mount=1.00")),
    ("30 by the query string", Delivery(form("").headers, (("RefNo", FIRST),), RAW.encode())),
    ("45 no reference of ours", post(RefNo="ORD1188")),
    ("45 another merchant", post(MerchantCode="KH00002")),
    ("48 another currency", post(Currency="THB")),
    ("51 negative", post(Amount="-85.50")),
]


@pytest.mark.parametrize("sent", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_adversarial(sent: Delivery) -> None:
    with pytest.raises(Rejected):
        rail("ipay88").verify(sent, now=NOW)


ANSWERS: list[tuple[str, bytes, Status, bool]] = [
    ("62 paid", b"00", Status.PAID, False),
    ("62 padded", b"00\n", Status.UNKNOWN, True),
    ("62 success word", b"Success", Status.UNKNOWN, True),
    ("71 not found", b"Record not found", Status.UNKNOWN, False),
    ("64 failed", b"Payment fail", Status.FAILED, False),
    ("46 another amount", b"Incorrect amount", Status.UNKNOWN, True),
    ("71 HTML", b"<html>", Status.UNKNOWN, False),
    ("71 empty", b"", Status.UNKNOWN, True),
]


@pytest.mark.parametrize(("body", "wanted", "alarm"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS])
def test_adversarial_answers(body: bytes, wanted: Status, alarm: bool) -> None:
    http = Answering(body)
    told = rail("ipay88").query(DOLLARS, now=NOW, http=http)
    assert http.body == {"MerchantCode": "KH00001", "RefNo": FIRST, "Amount": "85.50"}
    assert (told.status, told.alarm) == (wanted, alarm)
    assert (told.amount_minor, told.currency) == ((8550, "USD") if wanted is Status.PAID else (None, None))


def test_without_a_requery_by_contract_only_the_statement_proves() -> None:
    told = rail("ipay88", requery_path="").query(DOLLARS, now=NOW, http=Silent())
    assert (told.status, told.remark) == (Status.UNKNOWN, "statement-only")
    told_busy: Any = rail("ipay88").query(DOLLARS, now=NOW, http=Answering(b"", 503))
    assert told_busy.remark == "http-503"
