"""What a verdict writes: the order's entry, the once-row of the bank's transaction, and the case, in one commit.

The once-row makes each movement of money count once, whoever tells of it and how often; it also lists the movement under
its day (UTC), for the reconciliation. Money that goes back has a row for each amount: the same transaction may come and go.
"""

from datetime import UTC, datetime

from chalicelib.contracts.cases import CaseClosed
from chalicelib.contracts.events import PaymentConfirmed, PaymentParked, PaymentVerified
from chalicelib.kernel.clock import stamp
from chalicelib.payment import refunds
from chalicelib.payment.cases import GOING_BACK, about, off_the_list
from chalicelib.payment.model import Notice, Order
from chalicelib.payment.settle import Apply, Confirm, Park, settle
from chalicelib.register.cases import case_of, opening
from chalicelib.register.model import Key, Operation, Put, Register, Stream, StreamId

Counting = Apply | Confirm | Park
Counted = PaymentVerified | PaymentConfirmed | PaymentParked


def day_list(at: datetime) -> str:
    """The value of `due` under which the movements of one day (UTC) are listed."""
    return f"LEDGER#{at.astimezone(UTC).date().isoformat()}"


def once_key(verdict: Counting) -> Key:
    """The row by which a bank transaction counts once."""
    fact, suffix = verdict.fact, ""
    if isinstance(verdict, Park) and verdict.reason in GOING_BACK:
        suffix = f"#{verdict.reason}#{verdict.fact.amount}"
    return Key(f"BANKTX#{fact.rail}#{fact.bank_ref}{suffix}", "BANKTX")


def counted(once: Key, stream: Stream, fact: Counted, at: datetime) -> Put:
    """The once-row of a movement that was counted on an order's stream."""
    row = {
        "stream": str(stream.id),
        "reference": fact.reference,
        "amount": fact.amount,
        "currency": fact.currency,
        "from_statement": fact.statement is not None,
        "due": day_list(at),
        "due_at": stamp(at),
    }
    return Put(once, row)


def entered(
    register: Register, stream: Stream, verdict: Counting, *, by: str, at: datetime
) -> tuple[Operation, ...] | None:
    """The operations that record `verdict` on the order's stream; None if this bank transaction was counted before."""
    once = once_key(verdict)
    if register.item(once) is not None:
        return None
    closing: tuple[Operation, ...] = ()
    if isinstance(verdict, Apply) and verdict.fact.counted_as is not None:
        found = _parked_as(register, verdict.fact)
        if found is None:  # two persons decided otherwise meanwhile: it only bears the parked money out
            verdict = Confirm(_only_confirmed(verdict.fact))
        else:
            closing = (found.append(CaseClosed(decision="apply"), by=by, at=at), *off_the_list(found))
    operations: tuple[Operation, ...] = (
        stream.append(verdict.fact, by=by, at=at),
        counted(once, stream, verdict.fact, at),
        *closing,
    )
    if isinstance(verdict, Park):
        what = f"money#{once.pk.removeprefix('BANKTX#')}"
        ours: tuple[Operation, ...] = ()
        if verdict.reason in GOING_BACK:  # by our own decision: that case is of it, and done
            waiting = refunds.shown(stream, verdict.fact)
            line = verdict.fact.statement is not None
            ours = refunds.closing(register, waiting, verdict.fact.bank_ref, what=what, line=line, by=by, at=at)
        operations += ours or opening(what, about(verdict.fact, stream.id), by=by, at=at)
    return operations


def learned(register: Register, stream: Stream, notice: Notice, *, payees: frozenset[str], by: str, at: datetime) -> None:
    """Settle what a bank's answer or its list proves of an order, if it is news. LostRace if the order moved meanwhile."""
    verdict = settle(Order.fold(stream.entries), notice.order_ref, notice, payees=payees)
    if isinstance(verdict, Apply | Confirm | Park):
        recorded = entered(register, stream, verdict, by=by, at=at)
        if recorded is not None:
            register.commit(*recorded)


def _parked_as(register: Register, fact: PaymentVerified) -> Stream | None:
    """The case of the parked money that this payment is, if nothing was decided of it."""
    lookup = register.item(case_of(f"money#{fact.rail}#{fact.counted_as}"))
    found = register.load(StreamId.parse(str(lookup.attributes["stream"]))) if lookup else None
    return found if found is not None and found.head.status in ("open", "proposed") else None


def _only_confirmed(fact: PaymentVerified) -> PaymentConfirmed:
    return PaymentConfirmed(
        reference=fact.reference,
        rail=fact.rail,
        bank_ref=fact.bank_ref,
        counted_as=fact.counted_as or "",
        amount=fact.amount,
        currency=fact.currency,
        asked_at=fact.asked_at,
        evidence_sha256=fact.evidence_sha256,
        statement=fact.statement,
    )
