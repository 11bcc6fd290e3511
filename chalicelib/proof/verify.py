"""What a folder of letters is worth, with public keys only: seal, log proof, and the files that were filed.

A letter is `valid` if its seal is right and covers all of it, or if the log proves that this very file was issued; beside that,
whatever proof lies with it must hold. The proof lies beside the letter as `<name>.proof.json`, as the office delivers it.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chalicelib.proof import cose
from chalicelib.proof.entries import is_entry
from chalicelib.proof.keys import LogKey
from chalicelib.proof.merkle import leaf_hash
from chalicelib.proof.seal import BadSeal, check, receipt

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


class BadTrust(ValueError):
    """The file of keys cannot be read."""


@dataclass(frozen=True)
class Trust:
    """Public keys: the roots of the office's seal, the log's name and key. `/v1/trust` has them; compare them with what the
    office printed."""

    roots: tuple["Certificate", ...]
    origin: str
    log_key: LogKey

    @classmethod
    def from_json(cls, text: bytes) -> "Trust":
        """From a file of keys. BadTrust if it is none."""
        from cryptography import x509

        try:
            value = json.loads(text)
            roots = tuple(x509.load_pem_x509_certificates(value["seal_roots"].encode()))
            key = LogKey.from_pem(value["log"]["key"].encode())
            key.verifies(b"", b"")
            return cls(roots, str(value["log"]["origin"]), key)
        except Exception as error:
            raise BadTrust(type(error).__name__) from error


@dataclass
class Result:
    """What was found. `verdict`: valid, extended, not-valid or unreadable."""

    verdict: str
    reasons: list[str] = field(default_factory=list)
    sealed_by: str = ""
    sealed_at: str = ""
    logged: int | None = None  # the place in the log, if a proof lies there and holds
    receipt: bytes = b""


def letter(pdf: bytes, trust: Trust, proof: bytes | None = None) -> Result:
    """A letter, with the proof that lies beside it if any does."""
    result = Result("valid")
    try:
        sealed = check(pdf, trust.roots)
    except BadSeal as bad:
        result.reasons.append(f"seal: {bad}")
        result.verdict = "extended" if str(bad).startswith("extended") else "not-valid"
        if b"%PDF-" not in pdf[:1024]:
            result.verdict = "unreadable"
    else:
        result.sealed_by, result.receipt = sealed.by, sealed.receipt
        result.sealed_at = sealed.at.isoformat() if sealed.at else ""
        result.reasons.append("seal: right, over every byte")
    if proof is not None:
        _prove(result, pdf, trust, proof)
    return result


def _prove(result: Result, pdf: bytes, trust: Trust, proof: bytes) -> None:
    try:
        entry, place = logged(proof, trust)
    except cose.BadReceipt as bad:
        result.verdict = "not-valid"
        result.reasons.append(f"log: {bad}")
        return
    if entry.get("letter_sha256") != hashlib.sha256(pdf).hexdigest():
        result.verdict = "not-valid"
        result.reasons.append("log: the proof is of another file")
        return
    result.logged = place
    result.reasons.append(f"log: issued as {entry['number']} at {entry['issued_at']}, leaf {place}")
    if result.verdict == "extended":
        result.verdict, result.receipt = "valid", receipt(pdf)


def logged(proof: bytes, trust: Trust) -> tuple[dict[str, Any], int]:
    """The entry that a proof is of, and its place in the log. BadReceipt unless it holds."""
    try:
        value = json.loads(proof)
        entry, receipt = value["entry"].encode(), base64.b64decode(value["receipt"], validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError) as error:
        raise cose.BadReceipt("not a proof") from error
    if not is_entry(entry):
        raise cose.BadReceipt("the entry has no place in a log")
    found, _ = cose.checked(receipt, leaf_hash(entry), trust.log_key, trust.origin)
    said: dict[str, Any] = json.loads(entry)
    return said, found.index


def filed(receipt: bytes, bodies: Sequence[bytes]) -> list[bool]:
    """For each file, whether the receipt lists it, byte for byte."""
    listed = {str(file.get("sha256")) for file in json.loads(receipt).get("files", [])}
    return [hashlib.sha256(body).hexdigest() in listed for body in bodies]
