"""The monitor finds every way in which a log can be wrong, and nothing in one that is right."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.kernel.clock import stamp
from chalicelib.proof import cose, note
from chalicelib.proof.entries import letter_entry, receipt_entry
from chalicelib.proof.merkle import inclusion, leaf_hash, tree_of
from chalicelib.proof.monitor import Visit
from chalicelib.proof.note import Checkpoint
from chalicelib.proof.tiles import TiledTree
from tests.unit.proof.keys import ORIGIN, LocalLogKey
from tests.unit.proof.test_tiles import files

KEY = LocalLogKey()
NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
Files = dict[str, bytes]


def receipt(serial: int, minutes: int | None = None) -> bytes:
    """The entry of the receipt of one filing."""
    at = stamp(NOON + timedelta(minutes=serial if minutes is None else minutes))
    digest = hashlib.sha256(b"receipt %d" % serial).hexdigest()
    return receipt_entry(number=f"KH/D/2026/{serial}", received_at=at, receipt_sha256=digest)


def letter(serial: int) -> bytes:
    """The entry of its letter."""
    digest = hashlib.sha256(b"letter %d" % serial).hexdigest()
    return letter_entry(
        number=f"KH/D/2026/{serial}-ACK", code="acknowledgement", level="b-b", issued_at=stamp(NOON),
        letter_sha256=digest, receipt_sha256=hashlib.sha256(b"receipt %d" % serial).hexdigest(),
    )  # fmt: skip


ENTRIES = [one for serial in range(1, 136) for one in (receipt(serial), letter(serial))]


def head(entries: list[bytes]) -> bytes:
    root = tree_of([leaf_hash(entry) for entry in entries]).root
    return note.signed(Checkpoint(ORIGIN, len(entries), root), KEY.public, KEY.sign)


def published(entries: list[bytes]) -> Files:
    """A log as the office publishes it."""
    made = files(entries)
    tree = TiledTree(len(entries), made.__getitem__)
    root = tree_of([leaf_hash(entry) for entry in entries]).root
    for index, entry in enumerate(entries):
        proof = cose.Inclusion(len(entries), index, inclusion(index, len(entries), tree))
        signed = cose.signed(proof, root, origin=ORIGIN, key=KEY.public, sign=KEY.sign)
        made[f"receipts/{leaf_hash(entry).hex()}"] = signed
    return {**made, "checkpoint": head(entries)}


def visit(log: Files, *seen: bytes) -> list[str]:
    """The codes of what is found a day later."""

    def fetch(name: str) -> bytes:
        if name not in log:
            raise FileNotFoundError(name)
        return log[name]

    return sorted({found.code for found in Visit(fetch, ORIGIN, KEY.public, NOON + timedelta(days=1), seen).findings()})


@pytest.fixture(scope="module")
def right() -> Files:
    return published(ENTRIES)


def test_nothing_is_found_in_a_log_that_is_right(right: Files) -> None:
    assert visit(right) == []
    assert visit(right, head(ENTRIES[:100]), head(ENTRIES)) == []


def test_a_log_that_shrank_is_found(right: Files) -> None:
    assert visit(published(ENTRIES[:20]), right["checkpoint"]) == ["shrunk"]


def test_two_histories_of_the_same_size_or_of_an_earlier_one_are_found(right: Files) -> None:
    other = [receipt(900), *ENTRIES[1:]]

    assert visit(right, head(other)) == ["equivocation"]
    assert visit(right, head(other[:7])) == ["equivocation"]


def flipped(name: str) -> Callable[[Files], None]:
    def change(log: Files) -> None:
        log[name] = bytes([log[name][0] ^ 1]) + log[name][1:]

    return change


def removed(name: str) -> Callable[[Files], None]:
    def change(log: Files) -> None:
        del log[name]

    return change


def put(name: str, body: bytes) -> Callable[[Files], None]:
    return lambda log: log.update({name: body})


RECEIPT = f"receipts/{leaf_hash(ENTRIES[3]).hex()}"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (flipped("tile/0/000"), "tile"),
        (flipped("tile/1/000.p/1"), "tile"),
        (flipped("tile/0/001.p/14"), "tile"),
        (flipped("tile/entries/000"), "tile"),
        (removed("tile/0/001.p/14"), "tile"),
        (removed("tile/entries/001.p/14"), "tile"),
        (put("tile/0/000", b""), "tile"),
        (put("checkpoint", b"nothing"), "head"),
        (removed("checkpoint"), "head"),
        (put("checkpoint", head([*ENTRIES[:-1], b"{}"])), "tile"),
        (removed(RECEIPT), "receipt"),
        (flipped(RECEIPT), "receipt"),
    ],
)
def test_every_rewritten_or_missing_file_is_found(right: Files, change: Callable[[Files], None], code: str) -> None:
    log = dict(right)
    change(log)

    assert code in visit(log)


def test_the_receipt_of_another_leaf_is_found(right: Files) -> None:
    assert visit({**right, RECEIPT: right[f"receipts/{leaf_hash(ENTRIES[4]).hex()}"]}) == ["receipt"]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([receipt(1), receipt(3)], "gap"),
        ([receipt(2)], "gap"),
        ([receipt(1, 30), receipt(2, 10)], "order"),
        ([receipt(1), receipt(1)], "entry"),
        ([receipt(1), b'{"kind":"receipt","name":"Anna"}'], "entry"),
    ],
)
def test_what_was_left_out_dated_back_or_does_not_belong_there_is_found(entries: list[bytes], code: str) -> None:
    assert code in visit(published(entries))


def test_a_receipt_that_is_only_on_its_way_is_no_gap() -> None:
    log = published([receipt(2, minutes=23 * 60 + 50)])

    assert visit(log) == []


def test_a_head_of_another_key_is_not_taken_for_one(right: Files) -> None:
    other = LocalLogKey()
    signed = note.signed(Checkpoint(ORIGIN, 1, tree_of([leaf_hash(ENTRIES[0])]).root), other.public, other.sign)

    assert visit({**right, "checkpoint": signed}) == ["head"]
    assert visit(right, signed) == ["head"]
