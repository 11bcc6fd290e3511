"""Money on a statement without our reference that may be money which a bank's answer told of already.

Amount, currency, bank and day are a suggestion to a person and never a match (payments.md case 93). So the desk shows what
it may be, and two persons say: it is that money (`confirm`: it bears the payment out and counts no second time), or they
looked into it and it is other money (`distinct`); without either it is neither applied nor given back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from chalicelib.contracts.cases import CaseOpened
from chalicelib.contracts.events import PaymentConfirmed, PaymentParked, PaymentVerified
from chalicelib.kernel.clock import parse_stamp, stamp
from chalicelib.kernel.errors import Corrupt
from chalicelib.offices.model import Office
from chalicelib.payment.cases import GOING_BACK
from chalicelib.payment.ledger import day_list
from chalicelib.payment.model import Order
from chalicelib.register.model import Due, Register, Stream, StreamId

BEFORE, AFTER = timedelta(days=4), timedelta(days=3)  # of the line's day: banks book late, and we may ask late
MAX_LOOKED_AT = 20_000  # movements of one day

Came = PaymentVerified | PaymentParked


@dataclass(frozen=True, slots=True)
class MayBe:
    """An order's money that no statement bore out yet."""

    stream: Stream
    fact: Came
    counted_at: datetime


def may_be(register: Register, waiting: Due, office: Office, opened: CaseOpened) -> tuple[MayBe, ...]:
    """What the money of a line without reference may be; nothing for any other case."""
    account = office.banks.account(opened.rail or "")
    if account is None or opened.day is None:
        return ()
    middle, found = date.fromisoformat(opened.day), []
    for days in range(-BEFORE.days, AFTER.days + 1):
        at = datetime.combine(middle + timedelta(days=days), time(), UTC)
        for key in waiting.due(day_list(at), until=at + timedelta(days=1), limit=MAX_LOOKED_AT):
            item = register.item(key)
            if item is None or item.attributes.get("from_statement", True):
                continue
            if (item.attributes.get("amount"), item.attributes.get("currency")) != (opened.amount, opened.currency):
                continue
            stream = register.load(StreamId.parse(str(item.attributes["stream"])))
            if stream is None:
                raise Corrupt(f"{key} leads to no order")
            counted_at = parse_stamp(str(item.attributes["due_at"]))
            for fact in _not_borne_out(Order.fold(stream.entries)):
                named = key.pk == f"BANKTX#{fact.rail}#{fact.bank_ref}"
                if named and fact.rail in account.rails:
                    found.append(MayBe(stream, fact, counted_at))
    return tuple(found)


def _not_borne_out(order: Order) -> Iterator[Came]:
    paired = {(one.rail, one.counted_as) for one in order.confirmed}
    came: list[Came] = [one for one in order.parked if one.reason not in GOING_BACK]
    if order.payment is not None and order.payment.case is None and order.payment.counted_as is None:
        came.append(order.payment)
    yield from (one for one in came if one.statement is None and (one.rail, one.bank_ref) not in paired)


def confirmed(found: MayBe, opened: CaseOpened, at: datetime) -> PaymentConfirmed:
    """The line bears that money out."""
    return PaymentConfirmed(
        reference=found.fact.reference,
        rail=found.fact.rail,
        bank_ref=opened.bank_ref or "",
        counted_as=found.fact.bank_ref,
        amount=opened.amount or 0,
        currency=opened.currency or "",
        asked_at=stamp(at),
        evidence_sha256=opened.evidence_sha256 or "",
        statement=opened.statement,
    )
