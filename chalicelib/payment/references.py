"""Attempt references: 16 characters that people can read out and nobody can guess.

Form: a prefix of two letters (the office's data), 13 random characters, one check character. The alphabet is
Crockford's 32 (no I, L, O, U), so 13 characters carry 65 bits. Fixed length and alphabet are part of checking
signatures: where a bank signs values joined without separators, they fix where one value ends (payments.md section 1).
16 is the shortest limit among the rails we know.
"""

import re
import secrets

from chalicelib.kernel.ids import ALPHABET, RandomBytes

LENGTH = 16
PREFIX = "TR"
_RANDOM = 13
_FORM = re.compile(r"[A-HJKMNP-TV-Z]{2}[0-9A-HJKMNP-TV-Z]{14}", re.ASCII)
_PREFIX = re.compile(r"[A-HJKMNP-TV-Z]{2}", re.ASCII)
_RADIX = len(ALPHABET)


def new(randomness: RandomBytes = secrets.token_bytes, *, prefix: str = PREFIX) -> str:
    """A new reference. ValueError if `prefix` is not two letters of the alphabet."""
    if _PREFIX.fullmatch(prefix) is None:
        raise ValueError(f"a reference prefix is two letters without I, L, O, U: {prefix!r}")
    value = int.from_bytes(randomness(9), "big")
    body = prefix + "".join(ALPHABET[(value >> 5 * place) & 31] for place in range(_RANDOM))
    return body + check_character(body)


def is_valid(text: str, *, prefix: str | None = None) -> bool:
    """Whether `text` is a reference (of this prefix, if given) whose check character fits."""
    if _FORM.fullmatch(text) is None or (prefix is not None and not text.startswith(prefix)):
        return False
    return check_character(text[:-1]) == text[-1]


def check_character(body: str) -> str:
    """The check character after `body`: the hybrid system of ISO 7064 (MOD M+1, M) for M = 32.

    It catches every single wrong character and almost every swap of two neighbours.
    """
    product = _RADIX
    for character in body:
        total = (product + ALPHABET.index(character)) % _RADIX or _RADIX
        product = total * 2 % (_RADIX + 1)
    return ALPHABET[(1 - product) % _RADIX]
