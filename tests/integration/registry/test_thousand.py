"""A thousand filings into a real PostgreSQL: everything twice, some dropped, some poison, some lost, consumers killed.

The queue is the fake that passes for SQS FIFO (groups wait, three receipts, dead letters, redrive); the office is the fakes'.
In the end the registry holds exactly the dossiers that were accepted, every byte equal, every fact once and in order.
"""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.contracts.events import FACTS
from chalicelib.register.model import StreamId
from chalicelib.registry.arguments import postgres
from chalicelib.registry.chain import Event
from chalicelib.registry.consumer import Consumer
from chalicelib.registry.layout import dossier
from chalicelib.registry.postgres import PostgresRegistry
from tests.fakes import InMemoryRegister, fake_seals
from tests.integration.registry.server import USER, server
from tests.unit.registry.fakes import VISIBILITY, InMemoryQueue, Killed
from tests.unit.registry.filings import InMemoryFilings

FILINGS, WAVE, SEED = 1_000, 20, 20261125
DROPPED = POISON = LOST = 0.05
KILLED = 0.01  # of the consumer's calls to its database
FILES = (("កៅអី.pdf", b"%PDF chair"),)


@dataclass
class Chaos:
    """The registry's side, in which things go wrong by a seed."""

    filings: InMemoryFilings
    registry: PostgresRegistry
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - repeatable
    queue: InMemoryQueue = field(default_factory=InMemoryQueue)
    deaths: int = 0
    dropped: int = 0

    def wave(self, streams: list[StreamId]) -> None:
        """Everything of these filings onto the queue, mixed, twice; some of it as dead letters, some garbage between."""
        waiting = [(str(stream), self.filings.messages(stream)) for stream in streams]
        while waiting:
            group, bodies = self.rng.choice(waiting)
            body = bodies.pop(0)
            if self.rng.random() < POISON:
                self.queue.send(b"\xff no event", group)
            if self.rng.random() < LOST:
                self.queue.send(body, group)
                self.queue.dead.append(self.queue.held.pop())
            else:
                for _ in range(2):
                    self.queue.send(body, group)
            waiting = [one for one in waiting if one[1]]

    def settle(self) -> None:
        """Consume until quiet; redrive what died and was no garbage, twice; until everything is dealt with."""
        while self.queue.held or any(one.body[:1] == b"{" for one in self.queue.dead):
            while self.queue.held:
                self._life()
                self.queue.now += VISIBILITY
            back = [one for one in self.queue.dead if one.body[:1] == b"{"]
            self.queue.dead = [one for one in self.queue.dead if one.body[:1] != b"{"]
            for one in sorted(back, key=lambda one: int(one.id.removeprefix("message-"))):
                for _ in range(2):
                    self.queue.send(one.body, one.group)

    def _life(self) -> None:
        """One life of the consumer, which may end anywhere."""
        told = dict.fromkeys(FACTS.values(), self._told)
        consumer = Consumer(
            queue=self.queue, objects=self.filings.records, marks=self.registry, shelf=self.registry, seals=fake_seals,
            say=lambda _: None, handlers=told, monotonic=lambda: self.queue.now,
        )  # fmt: skip
        try:
            while True:
                if self.rng.random() < DROPPED:
                    if self.queue.receive(wait=0) is None:
                        return
                    self.dropped += 1
                elif consumer.step(wait=0) is None:
                    return
        except Killed:
            self.deaths += 1

    def _told(self, event: Event) -> None:
        """A handler of one's own, in the same transaction as the mark; may be the last thing that this life does."""
        self.registry.connection.run("INSERT INTO told (of, seq) VALUES (:of, :seq)", of=str(event.stream), seq=event.seq)
        if self.rng.random() < KILLED:
            raise Killed


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_thousand_filings_end_as_exactly_the_dossiers_that_were_accepted() -> None:
    with server() as socket:
        registry = postgres(f"postgresql://{USER}@/postgres?host={socket}")
        registry.connection.run("CREATE TABLE told (n bigserial, of text, seq integer, PRIMARY KEY (of, seq))")
        filings = InMemoryFilings.begin()
        chaos = Chaos(filings, registry)
        for _ in range(0, FILINGS, WAVE):
            filings.register = InMemoryRegister()  # what was published is not needed any more, and the fake is slow when full
            streams = [filings.handed_over(FILES) for _ in range(WAVE)]
            chaos.wave(streams)
            chaos.settle()
            _compare(chaos, streams)
        rows: Any = registry.connection.run("SELECT number FROM tra_dossier")
        registry.close()
    assert sorted(number for (number,) in rows) == sorted(f"KH-D-2026-{serial}" for serial in range(1, FILINGS + 1))
    assert chaos.deaths > FILINGS / 20
    assert chaos.dropped > FILINGS / 4
    assert all(one.body == b"\xff no event" for one in chaos.queue.dead)


def _compare(chaos: Chaos, streams: list[StreamId]) -> None:
    for stream in streams:
        package = chaos.filings.package(stream)
        plan = dossier(package, package.to_bytes(), lambda one: chaos.filings.records.chunks(one.key, one.version))
        rows: Any = chaos.registry.connection.run(
            "SELECT path, body FROM tra_part WHERE number = :number", number=plan.name
        )
        assert {path: bytes(body) for path, body in rows} == {part.path: b"".join(part.chunks()) for part in plan.parts}
        told: Any = chaos.registry.connection.run("SELECT seq FROM told WHERE of = :of ORDER BY n", of=str(stream))
        assert [seq for (seq,) in told] == list(range(1, chaos.filings.load(stream).head.version + 1))
    assert chaos.registry.parked() == {}
