"""The way out to banks, over urllib3.

Rules (payments.md cases 68, 71, 74): only listed origins; certificates verified; no redirect, no retry, no proxy from
the environment; a bounded, uncompressed body within one overall time limit. Every failure is `HttpFailed`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import urllib3

from chalicelib.payment.model import HttpFailed, HttpReply

MAX_REPLY = 1_048_576  # bytes; ABA's QR picture can be half a megabyte
CHUNK = 65_536
CONNECT_SECONDS = 3.0


def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=4, cert_reqs="CERT_REQUIRED", retries=False)


@dataclass(frozen=True, kw_only=True)
class Urllib3Http:
    """`Http` over real sockets. `origins` are `https://host` or `https://host:port`, without a trailing slash."""

    origins: frozenset[str]
    max_reply: int = MAX_REPLY
    pool: urllib3.PoolManager = field(default_factory=_pool, repr=False)
    monotonic: Callable[[], float] = time.monotonic

    def post(self, url: str, *, json: bytes | None, headers: Mapping[str, str], timeout: float) -> HttpReply:
        """POST and read the whole answer. HttpFailed if there is none, or it is not one we would read."""
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" not in self.origins:
            raise HttpFailed("host is not in the list")
        own = {"accept-encoding": "identity", "user-agent": "tra-payment", **headers}
        if json is not None:
            own.setdefault("content-type", "application/json")
        ends = self.monotonic() + timeout
        try:
            response = self.pool.request(
                "POST",
                url,
                body=json,
                headers=own,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout),
            )
            try:
                body = self._read(response, ends)
            finally:
                response.close()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise HttpFailed(f"no answer: {type(error).__name__}") from error
        if response.headers.get("content-encoding", "identity") != "identity":
            raise HttpFailed("compressed answer")
        return HttpReply(response.status, {name.lower(): value for name, value in response.headers.items()}, body)

    def _read(self, response: urllib3.BaseHTTPResponse, ends: float) -> bytes:
        body = bytearray()
        while chunk := response.read1(min(CHUNK, self.max_reply + 1 - len(body))):
            body += chunk
            if len(body) > self.max_reply:
                raise HttpFailed("answer over its limit")
            if self.monotonic() > ends:
                raise HttpFailed("answer too slow")
        expected = response.headers.get("content-length")
        if expected is not None and expected != str(len(body)):
            raise HttpFailed("answer cut short")
        return bytes(body)
