"""Test trust: a small certificate authority for local runs and tests. NOT FOR USE: every name in it says so.

Keys are made per `TestTrust` and live in memory only; the keys that sign letters and receipts stay in KMS and come here
as public keys. A real office asks a licensed authority for certificates with the same key usages.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

WARNING = "TEST TRUST, NOT FOR USE"
_DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
_MAX_NAME = 64  # bytes of UTF-8, to be safe; X.520 ub-common-name and ub-organization-name


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


@dataclass(frozen=True)
class TestTrust:
    """Root → issuing authority → certificates for given public keys. Valid from a day before `now`."""

    __test__ = False  # not a test class, whatever its name

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    days: int = 730
    root_key: rsa.RSAPrivateKey = field(default_factory=_key, repr=False)
    issuing_key: rsa.RSAPrivateKey = field(default_factory=_key, repr=False)

    def roots(self) -> bytes:
        """The root certificate, PEM: what a checker is told to trust."""
        name = _name(f"Tra root, {WARNING}")
        return _pem(self._authority(name, name, self.root_key.public_key(), self.root_key, path=1))

    def issue_seal_certificate(self, public_key_pem: bytes, office_name: str) -> bytes:
        """PEM chain for a seal or receipt key: its certificate, the issuing authority's, the root's."""
        key = serialization.load_pem_public_key(public_key_pem)
        if not isinstance(key, rsa.RSAPublicKey):
            raise ValueError("seals and receipts are signed with RSA")  # noqa: TRY004 - the value is wrong, not its type
        root, issuing = _name(f"Tra root, {WARNING}"), _name(f"Tra issuing, {WARNING}")
        usages = [_DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]
        seal = (
            self._begin(_name(_common_name(office_name), office_name), issuing, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(_issued_by(self.issuing_key.public_key()), critical=False)
            .sign(self.issuing_key, hashes.SHA256())
        )
        middle = self._authority(issuing, root, self.issuing_key.public_key(), self.root_key, path=0)
        return _pem(seal) + _pem(middle) + self.roots()

    def _begin(self, subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey) -> x509.CertificateBuilder:
        serial = hashes.Hash(hashes.SHA256())
        serial.update(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
        serial.update(subject.public_bytes() + issuer.public_bytes())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(int.from_bytes(serial.finalize()[:15], "big") | 1)  # the same request, the same certificate
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=self.days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )

    def _authority(
        self, subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, by: rsa.RSAPrivateKey, *, path: int
    ) -> x509.Certificate:
        return (
            self._begin(subject, issuer, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(_issued_by(by.public_key()), critical=False)
            .sign(by, hashes.SHA256())
        )


def _common_name(office_name: str) -> str:
    room = _MAX_NAME - len(WARNING) - 3
    return f"{_short(office_name, room)} ({WARNING})"


def _short(text: str, room: int) -> str:
    return text.encode()[:room].decode(errors="ignore").strip()


def _name(common: str, organisation: str = "Tra local office") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _short(organisation, _MAX_NAME)),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=signs,
        key_cert_sign=not signs,
        crl_sign=not signs,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issued_by(key: rsa.RSAPublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
