"""HTTP of uploads: announce a file and get an address for it, or for its parts; take it back. The bytes never pass here."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any, Protocol

from chalice.app import Blueprint, Response

from chalicelib.attachments.derived import LINK_SECONDS, ShowDerived
from chalicelib.attachments.model import Upload
from chalicelib.attachments.multipart import ADDRESS_SECONDS, AT_ONCE, Listing, PartUploads
from chalicelib.attachments.uploads import Uploads
from chalicelib.contracts.attachment import Attachment, Derived
from chalicelib.kernel.errors import Malformed
from chalicelib.offices.model import Office
from chalicelib.register.idempotency import Repeat
from chalicelib.web.principal import Principal
from chalicelib.web.problems import HEADERS, answer, answering
from chalicelib.web.request import Incoming

SCRIPT = "text/javascript"
PAGES = {
    "upload": ("upload.html", "text/html"),
    "upload.js": ("upload.js", SCRIPT),
    "upload-page.js": ("upload-page.js", SCRIPT),
    "sha256.js": ("sha256.js", SCRIPT),
}
# files go straight to storage, whose origin is the bucket's: https, or the local office's on this machine
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' https: http://127.0.0.1:* http://localhost:*; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class Rooms(Protocol):
    """What these routes need; made when first asked for."""

    @property
    def office(self) -> Office: ...
    @property
    def uploads(self) -> Uploads: ...
    @property
    def show_derived(self) -> ShowDerived: ...
    @property
    def part_uploads(self) -> PartUploads: ...

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
        _, limits = rooms.uploads.of(account, identifier)
        body = {**_file(upload.attachment), "upload": _upload(identifier, upload), "limits": limits}
        return answer(201, body, Location=f"/v1/filings/{identifier}")

    @routes.route("/v1/filings/{identifier}/attachments", methods=["GET"])
    @guarded
    def list_attachments(identifier: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        there, limits = rooms.uploads.of(account, identifier)
        return answer(200, {"attachments": [_file(file) for file in there], "limits": limits})

    @routes.route("/v1/filings/{identifier}/attachments/{attachment}", methods=["DELETE"])
    @guarded
    def remove_attachment(identifier: str, attachment: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        rooms.uploads.remove(account, identifier, attachment)
        return answer(200, {"id": attachment, "state": "removed"})

    @routes.route("/v1/filings/{identifier}/attachments/{attachment}/derived", methods=["GET"])
    @guarded
    def show_derived(identifier: str, attachment: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        file, made = rooms.show_derived(account, identifier, attachment)
        derived = [_made(one, url) for one, url in made]
        return answer(200, {"of": _file(file), "derived": derived, "seconds": LINK_SECONDS})

    @routes.route("/v1/filings/{identifier}/attachments/{attachment}/parts", methods=["POST"], content_types=["*/*"])
    @guarded
    def address_parts(identifier: str, attachment: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        made = rooms.part_uploads.addresses(account, identifier, attachment, request.json())
        parts = [
            {
                "number": one.number,
                "method": "PUT",
                "url": one.url,
                "headers": one.headers,
                "size": one.size,
                "sha256": one.sha256.hex,
            }
            for one in made
        ]
        return answer(200, {"parts": parts, "seconds": ADDRESS_SECONDS})

    @routes.route("/v1/filings/{identifier}/attachments/{attachment}/parts", methods=["GET"])
    @guarded
    def list_parts(identifier: str, attachment: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        after = request.query("after") or "0"
        if not (after.isascii() and after.isdigit() and len(after) <= 5):
            raise Malformed.because("query.after", "", after=after[:40])
        return answer(200, _listing(rooms.part_uploads.listing(account, identifier, attachment, after=int(after))))

    @routes.route(
        "/v1/filings/{identifier}/attachments/{attachment}/completion", methods=["POST"], content_types=["*/*"]
    )
    @guarded
    def complete_attachment(identifier: str, attachment: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        return answer(200, _file(rooms.part_uploads.complete(account, identifier, attachment)))

    for path in PAGES:
        routes.route(f"/{path}", methods=["GET"], name=f"page_{path.replace('.', '_').replace('-', '_')}")(_page(path))
    return routes


def _page(path: str) -> Callable[[], Response]:
    """A view that serves one file of `pages/`: the upload module, and the page on which to try it."""
    name, media_type = PAGES[path]

    def page() -> Response:
        body = files("chalicelib.attachments").joinpath("pages", name).read_text("utf-8")
        headers = {**HEADERS, "Content-Type": f"{media_type}; charset=utf-8", "Content-Security-Policy": PAGE_POLICY}
        return Response(body=body, status_code=200, headers=headers)

    return page


def _file(file: Attachment) -> dict[str, Any]:
    shown = ("id", "document", "name", "media_type", "size", "state", "sha256", "reason")
    return {name: value for name in shown if (value := getattr(file, name)) is not None}


def _made(one: Derived, url: str) -> dict[str, Any]:
    shown = ("what", "media_type", "size", "sha256", "tool")
    page = {"page": one.page} if one.page else {}
    return {**{name: getattr(one, name) for name in shown}, **page, "url": url}


def _upload(identifier: str, upload: Upload) -> dict[str, Any] | None:
    """How to send it; null if it is there already."""
    file = upload.attachment
    if upload.in_parts:
        here = f"/v1/filings/{identifier}/attachments/{file.id}"
        return {
            "method": "PUT",
            "part_size": upload.in_parts.part_size,
            "count": upload.in_parts.count(file.size),
            "at_once": AT_ONCE,
            "parts": f"{here}/parts",
            "completion": f"{here}/completion",
        }
    if upload.url:
        return {"method": "POST", "url": upload.url, "fields": dict(upload.fields), "seconds": upload.seconds}
    return None


def _listing(listing: Listing) -> dict[str, Any]:
    return {
        "state": listing.state,
        "size": listing.size,
        "part_size": listing.part_size,
        "count": listing.count,
        "parts": [
            {"number": part.number, "size": part.size, **({"sha256": sha256} if sha256 else {})}
            for part, sha256 in listing.parts
        ],
        "next": listing.next,
    }
