"""Receipts of the log: COSE Receipts (RFC 9942) of inclusion, signed with ES256 over the root.

A receipt proves its leaf by itself: the path leads from the leaf to a root, and the signature is over that root. It needs
the log's public key and nothing of ours.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.proof import cbor
from chalicelib.proof.keys import LogKey, raw_signature
from chalicelib.proof.merkle import SIZE, root_of_path

MEDIA_TYPE = "application/cose"
MAX_BYTES = 8192

_SIGN1, _ALGORITHM, _ES256, _KEY_ID, _CLAIMS, _ISSUER, _SUBJECT = 18, 1, -7, 4, 15, 1, 2
_VDS, _RFC9162, _PROOFS, _INCLUSION = 395, 1, 396, -1


class BadReceipt(ValueError):
    """Not a receipt of this log for this leaf; says why."""


@dataclass(frozen=True)
class Inclusion:
    """Where a leaf stands, in which tree, and the path to its root."""

    size: int
    index: int
    path: tuple[bytes, ...]


def signed(proof: Inclusion, root: bytes, *, origin: str, key: LogKey, sign: Callable[[bytes], bytes]) -> bytes:
    """The receipt. `sign` gives ECDSA with SHA-256 in DER; `origin` names the log."""
    claims = {_ISSUER: origin, _SUBJECT: origin}
    protected = cbor.dumps({_ALGORITHM: _ES256, _KEY_ID: key.id, _CLAIMS: claims, _VDS: _RFC9162})
    inner = cbor.dumps([proof.size, proof.index, list(proof.path)])
    signature = raw_signature(sign(_to_be_signed(protected, root)))
    return cbor.dumps(cbor.Tagged(_SIGN1, [protected, {_PROOFS: {_INCLUSION: [inner]}}, None, signature]))


def checked(receipt: bytes, leaf: bytes, key: LogKey, origin: str) -> tuple[Inclusion, bytes]:
    """The proof and the signed root. BadReceipt unless the log named `origin`, whose key is given, proves `leaf` in it."""
    if len(receipt) > MAX_BYTES:
        raise BadReceipt("too long")
    try:
        match cbor.loads(receipt):
            case cbor.Tagged(18, [bytes(protected), dict(unprotected), None, bytes(signature)]):
                head = cbor.loads(protected)
            case _:
                raise BadReceipt("not a signed receipt")
        match unprotected.get(_PROOFS):
            case {-1: [bytes(inner)]}:
                size, index, path = cbor.loads(inner)
            case _:
                raise BadReceipt("not one proof of inclusion")
    except cbor.BadCbor as error:
        raise BadReceipt(str(error)) from error
    except (TypeError, ValueError) as error:
        raise BadReceipt("not a receipt") from error
    if not isinstance(head, dict) or (head.get(_ALGORITHM), head.get(_VDS)) != (_ES256, _RFC9162):
        raise BadReceipt("another algorithm")
    if head.get(_CLAIMS) != {_ISSUER: origin, _SUBJECT: origin} or head.get(_KEY_ID) != key.id:
        raise BadReceipt("of another log or key")
    hashes = isinstance(path, list) and all(isinstance(one, bytes) and len(one) == SIZE for one in path)
    if not (hashes and isinstance(size, int) and isinstance(index, int) and 0 <= index < size):
        raise BadReceipt("not a proof of inclusion")
    root = root_of_path(leaf, index, size, path)
    if root is None or not key.verifies_raw(signature, _to_be_signed(protected, root)):
        raise BadReceipt("the log did not sign this leaf")
    return Inclusion(size, index, tuple(path)), root


def _to_be_signed(protected: bytes, root: bytes) -> bytes:
    return cbor.dumps(["Signature1", protected, b"", root])
