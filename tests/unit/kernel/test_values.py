"""Identifiers, digests, canonical JSON, money, text and time: the values that everything else is made of."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.kernel.clock import local, parse_stamp, stamp, system_clock, to_millisecond
from chalicelib.kernel.digest import Digest, canonical, of_stream
from chalicelib.kernel.errors import Finding, NotFound, Refused
from chalicelib.kernel.money import Money
from chalicelib.kernel.text import file_label, forbidden_characters, nfc

NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)


# ---------------------------------------------------------------- ids


def test_a_ulid_has_its_form_and_sorts_by_time() -> None:
    made = [ids.ulid(NOON + timedelta(milliseconds=step)) for step in range(5)]
    assert made == sorted(made)
    assert all(ids.is_ulid(one) for one in made)


def test_a_ulid_says_when_it_was_made() -> None:
    assert ids.moment(ids.ulid(NOON)) == NOON


def test_a_ulid_is_time_then_chance() -> None:
    assert ids.ulid(datetime(1970, 1, 1, tzinfo=UTC), lambda size: b"\x00" * size) == "0" * 26
    assert ids.ulid(datetime(1970, 1, 1, tzinfo=UTC), lambda size: b"\xff" * size) == "0" * 10 + "Z" * 16


@pytest.mark.parametrize(
    "text", ["", "0" * 25, "0" * 27, "8" + "0" * 25, "0" * 25 + "I", "0" * 25 + "u", "0" * 26 + "\n", "០" * 26]
)
def test_what_has_not_the_form_of_a_ulid_is_none(text: str) -> None:
    assert not ids.is_ulid(text)


def test_key_parts_cannot_be_guessed() -> None:
    made = {ids.unguessable() for _ in range(100)}
    assert len(made) == 100 and all(len(one) == 32 for one in made)


# ---------------------------------------------------------------- digests


def test_a_digest_of_bytes_is_the_published_one() -> None:
    assert Digest.of(b"abc").hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert Digest.of(b"").base64 == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "A" * 64, "0" * 64 + "\n", "០" * 64, "g" * 64])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case"):
        Digest(text)


def test_pieces_have_the_digest_and_size_of_the_whole() -> None:
    assert of_stream(iter([b"ab", b"", b"c"])) == (Digest.of(b"abc"), 3)
    assert of_stream(iter([])) == (Digest.of(b""), 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": 2}, '{"a":2,"b":1}'),
        ({"€": 1, "\r": 2, "ו": 3, "1": 4, "😀": 5, "ö": 6}, '{"\\r":2,"1":4,"ö":6,"€":1,"😀":5,"ו":3}'),
        ("ខ្មែរ\u2028<>\x7f\x01", '"ខ្មែរ\u2028<>\x7f\\u0001"'),
        ([True, None, 0, -1], "[true,null,0,-1]"),
    ],
)
def test_canonical_json_is_that_of_rfc_8785(value: Any, text: str) -> None:
    expected = text
    if "😀" in text and "ו" in text:  # names sort by UTF-16 units: a surrogate before U+FB33, after U+05D5
        expected = '{"\\r":2,"1":4,"ö":6,"ו":3,"€":1,"😀":5}'
    assert canonical(value).decode() == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1])
def test_numbers_that_json_cannot_hold_have_no_canonical_form(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical(value)


# ---------------------------------------------------------------- money


@pytest.mark.parametrize(
    ("literal", "currency", "minor"),
    [
        ("0", "KHR", 0),
        ("320000", "KHR", 320_000),
        ("100.0", "KHR", 100),
        ("85.5", "USD", 8550),
        ("85.50", "USD", 8550),
        ("85.5000", "USD", 8550),
        ("999999999999999", "KHR", 999_999_999_999_999),
    ],
)
def test_plain_amounts_are_read_exactly(literal: str, currency: str, minor: int) -> None:
    assert Money.parse(literal, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("literal", "currency"),
    [
        *(
            (literal, "USD")
            for literal in ("", "-1", "+1", "-0", "1e3", "1E3", "NaN", "Infinity", "0x10", "1,000", "1_000")
        ),
        *((literal, "USD") for literal in ("01", ".5", "5.", " 1", "1 ", "1\n", "១០០", "1.005", "1.00000", "9" * 16)),
        ("100.5", "KHR"),
        ("0.01", "KHR"),
    ],
)
def test_anything_else_is_no_amount(literal: str, currency: str) -> None:
    with pytest.raises(ValueError):
        Money.parse(literal, currency)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(8550, "USD"), "85.50"),
        (Money(5, "USD"), "0.05"),
        (Money(0, "EUR"), "0.00"),
        (Money(320_000, "KHR"), "320000"),
    ],
)
def test_an_amount_is_printed_with_its_currencys_digits(money: Money, text: str) -> None:
    assert money.decimal == text
    assert Money.parse(text, money.currency) == money


def test_amounts_of_two_currencies_are_never_added() -> None:
    assert Money(1, "KHR") + Money(2, "KHR") == Money(3, "KHR")
    with pytest.raises(ValueError, match="two currencies"):
        Money(1, "KHR") + Money(2, "USD")


@pytest.mark.parametrize("currency", ["", "khr", "XXX", "BTC"])
def test_a_currency_we_do_not_know_has_no_amounts(currency: str) -> None:
    with pytest.raises(ValueError, match="unknown currency"):
        Money(1, currency)
    with pytest.raises(ValueError, match="unknown currency"):
        Money.parse("1", currency)


# ---------------------------------------------------------------- text


@pytest.mark.parametrize("text", ["ខ្មែរ\u200bអក្សរ", "a\u200cb\u200dc", "né", "日本", "🙂", "tab?no", ""])
def test_ordinary_text_of_any_script_may_stand(text: str) -> None:
    assert forbidden_characters(text) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\u202eb", "U+202E"),
        ("a\x00\x1b", "U+0000 U+001B"),
        ("\u2066x\u2069", "U+2066 U+2069"),
        ("\ufeffx", "U+FEFF"),
        ("a\nb\tc", "U+0009 U+000A"),
        ("a\u2028b", "U+2028"),
        ("\ud800", "U+D800"),
        ("\ue000", "U+E000"),
        ("\x85\x9f", "U+0085 U+009F"),
    ],
)
def test_what_hides_or_reorders_is_named_by_code_point(text: str, found: str) -> None:
    assert forbidden_characters(text) == found


def test_line_breaks_may_stand_where_lines_are_meant() -> None:
    assert forbidden_characters("a\nb\tc", line_breaks=True) == ""
    assert forbidden_characters("a\rb", line_breaks=True) == "U+000D"


def test_text_is_composed_and_never_folded() -> None:
    assert nfc("e\u0301") == "é"
    assert nfc("Å") == "Å"
    assert nfc("Ａ") == "Ａ"  # full width stays
    khmer = "ក្រុមហ៊ុន"
    assert nfc(khmer) == unicodedata.normalize("NFC", khmer)


@pytest.mark.parametrize("name", ["-rf", "CON.pdf", "x" * 4000 + ".pdf", "a/b\\c", "\u202e\n", ".", "..", "កិច្ច" * 100])
def test_a_label_is_one_short_line_without_path(name: str) -> None:
    label = file_label(name)
    assert 0 < len(label) <= 200
    assert not set(label) & set("/\\\n\u202e")


# ---------------------------------------------------------------- time


def test_a_stamp_says_the_moment_in_utc_and_comes_back() -> None:
    here = datetime(2026, 11, 25, 9, 33, 30, 123_999, tzinfo=timezone(timedelta(hours=7)))
    assert stamp(here) == "2026-11-25T02:33:30.123Z"
    assert parse_stamp(stamp(here)) == to_millisecond(here)


@pytest.mark.parametrize(
    "text", ["", "2026-11-25", "2026-11-25T02:33:30Z", "2026-11-25T02:33:30.123+00:00", "2026-13-01T00:00:00.000Z"]
)
def test_what_is_no_stamp_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_stamp(text)


def test_the_wall_clock_of_a_zone_is_that_of_its_rules() -> None:
    assert local(NOON, "Asia/Phnom_Penh").isoformat() == "2026-11-25T12:00:00+07:00"
    assert local(datetime(2026, 7, 1, tzinfo=UTC), "Europe/Zurich").utcoffset() == timedelta(hours=2)


def test_the_systems_clock_is_aware_and_cut_to_milliseconds() -> None:
    now = system_clock()
    assert now.tzinfo is UTC and now.microsecond % 1000 == 0


# ---------------------------------------------------------------- errors


def test_a_refusal_carries_every_finding() -> None:
    both = Refused(Finding(code="a"), Finding(code="b", pointer="/x"))
    assert [finding.code for finding in both.findings] == ["a", "b"]
    assert str(both) == "a, b /x"


def test_one_finding_may_be_said_shortly() -> None:
    error = NotFound.because("filing.not-found", "/id", id="1")
    assert isinstance(error, NotFound)
    assert error.findings == (Finding(code="filing.not-found", pointer="/id", params={"id": "1"}),)
