"""Time-stamps, OCSP answers and lists of revoked certificates of the test trust: in process, or over HTTP on loopback.

NOT FOR USE: its keys live in memory, and its certificates say what they are. As strict as a real one where it matters: every
answer is signed anew, tells its own time, and can be made to say that a certificate is revoked.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from chalicelib.kernel.errors import Unavailable
from chalicelib.proof.der import read
from chalicelib.signing import answers
from chalicelib.signing.answers import Stamp, Status
from chalicelib.signing.cms import Chain, oid, tlv
from infra.local.trust import TestTrust

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_DATA, _SIGNED = oid("1.2.840.113549.1.9.16.1.4"), oid("1.2.840.113549.1.7.2")
_SHA256 = tlv(0x30, oid("2.16.840.1.101.3.4.2.1"))
_ECDSA = tlv(0x30, oid("1.2.840.10045.4.3.2"))
_POLICY = oid("1.3.6.1.4.1.99999.1")  # of nobody
MAX_QUESTION = 65_536


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class TestAuthority:
    """`signing.authorities.TimeStamps` and `States`. `down`: it answers nothing. `cached_at`: OCSP answers are this old."""

    __test__ = False  # not a test class, whatever its name

    trust: TestTrust
    clock: Callable[[], datetime] = _now
    down: bool = False
    cached_at: datetime | None = None
    revoked: set[int] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    # ------------------------------------------------------------------ in process

    def stamp(self, digest: bytes) -> Stamp:
        """See `TimeStamps`: asked and checked as over a wire."""
        nonce = secrets.randbits(63)
        return answers.stamp(self.time_stamp(answers.question(digest, nonce)), digest, nonce, self.roots)

    def status(self, certificate: bytes, issuer: bytes) -> Status:
        """See `States`."""
        return answers.status(self.ocsp(answers.ocsp_question(certificate, issuer)), certificate, issuer)

    def lists(self) -> tuple[bytes, ...]:
        """See `States`."""
        return (answers.revocation_list(self.crl()),)

    @cached_property
    def roots(self) -> tuple[bytes, ...]:
        """The root, DER."""
        return Chain.from_pem(self.trust.roots()).certificates

    # ------------------------------------------------------------------ what goes over the wire

    def time_stamp(self, question: bytes) -> bytes:
        """A TimeStampResp to a TimeStampReq."""
        self._answering("stamp")
        ((_, body, _),) = read(question)
        _, imprint, number, *_ = (whole for _, _, whole in read(body))
        return tlv(0x30, tlv(0x30, tlv(0x02, b"\x00")), self.token(imprint, number))

    def token(self, imprint: bytes, number: bytes) -> bytes:
        """A token over a MessageImprint."""
        at = self.clock().astimezone(UTC)
        told = tlv(
            0x30, tlv(0x02, b"\x01"), _POLICY, imprint, tlv(0x02, b"\x01" + secrets.token_bytes(8)),
            tlv(0x18, f"{at:%Y%m%d%H%M%SZ}".encode()), number,
        )  # fmt: skip
        chain = Chain((self.trust.stamping_certificate.public_bytes(serialization.Encoding.DER),))
        own = tlv(0x30, tlv(0x04, hashlib.sha256(chain.certificates[0]).digest()))
        attributes = sorted(
            tlv(0x30, oid(kind), tlv(0x31, value))
            for kind, value in (
                ("1.2.840.113549.1.9.3", _DATA),
                ("1.2.840.113549.1.9.4", tlv(0x04, hashlib.sha256(told).digest())),
                ("1.2.840.113549.1.9.16.2.47", tlv(0x30, tlv(0x30, own))),
            )
        )
        signature = self.trust.stamping_key.sign(tlv(0x31, *attributes), ec.ECDSA(hashes.SHA256()))
        signer = tlv(
            0x30, tlv(0x02, b"\x01"), tlv(0x30, *chain.issuer_and_serial), _SHA256, tlv(0xA0, *attributes), _ECDSA,
            tlv(0x04, signature),
        )  # fmt: skip
        content = tlv(0x30, _DATA, tlv(0xA0, tlv(0x04, told)))
        certificates = tlv(0xA0, *chain.certificates)
        signed = tlv(0x30, tlv(0x02, b"\x03"), tlv(0x31, _SHA256), content, certificates, tlv(0x31, signer))
        return tlv(0x30, _SIGNED, tlv(0xA0, signed))

    def ocsp(self, question: bytes) -> bytes:
        """An OCSPResponse to an OCSPRequest about a certificate that the issuing authority made."""
        self._answering("ocsp")
        asked = ocsp.load_der_ocsp_request(question)
        at = self.cached_at or self.clock()
        gone = asked.serial_number in self.revoked
        response = (
            ocsp.OCSPResponseBuilder()
            .add_response_by_hash(
                issuer_name_hash=asked.issuer_name_hash,
                issuer_key_hash=asked.issuer_key_hash,
                serial_number=asked.serial_number,
                algorithm=hashes.SHA1(),  # noqa: S303 - names, not proof
                cert_status=ocsp.OCSPCertStatus.REVOKED if gone else ocsp.OCSPCertStatus.GOOD,
                this_update=at,
                next_update=at + timedelta(days=7),
                revocation_time=at - timedelta(days=1) if gone else None,
                revocation_reason=x509.ReasonFlags.key_compromise if gone else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.trust.responder_certificate)
            .certificates([self.trust.responder_certificate])
            .sign(self.trust.responder_key, hashes.SHA256())
        )
        return response.public_bytes(serialization.Encoding.DER)

    def crl(self) -> bytes:
        """The root's list: nothing it issued is revoked."""
        self._answering("crl")
        at = self.clock()
        root = x509.load_pem_x509_certificate(self.trust.roots())
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(root.subject)
            .last_update(at - timedelta(hours=1))
            .next_update(at + timedelta(days=30))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.trust.root_key.public_key()), False)
            .add_extension(x509.CRLNumber(int(at.timestamp())), critical=False)
            .sign(self.trust.root_key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.DER)

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """WSGI: POST /tsa, POST /ocsp, GET /crl."""
        length = min(int(environ.get("CONTENT_LENGTH") or 0), MAX_QUESTION)
        body = environ["wsgi.input"].read(length)
        try:
            match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
                case "POST", "/tsa":
                    answer, media_type = self.time_stamp(body), "application/timestamp-reply"
                case "POST", "/ocsp":
                    answer, media_type = self.ocsp(body), "application/ocsp-response"
                case "GET", "/crl":
                    answer, media_type = self.crl(), "application/pkix-crl"
                case _:
                    start("404 Not Found", [("Content-Length", "0")])
                    return [b""]
        except (Unavailable, ValueError):
            start("503 Service Unavailable", [("Content-Length", "0")])
            return [b""]
        start("200 OK", [("Content-Type", media_type), ("Content-Length", str(len(answer)))])
        return [answer]

    def _answering(self, what: str) -> None:
        self.asked.append(what)
        if self.down:
            raise Unavailable("the test authority is down")
