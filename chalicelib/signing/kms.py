"""A key in AWS KMS as a `Signer`. One KMS call per signature.

`MessageType` is RAW, never DIGEST: what is signed is small (a CMS signature's attributes), and emulators treat DIGEST
differently from AWS. PKCS#1 v1.5, not PSS: the same input gives the same signature, so a repeat gives the same letter.
"""

import base64
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chalicelib.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

MAX_RAW = 4096  # bytes; AWS KMS API reference, Sign, Message


@dataclass(frozen=True)
class KmsSigner:
    """Signs with the key `key_id` (ARN, id or alias) through `client`: RSA, or with another `algorithm` P-256."""

    client: "KMSClient"
    key_id: str
    algorithm: Literal["RSASSA_PKCS1_V1_5_SHA_256", "ECDSA_SHA_256"] = "RSASSA_PKCS1_V1_5_SHA_256"

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`. ValueError over 4,096 bytes or empty; Unavailable if KMS does not answer."""
        if not 0 < len(message) <= MAX_RAW:
            raise ValueError(f"KMS signs 1 to {MAX_RAW} bytes, not {len(message)}")
        with translated():
            answer = self.client.sign(
                KeyId=self.key_id,
                Message=message,
                MessageType="RAW",
                SigningAlgorithm=self.algorithm,
            )
        return answer["Signature"]

    def public_key(self) -> bytes:
        """The public key (SubjectPublicKeyInfo, DER)."""
        with translated():
            return self.client.get_public_key(KeyId=self.key_id)["PublicKey"]

    def public_key_pem(self) -> bytes:
        """The public key as PEM (SubjectPublicKeyInfo), for a certificate request."""
        der = self.public_key()
        lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
        return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n".encode()
