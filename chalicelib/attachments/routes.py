"""HTTP of uploads: announce a file and get an address for it, take it back. The bytes never pass here."""

from typing import Protocol

from chalice.app import Blueprint, Response

from chalicelib.attachments.service import Uploads
from chalicelib.offices.model import Office
from chalicelib.register.idempotency import Repeat
from chalicelib.web.principal import Principal
from chalicelib.web.problems import answer, answering
from chalicelib.web.request import Incoming


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def uploads(self) -> Uploads: ...

    def principal(self, incoming: Incoming) -> Principal: ...


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/filings/{identifier}/attachments", methods=["POST"], content_types=["*/*"])
    @guarded
    def reserve_attachment(identifier: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        upload = rooms.uploads.reserve(account, identifier, request.json(), Repeat(account, *request.idempotency()))
        file = upload.attachment
        body = {
            "id": file.id,
            "document": file.document,
            "name": file.name,
            "state": file.state,
            "upload": {"method": "POST", "url": upload.url, "fields": dict(upload.fields), "seconds": upload.seconds},
        }
        return answer(201, body, Location=f"/v1/filings/{identifier}")

    @routes.route("/v1/filings/{identifier}/attachments/{attachment}", methods=["DELETE"])
    @guarded
    def remove_attachment(identifier: str, attachment: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        rooms.uploads.remove(account, identifier, attachment)
        return answer(200, {"id": attachment, "state": "removed"})

    return routes
