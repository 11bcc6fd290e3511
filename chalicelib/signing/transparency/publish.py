"""Make the log public: tiles, then the signed tree head. Whatever is repeated or runs beside itself, no fork is ever signed.

1. Nothing is signed unless what is public already is the beginning of what is to be: the earlier head's root must be that of
   our first leaves. A register that is behind what is public (a restored backup) is Corrupt: replay it first.
2. Tiles are written once; another content under the same name is Corrupt. Only then is the head signed over the root that the
   register has, if the tiles lead to that very root.
3. The head replaces the one that was read, and no other: whoever was overtaken reads again, and finds it done.
"""

from dataclasses import dataclass

from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, LostRace
from chalicelib.proof import note
from chalicelib.proof.merkle import SIZE, Tree, leaf_hash, root_at
from chalicelib.proof.note import Checkpoint
from chalicelib.proof.tiles import HEIGHT, WIDTH, TiledTree, bundle, subtree, tile_path, width_of
from chalicelib.register.model import Register, deciding
from chalicelib.signing.transparency.model import (
    CHECKPOINT,
    PREFIX,
    TREE,
    Identity,
    LogSigner,
    Partitions,
    PublicFiles,
    entries_of,
    tree_of,
)

TILE_TYPE = "application/octet-stream"
NOTE_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class Published:
    """The tree head that stands in public, and the tag of its object; `head` None while there is none."""

    head: Checkpoint | None
    tag: str | None

    @property
    def size(self) -> int:
        """How many leaves are public."""
        return self.head.size if self.head else 0


@dataclass(frozen=True, kw_only=True)
class Publish:
    """Bring the public files to where the register is."""

    register: Register
    partitions: Partitions
    public: PublicFiles
    identity: Identity
    signer: LogSigner

    def __call__(self) -> TiledTree:
        """The public tree, at least as large as the register's was. Corrupt rather than sign what contradicts itself."""
        return deciding(self._publish)

    def published(self) -> Published:
        """What stands in public now. Corrupt if it is not a head of ours."""
        there = self.public.tagged(CHECKPOINT)
        if there is None:
            return Published(head=None, tag=None)
        try:
            head = note.opened(there[0], self.identity.key, self.identity.origin)
        except note.BadNote as error:
            raise Corrupt("the public tree head is not one of ours") from error
        return Published(head=head, tag=there[1])

    def file(self, name: str) -> bytes:
        """One public file of the log."""
        return self.public.read(PREFIX + name)

    def rebuild(self) -> int:
        """Write every tile again that is missing; answers the size. For a bucket that was lost or is new."""
        tree = tree_of(self.register.item(TREE))
        self._tiles(0, tree)
        self()
        return tree.size

    def _publish(self) -> TiledTree:
        published, tree = self.published(), tree_of(self.register.item(TREE))
        if published.size > tree.size:
            raise Corrupt(f"{published.size} leaves are public, the register has {tree.size}: replay the log")
        if published.size < tree.size:
            self._tiles(published.size, tree)
        tiled = TiledTree(tree.size, self.file)
        if tree.size and root_at(tree.size, tiled) != tree.root:
            raise Corrupt("the public tiles do not lead to the register's root")
        if published.head and published.size and root_at(published.size, tiled) != published.head.root:
            raise Corrupt(f"the tree of {published.size} leaves that is public is not the beginning of the register's")
        if published.size < tree.size or published.head is None:
            self._sign(Checkpoint(self.identity.origin, tree.size, tree.root), published.tag)
        return tiled

    def _sign(self, head: Checkpoint, tag: str | None) -> None:
        signed = note.signed(head, self.identity.key, self.signer.sign)
        if not self.public.replace(CHECKPOINT, signed, NOTE_TYPE, tag=tag):
            raise LostRace(CHECKPOINT)

    def _tiles(self, since: int, tree: Tree) -> None:
        """Write what a tree of this size has and one of `since` leaves has not."""
        level = 0
        roots: dict[int, bytes] = {}  # of the tiles below that are full
        while (count := tree.size >> HEIGHT * level) > since >> HEIGHT * level:  # from there on up nothing is new
            above: dict[int, bytes] = {}
            for tile in range((since >> HEIGHT * level) // WIDTH, -(-count // WIDTH)):
                width = width_of(level, tile, tree.size)
                hashes = self._leaves(tile, width) if level == 0 else self._row(level, tile, width, roots)
                self._write(tile_path(level, tile, width), b"".join(hashes))
                if width == WIDTH:
                    above[tile] = subtree(hashes)
            level, roots = level + 1, above

    def _leaves(self, tile: int, width: int) -> list[bytes]:
        entries = entries_of(self.partitions, tile, width)
        self._write(tile_path("entries", tile, width), bundle(entries))
        return [leaf_hash(entry) for entry in entries]

    def _row(self, level: int, tile: int, width: int, roots: dict[int, bytes]) -> list[bytes]:
        return [roots.get(below) or self._root(level - 1, below) for below in range(tile * WIDTH, tile * WIDTH + width)]

    def _root(self, level: int, tile: int) -> bytes:
        """Of a full tile that was written before."""
        data = self.file(tile_path(level, tile))
        if len(data) != WIDTH * SIZE:
            raise Corrupt(f"{tile_path(level, tile)} has {len(data)} bytes")
        return subtree([data[at : at + SIZE] for at in range(0, len(data), SIZE)])

    def _write(self, name: str, body: bytes) -> None:
        if self.public.put_once(PREFIX + name, body, TILE_TYPE).sha256 != Digest.of(body):
            raise Corrupt(f"{name} is public with another content")
