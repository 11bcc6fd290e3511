"""The relay publishes what is pending, in order, and marks it after; a stream that fails holds only itself."""

from datetime import timedelta

import pytest

from chalicelib.contracts.envelope import Envelope
from chalicelib.kernel.errors import Unavailable
from chalicelib.register.model import StreamId, entry_hash
from chalicelib.relay.service import PATIENCE, Relay, envelope
from tests.fakes import FixedClock, InMemoryRegister, RecordingTopic
from tests.integration.register.contract import born, loaded, reserved


def office() -> tuple[InMemoryRegister, RecordingTopic, FixedClock, Relay]:
    """A register, a topic, and the relay between them."""
    register, topic, clock = InMemoryRegister(), RecordingTopic(), FixedClock()
    return register, topic, clock, Relay(outbox=register, topic=topic, source="urn:tra:kh-test", clock=clock)


def pending(register: InMemoryRegister, stream: StreamId) -> list[bool]:
    """Which entries of the stream still wait."""
    return [entry.pending for entry in loaded(register, stream).entries]


def test_entries_are_published_in_order_and_marked() -> None:
    register, topic, _, relay = office()
    stream = born(register, reserved(), reserved(), reserved())
    relay.streams([stream])
    assert [event.seq for event in topic.taken] == [1, 2, 3]
    assert pending(register, stream) == [False, False, False]


def test_what_is_published_is_not_published_again() -> None:
    register, topic, _, relay = office()
    stream = born(register, reserved())
    relay.streams([stream, stream])
    relay.streams([stream])
    assert len(topic.taken) == 1


def test_a_stream_that_fails_stops_there_and_does_not_hold_the_others() -> None:
    register, topic, _, relay = office()
    broken, sound = born(register, reserved(), reserved()), born(register, reserved())
    topic.refusing = {str(broken)}
    with pytest.raises(Unavailable, match=str(broken)):
        relay.streams([broken, sound])
    assert pending(register, broken) == [True, True]
    assert pending(register, sound) == [False]
    topic.refusing = set()
    relay.streams([broken])
    assert pending(register, broken) == [False, False]


def test_a_bell_for_a_stream_that_does_not_exist_is_nothing() -> None:
    _, topic, _, relay = office()
    relay.streams([StreamId("FILING", "01J0000000000000000000000A")])
    assert topic.taken == []


def test_the_sweep_takes_only_what_the_bell_had_time_for() -> None:
    register, topic, clock, relay = office()
    stream = born(register, reserved())
    relay.sweep()
    assert topic.taken == []
    clock.advance(PATIENCE + timedelta(seconds=1))
    relay.sweep()
    assert [event.subject for event in topic.taken] == [str(stream)]


def test_an_event_says_what_its_entry_says_and_its_hash_follows_from_the_event_alone() -> None:
    register, _, _, _ = office()
    entry = loaded(register, born(register, reserved(), reserved())).entries[1]
    event = Envelope.model_validate_json(envelope(entry, "urn:tra:kh-test").to_json())
    assert event.data == entry.data
    assert event.id == entry_hash(
        StreamId.parse(event.subject), event.seq, entry.type, 1, event.time, event.actor, event.data, event.previous
    )


def test_a_sweep_tells_how_long_the_oldest_entry_has_waited_before_it_publishes_it() -> None:
    register, topic, clock, _ = office()
    told: list[float] = []
    relay = Relay(
        outbox=register, topic=topic, source="urn:tra:kh-test", clock=clock, waiting=lambda seconds, _: told.append(seconds)
    )
    born(register, reserved())
    clock.advance(PATIENCE * 2)
    relay.sweep()
    relay.sweep()
    assert told == [PATIENCE.total_seconds() * 2, 0.0]
