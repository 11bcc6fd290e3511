"""What ABA's refund desk needs: a key that merchants seal their requests for, and the opening of what they sealed."""

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

REFUND = "/api/merchant-portal/merchant-access/online-transaction/refund"
REFUND_ORDER = ["request_time", "merchant_id", "merchant_auth"]


def new_key() -> "RSAPrivateKey":
    """A key as long as the bank's."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - the length of the bank's


def public(key: "RSAPrivateKey") -> str:
    """What merchants get of it, as PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def opened(key: "RSAPrivateKey | None", sealed: str) -> bytes:
    """What was sealed, in chunks. ValueError if it was not for this key, or there is none."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    if key is None:
        raise ValueError("no key")
    raw, size = base64.b64decode(sealed, validate=True), key.key_size // 8
    return b"".join(key.decrypt(raw[at : at + size], PKCS1v15()) for at in range(0, len(raw), size))
