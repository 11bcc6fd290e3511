"""A filed design with an order that may be paid, and a bank that pays it: what tests of bells and answers begin with."""

from urllib.parse import urlsplit

from chalicelib.payment.model import Delivery, Order
from chalicelib.payment.orders import OpenedOrder
from chalicelib.payment.schedule import MIN_INTERVAL
from chalicelib.register.model import order as order_stream
from infra.local.banks.model import Fault, Pushback
from tests.factories import ANNA, CALLBACK, Desk, asking


class Till:
    """A filed design with an order that may be paid."""

    def __init__(self, desk: Desk | None = None) -> None:
        self.desk = desk or Desk()
        self.filing = self.desk.filed().filing
        self.opened: OpenedOrder = self.desk.orders.open(ANNA, self.filing, "aba", asking("pay"))
        self.reference = self.opened.order.attempts[0].reference
        self.stream = order_stream(self.opened.id)

    @property
    def order(self) -> Order:
        return Order.fold(self.desk.load(self.stream).entries)

    @property
    def types(self) -> list[str]:
        return [entry.type for entry in self.desk.load(self.stream).entries][3:]

    def pay(self, *faults: Fault) -> list[Pushback]:
        self.desk.bank.faults.update(faults)
        assert self.desk.bank.pay(self.reference)
        return list(self.desk.bank.take_due())

    def ask(self, *, rung: bool = True) -> None:
        self.desk.clock.advance(MIN_INTERVAL)
        self.desk.ask_bank(self.reference, rung=rung)


def delivery(pushback: Pushback) -> Delivery:
    assert urlsplit(pushback.url).path == urlsplit(CALLBACK).path
    return Delivery(headers=tuple(pushback.headers.items()), query=(), body=pushback.body, source_ip="203.0.113.5")
