"""The fee of a later paper: ordered before the paper is submitted, or after, and paid in the ways in which a filing's is.

The amount is that of the day on which the order is opened. Money that the bank proves is credited to the paper (`FeePaid` on
its stream); a paper that the office takes only with its fee can then be submitted. An order is not given up here: who does
not pay owes nothing, and a paid draft can still be sent.
"""

from dataclasses import replace

from chalicelib.contracts.events import FilingSubmitted
from chalicelib.kernel.errors import Conflict, Corrupt, NotFound
from chalicelib.payment.fees import Quote, quote
from chalicelib.payment.orders import OpenedOrder, Orders, facts_of, paper_due_key
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Stream, deciding
from chalicelib.register.papers import filing_of, owned_paper


def open_for_paper(orders: Orders, account: str, paper_id: str, rail_name: str, repeat: Repeat) -> OpenedOrder:
    """The paper's order with something to pay by. Conflict if nothing is due for it, or once it is paid; FeeUnknown where the
    office's schedule has no amount."""
    rail = orders.rail(rail_name)

    def decide() -> str:
        stream, application = owned_paper(orders.register, account, paper_id)
        if earlier := repeat.earlier(orders.register):
            return str(earlier["order"])
        due = stream.items.get(paper_due_key(paper_id).sk)
        if due is not None:
            return orders.again(str(due.attributes["order"]), rail, account, repeat)
        asked = _due(orders, stream, application)
        if asked.total.currency not in rail.currencies:
            raise Conflict.because("rail.currency", "/rail", currency=asked.total.currency)
        return orders.begun(stream, asked, rail, account, repeat, paper_due_key(paper_id), of=filing_of(stream))

    return orders.offered(deciding(decide))


def order_of_paper(orders: Orders, account: str, paper_id: str) -> OpenedOrder:
    """The paper's order. NotFound if none was opened."""
    return orders.view(_order(orders, account, paper_id))


def ring_for_paper(orders: Orders, account: str, paper_id: str) -> None:
    """The payer's page says that it was paid, or only asks whether."""
    orders.ring_for(_order(orders, account, paper_id))


def _order(orders: Orders, account: str, paper_id: str) -> str:
    stream, _ = owned_paper(orders.register, account, paper_id)
    due = stream.items.get(paper_due_key(paper_id).sk)
    if due is None:
        raise NotFound.because("order.not-found")
    return str(due.attributes["order"])


def _due(orders: Orders, stream: Stream, application: Stream) -> Quote:
    kind, submitted = orders.office.paper(stream.head.attributes["kind"]), application.last(FilingSubmitted)
    if kind is None or submitted is None:
        raise Corrupt(f"{stream.id}: the office no longer knows its kind, or its filing was never submitted")
    if kind.fee is None:
        raise Conflict.because("paper.no-fee")
    return quote(orders.office.fees, replace(facts_of(submitted), on=orders.today()), purpose=kind.fee)
