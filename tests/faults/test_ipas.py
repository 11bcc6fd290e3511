"""IPAS: killed before or after any SOAP call, journal write or drop, or left without an answer at any call: one file, one log
state, no orphan document, one message. Every end is held against that of a run in which nothing went wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.registry.ipas.model import Work
from tests.ipas_double.desk import Desk
from tests.ipas_double.dossiers import lay_design, lay_paper, lay_patent
from tests.ipas_double.state import Double, How, Switch, orphans
from tests.unit.registry.fakes import Fate, Killed

Lay = Callable[[Path], Work]
CASES: dict[str, tuple[Lay, ...]] = {
    "patent": (lay_patent,), "design": (lay_design,), "later paper": (lay_patent, lay_paper),
}  # fmt: skip
WRITES = ("FileReceive", "PatentInsert", "UserdocReceive", "UserdocUpdate")


def desk(close_log: bool = False, **double: Any) -> Desk:
    """A connector that closes its log, or leaves it open; with works added."""
    made = Desk.fresh(double=Double(**double))
    receiving = made.maps.receiving.model_copy(update={"close_log": close_log})
    made.maps = made.maps.model_copy(update={"receiving": receiving})
    return made


def undisturbed(lay: tuple[Lay, ...], *, lost: bool = False, **double: Any) -> tuple[dict[str, Any], int, list[str]]:
    """The end of a run in which nobody dies, how many calls it makes, and those to IPAS."""
    office, fate = desk(**double), Fate()
    lose(office, lost)
    office.add(*lay)
    office.run(fate.watch)
    end, calls = office.state(), list(office.double.calls)
    assert not orphans(office.double)
    leave(office)
    return end, fate.calls, calls


def lose(office: Desk, lost: bool) -> None:
    """Each writing call is done, and its answer lost, the first time."""
    office.double.switches = [Switch("no answer, done", one) for one in WRITES] if lost else []


def leave(office: Desk) -> None:
    office.marks.close()
    shutil.rmtree(office.root)


def same(office: Desk, end: dict[str, Any], what: str) -> None:
    assert office.state() == end, what
    assert not orphans(office.double), what
    leave(office)


@pytest.mark.slow
@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answers lost"])
@pytest.mark.parametrize("close_log", [False, True], ids=["log left open", "log closed"])
@pytest.mark.parametrize("case", CASES)
def test_killed_anywhere_the_end_is_the_same(case: str, close_log: bool, lost: bool) -> None:
    lay = CASES[case]
    end, _, _ = undisturbed(lay, close_log=close_log)
    _, calls, _ = undisturbed(lay, close_log=close_log, lost=lost)
    tried = 0
    for at in range(1, calls + 1):
        for after in (False, True):
            office = desk(close_log)
            if lost:  # each writing call is done, and its answer lost, the first time
                office.double.switches = [Switch("no answer, done", one) for one in WRITES]
            office.add(*lay)
            try:
                office.run(Fate(at, after).watch)
            except Killed:
                tried += 1
            office.restart()
            office.run()
            same(office, end, f"killed {'after' if after else 'before'} call {at}")
    assert tried == 2 * calls - (2 * len(lay) if lost else 0)  # a call that gives no answer has no "after"


@pytest.mark.slow
@pytest.mark.parametrize("strict_log", [False, True], ids=["log opens twice", "log opens once"])
@pytest.mark.parametrize("how", ["no answer, done", "no answer, not done", "fault", "absent"])
@pytest.mark.parametrize("case", CASES)
def test_whatever_one_call_answers_the_end_is_the_same(case: str, how: How, strict_log: bool) -> None:
    lay = CASES[case]
    end, _, calls = undisturbed(lay, strict_log=strict_log)
    for at in range(len(calls)):
        office = desk(strict_log=strict_log)
        office.double = nth(office.double, at, how)
        office.add(*lay)
        office.run()
        same(office, end, f"{how} at call {at + 1}, {calls[at]}")


def nth(double: Double, at: int, how: How) -> Double:
    """The double, with something going wrong at its call number `at` (from 0)."""

    class Nth(Double):
        def answer(self, operation: str, given: list[Any]) -> Any:
            if len(self.calls) == at:
                self.switches = [Switch(how)]
            return super().answer(operation, given)

    return Nth(strict_log=double.strict_log)


@pytest.mark.slow
def test_where_the_list_does_not_tell_of_papers_there_is_one_paper_all_the_same() -> None:
    lay = CASES["later paper"]
    end, calls, _ = undisturbed(lay, tells_userdocs=False)
    for at in range(1, calls + 1):
        office = desk(tells_userdocs=False)
        office.add(*lay)
        with pytest.raises(Killed):
            office.run(Fate(at, after=True).watch)
        office.restart()
        office.run()
        state = office.state()
        versions = state.pop("versions")  # an update whose answer was lost is written again: the same data twice
        assert {name: value for name, value in end.items() if name != "versions"} == state, f"killed after call {at}"
        assert versions in ([2, 2], [2, 3])
        assert not orphans(office.double)
        leave(office)
