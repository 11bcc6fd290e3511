"""HTTP of letters: each to the owner of its filing, the sealed report of a day to the finance desk."""

from typing import Protocol

from chalice.app import Blueprint, Response

from chalicelib.kernel.errors import Forbidden
from chalicelib.offices.model import Office
from chalicelib.signing.documents import ACKNOWLEDGEMENT, RECEIPT
from chalicelib.signing.mailbox import Mailbox
from chalicelib.signing.report import FetchReport
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
    @property
    def mailbox(self) -> Mailbox: ...
    @property
    def fetch_report(self) -> FetchReport: ...

    def principal(self, incoming: Incoming) -> Principal: ...


FINANCE = "finance"  # the role whose the day's books are


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    def letter(identifier: str, code: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        found, url, issued = rooms.fetch_letter(account, identifier, code)
        body = {
            "number": found.number,
            "level": found.level,
            "sha256": found.sha256,
            "size": found.size,
            "issued_sha256": issued.sha256,
            "url": url,
            "seconds": LINK_SECONDS,
            "proof": f"/v1/log/letters/{found.sha256}",
        }
        return answer(200, body)

    @routes.route("/v1/filings/{identifier}/acknowledgement", methods=["GET"])
    @guarded
    def fetch_acknowledgement(identifier: str) -> Response:
        return letter(identifier, ACKNOWLEDGEMENT)

    @routes.route("/v1/filings/{identifier}/receipt-letter", methods=["GET"])
    @guarded
    def fetch_receipt_letter(identifier: str) -> Response:
        return letter(identifier, RECEIPT)

    @routes.route("/v1/filings/{identifier}/letters", methods=["GET"])
    @guarded
    def list_own_letters(identifier: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        return answer(200, {"letters": rooms.mailbox(account, identifier)})

    @routes.route("/v1/filings/{identifier}/letters/{code}", methods=["GET"])
    @guarded
    def fetch_own_letter(identifier: str, code: str) -> Response:
        return letter(identifier, code)

    @routes.route("/v1/desk/reconciliations/{day}/sealed", methods=["GET"])
    @guarded
    def fetch_report(day: str) -> Response:
        if FINANCE not in rooms.principal(Incoming(routes.current_request)).roles:
            raise Forbidden.because("desk.role-missing", "", role=FINANCE)
        report, url, seconds = rooms.fetch_report(day)
        kept = ("day", "run", "report_sha256", "level", "sha256", "size")
        body = {name: value for name, value in report.to_data().items() if name in kept}
        return answer(200, {**body, "url": url, "seconds": seconds})

    return routes
