"""Bearer tokens: what is taken, and every trick that is not (security.md 6, row 51)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from chalicelib.kernel.errors import Malformed, Unauthenticated, Unavailable
from chalicelib.web.principal import KEYS_SECONDS, LEEWAY_SECONDS, UNKNOWN_KEY_SECONDS, Tokens, account
from tests.fakes import NOON, FixedClock
from tests.unit.web.requests import incoming

ISSUER, AUDIENCE = "https://issuer.example", "tra"
NOW = int(NOON.timestamp())


@cache
def elliptic(number: int = 1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    algorithm = (
        jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    )
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", **more}


class Issuer:
    """Publishes keys and counts who asks."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.down = False

    def __call__(self) -> bytes:
        self.asked += 1
        if self.down:
            raise Unavailable("issuer's keys")
        return json.dumps({"keys": self.keys}).encode()


def tokens(issuer: Issuer | None = None, clock: Callable[[], Any] | None = None) -> Tokens:
    made = issuer or Issuer(jwk(elliptic(), "ec"), jwk(rsa_key(), "rsa"))
    return Tokens(issuer=ISSUER, audience=AUDIENCE, keys=made, clock=clock or FixedClock())


def token(
    key: Any = None, algorithm: str = "ES256", kid: Any = "ec", head: dict[str, Any] | None = None, **claims: Any
) -> str:
    body = {"iss": ISSUER, "aud": AUDIENCE, "sub": "sok", "iat": NOW, "exp": NOW + 600} | claims
    body = {name: value for name, value in body.items() if value is not None}
    headers = {"kid": kid, **(head or {})} if kid is not None else dict(head or {})
    return jwt.encode(body, key or elliptic(), algorithm=algorithm, headers=headers)


def asked(value: str | list[str] | None, checker: Tokens | None = None) -> str:
    headers = {} if value is None else {"Authorization": value}
    return (checker or tokens()).principal(incoming(headers=headers).header).account


def refused(value: str | None, checker: Tokens | None = None) -> str:
    with pytest.raises(Unauthenticated) as error:
        asked(value, checker)
    return error.value.findings[0].code


def segment(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


# ---------------------------------------------------------------- taken


def test_a_good_token_names_its_account() -> None:
    assert asked(f"Bearer {token()}") == account(ISSUER, "sok")


def test_both_algorithms_on_the_list_are_taken() -> None:
    assert asked(f"bearer {token(rsa_key(), 'RS256', 'rsa')}") == account(ISSUER, "sok")


def test_an_audience_may_be_one_of_several() -> None:
    assert asked(f"Bearer {token(aud=['other', AUDIENCE])}")


def test_an_account_says_nothing_of_the_person_and_differs_by_issuer() -> None:
    made = account(ISSUER, "sok@example.org")
    assert "sok" not in made and len(made) == len("account:") + 32
    assert made != account("https://other.example", "sok@example.org")


@pytest.mark.parametrize(
    "claims", [{"exp": NOW - LEEWAY_SECONDS + 1}, {"iat": NOW + LEEWAY_SECONDS}, {"nbf": NOW + LEEWAY_SECONDS}]
)
def test_clocks_may_differ_a_little(claims: dict[str, Any]) -> None:
    assert asked(f"Bearer {token(**claims)}")


# ---------------------------------------------------------------- not taken


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "Bearer", "Bearer ", "Basic c29rOnB3", "token", "Bearer a,Bearer b"),
        *("Bearer " + "x" * 8193, "Bearer " + "x" * 1_000_000),
    ],
    ids=["none", "empty", "scheme", "space", "basic", "bare", "two", "8193", "megabyte"],
)  # fmt: skip
def test_without_one_token_of_sane_size_nobody_is_known(value: str | None) -> None:
    assert refused(value) == "token.missing"


def test_two_authorization_headers_are_refused() -> None:
    good = f"Bearer {token()}"
    with pytest.raises(Malformed, match=r"header\.twice"):
        asked([good, good])


@pytest.mark.parametrize(
    "text",
    ["x", "a.b", "a.b.c", "a.b.c.d.e", "..", "é.é.é", segment(b"[" * 3000) + ".e30.x", segment({"alg": "ES256"})],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    assert refused(f"Bearer {text}") == "token.refused"


def test_no_signature_is_no_token() -> None:
    body = segment({"iss": ISSUER, "aud": AUDIENCE, "sub": "sok", "iat": NOW, "exp": NOW + 600})
    for alg in ("none", "None", "NONE", ""):
        assert refused(f"Bearer {segment({'alg': alg, 'kid': 'ec', 'typ': 'JWT'})}.{body}.") == "token.refused"


def test_a_public_key_is_no_shared_secret() -> None:
    public = rsa_key().public_key()
    for encoding, form in (
        (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    ):
        secret = public.public_bytes(encoding, form)
        signed = (
            segment({"alg": "HS256", "kid": "rsa", "typ": "JWT"})
            + "."
            + segment({"iss": ISSUER, "aud": AUDIENCE, "sub": "sok", "iat": NOW, "exp": NOW + 600})
        )
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        assert refused(f"Bearer {signed}.{segment(mac)}") == "token.refused"


def test_a_key_of_one_kind_checks_no_signature_of_another() -> None:
    assert refused(f"Bearer {token(rsa_key(), 'RS256', 'ec')}") == "token.refused"
    assert refused(f"Bearer {token(elliptic(), 'ES256', 'rsa')}") == "token.refused"
    assert refused(f"Bearer {token(rsa_key(), 'PS256', 'rsa')}") == "token.refused"
    assert refused(f"Bearer {token(rsa_key(), 'RS512', 'rsa')}") == "token.refused"


def test_nothing_in_the_header_leads_us_to_another_key() -> None:
    own = jwk(elliptic(2), "ec")
    for head in (
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": own},
        {"x5c": ["MIIB"]},
    ):
        assert refused(f"Bearer {token(elliptic(2), head=head)}") == "token.refused"


@pytest.mark.parametrize(
    "kid", [None, "", "other", "../../dev/null", "ec' OR 1=1", "ec\u0000", ["ec"], {"kid": "ec"}, 7]
)
def test_a_key_id_is_looked_up_and_nothing_else(kid: Any) -> None:
    head = {"alg": "ES256", "typ": "JWT"} | ({} if kid is None else {"kid": kid})
    signed = segment(head) + "." + segment({"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "iat": NOW, "exp": NOW + 9})
    der = elliptic().sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
    assert refused(f"Bearer {signed}.{segment(der)}") == "token.refused"


def test_a_critical_extension_we_do_not_know_is_refused() -> None:
    assert refused(f"Bearer {token(head={'crit': ['exp']})}") == "token.refused"


def test_an_encryption_key_signs_nothing() -> None:
    issuer = Issuer(jwk(elliptic(), "ec", use="enc"))
    assert refused(f"Bearer {token()}", tokens(issuer)) == "token.refused"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"aud": []},
        {"sub": None},
        {"sub": 7},
        {"exp": None},
        {"exp": NOW - LEEWAY_SECONDS},
        {"exp": "soon"},
        {"exp": 0},
        {"iat": None},
        {"iat": NOW + LEEWAY_SECONDS + 1},
        {"nbf": NOW + LEEWAY_SECONDS + 1},
        {"nbf": [1]},
    ],
)
def test_a_claim_that_is_wrong_or_missing_is_refused(claims: dict[str, Any]) -> None:
    assert refused(f"Bearer {_any(claims)}") == "token.refused"


def _any(claims: dict[str, Any]) -> str:
    """As `token`, without the library's own checks of what it signs."""
    body = {"iss": ISSUER, "aud": AUDIENCE, "sub": "sok", "iat": NOW, "exp": NOW + 600} | claims
    kept = {name: value for name, value in body.items() if value is not None}
    return jwt.PyJWS().encode(json.dumps(kept).encode(), elliptic(), algorithm="ES256", headers={"kid": "ec"})


@pytest.mark.parametrize("payload", [b"[]", b'"x"', b"not json", b"\xff", b'{"exp":1e999}'])
def test_a_body_that_is_no_set_of_claims_is_refused(payload: bytes) -> None:
    text = jwt.PyJWS().encode(payload, elliptic(), algorithm="ES256", headers={"kid": "ec"})
    assert refused(f"Bearer {text}") == "token.refused"


def test_a_changed_byte_is_refused() -> None:
    head, body, signature = token().split(".")
    forged = segment({"iss": ISSUER, "aud": AUDIENCE, "sub": "admin", "iat": NOW, "exp": NOW + 600})
    assert refused(f"Bearer {head}.{forged}.{signature}") == "token.refused"
    assert body != forged


# ---------------------------------------------------------------- keys


def test_published_keys_are_remembered() -> None:
    issuer = Issuer(jwk(elliptic(), "ec"))
    checker = tokens(issuer)
    for _ in range(5):
        asked(f"Bearer {token()}", checker)
    assert issuer.asked == 1


def test_an_unknown_key_makes_us_look_again_once() -> None:
    issuer, clock = Issuer(jwk(elliptic(), "ec")), FixedClock()
    checker = tokens(issuer, clock)
    asked(f"Bearer {token()}", checker)
    clock.advance(timedelta(seconds=UNKNOWN_KEY_SECONDS + 1))
    for _ in range(10):
        refused(f"Bearer {token(kid='unknown')}", checker)
    assert issuer.asked == 2


def test_a_new_key_is_found_without_waiting_for_the_old_ones_to_be_forgotten() -> None:
    issuer, clock = Issuer(jwk(elliptic(), "ec")), FixedClock()
    checker = tokens(issuer, clock)
    asked(f"Bearer {token()}", checker)
    issuer.keys.append(jwk(elliptic(2), "new"))
    clock.advance(timedelta(seconds=UNKNOWN_KEY_SECONDS + 1))
    assert asked(f"Bearer {token(elliptic(2), kid='new')}", checker)


def test_a_withdrawn_key_is_believed_for_some_minutes_only() -> None:
    issuer, clock = Issuer(jwk(elliptic(), "ec")), FixedClock()
    checker = tokens(issuer, clock)
    asked(f"Bearer {token()}", checker)
    issuer.keys.clear()
    clock.advance(timedelta(seconds=KEYS_SECONDS + 1))
    refused(f"Bearer {token(exp=NOW + 9999)}", checker)


def test_an_issuer_that_is_down_is_not_the_callers_fault() -> None:
    issuer = Issuer(jwk(elliptic(), "ec"))
    issuer.down = True
    with pytest.raises(Unavailable):
        asked(f"Bearer {token()}", tokens(issuer))


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"{}", b'{"keys":7}', b'{"keys":[7]}', b'{"keys":null}'])
def test_an_issuer_that_answers_nonsense_is_not_the_callers_fault(answer: bytes) -> None:
    checker = Tokens(issuer=ISSUER, audience=AUDIENCE, keys=lambda: answer, clock=FixedClock())
    with pytest.raises(Unavailable):
        asked(f"Bearer {token()}", checker)


def test_a_published_key_that_is_malformed_spoils_only_itself() -> None:
    issuer = Issuer({"kid": "bad", "kty": "EC"}, {"kty": "EC"}, jwk(elliptic(), "ec"))
    assert asked(f"Bearer {token()}", tokens(issuer))
    assert refused(f"Bearer {token(kid='bad')}", tokens(issuer)) == "token.refused"
