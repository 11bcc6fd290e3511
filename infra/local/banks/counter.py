"""Any bank's counter: somebody pays in cash and names our reference; the bank tells of it on its statement only."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from decimal import Decimal
from typing import ClassVar

from chalicelib.payment.model import HttpReply
from infra.local.banks.till import Movement, Payment, Till

PHNOM_PENH = timezone(timedelta(hours=7))
COLUMNS = ("Date", "Reference", "Type", "Details", "Money In", "Money Out", "Balance", "Currency")  # ABA's portal


@dataclass(kw_only=True)
class Counter(Till):
    """The counter. Nobody can ask it; `statement` is what it sends."""

    name: ClassVar[str] = "Counter"
    opening: Decimal = Decimal(0)

    def hears(self, path: str) -> bool:  # noqa: ARG002 - it has no call
        """Nothing."""
        return False

    def take(self, reference: str, amount: Decimal, currency: str) -> Movement:
        """Cash over the counter, with the reference that the payer names."""
        payment = self._open(reference, amount, currency)
        self.pay(reference)
        return payment.movements[-1]

    def statement(self, day: date, currency: str) -> str:
        """The day's statement of the account in `currency`, as CSV."""
        written = io.StringIO()
        rows = csv.writer(written, lineterminator="\r\n")
        rows.writerow(COLUMNS)
        balance = self.opening
        for payment in self.payments.values():
            for moved in payment.movements:
                if moved.currency == currency and moved.at.astimezone(PHNOM_PENH).date() == day:
                    balance += moved.amount
                    told, when = f"CASH DEPOSIT {payment.tran_id}", day.strftime("%d/%m/%Y")
                    came, now = (_written(amount, currency) for amount in (moved.amount, balance))
                    rows.writerow((when, moved.number, "PAYMENT", told, came, "", now, currency))
        return written.getvalue()

    def _answer(self, path: str, raw: bytes, headers: Mapping[str, str]) -> HttpReply:  # noqa: ARG002
        return HttpReply(404, {"content-type": "text/plain"}, b"")

    def _bell(self, payment: Payment, movement: Movement, *, forged: bool) -> None:  # noqa: ARG002
        return None


def _written(amount: Decimal, currency: str) -> str:
    return f"{amount:,.0f}" if currency == "KHR" else f"{amount:,.2f}"
