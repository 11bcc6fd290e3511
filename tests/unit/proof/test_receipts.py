"""Tree heads and receipts: what we sign is accepted by us and by an implementation that is not ours, and nothing else is."""

import base64
import random
from typing import Any

import pytest

from chalicelib.proof import cbor, cose, note
from chalicelib.proof.entries import is_entry, letter_entry, receipt_entry
from chalicelib.proof.merkle import inclusion, leaf_hash, tree_of
from chalicelib.proof.note import Checkpoint
from tests.unit.proof.keys import ORIGIN, LocalLogKey
from tests.unit.proof.test_merkle import LEAVES, nodes

KEY = LocalLogKey()
HEAD = Checkpoint(ORIGIN, 5, tree_of(LEAVES[:5]).root)
SHA256 = "ab" * 32
STAMP = "2026-11-25T02:33:30.123Z"


def receipt(index: int = 17, size: int = 100, key: LocalLogKey = KEY) -> bytes:
    proof = cose.Inclusion(size, index, inclusion(index, size, nodes))
    return cose.signed(proof, tree_of(LEAVES[:size]).root, origin=ORIGIN, key=key.public, sign=key.sign)


def test_a_signed_tree_head_opens_with_its_key() -> None:
    signed = note.signed(HEAD, KEY.public, KEY.sign)

    assert note.opened(signed, KEY.public, ORIGIN) == HEAD
    assert signed.decode().startswith(f"{ORIGIN}\n5\n{base64.b64encode(HEAD.root).decode()}\n\n— {ORIGIN} ")


@pytest.mark.parametrize(
    "change",
    [
        lambda signed: signed.replace(b"\n5\n", b"\n6\n"),
        lambda signed: signed.replace(b"\n5\n", b"\n05\n"),
        lambda signed: signed.replace(b"\n5\n", "\n៥\n".encode()),
        lambda signed: signed.replace(ORIGIN.encode(), b"other.test/log"),
        lambda signed: signed.partition(b"\n\n")[0],
        lambda signed: signed + b"\n\n",
        lambda signed: b"\xff" + signed,
        lambda signed: b"",
        lambda signed: signed[:-5] + b"AAAA\n",
        lambda signed: signed + b"x" * 5000,
    ],
)
def test_a_changed_tree_head_does_not_open(change: Any) -> None:
    with pytest.raises(note.BadNote):
        note.opened(change(note.signed(HEAD, KEY.public, KEY.sign)), KEY.public, ORIGIN)


def test_a_tree_head_of_another_key_does_not_open() -> None:
    other = LocalLogKey()

    with pytest.raises(note.BadNote, match="no signature"):
        note.opened(note.signed(HEAD, other.public, other.sign), KEY.public, ORIGIN)


def test_a_receipt_proves_its_leaf_and_no_other() -> None:
    made = receipt()

    proof, root = cose.checked(made, LEAVES[17], KEY.public, ORIGIN)

    assert (proof.index, proof.size, root) == (17, 100, tree_of(LEAVES[:100]).root)
    for leaf, key, origin in (
        (LEAVES[18], KEY.public, ORIGIN),
        (LEAVES[17], LocalLogKey().public, ORIGIN),
        (LEAVES[17], KEY.public, "other.test/log"),
    ):
        with pytest.raises(cose.BadReceipt):
            cose.checked(made, leaf, key, origin)


def test_an_implementation_that_is_not_ours_accepts_our_receipts_and_refuses_another_leaf() -> None:
    from scitt_cose import verify_receipt

    mine = verify_receipt(receipt(), leaf_entry_hex=LEAVES_DATA[17].hex(), log_public_key_pem=KEY.public.pem)
    other = verify_receipt(receipt(), leaf_entry_hex=LEAVES_DATA[18].hex(), log_public_key_pem=KEY.public.pem)

    assert mine.ok, mine.errors
    assert (mine.tree_size, mine.leaf_index) == (100, 17)
    assert not other.ok


def test_a_receipt_with_a_byte_changed_is_refused_and_never_raises_anything_else() -> None:
    made, chance = receipt(), random.Random(7)  # noqa: S311 - the same each time
    for place in range(len(made)):
        changed = bytearray(made)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(cose.BadReceipt):
            cose.checked(bytes(changed), LEAVES[17], KEY.public, ORIGIN)
        with pytest.raises(cose.BadReceipt):
            cose.checked(made[:place], LEAVES[17], KEY.public, ORIGIN)


@pytest.mark.parametrize(
    "value", [0, 23, 24, 255, 256, 65536, 1 << 40, -1, -7, -500, b"", b"x" * 300, "ត្រា", [], [1, [2]], {1: -7, 395: 1}, None]
)
def test_cbor_comes_back_and_is_what_others_write(value: Any) -> None:
    import cbor2

    assert cbor.loads(cbor.dumps(value)) == value == cbor2.loads(cbor.dumps(value))
    assert cbor.dumps(value) == cbor2.dumps(value, canonical=True)


@pytest.mark.parametrize(
    "data", ["", "18", "1817", "5f41ff", "a2010101", "a2010101f6", "ff", "f5", "1c", "820001ff", "62c328", "9b7fffffffffffffff"]
)
def test_cbor_that_is_not_strict_is_refused(data: str) -> None:
    with pytest.raises(cbor.BadCbor):
        cbor.loads(bytes.fromhex(data))


@pytest.mark.parametrize("value", [True, 1.5, {1, 2}, 1 << 70])
def test_what_has_no_place_in_a_receipt_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        cbor.dumps(value)


def test_entries_hold_numbers_times_and_digests_and_nothing_else() -> None:
    made = receipt_entry(number="KH/D/2026/10", received_at=STAMP, receipt_sha256=SHA256)
    letter = letter_entry(
        number="KH/D/2026/10-ACK", code="acknowledgement", level="b-b", issued_at=STAMP, letter_sha256=SHA256,
        receipt_sha256=SHA256,
    )  # fmt: skip

    assert is_entry(made) and is_entry(letter)
    assert made == (
        b'{"kind":"receipt","number":"KH/D/2026/10","receipt_sha256":"' + SHA256.encode()
        + b'","received_at":"2026-11-25T02:33:30.123Z"}'
    )  # fmt: skip
    for wrong in (b"{}", b"[]", b"x", made.replace(b'"kind"', b' "kind"'), made.replace(b"receipt", b"other"), b'{"kind":[]}'):
        assert not is_entry(wrong)
    with pytest.raises(ValueError, match="no place in the log"):
        receipt_entry(number="Anna Muster", received_at=STAMP, receipt_sha256=SHA256)


LEAVES_DATA = [number.to_bytes(4, "big") for number in range(600)]
assert leaf_hash(LEAVES_DATA[3]) == LEAVES[3]
