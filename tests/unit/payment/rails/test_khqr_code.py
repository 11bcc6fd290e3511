"""KHQR strings, written and read. Numbers are cases of payments.md section 12."""

import random
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.payment import khqr
from chalicelib.payment.khqr import Khqr, NotKhqr, decode, encode

MADE = 1_760_000_000_000
NOW = datetime.fromtimestamp(MADE / 1000, UTC)
WHOLE = Khqr(
    account="dip@devb", name="DIP CAMBODIA", city="Phnom Penh", currency="KHR", minor=4000, merchant_id="1234567",
    acquiring_bank="Dev Bank", category="9399", unionpay="1974011600520446ACLB1000231208129", bill="AN-2026-77",
    mobile="85512345678", store="Annuity", terminal="WEB-1", purpose="Renewal fee", language="km",
    local_name="នាយកដ្ឋាន", local_city="ភ្នំពេញ", created_ms=MADE, expires_ms=MADE + 900_000,
)  # fmt: skip
PLAIN = replace(WHOLE, merchant_id="", acquiring_bank="", unionpay="", bill="TRPC0000000000000"[:16], mobile="",
                store="", terminal="", purpose="", language="", local_name="", local_city="")  # fmt: skip
STATIC = replace(PLAIN, minor=None, created_ms=None, expires_ms=None)

_VISIBLE = "".join(chr(number) for number in range(33, 127))
_KHMER = "កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរលវសហឡអ"
_NAME = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def code_of(seed: int) -> Khqr:
    """Any code an order may have, and static ones; the same for the same `seed`. One draw, not forty: it is quick."""
    chance = random.Random(seed)  # noqa: S311 - no secret

    def some(letters: str, most: int, *, least: int = 0) -> str:
        return "".join(chance.choices(letters, k=chance.randint(least, most)))

    made = chance.randint(1_700_000_000_000, 1_900_000_000_000)
    currency = chance.choice(["KHR", "USD"])
    merchant, dynamic, local = (chance.random() < 0.5 for _ in range(3))
    return Khqr(
        account=f"{some(_NAME + '._-', 20, least=1)}@{some(_NAME, 10, least=2)}",
        name=some(_VISIBLE, 25, least=1),
        city=some(_VISIBLE, 15, least=1),
        currency=currency,
        minor=chance.randint(1, 10 ** chance.randint(1, 10)) if dynamic else None,
        merchant_id=some(_NAME, 20, least=1) if merchant else "",
        acquiring_bank=some(_VISIBLE, 32, least=1 if merchant else 0),
        account_information="" if merchant else some(_VISIBLE, 20),
        category=some("0123456789", 4, least=4),
        unionpay="" if currency == "USD" else some(_VISIBLE, 31),
        bill=some(_VISIBLE, 16),
        mobile=some("0123456789", 12),
        store=some(_VISIBLE, 12),
        terminal=some(_VISIBLE, 12),
        purpose=some(_VISIBLE, 12),
        language=chance.choice(["km", "zh"]) if local else "",
        local_name=some(_KHMER, 25, least=1) if local else "",
        local_city=some(_KHMER, 15) if local else "",
        created_ms=made if dynamic else None,
        expires_ms=made + chance.randint(1, 31_000_000_000) if dynamic else None,
    )


seeds = st.integers(0, 2**64 - 1)
BATCH = 100


@settings(deadline=None, max_examples=100, database=None)
@given(seeds)
def test_ten_thousand_random_orders_are_read_as_they_were_written(seed: int) -> None:
    """A hundred times a hundred: hypothesis costs more than a code."""
    for n in range(BATCH):
        code = code_of(seed + n)
        text = encode(code)
        assert decode(text) == code
        assert khqr.read(text)["63"] == khqr.crc(text[:-4])


def test_lengths_count_characters_and_the_crc_runs_over_utf8() -> None:
    assert "0109នាយកដ្ឋាន" in encode(WHOLE)
    assert decode(encode(WHOLE)).local_city == "ភ្នំពេញ"


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(8500, "USD", "540285"), (8550, "USD", "540585.50"), (1, "USD", "54040.01"), (4000, "KHR", "54044000")],
)
def test_amounts_have_one_form(minor: int, currency: str, text: str) -> None:
    assert text in encode(replace(PLAIN, minor=minor, currency=currency, unionpay=""))


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("82 tag 62 over 99", dict.fromkeys(("bill", "mobile", "store", "terminal", "purpose"), "B" * 25)),
    ("82 1e+21", {"minor": 10**21}),
    ("82 empty name", {"name": ""}),
    ("82 empty city", {"city": ""}),
    ("82 name of 26", {"name": "N" * 26}),
    ("82 two at signs", {"account": "dip@devb@devb"}),
    ("82 no bank in the account", {"account": "dip"}),
    ("82 category of one digit", {"category": "9"}),
    ("82 negative category", {"category": "-100"}),
    ("82 merchant without bank", {"acquiring_bank": ""}),
    ("82 merchant with an individual's field", {"account_information": "1"}),
    ("82 UnionPay in dollars", {"currency": "USD"}),
    ("82 another currency", {"currency": "EUR"}),
    ("82 line break in a name", {"name": "DIP\nCAMBODIA"}),
    ("82 outer blank", {"name": " DIP"}),
    ("82 Khmer in tag 59", {"name": "ការិយាល័យ"}),
    ("82 emoji, two units of UTF-16", {"local_name": "😀"}),
    ("82 zero-width in a local name", {"local_name": "ក\u200bខ"}),
    ("82 replacement character", {"local_name": "\ufffd"}),
    ("82 decomposed letter", {"local_name": "e\u0301"}),
    ("82 local name without language", {"language": ""}),
    ("82 language of three letters", {"language": "khm"}),
    ("51 zero", {"minor": 0}),
    ("51 negative", {"minor": -4000}),
    ("83 seconds for milliseconds", {"created_ms": MADE // 1000, "expires_ms": MADE // 1000 + 900}),
    ("83 before creation", {"expires_ms": MADE - 1}),
    ("83 at creation", {"expires_ms": MADE}),
    ("83 absurdly far", {"expires_ms": MADE + 400 * 86_400_000}),
    ("83 fourteen digits", {"expires_ms": MADE * 10}),
    ("83 no expiry", {"expires_ms": None}),
    ("83 no creation", {"created_ms": None}),
    ("85 static with an expiry", {"minor": None}),
]


@pytest.mark.parametrize("changes", [case[1] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_read_back_is_not_built(changes: dict[str, Any]) -> None:
    with pytest.raises(NotKhqr):
        encode(replace(WHOLE, **changes))


def test_case_83_a_code_is_payable_from_its_making_until_its_expiry() -> None:
    text = encode(WHOLE)
    assert decode(text, now=NOW + timedelta(minutes=14)) == WHOLE
    for moment in (NOW + timedelta(minutes=15), NOW + timedelta(days=400), NOW - timedelta(minutes=6)):
        with pytest.raises(NotKhqr):
            decode(text, now=moment)


def closed(body: str) -> str:
    """`body` with the CRC it should have."""
    return body + "6304" + khqr.crc(body + "6304")


def body(code: Khqr) -> str:
    return encode(code)[:-8]


MALFORMED: list[tuple[str, str]] = [
    ("80 wrong CRC", encode(PLAIN)[:-1] + ("0" if encode(PLAIN)[-1] != "0" else "1")),
    ("80 lower-case CRC", encode(WHOLE)[:-4] + encode(WHOLE)[-4:].lower()),
    ("80 data after", encode(PLAIN) + "5802KH"),
    ("80 63 not last", closed(encode(PLAIN))),
    ("81 repeated tag", closed(body(PLAIN) + "5802KH")),
    ("81 29 and 30 together", closed(body(PLAIN) + "3030" + "0008dip@devb010712345670203Dev")),
    ("81 length past the end", closed(body(PLAIN) + "6499x")),
    ("81 length in bytes", closed(body(PLAIN) + "6435" + "0002km0127" + "នាយកដ្ឋាន")),
    ("81 Khmer length digits", closed(body(PLAIN) + "64០២xx")),
    ("81 empty value", closed(body(PLAIN) + "6400")),
    ("81 unknown tag", closed(body(PLAIN) + "8001x")),
    ("81 unknown tag within", closed(body(PLAIN).replace("6220", "6225") + "6801x")),
    ("81 tags in another order", closed(body(PLAIN).replace("5303116", "").replace("5802KH", "5802KH5303116"))),
    ("81 repeated within", closed(body(STATIC) + "99340013" + str(MADE) + "0013" + str(MADE))),
    ("51 riel with decimals", closed(body(PLAIN).replace("54044000", "54064000.0"))),
    ("51 zero", closed(body(PLAIN).replace("54044000", "54010"))),
    ("51 leading zero", closed(body(PLAIN).replace("54044000", "540504000"))),
    ("82 amount 1e+21", closed(body(PLAIN).replace("54044000", "54051e+21"))),
    ("82 dollars with one decimal", closed(body(replace(PLAIN, currency="USD")).replace("540240", "540440.5"))),
    ("85 static with an amount", closed(body(PLAIN).replace("010212", "010211"))),
    ("85 neither static nor dynamic", closed(body(PLAIN).replace("010212", "010213"))),
    ("85 dynamic without an amount", closed(body(STATIC).replace("010211", "010212"))),
    ("81 another country", closed(body(PLAIN).replace("5802KH", "5802VN"))),
    ("81 surrogate", closed(body(PLAIN)) + "\ud800"),
    ("81 too long", closed(body(PLAIN) + "".join(f"{tag}99" + "x" * 99 for tag in range(80, 86)))),
]


@pytest.mark.parametrize("text", [case[1] for case in MALFORMED], ids=[case[0] for case in MALFORMED])
def test_what_is_not_exactly_ours_is_not_read(text: str) -> None:
    with pytest.raises(NotKhqr):
        decode(text)


def changes(text: str, chance: random.Random) -> list[str]:
    """`text` with a character exchanged, left out, put in or doubled, two swapped, a piece cut out or moved to the end."""
    start = chance.randrange(len(text) - 1)
    end = min(len(text), start + chance.randint(1, 12))
    other = chr(chance.randint(32, 126))
    made = [
        text[:start] + other + text[start + 1 :],
        text[:start] + chance.choice(_KHMER) + text[start + 1 :],
        text[:start] + text[start + 1 :],
        text[:start] + other + text[start:],
        text[: start + 1] + text[start:],
        text[:start] + text[start + 1] + text[start] + text[start + 2 :],
        text[:start] + text[end:],
        text[:start] + text[end:] + text[start:end],
        text[:start],
        text + text[start:end],
        text.swapcase(),
    ]
    return [one for one in made if one != text]


@settings(deadline=None, max_examples=100)
@given(seeds)
def test_every_changed_string_is_refused(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    code = code_of(seed)
    text = encode(code)
    for _ in range(5):
        for changed in changes(text, chance):
            with pytest.raises(NotKhqr):
                decode(changed)


@settings(deadline=None, max_examples=100)
@given(seeds)
def test_with_a_new_crc_a_changed_string_is_refused_or_plainly_another_code(seed: int) -> None:
    """Whoever can make a CRC can make a code of his own, but none that reads as ours: each meaning has one string."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    code = code_of(seed)
    for _ in range(5):
        for changed in changes(body(code), chance):
            try:
                read = decode(closed(changed))
            except NotKhqr:
                continue
            assert read != code
            assert encode(read) == closed(changed)
            assert khqr.md5(closed(changed)) != khqr.md5(encode(code))


def test_every_field_is_in_the_string() -> None:
    whole = encode(WHOLE)
    changed: dict[str, Any] = {
        "account": "dip@nbcq", "minor": 4001, "created_ms": MADE + 1, "expires_ms": MADE + 1, "currency": "USD",
        "category": "5999", "language": "zh", "account_information": "",
    }  # fmt: skip
    for field in fields(Khqr):
        value = changed.get(field.name, "X" if field.name not in ("local_name", "local_city") else "ក")
        clear: dict[str, Any] = {"unionpay": ""} if field.name == "currency" else {}
        if field.name != "account_information":
            assert encode(replace(WHOLE, **{field.name: value}, **clear)) != whole, field.name
    assert encode(replace(PLAIN, account_information="1")) != encode(PLAIN)
