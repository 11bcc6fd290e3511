"""Reading a KHQR string (EMV merchant-presented QR as Bakong uses it): enough to refuse one that we did not ask for.

Form: two-digit tag, two-digit length in characters, value; tag 63 last, a CRC-16/CCITT-FALSE over the UTF-8 bytes
before it.
"""

import binascii
from collections.abc import Mapping

CURRENCIES = {"KHR": "116", "USD": "840"}
MAX_LENGTH = 512


def crc(text: str) -> str:
    """Four upper-case hex digits over `text`, which ends with `6304`."""
    return f"{binascii.crc_hqx(text.encode('utf-8'), 0xFFFF):04X}"


def read(text: str) -> Mapping[str, str]:
    """Tag to value. ValueError for a wrong CRC, data after it, a repeated tag, a length past the end, or two payees."""
    if len(text) > MAX_LENGTH or not text.startswith("000201") or text[-8:-4] != "6304" or crc(text[:-4]) != text[-4:]:
        raise ValueError("not a KHQR string, or its CRC is wrong")
    fields: dict[str, str] = {}
    position = 0
    while position < len(text):
        tag, length = text[position : position + 2], text[position + 2 : position + 4]
        if not (tag + length).isascii() or not (tag + length).isdigit() or tag in fields or "63" in fields:
            raise ValueError(f"malformed at {position}")
        fields[tag] = text[position + 4 : position + 4 + int(length)]
        if len(fields[tag]) != int(length):
            raise ValueError(f"tag {tag} runs past the end")
        position += 4 + int(length)
    if "29" in fields and "30" in fields:
        raise ValueError("two payees")
    return fields
