"""The consumer: in order for each filing, once for ever, and never further than what it could check."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Unavailable
from chalicelib.register.model import StreamId, entry_hash
from chalicelib.registry.chain import Mark
from chalicelib.registry.consumer import HOLD, PAUSE, Consumer, Outcome
from tests.fakes import InMemoryBucket, fake_seals
from tests.unit.registry.fakes import InMemoryMarks, InMemoryQueue, InMemoryShelf
from tests.unit.registry.filings import InMemoryFilings


@dataclass
class Registry:
    """A consumer and all around it."""

    filings: InMemoryFilings = field(default_factory=InMemoryFilings.begin)
    queue: InMemoryQueue = field(default_factory=InMemoryQueue)
    marks: InMemoryMarks = field(default_factory=InMemoryMarks)
    shelf: InMemoryShelf = field(default_factory=InMemoryShelf)
    said: list[str] = field(default_factory=list)

    @property
    def consumer(self) -> Consumer:
        """A consumer as begun anew."""
        return Consumer(
            queue=self.queue, objects=self.filings.records, marks=self.marks, shelf=self.shelf, seals=fake_seals,
            say=self.said.append,
            monotonic=lambda: self.queue.now,
        )  # fmt: skip

    def send(self, stream: StreamId, *messages: bytes) -> None:
        """Put messages of a stream on the queue; all it has, if none are named."""
        for body in messages or self.filings.messages(stream):
            self.queue.send(body, str(stream))

    def until_empty(self) -> list[Outcome]:
        """What became of each message until nothing comes."""
        came = []
        while (outcome := self.consumer.step(wait=0)) is not None:
            came.append(outcome)
        return came

    def head(self, stream: StreamId) -> Mark:
        """The register's own mark."""
        head = self.filings.load(stream).head
        return Mark(head.version, head.hash)


@pytest.fixture
def registry() -> Registry:
    """An empty registry beside an empty office."""
    return Registry()


def test_a_filing_that_was_handed_over_is_laid_out_and_said(registry: Registry) -> None:
    stream = registry.filings.handed_over()
    registry.send(stream)
    outcomes = registry.until_empty()
    assert outcomes == [Outcome.MARKED] * (len(outcomes) - 1) + [Outcome.LAID]
    assert registry.shelf.laid == ["KH-D-2026-1"]
    assert registry.marks.last(stream) == registry.head(stream)
    assert registry.queue.held == []
    (line,) = registry.said
    assert "KH/D/2026/1  design, paid, filed 2026-11-25: 15 objects" in line


def test_a_repeat_is_deleted_and_does_nothing(registry: Registry) -> None:
    stream = registry.filings.handed_over()
    registry.send(stream)
    registry.send(stream)
    outcomes = registry.until_empty()
    half = len(outcomes) // 2
    assert outcomes[half:] == [Outcome.REPEAT] * half
    assert registry.shelf.laid == ["KH-D-2026-1"]
    assert registry.queue.held == []


def test_a_gap_parks_its_stream_and_holds_no_other(registry: Registry) -> None:
    broken, sound = registry.filings.handed_over(), registry.filings.handed_over()
    first, second, *rest = registry.filings.messages(broken)
    registry.send(broken, first, *rest)
    registry.send(sound)
    outcomes = registry.until_empty()
    assert outcomes.count(Outcome.PARKED) == 1
    assert registry.shelf.laid == ["KH-D-2026-2"]
    assert registry.marks.last(broken).seq == 1
    assert any(line.startswith("parked") and "entry 2 has not come" in line for line in registry.said)
    registry.queue.held.insert(0, registry.queue.held[0].__class__("redriven", str(broken), second))
    registry.queue.now += PAUSE
    registry.until_empty()
    assert registry.shelf.laid == ["KH-D-2026-2", "KH-D-2026-1"]


def test_an_entry_that_grows_from_another_past_is_parked(registry: Registry) -> None:
    stream = registry.filings.handed_over()
    registry.marks.set(stream, Mark(4, "f" * 64))
    fifth = registry.filings.messages(stream)[4]
    registry.send(stream, fifth)
    assert registry.until_empty() == [Outcome.PARKED]
    assert "does not follow" in registry.said[0]


def test_another_entry_in_a_place_already_seen_is_parked_and_not_taken_for_a_repeat(registry: Registry) -> None:
    stream = registry.filings.handed_over()
    registry.marks.set(stream, Mark(4, "f" * 64))
    registry.send(stream, registry.filings.messages(stream)[3])
    assert registry.until_empty() == [Outcome.PARKED]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "json"),
        (b"\xff", "utf8"),
        (b"[]", "not a message"),
        (b'{"a":1,"a":2}', "duplicate"),
        (b"[" * 100, "deep"),
        (b"{}", "id missing"),
        (b" " * (1 << 21), "too-large"),
    ],
)
def test_what_is_no_message_of_ours_is_left_for_the_dead_letters_and_said(
    registry: Registry, body: bytes, why: str
) -> None:
    registry.queue.send(body, "any")
    assert registry.until_empty() == [Outcome.LEFT]
    assert why in registry.said[0]
    for _ in range(3):
        registry.queue.now += PAUSE
        registry.until_empty()
    assert [one.body for one in registry.queue.dead] == [body]


@pytest.mark.parametrize(
    ("type_", "why"),
    [
        ("int.tra.filing.submitted.v2", "unknown major version"),
        ("int.tra.filing.eaten.v1", "unknown event type"),
        ("int.tra.filing.submitted.v0", "unknown major version"),
    ],
)
def test_an_event_of_a_version_or_type_we_do_not_know_is_left_and_said(
    registry: Registry, type_: str, why: str
) -> None:
    stream = registry.filings.submit()
    registry.queue.send(changed(registry.filings.messages(stream)[0], type=type_), str(stream))
    assert registry.until_empty() == [Outcome.LEFT]
    assert why in registry.said[0]
    assert registry.marks.marks == {}


@pytest.mark.parametrize(
    "changes", [{"time": "2026-11-25T05:00:00.999Z"}, {"actor": "tra:other"}, {"sequence": "000002"}, {"id": "f" * 64}]
)
def test_a_message_whose_hash_is_not_of_what_it_says_is_left(registry: Registry, changes: dict[str, Any]) -> None:
    stream = registry.filings.submit()
    registry.queue.send(changed(registry.filings.messages(stream)[0], **changes), str(stream))
    assert registry.until_empty() == [Outcome.LEFT]
    assert "hash" in registry.said[0]


def test_fields_that_a_later_minor_version_adds_are_accepted(registry: Registry) -> None:
    stream = registry.filings.submit()
    body = json.loads(registry.filings.messages(stream)[0])
    data = {**body["data"], "colour": "blue"}
    own = entry_hash(stream, 1, "AttachmentReserved", 1, body["time"], body["actor"], data, body["previous"])
    registry.queue.send(canonical({**body, "data": data, "id": own, "traceparent": "00-1"}), str(stream))
    assert registry.until_empty() == [Outcome.MARKED]


def test_data_that_lacks_a_field_is_left_although_its_hash_is_right(registry: Registry) -> None:
    stream = registry.filings.submit()
    body = json.loads(registry.filings.messages(stream)[0])
    data = {name: value for name, value in body["data"].items() if name != "document"}
    own = entry_hash(stream, 1, "AttachmentReserved", 1, body["time"], body["actor"], data, body["previous"])
    registry.queue.send(canonical({**body, "data": data, "id": own}), str(stream))
    assert registry.until_empty() == [Outcome.LEFT]
    assert "document missing" in registry.said[0]


def test_a_package_that_is_not_the_announced_one_lays_nothing(registry: Registry) -> None:
    stream = registry.filings.handed_over()
    registry.filings.overwrite(registry.filings.fact(stream).key, b"{}")
    registry.send(stream)
    assert registry.until_empty()[-1] is Outcome.LEFT
    assert registry.shelf.laid == []
    assert registry.marks.last(stream).seq == registry.head(stream).seq - 1


@pytest.mark.parametrize("position", range(15))
def test_any_object_that_is_changed_or_gone_lays_nothing(registry: Registry, position: int) -> None:
    stream = registry.filings.handed_over()
    one = registry.filings.package(stream).objects[position]
    registry.send(stream)
    kept = registry.filings.records.objects.pop(one.key)
    assert registry.until_empty()[-1] is Outcome.LEFT
    registry.filings.records.objects[one.key] = [("v1", b"\x00" * one.size)]
    registry.queue.now += PAUSE
    assert registry.until_empty() == [Outcome.LEFT]
    registry.filings.records.objects[one.key] = kept
    registry.queue.now += PAUSE
    assert registry.until_empty() == [Outcome.LAID]


@pytest.mark.parametrize(
    ("said", "pointed"),
    [
        ({"number": "KH/D/2026/99"}, {}),
        ({"paid": False}, {}),
        ({"filing": "01J0000000000000000000000A"}, {}),
        ({}, {"bucket": "somewhere-else"}),
        ({}, {"key": "filings/01J0000000000000000000000A/form/x.json"}),
        ({}, {"key": "filings/../secrets"}),
        ({"schema": "urn:tra:package:3"}, {}),
        ({}, {"role": "manifest"}),
    ],
)
def test_a_package_that_speaks_of_another_filing_or_points_elsewhere_lays_nothing(
    registry: Registry, said: dict[str, Any], pointed: dict[str, Any]
) -> None:
    stream = registry.filings.ready()
    registry.filings.hand_over(stream)
    package = registry.filings.package(stream).to_json() | said
    package["objects"][0] |= pointed
    forged, fact = canonical(package), registry.filings.fact(stream)
    registry.filings.overwrite(fact.key, forged)
    body = json.loads(registry.filings.messages(stream)[-1])
    data = {**body["data"], "sha256": Digest.of(forged).hex, "size": len(forged)}
    own = entry_hash(
        stream, int(body["sequence"]), "PackageReady", 1, body["time"], body["actor"], data, body["previous"]
    )
    registry.send(stream, *registry.filings.messages(stream)[:-1], canonical({**body, "data": data, "id": own}))
    assert registry.until_empty()[-1] is Outcome.LEFT
    assert registry.shelf.laid == []


def test_another_dossier_under_the_same_number_is_left_for_a_person(registry: Registry) -> None:
    stream = registry.filings.handed_over()
    registry.shelf.dossiers["KH-D-2026-1"] = "another"
    registry.send(stream)
    assert registry.until_empty()[-1] is Outcome.LEFT
    assert "DossierDiffers" in registry.said[-1]


def test_faults_of_the_surroundings_stop_the_consumer_and_blame_no_message(registry: Registry) -> None:
    stream = registry.filings.handed_over()
    registry.send(stream)

    class Unreachable(InMemoryBucket):
        def chunks(self, key: str, version: str | None = None) -> Iterator[bytes]:
            raise Unavailable("no network")

    consumer = Consumer(
        queue=registry.queue, objects=Unreachable("records"), marks=registry.marks, shelf=registry.shelf,
        seals=fake_seals, say=registry.said.append,
    )  # fmt: skip
    for _ in registry.filings.messages(stream)[:-1]:
        assert consumer.step(wait=0) is Outcome.MARKED
    with pytest.raises(Unavailable):
        consumer.step(wait=0)
    assert registry.said == []
    registry.queue.now += PAUSE
    assert registry.until_empty() == [Outcome.LAID]


def test_a_message_stays_ours_while_its_objects_are_fetched(registry: Registry) -> None:
    stream = registry.filings.handed_over(files=(("long.pdf", b"x" * 20_000),))
    registry.send(stream)

    class Slow(InMemoryBucket):
        def chunks(self, key: str, version: str | None = None) -> Iterator[bytes]:
            for chunk in super().chunks(key, version):
                registry.queue.now += HOLD / 3
                yield chunk

    slow = Slow("records", None, registry.filings.records.objects)
    consumer = Consumer(
        queue=registry.queue, objects=slow, marks=registry.marks, shelf=registry.shelf, seals=fake_seals,
        say=registry.said.append,
        monotonic=lambda: registry.queue.now,
    )  # fmt: skip
    while consumer.step(wait=0) is not None:
        assert all(one.visible_at > registry.queue.now for one in registry.queue.held if one.receives)
    assert registry.shelf.laid == ["KH-D-2026-1"]


def changed(body: bytes, **changes: Any) -> bytes:
    """The message with other fields."""
    return canonical({**json.loads(body), **changes})
