"""HTTP of the finance desk: cases, statements, the day's reconciliation. Every route wants the role; every act its own key."""

from collections.abc import Callable
from typing import Any, Protocol

from chalice.app import Blueprint, Response
from pydantic import BaseModel, ConfigDict

from chalicelib.contracts.form import Day, parsed
from chalicelib.kernel.errors import Forbidden, NotFound
from chalicelib.offices.model import Office
from chalicelib.payment.cases import OWNER
from chalicelib.payment.daily import ReconcileDay, as_csv, row_data
from chalicelib.payment.decisions import Closing, Judgement, Proposal, RefundWanted
from chalicelib.payment.desk import CaseDesk
from chalicelib.payment.statements.loading import LoadStatement
from chalicelib.payment.words import case_words
from chalicelib.register.idempotency import Repeat
from chalicelib.web.principal import Principal
from chalicelib.web.problems import HEADERS, answer, answering
from chalicelib.web.request import Incoming


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def case_desk(self) -> CaseDesk: ...
    @property
    def load_statement(self) -> LoadStatement: ...
    @property
    def reconcile_day(self) -> ReconcileDay: ...

    def principal(self, incoming: Incoming) -> Principal: ...


class DayAsked(BaseModel):
    """Which day."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    day: Day


def officer(rooms: Rooms, request: Incoming) -> str:
    """The account of a finance officer. Forbidden for anybody else."""
    caller = rooms.principal(request)
    if OWNER not in caller.roles:
        raise Forbidden.because("desk.role-missing", "", role=OWNER)
    return caller.account


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    _cases(routes, rooms)
    _money(routes, rooms)
    _books(routes, rooms)
    return routes


def _acting(rooms: Rooms, routes: Blueprint, act: Callable[[str, Incoming, Repeat], Response]) -> Response:
    """An act of an officer, under a key by which its repeat is known."""
    request = Incoming(routes.current_request)
    account = officer(rooms, request)
    return act(account, request, Repeat(account, *request.idempotency()))


def _case(rooms: Rooms, identifier: str) -> dict[str, Any]:
    return case_words(rooms.office, rooms.case_desk.one(identifier))


def _cases(routes: Blueprint, rooms: Rooms) -> None:
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/desk/cases", methods=["GET"])
    @guarded
    def list_cases() -> Response:
        request = Incoming(routes.current_request)
        officer(rooms, request)
        listed = rooms.case_desk.open_cases(after=request.query("after"))
        return answer(200, {**listed, "cases": [case_words(rooms.office, one) for one in listed["cases"]]})

    @routes.route("/v1/desk/cases/{identifier}", methods=["GET"])
    @guarded
    def read_case(identifier: str) -> Response:
        officer(rooms, Incoming(routes.current_request))
        return answer(200, _case(rooms, identifier))

    @routes.route("/v1/desk/cases/{identifier}/proposal", methods=["POST"], content_types=["*/*"])
    @guarded
    def propose_decision(identifier: str) -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            rooms.case_desk.propose(account, identifier, parsed(Proposal, request.json()), repeat)
            return answer(200, _case(rooms, identifier))

        return _acting(rooms, routes, act)

    @routes.route("/v1/desk/cases/{identifier}/decision", methods=["POST"], content_types=["*/*"])
    @guarded
    def decide_case(identifier: str) -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            rooms.case_desk.decide(account, identifier, parsed(Judgement, request.json()), repeat)
            return answer(200, _case(rooms, identifier))

        return _acting(rooms, routes, act)


def _money(routes: Blueprint, rooms: Rooms) -> None:
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/desk/cases/{identifier}/closing", methods=["POST"], content_types=["*/*"])
    @guarded
    def close_case(identifier: str) -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            rooms.case_desk.close(account, identifier, parsed(Closing, request.json()), repeat)
            return answer(200, _case(rooms, identifier))

        return _acting(rooms, routes, act)

    @routes.route("/v1/desk/refunds", methods=["POST"], content_types=["*/*"])
    @guarded
    def want_refund() -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            identifier = rooms.case_desk.refund(account, parsed(RefundWanted, request.json()), repeat)
            where = f"/v1/desk/cases/{identifier}"
            return answer(201, _case(rooms, identifier), Location=where)

        return _acting(rooms, routes, act)


def _books(routes: Blueprint, rooms: Rooms) -> None:
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/desk/accounts/{account_code}/statements", methods=["POST"], content_types=["*/*"])
    @guarded
    def load_statement(account_code: str) -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            identifiers = rooms.load_statement(account, account_code, request.raw, repeat)
            return answer(201, {"statements": [rooms.load_statement.shown(one) for one in identifiers]})

        return _acting(rooms, routes, act)

    @routes.route("/v1/desk/reconciliations", methods=["POST"], content_types=["*/*"])
    @guarded
    def run_reconciliation() -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            return answer(200, rooms.reconcile_day(account, parsed(DayAsked, request.json()).day, repeat))

        return _acting(rooms, routes, act)

    @routes.route("/v1/desk/reconciliations/{day}", methods=["GET"])
    @guarded
    def read_reconciliation(day: str) -> Response:
        request = Incoming(routes.current_request)
        officer(rooms, request)
        name, _, ending = day.partition(".")
        if ending not in ("", "csv"):
            raise NotFound.because("reconciliation.not-found")
        head, rows = rooms.reconcile_day.report(name)
        if ending:
            kept = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": f'attachment; filename="{day}"'}
            return Response(body=as_csv(rows), status_code=200, headers={**HEADERS, **kept})
        return answer(200, {**head, "report": [row_data(row) for row in rows]})
