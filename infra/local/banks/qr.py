"""A dynamic KHQR as a simulated bank issues it; written apart from our own encoder."""

import binascii
from datetime import datetime
from decimal import Decimal
from typing import Protocol


class Billed(Protocol):
    """What goes into the code."""

    @property
    def tran_id(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...


def dynamic(billed: Billed, *, account: str, bank: str, merchant: str = "ipoffice", name: str = "IP OFFICE") -> str:
    """The string, its CRC included."""
    text = (
        tlv("00", "01")
        + tlv("01", "12")
        + tlv("30", tlv("00", account) + tlv("01", merchant) + tlv("02", bank))
        + tlv("52", "9399")
        + tlv("53", {"KHR": "116", "USD": "840"}[billed.currency])
        + tlv("54", str(billed.amount))
        + tlv("58", "KH")
        + tlv("59", name[:25])
        + tlv("60", "PHNOM PENH")
        + tlv("62", tlv("01", billed.tran_id))
        + tlv("99", tlv("00", milliseconds(billed.created_at)) + tlv("01", milliseconds(billed.expires_at)))
        + "6304"
    )
    return text + f"{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


def tlv(tag: str, value: str) -> str:
    """Tag, length, value."""
    return f"{tag}{len(value):02d}{value}"


def milliseconds(moment: datetime) -> str:
    """Of the Unix epoch."""
    return str(int(moment.timestamp() * 1000))
