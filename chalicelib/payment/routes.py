"""HTTP of payment: what is due, something to pay it by, and the banks' doorbell."""

import io
from datetime import date
from typing import Annotated, Any, Protocol

from chalice.app import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts.fact import Id
from chalicelib.contracts.form import Code, Day, parsed
from chalicelib.offices.model import Office
from chalicelib.payment.fees import FilingFacts, Quote
from chalicelib.payment.groups import MAX_MEMBERS, cancel, open_group
from chalicelib.payment.model import Delivery, Reply
from chalicelib.payment.orders import OpenedOrder, Orders
from chalicelib.payment.service import Doorbell
from chalicelib.payment.words import parked_words
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


class GroupRequest(BaseModel):
    """Which filings to pay for at once, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    filings: Annotated[list[Id], Field(min_length=2, max_length=MAX_MEMBERS)]
    rail: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,20}$")]


class Calculation(BaseModel):
    """An application that somebody thinks of, or (by `purpose`) what is due for a right that goes on: then `term` and
    `filed` say which. Without a day: today's schedule, on the office's calendar."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    kind: Code
    route: Code
    claims: Annotated[int, Field(ge=0, le=10_000)] = 0
    designs: Annotated[int, Field(ge=0, le=10_000)] = 0
    pages: Annotated[int, Field(ge=0, le=100_000)] = 0
    on: Day | None = None
    purpose: Code = "filing"
    term: Annotated[int, Field(ge=1, le=100)] | None = None
    filed: Day | None = None

    def facts(self, today: date) -> FilingFacts:
        """What decides its fees."""
        return FilingFacts(
            kind=self.kind,
            route=self.route,
            on=date.fromisoformat(self.on) if self.on else today,
            claims=self.claims,
            designs=self.designs,
            pages=self.pages,
            term=self.term,
            filed=date.fromisoformat(self.filed) if self.filed else None,
        )


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/fee-quotes", methods=["POST"], content_types=["*/*"])
    @guarded
    def calculate_fees() -> Response:  # for everybody, without a token: nothing is kept
        asked = parsed(Calculation, Incoming(routes.current_request).json())
        return answer(200, quote_answer(rooms.orders.calculate(asked.facts(rooms.orders.today()), asked.purpose)))

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
        return answer(201, order_answer(opened, rooms.office), Location=f"/v1/filings/{identifier}/payment-orders")

    @routes.route("/v1/filings/{identifier}/payment-orders", methods=["GET"])
    @guarded
    def read_order(identifier: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        return answer(200, order_answer(rooms.orders.one(account, identifier), rooms.office))

    @routes.route("/v1/payment-orders", methods=["POST"], content_types=["*/*"])
    @guarded
    def open_group_order() -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        asked, repeat = parsed(GroupRequest, request.json()), Repeat(account, *request.idempotency())
        opened = open_group(rooms.orders, account, tuple(asked.filings), asked.rail, repeat)
        return answer(201, order_answer(opened, rooms.office), Location=f"/v1/filings/{opened.order.filing}/payment-orders")

    @routes.route("/v1/filings/{identifier}/payment-orders", methods=["DELETE"])
    @guarded
    def cancel_order(identifier: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        cancel(rooms.orders, account, identifier, Repeat(account, *request.idempotency()))
        return answer(200, {"status": "cancelled"})

    @routes.route("/v1/filings/{identifier}/payment-orders/bell", methods=["POST"], content_types=["*/*"])
    @guarded
    def ring_for_order(identifier: str) -> Response:  # the payer's page, for banks that never notify
        account = rooms.principal(Incoming(routes.current_request)).account
        rooms.orders.ring(account, identifier)
        return answer(202, {"status": "received"})

    @routes.route("/v1/payments/{rail}/notifications", methods=["POST"], content_types=["*/*"])
    @guarded
    def notify_payment(rail: str) -> Response:
        return _acknowledged(rooms.doorbell(rail, delivery(Incoming(routes.current_request))))

    @routes.route("/v1/payments/{rail}/notifications/{door}", methods=["POST"], content_types=["*/*"])
    @guarded
    def notify_payment_at_door(rail: str, door: str) -> Response:
        return _acknowledged(rooms.doorbell(rail, delivery(Incoming(routes.current_request), door)))

    return routes


def _acknowledged(reply: Reply) -> Response:
    """What this bank wants to hear."""
    kept = {**HEADERS, "Content-Type": reply.media_type}
    return Response(body=reply.body.decode(), status_code=reply.status, headers=kept)


def delivery(incoming: Incoming, door: str = "") -> Delivery:
    """A notification as it came, with repeated headers kept apart, and the address that the gateway saw."""
    event: dict[str, Any] = incoming.request.to_original_event() or {}
    headers = event.get("multiValueHeaders") or {name: [value] for name, value in incoming.request.headers.items()}
    query = event.get("multiValueQueryStringParameters") or {}
    return Delivery(
        headers=tuple((name, value) for name, values in headers.items() for value in values),
        query=tuple((name, value) for name, values in query.items() for value in values),
        body=incoming.raw,
        source_ip=str(incoming.request.context.get("identity", {}).get("sourceIp", "")),
        door=door,
    )


def quote_answer(quote: Quote) -> dict[str, Any]:
    """A quote: every line with its legal basis; `demo` where an amount is ours and not the office's."""
    sums = [{"minor": one.minor, "currency": one.currency, "text": one.decimal} for one in quote.totals]
    return {
        "purpose": quote.purpose,
        "schedule": quote.schedule,
        "demo": quote.demo,
        **({"total": sums[0]} if len(sums) == 1 else {}),
        "totals": sums,
        **({"due": quote.due.isoformat(), "timing": quote.timing.value} if quote.due else {}),
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


def order_answer(opened: OpenedOrder, office: Office) -> dict[str, Any]:
    """An order, and what to pay it by as issued: a QR (text for other programs, SVG for people), a deep link, a form for
    the bank's page, or only the reference to name at a counter."""
    body: dict[str, Any] = {
        "id": opened.id,
        "status": "paid" if opened.order.paid else "open",
        "quote": quote_answer(opened.quote),
        "parked": [parked_words(office, parked) for parked in opened.order.parked],
    }
    if len(opened.order.parts) > 1:
        body["members"] = [{"filing": one.filing, "amount": one.amount} for one in opened.order.parts]
    if opened.issued is not None and not opened.order.paid:
        kept = ("reference", "rail", "qr", "deeplink", "payee", "expires_at")
        body["pay"] = {name: opened.issued[name] for name in kept}
        if qr := str(opened.issued["qr"]):
            body["pay"]["qr_svg"] = qr_svg(qr)
        if form := opened.issued.get("form"):  # the payer's browser posts it to the bank
            fields = [{"name": name, "value": value} for name, value in form["fields"]]
            body["pay"]["form"] = {"action": form["action"], "fields": fields}
    return body


def qr_svg(text: str) -> str:
    """A QR code as SVG."""
    import segno

    picture = io.BytesIO()
    segno.make(text, error="m").save(picture, kind="svg", scale=4, border=4, xmldecl=False)
    return picture.getvalue().decode()
