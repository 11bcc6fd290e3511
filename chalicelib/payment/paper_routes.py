"""HTTP of the fees of later papers: an order, whether it is paid, and the payer's own bell."""

from typing import Protocol

from chalice.app import Blueprint, Response

from chalicelib.contracts.form import parsed
from chalicelib.offices.model import Office
from chalicelib.payment.orders import Orders
from chalicelib.payment.paper_orders import open_for_paper, order_of_paper, ring_for_paper
from chalicelib.payment.routes import OrderRequest, order_answer
from chalicelib.register.idempotency import Repeat
from chalicelib.web.principal import Principal
from chalicelib.web.problems import answer, answering
from chalicelib.web.request import Incoming


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def orders(self) -> Orders: ...

    def principal(self, incoming: Incoming) -> Principal: ...


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/papers/{identifier}/payment-orders", methods=["POST"], content_types=["*/*"])
    @guarded
    def open_order_of_paper(identifier: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        rail, repeat = parsed(OrderRequest, request.json()).rail, Repeat(account, *request.idempotency())
        opened = open_for_paper(rooms.orders, account, identifier, rail, repeat)
        return answer(201, order_answer(opened, rooms.office), Location=f"/v1/papers/{identifier}/payment-orders")

    @routes.route("/v1/papers/{identifier}/payment-orders", methods=["GET"])
    @guarded
    def read_order_of_paper(identifier: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        return answer(200, order_answer(order_of_paper(rooms.orders, account, identifier), rooms.office))

    @routes.route("/v1/papers/{identifier}/payment-orders/bell", methods=["POST"], content_types=["*/*"])
    @guarded
    def ring_for_order_of_paper(identifier: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        ring_for_paper(rooms.orders, account, identifier)
        return answer(202, {"status": "received"})

    return routes
