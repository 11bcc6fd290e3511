"""DER (X.690) as it lies in signatures and certificates: the values that stand in a piece of it, not what they mean."""

from collections.abc import Iterator


class NotDer(ValueError):
    """Cut short, or without a definite length."""


def read(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Each value that stands in `data`: tag, body, whole encoding. NotDer if it is cut short or not definite."""
    at = 0
    while at < len(data):
        start, tag = at, data[at]
        size, at = (data[at + 1], at + 2) if at + 1 < len(data) else (0x80, at)
        if size == 0x80 or size > 0x84:
            raise NotDer("not a definite length")
        if size > 0x80:
            count = size - 0x80
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + size > len(data):
            raise NotDer("cut short")
        yield tag, data[at : at + size], data[start : at + size]
        at += size
