"""Harness B: two to four actors, one AWS call at a time, in an order chosen by a seed.

moto is not safe under parallel writers, so only one actor is ever let into AWS. Who is next is chosen only when every living
actor waits, so that a seed repeats a run exactly, whatever the machine does. An actor has its turn until it waits again
or ends; so nothing of two actors ever runs at the same time between their AWS calls.
"""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tests.faults.calls import watching

W = TypeVar("W")
PATIENCE = 30.0  # seconds; an actor that blocks elsewhere is an error of the test, not a reason to hang


class Stuck(AssertionError):
    """An actor neither called nor ended."""


@dataclass
class Turns:
    """Whose turn it is. `log` holds every choice: the actor and what it then called."""

    seed: int
    alive: set[str] = field(default_factory=set)
    waiting: dict[str, str] = field(default_factory=dict)
    turn: str = ""
    log: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(f"seed {self.seed}")  # noqa: S311 - repeatable; a text, as small numbers choose alike
        self._bell = threading.Condition()
        self._me = threading.local()

    def before(self, name: str) -> None:
        """See `calls.watching`: wait for this actor's turn. Calls of no actor pass."""
        me: str = getattr(self._me, "name", "")
        if not me:
            return
        with self._bell:
            if self.turn == me:
                self.turn = ""
            self.waiting[me] = name
            self._choose()
            if not self._bell.wait_for(lambda: self.turn == me, PATIENCE):
                raise Stuck(f"{me} waited for {PATIENCE} s; alive {self.alive}, waiting {set(self.waiting)}")
            del self.waiting[me]

    def run(self, me: str, act: Callable[[], None], failed: dict[str, BaseException]) -> None:
        """One actor's life, in its own thread."""
        self._me.name = me
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - kept for the judge
            failed[me] = error
        finally:
            with self._bell:
                self.alive.discard(me)
                self.waiting.pop(me, None)
                if self.turn == me:
                    self.turn = ""
                self._choose()

    def _choose(self) -> None:
        if not self.turn and self.alive and set(self.waiting) == self.alive:
            self.turn = self._random.choice(sorted(self.alive))
            self.log.append((self.turn, self.waiting[self.turn]))
            self._bell.notify_all()


@dataclass(frozen=True)
class Run:
    """What happened under one seed."""

    seed: int
    log: tuple[tuple[str, str], ...]
    failed: dict[str, BaseException]

    def __str__(self) -> str:
        steps = "\n".join(f"  {actor:<10} {call}" for actor, call in self.log)
        errors = "".join(f"\n  {actor} failed: {type(error).__name__}: {error}" for actor, error in self.failed.items())
        return f"seed {self.seed}:\n{steps}{errors}"


def interleave(seed: int, actors: Sequence[Callable[[], None]]) -> Run:
    """Let the actors run, one call at a time, as `seed` chooses."""
    turns = Turns(seed)
    failed: dict[str, BaseException] = {}
    names = [f"actor {number}" for number in range(1, len(actors) + 1)]
    turns.alive = set(names)
    with watching(before=turns.before):
        threads = [
            threading.Thread(target=turns.run, args=(name, act, failed), name=name, daemon=True)
            for name, act in zip(names, actors, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE * 2)
        if alive := [thread.name for thread in threads if thread.is_alive()]:
            raise Stuck(f"seed {seed}: {alive} did not end")
    return Run(seed, tuple(turns.log), failed)


@dataclass(frozen=True)
class Interleavings:
    """What came of many seeds."""

    tried: int
    broken: tuple[tuple[Run, str], ...]


def interleavings(
    seeds: Sequence[int],
    *,
    world: Callable[[], W],
    actors: Callable[[W], Sequence[Callable[[], None]]],
    check: Callable[[W, Run], None],
) -> Interleavings:
    """For each seed: a fresh `world()`, its `actors` interleaved, `check` (which raises). Failed runs are kept whole."""
    broken: list[tuple[Run, str]] = []
    for seed in seeds:
        place = world()
        run = interleave(seed, actors(place))
        try:
            check(place, run)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is the finding
            broken.append((run, f"{type(error).__name__}: {error}"))
    return Interleavings(len(seeds), tuple(broken))
