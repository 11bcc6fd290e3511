"""The test authority: usable, bound to the given key, and impossible to mistake for a real one."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.local.trust import WARNING, TestTrust
from tests.unit.signing.keys import LocalSigner


def issued(trust: TestTrust, signer: LocalSigner, office: str = "Test Office") -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(trust.issue_seal_certificate(signer.public_key_pem(), office))


def test_the_chain_leads_from_the_seal_to_the_root(trust: TestTrust, signer: LocalSigner) -> None:
    seal, issuing, root = issued(trust, signer)

    seal.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert root.public_bytes(serialization.Encoding.PEM) == trust.roots()
    assert seal.public_key() == signer.key.public_key()


def test_the_seal_certificate_may_sign_documents_and_nothing_else(trust: TestTrust, signer: LocalSigner) -> None:
    seal = issued(trust, signer)[0]
    usage = seal.extensions.get_extension_for_class(x509.KeyUsage).value
    extended = seal.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value

    assert usage.digital_signature and usage.content_commitment and not usage.key_cert_sign
    assert x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36") in extended
    assert ExtendedKeyUsageOID.EMAIL_PROTECTION in extended


def test_every_name_says_that_it_is_not_for_use(trust: TestTrust, signer: LocalSigner) -> None:
    for certificate in issued(trust, signer, "នាយកដ្ឋានកម្មសិទ្ធិឧស្សាហកម្ម"):
        assert WARNING in str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def test_other_keys_than_rsa_are_refused(trust: TestTrust) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(ValueError, match="RSA"):
        trust.issue_seal_certificate(pem, "Test Office")
