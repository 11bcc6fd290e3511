"""The transparency log over fakes: each leaf once, in one sequence, killed wherever, and never a fork that is signed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.contracts.logged import ReceiptLogged
from chalicelib.kernel.errors import Corrupt
from chalicelib.proof import cose, note
from chalicelib.proof.merkle import leaf_hash, root_at, tree_of
from chalicelib.proof.tiles import TiledTree
from chalicelib.register.model import filing
from chalicelib.signing.transparency.model import CHECKPOINT, TREE, Identity
from chalicelib.signing.transparency.publish import Publish
from chalicelib.signing.transparency.replay import Replay
from chalicelib.signing.transparency.service import LogFacts, loggables, receipt_key
from tests.factories import Desk
from tests.fakes import InMemoryBucket, InMemoryRegister
from tests.unit.proof.keys import ORIGIN, LocalLogKey

KEY = LocalLogKey()


class Killed(BaseException):
    """The process ends."""


@dataclass
class Dying:
    """Stands before a collaborator and ends the process before or after its n-th call, counted over all of them."""

    inner: Any
    count: list[int]
    at: float = -1.0  # n: before call n; n + ½: after it

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self.count[0] += 1
            if self.count[0] == self.at:
                raise Killed
            answer = found(*arguments, **named)
            if self.count[0] + 0.5 == self.at:
                raise Killed
            return answer

        return call


@dataclass
class Log:
    """A log over an office's register."""

    desk: Desk = field(default_factory=Desk)
    public: InMemoryBucket = field(default_factory=lambda: InMemoryBucket("public"))

    def room(self, *, register: Any = None, public: Any = None, signer: Any = KEY) -> LogFacts:
        identity = Identity(origin=ORIGIN, key=KEY.public)
        register, public = register or self.desk.register, public or self.public
        publish = Publish(register=register, partitions=register, public=public, identity=identity, signer=signer)
        return LogFacts(
            register=register, public=public, publish=publish, identity=identity, signer=signer, clock=self.desk.clock
        )

    def filed(self) -> str:
        return self.desk.filed(account=f"account:filer{self.desk.keys}").filing

    def entry(self, identifier: str) -> bytes:
        return next(iter(loggables(self.desk.register, self.desk.stream(identifier)))).entry

    @property
    def head(self) -> note.Checkpoint:
        return note.opened(self.public.read(CHECKPOINT), KEY.public, ORIGIN)

    def tiled(self) -> TiledTree:
        return TiledTree(self.head.size, lambda name: self.public.read(f"log/{name}"))


@pytest.fixture
def log() -> Log:
    return Log()


def grow(log: Log, size: int) -> list[bytes]:
    """A log of that many made-up entries."""
    room = log.room()
    entries = [b'{"entry":%d}' % number for number in range(size)]
    for entry in entries:
        room.sequence(entry)
    room.publish()
    return entries


def test_a_receipt_is_logged_once_its_filing_is_submitted(log: Log) -> None:
    identifier = log.filed()

    log.room()(filing(identifier))

    fact = log.desk.stream(identifier).last(ReceiptLogged)
    entry = log.entry(identifier)
    assert fact is not None
    assert (fact.index, fact.leaf_sha256, fact.number) == (0, leaf_hash(entry).hex(), "KH/D/2026/1")
    assert log.head == note.Checkpoint(ORIGIN, 1, leaf_hash(entry))
    proof, _ = cose.checked(log.public.read(receipt_key(leaf_hash(entry))), leaf_hash(entry), KEY.public, ORIGIN)
    assert (proof.size, proof.index) == (1, 0)


def test_a_draft_has_nothing_to_log(log: Log) -> None:
    assert list(loggables(log.desk.register, log.desk.stream(log.desk.begin()))) == []


def test_logging_again_changes_nothing(log: Log) -> None:
    identifier = log.filed()
    log.room()(filing(identifier))
    before = dict(log.public.objects), dict(log.desk.register.items), len(log.desk.stream(identifier).entries)

    log.room()(filing(identifier))

    after = dict(log.public.objects), dict(log.desk.register.items), len(log.desk.stream(identifier).entries)
    assert after == before


def test_entries_keep_their_order_and_every_size_is_consistent_with_the_next(log: Log) -> None:
    heads = []
    for _ in range(4):
        log.room()(filing(log.filed()))
        heads.append(log.head)

    tiled = log.tiled()
    assert [head.size for head in heads] == [1, 2, 3, 4]
    assert [root_at(head.size, tiled) for head in heads] == [head.root for head in heads]


@pytest.mark.parametrize("half", [0.0, 0.5], ids=["before", "after"])
def test_killed_at_any_call_and_begun_again_there_is_one_leaf_and_no_gap(half: float) -> None:
    """Collaborators' calls are counted on an undisturbed run; then the process ends at each of them in turn."""
    calls = _calls(Log(), -1.0)[1]
    assert calls > 10
    for at in range(1, calls + 1):
        log = Log()
        first = log.filed()
        log.room()(filing(first))
        identifier, _ = _calls(log, at + half)

        log.room()(filing(identifier))

        assert log.head.size == 2, at
        leaves = [leaf_hash(log.entry(one)) for one in (first, identifier)]
        assert log.head.root == tree_of(leaves).root, at
        facts = log.desk.stream(identifier).facts(ReceiptLogged)
        assert [fact.index for fact in facts] == [1], at
        cose.checked(log.public.read(receipt_key(leaves[1])), leaves[1], KEY.public, ORIGIN)


def _calls(log: Log, at: float) -> tuple[str, int]:
    identifier, count = log.filed(), [0]
    register, public, signer = (Dying(one, count, at) for one in (log.desk.register, log.public, KEY))
    try:
        log.room(register=register, public=public, signer=signer)(filing(identifier))
    except Killed:
        assert at > 0
    return identifier, count[0]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 513])
def test_all_sizes_are_published_in_tiles_that_lead_to_the_signed_root(log: Log, size: int) -> None:
    entries = grow(log, size)

    tiled = log.tiled()

    assert log.head.root == root_at(size, tiled) == tree_of([leaf_hash(entry) for entry in entries]).root
    assert [one for tile in range(-(-size // 256)) for one in tiled.entries(tile)] == entries


def test_publishing_at_every_step_gives_the_same_tree_as_publishing_once(log: Log) -> None:
    room = log.room()
    for number in range(300):
        room.sequence(b'{"entry":%d}' % number)
        if number % 7 == 0 or number > 250:
            room.publish()
    room.publish()
    other = Log()

    grow(other, 300)

    assert log.head == other.head


def test_a_register_that_was_restored_to_earlier_neither_appends_nor_signs_until_the_log_is_replayed(log: Log) -> None:
    grow(log, 260)
    earlier = InMemoryRegister()
    room = log.room(register=earlier)
    for number in range(100):  # the restored one has the first hundred
        log.room(register=earlier, public=InMemoryBucket("unused")).sequence(b'{"entry":%d}' % number)

    for act in (room.publish, lambda: room.sequence(b'{"entry":"new"}')):
        with pytest.raises(Corrupt, match="replay the log"):
            act()
    taken = Replay(register=earlier, publish=room.publish)()

    assert taken == 160
    assert room.sequence(b'{"entry":259}') == 259
    assert room.sequence(b'{"entry":"new"}') == 260
    room.publish()
    assert log.head.size == 261


def test_another_history_is_never_signed(log: Log) -> None:
    grow(log, 3)
    signed = log.public.read(CHECKPOINT)
    other = InMemoryRegister()
    for number in range(5):
        log.room(register=other, public=InMemoryBucket("unused")).sequence(b'{"other":%d}' % number)

    with pytest.raises(Corrupt):
        log.room(register=other).publish()
    with pytest.raises(Corrupt, match="not the beginning"):
        Replay(register=_of(2), publish=log.room(register=_of(2)).publish)()

    assert log.public.read(CHECKPOINT) == signed


def _of(size: int) -> InMemoryRegister:
    register = InMemoryRegister()
    for number in range(size):
        Log().room(register=register, public=InMemoryBucket("unused")).sequence(b'{"another":%d}' % number)
    return register


@pytest.mark.parametrize("name", ["log/tile/0/000.p/4", "log/tile/entries/000.p/4"])
def test_a_tile_that_holds_something_else_stops_the_log_before_it_signs(log: Log, name: str) -> None:
    grow(log, 3)
    log.public.put(name, b"something else")
    room = log.room()
    room.sequence(b'{"entry":3}')

    with pytest.raises(Corrupt, match="another content"):
        room.publish()

    assert log.head.size == 3


def test_a_head_that_is_not_ours_stops_the_log(log: Log) -> None:
    grow(log, 1)
    log.public.put(CHECKPOINT, b"not a head")

    with pytest.raises(Corrupt, match="not one of ours"):
        log.room().sequence(b'{"entry":1}')


def test_a_gap_in_the_register_is_not_published_over(log: Log) -> None:
    room = log.room()
    for number in range(3):
        room.sequence(b'{"entry":%d}' % number)
    del log.desk.register.items[next(key for key in log.desk.register.items if key.sk == "001")]

    with pytest.raises(Corrupt, match="gap"):
        room.publish()


def test_who_is_overtaken_while_he_signs_finds_it_done(log: Log) -> None:
    grow(log, 3)
    room = log.room()
    room.sequence(b'{"entry":3}')

    class Overtaken:
        def __init__(self, meanwhile: Callable[[], object]) -> None:
            self.meanwhile: Callable[[], object] | None = meanwhile

        def sign(self, message: bytes) -> bytes:
            meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile:
                meanwhile()
            return KEY.sign(message)

    def other() -> None:
        room.sequence(b'{"entry":4}')
        room.publish()

    log.room(signer=Overtaken(other)).publish()

    assert log.head.size == 5
    assert len(log.public.objects[CHECKPOINT]) == 2


def test_a_lost_bucket_is_filled_again_from_the_register(log: Log) -> None:
    grow(log, 300)
    root, lost = log.head.root, log.public.objects
    log.public.objects = {}

    assert log.room().publish.rebuild() == 300

    assert log.head.root == root
    assert {name: lost[name][-1][1] for name in lost if "tile" in name} == {
        name: there[-1][1] for name, there in log.public.objects.items() if "tile" in name
    }


def test_the_register_keeps_only_the_complete_subtrees_of_the_tree(log: Log) -> None:
    grow(log, 200)

    assert len(log.desk.register.items[TREE].attributes["peaks"]) == (200).bit_count()
