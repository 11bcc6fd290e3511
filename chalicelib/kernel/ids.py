"""Identifiers: ULIDs (26 Crockford base-32 characters: 48 bits of time, 80 of chance) and unguessable key parts."""

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PATTERN = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
_ULID = re.compile(PATTERN, re.ASCII)

RandomBytes = Callable[[int], bytes]


def ulid(now: datetime, randomness: RandomBytes = secrets.token_bytes) -> str:
    """A new ULID for the aware time `now`."""
    value = (int(now.timestamp() * 1000) << 80) | int.from_bytes(randomness(10), "big")
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def moment(identifier: str) -> datetime:
    """When a ULID was made, as it says itself."""
    value = 0
    for character in identifier:
        value = value * 32 + ALPHABET.index(character)
    return datetime.fromtimestamp((value >> 80) / 1000, UTC)


def derived(*parts: str) -> str:
    """An identifier in the form of a ULID that follows from `parts`: the same parts, the same identifier."""
    value = int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[:16])
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def is_ulid(text: str) -> bool:
    """Whether `text` has the form of a ULID."""
    return _ULID.fullmatch(text) is not None


def unguessable(randomness: RandomBytes = secrets.token_bytes) -> str:
    """32 hexadecimal characters of chance (128 bits), for object keys that nobody may guess."""
    return randomness(16).hex()
