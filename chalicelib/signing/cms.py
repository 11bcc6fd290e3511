"""Detached CMS signatures (RFC 5652) built byte by byte: CAdES/PAdES B-B, for letters and for receipts alike.

- Needs nothing but the standard library, so that the functions that answer HTTP carry no signing packages.
- What the key signs are the signed attributes (about 230 bytes), never the document: any size fits a 4,096-byte limit.
- Signed attributes: content type, message digest, signing certificate v2 (RFC 5035). No signing time: in a PDF the time
  stands in /M (ETSI EN 319 142-1), in a receipt it stands in the receipt.
- RSASSA-PKCS1-v1_5 is deterministic: the same content and key give the same bytes.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property

from chalicelib.proof.der import read
from chalicelib.signing.model import Signer

MEDIA_TYPE = "application/pkcs7-signature"

_SEQUENCE, _SET, _OCTETS, _INTEGER, _OID, _NULL = 0x30, 0x31, 0x04, 0x02, 0x06, 0x05
_VERSION, _ATTRIBUTES, _CERTIFICATES, _DIRECTORY_NAME, _UNSIGNED = 0xA0, 0xA0, 0xA0, 0xA4, 0xA1
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END CERTIFICATE-----")


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER value: tag, definite length, the parts joined (X.690 section 8.1, 10.1)."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def oid(dotted: str) -> bytes:
    """An object identifier (X.690 section 8.19)."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    body = bytearray()
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        body += bytes(reversed(septets))
    return tlv(_OID, bytes(body))


_DATA = oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE = oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = oid("1.2.840.113549.1.9.16.2.47")
_TIME_STAMP = oid("1.2.840.113549.1.9.16.2.14")
_SHA256 = tlv(_SEQUENCE, oid("2.16.840.1.101.3.4.2.1"))  # no parameters: RFC 5754 section 2
_RSA = tlv(_SEQUENCE, oid("1.2.840.113549.1.1.1"), tlv(_NULL))  # RFC 3370 section 3.2
_ONE = tlv(_INTEGER, b"\x01")


@dataclass(frozen=True)
class Chain:
    """A signer's certificate and those above it, as DER, the signer's first. Encoded once, used for every signature."""

    certificates: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not self.certificates:
            raise ValueError("a chain holds at least the signer's certificate")

    @classmethod
    def from_pem(cls, pem: bytes) -> "Chain":
        """From PEM text, the signer's certificate first. ValueError if there is none."""
        return cls(tuple(base64.b64decode(b"".join(body.split())) for body in _PEM.findall(pem)))

    @cached_property
    def issuer_and_serial(self) -> tuple[bytes, bytes]:
        """The issuer's name and the serial number of the signer's certificate, encoded as they stand in it."""
        ((_, certificate, _),) = read(self.certificates[0])
        _, body, _ = next(read(certificate))
        fields = [(tag, whole) for tag, _, whole in read(body)]
        if fields[0][0] == _VERSION:
            fields = fields[1:]
        return fields[2][1], fields[0][1]

    @cached_property
    def embedded(self) -> tuple[bytes, ...]:
        """What goes into a signature: all but the root, which a checker must have of its own (the signer's stays)."""
        kept = [der for index, der in enumerate(self.certificates) if index == 0 or not _self_issued(der)]
        return tuple(sorted(kept))


def sign(digest: bytes, *, chain: Chain, signer: Signer) -> bytes:
    """The DER of a detached CMS signature over content whose SHA-256 is `digest` (32 bytes)."""
    attributes = signed_attributes(digest, chain)
    return signed_data(attributes, signer.sign(tlv(_SET, *attributes)), chain)


def sign_detached(payload: bytes, *, chain: Chain, signer: Signer) -> bytes:
    """The DER of a detached CMS signature over `payload`, of any size. Check it with
    `openssl cms -verify -binary -inform DER -in SIGNATURE -content PAYLOAD -CAfile ROOT -purpose any -cades`."""
    return sign(hashlib.sha256(payload).digest(), chain=chain, signer=signer)


def signed_attributes(digest: bytes, chain: Chain) -> list[bytes]:
    """The three signed attributes, sorted as DER wants a SET OF (X.690 section 11.6)."""
    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError("a SHA-256 digest has 32 bytes")
    issuer, serial = chain.issuer_and_serial
    own = tlv(_OCTETS, hashlib.sha256(chain.certificates[0]).digest())
    names = tlv(_SEQUENCE, tlv(_DIRECTORY_NAME, issuer))
    identifier = tlv(_SEQUENCE, own, tlv(_SEQUENCE, names, serial))  # hash algorithm left out: SHA-256 is the default
    return sorted(
        (
            _attribute(_CONTENT_TYPE, _DATA),
            _attribute(_MESSAGE_DIGEST, tlv(_OCTETS, digest)),
            _attribute(_SIGNING_CERTIFICATE_V2, tlv(_SEQUENCE, tlv(_SEQUENCE, identifier))),
        )
    )


def signed_data(attributes: list[bytes], signature: bytes, chain: Chain) -> bytes:
    """ContentInfo with SignedData (RFC 5652 section 5.1), content left out."""
    signer_info = tlv(
        _SEQUENCE,
        _ONE,
        tlv(_SEQUENCE, *chain.issuer_and_serial),
        _SHA256,
        tlv(_ATTRIBUTES, *attributes),
        _RSA,
        tlv(_OCTETS, signature),
    )
    body = tlv(
        _SEQUENCE,
        _ONE,
        tlv(_SET, _SHA256),
        tlv(_SEQUENCE, _DATA),
        tlv(_CERTIFICATES, *chain.embedded),
        tlv(_SET, signer_info),
    )
    return tlv(_SEQUENCE, _SIGNED_DATA, tlv(0xA0, body))


def signature_value(cms: bytes) -> bytes:
    """The signature itself, over which a time-stamp is taken (RFC 3161 appendix A). ValueError if this is no CMS of ours."""
    return _signer_info(cms)[1][5][1]


def with_time_stamp(cms: bytes, token: bytes) -> bytes:
    """The same signature with a time-stamp token beside it, as its only unsigned attribute."""
    data, signer_info = _signer_info(cms)
    if len(signer_info) != 6:
        raise ValueError("the signature carries something unsigned already")
    unsigned = tlv(_UNSIGNED, _attribute(_TIME_STAMP, token))
    signed = tlv(_SET, tlv(_SEQUENCE, *(whole for _, _, whole in signer_info), unsigned))
    return tlv(_SEQUENCE, _SIGNED_DATA, tlv(0xA0, tlv(_SEQUENCE, *data[:-1], signed)))


def time_stamp(cms: bytes) -> bytes:
    """The time-stamp token beside the signature. ValueError if there is none."""
    _, signer_info = _signer_info(cms)
    if len(signer_info) != 7:
        raise ValueError("a signature without a time-stamp")
    ((_, attribute, _),) = read(signer_info[6][1])
    _, (_, token, _) = read(attribute)
    return token


def _signer_info(cms: bytes) -> tuple[list[bytes], list[tuple[int, bytes, bytes]]]:
    """The parts of SignedData, and those of its one SignerInfo."""
    _, content, _ = next(read(cms))
    _, inner = (body for _, body, _ in read(content))
    _, signed_data_, _ = next(read(inner))
    parts = list(read(signed_data_))
    ((_, signer, _),) = read(parts[-1][1])
    return [whole for _, _, whole in parts], list(read(signer))


def _attribute(kind: bytes, value: bytes) -> bytes:
    return tlv(_SEQUENCE, kind, tlv(_SET, value))


def _self_issued(der: bytes) -> bool:
    ((_, certificate, _),) = read(der)
    _, body, _ = next(read(certificate))
    fields = [(tag, whole) for tag, _, whole in read(body)]
    fields = fields[1:] if fields[0][0] == _VERSION else fields
    return fields[2][1] == fields[4][1]
