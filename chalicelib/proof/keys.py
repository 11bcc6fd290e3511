"""The log's public key: ECDSA on P-256 with SHA-256 (FIPS 186-5)."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

HALF = 32  # bytes of r and of s


@dataclass(frozen=True)
class LogKey:
    """A public key as SubjectPublicKeyInfo, DER. ValueError when used, if it is not P-256."""

    spki: bytes

    @classmethod
    def from_pem(cls, pem: bytes) -> "LogKey":
        """From PEM. ValueError if there is none in it."""
        from cryptography.hazmat.primitives import serialization

        key = serialization.load_pem_public_key(pem)
        kind, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        return cls(key.public_bytes(kind, form))

    @property
    def pem(self) -> bytes:
        """As PEM."""
        from cryptography.hazmat.primitives import serialization

        kind, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_bytes(kind, form)

    @cached_property
    def id(self) -> bytes:
        """Eight bytes that name the key in receipts."""
        return hashlib.sha256(self.spki).digest()[:8]

    @cached_property
    def _key(self) -> "EllipticCurvePublicKey":
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = serialization.load_der_public_key(self.spki)
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise ValueError("the log's key is on P-256")
        return key

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether a DER signature is right."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        try:
            self._key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    def verifies_raw(self, signature: bytes, message: bytes) -> bool:
        """Whether r ‖ s (COSE, WebCrypto) is right."""
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

        if len(signature) != 2 * HALF:
            return False
        r, s = int.from_bytes(signature[:HALF], "big"), int.from_bytes(signature[HALF:], "big")
        return self.verifies(encode_dss_signature(r, s), message)


def raw_signature(der: bytes) -> bytes:
    """DER → r ‖ s. ValueError if it is none."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(der)
    return r.to_bytes(HALF, "big") + s.to_bytes(HALF, "big")
