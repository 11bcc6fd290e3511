"""The journey cut into stages, each with the moment before it: so every AWS call of the whole way can be tried from near.

A stage is one request or one invocation. A run that was killed in it and began again must leave the world in the same
`shape` as the undisturbed run; then the way from there is the same too, and need not be gone again. If the shape differs
(an attempt more, say), the run goes on to the end and is judged there.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.faults.crash import SIDES, Broken, Crash, Killer, Side, killing
from tests.faults.ground import lying_in_queues, objects
from tests.faults.invariants import check
from tests.faults.journey import JOURNEY, PRIVATE, Step
from tests.faults.pump import Pump
from tests.faults.stores import Stores
from tests.faults.world import Moment, World

Shape = tuple[str, ...]
Act = Callable[[World], None]

VARYING = (
    (re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}"), "ULID"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "VERSION"),
    (re.compile(r"[0-9a-f]{64}"), "SHA256"),
    (re.compile(r"[0-9a-f]{32}"), "CHANCE"),
    (re.compile(r"TR[0-9A-Z]{14}"), "REFERENCE"),
)
LEFT_OUT = {"size", "qr", "qr_md5", "deeplink", "form_size", "manifest_size", "receipt_size"}


@dataclass(frozen=True)
class Stage:
    """One request or invocation of the undisturbed journey."""

    workflow: str
    name: str
    step: int  # the script's step it belongs to
    pumped: bool
    before: Moment
    calls: tuple[str, ...]
    shape: Shape  # of the world after it


def shape(world: World) -> Shape:
    """What lies anywhere, with everything left out that chance makes different from run to run."""
    stores = Stores(world)
    lines = [f"row {_plain(row)}" for row in stores.rows]
    lines += [f"record {key} {len(versions)}" for key, versions in stores.records.items()]
    lines += [f"public {key} {versions}" for key, versions in public(world)]
    lines += [f"upload {key} {len(versions)}" for key, versions in stores.quarantine.items()]
    lines += [f"queue {queue} {_plain(_read(body))}" for queue, body in lying_in_queues()]
    lines += sorted({f"published {event['subject']} {event['sequence']}" for event in stores.published})
    lines += [f"bank {one.status} {one.payments}" for one in world.bank.transactions.values()]
    lines += [f"dossier {name}" for name in world.memory.journey.get("dossiers", {})]
    for pattern, word in VARYING:
        lines = [pattern.sub(word, line) for line in lines]
    return tuple(sorted(lines))


def public(world: World) -> list[tuple[str, int]]:
    """Names of all public files, and of how many versions each is."""
    return [(key, len(versions)) for key, versions in objects(world.environment["TRA_PUBLIC_BUCKET"]).items()]


def _read(body: str) -> Any:
    """A message's body; S3's own time and way of writing keys aside."""
    try:
        return json.loads(re.sub(r'"eventTime": ?"[^"]*"', '"eventTime": ""', unquote(body)))
    except ValueError:
        return body


def _plain(value: Any) -> str:
    def without(part: Any) -> Any:
        if isinstance(part, dict):
            return {k: "…" if k == "pending" else without(v) for k, v in part.items() if k not in LEFT_OUT}
        if isinstance(part, list):
            return [without(one) for one in part]
        return part

    return json.dumps(without(value), sort_keys=True, ensure_ascii=False)


def record(world: World, script: tuple[Step, ...] = JOURNEY) -> tuple[Stage, ...]:
    """Go the whole way undisturbed; answers its stages. The world is then at its end."""
    world.go_back(world.first)
    stages: list[Stage] = []
    with killing() as killer:
        for number, step in enumerate(script):
            done = False
            while not done:
                before = world.remember()
                world.cold()
                invocation = Pump(world).next() if step.name == "pump" else None
                killer.arm(0, "before")
                if step.name == "pump":
                    done = invocation is None
                    if invocation is not None:
                        _run(world, invocation)
                else:
                    done = step.act(world)
                workflow, name = (
                    (invocation.workflow, invocation.function) if invocation else (step.workflow, step.name)
                )
                if killer.calls:
                    stages.append(
                        Stage(workflow, name, number, invocation is not None, before, tuple(killer.calls), shape(world))
                    )
    check(world, final=False, private=PRIVATE)
    return tuple(stages)


def _run(world: World, invocation: Any) -> None:
    pump = Pump(world)
    pump.run(invocation)
    if pump.failures:
        raise AssertionError("; ".join(pump.failures))


def points(stage: Stage) -> Iterator[tuple[int, Side]]:
    """Every crash point of a stage."""
    for at in range(1, len(stage.calls) + 1):
        for side in SIDES:
            yield at, side


def finish(world: World, step: int, script: tuple[Step, ...] = JOURNEY) -> None:
    """Go on from a step of the script to the very end, and judge."""
    for one in script[step:]:
        if one.name == "pump":
            Pump(world).quiet()
        else:
            while not one.act(world):
                pass
    Pump(world).quiet()
    check(world, final=True, private=PRIVATE)


@dataclass(frozen=True)
class Outcome:
    """What came of one crash point: nothing (`why` empty) or what broke; `detour` if the shape was another."""

    stage: Stage
    at: int
    side: Side
    why: str = ""
    detour: bool = False

    @property
    def broken(self) -> Broken:
        """For people."""
        return Broken(self.at, self.side, f"{self.stage.name}: {self.stage.calls[self.at - 1]}", self.why)


def kill_and_repeat(
    world: World, killer: Killer, stage: Stage, at: int, side: Side, *, meanwhile: bool = False
) -> Outcome:
    """Die at one call of one stage; do it again; judge. With `meanwhile`, everything else goes first and the dead one's
    work comes again only when its time is over; the run then always goes on to the end."""
    world.go_back(stage.before)
    detour = meanwhile
    try:
        act = _act(world, stage)
        killer.arm(at, side)
        with suppress(Crash):
            act()
        if not killer.reached:
            raise AssertionError("the call was not made again: the run is not repeatable")
        killer.disarm()
        world.cold()
        check(world, private=PRIVATE)
        if not meanwhile:
            act()
            check(world, private=PRIVATE)
            detour = shape(world) != stage.shape
        if detour:
            finish(world, stage.step)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the finding
        return Outcome(stage, at, side, f"{type(error).__name__}: {error}", detour)
    finally:
        killer.disarm()
    return Outcome(stage, at, side, "", detour)


def _act(world: World, stage: Stage) -> Callable[[], None]:
    if not stage.pumped:
        script = JOURNEY[stage.step]
        return lambda: _ignore(script.act(world))
    invocation = Pump(world).next()
    assert invocation is not None
    return lambda: _run(world, invocation)


def _ignore(done: bool) -> None:
    """One call of a step that may want several: the stage is one of them."""
