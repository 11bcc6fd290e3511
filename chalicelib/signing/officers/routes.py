"""HTTP of the officers' letters. Every route wants the role, every act its own key and a person on the office's list."""

from collections.abc import Callable
from typing import Any, Protocol

from chalice.app import Blueprint, Response

from chalicelib.contracts.form import parsed
from chalicelib.kernel.errors import Forbidden, Refused
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.register.idempotency import Repeat
from chalicelib.signing.officers.asked import Approvals, Change, Preparation, Rejection, Seen
from chalicelib.signing.officers.model import ROLE
from chalicelib.signing.officers.service import LetterDesk
from chalicelib.signing.officers.view import LetterView
from chalicelib.web.principal import Principal
from chalicelib.web.problems import HEADERS, answer, answering
from chalicelib.web.request import Incoming


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def letter_desk(self) -> LetterDesk: ...
    @property
    def letter_view(self) -> LetterView: ...

    def principal(self, incoming: Incoming) -> Principal: ...


def officer(rooms: Rooms, request: Incoming) -> str:
    """The account of an officer. Forbidden for anybody else."""
    caller = rooms.principal(request)
    if ROLE not in caller.roles:
        raise Forbidden.because("desk.role-missing", "", role=ROLE)
    return caller.account


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    _look(routes, rooms)
    _write(routes, rooms)
    _judge(routes, rooms)
    return routes


def _acting(rooms: Rooms, routes: Blueprint, act: Callable[[str, Incoming, Repeat], Response]) -> Response:
    request = Incoming(routes.current_request)
    account = officer(rooms, request)
    return act(account, request, Repeat(account, *request.idempotency()))


def _look(routes: Blueprint, rooms: Rooms) -> None:
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/desk/me", methods=["GET"])
    @guarded
    def who_am_i() -> Response:
        account = officer(rooms, Incoming(routes.current_request))
        row = next((one for one in rooms.office.officers if one.account == account), None)
        person = row.model_dump(mode="json", exclude_none=True, exclude={"account"}) if row else None
        return answer(200, {"account": account, "officer": person})

    @routes.route("/v1/desk/letters", methods=["GET"])
    @guarded
    def list_letters() -> Response:
        request = Incoming(routes.current_request)
        officer(rooms, request)
        return answer(200, rooms.letter_view.listed(after=request.query("after")))

    @routes.route("/v1/desk/letters/{identifier}", methods=["GET"])
    @guarded
    def read_letter(identifier: str) -> Response:
        officer(rooms, Incoming(routes.current_request))
        return answer(200, rooms.letter_view.one(identifier))

    @routes.route("/v1/desk/letters/{identifier}/draft", methods=["GET"])
    @guarded
    def read_draft(identifier: str) -> Response:
        officer(rooms, Incoming(routes.current_request))
        pdf, digest = rooms.letter_view.draft(identifier)
        named = f'attachment; filename="{identifier}-draft.pdf"'
        kept = {"Content-Type": "application/pdf", "Content-Disposition": named, "ETag": f'"{digest}"'}
        return Response(body=pdf, status_code=200, headers={**HEADERS, **kept})


def _write(routes: Blueprint, rooms: Rooms) -> None:
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/desk/letters", methods=["POST"], content_types=["*/*"])
    @guarded
    def prepare_letter() -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            identifier = rooms.letter_desk.prepare(account, parsed(Preparation, request.json()), repeat)
            where = f"/v1/desk/letters/{identifier}"
            return answer(201, rooms.letter_view.one(identifier), Location=where)

        return _acting(rooms, routes, act)

    @routes.route("/v1/desk/letters/{identifier}/content", methods=["POST"], content_types=["*/*"])
    @guarded
    def change_letter(identifier: str) -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            rooms.letter_desk.change(account, identifier, parsed(Change, request.json()).content, repeat)
            return answer(200, rooms.letter_view.one(identifier))

        return _acting(rooms, routes, act)

    @routes.route("/v1/desk/letters/{identifier}/cancellation", methods=["POST"], content_types=["*/*"])
    @guarded
    def cancel_letter(identifier: str) -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            request.json()
            rooms.letter_desk.cancel(account, identifier, repeat)
            return answer(200, rooms.letter_view.one(identifier))

        return _acting(rooms, routes, act)


def _judge(routes: Blueprint, rooms: Rooms) -> None:
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/desk/letters/{identifier}/rejection", methods=["POST"], content_types=["*/*"])
    @guarded
    def reject_letter(identifier: str) -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            rooms.letter_desk.reject(account, identifier, parsed(Rejection, request.json()), repeat)
            return answer(200, rooms.letter_view.one(identifier))

        return _acting(rooms, routes, act)

    @routes.route("/v1/desk/letter-approvals", methods=["POST"], content_types=["*/*"])
    @guarded
    def approve_letters() -> Response:
        def act(account: str, request: Incoming, repeat: Repeat) -> Response:
            asked = parsed(Approvals, request.json())
            batch, answers = rooms.letter_desk.approve(account, asked.letters, repeat)
            return answer(200, {"batch": batch, "letters": [_said(rooms.office, *one) for one in answers]})

        return _acting(rooms, routes, act)


def _said(office: Office, seen: Seen, refused: Refused | None) -> dict[str, Any]:
    said: dict[str, Any] = {"letter": seen.letter, "approved": refused is None}
    if refused is None:
        return said
    found = refused.findings[0]
    told = words(office, found)
    return {
        **said,
        "code": found.code,
        "message": {language: message for language, (message, _) in told.items()},
        "action": {language: action for language, (_, action) in told.items()},
    }
