"""HTTP of the log, open to everybody: head, key, proofs, receipts. The tiles themselves are files in the public bucket."""

import re
from typing import Protocol

from chalice.app import Blueprint, Response

from chalicelib.kernel.digest import PATTERN
from chalicelib.kernel.errors import Invalid
from chalicelib.offices.model import Office
from chalicelib.proof import cose
from chalicelib.signing.transparency.view import LogView
from chalicelib.web.problems import HEADERS, answer, answering
from chalicelib.web.request import Incoming

_SIZE = re.compile(r"[0-9]{1,15}", re.ASCII)
_LEAF = re.compile(PATTERN, re.ASCII)


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def log_view(self) -> LogView: ...


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/log/checkpoint", methods=["GET"])
    @guarded
    def log_checkpoint() -> Response:
        headers = {**HEADERS, "Content-Type": "text/plain; charset=utf-8"}
        return Response(body=rooms.log_view.checkpoint().decode(), status_code=200, headers=headers)

    @routes.route("/v1/log/key", methods=["GET"])
    @guarded
    def log_key() -> Response:
        return answer(200, rooms.log_view.key())

    @routes.route("/v1/log/inclusion", methods=["GET"])
    @guarded
    def log_inclusion() -> Response:
        asked = Incoming(routes.current_request)
        return answer(200, rooms.log_view.inclusion(_leaf(asked.query("leaf")), _size(asked, "size")))

    @routes.route("/v1/log/consistency", methods=["GET"])
    @guarded
    def log_consistency() -> Response:
        asked = Incoming(routes.current_request)
        return answer(200, rooms.log_view.consistency(_size(asked, "first") or 0, _size(asked, "second")))

    @routes.route("/v1/log/receipts/{leaf}", methods=["GET"])
    @guarded
    def log_receipt(leaf: str) -> Response:
        headers = {**HEADERS, "Content-Type": cose.MEDIA_TYPE}
        return Response(body=rooms.log_view.receipt(_leaf(leaf)), status_code=200, headers=headers)

    @routes.route("/v1/log/letters/{sha256}", methods=["GET"])
    @guarded
    def log_letter(sha256: str) -> Response:
        return answer(200, rooms.log_view.letter(_leaf(sha256).hex()))

    return routes


def _leaf(text: str | None) -> bytes:
    if text is None or _LEAF.fullmatch(text) is None:
        raise Invalid.because("log.leaf-malformed", "/leaf")
    return bytes.fromhex(text)


def _size(asked: Incoming, name: str) -> int | None:
    text = asked.query(name)
    if text is None:
        return None
    if _SIZE.fullmatch(text) is None:
        raise Invalid.because("log.size", f"/{name}", size="?")
    return int(text)
