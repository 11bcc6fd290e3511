"""Harness A: die before or after any AWS call.

`Crash` derives from BaseException, so that no `except Exception` of the product hides it. What a `finally` or a context
manager still does while it flies past would not happen in a real kill: every AWS call made while dying raises too.
Dying *after* a call is the nasty half: AWS did it, and nobody saw the answer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from tests.faults.calls import watching

W = TypeVar("W")
Side = Literal["before", "after"]
SIDES: tuple[Side, ...] = ("before", "after")


class Crash(BaseException):
    """The process is killed."""


@dataclass
class Killer:
    """Counts AWS calls, and kills at the chosen one. Calls count from 1."""

    at: int = 0  # 0: never
    side: Side = "before"
    calls: list[str] = field(default_factory=list)
    dead: bool = False
    reached: bool = False  # whether the chosen call was ever made

    def arm(self, at: int, side: Side) -> None:
        """Count from here; kill at call `at`."""
        self.at, self.side, self.calls, self.dead, self.reached = at, side, [], False, False

    def disarm(self) -> None:
        """A new process: nothing kills it."""
        self.at, self.dead = 0, False

    def before(self, name: str) -> None:
        """See `calls.watching`."""
        if self.dead:
            raise Crash(f"dying, and still calling {name}")
        self.calls.append(name)
        self._kill("before", name)

    def after(self, name: str, ok: bool) -> None:
        """See `calls.watching`."""
        self._kill("after", name)

    def _kill(self, side: Side, name: str) -> None:
        if self.at and len(self.calls) == self.at and side == self.side and not self.dead:
            self.dead = self.reached = True
            raise Crash(f"killed {side} call {self.at}, {name}")


@contextmanager
def killing() -> Iterator[Killer]:
    """A killer at work on all clients of the product."""
    killer = Killer()
    with watching(before=killer.before, after=killer.after):
        yield killer


@dataclass(frozen=True)
class Broken:
    """A crash point after which something that must hold does not."""

    at: int
    side: Side
    call: str
    why: str

    def __str__(self) -> str:
        return f"killed {self.side} call {self.at} ({self.call}): {self.why}"


@dataclass(frozen=True)
class Crashes:
    """What came of trying every crash point."""

    calls: tuple[str, ...]
    tried: int
    broken: tuple[Broken, ...]


def crash_points(
    *,
    world: Callable[[], W],
    act: Callable[[W], None],
    settle: Callable[[W], None],
    check: Callable[[W], None],
    points: Callable[[int], bool] = lambda at: True,
) -> Crashes:
    """Try every crash point of `act`: in a fresh `world()` act and die, act again, `settle`, `check` (which raises).

    A point at which the second act fails, or which is never reached although the dry run passed it, counts as broken too.
    `points` chooses among the calls, numbered from 1.
    """
    with killing() as killer:
        place = world()
        killer.arm(0, "before")
        act(place)
        calls = tuple(killer.calls)
        settle(place)
        check(place)
        broken: list[Broken] = []
        tried = 0
        for at in filter(points, range(1, len(calls) + 1)):
            for side in SIDES:
                tried += 1
                place = world()
                killer.arm(at, side)
                try:
                    with suppress(Crash):
                        act(place)
                    if not killer.reached:
                        raise AssertionError("the call was not made again: the run is not repeatable")
                    killer.disarm()
                    act(place)
                    settle(place)
                    check(place)
                except Exception as error:  # noqa: BLE001 - whatever goes wrong is the finding
                    broken.append(Broken(at, side, calls[at - 1], f"{type(error).__name__}: {error}"))
                finally:
                    killer.disarm()
    return Crashes(calls, tried, tuple(broken))
