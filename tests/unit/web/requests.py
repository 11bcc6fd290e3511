"""Requests as API Gateway hands them to Chalice."""

import base64
from collections.abc import Mapping
from typing import Any

from chalice.app import Request

from chalicelib.web.request import Incoming


def incoming(
    body: bytes | None = None,
    *,
    method: str = "POST",
    path: str = "/v1/filings",
    parts: Mapping[str, str] | None = None,
    headers: Mapping[str, str | list[str]] | None = None,
    query: Mapping[str, list[str]] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Incoming:
    """A request of the route `path` with these `parts`; a header or parameter given as a list was sent so often."""
    many = {name: value if isinstance(value, list) else [value] for name, value in (headers or {}).items()}
    event = {
        "httpMethod": method,
        "path": path,
        "resource": path,
        "headers": {name: values[-1] for name, values in many.items()},
        "multiValueHeaders": many,
        "multiValueQueryStringParameters": query,
        "pathParameters": parts,
        "stageVariables": None,
        "body": None if body is None else base64.b64encode(body).decode(),
        "isBase64Encoded": body is not None,
        "requestContext": {"httpMethod": method, "resourcePath": path, "path": path, **(context or {})},
    }
    return Incoming(Request(event))
