"""A request as our routes read it: headers once, body strict, time as the gateway saw it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalice.app import Request

from chalicelib.kernel import strict
from chalicelib.kernel.clock import Clock, to_millisecond
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Malformed, Unsupported

MAX_BODY = 256 * 1024
BINARY = ["application/pdf", "multipart/form-data", "application/cose"]  # what the gateway carries as bytes
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{8,100}", re.ASCII)
_ETAG = re.compile(r'"([0-9]{1,9})"', re.ASCII)


@dataclass(frozen=True)
class Incoming:
    """One HTTP request."""

    request: Request

    def header(self, name: str) -> str | None:
        """The one value of a header. Malformed if it was sent twice."""
        original: Mapping[str, Any] = self.request.to_original_event() or {}
        many = original.get("multiValueHeaders") or {}
        values = [value for key, sent in many.items() if key.lower() == name for value in sent]
        if len(values) > 1:
            raise Malformed.because("header.twice", "", header=name)
        value: str | None = values[0] if values else self.request.headers.get(name)
        return value

    def query(self, name: str) -> str | None:
        """The one value of a query parameter. Malformed if it was sent twice."""
        original: Mapping[str, Any] = self.request.to_original_event() or {}
        values = (original.get("multiValueQueryStringParameters") or {}).get(name) or [None]
        if len(values) > 1:
            raise Malformed.because("query.twice", "", parameter=name)
        value: str | None = values[0]
        return value

    @property
    def raw(self) -> bytes:
        """The body as sent."""
        body = self.request.raw_body
        return body if isinstance(body, bytes) else str(body).encode()

    def json(self) -> dict[str, Any]:
        """The body as one JSON object. Unsupported, TooLarge or Malformed otherwise."""
        kind = (self.header("content-type") or "").split(";")[0].strip().lower()
        if kind != "application/json":
            raise Unsupported.because("body.media-type", "", wanted="application/json")
        value = strict.loads(self.raw, max_bytes=MAX_BODY)
        if not isinstance(value, dict):
            raise Malformed.because("json.not-object")
        return value

    def idempotency(self) -> tuple[str, Digest]:
        """The caller's key, and the digest of method, path and body by which a repeat is known. Malformed without a key.
        Chalice's `path` is the route's pattern, so the path's own parts go in beside it."""
        key = self.header("idempotency-key") or ""
        if _IDEMPOTENCY_KEY.fullmatch(key) is None:
            raise Malformed.because("idempotency.malformed" if key else "idempotency.missing")
        parts = canonical(dict(self.request.uri_params or {}))
        asked = f"{self.request.method} {self.request.path}\n".encode() + parts + b"\n"
        return key, Digest.of(asked + self.raw)

    def if_match(self) -> int:
        """The draft version in `If-Match` (strong, RFC 9110 section 13.1.1). Malformed without one."""
        said = self.header("if-match") or ""
        match = _ETAG.fullmatch(said)
        if match is None:
            raise Malformed.because("if-match.malformed" if said else "if-match.missing")
        return int(match[1])

    def received_at(self, clock: Clock) -> datetime:
        """When the gateway had the complete request; our clock where the gateway does not say."""
        epoch = self.request.context.get("requestTimeEpoch")
        now = clock()
        if not isinstance(epoch, int):
            return now
        moment = to_millisecond(datetime.fromtimestamp(epoch / 1000, UTC))
        return min(moment, now)
