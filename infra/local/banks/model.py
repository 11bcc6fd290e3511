"""What the simulated banks share: what may go wrong at a bank, a notification on its way, and the shape of a bank.

They are written from the rails' description and share no code with our adapters, so that a mistake there does not cancel
out here. Clock and randomness are given. What a bank does wrong on a bad day are `Fault`s, switched on by a test or on the
page (`bank_page.py`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from chalicelib.payment.model import Form, HttpReply

LATE = timedelta(minutes=2)
SLOW_SECONDS = 12.0  # our calls wait for eight


class Fault(StrEnum):
    """What may go wrong at a bank."""

    NO_CALLBACK = "no-callback"
    CALLBACK_TWICE = "callback-twice"
    CALLBACK_EARLY = "callback-early"  # before the answer to the request, so before the caller can have stored anything
    CALLBACK_LATE = "callback-late"
    BAD_SIGNATURE = "bad-signature"  # a forged call-back
    SHORT_AMOUNT = "short-amount"
    OVER_AMOUNT = "over-amount"
    WRONG_CURRENCY = "wrong-currency"
    WRONG_PAYEE = "wrong-payee"
    PAID_TWICE = "paid-twice"
    TAKES_LATE = "takes-late"  # money after the expiry is taken all the same
    PRE_AUTH = "pre-auth"
    THROTTLED = "throttled"
    BROKEN = "broken"
    TIMEOUT_AFTER_SUCCESS = "timeout-after-success"
    HTML_PAGE = "html-page"
    WRONG_ENVELOPE = "wrong-envelope"  # words of success around nothing
    OTHER_TRANSACTION = "other-transaction"
    SLOW = "slow"  # does its work, and answers later than callers wait
    REFUND_BUSY = "refund-busy"  # another refund runs: later
    REFUND_REFUSED = "refund-refused"


@dataclass(frozen=True, slots=True)
class Pushback:
    """One notification on its way."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    due_at: datetime


class Payable(Protocol):
    """What a page shows of a payment."""

    @property
    def tran_id(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def qr(self) -> str: ...
    @property
    def status(self) -> str: ...


class Bank(Protocol):
    """What the page and the server need of a bank."""

    @property
    def name(self) -> str: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...

    faults: set[Fault]
    waiting: list[Pushback]
    deliver: Callable[[Pushback], None] | None

    def hears(self, path: str) -> bool:
        """Whether `path` is a call of this bank."""

    def answer(self, path: str, raw: bytes, headers: Mapping[str, str] = ...) -> HttpReply | None:
        """The answer to one call; None: the bank did its work, but the answer is lost."""

    def takes_form(self, path: str) -> bool:
        """Whether the payer's browser posts a form to `path`."""

    def enter(self, form: Form) -> Payable:
        """The payer's browser posts that form."""

    def pay(self, tran_id: str) -> bool:
        """Somebody pays. False: turned away. KeyError: no such payment."""

    def open_payments(self) -> tuple[Payable, ...]: ...
    def done_payments(self) -> tuple[Payable, ...]: ...
    def take_due(self) -> tuple[Pushback, ...]: ...


def bad_day(faults: set[Fault]) -> HttpReply | None:
    """What a bank out of order answers to everything, if it is."""
    if Fault.THROTTLED in faults:
        return json_reply(429, {"status": {"code": 429, "message": "Reach request limit"}})
    if Fault.BROKEN in faults:
        return HttpReply(502, {"content-type": "text/plain"}, b"Bad Gateway")
    if Fault.HTML_PAGE in faults:
        return HttpReply(200, {"content-type": "text/html"}, b"<!doctype html><title>Maintenance</title>")
    return None


def json_reply(status: int, body: Mapping[str, Any]) -> HttpReply:
    """An answer in JSON."""
    return HttpReply(status, {"content-type": "application/json"}, json.dumps(body).encode())


def step(currency: str) -> Decimal:
    """The least amount of a currency."""
    return Decimal(1) if currency == "KHR" else Decimal("0.01")


def other(currency: str) -> str:
    """The other currency of the country."""
    return {"KHR": "USD", "USD": "KHR"}[currency]
