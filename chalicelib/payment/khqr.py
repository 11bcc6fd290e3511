"""KHQR strings: EMV merchant-presented QR as Bakong uses it. One encoder, one strict decoder, and a reader of the form.

Form: two-digit tag, two-digit length in characters, value; tag 63 last, a CRC-16/CCITT-FALSE over the UTF-8 bytes
before it. `read` accepts any bank's string of that form; `decode` only what `encode` writes: it builds the `Khqr` and
demands that encoding it again gives the very same text, so each meaning has one string and no string two meanings.

Stricter than NBC's own package (payments.md section 6, cases 80 to 85), which lets pass: a value over 99 characters (its
length takes three digits), `1e+21` as an amount, a second `@`, a short or negative category, a missing or past expiry.
"""

import binascii
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.kernel.money import Money

CURRENCIES = {"KHR": "116", "USD": "840"}
MAX_LENGTH = 512
MAX_VALUE = 99
MAX_AMOUNT = 13  # characters
MAX_LIFE = timedelta(days=366)  # an expiry beyond is a mistake of units
MAX_AHEAD = timedelta(minutes=5)  # how far another's clock may run before ours

_CURRENCY_OF = {number: code for code, number in CURRENCIES.items()}
_ACCOUNT = re.compile(r"[A-Za-z0-9._-]{1,30}@[A-Za-z0-9]{1,20}", re.ASCII)
_CATEGORY = re.compile(r"[0-9]{4}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)
_MILLISECONDS = re.compile(r"[1-9][0-9]{12}", re.ASCII)
_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)

_BILL_TAGS = {"bill": "01", "mobile": "02", "store": "03", "terminal": "07", "purpose": "08"}
_TAGS = frozenset({"00", "01", "15", "29", "30", "52", "53", "54", "58", "59", "60", "62", "64", "99", "63"})


class NotKhqr(ValueError):
    """Not a KHQR string, or not one that we would write. The message says which rule, never the value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Khqr:
    """One QR. With `merchant_id` it is a merchant's (tag 30), else an individual's (29); with `minor` it is dynamic.
    Times are milliseconds of the Unix epoch, as in the string. NotKhqr if it cannot be written down."""

    account: str
    name: str
    city: str
    currency: str
    minor: int | None = None
    merchant_id: str = ""
    acquiring_bank: str = ""
    account_information: str = ""
    category: str = "5999"
    unionpay: str = ""
    bill: str = ""
    mobile: str = ""
    store: str = ""
    terminal: str = ""
    purpose: str = ""
    language: str = ""
    local_name: str = ""
    local_city: str = ""
    created_ms: int | None = None
    expires_ms: int | None = None

    def __post_init__(self) -> None:
        if len(self.account) > 32 or _ACCOUNT.fullmatch(self.account) is None:
            raise NotKhqr("account")
        if self.merchant_id and (not self.acquiring_bank or self.account_information):
            raise NotKhqr("merchant without bank, or with an individual's field")
        for field, limit in _LIMITS.items():
            value = getattr(self, field)
            if (value or field in ("name", "city")) and (len(value) > limit or _PLAIN.fullmatch(value) is None):
                raise NotKhqr(field)
        self._check_local()
        if _CATEGORY.fullmatch(self.category) is None:
            raise NotKhqr("category")
        if self.currency not in CURRENCIES or (self.unionpay and self.currency == "USD"):
            raise NotKhqr("currency")
        if self.minor is not None and (self.minor <= 0 or len(self.amount_text) > MAX_AMOUNT):
            raise NotKhqr("amount")
        self._check_times()

    def _check_local(self) -> None:
        if not self.language:
            if self.local_name or self.local_city:
                raise NotKhqr("local name without language")
            return
        if _LANGUAGE.fullmatch(self.language) is None or not _is_text(self.local_name, 25):
            raise NotKhqr("local name")
        if self.local_city and not _is_text(self.local_city, 15):
            raise NotKhqr("local city")

    def _check_times(self) -> None:
        times = [one for one in (self.created_ms, self.expires_ms) if one is not None]
        if any(_MILLISECONDS.fullmatch(str(one)) is None for one in times):
            raise NotKhqr("time is not 13 digits of milliseconds")
        if self.minor is None:
            if self.expires_ms is not None:
                raise NotKhqr("a static code does not expire")
        elif self.created_ms is None or self.expires_ms is None:
            raise NotKhqr("a dynamic code expires")
        elif not 0 < self.expires_ms - self.created_ms <= MAX_LIFE / timedelta(milliseconds=1):
            raise NotKhqr("expiry before creation, or absurdly far")

    @property
    def amount_text(self) -> str:
        """As tag 54 has it: whole riel; dollars `85` or `85.50`, never `85.5`."""
        if self.minor is None:
            return ""
        if self.currency == "KHR":
            return str(self.minor)
        whole, cents = divmod(self.minor, 100)
        return f"{whole}.{cents:02d}" if cents else str(whole)

    def at(self, now: datetime) -> "Khqr":
        """This code if it may be paid at `now`. NotKhqr if it has expired or was made in the future."""
        if self.expires_ms is not None and self.expires_ms <= milliseconds(now):
            raise NotKhqr("expired")
        if self.created_ms is not None and self.created_ms > milliseconds(now + MAX_AHEAD):
            raise NotKhqr("made in the future")
        return self


_LIMITS = {
    "name": 25, "city": 15, "merchant_id": 32, "acquiring_bank": 32, "account_information": 32, "unionpay": 99,
    "bill": 25, "mobile": 25, "store": 25, "terminal": 25, "purpose": 25,
}  # fmt: skip


def encode(code: Khqr) -> str:
    """The string. NotKhqr if a template would be longer than its two-digit length can say."""
    payee = _tlv("00", code.account)
    payee += _tlv("01", code.merchant_id or code.account_information) + _tlv("02", code.acquiring_bank)
    times = "".join(
        _tlv(tag, str(moment)) for tag, moment in (("00", code.created_ms), ("01", code.expires_ms)) if moment
    )
    text = (
        _tlv("00", "01")
        + _tlv("01", "11" if code.minor is None else "12")
        + _tlv("15", code.unionpay)
        + _tlv("30" if code.merchant_id else "29", payee)
        + _tlv("52", code.category)
        + _tlv("53", CURRENCIES[code.currency])
        + _tlv("54", code.amount_text)
        + _tlv("58", "KH")
        + _tlv("59", code.name)
        + _tlv("60", code.city)
        + _tlv("62", "".join(_tlv(tag, getattr(code, field)) for field, tag in _BILL_TAGS.items()))
        + _tlv("64", _tlv("00", code.language) + _tlv("01", code.local_name) + _tlv("02", code.local_city))
        + _tlv("99", times)
        + "6304"
    )
    text += crc(text)
    if len(text) > MAX_LENGTH:
        raise NotKhqr("too long")
    return text


def decode(text: str, *, now: datetime | None = None) -> Khqr:
    """What `text` means. NotKhqr unless it is exactly what `encode` would write; with `now`, unless payable then."""
    fields = read(text)
    if not fields.keys() <= _TAGS or fields.get("58") != "KH" or ("29" in fields) == ("30" in fields):
        raise NotKhqr("tags")
    merchant = "30" in fields
    payee = _parts(fields["30" if merchant else "29"], frozenset({"00", "01", "02"}))
    if merchant and not ("01" in payee and "02" in payee):
        raise NotKhqr("merchant without its number or bank")
    bill = _parts(fields.get("62", ""), frozenset(_BILL_TAGS.values()))
    local = _parts(fields.get("64", ""), frozenset({"00", "01", "02"}))
    times = _parts(fields.get("99", ""), frozenset({"00", "01"}))
    currency = _CURRENCY_OF.get(fields.get("53", ""))
    if currency is None or any(_MILLISECONDS.fullmatch(one) is None for one in times.values()):
        raise NotKhqr("currency or times")
    code = Khqr(
        account=payee.get("00", ""),
        name=fields.get("59", ""),
        city=fields.get("60", ""),
        currency=currency,
        minor=_minor(fields["54"], currency) if "54" in fields else None,
        merchant_id=payee["01"] if merchant else "",
        account_information="" if merchant else payee.get("01", ""),
        acquiring_bank=payee.get("02", ""),
        category=fields.get("52", ""),
        unionpay=fields.get("15", ""),
        language=local.get("00", ""),
        local_name=local.get("01", ""),
        local_city=local.get("02", ""),
        created_ms=int(times["00"]) if "00" in times else None,
        expires_ms=int(times["01"]) if "01" in times else None,
        **{field: bill.get(tag, "") for field, tag in _BILL_TAGS.items()},
    )
    if encode(code) != text:
        raise NotKhqr("not in its one form")
    return code if now is None else code.at(now)


def read(text: str) -> Mapping[str, str]:
    """Tag to value, of any bank's string. NotKhqr for a wrong CRC, data after it, a repeated tag, a length past the end,
    a character that NBC's package would count as two, or two payees."""
    if len(text) > MAX_LENGTH or not text.startswith("000201") or text[-8:-4] != "6304" or not _is_plane0(text):
        raise NotKhqr("not a KHQR string")
    if crc(text[:-4]) != text[-4:]:
        raise NotKhqr("wrong CRC")
    fields = _parts(text, None)
    if list(fields)[-1] != "63":
        raise NotKhqr("63 is not last")
    if "29" in fields and "30" in fields:
        raise NotKhqr("two payees")
    return fields


def crc(text: str) -> str:
    """Four upper-case hex digits over `text`, which ends with `6304`."""
    return f"{binascii.crc_hqx(text.encode('utf-8'), 0xFFFF):04X}"


def md5(text: str) -> str:
    """What Bakong calls a code by: of the string as issued, CRC included. An identifier, no security."""
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def milliseconds(moment: datetime) -> int:
    """`moment` as tag 99 has it."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _tlv(tag: str, value: str) -> str:
    if len(value) > MAX_VALUE:
        raise NotKhqr(f"tag {tag} is over {MAX_VALUE} characters")
    return f"{tag}{len(value):02d}{value}" if value else ""


def _parts(text: str, allowed: frozenset[str] | None) -> dict[str, str]:
    fields: dict[str, str] = {}
    position = 0
    while position < len(text):
        tag, length = text[position : position + 2], text[position + 2 : position + 4]
        digits = tag + length
        if len(digits) != 4 or not digits.isascii() or not digits.isdigit() or tag in fields:
            raise NotKhqr(f"malformed at {position}")
        if allowed is not None and tag not in allowed:
            raise NotKhqr(f"unexpected tag {tag}")
        value = text[position + 4 : position + 4 + int(length)]
        if not value or len(value) != int(length):
            raise NotKhqr(f"tag {tag} is empty or runs past the end")
        fields[tag] = value
        position += 4 + int(length)
    return fields


def _minor(text: str, currency: str) -> int:
    try:
        return Money.parse(text, currency).minor
    except ValueError as error:
        raise NotKhqr("amount") from error


def _is_plane0(text: str) -> bool:
    return all(character <= "\uffff" and not "\ud800" <= character <= "\udfff" for character in text)


def _is_text(text: str, limit: int) -> bool:
    """Words of another script: no control, format, private or unassigned character, one form, no outer blank."""
    return (
        0 < len(text) <= limit
        and _is_plane0(text)
        and text == text.strip()
        and unicodedata.normalize("NFC", text) == text
        and not any(unicodedata.category(one)[0] == "C" or one == "\ufffd" for one in text)
    )
