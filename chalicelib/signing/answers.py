"""Questions to authorities, and answers that can be believed. Numbered, because every rule was once broken by somebody.

A time-stamp (RFC 3161 section 2.4.2, RFC 5816): 1 granted; 2 a token about our digest and nonce; 3 its signed attributes name
the content and the very certificate that signs; 4 the signature is right; 5 that certificate is for time-stamps alone, valid
at the time told, and its chain ends in a root that we were given.
A state (RFC 6960 section 3.2): 1 successful; 2 about our certificate; 3 signed by the issuer or whom it delegated; 4 good.
What is not so is `Unavailable`: nobody's answer, so the question stays open. A revoked certificate is `Revoked`.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.kernel.errors import Corrupt, Unavailable
from chalicelib.proof.der import read
from chalicelib.signing.cms import Chain, oid, tlv

if TYPE_CHECKING:
    from cryptography import x509

_HASHES = {
    "sha256": oid("2.16.840.1.101.3.4.2.1"),
    "sha384": oid("2.16.840.1.101.3.4.2.2"),
    "sha512": oid("2.16.840.1.101.3.4.2.3"),
}
_WITH = {  # the same with RSA and with a curve: RFC 8017, RFC 5758
    "sha256": (oid("1.2.840.113549.1.1.11"), oid("1.2.840.10045.4.3.2")),
    "sha384": (oid("1.2.840.113549.1.1.12"), oid("1.2.840.10045.4.3.3")),
    "sha512": (oid("1.2.840.113549.1.1.13"), oid("1.2.840.10045.4.3.4")),
}
_MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")
_CERTIFICATE_1, _CERTIFICATE_2 = oid("1.2.840.113549.1.9.16.2.12"), oid("1.2.840.113549.1.9.16.2.47")
MAX_CHAIN = 6


class Revoked(Corrupt):
    """A certificate of ours is revoked: nothing more may be sealed or archived with it. A person must act."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """A time-stamp token (DER), the authority's time, its certificates (DER, the signer's first), the signer's end."""

    token: bytes
    at: datetime
    certificates: tuple[bytes, ...]
    ends: datetime


@dataclass(frozen=True, kw_only=True)
class Status:
    """A good state: the whole OCSP response (DER), the time of which it tells, the certificates in it."""

    response: bytes
    as_of: datetime
    certificates: tuple[bytes, ...]


def question(digest: bytes, nonce: int) -> bytes:
    """A TimeStampReq over a SHA-256 digest that asks for the certificates too."""
    number = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")
    imprint = tlv(0x30, tlv(0x30, _HASHES["sha256"], tlv(0x05)), tlv(0x04, digest))
    return tlv(0x30, tlv(0x02, b"\x01"), imprint, tlv(0x02, number), tlv(0x01, b"\xff"))


def stamp(answer: bytes, digest: bytes, nonce: int | None, roots: Sequence[bytes]) -> Stamp:
    """The token in a TimeStampResp. Unavailable for anything else than a token that keeps all five rules."""
    try:
        (response,) = _parts(answer)
        state, *tokens = _parts(response.body)
        if (
            int.from_bytes(_parts(state.body)[0].body) not in {0, 1} or len(tokens) != 1
        ):  # granted, with or without changes
            raise Unavailable("the time-stamp authority refused")
        return read_token(tokens[0].whole, digest, nonce, roots)
    except (ValueError, IndexError, KeyError) as error:
        raise Unavailable(f"no time-stamp that can be read: {type(error).__name__}") from error


def read_token(token: bytes, digest: bytes, nonce: int | None, roots: Sequence[bytes]) -> Stamp:
    """A token by itself, rules 2 to 5. Unavailable, or ValueError for what cannot be read at all."""
    from cryptography import x509

    read_ = _Token.of(token)
    algorithm, imprint = _parts(read_.told[2].body)
    if _parts(algorithm.body)[0].whole != _HASHES["sha256"] or imprint.body != digest:
        raise Unavailable("a time-stamp over something else")
    if nonce is not None and nonce not in [int.from_bytes(one.body) for one in read_.told[5:] if one.tag == 0x02]:
        raise Unavailable("a time-stamp for another question")
    own = read_.own
    _, _, hashed, attributes, algorithm, signature, *_ = read_.signer
    hash_name = _hash(hashed)
    by_kind = {kind.whole: value.body for kind, value in (_parts(one.body) for one in _parts(attributes.body))}
    _names_itself(by_kind, hashlib.new(hash_name, read_.content).digest(), own)
    certificate = x509.load_der_x509_certificate(own)
    _right(certificate, signature.body, tlv(0x31, attributes.body), _hash(algorithm, hash_name))
    at = _time(read_.told[4].body)
    _for_time_stamps(certificate, at)
    chain = chain_to_root(own, [*(der for der in read_.held if der != own), *roots], roots)
    return Stamp(token=token, at=at, certificates=chain, ends=certificate.not_valid_after_utc)


def told(token: bytes) -> Stamp:
    """What a token says that was checked before it was stored. ValueError if it is none."""
    from cryptography import x509

    read_ = _Token.of(token)
    ends = x509.load_der_x509_certificate(read_.own).not_valid_after_utc
    return Stamp(token=token, at=_time(read_.told[4].body), certificates=tuple(read_.held), ends=ends)


class _Part(NamedTuple):
    tag: int
    body: bytes
    whole: bytes


class _Token(NamedTuple):
    """A token's parts: the content, what it tells (TSTInfo), the certificates, the signer."""

    content: bytes
    told: list[_Part]
    held: list[bytes]
    signer: list[_Part]

    @classmethod
    def of(cls, token: bytes) -> "_Token":
        signed = _parts(_parts(_parts(token)[0].body)[1].body)[0]
        _, _, encapsulated, *sets = _parts(signed.body)
        content = _parts(_parts(encapsulated.body)[1].body)[0].body
        held = [one.whole for part in sets if part.tag == 0xA0 for one in _parts(part.body)]
        (signer,) = _parts(sets[-1].body)
        return cls(content, _parts(_parts(content)[0].body), held, _parts(signer.body))

    @property
    def own(self) -> bytes:
        """The signer's certificate. Unavailable if it is not there: we ask for it."""
        found = next(
            (der for der in self.held if b"".join(Chain((der,)).issuer_and_serial) == self.signer[1].body), None
        )
        if found is None:
            raise Unavailable("a time-stamp without its certificate")
        return found


def ocsp_question(certificate: bytes, issuer: bytes) -> bytes:
    """An OCSPRequest, without nonce: responders answer from a cache, and the time in the answer is looked at."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509 import ocsp

    about, by = x509.load_der_x509_certificate(certificate), x509.load_der_x509_certificate(issuer)
    request = ocsp.OCSPRequestBuilder().add_certificate(about, by, hashes.SHA1()).build()  # noqa: S303 - names, not proof
    return request.public_bytes(serialization.Encoding.DER)


def status(answer: bytes, certificate: bytes, issuer: bytes) -> Status:
    """A good state. Revoked if it is not; Unavailable for what answers nothing."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509 import ocsp

    about, by = x509.load_der_x509_certificate(certificate), x509.load_der_x509_certificate(issuer)
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise Unavailable(f"the responder answered {response.response_status.name}")
        if response.serial_number != about.serial_number:
            raise Unavailable("a state of another certificate")
        _right(_responder(response, by), response.signature, response.tbs_response_bytes)
        if response.certificate_status is ocsp.OCSPCertStatus.REVOKED:
            raise Revoked(f"certificate {about.serial_number:x} is revoked")
        if response.certificate_status is not ocsp.OCSPCertStatus.GOOD:
            raise Unavailable("the responder does not know the certificate")
        held = tuple(one.public_bytes(serialization.Encoding.DER) for one in response.certificates)
        as_of = min(response.produced_at_utc, response.this_update_utc)
        return Status(response=answer, as_of=as_of, certificates=held)
    except ValueError as error:
        raise Unavailable(f"no state that can be read: {type(error).__name__}") from error


def revocation_list(answer: bytes) -> bytes:
    """A CRL, DER. Unavailable if it is none; who signed it is checked with the whole letter."""
    from cryptography import x509

    try:
        x509.load_der_x509_crl(answer)
    except ValueError as error:
        raise Unavailable("no list that can be read") from error
    return answer


def chain_to_root(own: bytes, others: Iterable[bytes], roots: Sequence[bytes]) -> tuple[bytes, ...]:
    """`own` and those above it, DER, the root last. Unavailable if it does not lead to one of `roots`."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    known = {x509.load_der_x509_certificate(der): der for der in others}
    chain, at = [own], x509.load_der_x509_certificate(own)
    for _ in range(MAX_CHAIN):
        if chain[-1] in roots:
            return tuple(chain)
        for issuer, der in known.items():
            if issuer.subject != at.issuer:
                continue
            try:
                at.verify_directly_issued_by(issuer)
            except (InvalidSignature, ValueError, TypeError):
                continue
            chain.append(der)
            at = issuer
            break
        else:
            break
    raise Unavailable("a certificate that leads to no root of ours")


def _parts(body: bytes) -> list[_Part]:
    return [_Part(*one) for one in read(body)]


def _hash(algorithm: _Part, default: str = "") -> str:
    """The hash that an AlgorithmIdentifier names, by itself or with a kind of key; `default` where it names a key alone."""
    kind = _parts(algorithm.body)[0].whole
    found = next((name for name, one in _HASHES.items() if kind in (one, *_WITH[name])), default)
    if not found:
        raise Unavailable("a time-stamp with an algorithm that we do not know")
    return found


def _time(text: bytes) -> datetime:
    """A GeneralizedTime in UTC, to the second or finer (RFC 3161 section 2.4.2)."""
    whole, _, fraction = text.decode("ascii").removesuffix("Z").partition(".")
    at = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return at.replace(microsecond=int(fraction[:6].ljust(6, "0")) if fraction else 0)


def _names_itself(attributes: Mapping[bytes, bytes], hashed: bytes, own: bytes) -> None:
    if _parts(attributes[_MESSAGE_DIGEST])[0].body != hashed:
        raise Unavailable("a time-stamp whose signature is over something else")
    kind = _CERTIFICATE_2 if _CERTIFICATE_2 in attributes else _CERTIFICATE_1
    first = _parts(_parts(_parts(_parts(attributes[kind])[0].body)[0].body)[0].body)
    named = next(part.body for part in first if part.tag == 0x04)
    name = "sha1" if kind == _CERTIFICATE_1 else _hash(first[0]) if first[0].tag == 0x30 else "sha256"  # RFC 2634, 5035
    if named != hashlib.new(name, own, usedforsecurity=False).digest():
        raise Unavailable("a time-stamp that names another certificate")


def _right(certificate: "x509.Certificate", signature: bytes, over: bytes, hash_name: str = "sha256") -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    key = certificate.public_key()
    hash_: hashes.HashAlgorithm = getattr(hashes, hash_name.upper())()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, over, padding.PKCS1v15(), hash_)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, over, ec.ECDSA(hash_))
        else:
            raise Unavailable("an authority with a kind of key that we do not know")
    except InvalidSignature as error:
        raise Unavailable("an authority's signature is wrong") from error


def _for_time_stamps(certificate: "x509.Certificate", at: datetime) -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Unavailable("a certificate that is not for time-stamps alone")
    if not certificate.not_valid_before_utc <= at.astimezone(UTC) <= certificate.not_valid_after_utc:
        raise Unavailable("a time-stamp from outside its certificate's time")


def _responder(response: Any, issuer: "x509.Certificate") -> "x509.Certificate":
    """Who signed: the issuer, or one it issued for this alone."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.x509.oid import ExtendedKeyUsageOID

    for one in response.certificates:
        try:
            one.verify_directly_issued_by(issuer)
            usage = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
            continue
        if ExtendedKeyUsageOID.OCSP_SIGNING in usage:
            delegate: x509.Certificate = one
            return delegate
    return issuer
