"""HTTP of uploads: announce a file and get an address for it, or for its parts; take it back. The bytes never pass here."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol

from chalice.app import Blueprint, Response

from chalicelib.attachments.derived import LINK_SECONDS, ShowDerived
from chalicelib.attachments.model import Upload
from chalicelib.attachments.multipart import ADDRESS_SECONDS, AT_ONCE, Listing, PartUploads
from chalicelib.attachments.uploads import Uploads
from chalicelib.contracts import shown
from chalicelib.contracts.attachment import Derived
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
    @property
    def paper_uploads(self) -> Uploads: ...
    @property
    def show_paper_derived(self) -> ShowDerived: ...
    @property
    def paper_part_uploads(self) -> PartUploads: ...

    def principal(self, incoming: Incoming) -> Principal: ...


@dataclass(frozen=True)
class Ways:
    """What one holder's files need, and the word in its addresses; each made when first asked for."""

    base: str
    uploads: Callable[[], Uploads]
    parts: Callable[[], PartUploads]
    derived: Callable[[], ShowDerived]


def build(rooms: Rooms) -> Blueprint:
    """The routes: the same for files of applications and of later papers."""
    routes = Blueprint(__name__)
    _of(routes, rooms, Ways("filings", lambda: rooms.uploads, lambda: rooms.part_uploads, lambda: rooms.show_derived))
    papers = (lambda: rooms.paper_uploads, lambda: rooms.paper_part_uploads, lambda: rooms.show_paper_derived)
    _of(routes, rooms, Ways("papers", *papers))
    for path in PAGES:
        routes.route(f"/{path}", methods=["GET"], name=f"page_{path.replace('.', '_').replace('-', '_')}")(_page(path))
    return routes


def _of(routes: Blueprint, rooms: Rooms, ways: Ways) -> None:
    """The routes of one holder of files."""
    guarded = answering(lambda: rooms.office)
    base = f"/v1/{ways.base}/{{identifier}}/attachments"

    def named(what: str) -> str:
        return what if ways.base == "filings" else f"{what}_of_paper"

    @routes.route(base, methods=["POST"], content_types=["*/*"], name=named("reserve_attachment"))
    @guarded
    def reserve_attachment(identifier: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        upload = ways.uploads().reserve(account, identifier, request.json(), Repeat(account, *request.idempotency()))
        _, limits, _ = ways.uploads().of(account, identifier)
        how = _upload(f"{ways.base}/{identifier}", upload)
        body = {**shown.file(rooms.office, upload.attachment), "upload": how, "limits": limits}
        return answer(201, body, Location=f"/v1/{ways.base}/{identifier}")

    @routes.route(base, methods=["GET"], name=named("list_attachments"))
    @guarded
    def list_attachments(identifier: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        there, limits, number = ways.uploads().of(account, identifier)
        seen = [shown.file(rooms.office, file, number=number) for file in there]
        return answer(200, {"attachments": seen, "limits": limits})

    @routes.route(f"{base}/{{attachment}}", methods=["DELETE"], name=named("remove_attachment"))
    @guarded
    def remove_attachment(identifier: str, attachment: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        ways.uploads().remove(account, identifier, attachment)
        return answer(200, {"id": attachment, "state": "removed"})

    @routes.route(f"{base}/{{attachment}}/derived", methods=["GET"], name=named("show_derived"))
    @guarded
    def show_derived(identifier: str, attachment: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        file, made = ways.derived()(account, identifier, attachment)
        derived = [_made(one, url) for one, url in made]
        return answer(200, {"of": shown.file(rooms.office, file), "derived": derived, "seconds": LINK_SECONDS})

    @routes.route(f"{base}/{{attachment}}/parts", methods=["POST"], content_types=["*/*"], name=named("address_parts"))
    @guarded
    def address_parts(identifier: str, attachment: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        made = ways.parts().addresses(account, identifier, attachment, request.json())
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

    @routes.route(f"{base}/{{attachment}}/parts", methods=["GET"], name=named("list_parts"))
    @guarded
    def list_parts(identifier: str, attachment: str) -> Response:
        request = Incoming(routes.current_request)
        account = rooms.principal(request).account
        after = request.query("after") or "0"
        if not (after.isascii() and after.isdigit() and len(after) <= 5):
            raise Malformed.because("query.after", "", after=after[:40])
        return answer(200, _listing(ways.parts().listing(account, identifier, attachment, after=int(after))))

    completion = f"{base}/{{attachment}}/completion"

    @routes.route(completion, methods=["POST"], content_types=["*/*"], name=named("complete_attachment"))
    @guarded
    def complete_attachment(identifier: str, attachment: str) -> Response:
        account = rooms.principal(Incoming(routes.current_request)).account
        file = ways.parts().complete(account, identifier, attachment)
        return answer(200, shown.file(rooms.office, file))


def _page(path: str) -> Callable[[], Response]:
    """A view that serves one file of `pages/`: the upload module, and the page on which to try it."""
    name, media_type = PAGES[path]

    def page() -> Response:
        body = files("chalicelib.attachments").joinpath("pages", name).read_text("utf-8")
        headers = {**HEADERS, "Content-Type": f"{media_type}; charset=utf-8", "Content-Security-Policy": PAGE_POLICY}
        return Response(body=body, status_code=200, headers=headers)

    return page


def _made(one: Derived, url: str) -> dict[str, Any]:
    names = ("what", "media_type", "size", "sha256", "tool")
    page = {"page": one.page} if one.page else {}
    return {**{name: getattr(one, name) for name in names}, **page, "url": url}


def _upload(of: str, upload: Upload) -> dict[str, Any] | None:
    """How to send it; null if it is there already."""
    file = upload.attachment
    if upload.in_parts:
        here = f"/v1/{of}/attachments/{file.id}"
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
