"""Checks the detached seal over a package: a CMS signature (RFC 5652) of the office, under roots that one trusts.

1. Signed data, of one signer, with nothing inside (the content is given beside it).
2. The signed attributes name the content's SHA-256 (message digest) and its type (data).
3. The signature over the attributes, as a SET, is by the signer's key: RSA, PKCS#1 v1.5, SHA-256. No other algorithm passes.
4. The signer's certificate leads to a trusted root through the certificates that came along, each valid at the time given.
Nothing is asked of a network; whether a certificate was revoked is not known here. Needs `cryptography` and no more.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.kernel.errors import Corrupt

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_SEAL = 100_000  # bytes
MAX_CHAIN = 6
_ONE = b"\x02\x01\x01"
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_DATA = bytes.fromhex("2a864886f70d010701")
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SHA256 = tuple(map(bytes.fromhex, ("300b0609608648016503040201", "300d06096086480165030402010500")))  # RFC 5754 section 2
_RSA = tuple(map(bytes.fromhex, ("300d06092a864886f70d0101010500", "300d06092a864886f70d01010b0500")))  # RFC 3370, RFC 5754
_NO_CONTENT = bytes.fromhex("300b06092a864886f70d010701")


@dataclass(frozen=True)
class _Value:
    """One DER value."""

    tag: int
    body: bytes
    whole: bytes

    def parts(self) -> list["_Value"]:
        """The values inside."""
        return list(_read(self.body))


@dataclass(frozen=True)
class TrustedSeals:
    """Seals of offices under `roots` (PEM)."""

    roots: bytes

    def __call__(self, content: bytes, seal: bytes, at: datetime) -> None:
        """Corrupt unless `seal` is a good one over `content`, by a certificate valid at `at`."""
        if len(seal) > MAX_SEAL:
            raise Corrupt("the seal is too large to be one")
        try:
            self._check(content, seal, at)
        except Corrupt:
            raise
        except Exception as error:  # hostile DER and certificates make parsers raise all sorts of things
            raise Corrupt("the seal cannot be read") from error

    def _check(self, content: bytes, seal: bytes, at: datetime) -> None:
        from cryptography import x509

        (information,) = _read(seal)
        kind, wrapped = information.parts()
        (signed,) = wrapped.parts()
        shape = (information.tag, kind.tag, wrapped.tag, signed.tag)
        _hold(shape == (0x30, 0x06, 0xA0, 0x30) and kind.body == _SIGNED_DATA, "it is not signed data")
        version, algorithms, inside, *rest = signed.parts()
        _hold((version.whole, algorithms.tag) == (_ONE, 0x31), "it is of a form unknown here")
        (named,) = algorithms.parts()
        _hold(named.whole in _SHA256, "its algorithm is none of ours")
        _hold(inside.whole == _NO_CONTENT, "it has content of its own")
        (signers,) = [one for one in rest if one.tag == 0x31]
        (signer,) = signers.parts()
        one, who, digest, attributes, algorithm, signature, *_ = signer.parts()
        issuer, serial = who.parts()
        tags = (signer.tag, who.tag, issuer.tag, serial.tag, signature.tag)
        _hold(one.whole == _ONE and tags == (0x30, 0x30, 0x30, 0x02, 0x04), "it is of a form unknown here")
        _hold(attributes.tag == 0xA0, "it has no signed attributes")
        _hold(digest.whole in _SHA256 and algorithm.whole in _RSA, "its algorithm is none of ours")
        said: dict[bytes, list[_Value]] = {}
        for one in attributes.parts():
            name, values = one.parts()
            _hold(name.body not in said, "an attribute stands there twice")
            said[name.body] = values.parts()
        (type_,), (own,) = said.get(_CONTENT_TYPE, []), said.get(_MESSAGE_DIGEST, [])
        _hold(type_.body == _DATA and own.body == hashlib.sha256(content).digest(), "it is over something else")
        chain = [x509.load_der_x509_certificate(one.whole) for bag in rest if bag.tag == 0xA0 for one in bag.parts()]
        wanted = int.from_bytes(serial.body, "big", signed=True)
        (certificate,) = [
            one for one in chain if one.serial_number == wanted and one.issuer.public_bytes() == issuer.whole
        ]
        _signed_by(certificate, signature.body, b"\x31" + attributes.whole[1:])
        self._trusted(certificate, chain, at)

    def _trusted(self, certificate: "Certificate", chain: "list[Certificate]", at: datetime) -> None:
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature

        roots = x509.load_pem_x509_certificates(self.roots)
        for _ in range(MAX_CHAIN):
            valid = certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
            _hold(valid, "a certificate was out of its time")
            if certificate in roots:
                return
            above = [one for one in (*roots, *chain) if one.subject == certificate.issuer and one != certificate]
            _hold(above, "its certificate is under no root that is trusted here")
            _hold(_may_issue(above[0]), "a certificate was issued by one that may not")
            try:
                certificate.verify_directly_issued_by(above[0])
            except InvalidSignature as error:
                raise Corrupt("the seal does not hold: a certificate was not issued by the one above it") from error
            certificate = above[0]
        raise Corrupt("the seal does not hold: its certificates have no end")


def _signed_by(certificate: "Certificate", signature: bytes, message: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise Corrupt("the seal does not hold: its key is none of ours")
    try:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise Corrupt("the seal does not hold: it was not made by its certificate's key") from error


def _may_issue(certificate: "Certificate") -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _hold(condition: object, what: str) -> None:
    if not condition:
        raise Corrupt(f"the seal does not hold: {what}")


def _read(data: bytes) -> Iterator[_Value]:
    """Each value in `data`. ValueError if it is cut short or of indefinite length (X.690 section 10.1)."""
    at = 0
    while at < len(data):
        start, tag, size, at = at, data[at], data[at + 1], at + 2
        if size == 0x80 or size > 0x84:
            raise ValueError("not a definite length")
        if size > 0x80:
            count = size - 0x80
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + size > len(data):
            raise ValueError("cut short")
        yield _Value(tag, data[at : at + size], data[start : at + size])
        at += size
