"""HTTP of letters: the acknowledgement to its owner, and to anyone the answer whether a letter is ours."""

from collections.abc import Callable
from importlib.resources import files
from typing import Annotated, Protocol

from chalice.app import Blueprint, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from chalicelib.contracts.form import parsed
from chalicelib.kernel.digest import PATTERN
from chalicelib.kernel.errors import Forbidden
from chalicelib.offices.model import Office
from chalicelib.signing.documents import ACKNOWLEDGEMENT, RECEIPT
from chalicelib.signing.report import FetchReport
from chalicelib.signing.service import LINK_SECONDS, FetchLetter
from chalicelib.signing.verification import VerifyDigest
from chalicelib.web.principal import Principal
from chalicelib.web.problems import HEADERS, answer, answering
from chalicelib.web.request import Incoming


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def fetch_letter(self) -> FetchLetter: ...
    @property
    def fetch_report(self) -> FetchReport: ...
    @property
    def verify_digest(self) -> VerifyDigest: ...

    def principal(self, incoming: Incoming) -> Principal: ...


FINANCE = "finance"  # the role whose the day's books are
PAGES = {"verify": ("verify.html", "text/html"), "verify.css": ("verify.css", "text/css"),
         "verify.js": ("verify.js", "text/javascript")}  # fmt: skip
PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'"


class VerificationRequest(BaseModel):
    """The digest of a file somebody holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    sha256: Annotated[str, StringConstraints(pattern=PATTERN)]


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

    @routes.route("/v1/desk/reconciliations/{day}/sealed", methods=["GET"])
    @guarded
    def fetch_report(day: str) -> Response:
        if FINANCE not in rooms.principal(Incoming(routes.current_request)).roles:
            raise Forbidden.because("desk.role-missing", "", role=FINANCE)
        report, url, seconds = rooms.fetch_report(day)
        kept = ("day", "run", "report_sha256", "level", "sha256", "size")
        body = {name: value for name, value in report.to_data().items() if name in kept}
        return answer(200, {**body, "url": url, "seconds": seconds})

    @routes.route("/v1/verifications", methods=["POST"], content_types=["*/*"])
    @guarded
    def verify_digest() -> Response:
        asked = parsed(VerificationRequest, Incoming(routes.current_request).json())
        return answer(200, rooms.verify_digest(asked.sha256))

    for path in PAGES:
        routes.route(f"/{path}", methods=["GET"], name=f"page_{path.replace('.', '_')}")(_page(path))
    return routes


def _page(path: str) -> Callable[[], Response]:
    """A view that serves one file of `pages/`."""
    name, media_type = PAGES[path]

    def page() -> Response:
        body = files("chalicelib.signing").joinpath("pages", name).read_text("utf-8")
        headers = {**HEADERS, "Content-Type": f"{media_type}; charset=utf-8", "Content-Security-Policy": PAGE_POLICY}
        return Response(body=body, status_code=200, headers=headers)

    return page
