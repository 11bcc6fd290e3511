"""A certificate request is signed by the key it asks for; a chain is installed only if it is fit for the key."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chalicelib.signing import chain_check, csr
from chalicelib.signing.cms import Chain
from infra.ceremony.__main__ import subject_of
from infra.local.trust import TestTrust
from tests.unit.signing.keys import LocalSigner

SUBJECT = {"C": "KH", "O": "នាយកដ្ឋានកម្មសិទ្ធិឧស្សាហកម្ម", "CN": "Seal of the Department"}


def public(signer: LocalSigner) -> bytes:
    key = serialization.load_pem_public_key(signer.public_key_pem())
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_the_request_proves_the_key_and_asks_for_the_uses_of_a_seal(signer: LocalSigner, tmp_path: Path) -> None:
    pem = csr.request(public(signer), SUBJECT, signer)
    read = x509.load_pem_x509_csr(pem)
    (tmp_path / "seal.csr").write_bytes(pem)
    said = subprocess.run(  # noqa: S603 - our own file
        ["openssl", "req", "-verify", "-noout", "-in", str(tmp_path / "seal.csr")],  # noqa: S607
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert read.is_signature_valid
    assert read.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == SUBJECT["O"]
    assert read.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment
    assert ExtendedKeyUsageOID.EMAIL_PROTECTION in read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert "verify OK" in said.stdout + said.stderr


@pytest.mark.parametrize("subject", [{"O": "x"}, {"CN": " "}, {"CN": "x", "C": "Cambodia"}, {"CN": "x", "X": "y"}])
def test_a_subject_that_says_too_little_or_nonsense_is_refused(signer: LocalSigner, subject: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"subject|country"):
        csr.request(public(signer), subject, signer)


def test_a_subject_is_written_as_people_write_it() -> None:
    assert subject_of("C=KH; O=Office, of; CN=Seal = x") == {"C": "KH", "O": "Office, of", "CN": "Seal = x"}
    with pytest.raises(ValueError, match="subject"):
        subject_of("Office")


def test_a_fit_chain_has_no_faults(trust: TestTrust, signer: LocalSigner) -> None:
    chain = Chain.from_pem(trust.issue_seal_certificate(signer.public_key_pem(), "Office"))

    assert chain_check.faults(chain.certificates, public(signer), trust.now) == ()


def test_every_fault_is_named(trust: TestTrust, signer: LocalSigner) -> None:
    own, issuing, root = Chain.from_pem(trust.issue_seal_certificate(signer.public_key_pem(), "Office")).certificates
    key = public(signer)

    for chain, by, days, word in (
        ((own, issuing, root), public(LocalSigner()), 0, "another key"),
        ((own, issuing), key, 0, "not a root"),
        ((own, root), key, 0, "does not lead"),
        ((own, issuing, root), key, trust.days + 1, "not valid now"),
        ((own, issuing, root), key, trust.days - 30, "sixty days"),
    ):
        assert any(word in fault for fault in chain_check.faults(chain, by, trust.now + timedelta(days=days))), word
