"""What the seal needs from others: time-stamps (RFC 3161) and the state of certificates (RFC 6960, RFC 5280).

- Every answer is checked before it is used (`answers.py`): for this question, signed by whom we were told to trust.
- Short times: a letter never waits long for an authority. `Breaker` stops asking one that does not answer, for a while.
- An authority that is down is `Unavailable`: the level below stays valid, and a later run asks again.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from chalicelib.kernel.clock import Clock
from chalicelib.kernel.errors import Unavailable
from chalicelib.signing import answers
from chalicelib.signing.answers import Stamp, Status

if TYPE_CHECKING:
    import urllib3

SECONDS = 3.0  # for a time-stamp or a state; the letter is delivered without rather than late
MAX_REPLY = 1 << 20  # bytes; a token takes 3 to 6 KB, a list of revoked certificates can be long
FAILURES = 2  # in a row, then the breaker opens
REST = timedelta(seconds=60)


class TimeStamps(Protocol):
    """A time-stamp authority."""

    def stamp(self, digest: bytes) -> Stamp:
        """A token over the SHA-256 `digest`. Unavailable if there is none, or none that we believe."""


class States(Protocol):
    """Says whether certificates are still good."""

    def status(self, certificate: bytes, issuer: bytes) -> Status:
        """What the issuer's responder says now of a certificate (DER). Unavailable."""

    def lists(self) -> tuple[bytes, ...]:
        """The lists of revoked certificates (DER) of the authorities above. Unavailable."""


class Authority(TimeStamps, States, Protocol):
    """Both in one, as a test authority is."""


class Post(Protocol):
    """The way out."""

    def __call__(self, url: str, body: bytes | None, media_type: str) -> bytes:
        """POST `body`, or GET without one. Unavailable unless 200 within the time and size."""


@dataclass(frozen=True, kw_only=True)
class HttpTimeStamps:
    """An authority by its address. `roots`: the certificates (DER) that its chain may end in."""

    url: str
    roots: Sequence[bytes]
    post: Post
    chance: Callable[[], int] = lambda: secrets.randbits(63)

    def stamp(self, digest: bytes) -> Stamp:
        """See `TimeStamps`."""
        nonce = self.chance()
        answer = self.post(self.url, answers.question(digest, nonce), "application/timestamp-query")
        return answers.stamp(answer, digest, nonce, self.roots)


@dataclass(frozen=True, kw_only=True)
class HttpStates:
    """A responder and lists by their addresses."""

    ocsp_url: str
    crl_urls: Sequence[str]
    post: Post

    def status(self, certificate: bytes, issuer: bytes) -> Status:
        """See `States`."""
        asked = answers.ocsp_question(certificate, issuer)
        return answers.status(self.post(self.ocsp_url, asked, "application/ocsp-request"), certificate, issuer)

    def lists(self) -> tuple[bytes, ...]:
        """See `States`."""
        return tuple(answers.revocation_list(self.post(url, None, "")) for url in self.crl_urls)


@dataclass(kw_only=True)
class Breaker:
    """`TimeStamps` that stops asking an authority that failed again and again, and tries once more after a rest."""

    authority: TimeStamps
    clock: Clock
    failures: int = 0
    open_until: datetime | None = None

    def stamp(self, digest: bytes) -> Stamp:
        """See `TimeStamps`. Unavailable at once while it is open."""
        if self.open_until is not None and self.clock() < self.open_until:
            raise Unavailable("the time-stamp authority failed and is not asked for a while")
        try:
            given = self.authority.stamp(digest)
        except Unavailable:
            self.failures += 1
            if self.failures >= FAILURES:
                self.open_until = self.clock() + REST
            raise
        self.failures, self.open_until = 0, None
        return given


@dataclass(frozen=True, kw_only=True)
class Urllib3Post:
    """`Post` over real sockets: no redirect, no retry, certificates verified, a bounded body."""

    seconds: float = SECONDS

    @cached_property
    def pool(self) -> "urllib3.PoolManager":
        """Its connections."""
        import urllib3

        return urllib3.PoolManager(num_pools=4, cert_reqs="CERT_REQUIRED", retries=False)

    def __call__(self, url: str, body: bytes | None, media_type: str) -> bytes:
        """See `Post`."""
        import urllib3

        headers = {"Content-Type": media_type} if body is not None else {}
        try:
            response = self.pool.request(
                "GET" if body is None else "POST", url, body=body, headers=headers, redirect=False, retries=False,
                preload_content=False, timeout=urllib3.Timeout(total=self.seconds),
            )  # fmt: skip
            try:
                answer = response.read(MAX_REPLY + 1)
            finally:
                response.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unavailable(f"an authority did not answer: {type(error).__name__}") from error
        if response.status != 200 or len(answer) > MAX_REPLY:
            raise Unavailable(f"an authority answered {response.status} with {len(answer)} bytes")
        return bytes(answer)
