"""What a bank's answer means for an order: one pure decision.

Rules (payments.md sections 1 and 2):
 1. Only AUTHORITATIVE notices move money. A PAID of less trust raises `NotEvidence`: somebody forgot to ask the bank.
 2. An order is paid by: PAID, open order, the reference as issued, the same amount and currency, a payee that is ours.
 3. Each movement of money at a bank counts once, whatever wrapper it comes in.
 4. Money that came and does not pay the order is parked as a case for a person; it is never dropped.
 5. What is not PAID changes nothing, except that money going back after it was counted opens a case.
 6. The same movement seen from the other side (the bank's answer, the statement) bears the first sight out and counts
    no second time: each sight of one side is paired with one of the other, of the same reference, amount and currency.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.contracts.events import PaymentConfirmed, PaymentParked, PaymentVerified
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.errors import TraError
from chalicelib.payment.model import Attempt, Notice, Order, Status, Trust

_GOING_BACK = (Status.REFUNDED, Status.PART_REFUNDED, Status.REVERSED)


class NotEvidence(TraError):
    """A notification was about to move money. Ask the bank first."""


@dataclass(frozen=True, slots=True)
class Apply:
    """The order is paid by this."""

    fact: PaymentVerified


@dataclass(frozen=True, slots=True)
class Confirm:
    """The other side shows what was counted already."""

    fact: PaymentConfirmed


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Known already; nothing changes."""


@dataclass(frozen=True, slots=True)
class Park:
    """Money that a person has to look at; the order does not advance."""

    reason: str
    fact: PaymentParked
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing to do; `reason` goes to the log."""

    reason: str


Verdict = Apply | Confirm | Duplicate | Park | Ignore


def settle(order: Order, attempt_reference: str, notice: Notice, *, payees: frozenset[str] = frozenset()) -> Verdict:
    """Decide. `attempt_reference` is what we asked about; `payees` are our accounts on that rail, for rails that name
    the payee. Raises NotEvidence for a PAID that is not AUTHORITATIVE."""
    if notice.trust is not Trust.AUTHORITATIVE:
        if notice.status is Status.PAID:
            raise NotEvidence(f"{notice.rail} said paid, at trust {notice.trust}")
        return Ignore("not-evidence")
    if notice.status in _GOING_BACK:
        return _going_back(order, notice)
    if notice.status is not Status.PAID:
        return Ignore(notice.status.value)
    if _counted(order, notice):
        return Duplicate()
    attempt = order.attempt(attempt_reference)
    reason = _reason_to_park(order, attempt, notice, payees)
    if (twin := _other_side(order, notice)) is not None:
        if reason is None and isinstance(twin, PaymentParked) and twin.reason == "time-unknown":
            return Apply(_verified(order, notice, counted_as=twin.bank_ref))  # now we know that it came in time
        return Confirm(_confirmed(twin, notice))
    if reason is not None:
        return Park(reason, _parked(notice, reason), alarm=reason in ("reference", "payee"))
    return Apply(_verified(order, notice))


def _reason_to_park(order: Order, attempt: Attempt | None, notice: Notice, payees: frozenset[str]) -> str | None:
    """The first reason why this money does not pay this order, or None. Identity before amount before time."""
    if (reason := _stranger(attempt, notice, payees)) is not None or attempt is None:
        return reason
    if any(one.reason in ("refunded", "reversed") and one.reference == notice.order_ref for one in order.parked):
        return "after-refund"
    if order.cancelled:
        return "cancelled"
    if order.paid:
        return "already-paid"
    if notice.bank_ref is None:
        return "no-bank-reference"
    if notice.amount_minor is None or notice.currency is None:
        return "amount-unknown"
    if notice.currency != order.total.currency:
        return "currency"
    if notice.amount_minor != order.total.minor:
        return "underpaid" if notice.amount_minor < order.total.minor else "overpaid"
    return _too_late(attempt, notice)


def _stranger(attempt: Attempt | None, notice: Notice, payees: frozenset[str]) -> str | None:
    """Why it is not the money that was asked for, whatever its amount."""
    if attempt is None or notice.order_ref != attempt.reference:
        return "reference"
    if notice.payee is not None and notice.payee not in payees:
        return "payee"
    if notice.rail != attempt.rail:
        return "rail"  # it came to an account of ours that this way of paying does not lead to
    return None


def _too_late(attempt: Attempt, notice: Notice) -> str | None:
    """Money taken before the expiry counts whenever we learn of it. Where the bank does not say when it took the money,
    its own keeping of the expiry, or an answer given before the expiry, proves the same."""
    if attempt.expires_at is None:
        return None
    if notice.paid_at is not None:
        if notice.paid_at > attempt.expires_at:
            return "late"
        return "time-unknown" if notice.paid_until and notice.paid_until > attempt.expires_at else None
    if notice.bank_keeps_expiry or notice.at <= attempt.expires_at:
        return None
    return "time-unknown"


def _going_back(order: Order, notice: Notice) -> Verdict:
    reason = notice.status.value
    same = [one for one in order.parked if one.reference == notice.order_ref]
    known = any(
        one.reason == reason
        and one.amount == notice.refunded_minor
        and (notice.statement is None or one.bank_ref == notice.bank_ref)  # each line is a movement of its own
        for one in same
    )
    if known:
        return Duplicate()
    was_paid = order.payment is not None and order.payment.reference == notice.order_ref
    was_parked = any(one.reason not in _GOING_BACK for one in same)
    if not was_paid and not was_parked and notice.status is not Status.PART_REFUNDED:
        return Ignore(reason)  # came and went before it ever counted
    return Park(reason, _parked(notice, reason, amount=notice.refunded_minor), alarm=was_paid)


def _counted(order: Order, notice: Notice) -> bool:
    if notice.bank_ref is None:
        return False
    counted = [(order.payment.rail, order.payment.bank_ref)] if order.payment else []
    counted += [(one.rail, one.bank_ref) for one in order.parked if one.reason not in _GOING_BACK]
    counted += [(one.rail, one.bank_ref) for one in order.confirmed]
    return (notice.rail, notice.bank_ref) in counted


def _other_side(order: Order, notice: Notice) -> PaymentVerified | PaymentParked | None:
    """Money that the other side showed, not paired yet, which this notice may be the sight of from its own."""
    came: list[PaymentVerified | PaymentParked] = [one for one in order.parked if one.reason not in _GOING_BACK]
    if order.payment is not None and order.payment.case is None:  # one of a case was parked: it stands there
        came.insert(0, order.payment)
    paired = {(one.rail, one.counted_as) for one in order.confirmed}
    if order.payment is not None and order.payment.counted_as is not None:
        paired |= {(order.payment.rail, order.payment.counted_as), (order.payment.rail, order.payment.bank_ref)}
    for one in came:
        same = (one.rail, one.reference) == (notice.rail, notice.order_ref)
        same = same and (one.amount, one.currency) == (notice.amount_minor, notice.currency)
        if same and (one.statement is None) != (notice.statement is None) and (one.rail, one.bank_ref) not in paired:
            return one
    return None


def _confirmed(twin: PaymentVerified | PaymentParked, notice: Notice) -> PaymentConfirmed:
    return PaymentConfirmed(
        reference=notice.order_ref,
        rail=notice.rail,
        bank_ref=notice.bank_ref or notice.order_ref,
        counted_as=twin.bank_ref,
        amount=notice.amount_minor or 0,
        currency=notice.currency or "",
        asked_at=stamp(notice.at),
        evidence_sha256=notice.raw_sha256,
        statement=notice.statement,
    )


def _verified(order: Order, notice: Notice, *, counted_as: str | None = None) -> PaymentVerified:
    return PaymentVerified(
        filing=order.filing,
        purpose=order.purpose,
        reference=notice.order_ref,
        rail=notice.rail,
        bank_ref=notice.bank_ref or "",
        amount=order.total.minor,
        currency=order.total.currency,
        asked_at=stamp(notice.at),
        paid_at=stamp(notice.paid_at) if notice.paid_at and not notice.paid_until else None,
        paid_on=_day(notice.paid_until) if notice.paid_until else None,
        evidence_sha256=notice.raw_sha256,
        demo=order.demo,
        statement=notice.statement,
        counted_as=counted_as,
    )


def _day(end: datetime) -> str:
    """The day that ends so, on the wall clock it was made with."""
    return (end - timedelta(microseconds=1)).date().isoformat()


def _parked(notice: Notice, reason: str, *, amount: int | None = None) -> PaymentParked:
    return PaymentParked(
        reference=notice.order_ref,
        rail=notice.rail,
        bank_ref=notice.bank_ref or notice.order_ref,
        reason=reason,
        amount=notice.amount_minor if amount is None else amount,
        currency=notice.currency,
        asked_at=stamp(notice.at),
        evidence_sha256=notice.raw_sha256,
        statement=notice.statement,
    )
