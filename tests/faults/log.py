"""The public log, by somebody who has its files, its name and its key: whole, one sequence, and holding what it should.

The tree is hashed here as RFC 9162 defines it, from the entries alone; nothing of the product's is asked but the check of
signatures.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.proof import cose, note
from chalicelib.proof.keys import LogKey
from tests.faults.ground import objects
from tests.faults.world import World


def mth(leaves: list[bytes]) -> bytes:
    """The Merkle tree hash (RFC 9162 section 2.1.1)."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + mth(leaves[:half]) + mth(leaves[half:])).digest()


def broken(world: World, facts: Sequence[tuple[str, Mapping[str, Any]]], wanted: set[str], *, final: bool) -> Iterator[str]:
    """What is wrong with the log. `facts`: what the register says is logged. `wanted`: digests that must be in it."""
    files = objects(world.environment["TRA_PUBLIC_BUCKET"])
    yield from (f"{name} was rewritten" for name, one in files.items() if len(one) > 1 and name != "log/checkpoint")
    key = LogKey(world.clients.kms.get_public_key(KeyId=world.environment["TRA_LOG_KEY_ID"])["PublicKey"])
    origin = world.rooms.settings.log_origin
    heads = [note.opened(body, key, origin) for body in files.get("log/checkpoint", {}).values()]
    size = max((head.size for head in heads), default=0)
    entries = list(_entries(files, size))
    leaves = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
    if len(set(leaves)) != len(leaves) or len(leaves) != size:
        yield f"{size} leaves are signed, {len(set(leaves))} are there"
    yield from (f"the head of {one.size} leaves is of another tree" for one in heads if mth(leaves[: one.size]) != one.root)
    for stream, fact in facts:
        leaf = bytes.fromhex(str(fact["leaf_sha256"]))
        if leaves[fact["index"] : fact["index"] + 1] != [leaf]:
            yield f"{stream}: {fact['index']} is another leaf"
        receipt = _only(files, f"log/receipts/{leaf.hex()}")
        if hashlib.sha256(receipt).hexdigest() != fact["proof_sha256"]:
            yield f"{stream}: another receipt was entered than is public"
        proof, _ = cose.checked(receipt, leaf, key, origin)
        if proof.index != fact["index"]:
            yield f"{stream}: the receipt is for leaf {proof.index}"
    found = [json.loads(entry) for entry in entries]
    there = {one["receipt_sha256"] if one["kind"] == "receipt" else one["letter_sha256"] for one in found}
    if final and there != wanted:
        yield f"the log lacks {wanted - there}, and has too much: {there - wanted}"
    yield from (f"{one} is in the log and nobody knows it" for one in there - wanted)


def _entries(files: Mapping[str, Mapping[str, bytes]], size: int) -> Iterator[bytes]:
    width = size % 256
    names = [f"log/tile/entries/{number:03d}" for number in range(size // 256)]
    for name in [*names, f"log/tile/entries/{len(names):03d}.p/{width}"] if width else names:
        rest = _only(files, name)
        while rest:
            length = int.from_bytes(rest[:2], "big")
            yield rest[2 : 2 + length]
            rest = rest[2 + length :]


def _only(files: Mapping[str, Mapping[str, bytes]], name: str) -> bytes:
    return next(iter(files.get(name, {}).values()), b"")
