"""What every Register and Outbox must do: one class of tests, run on the fake, on moto and on the running emulator."""

from datetime import timedelta

import pytest

from chalicelib.contracts.events import AttachmentRemoved, AttachmentReserved
from chalicelib.contracts.fact import Fact
from chalicelib.kernel import ids
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.errors import LostRace
from chalicelib.register.dynamodb import DynamoRegister
from chalicelib.register.model import (
    Append,
    Check,
    Delete,
    Entry,
    Key,
    Put,
    Stream,
    StreamId,
    begin,
    filing,
    verify_chain,
)
from tests.fakes import NOON, InMemoryRegister

AnyRegister = InMemoryRegister | DynamoRegister
LIKE = Key("COUNTER#D#2026", "COUNTER")


def reserved() -> Fact:
    """Some fact."""
    return AttachmentReserved(attachment=ids.ulid(NOON), document="claims", media_type="application/pdf", size=7)


def removed(attachment: str) -> Fact:
    """Another fact."""
    return AttachmentRemoved(attachment=attachment)


def born(register: AnyRegister, *facts: Fact, owner: str = "account:anna", minutes: int = 0) -> StreamId:
    """A new filing with these facts."""
    stream = filing(ids.ulid(NOON))
    at = NOON + timedelta(minutes=minutes)
    register.commit(begin(stream, *facts, by=owner, at=at, owner=owner, kind="design"))
    return stream


def loaded(register: AnyRegister, stream: StreamId) -> Stream:
    """The stream, which must be there."""
    there = register.load(stream)
    assert there is not None
    return there


class RegisterContract:
    """Subclasses give a fixture `register`: empty, for each test."""

    def test_a_stream_that_was_never_begun_is_none(self, register: AnyRegister) -> None:
        assert register.load(filing(ids.ulid(NOON))) is None
        assert register.item(LIKE) is None

    def test_a_stream_is_read_back_as_it_was_written(self, register: AnyRegister) -> None:
        first, second = reserved(), reserved()
        stream = born(register, first, second)
        there = loaded(register, stream)
        assert [entry.fact for entry in there.entries] == [first, second]
        assert [entry.seq for entry in there.entries] == [1, 2]
        assert there.head.version == 2
        assert there.head.owner == "account:anna"
        assert there.head.status == "draft"
        assert there.head.updated == stamp(NOON)
        assert there.head.attributes == {"kind": "design"}
        assert there.head.hash == there.entries[-1].hash

    def test_commit_answers_the_very_entries_that_are_read_back(self, register: AnyRegister) -> None:
        stream = filing(ids.ulid(NOON))
        entries = register.commit(begin(stream, reserved(), by="tra:test", at=NOON, owner="account:anna"))
        assert loaded(register, stream).entries == entries
        assert all(entry.pending for entry in entries)

    def test_the_hash_chain_verifies_over_several_commits(self, register: AnyRegister) -> None:
        stream = born(register, reserved())
        for minutes in (1, 2, 3):
            there = loaded(register, stream)
            register.commit(there.append(reserved(), by="tra:test", at=NOON + timedelta(minutes=minutes)))
        entries = loaded(register, stream).entries
        verify_chain(entries)
        assert len(entries) == 4

    def test_a_stream_may_begin_without_entries(self, register: AnyRegister) -> None:
        stream = born(register)
        assert loaded(register, stream).head.version == 0
        register.commit(loaded(register, stream).append(reserved(), by="tra:test", at=NOON))
        verify_chain(loaded(register, stream).entries)

    def test_a_stream_is_born_once(self, register: AnyRegister) -> None:
        stream = born(register, reserved())
        birth = begin(stream, reserved(), by="tra:test", at=NOON, owner="account:other")
        with pytest.raises(LostRace) as lost:
            register.commit(birth)
        assert lost.value.keys == (f"{stream}/ENTRY#000001", f"{stream}/HEAD")
        assert loaded(register, stream).head.owner == "account:anna"

    def test_of_two_that_saw_the_same_state_one_wins(self, register: AnyRegister) -> None:
        stream = born(register, reserved())
        seen = loaded(register, stream)
        register.commit(seen.append(reserved(), by="tra:first", at=NOON))
        with pytest.raises(LostRace) as lost:
            register.commit(seen.append(reserved(), by="tra:second", at=NOON))
        assert lost.value.keys == (f"{stream}/ENTRY#000002", f"{stream}/HEAD")
        assert [entry.by for entry in loaded(register, stream).entries] == ["account:anna", "tra:first"]

    def test_an_append_without_facts_sets_the_head_and_moves_no_version(self, register: AnyRegister) -> None:
        stream = born(register, reserved())
        seen = loaded(register, stream)
        register.commit(Append(stream, seen.head, (), by="tra:test", at=NOON, status="draft", attributes={"a": "b"}))
        assert loaded(register, stream).head.version == 1
        assert loaded(register, stream).head.attributes == {"kind": "design", "a": "b"}

    def test_items_have_versions_from_one(self, register: AnyRegister) -> None:
        register.commit(Put(LIKE, {"last_at": "x", "deep": {"list": [1, None, True, "ក"]}}))
        item = register.item(LIKE)
        assert item is not None
        assert (item.key, item.version) == (LIKE, 1)
        assert item.attributes == {"last_at": "x", "deep": {"list": [1, None, True, "ក"]}}
        register.commit(Put(LIKE, {"last_at": "y"}, expects=1))
        item = register.item(LIKE)
        assert item is not None
        assert (item.version, item.attributes) == (2, {"last_at": "y"})

    def test_a_put_is_lost_unless_its_expectation_holds(self, register: AnyRegister) -> None:
        with pytest.raises(LostRace) as lost:
            register.commit(Put(LIKE, {}, expects=1))
        assert lost.value.keys == (str(LIKE),)
        register.commit(Put(LIKE, {}))
        for expects in (None, 2):
            with pytest.raises(LostRace):
                register.commit(Put(LIKE, {"changed": True}, expects=expects))
        item = register.item(LIKE)
        assert item is not None
        assert item.attributes == {}

    def test_a_lost_condition_undoes_everything_and_names_only_the_lost(self, register: AnyRegister) -> None:
        stream, other = filing(ids.ulid(NOON)), Key("NUMBER#KH/D/2026/1", "NUMBER")
        register.commit(Put(LIKE, {}))
        with pytest.raises(LostRace) as lost:
            register.commit(
                begin(stream, reserved(), by="tra:test", at=NOON, owner="account:anna"),
                Put(LIKE, {}),
                Put(other, {}),
            )
        assert lost.value.keys == (str(LIKE),)
        assert register.load(stream) is None
        assert register.item(other) is None

    def test_a_check_holds_the_commit_to_a_version(self, register: AnyRegister) -> None:
        other = Key("NUMBER#KH/D/2026/1", "NUMBER")
        register.commit(Put(LIKE, {}))
        register.commit(Check(LIKE, 1), Put(other, {}))
        with pytest.raises(LostRace) as lost:
            register.commit(Check(LIKE, 2), Put(other, {}, expects=1))
        assert lost.value.keys == (str(LIKE),)

    def test_a_delete_needs_the_version_seen(self, register: AnyRegister) -> None:
        register.commit(Put(LIKE, {}))
        with pytest.raises(LostRace):
            register.commit(Delete(LIKE, 2))
        register.commit(Delete(LIKE, 1))
        assert register.item(LIKE) is None

    def test_items_beside_a_stream_are_read_with_it(self, register: AnyRegister) -> None:
        stream = born(register, reserved())
        register.commit(Put(Key(str(stream), "DRAFT"), {"form": "{}"}), Put(Key(str(stream), "ATTACHMENT#1"), {}))
        items = loaded(register, stream).items
        assert sorted(items) == ["ATTACHMENT#1", "DRAFT"]
        assert items["DRAFT"].attributes == {"form": "{}"}

    def test_what_has_no_place_in_the_register_is_refused(self, register: AnyRegister) -> None:
        with pytest.raises(TypeError):
            register.commit(Put(LIKE, {"price": 1.5}))
        assert register.item(LIKE) is None

    def test_more_than_a_hundred_operations_are_refused(self, register: AnyRegister) -> None:
        with pytest.raises(ValueError, match="do not fit"):
            register.commit(*(Put(Key(f"NUMBER#{number}", "NUMBER"), {}) for number in range(101)))

    def test_an_owner_sees_his_own_newest_first_and_page_by_page(self, register: AnyRegister) -> None:
        mine = [born(register, reserved(), minutes=minutes) for minutes in range(4)]
        born(register, reserved(), owner="account:bopha")
        first = register.owned("account:anna", limit=3)
        assert [head.stream for head in first] == mine[:0:-1]
        rest = register.owned("account:anna", limit=3, after=first[-1].place)
        assert [head.stream for head in rest] == mine[:1]
        assert register.owned("account:nobody", limit=3) == ()

    def test_a_partition_is_read_in_the_order_of_its_keys(self, register: AnyRegister) -> None:
        keys = [Key("LOG#00000000", f"{number:03d}") for number in (2, 0, 1)]
        register.commit(*(Put(key, {"entry": key.sk}) for key in keys), Put(Key("LOG#00000001", "000"), {}))
        assert [item.key for item in register.under("LOG#00000000")] == sorted(keys, key=str)
        assert [item.attributes for item in register.under("LOG#00000000")] == [{"entry": f"{n:03d}"} for n in range(3)]
        assert register.under("LOG#00000009") == ()

    def test_what_changed_in_the_same_millisecond_is_not_lost_between_pages(self, register: AnyRegister) -> None:
        mine = {born(register, reserved(), minutes=0) for _ in range(5)}
        first = register.owned("account:anna", limit=2)
        second = register.owned("account:anna", limit=2, after=first[-1].place)
        third = register.owned("account:anna", limit=2, after=second[-1].place)
        assert [len(page) for page in (first, second, third)] == [2, 2, 1]
        assert {head.stream for head in first + second + third} == mine

    def test_what_is_due_comes_earliest_first_and_not_before_its_time(self, register: AnyRegister) -> None:
        keys = [Key(f"ASK#{number}", "ASK") for number in range(3)]
        for minutes, key in zip((20, 10, 30), keys, strict=True):
            register.commit(Put(key, {"due": "ASK", "due_at": stamp(NOON + timedelta(minutes=minutes))}))
        register.commit(Put(LIKE, {"due": "OTHER", "due_at": stamp(NOON)}))
        assert register.due("ASK", until=NOON, limit=10) == ()
        assert register.due("ASK", until=NOON + timedelta(minutes=20), limit=10) == (keys[1], keys[0])
        assert register.due("ASK", until=NOON + timedelta(hours=1), limit=1) == (keys[1],)
        register.commit(Put(keys[1], {}, expects=1))
        assert register.due("ASK", until=NOON + timedelta(minutes=20), limit=10) == (keys[0],)


class StreamsContract:
    """What a replay or a nightly check must be able to ask of a register."""

    def test_every_stream_is_found_whatever_lies_beside(self, register: AnyRegister) -> None:
        streams = {born(register, *[reserved()] * number) for number in range(4)}
        register.commit(Put(LIKE, {"a": 1}))
        assert set(register.every_stream()) == streams


class OutboxContract:
    """Subclasses give a fixture `register`: empty, for each test."""

    def test_entries_wait_until_each_is_marked(self, register: AnyRegister) -> None:
        stream = born(register, reserved(), reserved())
        assert register.streams_pending(older_than=NOON) == (stream,)
        register.mark_published(self._entry(register, stream, 0))
        assert [entry.pending for entry in loaded(register, stream).entries] == [False, True]
        assert register.streams_pending(older_than=NOON) == (stream,)
        register.mark_published(self._entry(register, stream, 1))
        assert register.streams_pending(older_than=NOON) == ()

    def test_marking_twice_is_harmless_and_changes_nothing_else(self, register: AnyRegister) -> None:
        stream = born(register, reserved())
        entry = self._entry(register, stream, 0)
        register.mark_published(entry)
        register.mark_published(entry)
        marked = self._entry(register, stream, 0)
        assert (marked.hash, marked.data, marked.pending) == (entry.hash, entry.data, False)

    def test_marking_an_entry_that_does_not_exist_makes_none(self, register: AnyRegister) -> None:
        stream = born(register, reserved())
        other = InMemoryRegister()
        twin = born(other, reserved())
        with pytest.raises(LostRace):
            register.mark_published(loaded(other, twin).entries[0])
        assert register.load(twin) is None
        assert len(loaded(register, stream).entries) == 1

    def test_what_is_younger_is_left_to_the_bell(self, register: AnyRegister) -> None:
        old, young = born(register, reserved()), born(register, reserved(), minutes=5)
        assert register.streams_pending(older_than=NOON + timedelta(minutes=4)) == (old,)
        assert set(register.streams_pending(older_than=NOON + timedelta(minutes=5))) == {old, young}

    @staticmethod
    def _entry(register: AnyRegister, stream: StreamId, position: int) -> Entry:
        return loaded(register, stream).entries[position]
