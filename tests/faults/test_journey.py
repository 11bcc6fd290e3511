"""One filing's whole way, killed at every AWS call, interleaved, and with its messages mistreated: every invariant holds.

One world for all tests here, made once; each test goes back to a moment of the recorded journey.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.faults import figures, naive
from tests.faults.crash import killing
from tests.faults.events import Fault, faults
from tests.faults.invariants import check
from tests.faults.journey import FILES, JOURNEY, PRIVATE, travel
from tests.faults.public import check_dossier, check_letter, check_receipt
from tests.faults.pump import Pump
from tests.faults.scenes import Scene, scenes, submissions
from tests.faults.stages import Outcome, Stage, finish, kill_and_repeat, points, record, shape
from tests.faults.stores import Stores, Violated
from tests.faults.world import Moment, World, world

SENT = {name: body for _, name, _, body in FILES}
BESIDE = {"inbound"}  # not on this way: tests of its own
SAMPLE = 16  # of the crash points are also gone on from with everything else first, to the very end


@dataclass(frozen=True)
class Way:
    """The office, and the undisturbed journey in stages."""

    office: World
    stages: tuple[Stage, ...]
    end: Moment

    def of(self, workflow: str) -> list[Stage]:
        """The stages of one workflow."""
        return [stage for stage in self.stages if stage.workflow == workflow]

    def stage(self, name: str) -> Stage:
        """The first stage of this name."""
        return next(stage for stage in self.stages if stage.name == name)


@pytest.fixture(scope="module")
def way() -> Iterator[Way]:
    """The journey, gone once."""
    with world() as office:
        stages = record(office)
        yield Way(office, stages, office.remember())


@pytest.fixture
def office(way: Way) -> Iterator[World]:
    """The office, sound again afterwards."""
    yield way.office
    naive.break_in(way.office, None)


def effects(office: World) -> Counter[str]:
    """What was done, whenever: entries by type, objects by folder, letters published."""
    stores = Stores(office)
    done = Counter(f"{pk.split('#')[0]} {entry['type']}" for pk, rows in stores.streams.items() for entry in rows)
    done.update("object " + key.split("/")[2 if key.startswith("filings/") else 0] for key in stores.records)
    done.update("published " + event["type"] for event in {event["id"]: event for event in stores.published}.values())
    return done


def long_after(office: World) -> World:
    """When every letter has risen as far as it does; until then only the time that passed says how far."""
    office.clock.advance(timedelta(hours=1))
    Pump(office).quiet(sweeps=2)
    return office


# ------------------------------------------------------------------------------------------------ undisturbed


def test_the_undisturbed_way_ends_in_a_dossier_and_says_nothing_private(
    way: Way, capfd: pytest.CaptureFixture[str]
) -> None:
    way.office.go_back(way.office.first)
    travel(way.office)
    finish(way.office, len(JOURNEY))
    logged = "".join(capfd.readouterr())
    assert "hand-over-not-ready" in logged
    assert [text for text in PRIVATE if text in logged] == []
    assert effects(way.office)["FILING PackageReady"] == 1


def test_what_the_public_was_given_hangs_together(way: Way) -> None:
    way.office.go_back(way.end)
    memory = way.office.memory.journey
    check_receipt(memory["receipt"], way.office.roots, SENT)
    receipt = memory["receipt"]["receipt"].encode()
    dossier = {name: body for name, body in memory["dossiers"].items() if not name.startswith(".")}
    (letter,) = [body for name, body in dossier.items() if name.endswith("acknowledgement.pdf")]
    check_letter(letter, way.office.roots, receipt)
    check_dossier(dossier, receipt, letter, SENT)


def test_a_recorded_journey_is_the_same_each_time(way: Way) -> None:
    again = record(way.office)
    assert [(stage.name, stage.calls) for stage in again] == [(stage.name, stage.calls) for stage in way.stages]
    assert [stage.shape for stage in again] == [stage.shape for stage in way.stages]


# ------------------------------------------------------------------------------------------------ killed


@pytest.mark.parametrize("workflow", [one for one in figures.WORKFLOWS if one not in BESIDE])
@pytest.mark.timeout(600)
def test_killed_at_any_call_and_begun_again_nothing_is_lost_or_doubled(way: Way, workflow: str) -> None:
    stages = way.of(workflow)
    assert stages
    with killing() as killer:
        outcomes = [
            kill_and_repeat(way.office, killer, stage, at, side) for stage in stages for at, side in points(stage)
        ]
    broken = [outcome for outcome in outcomes if outcome.why]
    figures.count(workflow, "crash_points", len(outcomes))
    figures.count(workflow, "broken", len(broken))
    assert not broken, report(broken)


@pytest.mark.timeout(600)
def test_killed_and_overtaken_by_everything_else_the_filing_still_arrives(way: Way) -> None:
    everywhere = [(stage, at, side) for stage in way.stages for at, side in points(stage)]
    chosen = random.Random(7).sample(everywhere, SAMPLE)  # noqa: S311 - the same each time
    with killing() as killer:
        outcomes = [kill_and_repeat(way.office, killer, *point, meanwhile=True) for point in chosen]
    broken = [outcome for outcome in outcomes if outcome.why]
    figures.count("journey", "crash_points", len(outcomes))
    figures.count("journey", "broken", len(broken))
    assert not broken, report(broken)


def report(broken: list[Outcome]) -> str:
    """What broke, for people."""
    return f"{len(broken)} broken:\n" + "\n".join(str(outcome.broken) for outcome in broken[:20])


# ------------------------------------------------------------------------------------------------ repeated


def test_doing_everything_once_more_gives_the_first_answers_and_changes_nothing(way: Way) -> None:
    way.office.go_back(way.end)
    long_after(way.office)
    consume = next(step for step in JOURNEY if step.name == "consume")
    while not consume.act(way.office):
        pass
    before = shape(way.office)
    for step in JOURNEY:
        if step.name in {"begin", "reserve", "submit", "notify", "fetch", "consume"}:
            step.act(way.office)
    Pump(way.office).quiet()
    check(way.office, final=True, private=PRIVATE)
    changed = set(before) ^ set(shape(way.office))
    when = ("ASK#", "LATER#")  # when the bank is asked next, and whether a bell waits for it, may move
    assert {line for line in changed if not (line.startswith("row") and any(mark in line for mark in when))} == set()


@pytest.mark.parametrize("key", ["journey-begin", "journey-file-0", "journey-submit", "journey-order"])
def test_a_used_key_with_another_body_or_for_another_filing_is_refused_and_changes_nothing(way: Way, key: str) -> None:
    office = way.office
    office.go_back(way.end)
    other = office.request("POST", "/v1/filings", {"kind": "patent"}, headers={"Idempotency-Key": "another-one"})
    mine, before = office.memory.journey["filing"], shape(office)
    bodies: dict[str, tuple[str, Any, Any]] = {
        "journey-begin": ("", {"kind": "patent"}, None),
        "journey-file-0": ("/attachments", {"document": "other"}, None),
        "journey-submit": ("/submission", office.memory.journey["confirmed"] | {"draft_version": 9},
                           office.memory.journey["confirmed"]),
        "journey-order": ("/payment-orders", None, {"rail": "aba"}),  # there is no other rail yet
    }  # fmt: skip
    path, changed, same = bodies[key]
    if key == "journey-file-0":
        changed = {"document": "other", "name": "x.pdf", "media_type": "application/pdf", "size": 10}
    asked = [
        (f"/v1/filings/{mine}{path}" if path else "/v1/filings", changed),
        (f"/v1/filings/{other.json['id']}{path}", same),
    ]
    for address, body in [one for one in asked if one[1]]:
        reply = office.request("POST", address, body, headers={"Idempotency-Key": key})
        assert (reply.status, reply.json["findings"][0]["code"]) == (409, "idempotency.other-request"), address
    assert shape(office) == before


# ------------------------------------------------------------------------------------------------ mistreated messages


@pytest.mark.parametrize(("name", "make"), faults(), ids=[name for name, _ in faults()])
@pytest.mark.timeout(600)
def test_messages_twice_late_disordered_and_given_up_have_one_effect(
    way: Way, name: str, make: Callable[[World], Fault]
) -> None:
    office = way.office
    office.go_back(way.end)
    wanted = effects(long_after(office))
    office.go_back(office.first)
    fault, why = make(office), ""
    try:
        for step in JOURNEY:
            if step.name == "pump":
                fault.quiet()
            else:
                while not step.act(office):
                    pass
        finish(office, len(JOURNEY))
        if (done := effects(long_after(office))) != wanted:
            raise Violated(f"more or less was done: {done - wanted}, {wanted - done}")
    except AssertionError as error:
        why = f"{error}\n" + "\n".join(fault.failures)
    for workflow, number in fault.done.items():
        figures.count(workflow, "event_faults", number)
        figures.count(workflow, "broken_event_faults", number if why else 0)
    assert not why, f"{name}: {why}"
    assert fault.done, "nothing was mistreated"


def test_the_registry_takes_repeats_of_all_facts_in_any_order_and_lays_no_second_dossier(way: Way) -> None:
    office = way.office
    office.go_back(way.end)
    bodies, before = list(office.memory.published), dict(office.memory.journey["dossiers"])
    random.Random(11).shuffle(bodies)  # noqa: S311 - the same each time
    for number, body in enumerate(bodies):
        office.clients.sqs.send_message(
            QueueUrl=office.queues["registry"],
            MessageBody=body.decode(),
            MessageGroupId="again",
            MessageDeduplicationId=f"again-{number}",
        )
    consume = next(step for step in JOURNEY if step.name == "consume")
    while not consume.act(office):
        pass
    after = office.memory.journey["dossiers"]
    kept = {name for name in before if not name.startswith(".")}
    assert {name: after[name] for name in after if not name.startswith(".")} == {name: before[name] for name in kept}
    figures.count("consume", "event_faults", len(bodies))


# ------------------------------------------------------------------------------------------------ at the same time


@pytest.fixture(scope="module")
def played(way: Way) -> dict[str, Scene]:
    """Every scene by name."""
    return {scene.name: scene for scene in scenes(way.office, way.stages)}


SCENES = (
    "2 submissions", "3 submissions", "4 submissions", "3 submissions, one pressing twice", "one key, three times at once",
    "receive_upload at once", "take_custody at once", "ask_bank at once", "credit_filing at once", "seal_letter at once",
    "log_facts at once",
    "hand_over at once", "relay at once",
)  # fmt: skip


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.timeout(600)
def test_whoever_is_chosen_next_it_is_as_if_one_came_after_the_other(
    way: Way, played: dict[str, Scene], name: str
) -> None:
    scene = played[name]
    tried, broken = scene.play(way.office)
    figures.count(scene.workflow, "interleavings", tried)
    figures.count(scene.workflow, "broken_interleavings", len(broken))
    assert not broken, "\n\n".join(broken[:3])


def test_every_scene_is_played(played: dict[str, Scene]) -> None:
    assert set(played) == set(SCENES)


# ------------------------------------------------------------------------------------------------ found out


@pytest.mark.parametrize(
    ("how", "stage"),
    [
        (naive.register(naive.OneByOne), "begin"),
        (naive.register(naive.OneByOne), "submit"),
        (naive.register(naive.OneByOne), "credit_filing"),
        (naive.mark_first, "relay"),
        (naive.replacing, "take_custody"),
    ],
    ids=["dual write of a draft", "dual write of a submission", "dual write of a credit", "marked before published",
         "records replaced"],
)  # fmt: skip
def test_a_kill_finds_out(way: Way, office: World, how: Callable[[Any], None], stage: str) -> None:
    chosen = way.stage(stage)
    naive.break_in(office, how)
    with killing() as killer:
        outcomes = [kill_and_repeat(office, killer, chosen, at, side) for at, side in points(chosen)]
    assert [outcome for outcome in outcomes if outcome.why], f"nothing of {len(outcomes)} broke"


@pytest.mark.parametrize("how", [naive.Unguarded, naive.CounterUnguarded], ids=["no condition", "counter without"])
def test_an_interleaving_finds_out_a_condition_that_was_taken_out(office: World, how: Any) -> None:
    scene = submissions(office, 3, seeds=12)
    naive.break_in(office, naive.register(how))
    tried, broken = scene.play(office)
    assert len(broken) > tried // 2, f"{len(broken)} of {tried}"
