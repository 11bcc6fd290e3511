"""Money: an integer of minor units with an ISO 4217 code. Never a float, never converted.

Minor digits per currency are those of ISO 4217:2015 for the currencies an office here may name; KHR has two on paper and
none in use (banks and the fee schedules of the office state whole riel), so we hold it without.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

MINOR_DIGITS = {"KHR": 0, "USD": 2, "EUR": 2, "SGD": 2, "THB": 2, "VND": 0, "LAK": 2, "CHF": 2, "XOF": 0, "XAF": 0}
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?", re.ASCII)


@dataclass(frozen=True)
class Money:
    """`minor` units of `currency`: `Money(8550, "USD")` is 85.50 dollars."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in MINOR_DIGITS:
            raise ValueError(f"unknown currency {self.currency!r}")

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError("amounts of two currencies are never added")
        return Money(self.minor + other.minor, self.currency)

    @property
    def decimal(self) -> str:
        """Plain decimal text with exactly the currency's digits: `320000`, `85.50`."""
        digits = MINOR_DIGITS[self.currency]
        return str(Decimal(self.minor).scaleb(-digits).quantize(Decimal(1).scaleb(-digits)))

    @classmethod
    def parse(cls, literal: str, currency: str) -> "Money":
        """From the literal text of a non-negative decimal number. ValueError for signs, exponents, grouping,
        other digits than ASCII, a currency we do not know, or a fraction finer than the currency's minor unit
        (`100.0` riel is accepted as 100: a zero fraction loses nothing)."""
        if _AMOUNT.fullmatch(literal) is None:
            raise ValueError("not a plain decimal amount")
        if currency not in MINOR_DIGITS:
            raise ValueError(f"unknown currency {currency!r}")
        scaled = Decimal(literal).scaleb(MINOR_DIGITS[currency])
        if scaled != scaled.to_integral_value():
            raise ValueError("finer than the minor unit")
        return cls(int(scaled), currency)
