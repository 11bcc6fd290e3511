"""Telling the front: once, in order, under ids that stay; letters before the message that names them."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.inbound import read_envelope, read_said
from chalicelib.registry.ipas.poll import Poll
from chalicelib.registry.ipas.send import Send
from tests.ipas_double.desk import Desk
from tests.ipas_double.dossiers import PATENT_ID, lay_design, lay_patent
from tests.unit.registry.fakes import Fate, Killed

LETTER = b"%PDF office letter"
SOURCE = "urn:registry:ipas"


@dataclass
class Front:
    """What arrived: objects by key, messages by id (a repeat is known), in order of first arrival."""

    objects: dict[str, bytes] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: int = 0

    def put_once(self, key: str, body: bytes, media_type: str) -> None:
        self.objects.setdefault(key, body)

    def outlet(self, group: str, identifier: str, body: str) -> None:
        self.sent += 1
        envelope = read_envelope(body.encode())
        message = envelope.model_dump() | {"said": read_said(envelope)}
        assert (message["id"], message["subject"]) == (identifier, group)
        assert self.messages.setdefault(identifier, message) == message, "one id, one message"
        if "sha256" in message["data"]:
            assert message["data"]["key"] in self.objects, "the letter lies there before it is told of"


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = office()
    yield made
    leave(made)


def office() -> Desk:
    """Two filings in IPAS, one with a status and a letter."""
    made = Desk.fresh()
    made.add(lay_patent, lay_design)
    made.run()
    made.double.act(("KH", "P", 2026, 7), "A", "EXA", letter=LETTER, letter_type="ADDOC")
    made.clock.advance(timedelta(seconds=900))
    return made


def leave(desk: Desk) -> None:
    desk.marks.close()
    shutil.rmtree(desk.root)


def live(desk: Desk, front: Front, fate: Fate) -> None:
    """One life: look at every file, tell everything."""
    journal = fate.watch(desk.journal)
    poll = Poll(ipas=fate.watch(desk.double), journal=journal, maps=desk.maps, clock=desk.clock, say=desk.said.append)
    watched = fate.watch(front)
    send = Send(journal=journal, inbox=watched, outlet=watched.outlet, source=SOURCE, say=desk.said.append)
    while poll.step():
        pass
    while send.step():
        pass


def arrived(front: Front) -> list[tuple[str, int, str]]:
    return [(one["subject"], one["sequence"], one["type"]) for one in front.messages.values()]


def test_everything_is_told_once_in_order_of_its_filing(desk: Desk) -> None:
    front = Front()
    live(desk, front, Fate())
    live(desk, front, Fate())
    ours = [one for one in arrived(front) if PATENT_ID in one[0]]
    assert [one[1] for one in ours] == [1, 2, 3]
    assert [one[2].split(".", 2)[2] for one in ours] == ["filing.accepted.v1", "letter.issued.v1", "status.changed.v1"]
    assert front.sent == len(front.messages) == 5
    assert list(front.objects.values()) == [LETTER]


def test_killed_anywhere_while_looking_and_telling_the_same_is_told() -> None:
    whole, fate, first = Front(), Fate(), office()
    live(first, whole, fate)
    leave(first)
    assert fate.calls > 30
    for at in range(1, fate.calls + 1):
        for after in (False, True):
            front, one = Front(), office()
            with pytest.raises(Killed):
                live(one, front, Fate(at, after))
            one.restart()
            live(one, front, Fate())
            assert arrived(front) == arrived(whole), f"killed {'after' if after else 'before'} call {at}"
            assert front.messages.keys() == whole.messages.keys()
            assert front.sent <= whole.sent + 1
            leave(one)
