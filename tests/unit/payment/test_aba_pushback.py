"""ABA's pushback. Numbers are those of the adversarial cases in payments.md section 12."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.payment.model import Delivery, Rejected, Status, Trust
from chalicelib.payment.rails.aba_pushback import authenticate
from chalicelib.payment.rails.config import Key, KeyRing
from tests.unit.payment.orders import (
    API_KEY,
    FIRST,
    FOREIGN,
    FUTURE_KEY,
    NOW,
    OLD_KEY,
    SECOND,
    delivery,
    pushback,
    rail,
    signature,
)
from tests.unit.payment.vectors import vectors

GOOD = signature(pushback())
HEADER = "X-PAYWAY-HMAC-SHA512"
JSON_TYPE = ("Content-Type", "application/json")


def raw(text: str) -> bytes:
    return text.encode()


def signed_raw(body: bytes, joined: str) -> Delivery:
    """`body` as it is, signed over `joined`: what a body that shares a signature would carry."""
    mac = base64.b64encode(hmac.new(API_KEY.encode(), joined.encode(), hashlib.sha512).digest()).decode()
    return delivery(body, headers=(JSON_TYPE, (HEADER, mac)))


def digest(name: str, *, keyed: bool, code: str = "base64") -> str:
    joined = "".join(str(value) for _, value in sorted(pushback().items())).encode()
    made = hmac.new(API_KEY.encode(), joined, name).digest() if keyed else hashlib.new(name, joined).digest()
    return made.hex() if code == "hex" else base64.b64encode(made).decode()


def test_an_honest_pushback_is_authentic_and_still_no_proof() -> None:
    told = rail().verify(delivery(), now=NOW)
    assert (told.order_ref, told.status, told.trust) == (FIRST, Status.PAID, Trust.AUTHENTICATED)
    assert (told.amount_minor, told.currency, told.key_id) == (None, None, "now")
    assert told.raw_sha256 == hashlib.sha256(delivery().body).hexdigest()


def test_the_same_pushback_again_has_the_same_event_key() -> None:
    first, again = (rail().verify(delivery(), now=NOW) for _ in range(2))
    assert first.event_key == again.event_key


@pytest.mark.parametrize("status", ["0", "00", 0])
def test_success_is_written_in_three_ways(status: Any) -> None:
    assert rail().verify(delivery(pushback(status=status)), now=NOW).order_ref == FIRST


def test_a_merchant_reference_and_a_numeric_approval_code_are_forms_the_bank_uses() -> None:
    assert rail().verify(delivery(pushback(merchant_ref="A-1")), now=NOW).order_ref == FIRST
    assert rail().verify(delivery(pushback(apv=619195)), now=NOW).bank_ref == f"{FIRST}:619195"


def test_content_type_may_state_utf8() -> None:
    headers = (("content-type", "application/json; charset=UTF-8"), (HEADER.lower(), GOOD))
    assert rail().verify(delivery(headers=headers), now=NOW).order_ref == FIRST


def flipped(body: bytes) -> bytes:
    return body.replace(b'"619195"', b'"619196"')


def sign(text: str) -> tuple[tuple[str, str], ...]:
    return (JSON_TYPE, (HEADER, text))


HONEST = delivery().body
CASES: list[tuple[str, Delivery]] = [
    ("01 no signature", delivery(headers=(JSON_TYPE,))),
    ("02 empty signature", delivery(sign="")),
    ("02 blank signature", delivery(sign=" ")),
    ("03 one byte of the body changed", delivery(flipped(HONEST), headers=sign(GOOD))),
    ("04 truncated signature", delivery(sign=GOOD[:-4])),
    ("04 prefix with padding", delivery(sign=GOOD[:84] + "====")),
    ("04 extended signature", delivery(sign=GOOD + "AAAA")),
    ("05 hex", delivery(sign=digest("sha512", keyed=True, code="hex"))),
    ("05 lower-cased", delivery(sign=GOOD.lower())),
    ("05 url-safe alphabet", delivery(sign="-_" + GOOD[2:])),
    ("05 no padding", delivery(sign=GOOD.rstrip("="))),
    ("05 newline", delivery(sign=GOOD + "\n")),
    ("05 inner space", delivery(sign=GOOD[:40] + " " + GOOD[40:])),
    ("05 stray bits in the last character", delivery(sign=GOOD[:85] + chr(ord(GOOD[85]) + 1) + "==")),  # same 64 bytes
    ("06 SHA-256", delivery(sign=digest("sha256", keyed=True))),
    ("06 unkeyed SHA-512", delivery(sign=digest("sha512", keyed=False))),
    ("06 MD5", delivery(sign=digest("md5", keyed=False))),
    ("07 empty key", delivery(key="")),
    ("08 another merchant's key", delivery(key="the key of some other merchant")),
    ("09 retired key", delivery(key=OLD_KEY)),
    ("10 future key", delivery(key=FUTURE_KEY)),
    ("11 good and bad", delivery(headers=(JSON_TYPE, (HEADER, GOOD), (HEADER, "A" * 86 + "==")))),
    ("11 bad and good", delivery(headers=(JSON_TYPE, (HEADER, "A" * 86 + "=="), (HEADER, GOOD)))),
    ("11 the same twice", delivery(headers=(JSON_TYPE, (HEADER, GOOD), (HEADER.lower(), GOOD)))),
    ("11 joined by a comma", delivery(sign=f"{GOOD}, {GOOD}")),
    ("12 variant beside", delivery(headers=(JSON_TYPE, (HEADER, GOOD), ("X_PAYWAY_HMAC_SHA512", "x")))),
    ("12 variant alone", delivery(headers=(JSON_TYPE, ("X_PAYWAY_HMAC_SHA512", GOOD)))),
    ("14 non-ASCII signature", delivery(sign="é" * 86 + "==")),
    ("15 digit moved from tran_id to status", delivery(pushback(FIRST[1:], status="0" + FIRST[0]), sign=GOOD)),
    ("16 digit moved from apv", delivery(pushback(apv="61919", return_params="5" + FIRST), sign=GOOD)),
    ("16 digit moved to apv", delivery(pushback(apv="619195T", return_params=FIRST[1:]), sign=GOOD)),
    ("16 return_params is another order", delivery(pushback(return_params=SECOND))),
    ("17 extra key, empty value", delivery({**pushback(), "zz": ""}, sign=GOOD)),
    ("17 optional key, empty value", delivery(pushback(merchant_ref=""), sign=GOOD)),
    ("18 all values in one key", delivery({"tran_id": "619195" + FIRST + "0" + FIRST}, sign=GOOD)),
    (
        "19 key renamed, order kept",
        delivery({"apv": "619195", "payment_status": FIRST, "status": "0", "tran_id": FIRST}, sign=GOOD),
    ),
    ("20 duplicate keys", delivery(HONEST[:-1] + b', "status": "0"}', headers=sign(GOOD))),
    ("21 status list", delivery(pushback(status=["0"]))),
    ("21 status object", delivery(pushback(status={"0": 0}))),
    ("21 status false", delivery(pushback(status=False))),
    ("21 status null", delivery(pushback(status=None))),
    ("21 status -0", signed_raw(HONEST.replace(b'"0"', b"-0"), f"619195{FIRST}-0{FIRST}")),
    ("21 status failed", delivery(pushback(status="3"))),
    ("21 status padded", delivery(pushback(status="000"))),
    ("21 tran_id number", delivery(pushback(tran_id=17425401324))),
    ("21 apv null", delivery(pushback(apv=None))),
    ("21 apv negative", delivery(pushback(apv=-61919))),
    ("22 status 0.0", signed_raw(HONEST.replace(b'"0"', b"0.0"), f"619195{FIRST}0.0{FIRST}")),
    ("22 apv 6.1e5", signed_raw(HONEST.replace(b'"619195"', b"6.19e5"), f"6.19e5{FIRST}0{FIRST}")),
    ("22 apv 1e2", signed_raw(HONEST.replace(b'"619195"', b"100.00"), f"100.00{FIRST}0{FIRST}")),
    ("23 NaN", delivery(HONEST.replace(b'"0"', b"NaN"), headers=sign(GOOD))),
    ("23 Infinity", delivery(HONEST.replace(b'"0"', b"Infinity"), headers=sign(GOOD))),
    ("23 1e400", delivery(HONEST.replace(b'"619195"', b"1e400"), headers=sign(GOOD))),
    ("23 five thousand digits", delivery(HONEST.replace(b'"619195"', b"9" * 5000), headers=sign(GOOD))),
    ("24 Khmer digits", delivery(pushback(apv="៦១៩១៩៥"))),
    ("24 full-width digits", delivery(pushback(apv="\uff16\uff11\uff19\uff11\uff19\uff15"))),
    ("24 zero-width", delivery(pushback(apv="6191\u200b5"))),
    ("24 replacement character", delivery(pushback(tran_id=FIRST[:-1] + "\ufffd"))),
    ("24 decomposed letter", delivery(pushback(return_params="e\u0301" + FIRST[2:]))),
    ("25 byte order mark", delivery(b"\xef\xbb\xbf" + HONEST, headers=sign(GOOD))),
    ("25 not UTF-8", delivery(HONEST.replace(b"619195", b"61919\xff"), headers=sign(GOOD))),
    ("25 trailing data", delivery(HONEST + b"{}", headers=sign(GOOD))),
    ("25 NUL", delivery(HONEST + b"\x00", headers=sign(GOOD))),
    ("25 empty", delivery(b"", headers=sign(GOOD))),
    ("25 not an object", delivery(b'["0"]', headers=sign(GOOD))),
    ("25 lone surrogate", delivery(pushback(apv="\ud800"), sign=GOOD)),
    ("26 base64 of the body", delivery(base64.b64encode(HONEST), headers=sign(GOOD))),
    ("27 no content type", delivery(headers=((HEADER, GOOD),))),
    ("27 any type", delivery(headers=(("Content-Type", "*/*"), (HEADER, GOOD)))),
    ("27 two types", delivery(headers=(("Content-Type", "text/plain, application/json"), (HEADER, GOOD)))),
    ("27 type repeated", delivery(headers=(JSON_TYPE, JSON_TYPE, (HEADER, GOOD)))),
    ("27 multipart", delivery(headers=(("Content-Type", "multipart/form-data; boundary=x"), (HEADER, GOOD)))),
    ("27 another charset", delivery(headers=(("Content-Type", "application/json; charset=utf-16"), (HEADER, GOOD)))),
    ("28 too large", delivery(HONEST + b" " * 20_000, headers=sign(GOOD))),
    ("28 ten thousand brackets", delivery(b"[" * 10_000, headers=sign(GOOD))),
    ("28 nested", delivery(b'{"a":{"b":1}}', headers=sign(GOOD))),
    ("30 fields in the query string", delivery(query=(("tran_id", FIRST),))),
    ("38 bound to another request", delivery(pushback(FIRST, return_params=FOREIGN))),
    (
        "45 a reference with a wrong check character",
        delivery(pushback(FIRST[:-1] + ("0" if FIRST[-1] != "0" else "1"))),
    ),
    ("45 not a reference of ours", delivery({**pushback(), "tran_id": "17425401324", "return_params": "17425401324"})),
]


@pytest.mark.parametrize("sent", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_adversarial(sent: Delivery) -> None:
    with pytest.raises(Rejected):
        rail().verify(sent, now=NOW)


def test_case_09_a_retired_key_that_matches_raises_an_alarm_and_a_wrong_key_does_not() -> None:
    with pytest.raises(Rejected) as retired:
        rail().verify(delivery(key=OLD_KEY), now=NOW)
    with pytest.raises(Rejected) as wrong:
        rail().verify(delivery(key="the key of some other merchant"), now=NOW)
    assert (retired.value.alarm, wrong.value.alarm) == (True, False)


def test_case_26_pretty_printing_changes_nothing_since_values_are_signed() -> None:
    pretty = json.dumps(pushback(), indent=2).encode()
    assert rail().verify(delivery(pretty, headers=sign(GOOD)), now=NOW).order_ref == FIRST


def test_case_78_a_rejection_tells_nothing_of_what_was_sent() -> None:
    for name, sent in CASES:
        with pytest.raises(Rejected) as rejected:
            rail().verify(sent, now=NOW)
        text = str(rejected.value)
        assert not [told for told in (FIRST, API_KEY, GOOD) if told in text], name
        assert len(text) < 40, name


@given(st.binary(max_size=200), st.text(max_size=100))
def test_nothing_but_rejected_ever_comes_out_for_what_anybody_may_send(body: bytes, text: str) -> None:
    for sent in (delivery(body, headers=sign(GOOD)), delivery(sign=text), delivery(body, headers=((text, text),))):
        with pytest.raises(Rejected):
            rail().verify(sent, now=NOW)


def ring(secret: str) -> KeyRing:
    return KeyRing((Key("k", secret.encode(), NOW, None, frozenset({"verify"})),))


@pytest.mark.parametrize("vector", vectors("notification_ok"))
def test_vector_of_an_authentic_delivery_passes_form_and_signature(vector: dict[str, Any]) -> None:
    sent = delivery(raw(vector["raw_body"]), headers=(JSON_TYPE, *vector["header"].items()))
    told = authenticate(sent, keys=ring(vector["api_key"]), now=NOW, max_body=16_384)
    assert told.tran_id == json.loads(vector["raw_body"])["tran_id"]


@pytest.mark.parametrize("vector", vectors("notification_must_reject"))
def test_vector_that_must_be_rejected_is_rejected(vector: dict[str, Any]) -> None:
    sent = delivery(raw(vector["raw_body"]), headers=(JSON_TYPE, *vector["header"].items()))
    with pytest.raises(Rejected):
        authenticate(sent, keys=ring(vector["api_key"]), now=NOW, max_body=16_384)


@pytest.mark.parametrize("vector", vectors("notification_unsigned_sample"))
def test_vector_of_an_unsigned_kind_is_not_taken_as_a_pushback(vector: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        authenticate(delivery(raw(vector["raw_body"]), headers=(JSON_TYPE,)), keys=ring("k"), now=NOW, max_body=16_384)
