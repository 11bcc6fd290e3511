"""A log for sample letters: real receipts (RFC 9942) and proofs that verify, of a tree that is made up around each leaf.

NOT FOR USE: its key is a number that everybody knows. The same entry has the same receipt, so that samples do not change.
"""

import base64
import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.kernel.digest import canonical
from chalicelib.proof import cose
from chalicelib.proof.keys import LogKey
from chalicelib.proof.merkle import leaf_hash, root_of_path

ORIGIN = "samples.tra.invalid/log"
LEVELS = 20  # of a tree over a million leaves: a receipt of the size that a printed code must hold


def _known() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(20_261_125, ec.SECP256R1())


@dataclass(frozen=True)
class SampleLog:
    """Proves whatever it is given."""

    _key: ec.EllipticCurvePrivateKey = field(default_factory=_known)

    @property
    def key(self) -> LogKey:
        """Its public key."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return LogKey(self._key.public_key().public_bytes(serialization.Encoding.DER, form))

    def receipt(self, entry: bytes) -> bytes:
        """The log's receipt (COSE) of an entry, at a place that its hash gives."""
        leaf, size = leaf_hash(entry), 1 << LEVELS
        index = int.from_bytes(leaf[:8], "big") % size
        path = tuple(hashlib.sha256(leaf + bytes([level])).digest() for level in range(LEVELS))
        root = root_of_path(leaf, index, size, path)
        if root is None:
            raise AssertionError("a full tree has a path of its height")
        return cose.signed(cose.Inclusion(size, index, path), root, origin=ORIGIN, key=self.key, sign=self._sign)

    def proof(self, entry: bytes) -> bytes:
        """The file that lies beside a letter (`<letter>.proof.json`)."""
        return canonical({"entry": entry.decode(), "receipt": base64.b64encode(self.receipt(entry)).decode()})

    def trust(self, roots_pem: bytes) -> bytes:
        """What the office serves as `/v1/trust`, for the offline verifier."""
        log = {"origin": ORIGIN, "key": self.key.pem.decode()}
        return canonical({"office": {"en": "Sample office"}, "seal_roots": roots_pem.decode(), "log": log})

    def _sign(self, message: bytes) -> bytes:
        return self._key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
