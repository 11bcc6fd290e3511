"""People who sign PDFs: an authority of their own, certificates, a program that signs. Never what the product uses."""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fakes import NOON

YEAR = timedelta(days=365)
DER = serialization.Encoding.DER


@dataclass(frozen=True)
class Authority:
    """An authority that names signers: its root is on the office's list, or is not."""

    name: str = "Test Signers' Root"

    @cached_property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """Its key."""
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def certificate(self) -> x509.Certificate:
        """Its root."""
        return self._issue(self.name, self.key.public_key(), NOON - 5 * YEAR, NOON + 10 * YEAR, root=True)

    @property
    def pem(self) -> str:
        """Its root, as an office keeps it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def signer(self, name: str = "Sok Sophea", *, ends: datetime = NOON + YEAR, commits: bool = True) -> "Person":
        """Somebody with a key and a certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Person(key, self._issue(name, key.public_key(), NOON - 2 * YEAR, ends, commits=commits), self)

    def _issue(
        self, name: str, key: Any, first: datetime, last: datetime, *, root: bool = False, commits: bool = True
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        usage = x509.KeyUsage(
            digital_signature=not root, content_commitment=commits and not root, key_cert_sign=root, crl_sign=root,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        made = x509.CertificateBuilder(
            issuer, subject, key, x509.random_serial_number(), first, last
        ).add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        return made.add_extension(usage, critical=True).sign(self.key, hashes.SHA256())


@dataclass(frozen=True)
class Person:
    """A signer."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    authority: Authority

    @property
    def sha256(self) -> str:
        """Of the certificate."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def sign(self, pdf: bytes, *, field: str = "Signature1", at: datetime = NOON, pades: bool = True, **meta: Any) -> bytes:
        """The PDF, signed in one more revision."""
        from asn1crypto import keys
        from asn1crypto import x509 as asn1
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import signers
        from pyhanko.sign.fields import SigSeedSubFilter
        from pyhanko_certvalidator.registry import SimpleCertificateStore

        made: Any = SimpleCertificateStore
        store = made()
        store.register(asn1.Certificate.load(self.authority.certificate.public_bytes(DER)))
        own = keys.PrivateKeyInfo.load(
            self.key.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        signer = signers.SimpleSigner(
            signing_cert=asn1.Certificate.load(self.certificate.public_bytes(DER)), signing_key=own, cert_registry=store
        )
        kind = SigSeedSubFilter.PADES if pades else SigSeedSubFilter.ADOBE_PKCS7_DETACHED
        said = signers.PdfSignatureMetadata(field_name=field, subfilter=kind, md_algorithm="sha256", **meta)
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
        out = signers.PdfSigner(said, signer).sign_pdf(writer)
        return bytes(out.getvalue())


def pdf_objects() -> Any:
    """PyHanko's kinds of PDF objects."""
    from pyhanko.pdf_utils import generic

    return generic


def appended(pdf: bytes, change: Any) -> bytes:
    """One more revision, in which `change(writer)` changes something."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    out = io.BytesIO(pdf)
    writer: Any = IncrementalPdfFileWriter(out, strict=False)
    change(writer)
    writer.write_in_place()
    return out.getvalue()
