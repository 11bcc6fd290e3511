"""Bring a register that is behind what is public to where the public log is (after a restore to an earlier moment).

The public files are believed only so far as they prove themselves: the head must be signed with our key, the register's tree
must be its beginning, and the entries must lead to its root. Each goes in as it was, at the place it has.
"""

from dataclasses import dataclass

from chalicelib.kernel.errors import Corrupt
from chalicelib.proof.merkle import leaf_hash, root_at
from chalicelib.proof.tiles import WIDTH, TiledTree
from chalicelib.register.model import Register
from chalicelib.signing.transparency.model import TREE, growth, tree_of
from chalicelib.signing.transparency.publish import Publish


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Take back into the register what only the public files still have."""

    register: Register
    publish: Publish

    def __call__(self) -> int:
        """How many leaves were taken back. Corrupt if the public log does not continue the register's."""
        published = self.publish.published()
        before = self.register.item(TREE)
        start = tree_of(before)
        if published.head is None or published.size <= start.size:
            return 0
        tiled = TiledTree(published.size, self.publish.file)
        if root_at(published.size, tiled) != published.head.root:
            raise Corrupt("the public tiles do not lead to the public head")
        if start.size and root_at(start.size, tiled) != start.root:
            raise Corrupt("the register's tree is not the beginning of the public one")
        for index in range(start.size, published.size):
            entry = tiled.entries(index // WIDTH)[index % WIDTH]
            if leaf_hash(entry) != tiled.leaf(index):
                raise Corrupt(f"entry {index} is not that of its leaf")
            _, operations = growth(self.register.item(TREE), entry)
            self.register.commit(*operations)
        return published.size - start.size
