"""A replay sends what was published, again, to one queue: in order, from any point, as often as anybody likes."""

from dataclasses import dataclass, field

from chalicelib.contracts.envelope import Envelope
from chalicelib.register.model import StreamId
from chalicelib.relay.replay import Replay
from tests.fakes import NOON, InMemoryRegister
from tests.integration.register.contract import born, loaded, reserved


@dataclass
class Inbox:
    """A `relay.replay.Inbox` that drops what it took in this run, as SQS would."""

    taken: list[Envelope] = field(default_factory=list)
    known: set[tuple[str, str]] = field(default_factory=set)

    def send(self, envelope: Envelope, *, run: str) -> None:
        """See `relay.replay.Inbox`."""
        if (run, envelope.id) not in self.known:
            self.known.add((run, envelope.id))
            self.taken.append(envelope)


def office(entries: int = 3) -> tuple[InMemoryRegister, Inbox, StreamId, Replay]:
    """A register with one stream that was published."""
    register, inbox = InMemoryRegister(), Inbox()
    stream = born(register, *[reserved()] * entries)
    for entry in loaded(register, stream).entries:
        register.mark_published(entry)
    return register, inbox, stream, Replay(register=register, inbox=inbox, source="urn:tra:kh-test")


def test_every_entry_goes_again_in_order_with_the_same_hash() -> None:
    register, inbox, stream, replay = office()
    assert replay(register.every_stream(), run="1") == 3
    assert [event.id for event in inbox.taken] == [entry.hash for entry in loaded(register, stream).entries]


def test_a_replay_begins_anywhere() -> None:
    register, inbox, stream, replay = office()
    replay([stream], run="1", from_seq=2)
    assert [event.seq for event in inbox.taken] == [2, 3]
    last = loaded(register, stream).entries[-1].at
    assert replay([stream], run="2", since=last) == 3
    assert replay([stream], run="3", since=last + "x") == 0


def test_a_second_replay_is_sent_again_and_a_repeat_of_one_is_not() -> None:
    _, inbox, stream, replay = office()
    replay([stream], run="1")
    replay([stream], run="1")
    assert len(inbox.taken) == 3
    replay([stream], run="2")
    assert len(inbox.taken) == 6


def test_what_the_relay_has_not_published_yet_is_left_to_it() -> None:
    register, inbox, stream, replay = office()
    register.commit(loaded(register, stream).append(reserved(), by="tra:test", at=NOON))
    assert replay([stream], run="1") == 3
    assert [event.seq for event in inbox.taken] == [1, 2, 3]


def test_a_stream_that_was_never_begun_is_nothing() -> None:
    _, inbox, _, replay = office()
    assert replay([StreamId("FILING", "01J0000000000000000000000A")], run="1") == 0
    assert inbox.taken == []
