"""The little of CBOR (RFC 8949) that receipts need: integers, byte and text strings, arrays, maps, one tag, null.

Written in the deterministic form (section 4.2.1); read strictly: definite lengths, shortest heads, nothing left over.
"""

from dataclasses import dataclass
from typing import Any

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _PAIRS, _TAG = range(7)
_NULL = 0xF6
MAX_DEPTH = 8


class BadCbor(ValueError):
    """Not CBOR as receipts have it."""


@dataclass(frozen=True)
class Tagged:
    """A value with its tag."""

    tag: int
    value: Any


def dumps(value: Any) -> bytes:
    """The encoding. TypeError for what has no place in a receipt."""
    match value:
        case None:
            return bytes((_NULL,))
        case bool():
            raise TypeError("receipts hold no booleans")
        case int():
            return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
        case bytes():
            return _head(_BYTES, len(value)) + value
        case str():
            text = value.encode()
            return _head(_TEXT, len(text)) + text
        case list() | tuple():
            return _head(_ARRAY, len(value)) + b"".join(map(dumps, value))
        case dict():
            pairs = sorted((dumps(key), dumps(part)) for key, part in value.items())
            return _head(_PAIRS, len(pairs)) + b"".join(key + part for key, part in pairs)
        case Tagged(tag, inner):
            return _head(_TAG, tag) + dumps(inner)
    raise TypeError(f"{type(value).__name__} has no place in a receipt")


def loads(data: bytes) -> Any:
    """The value. BadCbor for anything not read whole."""
    value, at = _read(data, 0, 0)
    if at != len(data):
        raise BadCbor("something is left over")
    return value


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes((major << 5 | number,))
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes((major << 5 | code,)) + number.to_bytes(size, "big")
    raise TypeError("a number over 64 bits")


def _read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if at >= len(data) or depth > MAX_DEPTH:
        raise BadCbor("cut short, or too deep")
    if data[at] == _NULL:
        return None, at + 1
    major = data[at] >> 5
    number, at = _number(data, at)
    match major:
        case 0 | 1:
            return (number if major == _UNSIGNED else -1 - number), at
        case 2 | 3:
            return _string(data[at : at + number], number, text=major == _TEXT), at + number
        case 4:
            return _many(data, at, number, depth)
        case 5:
            parts, at = _many(data, at, 2 * number, depth)
            return _map(parts), at
        case 6:
            inner, at = _read(data, at, depth + 1)
            return Tagged(number, inner), at
    raise BadCbor("not of the kinds that receipts have")


def _string(body: bytes, size: int, *, text: bool) -> bytes | str:
    if len(body) != size:
        raise BadCbor("cut short")
    try:
        return body.decode() if text else body
    except UnicodeDecodeError as error:
        raise BadCbor("not UTF-8") from error


def _map(parts: list[Any]) -> dict[int | str, Any]:
    pairs = zip(parts[::2], parts[1::2], strict=True)
    made = {key: part for key, part in pairs if isinstance(key, int | str)}
    if len(made) != len(parts) // 2:
        raise BadCbor("a key twice, or of another kind")
    return made


def _many(data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
    if count > len(data):
        raise BadCbor("cut short")
    parts = []
    for _ in range(count):
        part, at = _read(data, at, depth + 1)
        parts.append(part)
    return parts, at


def _number(data: bytes, at: int) -> tuple[int, int]:
    code = data[at] & 31
    if code < 24:
        return code, at + 1
    if code > 27:
        raise BadCbor("not a definite length")
    size = 1 << (code - 24)
    body = data[at + 1 : at + 1 + size]
    number = int.from_bytes(body, "big")
    if len(body) != size or number < (24 if size == 1 else 1 << 4 * size):
        raise BadCbor("cut short, or longer than need be")
    return number, at + 1 + size
