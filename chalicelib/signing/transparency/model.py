"""The log in the register: how far it has grown, which leaf stands where. And what the log asks of its surroundings.

- `LOG/TREE` holds size and complete subtrees; its version is the condition of every append: one sequence, whoever appends.
- `LEAF#<hash>/LEAF` says where a leaf stands: the same leaf is never appended twice.
- `LOG#<tile>/<place>` holds the entry itself, 256 to a partition: one query a tile.
The three are written in one transaction. All that is public (tiles, tree heads, receipts) is made from them, and can be made
again.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.proof.keys import LogKey
from chalicelib.proof.merkle import Tree, leaf_hash
from chalicelib.proof.tiles import WIDTH
from chalicelib.register.model import Item, Key, Put, Register

TREE = Key("LOG", "TREE")
PREFIX = "log/"  # of every object in the public bucket
CHECKPOINT = f"{PREFIX}checkpoint"


class Lying(Protocol):
    """An object as it lies in a bucket."""

    @property
    def sha256(self) -> Digest: ...


class PublicFiles(Protocol):
    """The public bucket."""

    def read(self, key: str) -> bytes: ...

    def put_once(self, key: str, body: bytes, media_type: str) -> Lying: ...

    def tagged(self, key: str) -> tuple[bytes, str] | None:
        """What lies under the key and its entity tag; None if nothing does."""

    def replace(self, key: str, body: bytes, media_type: str, *, tag: str | None) -> bool:
        """Write, if what lies there still has this tag (None: if nothing does); False if not."""


class Partitions(Protocol):
    """The register, with a look at all items under one key."""

    def under(self, pk: str) -> tuple[Item, ...]: ...


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which log this is: its name and public key."""

    origin: str
    key: LogKey


class LogSigner(Protocol):
    """The log's private key, on P-256."""

    def sign(self, message: bytes) -> bytes:
        """ECDSA with SHA-256 over `message`, DER."""


def tree_of(item: Item | None) -> Tree:
    """The tree that an item holds; the empty one if there is none yet."""
    if item is None:
        return Tree()
    return Tree(int(item.attributes["size"]), tuple(map(bytes.fromhex, item.attributes["peaks"])))


def place(index: int) -> Key:
    """Where the entry of a leaf lies."""
    return Key(f"LOG#{index // WIDTH:08d}", f"{index % WIDTH:03d}")


def leaf_key(leaf: bytes) -> Key:
    """Where it stands that a leaf is in the log."""
    return Key(f"LEAF#{leaf.hex()}", "LEAF")


def index_of(register: Register, leaf: bytes) -> int | None:
    """Where a leaf stands; None if it is not in the log."""
    there = register.item(leaf_key(leaf))
    return int(there.attributes["index"]) if there else None


def growth(before: Item | None, entry: bytes) -> tuple[int, tuple[Put, ...]]:
    """The index of one more entry, and what to write for it."""
    tree, leaf = tree_of(before), leaf_hash(entry)
    grown = tree.append(leaf)
    attributes: dict[str, Any] = {"size": grown.size, "peaks": [peak.hex() for peak in grown.peaks]}
    return tree.size, (
        Put(TREE, attributes, expects=before.version if before else None),
        Put(leaf_key(leaf), {"index": tree.size}),
        Put(place(tree.size), {"entry": entry.decode()}),
    )


def entries_of(partitions: Partitions, tile: int, width: int) -> tuple[bytes, ...]:
    """The first `width` entries of a tile. Corrupt if one is missing: a gap."""
    items = partitions.under(place(tile * WIDTH).pk)[:width]
    if [item.key for item in items] != [place(tile * WIDTH + at) for at in range(width)]:
        raise Corrupt(f"the log has a gap in tile {tile}")
    return tuple(str(item.attributes["entry"]).encode() for item in items)
