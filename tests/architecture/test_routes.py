"""House rules of the HTTP edge, asked of the app's own route table."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

import app
from chalicelib.config import Settings
from chalicelib.kernel.errors import Unavailable
from tests.factories import cambodia

OPEN = {  # to everybody, and why
    ("POST", "/v1/payments/{rail}/notifications"),  # the banks' doorbell checks a signature of its own
    ("POST", "/v1/payments/{rail}/notifications/{door}"),  # the same, at an unguessable end of the address
    ("POST", "/v1/fee-quotes"),  # what an application would cost
    ("POST", "/v1/verifications"),  # whoever holds a letter may ask whether we issued it
    ("GET", "/v1/log/checkpoint"),  # the log is public: head, key, proofs, receipts
    ("GET", "/v1/log/key"),
    ("GET", "/v1/log/inclusion"),
    ("GET", "/v1/log/consistency"),
    ("GET", "/v1/log/receipts/{leaf}"),
    ("GET", "/v1/log/letters/{sha256}"),
    ("GET", "/v1/trust"),  # public keys
    ("GET", "/verify-offline.html"),
    ("GET", "/verify"),  # the page from which to ask, and what it loads
    ("POST", "/verify"),
    ("GET", "/verify.css"),
    ("GET", "/verify.js"),
    ("GET", "/upload"),  # the page on which to try uploads, and the module that pages use
    ("GET", "/upload.js"),
    ("GET", "/upload-page.js"),
    ("GET", "/sha256.js"),
}
ENVIRONMENT = {
    f"TRA_{name.upper()}": "[]" if name == "payment_rails" else "https://x.invalid"
    for name in Settings.__dataclass_fields__
}


def routes() -> list[tuple[str, str]]:
    return sorted((method, path) for path, methods in app.app.routes.items() for method in methods)


@pytest.fixture(autouse=True)
def nowhere() -> Iterator[None]:
    """An app that can reach nothing: whoever touches a store before it knows the caller fails."""

    def no_keys() -> bytes:
        raise Unavailable("issuer's keys")

    app.rooms.move(ENVIRONMENT, issuer_keys=no_keys, office=cambodia())
    yield
    app.rooms.move(os.environ)


def request(method: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
    parts = dict.fromkeys(re.findall(r"{(\w+)}", path), "01JDT0000000000000000000AA")
    event = {
        "resource": path,
        "path": path.format(**parts),
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": parts,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {"httpMethod": method, "resourcePath": path, "path": path},
    }
    answer: dict[str, Any] = app.app(event, None)
    return answer


def test_there_are_routes_to_ask() -> None:
    assert len(routes()) >= 11


@pytest.mark.parametrize(("method", "path"), sorted(set(routes()) - OPEN))
def test_every_route_of_the_api_is_of_a_version(method: str, path: str) -> None:
    assert path.startswith("/v1/")


@pytest.mark.parametrize(("method", "path"), sorted(set(routes()) - OPEN))
@pytest.mark.parametrize("authorization", [None, "Basic eDp5", "Bearer ", "Bearer x"])
def test_every_route_but_the_open_ones_asks_first_who_calls(method: str, path: str, authorization: str | None) -> None:
    answer = request(method, path, {} if authorization is None else {"Authorization": authorization})
    assert answer["statusCode"] == 401, answer["body"]
    said = json.loads(answer["body"])
    assert said["findings"][0]["code"] in {"token.missing", "token.refused"}
    headers = {name.lower(): value for name, value in (answer.get("headers") or {}).items()}
    assert headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), sorted(OPEN))
def test_what_is_listed_as_open_is_there(method: str, path: str) -> None:
    assert (method, path) in routes()


@pytest.mark.parametrize(("method", "path"), routes())
def test_no_route_reads_a_body_by_its_own_rules(method: str, path: str) -> None:
    """Chalice's own 415 would be no problem document: our routes take every media type and refuse it themselves."""
    entry = app.app.routes[path][method]
    if method in {"POST", "PUT", "PATCH"}:
        assert entry.content_types == ["*/*"]
    assert not entry.api_key_required
