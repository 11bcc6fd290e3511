"""Detached CMS signatures, checked by two programs that are not ours: asn1crypto and OpenSSL."""

import contextlib
import hashlib
from pathlib import Path

import pytest
from asn1crypto import cms as theirs
from asn1crypto import core, tsp, x509
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.proof.der import read
from chalicelib.signing import cms
from infra.local.trust import TestTrust
from tests.unit.signing.keys import LocalSigner, openssl_accepts

assert tsp  # its import teaches asn1crypto the signing-certificate attribute
PAYLOAD = b'{"number":"KH/D/2026/10"}'


@pytest.fixture(scope="session")
def chain(trust: TestTrust, signer: LocalSigner) -> cms.Chain:
    return cms.Chain.from_pem(trust.issue_seal_certificate(signer.public_key_pem(), "Test Office"))


def test_openssl_accepts_the_signature_as_cades(
    chain: cms.Chain, signer: LocalSigner, trust: TestTrust, tmp_path: Path
) -> None:
    signature = cms.sign_detached(PAYLOAD, chain=chain, signer=signer)

    assert openssl_accepts(signature, PAYLOAD, trust.roots(), tmp_path)


def test_openssl_refuses_another_payload_another_root_and_a_changed_signature(
    chain: cms.Chain, signer: LocalSigner, trust: TestTrust, tmp_path: Path
) -> None:
    signature = cms.sign_detached(PAYLOAD, chain=chain, signer=signer)
    changed = signature[:-1] + bytes((signature[-1] ^ 1,))

    assert not openssl_accepts(signature, PAYLOAD + b" ", trust.roots(), tmp_path)
    assert not openssl_accepts(signature, PAYLOAD, TestTrust().roots(), tmp_path)
    assert not openssl_accepts(changed, PAYLOAD, trust.roots(), tmp_path)


def test_any_size_of_payload_leaves_little_for_the_key_to_sign(chain: cms.Chain, signer: LocalSigner) -> None:
    cms.sign_detached(b"x" * 5_000_000, chain=chain, signer=signer)

    assert len(signer.signed[-1]) < 512


def test_the_same_payload_gives_the_same_bytes(chain: cms.Chain, signer: LocalSigner) -> None:
    first, second = (cms.sign_detached(PAYLOAD, chain=chain, signer=signer) for _ in range(2))

    assert first == second


def test_asn1crypto_reads_what_was_meant(chain: cms.Chain, signer: LocalSigner) -> None:
    content = theirs.ContentInfo.load(cms.sign_detached(PAYLOAD, chain=chain, signer=signer), strict=True)
    signed = content["content"]
    (info,) = signed["signer_infos"]
    attributes = {attribute["type"].native: attribute["values"] for attribute in info["signed_attrs"]}
    own = x509.Certificate.load(chain.certificates[0])

    assert content["content_type"].native == "signed_data"
    assert signed["encap_content_info"]["content"].native is None
    assert info["sid"].chosen["serial_number"].native == own.serial_number
    assert info["sid"].chosen["issuer"] == own.issuer
    assert info["signature_algorithm"]["algorithm"].native == "rsassa_pkcs1v15"
    assert set(attributes) == {"content_type", "message_digest", "signing_certificate_v2"}
    assert attributes["message_digest"][0].native == hashlib.sha256(PAYLOAD).digest()
    named = attributes["signing_certificate_v2"][0]["certs"][0]
    assert named["cert_hash"].native == hashlib.sha256(chain.certificates[0]).digest()
    assert named["issuer_serial"]["serial_number"].native == own.serial_number


def test_the_signature_carries_the_chain_without_its_root(chain: cms.Chain, signer: LocalSigner) -> None:
    signed = theirs.ContentInfo.load(cms.sign_detached(PAYLOAD, chain=chain, signer=signer))["content"]

    carried = {certificate.chosen.dump() for certificate in signed["certificates"]}
    assert carried == set(chain.certificates[:2])


def test_encodings_are_der_as_asn1crypto_writes_it(chain: cms.Chain, signer: LocalSigner) -> None:
    ours = cms.sign_detached(PAYLOAD, chain=chain, signer=signer)
    again = theirs.ContentInfo.load(ours)
    again.native  # noqa: B018 - parses everything, so that dump() encodes anew

    assert again.dump(force=True) == ours


def test_a_chain_needs_a_certificate_and_a_digest_its_length(chain: cms.Chain, signer: LocalSigner) -> None:
    with pytest.raises(ValueError, match="certificate"):
        cms.Chain.from_pem(b"nothing here")
    with pytest.raises(ValueError, match="32 bytes"):
        cms.sign(b"short", chain=chain, signer=signer)


@given(st.binary(max_size=70_000))
def test_lengths_are_those_of_der(body: bytes) -> None:
    encoded = cms.tlv(0x04, body)

    assert encoded == core.OctetString(body).dump()
    assert list(read(encoded)) == [(0x04, body, encoded)]


@given(st.lists(st.integers(0, 2**40), max_size=8), st.integers(0, 39), st.integers(0, 2))
def test_object_identifiers_are_those_of_der(rest: list[int], second: int, first: int) -> None:
    dotted = ".".join(str(arc) for arc in (first, second, *rest))

    assert cms.oid(dotted) == core.ObjectIdentifier(dotted).dump()


@given(st.binary(max_size=40))
def test_reading_what_is_not_der_raises_nothing_but_value_errors(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        list(read(data))
