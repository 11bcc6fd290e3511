"""HTTP of letters: the acknowledgement, to its owner."""

from typing import Protocol

from chalice.app import Blueprint, Response

from chalicelib.offices.model import Office
from chalicelib.signing.service import LINK_SECONDS, FetchLetter
from chalicelib.web.principal import Principal
from chalicelib.web.problems import answer, answering
from chalicelib.web.request import Incoming


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def fetch_letter(self) -> FetchLetter: ...

    def principal(self, incoming: Incoming) -> Principal: ...


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/filings/{identifier}/acknowledgement", methods=["GET"])
    @guarded
    def fetch_acknowledgement(identifier: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        letter, url = rooms.fetch_letter(account, identifier)
        body = {
            "number": letter.number,
            "level": letter.level,
            "sha256": letter.sha256,
            "size": letter.size,
            "url": url,
            "seconds": LINK_SECONDS,
        }
        return answer(200, body)

    return routes
