"""A sealed letter without a PDF library: its bytes, the one signature over all of them, and the certificates in it.

What is proved is simple, and so is the proof. `valid` means, and only means:
1. the file has one /ByteRange, which leaves out nothing but the hexadecimal signature value itself: every other byte, the first
   to the last, is signed; what is left over in the value is zeros;
2. the CMS in it has one signer, no content of its own, and the signed attributes that PAdES wants: content type, digest of the
   bytes, the signing certificate (RFC 5035);
3. the signature over those attributes is right under that certificate;
4. the certificate leads, by right signatures, to a root that the checker was given; each was in force when the seal says it
   was made; the seal's may sign documents, the others may issue.
Revocation is not asked: that needs a network. A later revision (archive time-stamps, B-LTA) makes the file another one, of
which this check says "extended": the log's proof decides then.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chalicelib.proof.der import NotDer, read

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]")
_MADE = re.compile(rb"/M\s*\(D:(\d{14})([+\-Z])(?:(\d\d)'?(\d\d)?'?)?\)")
_STREAM = re.compile(rb"stream\r?\n")
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_CONTENT_TYPE, _DIGEST, _CERTIFICATE = (
    bytes.fromhex(one) for one in ("06092a864886f70d010903", "06092a864886f70d010904", "060b2a864886f70d010910022f")
)
_DATA = bytes.fromhex("06092a864886f70d010701")
MAX_RECEIPT = 1 << 20


class BadSeal(ValueError):
    """Not a letter with a right seal; says why."""


@dataclass(frozen=True)
class Sealed:
    """A seal that is right."""

    by: str
    at: datetime | None
    receipt: bytes  # `receipt.json` as embedded; empty if none was found


def check(pdf: bytes, roots: Sequence["Certificate"]) -> Sealed:
    """The seal of a letter. BadSeal, and nothing else, if it is not valid."""
    made = _made(pdf)
    try:
        signed, cms = parts(pdf)
        certificate = _signature(signed, cms)
        _leads_to(certificate, _certificates(cms), roots, made)
        return Sealed(_name(certificate), made, receipt(pdf))
    except BadSeal:
        raise
    except NotDer as error:
        raise BadSeal(str(error)) from error
    except Exception as error:
        raise BadSeal(type(error).__name__) from error


def parts(pdf: bytes) -> tuple[bytes, bytes]:
    """The signed bytes and the CMS. BadSeal unless the one range leaves out nothing but the signature's value."""
    ranges = _RANGE.findall(pdf)
    if not ranges:
        raise BadSeal("no seal")
    first, length, second, rest = map(int, ranges[-1])
    value = pdf[length:second]
    if len(ranges) > 1:
        raise BadSeal("extended: more than one seal")
    if first or not length < second or second + rest != len(pdf):
        raise BadSeal("the seal does not cover the whole file")
    if re.fullmatch(rb"<[0-9A-Fa-f]*>", value) is None or len(value) % 2:
        raise BadSeal("what the seal leaves out is more than its value")
    der = bytes.fromhex(value[1:-1].decode())
    _, _, cms = next(read(der), (0, b"", b""))
    if not cms or der[len(cms) :].strip(b"\0"):
        raise BadSeal("something is hidden behind the signature")
    return pdf[:length] + pdf[second:], cms


def _signed_data(cms: bytes) -> list[tuple[int, bytes, bytes]]:
    ((_, body, _),) = read(cms)
    (_, _, kind), (_, wrapped, _) = read(body)
    if kind != _SIGNED_DATA:
        raise BadSeal("not signed data")
    ((_, fields, _),) = read(wrapped)
    return list(read(fields))


def _certificates(cms: bytes) -> list["Certificate"]:
    from cryptography import x509

    return [
        x509.load_der_x509_certificate(whole)
        for tag, body, _ in _signed_data(cms)
        if tag == 0xA0
        for _, _, whole in read(body)
    ]


def _signature(signed: bytes, cms: bytes) -> "Certificate":
    """The certificate whose key made the one signature. BadSeal unless it is right over `signed`."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    fields = _signed_data(cms)
    if [whole for _, _, whole in read(fields[2][1])] != [_DATA]:
        raise BadSeal("the signature brings content of its own")
    signers = list(read(fields[-1][1]))
    if len(signers) != 1:
        raise BadSeal(f"{len(signers)} signers")
    parts_of = list(read(signers[0][1]))
    attributes = next(whole for tag, _, whole in parts_of if tag == 0xA0)
    signature = next(body for tag, body, _ in parts_of if tag == 0x04)
    values = _attributes(attributes)
    if values[_CONTENT_TYPE] != _DATA or values[_DIGEST][2:] != hashlib.sha256(signed).digest():
        raise BadSeal("the bytes are not those that were sealed")
    named = values[_CERTIFICATE]
    for certificate in _certificates(cms):
        if hashlib.sha256(_der(certificate)).digest() in named:
            break
    else:
        raise BadSeal("the signing certificate is not there")
    message, key = b"\x31" + attributes[1:], certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    else:
        raise BadSeal("another kind of key")
    return certificate


def _attributes(attributes: bytes) -> dict[bytes, bytes]:
    ((_, body, _),) = read(attributes)
    found: dict[bytes, bytes] = {}
    for _, attribute, _ in read(body):
        (_, _, kind), (_, values, _) = read(attribute)
        if kind in found:
            raise BadSeal("an attribute twice")
        found[kind] = values
    return found


def _der(certificate: "Certificate") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def _leads_to(
    certificate: "Certificate", others: Sequence["Certificate"], roots: Sequence["Certificate"], at: datetime | None
) -> None:
    from cryptography import x509

    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if not usage.content_commitment:
        raise BadSeal("the certificate may not seal documents")
    here = certificate
    for _ in range(8):
        if at and not here.not_valid_before_utc <= at <= here.not_valid_after_utc:
            raise BadSeal("a certificate was not in force when the seal was made")
        if any(_issued(here, root) for root in roots):
            return
        above = next((one for one in others if one != here and _issued(here, one)), None)
        if above is None:
            break
        here = above
    raise BadSeal("the seal is not of an office that is trusted here")


def _issued(certificate: "Certificate", authority: "Certificate") -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(authority)
        return authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return False


def _name(certificate: "Certificate") -> str:
    from cryptography.x509.oid import NameOID

    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _made(pdf: bytes) -> datetime | None:
    """When the seal says it was made (/M). It is signed with the rest."""
    found = _MADE.findall(pdf)
    if not found:
        return None
    text, sign, hours, minutes = found[-1]
    zone = f"{'+' if sign == b'Z' else sign.decode()}{(hours or b'00').decode()}{(minutes or b'00').decode()}"
    return datetime.strptime(text.decode() + zone, "%Y%m%d%H%M%S%z").astimezone(UTC)


def receipt(pdf: bytes) -> bytes:
    """`receipt.json` in a file all of whose bytes are proved, by its seal or by the log: the first stream that is a receipt."""
    for match in _STREAM.finditer(pdf):
        try:
            data = zlib.decompressobj().decompress(pdf[match.end() :], MAX_RECEIPT)
            value: Any = json.loads(data)
        except (zlib.error, ValueError, RecursionError):
            continue
        if isinstance(value, dict) and "application_number" in value and "files" in value:
            return data
    return b""
