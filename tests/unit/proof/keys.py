"""A log's key in this process."""

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.proof.keys import LogKey

ORIGIN = "tra.test/log"


class LocalLogKey:
    """Signs as KMS does: ECDSA on P-256 with SHA-256, DER."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        self.public = LogKey(self.key.public_key().public_bytes(serialization.Encoding.DER, form))

    def sign(self, message: bytes) -> bytes:
        """See `signing.model.Signer`."""
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))


LOG_KEY = LocalLogKey()  # one for all tests
