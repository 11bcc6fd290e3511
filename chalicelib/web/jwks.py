"""Fetches the issuer's published keys. One address, no redirects, a bounded answer."""

from dataclasses import dataclass

from chalicelib.kernel.errors import Unavailable

MAX_KEYS = 64 * 1024
SECONDS = 3.0


@dataclass(frozen=True)
class PublishedKeys:
    """See `web.principal.KeySource`."""

    url: str

    def __call__(self) -> bytes:
        """The JSON Web Key Set. Unavailable if it cannot be had."""
        import urllib3

        try:
            with urllib3.PoolManager(retries=False) as pool:
                answer = pool.request(
                    "GET", self.url, redirect=False, preload_content=False, timeout=urllib3.Timeout(total=SECONDS)
                )
                body = answer.read(MAX_KEYS + 1)
                answer.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unavailable("issuer's keys") from error
        if answer.status != 200 or len(body) > MAX_KEYS:
            raise Unavailable("issuer's keys")
        return bytes(body)
