"""A letter that two persons answer for: prepared, approved, sealed, killed at every AWS call; people in each other's way."""

from collections.abc import Callable, Iterator

import pytest

from chalicelib.register.model import StreamId
from tests.faults import figures
from tests.faults.crash import crash_points
from tests.faults.interleave import Run, interleavings
from tests.faults.invariants import check
from tests.faults.journey import PRIVATE, begin, edit, reserve, send, submit
from tests.faults.pump import Pump
from tests.faults.stores import Stores
from tests.faults.world import Moment, Reply, World, world
from tests.integration.officers import desk, seen, staffed, wanted

NAMES = (*PRIVATE, "Sok Dara", "Chan Malis", "សុខ ដារ៉ា", "power of attorney", "Examiner")


@pytest.fixture(scope="module")
def office() -> Iterator[World]:
    """The office, made once, with officers."""
    with world() as made:
        staffed(made)
        yield made


@pytest.fixture(scope="module")
def filed(office: World) -> Moment:
    """An application, numbered; nothing else has happened."""
    office.go_back(office.first)
    for step in (begin, reserve(0), send(0)):
        step(office)
    Pump(office).drain()
    edit(office)
    submit(office)
    return office.remember()


@pytest.fixture(scope="module")
def prepared(office: World, filed: Moment) -> Moment:
    """A letter that Dara prepared."""
    office.go_back(filed)
    prepare(office)
    return office.remember()


@pytest.fixture(scope="module")
def approved(office: World, prepared: Moment) -> Moment:
    """The same, approved by Malis; the queue has not brought it yet."""
    office.go_back(prepared)
    approve(office)
    return office.remember()


def letter(office: World) -> dict[str, str]:
    """As it was read first."""
    read: dict[str, str] = office.memory.journey["letter"]
    return read


def must(reply: Reply, status: int) -> Reply:
    assert reply.status == status, reply.body
    return reply


def prepare(office: World) -> None:
    """Dara prepares, under one key."""
    number = office.memory.journey["receipt"]["application_number"]
    reply = must(desk(office, "dara", "POST", "/letters", wanted(number, "poa"), key="officer-prepare"), 201)
    said = {name: reply.json[name] for name in ("id", "content_sha256")}
    assert office.memory.journey.setdefault("letter", said) == said


def approve(office: World) -> None:
    """Malis approves what was read, under one key."""
    reply = must(desk(office, "malis", "POST", "/letter-approvals", seen(letter(office)), key="officer-approve"), 200)
    assert [one["approved"] for one in reply.json["letters"]] == [True]


def change(office: World) -> None:
    """Dara writes something else, under one key; too late is an answer too."""
    body = {"content": wanted("KH/D/2026/1", "other")["content"]}
    reply = desk(office, "dara", "POST", f"/letters/{letter(office)['id']}/content", body, key="officer-change")
    assert reply.status in {200, 409}, reply.body


def seal(office: World) -> None:
    """What the queue does, and what follows at once."""
    office.cold()
    office.rooms.seal(StreamId("LETTER", letter(office)["id"]))


def sealing(office: World) -> None:
    """The same in a warm process: two that begin at once would wait for each other's first parameters here, never on AWS."""
    office.rooms.seal(StreamId("LETTER", letter(office)["id"]))


def nothing_more(office: World) -> None:
    """What was done is all that is wanted."""


def entries(*types: str) -> Callable[[World], None]:
    """The world is sound, and the letter's entries are these."""

    def judge(office: World) -> None:
        check(office, private=NAMES)
        assert of_the_letter(office) == list(types)

    return judge


def of_the_letter(office: World) -> list[str]:
    return [entry["type"] for entry in Stores(office).streams[f"LETTER#{letter(office)['id']}"]]


def tried(office: World, moment: Moment, act: Callable[[World], None], judge: Callable[[World], None]) -> None:
    def back() -> World:
        office.go_back(moment)
        return office

    found = crash_points(world=back, act=act, settle=nothing_more, check=judge)
    figures.count("seal", "crash_points", found.tried)
    figures.count("seal", "broken", len(found.broken))
    assert not found.broken, "\n".join(map(str, found.broken))


@pytest.mark.timeout(900)
def test_killed_while_it_is_prepared_there_is_one_letter(office: World, filed: Moment) -> None:
    tried(office, filed, prepare, entries("LetterPrepared"))


@pytest.mark.timeout(900)
def test_killed_while_it_is_approved_it_is_approved_once(office: World, prepared: Moment) -> None:
    tried(office, prepared, approve, entries("LetterPrepared", "LetterApproved"))


@pytest.mark.timeout(900)
def test_killed_while_it_is_sealed_there_is_one_sealed_letter(office: World, approved: Moment) -> None:
    sealed = ("LetterPrepared", "LetterApproved", "LetterIntended", "LetterIssued", "LetterStamped")
    tried(office, approved, seal, entries(*sealed))


ENDS = {
    ("LetterPrepared", "LetterApproved", "LetterPrepared"),  # the change came last: nothing is sealed
    ("LetterPrepared", "LetterPrepared"),  # or first: the approval was of something else
    ("LetterPrepared", "LetterApproved", "LetterIntended", "LetterIssued", "LetterStamped"),  # or too late
}


@pytest.mark.timeout(900)
def test_a_change_while_it_is_approved_leaves_no_approval_of_what_nobody_read(office: World, prepared: Moment) -> None:
    def approving() -> None:
        reply = desk(office, "malis", "POST", "/letter-approvals", seen(letter(office)), key="officer-approve")
        assert reply.status in {200, 503}

    ends = _interleaved(office, prepared, approving, lambda: change(office))
    assert ends <= ENDS and len(ends) > 1


@pytest.mark.timeout(900)
def test_a_change_while_it_is_sealed_seals_what_was_approved_or_nothing(office: World, approved: Moment) -> None:
    ends = _interleaved(office, approved, lambda: sealing(office), lambda: change(office))
    assert ends <= ENDS


@pytest.mark.timeout(900)
def test_sealed_twice_at_once_it_is_one_letter(office: World, approved: Moment) -> None:
    ends = _interleaved(office, approved, lambda: sealing(office), lambda: sealing(office))
    assert ends == {("LetterPrepared", "LetterApproved", "LetterIntended", "LetterIssued", "LetterStamped")}


def _interleaved(office: World, moment: Moment, *acts: Callable[[], None]) -> set[tuple[str, ...]]:
    """Both acts in many orders of their AWS calls; the ends that came of it, each of a sound world."""
    ends: set[tuple[str, ...]] = set()

    def back() -> World:
        office.go_back(moment)
        assert office.rooms.letters and office.rooms.seal_approved and office.rooms.raise_letters  # made, and warm
        return office

    def judge(office: World, run: Run) -> None:
        assert not run.failed, str(run)
        check(office, private=NAMES)
        ends.add(tuple(of_the_letter(office)))

    found = interleavings(range(12), world=back, actors=lambda _: acts, check=judge)
    figures.count("seal", "interleavings", found.tried)
    assert not found.broken, "\n".join(f"{run}\n{why}" for run, why in found.broken)
    return ends
