"""Killed at any call, delivered twice, late or in any order: one dossier, one mark, an empty queue."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.register.model import StreamId
from chalicelib.registry.chain import Mark
from chalicelib.registry.consumer import Consumer, Message, Outcome
from chalicelib.registry.folder import Folder
from tests.fakes import fake_seals
from tests.unit.registry.fakes import VISIBILITY, Fate, InMemoryMarks, InMemoryQueue, InMemoryShelf, Killed
from tests.unit.registry.filings import InMemoryFilings

FILINGS = InMemoryFilings.begin()
STREAMS = (FILINGS.handed_over(), FILINGS.handed_over(files=()))
DOSSIERS = ["KH-D-2026-1", "KH-D-2026-2"]


def fresh_queue() -> InMemoryQueue:
    """A queue with all events of two filings, mixed."""
    queue = InMemoryQueue()
    first, second = (FILINGS.messages(stream) for stream in STREAMS)
    while first or second:
        for stream, messages in zip(STREAMS, (first, second), strict=True):
            if messages:
                queue.send(messages.pop(0), str(stream))
    return queue


def run(queue: InMemoryQueue, marks: InMemoryMarks, shelf: Any, fate: Fate) -> None:
    """One life of the consumer."""
    consumer = Consumer(
        queue=fate.watch(queue), objects=fate.watch(FILINGS.records), marks=fate.watch(marks), shelf=fate.watch(shelf),
        seals=fake_seals, say=lambda _: None, monotonic=lambda: queue.now,
    )  # fmt: skip
    while consumer.step(wait=0) is not None:
        pass


def all_marks() -> dict[StreamId, Mark]:
    """The register's own marks."""
    heads = {stream: FILINGS.load(stream).head for stream in STREAMS}
    return {stream: Mark(head.version, head.hash) for stream, head in heads.items()}


def calls_of_a_whole_run() -> int:
    """How many calls there are to die at."""
    fate = Fate()
    run(fresh_queue(), InMemoryMarks(), InMemoryShelf(), fate)
    return fate.calls


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_call_and_begun_again_the_end_is_the_same(after: bool, tmp_path: Path) -> None:
    calls = calls_of_a_whole_run()
    assert calls > 60
    for at in range(1, calls + 1):
        queue, marks, root = fresh_queue(), InMemoryMarks(), tmp_path / str(at)
        root.mkdir()
        with pytest.raises(Killed):
            run(queue, marks, Folder(root), Fate(at, after))
        assert not [path for path in root.iterdir() if path.name not in DOSSIERS], f"half a dossier after call {at}"
        queue.now += VISIBILITY * 2
        Folder(root).sweep()
        run(queue, marks, Folder(root), Fate())
        assert sorted(path.name for path in root.iterdir()) == DOSSIERS, f"killed at call {at}"
        assert marks.marks == all_marks(), f"killed at call {at}"
        assert (queue.held, queue.dead) == ([], []), f"killed at call {at}"


def test_what_was_done_is_never_forgotten_before_its_mark_and_never_deleted_before_either() -> None:
    order: list[str] = []

    class Queue(InMemoryQueue):
        def delete(self, message: Message) -> None:
            order.append("delete")
            super().delete(message)

    class Marks(InMemoryMarks):
        def set(self, stream: StreamId, mark: Mark, at: str = "") -> None:
            order.append("mark")
            super().set(stream, mark, at)

    class Shelf(InMemoryShelf):
        def lay(self, dossier: Any) -> Path:
            order.append("lay")
            return super().lay(dossier)

    queue = Queue()
    for body in FILINGS.messages(STREAMS[0]):
        queue.send(body, "one")
    run(queue, Marks(), Shelf(), Fate())
    assert order[-3:] == ["lay", "mark", "delete"]
    assert order[:-3] == ["mark", "delete"] * (len(order[:-3]) // 2)


EVENTS = [(stream, body) for stream in STREAMS for body in FILINGS.messages(stream)]


@settings(max_examples=25, deadline=None)
@given(
    order=st.permutations(range(len(EVENTS))),
    again=st.lists(st.integers(0, len(EVENTS) - 1), max_size=8),
)
def test_in_any_order_and_with_any_repeats_each_filing_is_laid_once(order: list[int], again: list[int]) -> None:
    shelf, marks = InMemoryShelf(), InMemoryMarks()
    waiting = [EVENTS[number] for number in (*order, *again)]
    consumer = Consumer(
        queue=InMemoryQueue(), objects=FILINGS.records, marks=marks, shelf=shelf, seals=fake_seals, say=lambda _: None,
        monotonic=float,
    )
    for _ in range(len(EVENTS) + 1):  # a message that is parked comes again
        outcomes = [(event, consumer.handle(Message("id", "handle", event[1]))) for event in waiting]
        waiting = [event for event, outcome in outcomes if outcome in {Outcome.PARKED, Outcome.LEFT}]
    assert waiting == []
    assert sorted(shelf.laid) == DOSSIERS
    assert marks.marks == all_marks()


@settings(max_examples=40, deadline=None)
@given(lost=st.sets(st.integers(0, len(EVENTS) - 1), min_size=1, max_size=3))
def test_what_lies_behind_a_lost_event_is_never_laid_and_what_does_not_is(lost: set[int]) -> None:
    shelf, marks, queue = InMemoryShelf(), InMemoryMarks(), InMemoryQueue()
    for number, (stream, body) in enumerate(EVENTS):
        if number not in lost:
            queue.send(body, str(stream))
    while queue.held:
        run(queue, marks, shelf, Fate())
        queue.now += VISIBILITY
    first = len(FILINGS.messages(STREAMS[0]))
    whole = [name for name, there in zip(DOSSIERS, (range(first), range(first, len(EVENTS))), strict=True)
             if not lost & set(there)]  # fmt: skip
    assert shelf.laid == whole
    for stream in STREAMS:  # dead letters keep their order, for whoever redrives them
        numbers = [int(one.id.removeprefix("message-")) for one in queue.dead if one.group == str(stream)]
        assert numbers == sorted(numbers)


def test_a_dossier_laid_by_a_life_that_forgot_its_mark_is_found_again() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            run(fresh_queue(), InMemoryMarks(), Folder(Path(folder)), Fate())
        assert sorted(path.name for path in Path(folder).iterdir()) == DOSSIERS
