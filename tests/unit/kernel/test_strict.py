"""The strict JSON reader: what Python's own reader takes and no other should is refused (security.md 6, row 53)."""

import json
from typing import Any

import pytest

from chalicelib.kernel import strict
from chalicelib.kernel.errors import Malformed, TooLarge

LIMIT = 1_000_000


def code(raw: bytes, **how: Any) -> str:
    with pytest.raises((Malformed, TooLarge)) as refused:
        strict.loads(raw, max_bytes=how.pop("max_bytes", LIMIT), **how)
    return refused.value.findings[0].code


@pytest.mark.parametrize(
    "value",
    [{}, [], {"a": [1, -2, True, False, None, 'ខ្មែរ \u200b \n " \\ /']}, "text", 0, 999_999_999_999_999, "😀", {"": 1}],
)
def test_ordinary_json_is_read_as_it_is(value: Any) -> None:
    assert strict.loads(json.dumps(value, ensure_ascii=False).encode(), max_bytes=LIMIT) == value
    assert strict.loads(json.dumps(value).encode(), max_bytes=LIMIT) == value


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "json.not-json"),
        (b" ", "json.not-json"),
        (b"{", "json.not-json"),
        (b"{}{}", "json.not-json"),
        (b"{'a':1}", "json.not-json"),
        (b'{"a":1,}', "json.not-json"),
        (b'{"a":01}', "json.not-json"),
        (b'{"a":+1}', "json.not-json"),
        (b'{"a":0x10}', "json.not-json"),
        (b'"a\nb"', "json.not-json"),
        (b'\xef\xbb\xbf{"a":1}', "json.not-json"),
        (b'{"a":"\x00"}', "json.not-json"),
        ("{}".encode("utf-16"), "json.not-utf8"),
        (b'{"a":"\xff"}', "json.not-utf8"),
        (b'{"a":"\xed\xa0\x80"}', "json.not-utf8"),
        (b'{"a":1,"a":2}', "json.duplicate-key"),
        (b'{"b":{"a":1,"\\u0061":2}}', "json.duplicate-key"),
        (b'{"a":NaN}', "json.not-a-number"),
        (b'{"a":Infinity}', "json.not-a-number"),
        (b'{"a":-Infinity}', "json.not-a-number"),
        (b'{"a":1.0}', "json.fraction"),
        (b'{"a":1e400}', "json.fraction"),
        (b'{"a":1e3}', "json.fraction"),
        (b'{"a":-0}', "json.integer"),
        (b'{"a":1000000000000000}', "json.integer"),
        (b'{"a":' + b"9" * 5000 + b"}", "json.integer"),
        (b'{"a":"\\ud800"}', "json.surrogate"),
        (b'{"\\udfff":1}', "json.surrogate"),
        (b'["\\ud800"]', "json.surrogate"),
        (b'{"a":["x",["\\udc00"]]}', "json.surrogate"),
        (b'"\\ud800"', "json.surrogate"),
        (b'{"a":"\\udc00\\ud800"}', "json.surrogate"),
    ],
)
def test_what_no_reader_should_take_is_refused(raw: bytes, expected: str) -> None:
    assert code(raw) == expected


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert strict.loads(b'["\\ud83d\\ude00"]', max_bytes=LIMIT) == ["\U0001f600"]


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_nesting_of_a_hundred_thousand_levels_is_refused(opening: bytes) -> None:
    assert code(opening * 100_000) == "json.too-deep"


def test_depth_counts_what_is_open_and_not_what_is_written() -> None:
    assert len(strict.loads(b"[" + b",".join([b"[]"] * 1000) + b"]", max_bytes=LIMIT)) == 1000
    assert strict.loads(b'["[[[[[[[[\\"[[[["]', max_bytes=LIMIT, max_depth=1) == ['[[[[[[[["[[[[']
    assert code(b"[[]]", max_depth=1) == "json.too-deep"


def test_the_limit_of_bytes_is_kept_to_the_byte() -> None:
    assert strict.loads(b"[1, 2]", max_bytes=6) == [1, 2]
    assert code(b"[1, 2]", max_bytes=5) == "body.too-large"


def test_a_refusal_shows_no_more_of_a_number_or_key_than_needed() -> None:
    with pytest.raises(Malformed) as refused:
        strict.loads(b'{"a":' + b"9" * 5000 + b"}", max_bytes=LIMIT)
    assert len(refused.value.findings[0].params["detail"]) <= 40
    key = "ខ" * 100
    with pytest.raises(Malformed) as refused:
        strict.loads(f'{{"{key}":1,"{key}":2}}'.encode(), max_bytes=LIMIT)
    assert refused.value.findings[0].params["key"].isascii()
    assert len(refused.value.findings[0].params["key"]) <= 64


@pytest.mark.parametrize("literal", ["0", "-0", "1.50", "1e400", "85.0", "9" * 400])
def test_a_banks_numbers_may_be_kept_as_their_text(literal: str) -> None:
    value = strict.loads(f'{{"a":{literal},"b":"{literal}"}}'.encode(), max_bytes=LIMIT, literal_numbers=True)
    assert value == {"a": literal, "b": literal}
    assert isinstance(value["a"], strict.Literal) and not isinstance(value["b"], strict.Literal)


def test_kept_as_text_or_not_nan_is_no_number() -> None:
    assert code(b"[NaN]", literal_numbers=True) == "json.not-a-number"
