"""The second key store: a token (SoftHSM) signs letters and certificate requests as KMS does."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from chalicelib.kernel.errors import Unavailable
from chalicelib.signing import csr
from chalicelib.signing.check import check_sealed
from chalicelib.signing.cms import Chain
from chalicelib.signing.pades import PadesSealer
from chalicelib.signing.pkcs11 import Pkcs11Signer
from infra.judges.asking import ask
from infra.local.samples import patent_files
from infra.local.trust import TestTrust

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "1234"
URI = f"pkcs11:token=tra;object=seal?module-path={MODULE}&pin-source=/tra/office/seal/pin"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pkcs11Signer]:
    import pkcs11

    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    kept = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    status, said = ask("softhsm2-util", "--init-token", "--free", "--label", "tra", "--pin", PIN, "--so-pin", "5678")
    assert status == 0, said
    with pkcs11.lib(MODULE).get_token(token_label="tra").open(user_pin=PIN, rw=True) as session:
        session.generate_keypair(pkcs11.KeyType.RSA, 3072, label="seal", store=True)
    yield Pkcs11Signer.of(URI, PIN)
    os.environ.pop("SOFTHSM2_CONF")
    if kept is not None:
        os.environ["SOFTHSM2_CONF"] = kept


def test_a_letter_sealed_with_a_token_is_valid(token: Pkcs11Signer) -> None:
    trust = TestTrust()
    key = serialization.load_der_public_key(token.public_key())
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    sealer = PadesSealer(signer=token, chain=Chain.from_pem(trust.issue_seal_certificate(pem, "Office")))
    sealed = sealer.seal(patent_files()[0].body, sealed_at=datetime.now(UTC), reason="r", location="l")

    assert check_sealed(sealed, trust.roots()).valid


def test_a_token_signs_its_own_certificate_request(token: Pkcs11Signer) -> None:
    read = x509.load_pem_x509_csr(csr.request(token.public_key(), {"CN": "Seal"}, token))

    assert read.is_signature_valid


def test_two_signers_of_one_token_in_one_process_both_sign(token: Pkcs11Signer) -> None:
    assert token.sign(b"x") == Pkcs11Signer.of(URI, PIN).sign(b"x")


def test_a_key_that_is_not_there_is_unavailable(token: Pkcs11Signer) -> None:
    other = Pkcs11Signer.of(URI.replace("object=seal", "object=other"), PIN)

    with pytest.raises(Unavailable, match="token"):
        other.sign(b"x")


def test_a_uri_says_where_the_pin_is_and_never_what_it_is() -> None:
    assert Pkcs11Signer.pin_source(URI) == "/tra/office/seal/pin"
    with pytest.raises(ValueError, match="module-path"):
        Pkcs11Signer.of("pkcs11:token=tra;object=seal", PIN)
    assert PIN not in repr(Pkcs11Signer.of(URI, PIN))
