"""A later paper, killed at every AWS call and repeated, at every step of its way; and two of them at the same moment.

The filing is handed over, or not yet. Whatever happens, a paper has one number, one receipt, one package, after the package
that it follows (`paper_invariants.py`).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from chalicelib.filing.submission import Confirmation
from chalicelib.kernel.digest import Digest
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import filing, order, paper
from tests.faults import figures
from tests.faults.crash import crash_points
from tests.faults.interleave import Run, interleavings
from tests.faults.invariants import check
from tests.faults.journey import JOURNEY, consume, pdf, travel, wanted
from tests.faults.journey import PRIVATE as OF_THE_FILING
from tests.faults.pump import Pump
from tests.faults.scenes import only_races
from tests.faults.stores import Stores
from tests.faults.world import Moment, World, world

LETTER = pdf("an answer")
FORM = {"kind": "answer", "answers": [{"letter": "OA/2026/17"}], "note": "Words of the filer"}
PRIVATE = (*OF_THE_FILING, "Words of the filer", "our answer.pdf")
SEEDS = 12
Act = Callable[..., None]


@pytest.fixture(scope="module")
def office() -> Iterator[World]:
    """The office, made once."""
    with world() as made:
        yield made


@pytest.fixture(scope="module")
def acknowledged(office: World) -> Moment:
    """A filing that is with the registry."""
    office.go_back(office.first)
    travel(office, JOURNEY[:-1])
    return office.remember()


def begin(office: World, key: str = "paper") -> None:
    """POST a paper. The same key each time: the same paper."""
    memory = office.memory.journey
    path = f"/v1/filings/{memory['filing']}/papers"
    reply = wanted(office.request("POST", path, FORM, headers={"Idempotency-Key": f"{key}-begin"}), 201)
    assert memory.setdefault(key, reply.json["id"]) == reply.json["id"]


def reserve(office: World, key: str = "paper") -> None:
    """Announce its letter."""
    memory = office.memory.journey
    said = {"document": "statement", "name": "our answer.pdf", "media_type": "application/pdf", "size": len(LETTER)}
    path = f"/v1/papers/{memory[key]}/attachments"
    reply = wanted(office.request("POST", path, said, headers={"Idempotency-Key": f"{key}-file"}), 201)
    memory[f"{key} key"] = reply.json["upload"]["fields"]["key"]


def send(office: World, key: str = "paper") -> None:
    """Straight to quarantine."""
    office.clients.s3.put_object(
        Bucket=office.environment["TRA_QUARANTINE_BUCKET"], Key=office.memory.journey[f"{key} key"], Body=LETTER,
        ContentType="application/pdf", Tagging="state=draft",
    )  # fmt: skip


def look(office: World, key: str = "paper") -> None:
    """The notice of the letter comes."""
    office.cold()
    office.rooms.confirm_upload(office.memory.journey[f"{key} key"], None)


def submit(office: World, key: str = "paper") -> None:
    """POST the submission, confirming what is shown."""
    memory = office.memory.journey
    path = f"/v1/papers/{memory[key]}"
    if f"{key} seen" not in memory:
        shown = wanted(office.request("GET", f"{path}/check"), 200).json
        memory[f"{key} seen"] = {name: shown[name] for name in ("draft_version", "manifest_sha256")}
    sent = {"Idempotency-Key": f"{key}-submit"}
    reply = wanted(office.request("POST", f"{path}/submission", memory[f"{key} seen"], headers=sent), 201)
    assert memory.setdefault(f"{key} receipt", reply.json) == reply.json


def custody(office: World, key: str = "paper") -> None:
    """Custody is rung."""
    office.cold()
    office.rooms.take_custody(paper(office.memory.journey[key]))


def hand_over(office: World, key: str = "paper") -> None:
    """The hand-over is rung by the paper."""
    office.cold()
    office.rooms.hand_over(paper(office.memory.journey[key]))


WAY: tuple[tuple[str, Act, tuple[str, ...]], ...] = (
    ("draft", begin, ()),
    ("upload", reserve, ("AttachmentReserved",)),
    ("", send, ()),
    ("upload", look, ("AttachmentStored",)),
    ("submit", submit, ("PaperSubmitted",)),
    ("custody", custody, ("AttachmentSecured", "PaperSecured")),
    ("hand_over", hand_over, ("PackageReady",)),
)


def came(office: World, *keys: str, to: Act = hand_over) -> None:
    """Each paper goes its way up to, and with, this step."""
    for key in keys or ("paper",):
        for _, act, _ in WAY:
            partial(act, key=key)(office)
            if act is to:
                break


def types(office: World, key: str = "paper") -> list[str]:
    """What was entered of a paper."""
    return [one["type"] for one in Stores(office).streams.get(f"PAPER#{office.memory.journey[key]}", [])]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", [number for number, (workflow, _, _) in enumerate(WAY) if workflow])
def test_killed_anywhere_and_begun_again_it_is_as_if_never_killed(
    office: World, acknowledged: Moment, step: int
) -> None:
    workflow, act, _ = WAY[step]
    office.go_back(acknowledged)
    for _, before, _ in WAY[:step]:
        before(office)
    moment = office.remember()
    entered = [type_ for _, _, found in WAY[: step + 1] for type_ in found]

    def at() -> World:
        office.go_back(moment)
        return office

    def judge(place: World) -> None:
        check(place, private=PRIVATE)
        assert types(place) == entered

    found = crash_points(world=at, act=act, settle=lambda _: None, check=judge)
    figures.count(workflow, "crash_points", found.tried)
    figures.count(workflow, "broken", len(found.broken))
    assert found.calls
    assert not found.broken, "\n".join(map(str, found.broken))


CHANGE = {"kind": "change", "changes": [{"who": "applicant", "address": {"en": "7 Street 9"}}]}


def begin_change(office: World) -> None:
    """A paper whose fee is due first."""
    memory = office.memory.journey
    path = f"/v1/filings/{memory['filing']}/papers"
    reply = office.request("POST", path, CHANGE, headers={"Idempotency-Key": "change-begin"})
    memory["paper"] = wanted(reply, 201).json["id"]


def order_it(office: World) -> None:
    """POST an order for it, answered with something to pay by."""
    memory = office.memory.journey
    path = f"/v1/papers/{memory['paper']}/payment-orders"
    said = wanted(office.request("POST", path, {"rail": "aba"}, headers={"Idempotency-Key": "change-order"}), 201).json
    assert memory.setdefault("change order", said["id"]) == said["id"]
    memory["change reference"] = said["pay"]["reference"]


def credit(office: World) -> None:
    """The paid order is credited."""
    office.cold()
    office.rooms.credit_filing(order(office.memory.journey["change order"]))


@pytest.mark.timeout(900)
def test_killed_while_its_fee_is_ordered_or_credited_it_is_paid_once(office: World, acknowledged: Moment) -> None:
    office.go_back(acknowledged)
    begin_change(office)
    begun = office.remember()
    order_it(office)
    assert office.bank.pay(office.memory.journey["change reference"])
    office.cold()
    office.rooms.ask_bank(office.memory.journey["change reference"], rung=True)
    paid = office.remember()
    for moment, act, entered in ((begun, order_it, []), (paid, credit, ["FeePaid"])):

        def at(moment: Moment = moment) -> World:
            office.go_back(moment)
            return office

        def judge(place: World, entered: list[str] = entered) -> None:
            check(place, private=PRIVATE)
            assert types(place) == entered

        found = crash_points(world=at, act=act, settle=lambda _: None, check=judge)
        figures.count("pay", "crash_points", found.tried)
        figures.count("pay", "broken", len(found.broken))
        assert not found.broken, "\n".join(map(str, found.broken))


@pytest.mark.timeout(900)
def test_killed_while_the_registry_takes_it_there_is_one_dossier(office: World, acknowledged: Moment) -> None:
    office.go_back(acknowledged)
    came(office)
    Pump(office).quiet()
    moment = office.remember()

    def at() -> World:
        office.go_back(moment)
        return office

    def everything(place: World) -> None:
        while not consume(place):
            pass

    def judge(place: World) -> None:
        laid = place.memory.journey["dossiers"]
        assert {name.split("/")[0] for name in laid if name.endswith("bagit.txt")} == {"KH-D-2026-1", "KH-D-2026-1-P1"}

    found = crash_points(world=at, act=everything, settle=lambda _: None, check=judge, points=lambda call: call % 5 == 0)
    figures.count("consume", "crash_points", found.tried)
    figures.count("consume", "broken", len(found.broken))
    assert not found.broken, "\n".join(map(str, found.broken))


Actors = list[Callable[[], Any]]


def play(office: World, moment: Moment, actors: Callable[[World], Actors], judge: Callable[[World], None]) -> None:
    """Under every seed."""

    def at() -> World:
        office.go_back(moment)
        return office

    def judged(place: World, run: Run) -> None:
        only_races(run)
        judge(place)

    done = interleavings(range(SEEDS), world=at, actors=actors, check=judged)
    figures.count("submit", "interleavings", done.tried)
    figures.count("submit", "broken_interleavings", len(done.broken))
    assert not done.broken, "\n".join(f"{why}\n{run}" for run, why in done.broken)


def press(office: World, key: str) -> Callable[[], Any]:
    """Submit what is seen, as a use case."""
    memory = office.memory.journey
    _, view = office.rooms.papers.one(memory["account"], memory[key])
    seen = Confirmation(view["draft"]["version"], view["manifest"]["sha256"])
    repeat = Repeat(memory["account"], f"{key}-press", Digest.of(key.encode()))
    return partial(
        office.rooms.submit_paper, memory["account"], memory[key], seen, repeat, received_at=office.clock()
    )


@pytest.mark.timeout(900)
def test_papers_submitted_at_one_moment_are_numbered_one_to_n(office: World, acknowledged: Moment) -> None:
    office.go_back(acknowledged)
    office.memory.journey["account"] = Stores(office).heads[f"FILING#{office.memory.journey['filing']}"]["owner"]
    came(office, "one", "two", to=look)
    moment = office.remember()

    def judge(place: World) -> None:
        check(place, private=PRIVATE)
        assert sorted(data["serial"] for _, data in Stores(place).facts("PaperSubmitted")) == [1, 2]

    play(office, moment, lambda place: [press(place, "one"), press(place, "two"), press(place, "one")], judge)


@pytest.mark.timeout(900)
def test_hands_that_meet_keep_the_order(office: World, acknowledged: Moment) -> None:
    office.go_back(acknowledged)
    came(office, "one", "two", to=custody)
    moment = office.remember()

    def hands(place: World) -> Actors:
        memory, act = place.memory.journey, place.rooms.hand_over
        return [partial(act, paper(memory["two"])), partial(act, paper(memory["one"])), partial(act, filing(memory["filing"]))]

    def judge(place: World) -> None:
        hand_over(place, "two")  # the queue brings what lost a race again
        check(place, private=PRIVATE)
        assert len(Stores(place).facts("PackageReady")) == 3

    play(office, moment, hands, judge)


def test_events_twice_and_out_of_turn_lead_to_the_same_end(office: World, acknowledged: Moment) -> None:
    office.go_back(acknowledged)
    came(office, "one", to=submit)
    came(office, "two", to=submit)
    pump = Pump(office)
    for act in (custody, hand_over, custody, hand_over):
        for key in ("two", "one", "two"):
            act(office, key)
    pump.quiet(sweeps=2)
    check(office, final=True, private=PRIVATE)
    assert len(Stores(office).facts("PackageReady")) == 3
