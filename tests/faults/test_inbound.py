"""The registry's messages: the function killed at every AWS call, run twice, out of order, beside other work on the filing."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.faults import figures
from tests.faults.correspondence import accepted, letter, rejected, status
from tests.faults.crash import crash_points
from tests.faults.interleave import Run, interleavings
from tests.faults.invariants import check
from tests.faults.journey import PRIVATE, begin, edit, reserve, send, submit
from tests.faults.pump import Pump
from tests.faults.stores import Stores
from tests.faults.world import Moment, World, world

SAID = ("RegistryAccepted", "RegistryRejected", "RegistryStatusChanged", "OfficeLetterReceived")
ALL = list(SAID)


@pytest.fixture(scope="module")
def office() -> Iterator[World]:
    """The office, made once."""
    with world() as made:
        yield made


@pytest.fixture(scope="module")
def filed(office: World) -> Moment:
    """One filing, submitted, and all that follows done."""
    office.go_back(office.first)
    for step in (begin, reserve(0), send(0)):
        step(office)
    Pump(office).drain()
    edit(office)
    submit(office)
    Pump(office).drain()
    return office.remember()


def bodies(office: World) -> list[str]:
    """A message of each sort, in their order."""
    return [accepted(office, 1), rejected(office, 2), status(office, 3), letter(office, 4)]


def said(office: World) -> list[str]:
    """What was entered of the registry, oldest first."""
    entries = Stores(office).streams[f"FILING#{office.memory.journey['filing']}"]
    return [entry["type"] for entry in entries if entry["type"] in SAID]


def all_once(office: World) -> None:
    """Every message is an entry, in order, nothing is parked, and the world is sound."""
    check(office, private=PRIVATE)
    assert said(office) == ALL
    stores = Stores(office)
    assert [row["reason"] for row in stores.rows if row.get("due") == "INBOUND"] == []
    assert len(stores.facts("CaseOpened")) == 1


def back(office: World, moment: Moment) -> Callable[[], World]:
    def again() -> World:
        office.go_back(moment)
        return office

    return again


def take(office: World, order: tuple[int, ...]) -> None:
    """The function gets these messages, each in a process of its own."""
    sent = bodies(office)
    for place in order:
        office.cold()
        office.rooms.take_inbound(sent[place - 1])


@pytest.mark.timeout(900)
@pytest.mark.parametrize("order", [(1, 2, 3, 4), (4, 3, 2, 1), (2, 4, 1, 3)])
def test_killed_at_any_call_and_sent_again_each_message_is_one_entry_in_its_order(
    office: World, filed: Moment, order: tuple[int, ...]
) -> None:
    tried = crash_points(
        world=back(office, filed),
        act=partial(take, order=order),
        settle=lambda office: Pump(office).drain(),
        check=all_once,
    )
    figures.count("inbound", "crash_points", tried.tried)
    figures.count("inbound", "broken", len(tried.broken))
    assert {"s3.GetObject", "s3.PutObject", "dynamodb.TransactWriteItems"} <= set(tried.calls)
    assert not tried.broken, "\n".join(map(str, tried.broken))


@pytest.mark.timeout(600)
def test_in_any_order_and_each_twice_it_is_the_same(office: World, filed: Moment) -> None:
    for order in itertools.permutations((1, 2, 3, 4)):
        office.go_back(filed)
        take(office, (*order, *reversed(order)))
        all_once(office)


@pytest.mark.timeout(600)
def test_two_at_once_lose_nothing_and_enter_nothing_twice(office: World, filed: Moment) -> None:
    def actors(office: World) -> list[Callable[[], None]]:
        sent = bodies(office)
        take_one = office.rooms.take_inbound
        return [partial(take_one, sent[0]), partial(take_one, sent[1]), partial(take_one, sent[1])]

    def judge(office: World, run: Run) -> None:
        assert not run.failed, run.failed
        for body in bodies(
            office
        ):  # whatever was parked at the same moment as its turn came goes when the next message comes
            office.rooms.take_inbound(body)
        all_once(office)

    played = interleavings(range(12), world=back(office, filed), actors=actors, check=judge)
    figures.count("inbound", "interleavings", played.tried)
    figures.count("inbound", "broken_interleavings", len(played.broken))
    assert not played.broken, "\n\n".join(f"{why}\n{run}" for run, why in played.broken[:3])
