"""A request as our routes read it."""

from datetime import timedelta

import pytest

from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Malformed, TooLarge, Unsupported
from chalicelib.web.request import MAX_BODY
from tests.fakes import NOON, FixedClock
from tests.unit.web.requests import incoming

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_a_json_object_is_read(kind: str) -> None:
    assert incoming(b'{"a":1}', headers={"content-type": kind}).json() == {"a": 1}


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"]
)
def test_another_media_type_is_unsupported(kind: str | None) -> None:
    with pytest.raises(Unsupported, match=r"body\.media-type"):
        incoming(b"{}", headers={} if kind is None else {"Content-Type": kind}).json()


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null"])
def test_a_body_that_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed, match=r"json\.not-object"):
        incoming(body, headers=JSON).json()


@pytest.mark.parametrize("body", [None, b"", b"{"])
def test_a_body_that_is_no_json_is_malformed(body: bytes | None) -> None:
    with pytest.raises(Malformed, match=r"json\.not-json"):
        incoming(body, headers=JSON).json()


def test_a_body_over_the_limit_is_too_large() -> None:
    body = b'{"a":"' + b"x" * (MAX_BODY - 8) + b'"}'
    assert incoming(body, headers=JSON).json()
    with pytest.raises(TooLarge):
        incoming(body + b" ", headers=JSON).json()


def test_a_header_is_found_whatever_its_case() -> None:
    assert incoming(headers={"IF-MATCH": '"3"'}).if_match() == 3
    assert incoming(headers={"if-match": '"3"'}).if_match() == 3


def test_a_header_sent_twice_is_malformed_and_named() -> None:
    with pytest.raises(Malformed) as refused:
        incoming(headers={"If-Match": ['"1"', '"2"']}).if_match()
    assert refused.value.findings[0].params == {"header": "if-match"}


def test_a_header_sent_twice_in_two_spellings_is_malformed() -> None:
    with pytest.raises(Malformed, match=r"header\.twice"):
        incoming(headers={"If-Match": '"1"', "if-match": '"1"'}).if_match()


@pytest.mark.parametrize(
    "tag", [None, "", "1", "*", 'W/"1"', '"1", "2"', '"x"', '"-1"', '"1234567890"', '"១"', '"1"\n']
)
def test_a_version_is_one_strong_tag(tag: str | None) -> None:
    with pytest.raises(Malformed, match=r"if-match\.malformed" if tag else r"if-match\.missing"):
        incoming(headers={} if tag is None else {"If-Match": tag}).if_match()


@pytest.mark.parametrize("key", [None, "", "short", "x" * 101, "with space", "key\r\nX: y", "ខ្មែរខ្មែរ", "a\x00bcdefgh"])
def test_an_idempotency_key_is_8_to_100_visible_characters(key: str | None) -> None:
    with pytest.raises(Malformed, match=r"idempotency\.malformed" if key else r"idempotency\.missing"):
        incoming(b"{}", headers={} if key is None else {"Idempotency-Key": key}).idempotency()


def test_a_repeat_is_known_by_method_path_and_body() -> None:
    headers = {"Idempotency-Key": "key-12345"}
    first = incoming(b"{}", headers=headers).idempotency()
    assert first[0] == "key-12345" and isinstance(first[1], Digest)
    assert incoming(b"{}", headers=headers).idempotency() == first
    others = [
        incoming(b"{}", headers=headers, parts={"identifier": "1"}),
        incoming(b"{}", headers=headers, parts={"identifier": "2"}),
        incoming(b"{} ", headers=headers),
        incoming(b"{}", headers=headers, path="/v1/other"),
        incoming(b"{}", headers=headers, method="PUT"),
    ]
    assert len({first[1], *(other.idempotency()[1] for other in others)}) == 1 + len(others)


def test_the_body_is_the_bytes_that_were_sent() -> None:
    assert incoming(b"\x00\xff raw").raw == b"\x00\xff raw"
    assert incoming(None).raw == b""


def test_a_parameter_is_read_and_one_sent_twice_is_malformed() -> None:
    assert incoming(query={"before": ["x"]}).query("before") == "x"
    assert incoming().query("before") is None
    with pytest.raises(Malformed, match=r"query\.twice"):
        incoming(query={"before": ["x", "y"]}).query("before")


def test_the_time_of_a_request_is_the_gateways() -> None:
    early = NOON - timedelta(seconds=3)
    context = {"requestTimeEpoch": int(early.timestamp() * 1000) + 7}
    assert incoming(context=context).received_at(FixedClock()) == early + timedelta(milliseconds=7)


def test_the_time_of_a_request_is_never_in_our_future() -> None:
    context = {"requestTimeEpoch": int((NOON + timedelta(hours=1)).timestamp() * 1000)}
    assert incoming(context=context).received_at(FixedClock()) == NOON


@pytest.mark.parametrize("epoch", [None, "1790000000000", 1.5])
def test_where_the_gateway_does_not_say_our_clock_counts(epoch: object) -> None:
    assert incoming(context={"requestTimeEpoch": epoch}).received_at(FixedClock()) == NOON
