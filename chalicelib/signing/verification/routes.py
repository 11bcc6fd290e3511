"""HTTP of verification, open to everybody: the page and the API over the same answers. Nothing that is sent is kept."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Annotated, Any, Protocol

from chalice.app import Blueprint, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from chalicelib.contracts.form import parsed
from chalicelib.kernel.digest import PATTERN
from chalicelib.kernel.errors import Invalid, Malformed, Refused, TooLarge, Unsupported
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.signing.verification.model import MAX_ATTACHMENTS, MAX_FILE
from chalicelib.signing.verification.page import offline, page
from chalicelib.signing.verification.service import CODE_LENGTH, Asked, Verify
from chalicelib.web.multipart import parts
from chalicelib.web.problems import HEADERS, answer, answering
from chalicelib.web.request import Incoming

_NUMBER = r"^[A-Z0-9][A-Z0-9/.-]{0,39}$"
_CODE = rf"^[0-9a-f]{{{CODE_LENGTH},64}}$"
PAGES = {"verify.css": "text/css", "verify.js": "text/javascript"}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
OFFLINE_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-ancestors 'none'"


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def verify(self) -> Verify: ...
    @property
    def trust(self) -> Mapping[str, Any]: ...


class Question(BaseModel):
    """What a program or the page asks: a file's digest, or number and code; the file itself comes as bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    sha256: Annotated[str, StringConstraints(pattern=PATTERN)] | None = None
    number: Annotated[str, StringConstraints(pattern=_NUMBER)] | None = None
    code: Annotated[str, StringConstraints(pattern=_CODE)] | None = None
    attachments: tuple[Annotated[str, StringConstraints(pattern=PATTERN)], ...] = ()


def build(rooms: Rooms) -> Blueprint:
    """The routes."""
    routes = Blueprint(__name__)
    guarded = answering(lambda: rooms.office)

    @routes.route("/v1/verifications", methods=["POST"], content_types=["*/*"])
    @guarded
    def verify_file() -> Response:
        return answer(200, _asked(rooms.verify, Incoming(routes.current_request)))

    @routes.route("/v1/trust", methods=["GET"])
    @guarded
    def trust() -> Response:
        return answer(200, rooms.trust)

    @routes.route("/verify-offline.html", methods=["GET"])
    @guarded
    def verify_offline() -> Response:
        headers = {**HEADERS, "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": OFFLINE_POLICY}
        return Response(body=offline(rooms.trust), status_code=200, headers=headers)

    @routes.route("/verify", methods=["GET"])
    @guarded
    def verify_page() -> Response:
        asked = Incoming(routes.current_request)
        number = asked.query("number") or ""
        languages = rooms.office.languages
        return _html(page(languages, _language(languages, asked.query("lang")), number=number[:40]))

    @routes.route("/verify", methods=["POST"], content_types=["*/*"])
    @guarded
    def verify_form() -> Response:
        asked, languages, status = Incoming(routes.current_request), rooms.office.languages, 200
        sent = _parts(asked)
        language = _language(languages, sent.text("lang"))
        try:
            said = _of_parts(rooms.verify, sent)
        except Refused as refused:
            status, said = 422, _refusal(rooms.office, refused)
        return _html(page(languages, language, number=sent.text("number"), said=said), status)

    for name in PAGES:
        routes.route(f"/{name}", methods=["GET"], name=f"page_{name.replace('.', '_')}")(_file(name))
    return routes


def _asked(verify: Verify, asked: Incoming) -> dict[str, Any]:
    kind = (asked.header("content-type") or "").split(";")[0].strip().lower()
    if kind == "application/pdf":
        return verify.file(_small(asked.raw), Asked(number=asked.query("number") or ""))
    if kind == "multipart/form-data":
        return _of_parts(verify, _parts(asked))
    if kind != "application/json":
        raise Unsupported.because("body.media-type", "", wanted="application/json, application/pdf, multipart/form-data")
    value = asked.json()
    if isinstance(named := value.get("attachments"), list):
        value = {**value, "attachments": tuple(named)}
    return _of(verify, parsed(Question, value))


def _of(verify: Verify, question: Question) -> dict[str, Any]:
    if len(question.attachments) > MAX_ATTACHMENTS:
        raise Invalid.because("verification.attachments", "/attachments", limit=str(MAX_ATTACHMENTS))
    if question.sha256:
        return verify.digest(
            question.sha256, Asked(number=question.number or "", attachments=question.attachments)
        )
    if question.number and question.code:
        return verify.number(question.number, question.code)
    raise Invalid.because("verification.nothing-asked")


class Sent:
    """The fields of a form."""

    def __init__(self, fields: Iterable[tuple[str, bytes]]) -> None:
        self.fields = list(fields)

    def text(self, name: str) -> str:
        """The first value of a field, as text without spaces around; empty if there is none."""
        return next((body.decode("utf-8", "replace").strip() for own, body in self.fields if own == name), "")

    def many(self, name: str) -> list[bytes]:
        """Every value of a field that holds something."""
        return [body for own, body in self.fields if own == name and body]


def _parts(asked: Incoming) -> Sent:
    content_type = asked.header("content-type") or ""
    if not content_type.lower().startswith("multipart/form-data"):
        raise Unsupported.because("body.media-type", "", wanted="multipart/form-data")
    return Sent((part.name, part.body) for part in parts(content_type, _small(asked.raw)))


def _of_parts(verify: Verify, sent: Sent) -> dict[str, Any]:
    digests = [hashlib.sha256(body).hexdigest() for body in sent.many("attachment")]
    digests += [body.decode("utf-8", "replace") for body in sent.many("attachment_sha256")]
    code = re.sub(r"\s", "", sent.text("code")).lower()
    values = {"number": sent.text("number").upper(), "code": code, "sha256": sent.text("sha256")}
    question = parsed(Question, {**{name: value for name, value in values.items() if value}, "attachments": tuple(digests)})
    pdf = [*sent.many("file"), *map(_unpacked, sent.many("file_base64"))]
    if pdf:
        return verify.file(pdf[0], Asked(number=question.number or "", attachments=question.attachments))
    return _of(verify, question)


def _unpacked(text: bytes) -> bytes:
    """A file sent as text, as the page's script does: some gateways hand bytes on as text."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Malformed.because("form.malformed") from error


def _small(body: bytes) -> bytes:
    if len(body) > MAX_FILE:
        raise TooLarge.because("body.too-large", limit=str(MAX_FILE))
    return body


def _refusal(office: Office, refused: Refused) -> dict[str, Any]:
    said = words(office, refused.findings[0])
    return {
        "verdict": refused.findings[0].code,
        "message": {language: message for language, (message, _) in said.items()},
        "action": {language: action for language, (_, action) in said.items()},
    }


def _language(languages: tuple[str, ...], asked: str | None) -> str:
    return asked if asked in languages else languages[0]


def _html(body: str, status: int = 200) -> Response:
    headers = {**HEADERS, "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": PAGE_POLICY}
    return Response(body=body, status_code=status, headers=headers)


def _file(name: str) -> Callable[[], Response]:
    """A view that serves one file of `pages/`."""

    def file() -> Response:
        body = files("chalicelib.signing").joinpath("pages", name).read_text("utf-8")
        headers = {**HEADERS, "Content-Type": f"{PAGES[name]}; charset=utf-8", "Content-Security-Policy": PAGE_POLICY}
        return Response(body=body, status_code=200, headers=headers)

    return file
