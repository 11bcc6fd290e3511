"""What stands in the log: one canonical JSON object (RFC 8785) a leaf, with numbers, times and digests and nothing else.

`receipt` is logged when an application was submitted, `letter` when a sealed letter was issued. Whoever holds the receipt or
the letter makes the entry again from it; who does not learns from the log that something exists, and nothing of its content.
"""

import json
import re

import rfc8785

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9/.-]{0,39}", re.ASCII)
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", re.ASCII)
_CODE = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}", re.ASCII)

FORMS = {
    "receipt": {"number": _NUMBER, "received_at": _STAMP, "receipt_sha256": _SHA256},
    "letter": {
        "number": _NUMBER, "code": _CODE, "level": _CODE, "issued_at": _STAMP, "letter_sha256": _SHA256,
        "receipt_sha256": _SHA256,
    },
}  # fmt: skip


def receipt_entry(*, number: str, received_at: str, receipt_sha256: str) -> bytes:
    """Of a receipt. ValueError for anything that has no place in the log."""
    return _entry("receipt", number=number, received_at=received_at, receipt_sha256=receipt_sha256)


def letter_entry(
    *, number: str, code: str, level: str, issued_at: str, letter_sha256: str, receipt_sha256: str
) -> bytes:
    """Of a sealed letter. ValueError for anything that has no place in the log."""
    return _entry(
        "letter", number=number, code=code, level=level, issued_at=issued_at, letter_sha256=letter_sha256,
        receipt_sha256=receipt_sha256,
    )  # fmt: skip


def is_entry(data: bytes) -> bool:
    """Whether an entry has one of the two forms, and is canonical."""
    try:
        value = json.loads(data)
        kind = value.pop("kind")
        return value.keys() == FORMS[kind].keys() and _entry(kind, **value) == data
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False


def _entry(kind: str, **values: str) -> bytes:
    for name, value in values.items():
        if FORMS[kind][name].fullmatch(value) is None:
            raise ValueError(f"{name} has no place in the log as it is")
    return rfc8785.dumps({"kind": kind, **values})
