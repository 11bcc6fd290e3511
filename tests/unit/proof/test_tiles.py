"""Tiles by name, and every proof from tiles alone."""

from collections.abc import Sequence

import pytest

from chalicelib.proof.merkle import consistency, includes, inclusion, is_consistent, leaf_hash, root_at, tree_of
from chalicelib.proof.tiles import BadTile, TiledTree, bundle, number_path, subtree, tile_path, unbundle, width_of

ENTRIES = [b"entry %d" % number for number in range(700)]


def files(entries: Sequence[bytes]) -> dict[str, bytes]:
    """The whole log of these entries as files."""
    made, size = {}, len(entries)
    rows = [[leaf_hash(entry) for entry in entries]]
    while len(rows[-1]) >= 256:
        row = rows[-1]
        rows.append([subtree(row[at : at + 256]) for at in range(0, len(row) // 256 * 256, 256)])
    for level, row in enumerate(rows):
        for number in range(-(-len(row) // 256)):
            width = width_of(level, number, size)
            made[tile_path(level, number, width)] = b"".join(row[number * 256 : number * 256 + width])
    for number in range(-(-size // 256)):
        part = entries[number * 256 : number * 256 + 256]
        made[tile_path("entries", number, len(part))] = bundle(part)
    return made


def tiled(entries: Sequence[bytes]) -> TiledTree:
    return TiledTree(len(entries), files(entries).__getitem__)


@pytest.mark.parametrize(("number", "path"), [(0, "000"), (67, "067"), (1_234_067, "x001/x234/067"), (1000, "x001/000")])
def test_numbers_become_folders_of_a_thousand(number: int, path: str) -> None:
    assert number_path(number) == path


def test_a_tile_that_is_not_full_names_its_width() -> None:
    assert tile_path(1, 2, 5) == "tile/1/002.p/5"
    assert tile_path("entries", 0) == "tile/entries/000"


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 700])
def test_roots_and_proofs_come_from_tiles_alone(size: int) -> None:
    tree, leaves = tiled(ENTRIES[:size]), [leaf_hash(entry) for entry in ENTRIES[:size]]
    root = tree_of(leaves).root

    assert root_at(size, tree) == root
    for index in {0, size // 2, size - 1}:
        assert includes(leaves[index], index, size, inclusion(index, size, tree), root)
        assert tree.leaf(index) == leaves[index]
    for first in {1, (size + 1) // 2, size}:
        path = consistency(first, size, tree)
        assert is_consistent(first, size, tree_of(leaves[:first]).root, root, path)


def test_entries_come_back_from_their_bundles() -> None:
    tree = tiled(ENTRIES)

    assert [entry for number in range(3) for entry in tree.entries(number)] == ENTRIES


def test_a_tile_of_another_length_is_refused() -> None:
    made = files(ENTRIES[:10])
    made["tile/0/000.p/10"] += b"x"

    with pytest.raises(BadTile, match="321 bytes"):
        root_at(10, TiledTree(10, made.__getitem__))


def test_a_bundle_that_is_cut_short_is_refused() -> None:
    with pytest.raises(BadTile, match="cut short"):
        list(unbundle(bundle([b"abc"])[:-1]))
    with pytest.raises(ValueError, match="65535"):
        bundle([b"x" * 65536])
