"""The chain, and the loop that decides again."""

from dataclasses import replace

import pytest

from chalicelib.contracts.envelope import NO_PREVIOUS
from chalicelib.kernel.errors import Corrupt, LostRace
from chalicelib.register.model import MAX_TRIES, Entry, StreamId, begin, deciding, filing, verify_chain
from chalicelib.register.timeline import NotAllowed
from tests.fakes import NOON, InMemoryRegister
from tests.integration.register.contract import born, loaded, removed, reserved


def chain() -> tuple[Entry, ...]:
    """Three entries of one stream."""
    return begin(filing("01J0000000000000000000000A"), *[reserved()] * 3, by="tra:test", at=NOON, owner="a").chain()


def test_a_chain_begins_at_nothing_and_each_links_to_the_one_before() -> None:
    first, second, third = chain()
    assert first.previous == NO_PREVIOUS
    assert (second.previous, third.previous) == (first.hash, second.hash)
    verify_chain((first, second, third))


def test_any_change_to_any_entry_breaks_the_chain() -> None:
    entries = chain()
    for position, entry in enumerate(entries):
        for changed in (
            replace(entry, at="2026-11-25T05:00:00.001Z"),
            replace(entry, by="tra:other"),
            replace(entry, schema=2),
            replace(entry, type="AttachmentStored"),
            replace(entry, seq=entry.seq + 1),
            replace(entry, data={**entry.data, "size": 8}),
            replace(entry, previous="f" * 64),
            replace(entry, hash="f" * 64),
            replace(entry, stream=filing("01J0000000000000000000000B")),
        ):
            with pytest.raises(Corrupt):
                verify_chain((*entries[:position], changed, *entries[position + 1 :]))


def test_a_missing_or_moved_entry_breaks_the_chain() -> None:
    first, second, third = chain()
    for broken in ((second, third), (first, third), (second, first, third), (first, first, second)):
        with pytest.raises(Corrupt):
            verify_chain(broken)


def test_being_published_is_no_part_of_the_chain() -> None:
    verify_chain([replace(entry, pending=False) for entry in chain()])


def test_only_what_the_graph_allows_is_appended() -> None:
    register = InMemoryRegister()
    there = loaded(register, born(register, reserved()))
    there.append(removed("01J0000000000000000000000A"), by="tra:test", at=NOON)
    with pytest.raises(NotAllowed):
        replace(there, head=replace(there.head, status="submitted")).append(reserved(), by="tra:test", at=NOON)


@pytest.mark.parametrize("text", ["", "FILING", "#1", "FILING#"])
def test_a_stream_has_a_kind_and_an_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a stream"):
        StreamId.parse(text)


def test_a_lost_race_is_decided_again() -> None:
    pauses: list[float] = []
    tries = iter([LostRace("a"), LostRace("b"), None])

    def decide() -> str:
        if error := next(tries):
            raise error
        return "won"

    assert deciding(decide, pause=pauses.append) == "won"
    assert len(pauses) == 2


def test_who_always_loses_is_told_so_in_the_end_and_never_waits_long() -> None:
    pauses: list[float] = []

    def decide() -> None:
        raise LostRace("counter")

    with pytest.raises(LostRace):
        deciding(decide, pause=pauses.append)
    assert len(pauses) == MAX_TRIES - 1
    assert max(pauses) <= 1.0


def test_another_error_is_not_retried() -> None:
    def decide() -> None:
        raise Corrupt("broken")

    with pytest.raises(Corrupt):
        deciding(decide, pause=lambda _: pytest.fail("waited"))
