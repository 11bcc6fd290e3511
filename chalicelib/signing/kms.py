"""A key in AWS KMS as a `Signer`. One KMS call per signature.

`MessageType` is RAW, never DIGEST: what is signed is small (a CMS signature's attributes), and emulators treat DIGEST
differently from AWS. PKCS#1 v1.5, not PSS: the same input gives the same signature, so a repeat gives the same letter.
"""

import base64
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

MAX_RAW = 4096  # bytes; AWS KMS API reference, Sign, Message


@dataclass(frozen=True)
class KmsSigner:
    """Signs with the RSA key `key_id` (ARN, id or alias) through `client`."""

    client: "KMSClient"
    key_id: str

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`. ValueError over 4,096 bytes or empty; Unavailable if KMS does not answer."""
        if not 0 < len(message) <= MAX_RAW:
            raise ValueError(f"KMS signs 1 to {MAX_RAW} bytes, not {len(message)}")
        with translated():
            answer = self.client.sign(
                KeyId=self.key_id,
                Message=message,
                MessageType="RAW",
                SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
            )
        return answer["Signature"]

    def public_key_pem(self) -> bytes:
        """The public key as PEM (SubjectPublicKeyInfo), for a certificate request."""
        with translated():
            der = self.client.get_public_key(KeyId=self.key_id)["PublicKey"]
        lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
        return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n".encode()
