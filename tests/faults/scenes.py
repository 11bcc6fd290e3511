"""Who may meet whom: for each workflow, two to four actors that do the same thing, or compete, at the same moment.

Actors call the use cases as the functions do. A scene begins at a moment of the recorded journey, or with drafts of its own.
An actor may end with LostRace or Unavailable (its caller or its queue tries again); with nothing else.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.filing.submission import Confirmation
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Unavailable
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import StreamId, filing, order
from tests.fakes import NOON
from tests.faults.interleave import Run, interleavings
from tests.faults.invariants import check
from tests.faults.journey import PRIVATE
from tests.faults.stages import Shape, Stage, shape
from tests.faults.stores import Stores
from tests.faults.world import Moment, World

Actors = Sequence[Callable[[], Any]]
PATENT = {
    "kind": "patent",
    "route": "ep-validation",
    "applicants": [{"names": {"en": "Anna"}, "country": "KH", "address": {"en": "Phnom Penh"}}],
    "basis": {"office": "EP", "application_number": "12345678.9", "filed": "2020-01-02"},
}


@dataclass(frozen=True)
class Scene:
    """Actors at a moment."""

    workflow: str
    name: str
    moment: Moment
    actors: Callable[[World], Actors]
    judge: Callable[[World, Run], None]
    seeds: int

    def play(self, world: World) -> tuple[int, list[str]]:
        """Under every seed; answers how many were tried, and what broke, with seed and log."""

        def fresh() -> World:
            world.go_back(self.moment)
            return world

        done = interleavings(range(self.seeds), world=fresh, actors=self.actors, check=self.judge)
        return done.tried, [f"{self.name}: {why}\n{run}" for run, why in done.broken]


def only_races(run: Run) -> None:
    """No actor failed, but for a race that its caller runs again."""
    for actor, error in run.failed.items():
        assert isinstance(error, Unavailable), f"{actor}: {type(error).__name__}: {error}"


def as_if_once(stage: Stage) -> Callable[[World, Run], None]:
    """The world is as if one of them had been alone."""

    def judge(world: World, run: Run) -> None:
        only_races(run)
        check(world, private=PRIVATE)
        odd = Counter(_effects(shape(world)))
        odd.subtract(_effects(stage.shape))
        if changed := [f"{number:+} {line}" for line, number in odd.items() if number]:
            raise AssertionError(f"not as if once: {changed[:6]}")

    return judge


def _effects(lines: Shape) -> list[str]:
    """A shape without what waits in queues: actors are called, not delivered to."""
    return [line for line in lines if not line.startswith("queue ")]


def submissions(world: World, actors: int, *, twice: bool = False, seeds: int) -> Scene:
    """So many filers submit different filings of one kind; with `twice` the first presses twice at once. Who comes later
    was received earlier, so that numbers and times could disagree."""
    world.go_back(world.first)
    drafts = [_draft(world, number) for number in range(actors - twice)]
    moment = world.remember()
    pressed = [*drafts, drafts[0]] if twice else drafts

    def act(place: World) -> Actors:
        submit = place.rooms.submit
        return [
            partial(submit, *press, received_at=NOON - timedelta(seconds=number))
            for number, press in enumerate(pressed)
        ]

    def judge(place: World, run: Run) -> None:
        if run.failed:
            raise AssertionError(f"a filer was thrown out: {run.failed}")
        check(place)
        given = [data["serial"] for _, data in Stores(place).facts("FilingSubmitted")]
        if sorted(given) != list(range(1, len(drafts) + 1)):
            raise AssertionError(f"numbers given: {given}")

    name = f"{actors} submissions" + (", one pressing twice" if twice else "")
    return Scene("submit", name, moment, act, judge, seeds)


def _draft(world: World, number: int) -> tuple[str, str, Confirmation, Repeat]:
    account = f"account:filer{number}"
    begun = Repeat(account, "scene-begin", Digest.of(b"begin"))
    identifier = world.rooms.drafts.begin(account, PATENT, begun)
    version, view = world.rooms.filings.one(account, identifier)
    confirmed = Confirmation(version, view["manifest"]["sha256"])
    return account, identifier, confirmed, Repeat(account, "scene-submit", Digest.of(b"submit"))


def three_drafts(place: World) -> Actors:
    """One key, three times."""
    repeat = Repeat("account:anna", "scene-begin", Digest.of(b"begin"))
    return [partial(place.rooms.drafts.begin, "account:anna", PATENT, repeat)] * 3


def two_looks(place: World) -> Actors:
    """The notice of one upload, twice."""
    return [partial(place.rooms.confirm_upload, place.memory.journey["key 0"], None)] * 2


def two_custodians(place: World) -> Actors:
    """One filing, twice."""
    return [partial(place.rooms.take_custody, _stream(place))] * 2


def three_questions(place: World) -> Actors:
    """Three bells for one attempt."""
    return [partial(place.rooms.ask_bank, place.memory.journey["reference"], rung=True)] * 3


def three_credits(place: World) -> Actors:
    """One paid order, three times."""
    return [partial(place.rooms.credit_filing, order(place.memory.journey["order"]))] * 3


def two_seals(place: World) -> Actors:
    """What waits in the sealing queue, twice: letter and time-stamp."""
    rooms = place.rooms
    assert rooms.seal_receipt and rooms.seal_letter and rooms.raise_letters  # made before anybody waits: making holds a lock
    return [partial(rooms.seal, _stream(place))] * 2


def two_loggers(place: World) -> Actors:
    """One receipt, twice."""
    return [partial(place.rooms.log_facts, _stream(place))] * 2


def two_hands(place: World) -> Actors:
    """One package, twice."""
    return [partial(place.rooms.hand_over, _stream(place))] * 2


def three_relays(place: World) -> Actors:
    """The stream's bell and two sweeps."""
    return [partial(place.rooms.relay.streams, [_stream(place)])] * 3


def _stream(place: World) -> StreamId:
    return filing(place.memory.journey["filing"])


def one_draft(world: World, run: Run) -> None:
    """One key, one filing."""
    only_races(run)
    check(world)
    assert len(Stores(world).heads) == 1, f"{len(Stores(world).heads)} filings for one key"


def paid_once(world: World, run: Run) -> None:
    """However many ask, the money counts once."""
    only_races(run)
    check(world, private=PRIVATE)
    assert len(Stores(world).facts("PaymentVerified")) == 1, "the money did not count once"


AT_ONCE: tuple[tuple[str, str, Callable[[World], Actors], int], ...] = (  # workflow, function, actors, seeds
    ("upload", "receive_upload", two_looks, 10),
    ("custody", "take_custody", two_custodians, 8),
    ("pay", "credit_filing", three_credits, 10),
    ("seal", "seal_letter", two_seals, 3),
    ("log", "log_facts", two_loggers, 10),
    ("hand_over", "hand_over", two_hands, 8),
    ("relay", "relay", three_relays, 10),
)


def scenes(world: World, stages: Sequence[Stage]) -> list[Scene]:
    """One scene or more for each workflow that more than one may do at a time. (The consumer holds its folder alone.)"""
    last = {stage.name: stage for stage in stages}  # of each name: the one that has something to do
    first = {stage.name: stage for stage in reversed(stages)}
    found = [
        submissions(world, 2, seeds=16),
        submissions(world, 3, seeds=16),
        submissions(world, 4, seeds=8),
        submissions(world, 3, twice=True, seeds=10),
        Scene("draft", "one key, three times at once", world.first, three_drafts, one_draft, 10),
        Scene("pay", "ask_bank at once", first["ask_bank"].before, three_questions, paid_once, 10),
    ]
    for workflow, function, actors, seeds in AT_ONCE:
        stage = (last if function == "hand_over" else first)[function]
        found.append(Scene(workflow, f"{function} at once", stage.before, actors, as_if_once(stage), seeds))
    return found
