"""Is a chain fit to be installed for a key? Every fault at once, in words for the person at the ceremony."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.kernel.errors import Unavailable
from chalicelib.signing.answers import chain_to_root

if TYPE_CHECKING:
    from cryptography import x509

SOON = timedelta(days=60)


def faults(chain: tuple[bytes, ...], public_key: bytes, at: datetime) -> tuple[str, ...]:
    """What is wrong with `chain` (DER: the key's certificate, those above it, the root last) for the key `public_key`."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    certificates = [x509.load_der_x509_certificate(der) for der in chain]
    own, root = certificates[0], certificates[-1]
    found = []
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    if own.public_key().public_bytes(serialization.Encoding.DER, form) != public_key:
        found.append("the first certificate is for another key")
    if root.issuer != root.subject:
        found.append("the last certificate is not a root: add it")
    try:
        if chain_to_root(chain[0], chain, (chain[-1],)) != chain:
            found.append("the certificates are not in order, or one is not needed")
    except Unavailable:
        found.append("the first certificate does not lead to the last")
    found += [
        f"not valid now: {one.subject.rfc4514_string()}"
        for one in certificates
        if not one.not_valid_before_utc <= at <= one.not_valid_after_utc
    ]
    if own.not_valid_after_utc - at < SOON:
        found.append("the certificate ends within sixty days")
    return (*found, *_uses(own))


def _uses(own: "x509.Certificate") -> list[str]:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    found = []
    try:
        usage = own.extensions.get_extension_for_class(x509.KeyUsage).value
        if not usage.content_commitment:
            found.append("the certificate is not for non-repudiation")
    except x509.ExtensionNotFound:
        found.append("the certificate does not say what the key is for")
    try:
        uses = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if ExtendedKeyUsageOID.EMAIL_PROTECTION not in uses:
            found.append("without e-mail protection common readers call the seal's certificate unfit")
    except x509.ExtensionNotFound:
        pass
    return found
