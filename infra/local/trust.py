"""Test trust: a small certificate authority for local runs and tests. NOT FOR USE: every name in it says so.

Keys are made per `TestTrust` and live in memory only; the keys that sign letters and receipts stay in KMS and come here
as public keys. A real office asks a licensed authority for certificates with the same key usages.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

WARNING = "TEST TRUST, NOT FOR USE"
_DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
_MAX_NAME = 64  # bytes of UTF-8, to be safe; X.520 ub-common-name and ub-organization-name


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


def _small_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class TestTrust:
    """Root → issuing authority → certificates for given public keys; time-stamps under the root, OCSP under the issuing
    authority. Valid from a day before `now`, the authorities for ten times as long."""

    __test__ = False  # not a test class, whatever its name

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    days: int = 730
    responder_url: str = "http://ocsp.tra.invalid/"  # in certificates, for checkers; empty: none is named
    root_key: rsa.RSAPrivateKey = field(default_factory=_key, repr=False)
    issuing_key: rsa.RSAPrivateKey = field(default_factory=_key, repr=False)
    stamping_key: ec.EllipticCurvePrivateKey = field(default_factory=_small_key, repr=False)
    responder_key: ec.EllipticCurvePrivateKey = field(default_factory=_small_key, repr=False)

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
        )
        if self.responder_url:
            seal = seal.add_extension(_asked_at(self.responder_url), critical=False)
        middle = self._authority(issuing, root, self.issuing_key.public_key(), self.root_key, path=0)
        return _pem(seal.sign(self.issuing_key, hashes.SHA256())) + _pem(middle) + self.roots()

    @cached_property
    def stamping_certificate(self) -> x509.Certificate:
        """The time-stamp authority's."""
        return self._service(
            "time-stamps", f"Tra root, {WARNING}", self.stamping_key, self.root_key, ExtendedKeyUsageOID.TIME_STAMPING
        )

    @cached_property
    def responder_certificate(self) -> x509.Certificate:
        """The OCSP responder's: it need not be asked about itself."""
        return self._service(
            "responder", f"Tra issuing, {WARNING}", self.responder_key, self.issuing_key, ExtendedKeyUsageOID.OCSP_SIGNING
        )

    def _service(
        self, what: str, issuer: str, key: ec.EllipticCurvePrivateKey, by: rsa.RSAPrivateKey, usage: x509.ObjectIdentifier
    ) -> x509.Certificate:
        built = (
            self._begin(_name(f"Tra {what}, {WARNING}"), _name(issuer), key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
            .add_extension(_issued_by(by.public_key()), critical=False)
        )
        if usage == ExtendedKeyUsageOID.OCSP_SIGNING:
            built = built.add_extension(x509.OCSPNoCheck(), critical=False)
        return built.sign(by, hashes.SHA256())

    def _begin(
        self, subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, times: int = 1
    ) -> x509.CertificateBuilder:
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
            .not_valid_after(self.now + timedelta(days=times * self.days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )

    def _authority(
        self, subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, by: rsa.RSAPrivateKey, *, path: int
    ) -> x509.Certificate:
        return (
            self._begin(subject, issuer, key, times=10)
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


def _asked_at(url: str) -> x509.AuthorityInformationAccess:
    place = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))
    return x509.AuthorityInformationAccess([place])


def _issued_by(key: rsa.RSAPublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
