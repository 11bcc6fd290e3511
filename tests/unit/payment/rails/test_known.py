"""All rails at once: what holds whatever the bank. Numbers are cases of payments.md section 12."""

import json
import pkgutil
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.payment import rails as package
from chalicelib.payment.model import (
    Answer,
    BadConfiguration,
    Bill,
    Delivery,
    HttpReply,
    NotSupported,
    Rejected,
    Status,
    Trust,
)  # fmt: skip
from chalicelib.payment.rails import known
from chalicelib.payment.rails.answer import clocks_apart
from chalicelib.payment.settle import Ignore, NotEvidence, settle
from tests.unit.payment.orders import FIRST, NOW, order
from tests.unit.payment.rails.setting import (
    DAY,
    DOOR,
    NAMES,
    PUBLIC_URL,
    RIEL,
    SECRETS,
    Answering,
    Silent,
    config,
    entry,
    form,
    posted,
    rail,
    rails,
)  # fmt: skip

ASKING = ("aba", "khqr", "acleda", "wing-v1", "wing-v2", "wing-mini", "ipay88")
PAID_BILL = Bill(FIRST, RIEL.amount, qr_md5="0" * 32, token="token-1", opened_at=NOW)


def test_every_file_with_a_rail_is_tested_here() -> None:
    found = {
        module.name.replace("_", "-")
        for module in pkgutil.iter_modules(package.__path__)
        if hasattr(__import__(f"{package.__name__}.{module.name}", fromlist=["RAIL"]), "RAIL")
    }
    assert found == set(NAMES)


def test_the_configuration_is_all_that_says_which_rails_there_are() -> None:
    made = known.make(known.read(json.dumps([entry(name) for name in NAMES])), SECRETS, public_url=PUBLIC_URL)
    assert [one.name for one in made.values()] == list(NAMES)
    assert all(one.currencies == {"KHR", "USD"} for one in made.values())
    assert [name for name, one in made.items() if not one.notifies] == ["khqr", "acleda", "statement"]


@pytest.mark.parametrize("name", ["config", "aba-wire", "no-such", "pi-pay", "mpgs"])
def test_cases_35_and_77_a_bank_that_is_no_rail_of_ours_has_no_bell(name: str) -> None:
    with pytest.raises(BadConfiguration, match="no rail"):
        known.read(json.dumps([{**entry("aba"), "rail": name}]))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "statement"])
def test_case_07_a_rail_without_its_secret_does_not_start(name: str) -> None:
    for secrets in ({}, {**SECRETS, "now": ""}, {**SECRETS, "now": "default"}):
        with pytest.raises(BadConfiguration, match="secret missing"):
            known.make([config(name)], secrets, public_url=PUBLIC_URL)


@pytest.mark.parametrize("name", ["acleda", "acleda-mobile", "wing-v2"])
def test_case_07_a_password_that_is_missing_stops_the_start(name: str) -> None:
    with pytest.raises(BadConfiguration, match=r"now\.password"):
        known.make([config(name)], {**SECRETS, "now.password": ""}, public_url=PUBLIC_URL)


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize(
    "address", ["https://relay.example", "https://payway.com.kh.relay.example", "https://xpayway.com.kh"]
)
def test_case_74_no_third_party_stands_between_us_and_a_bank(name: str, address: str) -> None:
    with pytest.raises(BadConfiguration):
        config(name, base_url=address)


def test_only_configured_origins_are_ever_called() -> None:
    assert known.origins([config("khqr"), config("statement"), config("wing-v1")]) == {
        "https://api-bakong.nbc.gov.kh",
        "https://wingsdk.wingmoney.com:334",
    }


@pytest.mark.parametrize(
    ("name", "address"),
    [("aba", "https://checkout-sandbox.payway.com.kh"), ("khqr", "https://sit-api-bakong.nbc.gov.kh"),
     ("acleda", "https://epaymentuat.acledabank.com.kh"), ("ipay88", "https://sandbox.ipay88.com.kh")],
)  # fmt: skip
def test_case_08_sandbox_and_production_are_never_mixed(name: str, address: str) -> None:
    assert config(name, base_url=address, environment="sandbox").environment == "sandbox"
    with pytest.raises(BadConfiguration):
        config(name, base_url=address)


def test_a_bank_that_answers_no_foreign_address_is_reached_through_the_offices_own_forwarder() -> None:
    through = config("khqr", egress="kh-forwarder", forwarder_url="https://forward.office.example")
    assert through.origin == "https://forward.office.example"
    for wrong in ({"egress": "kh-forwarder"}, {"forwarder_url": "https://forward.office.example"},
                  {"egress": "kh-forwarder", "forwarder_url": "http://forward.office.example"}):  # fmt: skip
        with pytest.raises(BadConfiguration):
            config("khqr", **wrong)


def test_a_callback_address_may_end_with_an_unguessable_part() -> None:
    assert rail("acleda", door_key="door").callback_url == f"{PUBLIC_URL}/v1/payments/acleda/notifications/{DOOR}"
    assert rail("acleda").callback_url == f"{PUBLIC_URL}/v1/payments/acleda/notifications"
    for wrong in ("", "short", "a/b" * 9, "ខ្មែរ" * 9):
        with pytest.raises(BadConfiguration, match="door"):
            known.make([config("acleda", door_key="door")], {**SECRETS, "door": wrong}, public_url=PUBLIC_URL)


RETURNED = f"_paymenttokenid=t1&_resultCode=0&_transactionid={FIRST}"


def test_case_75_neither_address_nor_door_is_enough_and_both_are_needed_where_configured() -> None:
    held = rail("acleda", door_key="door", source_networks=["203.0.113.0/24", "2001:db8::/32"])
    came = form(RETURNED)
    through = Delivery(came.headers, (), came.body, "203.0.113.5", None, DOOR)
    assert held.verify(through, now=NOW).trust is Trust.DOORBELL
    forwarded = (*came.headers, ("X-Forwarded-For", "203.0.113.5"))
    for source, door, headers in (
        ("198.51.100.1", DOOR, came.headers), ("198.51.100.1", DOOR, forwarded), ("", DOOR, came.headers),
        ("not an address", DOOR, came.headers), ("203.0.113.5", "", came.headers),
        ("203.0.113.5", DOOR + "x", came.headers), ("203.0.113.5", "ទ្វារ", came.headers),
    ):  # fmt: skip
        with pytest.raises(Rejected):
            held.verify(Delivery(headers, (), came.body, source, None, door), now=NOW)
    signed = rail("aba", source_networks=["203.0.113.0/24"])
    with pytest.raises(Rejected):
        signed.verify(posted({}, source="203.0.113.5"), now=NOW)


@pytest.mark.parametrize("name", NAMES)
def test_case_28_what_is_too_large_is_not_looked_at(name: str) -> None:
    for body in (b"{" * 5_000_000, b"[" * 10_000, b"a=" + b"1" * 20_000):
        with pytest.raises(Rejected):
            rail(name).verify(posted(body), now=NOW)
        with pytest.raises(Rejected):
            rail(name).verify(form(body), now=NOW)


@given(st.binary(max_size=120), st.text(max_size=40), st.sampled_from(NAMES))
def test_nothing_but_rejected_comes_out_for_what_anybody_may_send(body: bytes, text: str, name: str) -> None:
    one = RAILS[name]
    for delivery in (posted(body), form(body), Delivery((), ((text, text),), b""), Delivery(((text, text),), (), body)):
        with pytest.raises(Rejected):
            one.verify(delivery, now=NOW)


RAILS = rails()


@pytest.mark.parametrize("name", NAMES)
def test_case_78_every_answer_to_a_sender_is_one_of_three_and_tells_nothing(name: str) -> None:
    replies = [rail(name).ack(answer) for answer in Answer]
    assert [reply.status for reply in replies] == [200, 401, 503]
    assert all(len(reply.body) < 30 for reply in replies)


@pytest.mark.parametrize("name", NAMES)
def test_case_78_no_repr_of_a_rail_shows_a_secret(name: str) -> None:
    assert not [secret for secret in SECRETS.values() if secret in repr(rail(name, door_key="").keys)]


NOISE: list[tuple[str, Any, int]] = [
    ("71 HTML page", b"<!doctype html><title>Maintenance</title>", 200),
    ("71 empty", b"", 200),
    ("71 not JSON", b"OK", 200),
    ("71 bad gateway", b"Bad Gateway", 502),
    ("71 throttled", {"status": "429"}, 429),
    ("71 forbidden", {}, 403),
    ("71 redirect", b"", 302),
    ("71 too large", b" " * 100_000 + b"{}", 200),
    ("20 duplicate keys", b'{"responseCode":1,"responseCode":0}', 200),
    ("23 NaN", b'{"responseCode":NaN}', 200),
    ("23 five thousand digits", b'{"responseCode":' + b"9" * 5000 + b"}", 200),
    ("25 not UTF-8", b'{"a":"\xff"}', 200),
    ("28 ten thousand brackets", b"[" * 10_000, 200),
    ("60 a list", [], 200),
    ("60 a number", 0, 200),
    ("60 null", b"null", 200),
    ("60 an empty object", {}, 200),
    ("60 null inside", {"result": None, "data": None, "responseCode": None, "errorCode": None, "status": None}, 200),
]


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize(("body", "status"), [case[1:] for case in NOISE], ids=[case[0] for case in NOISE])
def test_noise_is_unknown_never_paid_and_never_failed(name: str, body: Any, status: int) -> None:
    told = rail(name).query(PAID_BILL, now=NOW, http=Answering(body, status))
    assert (told.status, told.trust, told.order_ref) == (Status.UNKNOWN, Trust.AUTHORITATIVE, FIRST)


@pytest.mark.parametrize("name", ASKING)
def test_case_71_no_answer_is_unknown(name: str) -> None:
    told = rail(name).query(PAID_BILL, now=NOW, http=Silent())
    assert (told.status, told.remark, told.alarm) == (Status.UNKNOWN, "no-answer", False)


@pytest.mark.parametrize("name", ASKING)
def test_case_71_a_bank_that_forbids_raises_an_alarm_and_one_that_is_busy_does_not(name: str) -> None:
    if name != "aba":  # ABA says so in its envelope
        assert rail(name).query(PAID_BILL, now=NOW, http=Answering(b"", 403)).alarm
    assert not rail(name).query(PAID_BILL, now=NOW, http=Answering(b"", 503)).alarm


@pytest.mark.parametrize("name", ASKING)
def test_case_41_if_the_banks_clock_and_ours_are_apart_nothing_is_decided_and_a_person_is_called(name: str) -> None:
    date = {"date": "Wed, 25 Nov 2026 02:34:31 GMT"}  # 61 seconds ahead
    told = rail(name).query(PAID_BILL, now=NOW, http=Answering(b"{}", 200, date))
    assert (told.status, told.remark, told.alarm) == (Status.UNKNOWN, "clocks-apart", True)


def test_case_41_a_minute_apart_is_allowed_and_a_date_that_cannot_be_read_is_none() -> None:
    one = config("khqr")
    for date, apart in (("Wed, 25 Nov 2026 02:34:30 GMT", False), ("Wed, 25 Nov 2026 02:32:29 GMT", True),
                        ("yesterday", False), ("", False)):  # fmt: skip
        assert clocks_apart(one, HttpReply(200, {"date": date}, b""), NOW) is apart


@pytest.mark.parametrize("name", NAMES)
def test_case_33_no_delivery_is_ever_evidence(name: str) -> None:
    for status in Status:
        told = RAILS[name].query(PAID_BILL, now=NOW, http=Silent())
        bell = type(told)(
            rail=name, order_ref=FIRST, bank_ref="x", event_key="x", status=status, trust=Trust.AUTHENTICATED, at=NOW
        )
        if status is Status.PAID:
            with pytest.raises(NotEvidence):
                settle(order(), FIRST, bell)
        else:
            assert isinstance(settle(order(), FIRST, bell), Ignore)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "aba"])
def test_most_banks_have_no_list_and_cannot_be_told_to_close(name: str) -> None:
    with pytest.raises(NotSupported):
        rail(name).list_day(NOW.date(), now=NOW, http=Silent())
    assert rail(name).close(RIEL, now=NOW, http=Silent()) is False


@pytest.mark.parametrize("name", NAMES)
def test_a_foreign_reference_a_wrong_currency_or_no_amount_is_never_issued(name: str) -> None:
    http = Answering({})
    wrong = [
        Bill("17425401324", RIEL.amount),
        Bill(FIRST, type(RIEL.amount)(100, "EUR")),
        Bill(FIRST, type(RIEL.amount)(0, "KHR")),
        Bill(FIRST, type(RIEL.amount)(-1, "USD")),
    ]
    for bill in wrong:
        with pytest.raises(ValueError, match=r"reference|currency|amount"):
            rail(name).create(bill, now=NOW, http=http)
    assert not http.sent


def test_a_signing_key_that_ends_soon_is_a_concern_and_later_an_alarm() -> None:
    ends = NOW + 16 * DAY
    key = {"id": "now", "not_before": (ends - 90 * DAY).isoformat(), "not_after": ends.isoformat()}
    token = config("khqr", keys=[key])

    def grade(days: int) -> str | None:
        found = known.concerns([token, config("statement")], NOW + timedelta(days=days))
        return found[0].grade if found else None

    assert [grade(days) for days in (0, 1, 5, 6, 20)] == [None, "renew", "renew", "alarm", "alarm"]
    young = {**key, "not_before": NOW.isoformat(), "not_after": (NOW + 90 * DAY).isoformat()}
    assert known.concerns([config("khqr", keys=[young])], NOW) == ()


@pytest.mark.parametrize("end", [None, 91])
def test_a_token_of_bakong_lives_ninety_days_at_most(end: int | None) -> None:
    key = {"id": "now", "not_before": NOW.isoformat()}
    if end is not None:
        key["not_after"] = (NOW + end * DAY).isoformat()
    with pytest.raises(BadConfiguration):
        config("khqr", keys=[key])


def test_a_configuration_holds_no_secret() -> None:
    assert not [name for name in NAMES for field in type(config(name)).model_fields if "secret" in field]
