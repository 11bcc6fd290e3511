"""What a seal costs beside the signature it needs: our PAdES B-B against one raw RSA-3072 signature and one hash."""

import hashlib
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from chalicelib.signing.cms import Chain
from chalicelib.signing.pades import PadesSealer
from infra.local.samples import patent_files
from infra.local.trust import TestTrust
from tests.bench.figure import Figure, median_ms

RUNS = 30


class LocalKey:
    """A key of this process."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 3072)

    def sign(self, message: bytes) -> bytes:
        """See `signing.model.Signer`."""
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def seal_bb() -> Figure:
    """Median milliseconds to seal one PDF, invisible field, local key."""
    key = LocalKey()
    pem = key.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    sealer = PadesSealer(signer=key, chain=Chain.from_pem(TestTrust().issue_seal_certificate(pem, "Bench")))
    letter, at = patent_files()[0].body, datetime(2026, 11, 25, tzinfo=UTC)
    sealed = median_ms(lambda: sealer.seal(letter, sealed_at=at, reason="bench", location="here"), RUNS)
    raw = median_ms(lambda: (key.sign(b"x" * 231), hashlib.sha256(letter).digest()), RUNS)
    return Figure(
        name="seal_bb", value=sealed, unit="ms", against="one raw signature plus hash", ratio=sealed / raw, runs=RUNS,
        detail={"floor_ms": round(raw, 2), "letter_bytes": len(letter)},
    )  # fmt: skip
