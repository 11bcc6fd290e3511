"""A `Signer` with its key in memory, and OpenSSL as an independent checker."""

import subprocess
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


class LocalSigner:
    """Signs as the `Signer` protocol says; remembers what it was given."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        self.signed: list[bytes] = []

    def sign(self, message: bytes) -> bytes:
        self.signed.append(message)
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def public_key_pem(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def openssl_accepts(signature: bytes, payload: bytes, root_pem: bytes, folder: Path) -> bool:
    """Whether `openssl cms -verify -cades` accepts a detached signature."""
    for name, data in (("signature", signature), ("payload", payload), ("root.pem", root_pem)):
        (folder / name).write_bytes(data)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signature", "-content", "payload"]
    command += ["-CAfile", "root.pem", "-purpose", "any", "-cades", "-out", "verified"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603 - our own words only
    return done.returncode == 0
