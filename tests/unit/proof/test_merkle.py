"""Trees, proofs and their checks, against the definitions of RFC 9162 written out, and published roots."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.proof import merkle
from chalicelib.proof.merkle import Tree, consistency, includes, inclusion, is_consistent, leaf_hash, root_at, tree_of

# The eight entries and roots that implementations of Certificate Transparency test with.
KNOWN = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(600)]


def mth(leaves: list[bytes]) -> bytes:
    """MTH as the RFC defines it."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def nodes(level: int, index: int) -> bytes:
    return mth(LEAVES[index << level : (index + 1) << level])


@pytest.mark.parametrize("size", ROOTS)
def test_the_published_roots_come_out(size: int) -> None:
    assert tree_of([leaf_hash(bytes.fromhex(one)) for one in KNOWN[:size]]).root.hex() == ROOTS[size]


def test_an_appended_tree_has_the_root_of_the_definition_at_every_size() -> None:
    tree = Tree()
    for size in range(70):
        assert tree.root == mth(LEAVES[:size]) == root_at(size, nodes)
        tree = tree.append(LEAVES[size])


def test_every_leaf_is_proved_in_every_tree_and_no_other_leaf_or_place_is() -> None:
    for size in range(1, 40):
        root = mth(LEAVES[:size])
        for index in range(size):
            path = inclusion(index, size, nodes)
            assert includes(LEAVES[index], index, size, path, root)
            assert not includes(LEAVES[index + 1], index, size, path, root)
            assert not includes(LEAVES[index], (index + 1) % size, size, path, root) or size == 1
            assert not includes(LEAVES[index], index, size, [*path, root], root)
            assert not includes(LEAVES[index], index, size, path[:-1], root) or size == 1


def test_every_earlier_tree_is_proved_the_beginning_of_every_later_one_and_no_other_is() -> None:
    other = mth(LEAVES[100:107])
    for second in range(1, 40):
        for first in range(1, second + 1):
            path = consistency(first, second, nodes)
            roots = mth(LEAVES[:first]), mth(LEAVES[:second])
            assert is_consistent(first, second, *roots, path)
            assert not is_consistent(first, second, other, roots[1], path)
            assert not is_consistent(first, second, roots[0], other, path)
            assert not is_consistent(first, second, *roots, [*path, other])
            assert not path or not is_consistent(first, second, *roots, path[:-1])


@given(st.integers(1, 600), st.randoms(use_true_random=False))
def test_a_proof_with_one_bit_turned_proves_nothing(size: int, chance: random.Random) -> None:
    index = chance.randrange(size)
    path, root = list(inclusion(index, size, nodes)), mth(LEAVES[:size])
    if path:
        place = chance.randrange(len(path))
        turned = bytearray(path[place])
        turned[chance.randrange(32)] ^= 1 << chance.randrange(8)
        path[place] = bytes(turned)
        assert not includes(LEAVES[index], index, size, path, root)


def test_what_lies_outside_the_tree_is_refused() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5)):
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion(index, size, nodes)
        assert not includes(LEAVES[0], index, size, (), LEAVES[0])
    for first, second in ((0, 4), (5, 4)):
        with pytest.raises(ValueError, match="first tree"):
            consistency(first, second, nodes)
        assert not is_consistent(first, second, LEAVES[0], LEAVES[1], ())
    with pytest.raises(ValueError, match="complete subtrees"):
        Tree(3, (LEAVES[0],))


def test_an_entry_cannot_pass_for_a_node() -> None:
    left, right = LEAVES[:2]

    assert leaf_hash(left + right) != merkle.node_hash(left, right)
