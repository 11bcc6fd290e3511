"""What the public can check, with nothing but what it was given: the receipt, the letter, the files it sent, the dossier.

No store is looked at. The receipt's signature is verified here by the CMS standard's own steps (RFC 5652, 5.4 to 5.6), the
letter's by the strict check for readers; then every digest is followed: files sent → receipt → letter → dossier.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from chalicelib.signing.check import check_sealed
from chalicelib.signing.levels import sealed_bytes
from tests.fakes import NOON


class NotAsPromised(AssertionError):
    """What the public was given does not hang together."""


def hold(condition: object, what: str) -> None:
    """NotAsPromised unless."""
    if not condition:
        raise NotAsPromised(what)


def check_receipt(answer: Mapping[str, Any], roots: bytes, sent: Mapping[str, bytes]) -> dict[str, Any]:
    """The receipt in an answer to a submission: its signature, and its lines against the files sent (by media type and
    digest). Answers the receipt."""
    receipt = str(answer["receipt"]).encode()
    hold(hashlib.sha256(receipt).hexdigest() == answer["receipt_sha256"], "the receipt is not the one it says")
    check_detached(receipt, base64.b64decode(answer["signature"]["value"]), roots)
    said: dict[str, Any] = json.loads(receipt)
    hold(said["application_number"]["display"] == answer["application_number"], "two numbers")
    lines = {line["sha256"]: line["size"] for line in said["files"]}
    hold(lines == {digest(body): len(body) for body in sent.values()}, "the receipt lists other files than were sent")
    return said


def check_detached(content: bytes, signature: bytes, roots: bytes) -> None:
    """A detached CMS signature over `content` by somebody under `roots`."""
    info = cms.ContentInfo.load(signature, strict=True)
    hold(info["content_type"].native == "signed_data", "not signed data")
    signed = info["content"]
    (signer,) = signed["signer_infos"]
    attributes = {one["type"].native: one["values"] for one in signer["signed_attrs"]}
    hold(attributes["message_digest"][0].native == hashlib.sha256(content).digest(), "signed was something else")
    chain = [x509.load_der_x509_certificate(one.chosen.dump()) for one in signed["certificates"]]
    serial = signer["sid"].chosen["serial_number"].native
    (own,) = [one for one in chain if one.serial_number == serial]
    as_signed = signer["signed_attrs"].untag().dump()
    _rsa(own).verify(signer["signature"].native, as_signed, padding.PKCS1v15(), hashes.SHA256())
    _leads_to_root(own, chain, x509.load_pem_x509_certificates(roots))


def check_letter(pdf: bytes, roots: bytes, receipt: bytes) -> None:
    """The sealed letter, and the receipt embedded in it, which must be the very one that was answered."""
    report = check_sealed(pdf, roots, at=NOON)
    hold(report.valid, f"the seal does not hold: {report}")
    hold(receipt in [body for _, body in report.attachments], "the letter does not carry the receipt")


def check_dossier(files: Mapping[str, bytes], receipt: bytes, letter: bytes, sent: Mapping[str, bytes]) -> None:
    """What the registry laid out holds the very bytes: receipt, every file, and what the letter's seal covers."""
    lying = {digest(body) for body in files.values()}
    for name, body in {"receipt": receipt, **sent}.items():
        hold(digest(body) in lying, f"{name} is not in the dossier")
    sealed = {sealed_bytes(body) for body in files.values() if body.startswith(b"%PDF") and b"/ByteRange" in body}
    hold(sealed_bytes(letter) in sealed, "the letter is not in the dossier: neither as it is, nor at another level")


def digest(body: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def _rsa(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def _leads_to_root(own: x509.Certificate, chain: list[x509.Certificate], roots: list[x509.Certificate]) -> None:
    for _ in range(5):
        hold(own.not_valid_before_utc <= NOON <= own.not_valid_after_utc, "a certificate is out of its time")
        if own in roots:
            return
        above = [one for one in (*chain, *roots) if one.subject == own.issuer]
        hold(above, "the chain ends nowhere")
        own.verify_directly_issued_by(above[0])
        own = above[0]
    raise NotAsPromised("the chain has no end")
