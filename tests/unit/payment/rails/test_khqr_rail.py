"""Bakong. Numbers are cases of payments.md section 12."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.contracts.events import AttemptIssued, AttemptOpened
from chalicelib.kernel.clock import stamp
from chalicelib.payment import khqr
from chalicelib.payment.model import Bill, Delivery, HttpFailed, Notice, Order, Rejected, Status, Trust
from chalicelib.payment.rails.config import Key, KeyRing
from chalicelib.payment.rails.forwarder import authenticate
from chalicelib.payment.settle import Apply, Ignore, Park, settle
from tests.unit.payment.orders import DUE, FIRST, NOW, SECOND, opened, recorded
from tests.unit.payment.rails.setting import (
    ACCOUNT,
    DAY,
    DOLLARS,
    KEYS,
    RIEL,
    SECRET,
    Answering,
    Silent,
    posted,
    rail,
)  # fmt: skip

MD5 = "5" * 32
BILL = Bill(FIRST, RIEL.amount, qr_md5=MD5, opened_at=NOW)
SENT = NOW + timedelta(minutes=5)
PAYEES = frozenset({ACCOUNT})


def order() -> Order:
    facts = [
        opened(),
        AttemptOpened(attempt=1, rail="khqr", reference=FIRST),
        AttemptIssued(
            attempt=1, reference=FIRST, qr_sha256="0" * 64, qr_md5=MD5, expires_at=stamp(NOW + timedelta(hours=1))
        ),
    ]
    return Order.fold(recorded(fact) for fact in facts)


def data(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "hash": "a" * 64, "fromAccountId": "payer@bkrt", "toAccountId": ACCOUNT, "currency": "KHR",
        "amount": float(DUE), "description": "", "createdDateMs": khqr.milliseconds(SENT),
        "acknowledgedDateMs": khqr.milliseconds(SENT) + 900, **changes,
    }  # fmt: skip
    return {name: value for name, value in values.items() if value is not ...}


def answer(code: Any = 0, error: Any = None, **changes: Any) -> dict[str, Any]:
    return {"responseCode": code, "responseMessage": "m", "errorCode": error, "data": data(**changes)}


def ask(body: Any, bill: Bill = BILL) -> Notice:
    told: Notice = rail("khqr").query(bill, now=SENT + timedelta(minutes=1), http=Answering(body))
    return told


def test_an_order_gets_a_dynamic_code_of_our_own_and_nobody_is_asked() -> None:
    issued = rail("khqr").create(DOLLARS, now=NOW, http=Silent())
    code = khqr.decode(issued.qr, now=NOW)
    assert (code.minor, code.currency, code.bill, code.account, code.category) == (8550, "USD", FIRST, ACCOUNT, "9399")
    assert code.local_name == "នាយកដ្ឋាន"
    assert (issued.payee, issued.qr_md5, issued.expires_at) == (ACCOUNT, khqr.md5(issued.qr), NOW + timedelta(hours=1))
    assert code.expires_ms == khqr.milliseconds(issued.expires_at)


def test_a_merchants_code_has_tag_30() -> None:
    issued = rail("khqr", merchant_id="1234567", acquiring_bank="Dev Bank").create(RIEL, now=NOW, http=Silent())
    assert khqr.decode(issued.qr).merchant_id == "1234567"


def test_case_84_what_is_asked_about_is_the_md5_of_the_string_as_issued() -> None:
    first, again = (rail("khqr").create(RIEL, now=NOW + timedelta(milliseconds=n), http=Silent()) for n in (0, 1))
    assert first.qr_md5 != again.qr_md5
    http = Answering(answer())
    rail("khqr").query(Bill(FIRST, RIEL.amount, qr_md5=first.qr_md5), now=NOW, http=http)
    url, _, headers = http.sent[0]
    assert url == "https://api-bakong.nbc.gov.kh/v1/check_transaction_by_md5"
    assert http.body == {"md5": first.qr_md5}
    assert headers["authorization"] == f"Bearer {SECRET}"


def test_case_85_no_code_for_an_order_is_static() -> None:
    assert khqr.read(rail("khqr").create(RIEL, now=NOW, http=Silent()).qr)["01"] == "12"
    told = ask({"responseCode": 1, "responseMessage": "m", "errorCode": 2, "data": None})
    assert (told.status, told.remark, told.alarm) == (Status.UNKNOWN, "static-qr", True)


def test_paid_in_full_at_our_account_is_paid_when_the_payer_sent_it() -> None:
    told = ask(answer())
    assert (told.status, told.trust, told.amount_minor, told.currency) == (Status.PAID, Trust.AUTHORITATIVE, DUE, "KHR")
    assert (told.bank_ref, told.payee, told.paid_at, told.alarm) == ("a" * 64, ACCOUNT, SENT, False)
    assert isinstance(settle(order(), FIRST, told, payees=PAYEES), Apply)


def test_the_other_spelling_of_the_time_is_read_and_its_absence_raises_an_alarm() -> None:
    assert ask(answer(createdDateMs=..., createDateMs=khqr.milliseconds(SENT))).paid_at == SENT
    told = ask(answer(createdDateMs=...))
    assert (told.status, told.paid_at, told.alarm) == (Status.PAID, None, True)


@pytest.mark.parametrize("seconds", [khqr.milliseconds(SENT) // 1000, "1764038000000", 1764038000000.5, True])
def test_a_time_of_another_form_is_none(seconds: Any) -> None:
    assert ask(answer(createdDateMs=seconds)).paid_at is None


STATUSES: list[tuple[str, Any, Status, bool]] = [
    ("62 success words, null data", {**answer(), "data": None}, Status.UNKNOWN, True),
    ("62 success words, empty data", {**answer(), "data": {}}, Status.UNKNOWN, True),
    ("62 success words, a list", {**answer(), "data": []}, Status.UNKNOWN, True),
    ("62 no payee", answer(toAccountId=...), Status.UNKNOWN, True),
    ("62 no amount", answer(amount=...), Status.UNKNOWN, True),
    ("62 no hash", answer(hash=...), Status.UNKNOWN, True),
    ("60 missing code", {"data": data()}, Status.UNKNOWN, True),
    ("60 text code", answer("0"), Status.UNKNOWN, True),
    ("60 false for 0", answer(False), Status.UNKNOWN, True),
    ("60 0.0 for 0", answer(0.0), Status.UNKNOWN, True),
    ("63 code 7", answer(7), Status.UNKNOWN, True),
    ("63 new error", answer(1, 99), Status.UNKNOWN, True),
    ("71 not found", answer(1, 1), Status.UNKNOWN, False),
    ("71 unauthorised", answer(1, 6), Status.UNKNOWN, True),
    ("71 no connection", answer(1, 9), Status.UNKNOWN, False),
    ("64 failed", answer(1, 3), Status.FAILED, False),
    ("69 about another code", answer(md5="6" * 32), Status.UNKNOWN, True),
    ("21 amount as text", answer(amount=str(DUE)), Status.UNKNOWN, True),
    ("22 exponent", json.dumps(answer()).replace("320000.0", "3.2e5").encode(), Status.UNKNOWN, True),
    ("51 riel with decimals", answer(amount=DUE + 0.5), Status.UNKNOWN, True),
    ("51 negative", answer(amount=-DUE), Status.UNKNOWN, True),
    ("24 a hash in other digits", answer(hash="៥" * 64), Status.UNKNOWN, True),
]


@pytest.mark.parametrize(("body", "status", "alarm"), [case[1:] for case in STATUSES], ids=[c[0] for c in STATUSES])
def test_adversarial(body: Any, status: Status, alarm: bool) -> None:
    told = ask(body)
    assert (told.status, told.alarm) == (status, alarm)


PARKED: list[tuple[str, dict[str, Any], str]] = [
    ("53 a swapped code: not our account", {"toAccountId": "thief@nbcq"}, "payee"),
    ("46 one riel less", {"amount": DUE - 1}, "underpaid"),
    ("47 one riel more", {"amount": DUE + 1}, "overpaid"),
    ("48 right number, dollars", {"currency": "USD", "amount": DUE}, "currency"),
    ("48 a currency we do not know", {"currency": "THB"}, "amount-unknown"),
    ("50 riel times a hundred", {"amount": DUE * 100}, "overpaid"),
    ("57 sent after the expiry", {"createdDateMs": khqr.milliseconds(NOW + timedelta(minutes=61))}, "late"),
]


@pytest.mark.parametrize(("changes", "reason"), [case[1:] for case in PARKED], ids=[case[0] for case in PARKED])
def test_adversarial_money_is_parked(changes: dict[str, Any], reason: str) -> None:
    verdict = settle(order(), FIRST, ask(answer(**changes)), payees=PAYEES)
    assert isinstance(verdict, Park)
    assert (verdict.reason, verdict.alarm) == (reason, reason == "payee")


def test_case_57_without_a_time_money_found_after_the_expiry_is_parked_and_before_it_counts() -> None:
    late = rail("khqr").query(BILL, now=NOW + timedelta(hours=2), http=Answering(answer(createdDateMs=...)))
    verdict = settle(order(), FIRST, late, payees=PAYEES)
    assert isinstance(verdict, Park)
    assert verdict.reason == "time-unknown"
    assert isinstance(settle(order(), FIRST, ask(answer(createdDateMs=...)), payees=PAYEES), Apply)


def test_money_sent_in_time_counts_whenever_we_learn_of_it() -> None:
    told = rail("khqr").query(BILL, now=NOW + 20 * DAY, http=Answering(answer()))
    assert isinstance(settle(order(), FIRST, told, payees=PAYEES), Apply)


def test_without_the_md5_nobody_is_asked() -> None:
    http = Answering(answer())
    told = rail("khqr").query(RIEL, now=NOW, http=http)
    assert (told.status, told.remark, http.sent) == (Status.UNKNOWN, "no-md5", [])


def test_case_70_the_list_only_tells_which_to_ask_about() -> None:
    bills = [BILL, Bill(SECOND, RIEL.amount, qr_md5="6" * 32), Bill(SECOND, RIEL.amount)]
    http = Answering({"responseCode": 0, "data": [{"md5": MD5, "status": "SUCCESS"}, {"md5": "6" * 32,
                      "status": "NOT_FOUND"}, {"md5": "7" * 32, "status": "SUCCESS"}]})  # fmt: skip
    assert rail("khqr").worth_asking(bills, now=NOW, http=http) == {FIRST}
    assert http.body == [MD5, "6" * 32]


@pytest.mark.parametrize(("body", "status"), [({}, 200), (b"<html>", 200), ({"data": [{}]}, 200), ({"data": []}, 403)])
def test_case_70_a_list_that_is_not_given_is_said_to_be_missing(body: Any, status: int) -> None:
    with pytest.raises(HttpFailed):
        rail("khqr").worth_asking([BILL], now=NOW, http=Answering(body, status))


def test_the_list_takes_fifty() -> None:
    bills = [Bill(FIRST, RIEL.amount, qr_md5=f"{n:032x}") for n in range(51)]
    with pytest.raises(ValueError, match="50"):
        rail("khqr").worth_asking(bills, now=NOW, http=Answering({}))


def test_a_message_in_bakongs_name_is_refused() -> None:
    with pytest.raises(Rejected, match="never-notifies"):
        rail("khqr").verify(posted({"responseCode": 0}), now=NOW)


# ---------------------------------------------------------------- the office's own forwarder

BELL_KEY = {"id": "door", "not_before": NOW.isoformat(), "uses": ["verify"]}
RUNG = json.dumps({"reference": FIRST}).encode()


def forwarded() -> Any:
    return rail("khqr", egress="kh-forwarder", forwarder_url="https://forward.office.example",
                keys=[{**KEYS[1], "uses": ["sign"]}, BELL_KEY])  # fmt: skip


def bell(body: bytes = RUNG, *, at: datetime = NOW, key: str = "an-unguessable-end-of-an-address",
         signature: str | None = None) -> Delivery:  # fmt: skip
    time = str(int(at.timestamp()))
    mac = hmac.new(key.encode(), b"msg_1." + time.encode() + b"." + body, hashlib.sha256).digest()
    made = signature if signature is not None else "v1," + base64.b64encode(mac).decode()
    return posted(body, ("webhook-id", "msg_1"), ("webhook-timestamp", time), ("webhook-signature", made))


def test_the_forwarders_bell_rings_and_proves_nothing() -> None:
    told = forwarded().verify(bell(), now=NOW)
    assert (told.order_ref, told.trust, told.status) == (FIRST, Trust.DOORBELL, Status.UNKNOWN)
    assert isinstance(settle(order(), FIRST, told), Ignore)


def test_while_keys_change_one_of_several_signatures_is_enough() -> None:
    good = dict(bell().headers)["webhook-signature"]
    other = "v1," + base64.b64encode(bytes(32)).decode()
    assert forwarded().verify(bell(signature=f"{other} {good}"), now=NOW).order_ref == FIRST


STAMPED: list[tuple[str, Delivery]] = [
    ("39 five minutes and a second old", bell(at=NOW - timedelta(seconds=301))),
    ("40 five minutes and a second ahead", bell(at=NOW + timedelta(seconds=301))),
    ("01 no signature", posted(RUNG)),
    ("02 empty signature", bell(signature="")),
    ("03 one byte of the body changed", Delivery(bell().headers, (), RUNG.replace(b"reference", b"referencf"))),
    ("04 truncated signature", bell(signature=dict(bell().headers)["webhook-signature"][:-2])),
    ("05 url-safe alphabet", bell(signature="v1," + "-" * 43 + "=")),
    ("06 another version", bell(signature=dict(bell().headers)["webhook-signature"].replace("v1", "v2"))),
    ("08 another key", bell(key="another key, of another forwarder")),
    ("08 the token of the bank's API", bell(key=SECRET)),
    ("11 the signature twice", posted(RUNG, *bell().headers[1:], bell().headers[-1])),
    ("14 non-ASCII signature", bell(signature="v1," + "é" * 43 + "=")),
    ("17 extra key", bell(json.dumps({"reference": FIRST, "paid": True}).encode())),
    ("21 reference in a list", bell(json.dumps({"reference": [FIRST]}).encode())),
    ("45 a reference that is not ours", bell(json.dumps({"reference": "TR00000000000000"}).encode())),
    ("39 no time", posted(RUNG, *[one for one in bell().headers[1:] if one[0] != "webhook-timestamp"])),
]


@pytest.mark.parametrize("sent", [case[1] for case in STAMPED], ids=[case[0] for case in STAMPED])
def test_adversarial_bells(sent: Delivery) -> None:
    with pytest.raises(Rejected):
        forwarded().verify(sent, now=NOW)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_cases_39_and_40_within_five_minutes_either_way_a_bell_is_heard(seconds: int) -> None:
    assert forwarded().verify(bell(at=NOW + timedelta(seconds=seconds)), now=NOW)


def test_the_published_example_of_standard_webhooks_is_authentic() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    moment = datetime.fromtimestamp(1614265330, UTC)
    sent = posted(b'{"test": 2432232314}', ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                  ("webhook-timestamp", "1614265330"),
                  ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="))  # fmt: skip
    keys = KeyRing((Key("k", secret, moment, None, frozenset({"verify"})),))
    assert authenticate(sent, keys=keys, now=moment).key_id == "k"
