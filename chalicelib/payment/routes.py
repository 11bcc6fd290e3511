"""HTTP of payment: what is due, something to pay it by, and the banks' doorbell."""

import io
from datetime import date
from typing import Annotated, Any, Protocol

from chalice.app import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts.form import Code, Day, parsed
from chalicelib.offices.model import Office
from chalicelib.payment.fees import FilingFacts, Quote
from chalicelib.payment.model import Delivery
from chalicelib.payment.orders import OpenedOrder, Orders
from chalicelib.payment.service import Doorbell
from chalicelib.register.idempotency import Repeat
from chalicelib.web.principal import Principal
from chalicelib.web.problems import HEADERS, answer, answering
from chalicelib.web.request import Incoming


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def doorbell(self) -> Doorbell: ...

    def principal(self, incoming: Incoming) -> Principal: ...


class OrderRequest(BaseModel):
    """How the filer wants to pay."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    rail: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,20}$")]


class Calculation(BaseModel):
    """An application that somebody thinks of. Without a day: today's schedule, on the office's calendar."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    kind: Code
    route: Code
    claims: Annotated[int, Field(ge=0, le=10_000)] = 0
    designs: Annotated[int, Field(ge=0, le=10_000)] = 0
    pages: Annotated[int, Field(ge=0, le=100_000)] = 0
    on: Day | None = None

    def facts(self, today: date) -> FilingFacts:
        """What decides its fees."""
        return FilingFacts(
            kind=self.kind,
            route=self.route,
            on=date.fromisoformat(self.on) if self.on else today,
            claims=self.claims,
            designs=self.designs,
            pages=self.pages,
        )


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/fee-quotes", methods=["POST"], content_types=["*/*"])
    @guarded
    def calculate_fees() -> Response:  # for everybody, without a token: nothing is kept
        asked = parsed(Calculation, Incoming(routes.current_request).json())
        return answer(200, quote_answer(rooms.orders.calculate(asked.facts(rooms.orders.today()))))

    @routes.route("/v1/filings/{identifier}/fee-quote", methods=["GET"])
    @guarded
    def quote_fees(identifier: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        return answer(200, quote_answer(rooms.orders.quote(account, identifier)))

    @routes.route("/v1/filings/{identifier}/payment-orders", methods=["POST"], content_types=["*/*"])
    @guarded
    def open_order(identifier: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        asked = parsed(OrderRequest, request.json())
        opened = rooms.orders.open(account, identifier, asked.rail, Repeat(account, *request.idempotency()))
        return answer(201, order_answer(opened), Location=f"/v1/filings/{identifier}/payment-orders")

    @routes.route("/v1/filings/{identifier}/payment-orders", methods=["GET"])
    @guarded
    def read_order(identifier: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        return answer(200, order_answer(rooms.orders.one(account, identifier)))

    @routes.route("/v1/payments/{rail}/notifications", methods=["POST"], content_types=["*/*"])
    @guarded
    def notify_payment(rail: str) -> Response:
        reply = rooms.doorbell(rail, delivery(Incoming(routes.current_request)))
        return Response(
            body=reply.body.decode(),
            status_code=reply.status,
            headers={**HEADERS, "Content-Type": reply.media_type},
        )

    return routes


def delivery(incoming: Incoming) -> Delivery:
    """A notification as it came, with repeated headers kept apart, and the address that the gateway saw."""
    event: dict[str, Any] = incoming.request.to_original_event() or {}
    headers = event.get("multiValueHeaders") or {name: [value] for name, value in incoming.request.headers.items()}
    query = event.get("multiValueQueryStringParameters") or {}
    return Delivery(
        headers=tuple((name, value) for name, values in headers.items() for value in values),
        query=tuple((name, value) for name, values in query.items() for value in values),
        body=incoming.raw,
        source_ip=str(incoming.request.context.get("identity", {}).get("sourceIp", "")),
    )


def quote_answer(quote: Quote) -> dict[str, Any]:
    """A quote: every line with its legal basis; `demo` where an amount is ours and not the office's."""
    return {
        "schedule": quote.schedule,
        "demo": quote.demo,
        "total": {"minor": quote.total.minor, "currency": quote.total.currency, "text": quote.total.decimal},
        "lines": [
            {
                "code": line.code,
                "names": dict(line.names),
                "quantity": line.quantity,
                "amount": {"minor": line.amount.minor, "currency": line.amount.currency},
                "rule": line.rule,
                "certainty": line.certainty,
                "demo": line.demo,
            }
            for line in quote.lines
        ],
    }


def order_answer(opened: OpenedOrder) -> dict[str, Any]:
    """An order, and the QR to pay it by as issued (text for other programs, SVG for people)."""
    body: dict[str, Any] = {
        "id": opened.id,
        "status": "paid" if opened.order.paid else "open",
        "quote": quote_answer(opened.quote),
        "parked": [{"reason": parked.reason, "at": parked.asked_at} for parked in opened.order.parked],
    }
    if opened.issued is not None and not opened.order.paid:
        kept = ("reference", "rail", "qr", "deeplink", "payee", "expires_at")
        body["pay"] = {name: opened.issued[name] for name in kept} | {"qr_svg": qr_svg(str(opened.issued["qr"]))}
    return body


def qr_svg(text: str) -> str:
    """A QR code as SVG."""
    import segno

    picture = io.BytesIO()
    segno.make(text, error="m").save(picture, kind="svg", scale=4, border=4, xmldecl=False)
    return picture.getvalue().decode()
