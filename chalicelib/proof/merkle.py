"""Merkle trees as RFC 9162 section 2.1 hashes them: grow, prove, check.

- A leaf is SHA-256(0x00 ‖ entry), a node SHA-256(0x01 ‖ left ‖ right): an entry can never pass for a node.
- A tree is kept as the roots of its complete subtrees (`peaks`, the largest first): an append costs O(log n).
- Proofs are made from the hashes of complete subtrees, wherever those are kept (`Nodes`): tiles, a list, a database.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SIZE = 32  # bytes of a hash
MAX_LEAVES = 1 << 53  # what a JSON number carries

Nodes = Callable[[int, int], bytes]  # (level, index) → root of the complete subtree over leaves index·2^level …


def leaf_hash(entry: bytes) -> bytes:
    """Of an entry (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Tree:
    """A tree of `size` leaves. ValueError if the peaks are not those of a tree of that size."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size < MAX_LEAVES or len(self.peaks) != self.size.bit_count():
            raise ValueError("the complete subtrees are not those of a tree of this size")

    def append(self, leaf: bytes) -> "Tree":
        """The tree with one more leaf (its hash)."""
        peaks, rest = list(self.peaks), self.size
        while rest & 1:  # the newest subtree has a sibling now
            leaf, rest = node_hash(peaks.pop(), leaf), rest >> 1
        return Tree(self.size + 1, (*peaks, leaf))

    @property
    def root(self) -> bytes:
        """The hash of the whole tree; of nothing, if it is empty."""
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def tree_of(leaves: Sequence[bytes]) -> Tree:
    """The tree over these leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree = tree.append(leaf)
    return tree


def root_at(size: int, nodes: Nodes) -> bytes:
    """The root of the first `size` leaves."""
    return _root(0, size, nodes) if size else Tree().root


def inclusion(index: int, size: int, nodes: Nodes) -> tuple[bytes, ...]:
    """The path from leaf `index` to the root of the first `size` leaves (RFC 9162 section 2.1.3.1). ValueError outside."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_root(middle, end, nodes))
            end = middle
        else:
            path.append(_root(start, middle, nodes))
            start = middle
    return tuple(reversed(path))


def consistency(first: int, second: int, nodes: Nodes) -> tuple[bytes, ...]:
    """That the tree of `first` leaves is the beginning of that of `second` (RFC 9162 section 2.1.4.1). ValueError unless
    0 < first <= second."""
    if not 0 < first <= second:
        raise ValueError("the first tree is the smaller, and not empty")
    path: list[bytes] = []
    start, end, whole = 0, second, True
    while first != end - start:
        size = _split(end - start)
        if first <= size:
            path.append(_root(start + size, end, nodes))
            end = start + size
        else:
            path.append(_root(start, start + size, nodes))
            start, first, whole = start + size, first - size, False
    if not whole:
        path.append(_root(start, end, nodes))
    return tuple(reversed(path))


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves the leaf (RFC 9162 section 2.1.3.2)."""
    return 0 <= index < size and root_of_path(leaf, index, size, path) == root


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root to which `path` leads; None if it is too long or too short for this place."""
    here, last, running = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            running = node_hash(sibling, running)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            running = node_hash(running, sibling)
        here, last = here >> 1, last >> 1
    return running if last == 0 else None


def is_consistent(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that the first tree is the beginning of the second (RFC 9162 section 2.1.4.2)."""
    if first == second:
        return first_root == second_root and not path
    if not 0 < first < second or not path:
        return False
    steps = [first_root, *path] if first.bit_count() == 1 else list(path)
    here, last = first - 1, second - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        here, last = here >> 1, last >> 1
    return old == first_root and new == second_root and last == 0


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _root(start: int, end: int, nodes: Nodes) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(size)
    return node_hash(_root(start, middle, nodes), _root(middle, end, nodes))
