"""What a verdict writes: the order's entry, the once-row of the bank's transaction, and the case, in one commit.

The once-row makes each movement of money count once, whoever tells of it and how often; it also lists the movement under
its day (UTC), for the reconciliation. Money that goes back has a row for each amount: the same transaction may come and go.
"""

from datetime import UTC, datetime

from chalicelib.kernel.clock import stamp
from chalicelib.payment.cases import GOING_BACK, about, opening
from chalicelib.payment.settle import Apply, Confirm, Park
from chalicelib.register.model import Key, Operation, Put, Register, Stream

Counting = Apply | Confirm | Park


def day_list(at: datetime) -> str:
    """The value of `due` under which the movements of one day (UTC) are listed."""
    return f"LEDGER#{at.astimezone(UTC).date().isoformat()}"


def once_key(verdict: Counting) -> Key:
    """The row by which a bank transaction counts once."""
    fact = verdict.fact
    going = isinstance(verdict, Park) and verdict.reason in GOING_BACK
    return Key(f"BANKTX#{fact.rail}#{fact.bank_ref}" + (f"#{fact_suffix(verdict)}" if going else ""), "BANKTX")


def fact_suffix(verdict: Counting) -> str:
    """What tells money going back from the money that came."""
    reason = verdict.reason if isinstance(verdict, Park) else ""
    return f"{reason}#{verdict.fact.amount}"


def entered(
    register: Register, stream: Stream, verdict: Counting, *, by: str, at: datetime
) -> tuple[Operation, ...] | None:
    """The operations that record `verdict` on the order's stream; None if this bank transaction was counted before."""
    once = once_key(verdict)
    if register.item(once) is not None:
        return None
    row = {
        "stream": str(stream.id),
        "reference": verdict.fact.reference,
        "due": day_list(at),
        "due_at": stamp(at),
    }
    operations: tuple[Operation, ...] = (stream.append(verdict.fact, by=by, at=at), Put(once, row))
    if isinstance(verdict, Park):
        what = once.pk.removeprefix("BANKTX#")
        operations += opening(f"money#{what}", about(verdict.fact, stream.id), by=by, at=at)
    return operations
