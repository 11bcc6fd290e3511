"""What a bank's answer means for an order: one pure decision.

Rules (payments.md sections 1 and 2):
 1. Only AUTHORITATIVE notices move money. A PAID of less trust raises `NotEvidence`: somebody forgot to ask the bank.
 2. An order is paid by: PAID, open order, the reference as issued, the same amount and currency, a payee that is ours.
 3. Each movement of money at a bank counts once, whatever wrapper it comes in.
 4. Money that came and does not pay the order is parked as a case for a person; it is never dropped.
 5. What is not PAID changes nothing, except that money going back after it was counted opens a case.
"""

from dataclasses import dataclass

from chalicelib.contracts.events import PaymentParked, PaymentVerified
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


Verdict = Apply | Duplicate | Park | Ignore


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
    if reason is not None:
        return Park(reason, _parked(notice, reason), alarm=reason in ("reference", "payee"))
    return Apply(_verified(order, notice))


def _reason_to_park(order: Order, attempt: Attempt | None, notice: Notice, payees: frozenset[str]) -> str | None:
    """The first reason why this money does not pay this order, or None. Identity before amount before time."""
    if attempt is None or notice.order_ref != attempt.reference or notice.rail != attempt.rail:
        return "reference"
    if notice.payee is not None and notice.payee not in payees:
        return "payee"
    if any(parked.reason in ("refunded", "reversed") for parked in order.parked):
        return "after-refund"
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


def _too_late(attempt: Attempt, notice: Notice) -> str | None:
    """Money taken before the expiry counts whenever we learn of it. Where the bank does not say when it took the money,
    its own keeping of the expiry, or an answer given before the expiry, proves the same."""
    if attempt.expires_at is None:
        return None
    if notice.paid_at is not None:
        return "late" if notice.paid_at > attempt.expires_at else None
    if notice.bank_keeps_expiry or notice.at <= attempt.expires_at:
        return None
    return "time-unknown"


def _going_back(order: Order, notice: Notice) -> Verdict:
    reason = notice.status.value
    known = any(
        parked.reference == notice.order_ref and parked.reason == reason and parked.amount == notice.refunded_minor
        for parked in order.parked
    )
    if known:
        return Duplicate()
    was_paid = order.payment is not None and order.payment.reference == notice.order_ref
    if not was_paid and notice.status is not Status.PART_REFUNDED:
        return Ignore(reason)  # came and went before it ever counted
    return Park(reason, _parked(notice, reason, amount=notice.refunded_minor), alarm=was_paid)


def _counted(order: Order, notice: Notice) -> bool:
    if notice.bank_ref is None:
        return False
    counted = [(order.payment.rail, order.payment.bank_ref)] if order.payment else []
    counted += [(one.rail, one.bank_ref) for one in order.parked if one.reason not in _GOING_BACK]
    return (notice.rail, notice.bank_ref) in counted


def _verified(order: Order, notice: Notice) -> PaymentVerified:
    return PaymentVerified(
        filing=order.filing,
        purpose=order.purpose,
        reference=notice.order_ref,
        rail=notice.rail,
        bank_ref=notice.bank_ref or "",
        amount=order.total.minor,
        currency=order.total.currency,
        asked_at=stamp(notice.at),
        paid_at=stamp(notice.paid_at) if notice.paid_at else None,
        evidence_sha256=notice.raw_sha256,
        demo=order.demo,
    )


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
    )
