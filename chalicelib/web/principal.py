"""Who calls: a bearer token (RFC 6750) from the configured OpenID Connect issuer, checked by numbered steps.

1. Exactly one `Authorization: Bearer …`, at most 8 KB.
2. Its header names an algorithm on our list and a key id that the issuer publishes; nothing else in it is followed.
3. Signature, issuer, audience, expiry, not-before and issued-at hold, with 30 s for clocks; subject and expiry are there.
4. The account is a digest of issuer and subject: stable, and no personal data in entries or logs.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.kernel.clock import Clock
from chalicelib.kernel.errors import Unauthenticated, Unavailable

ALGORITHMS = ("RS256", "ES256")
ROLES = frozenset({"finance", "officer"})
MAX_TOKEN = 8192
LEEWAY_SECONDS = 30
KEYS_SECONDS = 600  # how long published keys are believed
UNKNOWN_KEY_SECONDS = 30  # an unknown key id makes us look again, but not more often than this


@dataclass(frozen=True)
class Principal:
    """The caller. `roles` are those of ours that the issuer gives the account; others are no concern of ours."""

    account: str
    roles: frozenset[str] = frozenset()


class KeySource(Protocol):
    """Where the issuer publishes its keys."""

    def __call__(self) -> bytes:
        """The JSON Web Key Set. Unavailable if it cannot be had."""


@dataclass(kw_only=True)
class Tokens:
    """Checks bearer tokens; remembers the issuer's keys for some minutes."""

    issuer: str
    audience: str
    keys: KeySource
    clock: Clock
    _known: dict[str, Any] = field(default_factory=dict)
    _fetched: float = float("-inf")

    def principal(self, header: Callable[[str], str | None]) -> Principal:
        """The caller named by the request's headers. Unauthenticated if there is no acceptable token."""
        import jwt

        value = header("authorization") or ""
        scheme, _, token = value.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN or "," in token:
            raise Unauthenticated.because("token.missing")
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") not in ALGORITHMS or not isinstance(head.get("kid"), str) or "crit" in head:
                raise Unauthenticated.because("token.refused")
            claims = jwt.decode(
                token,
                self._key(head["kid"], head["alg"]),
                algorithms=[head["alg"]],
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub", "iss", "aud"], "verify_exp": False, "verify_nbf": False,
                         "verify_iat": False},
            )  # fmt: skip
            self._in_time(claims)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise Unauthenticated.because("token.refused") from error
        return Principal(account(self.issuer, str(claims["sub"])), roles(claims.get("roles")))

    def _in_time(self, claims: Mapping[str, Any]) -> None:
        now = self.clock().timestamp()
        if not now < float(claims["exp"]) + LEEWAY_SECONDS:
            raise ValueError("expired")
        if max(float(claims["iat"]), float(claims.get("nbf", 0))) > now + LEEWAY_SECONDS:
            raise ValueError("from the future")

    def _key(self, kid: str, algorithm: str) -> Any:
        import jwt

        now = self.clock().timestamp()
        age = now - self._fetched
        if age > KEYS_SECONDS or (kid not in self._known and age > UNKNOWN_KEY_SECONDS):
            self._known, self._fetched = _published(self.keys()), now
        if kid not in self._known:
            raise ValueError("unknown key")
        return jwt.PyJWK(self._known[kid], algorithm=algorithm).key


def _published(raw: bytes) -> dict[str, Any]:
    """The signing keys of a JSON Web Key Set, by id. Unavailable if it is none: that is not the caller's fault."""
    try:
        return {key["kid"]: key for key in json.loads(raw)["keys"] if "kid" in key and key.get("use") != "enc"}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unavailable("issuer's keys") from error


def roles(claim: Any) -> frozenset[str]:
    """The roles in the claim `roles`, a list of codes: those that we know."""
    return frozenset(one for one in claim if isinstance(one, str)) & ROLES if isinstance(claim, list) else frozenset()


def account(issuer: str, subject: str) -> str:
    """The account of a subject: `account:` and 160 bits of a digest, base 32."""
    digest = hashlib.sha256(f"{issuer}\n{subject}".encode()).digest()[:20]
    return "account:" + base64.b32encode(digest).decode().lower()
