"""HTTP of the registry's letters: to the owner of the filing, and to nobody else."""

from typing import Protocol

from chalice.app import Blueprint, Response

from chalicelib.offices.model import Office
from chalicelib.registry.inbound.fetch import LINK_SECONDS, FetchOfficeLetter
from chalicelib.web.principal import Principal
from chalicelib.web.problems import answer, answering
from chalicelib.web.request import Incoming


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def fetch_office_letter(self) -> FetchOfficeLetter: ...

    def principal(self, incoming: Incoming) -> Principal: ...


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/filings/{identifier}/office-letters/{sha256}", methods=["GET"])
    @guarded
    def fetch_office_letter(identifier: str, sha256: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        letter, url = rooms.fetch_office_letter(account, identifier, sha256)
        kept = ("code", "number", "issued_at", "sha256", "size", "media_type")
        body = {name: value for name, value in letter.to_data().items() if name in kept}
        return answer(200, {**body, "url": url, "seconds": LINK_SECONDS})

    return routes
