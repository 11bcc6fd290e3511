"""From a bank's answer to our own question to a notice: what is the same for every bank.

Rules (payments.md section 12, cases 41 and 60 to 71): no answer, any other HTTP status than 200, a page of some proxy,
an answer that does not name what we asked about, or a word we do not know is UNKNOWN: never PAID, never FAILED. If the
bank's clock and ours are apart, one of them is wrong and nothing is decided by time until a person looked.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from chalicelib.kernel import strict
from chalicelib.kernel.errors import Refused
from chalicelib.kernel.money import Money
from chalicelib.payment.model import Bill, HttpFailed, HttpReply, Notice, Status, Trust
from chalicelib.payment.rails.config import RailConfig

MAX_REPLY = 65_536
MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says, before it is bound to anything."""

    status: Status
    bank_ref: str = ""
    amount: Money | None = None
    paid_at: datetime | None = None
    payee: str | None = None
    refunded: int = 0
    remark: str = ""
    alarm: bool = False


def unknown(remark: str, *, alarm: bool = False) -> Told:
    """Nothing learned; `remark` says why."""
    return Told(Status.UNKNOWN, remark=remark, alarm=alarm)


def asked(
    config: RailConfig,
    bill: Bill,
    *,
    now: datetime,
    send: Callable[[], HttpReply],
    read: Callable[[Any], Told],
    keeps_expiry: bool = False,
) -> Notice:
    """Ask and read. `read` gets the strict JSON of the body and may raise KeyError, TypeError or ValueError for what it
    cannot read."""
    try:
        reply = send()
    except HttpFailed:
        return evidence(config.rail, bill, unknown("no-answer"), b"", now, keeps_expiry=keeps_expiry)
    return evidence(config.rail, bill, _told(config, reply, now, read), reply.body, now, keeps_expiry=keeps_expiry)


def evidence(rail: str, bill: Bill, told: Told, raw: bytes, now: datetime, *, keeps_expiry: bool = False) -> Notice:
    """The notice about `bill` that an answer makes."""
    bank_ref = told.bank_ref or bill.reference
    return Notice(
        rail=rail,
        order_ref=bill.reference,
        bank_ref=bank_ref,
        event_key=f"{rail}:asked:{bank_ref}:{told.status}:{told.refunded}",
        status=told.status,
        trust=Trust.AUTHORITATIVE,
        at=now,
        amount_minor=told.amount.minor if told.amount else None,
        currency=told.amount.currency if told.amount else None,
        paid_at=told.paid_at,
        payee=told.payee,
        refunded_minor=told.refunded,
        bank_keeps_expiry=keeps_expiry,
        raw_sha256=hashlib.sha256(raw).hexdigest(),
        remark=told.remark,
        alarm=told.alarm,
    )


def paid_amount(figure: Any, currency: Any, due: Money) -> Money | None:
    """What was paid, from the literal figure; None where it was not in the bill's currency and cannot be said in its own
    (then it is parked for a person all the same). ValueError, TypeError for a figure of the bill's own that is none."""
    if currency not in ("KHR", "USD"):
        return None
    try:
        return Money.parse(figure, currency)
    except ValueError:
        if currency == due.currency:
            raise
        return None


def body_of(reply: HttpReply, *, max_bytes: int = MAX_REPLY) -> Any:
    """The strict JSON of an answer, numbers as literal text. ValueError if it is none."""
    try:
        return strict.loads(reply.body, max_bytes=max_bytes, max_depth=MAX_DEPTH, literal_numbers=True)
    except Refused as error:
        raise ValueError("not JSON") from error


def clocks_apart(config: RailConfig, reply: HttpReply, now: datetime) -> bool:
    """Whether the bank's `Date` and our clock differ by more than is allowed. No or no readable date: no."""
    try:
        theirs = parsedate_to_datetime(reply.headers.get("date", ""))
        return abs((theirs - now).total_seconds()) > config.max_skew_seconds
    except (TypeError, ValueError):
        return False


def _told(config: RailConfig, reply: HttpReply, now: datetime, read: Callable[[Any], Told]) -> Told:
    if reply.status != 200:
        return unknown(f"http-{reply.status}", alarm=reply.status in (401, 403))  # our credentials or address
    if clocks_apart(config, reply, now):
        return unknown("clocks-apart", alarm=True)
    try:
        body = body_of(reply)
    except ValueError:
        return unknown("not-json")  # a page of some proxy, mostly
    try:
        return read(body)
    except (KeyError, TypeError, ValueError, AttributeError):
        return unknown("unreadable", alarm=True)
