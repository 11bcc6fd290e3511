"""Group orders, and giving an order up.

An agent pays for several filings at once: one order, one reference, one payment, which settles once and is credited to each
filing (`CreditFiling`). Each filing has one live order: it leads to the group's (`DUE#<purpose>`), all of them in the commit
that opens it. An order that is not paid yet may be cancelled, so that its filings can be paid for in another way; the bank
is asked to take no more for it, and money that comes all the same is parked.
"""

from chalicelib.contracts.events import FilingSubmitted, Member, OrderCancelled, OrderOpened
from chalicelib.kernel import ids
from chalicelib.kernel.errors import Conflict, Invalid, NotFound
from chalicelib.log import log
from chalicelib.payment.fees import Quote, quote
from chalicelib.payment.model import HttpFailed, Order
from chalicelib.payment.orders import PURPOSE, OpenedOrder, Orders, due_key, facts_of
from chalicelib.register import model as register_model
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Delete, Operation, Put, Stream, begin, deciding

MAX_MEMBERS = 40  # each is a row of the one commit


def open_group(orders: Orders, account: str, filings: tuple[str, ...], rail_name: str, repeat: Repeat) -> OpenedOrder:
    """One order for several filings. NotFound for another's, Conflict for one that is not submitted, has an order already,
    or whose fees are in another currency than the others' or than the rail's."""
    rail = orders.rail(rail_name)
    if not 2 <= len(filings) <= MAX_MEMBERS or len(set(filings)) != len(filings):
        raise Invalid.because("group.members", "/filings", most=str(MAX_MEMBERS))

    def decide() -> str:
        if earlier := repeat.earlier(orders.register):
            return str(earlier["order"])
        quotes = {one: _due(orders.filing(account, one), orders) for one in filings}
        total = quotes[filings[0]].total
        for other in filings[1:]:
            if quotes[other].total.currency != total.currency:
                raise Conflict.because("fee.currencies", currencies=f"{total.currency}, {quotes[other].total.currency}")
            total += quotes[other].total
        if total.currency not in rail.currencies:
            raise Conflict.because("rail.currency", "/rail", currency=total.currency)
        now = orders.clock()
        order_id = ids.ulid(now)
        members = tuple(
            Member(
                filing=one,
                lines=tuple(line.line for line in asked.lines),
                amount=asked.total.minor,
                demo=asked.demo,
            )
            for one, asked in quotes.items()
        )
        opened = OrderOpened(
            filing=filings[0],
            purpose=PURPOSE,
            lines=tuple(line for member in members for line in member.lines),
            amount=total.minor,
            currency=total.currency,
            schedule=quotes[filings[0]].schedule,
            demo=any(member.demo for member in members),
            members=members,
        )
        attempt, lookup = orders.new_attempt(order_id, 1, rail)
        stream = register_model.order(order_id)
        orders.register.commit(
            begin(stream, opened, attempt, by=account, at=now, owner=f"group:{account}"),
            *(Put(due_key(one, PURPOSE), {"order": order_id}) for one in filings),
            lookup,
            repeat.kept(order=order_id),
        )
        return order_id

    return orders.offered(deciding(decide))


def cancel(orders: Orders, account: str, filing_id: str, repeat: Repeat) -> None:
    """Give the filing's order up, a group's for all its filings. NotFound if there is none, Conflict once it is paid."""

    def decide() -> Order | None:
        stream = orders.filing(account, filing_id)
        if repeat.earlier(orders.register):
            return None
        due = stream.items.get(due_key(filing_id, PURPOSE).sk)
        if due is None:
            raise NotFound.because("order.not-found")
        order_stream = orders.stream(str(due.attributes["order"]))
        order = Order.fold(order_stream.entries)
        if order.paid:
            raise Conflict.because("order.paid")
        freed: list[Operation] = []
        for part in order.parts:
            row = orders.register.item(due_key(part.filing, PURPOSE))
            if row is not None and row.attributes["order"] == order_stream.id.id:
                freed.append(Delete(row.key, expects=row.version))
        orders.register.commit(
            order_stream.append(OrderCancelled(), by=account, at=orders.clock()),
            *freed,
            repeat.kept(order=order_stream.id.id),
        )
        return order

    order = deciding(decide)
    for attempt in order.attempts if order else ():
        try:
            closed = orders.rail(attempt.rail).close(order.bill(attempt), now=orders.clock(), http=orders.http)  # type: ignore[union-attr]
        except (HttpFailed, Invalid):
            closed = False  # what comes for it all the same is parked
        log("attempt-cancelled", attempt=attempt.n, rail=attempt.rail, closed=closed)


def _due(stream: Stream, orders: Orders) -> Quote:
    submitted = stream.last(FilingSubmitted)
    if submitted is None:
        raise Conflict.because("order.not-due")
    if due_key(stream.id.id, PURPOSE).sk in stream.items:
        raise Conflict.because("group.has-order", "/filings", number=submitted.number)
    return quote(orders.office.fees, facts_of(submitted))
