"""An OpenID Connect issuer for local tokens: discovery, keys, and a way to mint. Its key lives in memory only.

It asks nobody who he is: whoever can call `mint` (or POST /token on loopback) may be anybody. For one machine only.
"""

import json
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ALGORITHM = "ES256"
LIFETIME_SECONDS = 8 * 3600
MAX_FORM = 4096


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Issuer:
    """Mints and serves. `url` is where it is reached, and so the `iss` of its tokens."""

    url: str
    audience: str = "tra"
    key: ec.EllipticCurvePrivateKey = field(default_factory=_key, repr=False)
    key_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def jwks_url(self) -> str:
        """Where its keys are."""
        return f"{self.url}/jwks"

    def mint(self, subject: str, roles: Sequence[str] = (), *, lifetime: int = LIFETIME_SECONDS) -> str:
        """A bearer token for `subject`."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": self.audience,
            "sub": subject,
            "roles": list(roles),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode(claims, self.key, algorithm=ALGORITHM, headers={"kid": self.key_id})

    def jwks(self) -> bytes:
        """The JSON Web Key Set."""
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return json.dumps({"keys": [public | {"kid": self.key_id, "use": "sig", "alg": ALGORITHM}]}).encode()

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """WSGI: GET discovery and keys; POST /token with `sub` (and `role`, repeated) answers with a token."""
        match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
            case "GET", "/.well-known/openid-configuration":
                body = json.dumps(
                    {
                        "issuer": self.url,
                        "jwks_uri": self.jwks_url,
                        "token_endpoint": f"{self.url}/token",
                        "id_token_signing_alg_values_supported": [ALGORITHM],
                        "response_types_supported": ["token"],
                        "subject_types_supported": ["public"],
                    }
                ).encode()
            case "GET", "/jwks":
                body = self.jwks()
            case "POST", "/token":
                length = min(int(environ.get("CONTENT_LENGTH") or 0), MAX_FORM)
                form = parse_qs(environ["wsgi.input"].read(length).decode())
                token = self.mint(form.get("sub", ["somebody"])[0], form.get("role", []))
                answer = {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS}
                body = json.dumps(answer).encode()
            case _:
                start("404 Not Found", [("Content-Type", "application/json"), ("Content-Length", "2")])
                return [b"{}"]
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]
