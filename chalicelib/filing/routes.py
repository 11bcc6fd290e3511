"""HTTP of filing: drafts, submission, and what an owner sees."""

import base64
import re
from typing import Annotated, Any, Protocol

from chalice.app import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts.form import parsed
from chalicelib.filing.drafts import Drafts
from chalicelib.filing.submission import Confirmation, Submit, Submitted
from chalicelib.filing.view import Filings
from chalicelib.kernel import clock, digest, ids
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.errors import Malformed
from chalicelib.offices.model import Office
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Place, filing
from chalicelib.web.principal import Principal
from chalicelib.web.problems import answer, answering
from chalicelib.web.request import Incoming

_PLACE = re.compile(f"({clock.PATTERN[1:-1]})_({ids.PATTERN[1:-1]})", re.ASCII)  # of a filing in a list: last changed, id


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def drafts(self) -> Drafts: ...
    @property
    def filings(self) -> Filings: ...
    @property
    def submit(self) -> Submit: ...

    def principal(self, incoming: Incoming) -> Principal: ...


class SubmissionRequest(BaseModel):
    """What the filer confirms."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    draft_version: Annotated[int, Field(ge=1)]
    manifest_sha256: Annotated[str, StringConstraints(pattern=digest.PATTERN)]


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    def incoming() -> Incoming:
        return Incoming(routes.current_request)

    @routes.route("/v1/filings", methods=["POST"], content_types=["*/*"])
    @guarded
    def begin_filing() -> Response:
        request = incoming()
        account = rooms.principal(request).account
        identifier = rooms.drafts.begin(account, request.json(), Repeat(account, *request.idempotency()))
        version, view = rooms.filings.one(account, identifier)
        return answer(201, view, ETag=f'"{version}"', Location=f"/v1/filings/{identifier}")

    @routes.route("/v1/filings", methods=["GET"])
    @guarded
    def list_filings() -> Response:
        request = incoming()
        account = rooms.principal(request).account
        before = request.query("before")
        place = None if before is None else _PLACE.fullmatch(before)
        if before is not None and place is None:
            raise Malformed.because("query.before", "", before=before[:40])
        return answer(200, rooms.filings.mine(account, after=Place(place[1], filing(place[2])) if place else None))

    @routes.route("/v1/filings/{identifier}", methods=["GET"])
    @guarded
    def read_filing(identifier: str) -> Response:
        account = rooms.principal(incoming()).account
        version, view = rooms.filings.one(account, identifier)
        return answer(200, view, ETag=f'"{version}"')

    @routes.route("/v1/filings/{identifier}", methods=["PUT"], content_types=["*/*"])
    @guarded
    def edit_filing(identifier: str) -> Response:
        request = incoming()
        account = rooms.principal(request).account
        rooms.drafts.edit(account, identifier, request.if_match(), request.json())
        version, view = rooms.filings.one(account, identifier)
        return answer(200, view, ETag=f'"{version}"')

    @routes.route("/v1/filings/{identifier}/submission", methods=["POST"], content_types=["*/*"])
    @guarded
    def submit_filing(identifier: str) -> Response:
        request = incoming()
        account = rooms.principal(request).account
        asked = parsed(SubmissionRequest, request.json())
        done = rooms.submit(
            account,
            identifier,
            Confirmation(asked.draft_version, asked.manifest_sha256),
            Repeat(account, *request.idempotency()),
            received_at=request.received_at(rooms.clock),
        )
        return answer(201, receipt_answer(done), Location=f"/v1/filings/{identifier}")

    return routes


def receipt_answer(done: Submitted) -> dict[str, Any]:
    """The receipt as exact text (what is signed), with its detached signature (CMS, DER, base64)."""
    return {
        "filing": done.filing,
        "application_number": done.fact.number,
        "received_at": done.fact.received_at,
        "filing_date": done.fact.filing_date,
        "receipt": done.receipt.decode(),
        "receipt_sha256": done.fact.receipt_sha256,
        "signature": {"format": "application/pkcs7-signature", "value": base64.b64encode(done.signature).decode()},
    }
