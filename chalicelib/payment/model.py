"""Orders, attempts, and what a bank told us about them.

A notification is a doorbell; only the bank's answer to our own question (or its statement) is evidence. The types keep
that rule: `Trust` says how far a `Notice` may be believed, and `settle` refuses to pay an order on less.
An order is the fold of its stream's entries. It is owed once; each attempt to pay it has a reference of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from chalicelib.contracts.events import (
    AttemptIssued,
    AttemptOpened,
    Line,
    Member,
    OrderCancelled,
    OrderOpened,
    PaymentConfirmed,
    PaymentParked,
    PaymentVerified,
    read,
)
from chalicelib.contracts.fact import Fact
from chalicelib.kernel.clock import parse_stamp
from chalicelib.kernel.errors import Corrupt, TraError, Unavailable
from chalicelib.kernel.money import Money


class Trust(StrEnum):
    """How far a notice may be believed."""

    DOORBELL = "doorbell"  # anybody could have sent it
    AUTHENTICATED = "authenticated"  # the bank sent it, but it does not say all that matters
    AUTHORITATIVE = "authoritative"  # the bank's answer to our own question, or its statement


class Status(StrEnum):
    """What a notice says of the payment."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    HELD = "held"  # pre-authorised, not paid
    PART_REFUNDED = "part-refunded"
    REFUNDED = "refunded"
    REVERSED = "reversed"
    UNKNOWN = "unknown"  # not found, unreadable, throttled: never PAID, never FAILED


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What a bank told us about one attempt, in our words. None means: the rail did not say."""

    rail: str
    order_ref: str  # the attempt's reference
    bank_ref: str | None  # names one movement of money at this bank
    event_key: str  # the same message again has the same key
    status: Status
    trust: Trust
    at: datetime  # when we asked, or when it came
    amount_minor: int | None = None
    currency: str | None = None
    paid_at: datetime | None = None
    paid_until: datetime | None = None  # where the bank names the day only: its end, and `paid_at` is its beginning
    payee: str | None = None
    refunded_minor: int = 0
    bank_keeps_expiry: bool = False  # the bank itself turns away what is paid after the expiry we gave it
    key_id: str | None = None
    raw_sha256: str = ""
    remark: str = ""  # why UNKNOWN: a code for the log
    alarm: bool = False  # a person should look
    statement: str | None = None  # the statement whose line this is; None: the bank's answer


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notification as it came in; headers and query keep repeated names. `door` is the last, unguessable part of the
    address it came to, for rails whose call-back address has one."""

    headers: tuple[tuple[str, str], ...]
    query: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str = ""
    client_cert: str | None = None
    door: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """What one attempt asks the payer for, and by what else the bank knows it. `opened_at` is when the attempt began:
    some banks answer one call for young payments and another for old ones."""

    reference: str
    amount: Money
    qr_md5: str = ""
    token: str = ""
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A form that the payer's browser posts to the bank, where the bank has a page of its own."""

    action: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """What we gave the payer, exactly as the bank gave it to us. Never rebuilt: another QR would have another MD5.
    A rail gives a QR, or a deep link, or a form, or nothing but the reference to name at a counter."""

    rail: str
    bill: Bill
    payee: str
    qr: str
    qr_md5: str
    qr_sha256: str
    issued_at: datetime
    expires_at: datetime
    deeplink: str = ""
    token: str = ""
    form: Form | None = None


class Answer(StrEnum):
    """What became of a delivery, as far as the sender is told. Never a word about the order."""

    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Reply:
    """The exact HTTP answer that a bank expects."""

    status: int
    body: bytes
    media_type: str = "application/json"


class Rejected(TraError):
    """A delivery that is not what the bank sends. `reason` is for the audit line; senders get one answer for all."""

    def __init__(self, reason: str, *, alarm: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.alarm = alarm


class CreateRefused(TraError):
    """The bank will not issue this attempt (its code in `code`); repeating the same request will not help."""

    def __init__(self, code: str) -> None:
        super().__init__(f"bank refused to issue: {code}")
        self.code = code


class AlreadyCreated(TraError):
    """The bank knows this reference already: an earlier create got through and its answer was lost. Ask the bank about
    the reference, close it, then open another attempt; the lost QR reached nobody."""


class NotSupported(TraError):
    """The rail has no such call."""


class BadConfiguration(TraError):
    """A rail is configured so that it must not start."""


class HttpFailed(Unavailable):
    """No complete answer: refused, timed out, or over the limit. The request may have had its effect all the same."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """The one way out. Follows no redirect, reaches listed hosts only, reads a bounded body; HttpFailed otherwise.
    The body is JSON unless the headers name another content type."""

    def post(self, url: str, *, json: bytes | None, headers: Mapping[str, str], timeout: float) -> HttpReply: ...


class Rail(Protocol):
    """One way of being paid."""

    @property
    def name(self) -> str: ...

    @property
    def currencies(self) -> frozenset[str]: ...

    @property
    def notifies(self) -> bool:
        """Whether this bank ever rings. If not, a delayed bell and the payer's page ring for it."""

    def create(self, bill: Bill, *, now: datetime, http: Http) -> Issued:
        """Ask the bank for a QR. AlreadyCreated, CreateRefused, or HttpFailed (then: same bill again)."""

    def verify(self, delivery: Delivery, *, now: datetime) -> Notice:
        """Read a notification. Pure. Rejected if it is not what this bank sends."""

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:
        """Ask the bank: evidence. Never raises for the bank's faults: those are UNKNOWN."""

    def close(self, bill: Bill, *, now: datetime, http: Http) -> bool:
        """Have the bank refuse further payment; whether it said it does. Nothing is settled by this."""

    def list_day(self, day: date, *, now: datetime, http: Http) -> Iterator[Notice]:
        """Every payment of one day: evidence. NotSupported where the bank has no list; HttpFailed if it does not answer."""

    def ack(self, answer: Answer) -> Reply:
        """How this bank wants to be answered."""


class Refund(StrEnum):
    """What became of asking a bank to give money back."""

    DONE = "done"
    LATER = "later"  # nothing was done: ask again
    REFUSED = "refused"
    UNKNOWN = "unknown"  # ask whether it was done, never for another


@runtime_checkable
class Refunder(Protocol):
    """A rail whose bank gives money back when asked."""

    @property
    def refund_days(self) -> int:
        """For how many days after the attempt began; 0 if the bank cannot be asked."""

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:
        """See `Rail.query`."""

    def refund(self, bill: Bill, amount: Money, *, now: datetime, http: Http) -> tuple[Refund, str]:
        """Ask for `amount` of what was paid for `bill`; what became of it, and the bank's code. HttpFailed: the bank may
        have done it all the same."""


def refunder(rail: object) -> Refunder | None:
    """The rail, if its bank can be asked for refunds by now."""
    return rail if isinstance(rail, Refunder) and rail.refund_days else None


class Recorded(Protocol):
    """What the fold needs of an entry."""

    @property
    def type(self) -> str: ...

    @property
    def at(self) -> str: ...

    @property
    def data(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reference under which the order may be paid on one rail."""

    n: int
    rail: str
    reference: str
    opened_at: datetime
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    qr_sha256: str = ""
    qr_md5: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What is due, the attempts to pay it, and the money that came."""

    filing: str
    purpose: str
    lines: tuple[Line, ...]
    total: Money
    schedule: str
    demo: bool
    opened_at: datetime
    attempts: tuple[Attempt, ...] = ()
    payment: PaymentVerified | None = None
    parked: tuple[PaymentParked, ...] = field(default=())
    confirmed: tuple[PaymentConfirmed, ...] = ()
    parts: tuple[Member, ...] = ()  # what of it is for which filing
    cancelled: bool = False

    @property
    def paid(self) -> bool:
        """Whether what is due was proven paid."""
        return self.payment is not None

    @property
    def latest(self) -> Attempt | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None

    def attempt(self, reference: str) -> Attempt | None:
        """The attempt under `reference`, if it is one of ours."""
        return next((attempt for attempt in self.attempts if attempt.reference == reference), None)

    def bill(self, attempt: Attempt, token: str = "") -> Bill:
        """What to ask the bank about for `attempt`; `token` as the bank issued it, for banks that know it by that."""
        return Bill(attempt.reference, self.total, qr_md5=attempt.qr_md5, token=token, opened_at=attempt.opened_at)

    @classmethod
    def fold(cls, entries: Iterable[Recorded]) -> "Order":
        """The order as its stream's entries tell it. Corrupt if they do not make sense together."""
        order: Order | None = None
        for entry in entries:
            order = _after(order, read(entry.type, entry.data), parse_stamp(entry.at))
        if order is None:
            raise Corrupt("an order without entries")
        return order


def _after(order: Order | None, fact: Fact, at: datetime) -> Order:
    if isinstance(fact, OrderOpened) and order is None:
        total = Money(fact.amount, fact.currency)
        return Order(fact.filing, fact.purpose, fact.lines, total, fact.schedule, fact.demo, at, parts=fact.parts)
    if order is None:
        raise Corrupt("an order begins with OrderOpened")
    match fact:
        case AttemptOpened() if fact.attempt == len(order.attempts) + 1 and order.attempt(fact.reference) is None:
            opened = Attempt(fact.attempt, fact.rail, fact.reference, at)
            return replace(order, attempts=(*order.attempts, opened))
        case AttemptIssued() if (attempt := order.attempt(fact.reference)) is not None and attempt.issued_at is None:
            issued = replace(
                attempt,
                issued_at=at,
                expires_at=parse_stamp(fact.expires_at),
                qr_sha256=fact.qr_sha256,
                qr_md5=fact.qr_md5,
            )
            return replace(order, attempts=tuple(issued if one is attempt else one for one in order.attempts))
        case OrderCancelled() if order.payment is None and not order.cancelled:
            return replace(order, cancelled=True)
        case PaymentVerified() if order.payment is None and not order.cancelled and order.attempt(fact.reference) is not None:
            return replace(order, payment=fact)
        case PaymentParked():
            return replace(order, parked=(*order.parked, fact))
        case PaymentConfirmed():
            return replace(order, confirmed=(*order.confirmed, fact))
        case _:
            raise Corrupt(f"{type(fact).__name__} does not follow from what stands in this order")
