"""HTTP of later papers: begun for a filing, edited, tried out, submitted, looked at. Their files go the way of all files."""

import base64
from typing import Any, Protocol

from chalice.app import Blueprint, Response

from chalicelib.contracts.form import parsed
from chalicelib.filing.paper_submission import PaperReceived, SubmitPaper
from chalicelib.filing.papers import Papers
from chalicelib.filing.routes import SubmissionRequest
from chalicelib.filing.submission import Confirmation
from chalicelib.kernel.clock import Clock
from chalicelib.offices.model import Office
from chalicelib.register.idempotency import Repeat
from chalicelib.web.principal import Principal
from chalicelib.web.problems import answer, answering, told
from chalicelib.web.request import Incoming


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def papers(self) -> Papers: ...
    @property
    def submit_paper(self) -> SubmitPaper: ...

    def principal(self, incoming: Incoming) -> Principal: ...


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    def incoming() -> Incoming:
        return Incoming(routes.current_request)

    @routes.route("/v1/filings/{identifier}/papers", methods=["POST"], content_types=["*/*"])
    @guarded
    def begin_paper(identifier: str) -> Response:
        request = incoming()
        account = rooms.principal(request).account
        paper = rooms.papers.begin(account, identifier, request.json(), Repeat(account, *request.idempotency()))
        version, view = rooms.papers.one(account, paper)
        return answer(201, view, ETag=f'"{version}"', Location=f"/v1/papers/{paper}")

    @routes.route("/v1/filings/{identifier}/papers", methods=["GET"])
    @guarded
    def list_papers(identifier: str) -> Response:
        account = rooms.principal(incoming()).account
        return answer(200, rooms.papers.of(account, identifier))

    @routes.route("/v1/papers/{identifier}", methods=["GET"])
    @guarded
    def read_paper(identifier: str) -> Response:
        account = rooms.principal(incoming()).account
        version, view = rooms.papers.one(account, identifier)
        return answer(200, view, ETag=f'"{version}"')

    @routes.route("/v1/papers/{identifier}", methods=["PUT"], content_types=["*/*"])
    @guarded
    def edit_paper(identifier: str) -> Response:
        request = incoming()
        account = rooms.principal(request).account
        rooms.papers.edit(account, identifier, request.if_match(), request.json())
        version, view = rooms.papers.one(account, identifier)
        return answer(200, view, ETag=f'"{version}"')

    @routes.route("/v1/papers/{identifier}/check", methods=["GET"])
    @guarded
    def check_paper(identifier: str) -> Response:
        account = rooms.principal(incoming()).account
        dossier, manifest, draft, found = rooms.papers.check(account, identifier)
        body: dict[str, Any] = {
            "would_be_received": all(finding.severity != "blocks" for finding in found),
            "findings": [told(rooms.office, finding) for finding in found],
            "draft_version": draft.version,
            "manifest_sha256": manifest.sha256.hex,
        }
        if fee := dossier.fee:
            body["fee"] = {**fee.model_dump(exclude_none=True), "paid": False}
        return answer(200, body)

    @routes.route("/v1/papers/{identifier}/submission", methods=["POST"], content_types=["*/*"])
    @guarded
    def submit_paper(identifier: str) -> Response:
        request = incoming()
        account = rooms.principal(request).account
        asked = parsed(SubmissionRequest, request.json())
        done = rooms.submit_paper(
            account,
            identifier,
            Confirmation(asked.draft_version, asked.manifest_sha256),
            Repeat(account, *request.idempotency()),
            received_at=request.received_at(rooms.clock),
        )
        return answer(201, receipt_answer(done), Location=f"/v1/papers/{identifier}")

    return routes


def receipt_answer(done: PaperReceived) -> dict[str, Any]:
    """The receipt as exact text (what is signed), with its detached signature (CMS, DER, base64)."""
    return {
        "paper": done.paper,
        "filing": done.fact.filing,
        "application_number": done.fact.application,
        "paper_number": done.fact.number,
        "received_at": done.fact.received_at,
        "received_on": done.fact.received_on,
        "receipt": done.receipt.decode(),
        "receipt_sha256": done.fact.receipt_sha256,
        "signature": {"format": "application/pkcs7-signature", "value": base64.b64encode(done.signature).decode()},
    }
