"""A strict JSON reader for everything that comes from outside.

Python's own reader takes duplicate keys, NaN, 1e400, lone surrogates, and dies of deep nesting; this one refuses them
(RFC 8259 section 4 and 8.1, RFC 7493). Numbers: integers only, or, for bank messages, the literal text as `Literal`.
"""

import json
from typing import Any, NoReturn

from chalicelib.kernel.errors import Malformed, TooLarge

MAX_DEPTH = 32  # our deepest form has 7 levels
MAX_DIGITS = 15  # integers stay exact in every JSON reader (below 2^53)


class Literal(str):
    """The text of a JSON number, kept as sent, so that `0` and `"0"` stay two things."""

    __slots__ = ()


def loads(raw: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH, literal_numbers: bool = False) -> Any:
    """The one JSON value in `raw`. Malformed or TooLarge (each with a code to look up words by) otherwise."""
    if len(raw) > max_bytes:
        raise TooLarge.because("body.too-large", limit=str(max_bytes))
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise Malformed.because("json.not-utf8") from error
    if text.startswith("\ufeff") or "\x00" in text:
        raise Malformed.because("json.not-json", detail="byte order mark or NUL")
    _check_depth(text, max_depth)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=Literal if literal_numbers else _no_float,
            parse_int=Literal if literal_numbers else _integer,
        )
    except json.JSONDecodeError as error:
        raise Malformed.because("json.not-json", detail=f"line {error.lineno}, column {error.colno}") from error
    if "\\u" in text:  # raw ones are no UTF-8 and never come so far
        _refuse_surrogates(value)
    return value


def _check_depth(text: str, limit: int) -> None:
    depth, in_string, escaped = 0, False, False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > limit:
                raise Malformed.because("json.too-deep", limit=str(limit))
        elif character in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise Malformed.because("json.duplicate-key", key=_visible(key))
        result[key] = value
    return result


def _refuse_surrogates(value: Any) -> None:
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise Malformed.because("json.surrogate")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_surrogates(key)
            _refuse_surrogates(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_surrogates(inner)


def _no_constant(name: str) -> NoReturn:
    raise Malformed.because("json.not-a-number", detail=name)


def _no_float(literal: str) -> NoReturn:
    raise Malformed.because("json.fraction", detail=literal[:40])


def _integer(literal: str) -> int:
    if len(literal.lstrip("-")) > MAX_DIGITS or literal == "-0":
        raise Malformed.because("json.integer", detail=literal[:40])
    return int(literal)


def _visible(key: str) -> str:
    return key.encode("ascii", "backslashreplace").decode()[:64]
