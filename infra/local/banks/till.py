"""A bank as far as all but ABA are alike: a book of payments, a payer, call-backs that go out now, late, twice or forged."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar
from urllib.parse import urlsplit

from chalicelib.payment.model import Form, HttpFailed, HttpReply
from infra.local.banks.model import LATE, SLOW_SECONDS, Fault, Pushback, bad_day, other, step


@dataclass(slots=True)
class Movement:
    """Money that came."""

    number: str
    amount: Decimal
    currency: str
    at: datetime


@dataclass(slots=True)
class Payment:
    """One payment as the bank keeps it. `tran_id` is the merchant's reference."""

    tran_id: str
    amount: Decimal
    currency: str
    created_at: datetime
    expires_at: datetime
    callback_url: str = ""
    token: str = ""
    qr: str = ""
    payee: str = ""
    status: str = "PENDING"
    movements: list[Movement] = field(default_factory=list)


@dataclass(kw_only=True)
class Till:
    """What a bank here is made of. `deliver` carries call-backs at once; without it they wait for `take_due`."""

    name: ClassVar[str] = ""
    clock: Callable[[], datetime]
    randomness: Callable[[int], bytes]
    deliver: Callable[[Pushback], None] | None = None
    faults: set[Fault] = field(default_factory=set)
    payments: dict[str, Payment] = field(default_factory=dict)
    waiting: list[Pushback] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)  # (call, reference), for tests
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def hears(self, path: str) -> bool:
        """Whether `path` is a call of this bank."""
        raise NotImplementedError

    def takes_form(self, path: str) -> bool:  # noqa: ARG002 - most have none
        """Whether the payer's browser posts a form to `path`."""
        return False

    def enter(self, form: Form) -> Payment:
        """The payer's browser posts the form of the bank's page: the payment waits from then on."""
        raise NotImplementedError

    def _answer(self, path: str, raw: bytes, headers: Mapping[str, str]) -> HttpReply:
        raise NotImplementedError

    def _bell(self, payment: Payment, movement: Movement, *, forged: bool) -> tuple[Mapping[str, str], bytes] | None:
        """Headers and body of a call-back; None where this bank has none."""
        raise NotImplementedError

    # -- the bank's interface

    def post(self, url: str, *, json: bytes | None, headers: Mapping[str, str], timeout: float) -> HttpReply:
        """In-process `Http`: the same answers as over a socket; HttpFailed where the line would stay silent."""
        parts = urlsplit(url)
        reply = self.answer(parts.path + (f"?{parts.query}" if parts.query else ""), json or b"", headers)
        if reply is None or (Fault.SLOW in self.faults and timeout < SLOW_SECONDS):
            raise HttpFailed("no answer: timed out")
        return reply

    def answer(self, path: str, raw: bytes, headers: Mapping[str, str] | None = None) -> HttpReply | None:
        """The answer to one call; None: the bank did its work, but the answer is lost."""
        if (bad := bad_day(self.faults)) is not None:
            return bad
        with self.lock:
            before = set(self.payments)
            reply = self._answer(path, raw, {name.lower(): value for name, value in (headers or {}).items()})
        if Fault.CALLBACK_EARLY in self.faults:
            for reference in set(self.payments) - before:
                self.pay(reference)
        return None if Fault.TIMEOUT_AFTER_SUCCESS in self.faults else reply

    # -- the payer

    def pay(self, tran_id: str) -> bool:
        """Somebody pays. False: the bank turned it away (expired), without a word."""
        with self.lock:
            payment = self.payments[tran_id]
            if self.clock() > payment.expires_at and Fault.TAKES_LATE not in self.faults:
                return False
            movements = [self._move(payment) for _ in range(2 if Fault.PAID_TWICE in self.faults else 1)]
            bells = [one for movement in movements for one in self._bells(payment, movement)]
        for bell in bells:
            if self.deliver is not None and bell.due_at <= self.clock():
                self.deliver(bell)
            else:
                self.waiting.append(bell)
        return True

    def _move(self, payment: Payment) -> Movement:
        least = step(payment.currency)
        amount = payment.amount - least * (Fault.SHORT_AMOUNT in self.faults)
        amount += least * (Fault.OVER_AMOUNT in self.faults)
        currency = other(payment.currency) if Fault.WRONG_CURRENCY in self.faults else payment.currency
        number = f"{int.from_bytes(self.randomness(7), 'big') % 10**16:016d}"
        movement = Movement(number, amount, currency, self.clock())
        payment.movements.append(movement)
        payment.status = "PAID"
        return movement

    def _bells(self, payment: Payment, movement: Movement) -> list[Pushback]:
        forged = Fault.BAD_SIGNATURE in self.faults
        made = self._bell(payment, movement, forged=forged) if payment.callback_url else None
        if made is None or Fault.NO_CALLBACK in self.faults:
            return []
        due = self.clock() + (LATE if Fault.CALLBACK_LATE in self.faults else timedelta(0))
        one = Pushback(payment.callback_url, made[0], made[1], due)
        return [one, one] if Fault.CALLBACK_TWICE in self.faults else [one]

    # -- what a page shows

    def open_payments(self) -> tuple[Payment, ...]:
        """What may still be paid, oldest first."""
        with self.lock:
            now = self.clock()
            return tuple(one for one in self.payments.values() if one.status == "PENDING" and now <= one.expires_at)

    def done_payments(self) -> tuple[Payment, ...]:
        """What was paid, oldest first."""
        with self.lock:
            return tuple(one for one in self.payments.values() if one.status != "PENDING")

    def take_due(self) -> tuple[Pushback, ...]:
        """Call-backs whose time has come; each is handed out once."""
        with self.lock:
            now = self.clock()
            due = tuple(one for one in self.waiting if one.due_at <= now)
            self.waiting = [one for one in self.waiting if one.due_at > now]
            return due

    def _open(
        self,
        reference: str,
        amount: Decimal,
        currency: str,
        *,
        life: timedelta = timedelta(hours=1),
        callback: str = "",
    ) -> Payment:
        now = self.clock()
        payment = Payment(reference, amount, currency, now, now + life, callback)
        self.payments[reference] = payment
        return payment
