"""Refunds that two persons decided: a row beside the order says what shall go back, until the bank shows that it went.

A row (`REFUND#<case>`) waits while the case is decided and not closed. Whatever shows the money going back closes the case
in the same commit: the bank's answer, its list, a line of its statement. So our own refund is no second case. Closed by
anything but a line, the row stays, so that the line which tells of the same money later is known (`gone`). Money that went
back and that nobody here decided remains a case of its own (`ledger.py`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib.contracts.cases import CaseClosed, CaseDecided, RefundReferred, RefundRequested
from chalicelib.contracts.events import PaymentParked
from chalicelib.kernel.clock import stamp
from chalicelib.payment.cases import GOING_BACK, off_the_list
from chalicelib.register import model as register_model
from chalicelib.register.cases import case_of
from chalicelib.register.model import Delete, Item, Key, Operation, Put, Register, Stream, case

DUE = "REFUND"  # value of `due` of a refund that the bank shall be asked for, or about
PREFIX = "REFUND#"


def refund_key(order_id: str, case_id: str) -> Key:
    """The row of a decided refund."""
    return Key(str(register_model.order(order_id)), f"{PREFIX}{case_id}")


def decided(request: RefundRequested, case_id: str, now: datetime) -> tuple[tuple[RefundReferred, ...], tuple[Put, ...]]:
    """What goes with a decided refund: its row, due at once; or, for money of no order, that a person gives it back."""
    if request.order is None or request.reference is None:
        return (RefundReferred(reason="no-order"),), ()
    row: Mapping[str, Any] = {
        "case": case_id,
        "reference": request.reference,
        "amount": request.amount,
        "currency": request.currency,
        "decided_at": stamp(now),
        "due": DUE,
        "due_at": stamp(now),
    }
    return (), (Put(refund_key(request.order, case_id), row),)


def rows(order: Stream) -> tuple[Item, ...]:
    """The refunds of an order that did not go back yet, oldest case first."""
    return tuple(item for item in _all(order) if not item.attributes.get("gone"))


def gone(order: Stream) -> tuple[Item, ...]:
    """The refunds of an order that went back, and that no line of a statement told of."""
    return tuple(item for item in _all(order) if item.attributes.get("gone"))


def _all(order: Stream) -> tuple[Item, ...]:
    return tuple(item for name, item in sorted(order.items.items()) if name.startswith(PREFIX))


def put_off(row: Item, at: datetime) -> Put:
    """Look at it again at `at`."""
    return Put(row.key, {**row.attributes, "due": DUE, "due_at": stamp(at)}, expects=row.version)


def went(row: Item) -> Put:
    """The money went back; a line may tell of it yet."""
    kept = {name: value for name, value in row.attributes.items() if name not in {"due", "due_at"}}
    return Put(row.key, {**kept, "gone": True}, expects=row.version)


def rested(row: Item) -> Put:
    """Nobody looks by itself any more; what shows the money going back still finds it."""
    kept = {name: value for name, value in row.attributes.items() if name not in {"due", "due_at"}}
    return Put(row.key, kept, expects=row.version)


def shown(order: Stream, fact: PaymentParked) -> tuple[Item, ...]:
    """Which decided refunds are the money that `fact` says went back: one of just that sum, else all of them together.
    A bank's answer names how much went back in all; a line of a statement is one movement."""
    before = 0
    if fact.statement is None:
        before = max(
            (one.amount or 0 for one in order.facts(PaymentParked) if _same(one, fact) and one.statement is None),
            default=0,
        )
    return matching(rows(order), fact.reference, (fact.amount or 0) - before)


def matching(waiting: Iterable[Item], reference: str, amount: int) -> tuple[Item, ...]:
    """The rows of `reference` whose sum is `amount`: one, else all."""
    mine = tuple(row for row in waiting if row.attributes["reference"] == reference)
    one = next((row for row in mine if row.attributes["amount"] == amount), None)
    if one is not None:
        return (one,)
    return mine if mine and sum(int(row.attributes["amount"]) for row in mine) == amount else ()


def closing(
    register: Register,
    found: Iterable[Item],
    bank_ref: str,
    *,
    what: str = "",
    line: bool = False,
    by: str,
    at: datetime,
) -> tuple[Operation, ...]:
    """The operations that close the cases of these rows by the movement `bank_ref`, a line of a statement or not, and say
    that `what` is about the first of them (`CASEOF#<what>`). Empty if none of them waits for its money any more."""
    operations: list[Operation] = []
    for row in found:
        stream = register.load(case(str(row.attributes["case"])))
        decision = stream.last(CaseDecided) if stream is not None else None
        if stream is None or decision is None or stream.head.status != "decided":
            continue
        if what and not operations:
            operations.append(Put(case_of(what), {"stream": str(stream.id)}))
        closed = CaseClosed(decision=decision.decision, bank_ref=bank_ref)
        told = Delete(row.key, expects=row.version) if line else went(row)
        operations += [told, stream.append(closed, by=by, at=at), *off_the_list(stream)]
    return tuple(operations)


def _same(one: PaymentParked, fact: PaymentParked) -> bool:
    return one.reason in GOING_BACK and one.reference == fact.reference
