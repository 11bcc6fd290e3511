"""Certificate requests (PKCS#10, RFC 2986) for keys that never leave their keeper: built in DER, signed by the keeper.

What is asked for is what readers want of a seal: digital signature and non-repudiation; document signing (RFC 9336) and
e-mail protection, without which common readers call a seal's certificate unfit.
"""

import base64
import re
import textwrap
from collections.abc import Mapping

from chalicelib.signing.cms import oid, tlv
from chalicelib.signing.model import Signer

SUBJECT = {"C": "2.5.4.6", "O": "2.5.4.10", "OU": "2.5.4.11", "L": "2.5.4.7", "CN": "2.5.4.3", "ORGID": "2.5.4.97"}
PRINTABLE = {"C"}
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_SHA256_RSA = tlv(0x30, oid("1.2.840.113549.1.1.11"), tlv(0x05))
_USAGE = tlv(0x03, b"\x06\xc0")  # digitalSignature, nonRepudiation
_USES = (oid("1.3.6.1.5.5.7.3.36"), oid("1.3.6.1.5.5.7.3.4"))


def request(public_key: bytes, subject: Mapping[str, str], signer: Signer) -> bytes:
    """The request, PEM. `public_key` is DER (SubjectPublicKeyInfo) of the key that `signer` keeps; `subject` has keys of
    `SUBJECT`. ValueError for another key, an empty value, or a country that is none."""
    if unknown := set(subject) - set(SUBJECT):
        raise ValueError(f"not parts of a subject: {sorted(unknown)}")
    if "CN" not in subject or not all(value.strip() for value in subject.values()):
        raise ValueError("a subject has a common name, and no part is empty")
    if "C" in subject and not _COUNTRY.fullmatch(subject["C"]):
        raise ValueError("a country is two capital letters (ISO 3166)")
    name = tlv(0x30, *(_part(kind, subject[kind]) for kind in SUBJECT if kind in subject))
    extensions = tlv(
        0x30,
        tlv(0x30, oid("2.5.29.15"), tlv(0x01, b"\xff"), tlv(0x04, _USAGE)),
        tlv(0x30, oid("2.5.29.37"), tlv(0x04, tlv(0x30, *_USES))),
    )
    wanted = tlv(0x30, oid("1.2.840.113549.1.9.14"), tlv(0x31, extensions))
    asked = tlv(0x30, tlv(0x02, b"\x00"), name, public_key, tlv(0xA0, wanted))
    whole = tlv(0x30, asked, _SHA256_RSA, tlv(0x03, b"\x00" + signer.sign(asked)))
    lines = "\n".join(textwrap.wrap(base64.b64encode(whole).decode("ascii"), 64))
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{lines}\n-----END CERTIFICATE REQUEST-----\n".encode()


def _part(kind: str, value: str) -> bytes:
    text = tlv(0x13, value.encode("ascii")) if kind in PRINTABLE else tlv(0x0C, value.encode())
    return tlv(0x31, tlv(0x30, oid(SUBJECT[kind]), text))
