"""The seal over a package: believed only if the office's key made it over these very bytes, under a root that one trusts."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from chalicelib.kernel.errors import Corrupt
from chalicelib.registry.seal import MAX_SEAL, TrustedSeals
from chalicelib.signing import cms
from infra.local.trust import TestTrust

NOW = datetime(2026, 11, 25, tzinfo=UTC)
CONTENT = b"a tag manifest"


class Key:
    """A key of this process."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 3072)

    def sign(self, message: bytes) -> bytes:
        """See `signing.model.Signer`."""
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def pem(self) -> bytes:
        """The public half."""
        public = self.key.public_key()
        return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


KEY, OTHER, TRUST = Key(), Key(), TestTrust(now=NOW)
PEM = TRUST.issue_seal_certificate(KEY.pem(), "Office")
SEAL = cms.sign_detached(CONTENT, chain=cms.Chain.from_pem(PEM), signer=KEY)
CHECK = TrustedSeals(TRUST.roots())


def test_a_good_seal_is_believed() -> None:
    CHECK(CONTENT, SEAL, NOW)


def test_another_content_is_not() -> None:
    with pytest.raises(Corrupt, match="something else"):
        CHECK(CONTENT + b".", SEAL, NOW)


def test_a_seal_made_by_another_key_than_its_certificates_is_not() -> None:
    forged = cms.sign_detached(CONTENT, chain=cms.Chain.from_pem(PEM), signer=OTHER)
    with pytest.raises(Corrupt, match="not made by its certificate's key"):
        CHECK(CONTENT, forged, NOW)


def test_a_seal_under_another_root_is_not() -> None:
    with pytest.raises(Corrupt, match="does not hold"):
        TrustedSeals(TestTrust(now=NOW).roots())(CONTENT, SEAL, NOW)


@pytest.mark.parametrize("days", [-2, 800])
def test_a_certificate_out_of_its_time_is_not(days: int) -> None:
    with pytest.raises(Corrupt, match="out of its time"):
        CHECK(CONTENT, SEAL, NOW + timedelta(days=days))


def test_a_seal_with_one_changed_byte_is_not_whichever_it_is() -> None:
    believed = []
    for at in range(len(SEAL)):
        with suppress(Corrupt):
            CHECK(CONTENT, SEAL[:at] + bytes([SEAL[at] ^ 0x55]) + SEAL[at + 1 :], NOW)
            believed.append(at)
    assert believed == []


@pytest.mark.parametrize("seal", [b"", b"\x30", b"\x30\x80", SEAL[:-1], SEAL + b"\x00", b"\x30\x00", b"x" * (MAX_SEAL + 1)])
def test_what_is_no_seal_is_not(seal: bytes) -> None:
    with pytest.raises(Corrupt):
        CHECK(CONTENT, seal, NOW)


def test_a_certificate_that_may_not_issue_issues_nothing() -> None:
    under = TestTrust(now=NOW, issuing_key=KEY.key, root_key=KEY.key)  # the seal's own key plays an authority
    chain = under.issue_seal_certificate(OTHER.pem(), "Impostor")
    forged = cms.sign_detached(CONTENT, chain=cms.Chain.from_pem(chain), signer=OTHER)
    with pytest.raises(Corrupt):
        CHECK(CONTENT, forged, NOW)
