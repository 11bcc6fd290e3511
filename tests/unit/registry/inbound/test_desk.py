"""Parked messages at the staff's desk: seen, sent in again, dropped; nothing stands still afterwards."""

import argparse

import pytest

from chalicelib.registry.arguments import parser
from chalicelib.registry.inbound.program import DONE, LEFT, command
from tests.unit.registry.inbound.registry import Correspondence


@pytest.fixture
def registry() -> Correspondence:
    return Correspondence()


def delivered(registry: Correspondence) -> None:
    """The queue brings what the desk sent in."""
    while registry.sent:
        registry.take(registry.sent.pop(0)[2])


def run(registry: Correspondence, *words: str) -> tuple[int, list[str]]:
    """The program, at this desk."""
    said: list[str] = []
    chosen: argparse.Namespace = parser().parse_args(["inbound", *words, "--table", "t", "--queue-url", "q"])
    return command(registry.desk, chosen, said.append), said


def test_the_list_names_what_why_and_about_whom_and_never_what_stands_in_it(registry: Correspondence) -> None:
    registry.take(registry.message(1, data={"status": "Sok Sokha"}))
    registry.take("Sok Sokha")

    code, said = run(registry, "list")

    assert code == LEFT
    assert said[-1] == "done      2 parked"
    text = "\n".join(said)
    assert f"ipas {registry.stream}  000001 int.registry.status.changed.v1" in text
    assert "data-malformed" in text and "json.not-json" in text and "9 bytes" in text
    assert "Sokha" not in text


def test_one_is_shown_whole_by_the_beginning_of_its_digest(registry: Correspondence) -> None:
    registry.take("Sok Sokha")
    (one,) = registry.parked()
    _, said = run(registry, "show", "--id", one.sha256[:12])
    assert said[1] == "Sok Sokha"


@pytest.mark.parametrize("name", ["", "0", "0" * 12])
def test_a_name_that_names_nothing_is_said_and_nothing_is_done(registry: Correspondence, name: str) -> None:
    registry.take("Sok Sokha")
    for what in ("show", "redrive", "drop"):
        code, said = run(registry, what, "--id", name)
        assert code == LEFT and said[0].startswith("left ")
    assert len(registry.parked()) == 1 and registry.sent == []


def test_redriven_after_the_cause_is_mended_it_is_taken_and_those_behind_it_follow(registry: Correspondence) -> None:
    registry.take(registry.letter(1, laid=False))
    registry.take(registry.status(2))
    blocked = next(one for one in registry.parked() if one.place == 1)
    registry.letter(1)  # the registry lays it

    code, said = run(registry, "redrive", "--id", blocked.sha256[:16])
    assert said[0].startswith("redriven") and code == LEFT
    assert registry.sent[0][0] == str(registry.stream)
    delivered(registry)

    assert registry.said() == ["OfficeLetterReceived", "RegistryStatusChanged"]
    assert registry.parked() == []


def test_redriven_with_its_cause_still_there_it_is_parked_as_before(registry: Correspondence) -> None:
    registry.take(registry.letter(1, laid=False))
    (one,) = registry.parked()
    registry.desk.redrive(one.sha256)
    delivered(registry)
    assert registry.parked() == [one]


def test_dropped_it_no_longer_holds_up_those_behind_it(registry: Correspondence) -> None:
    registry.take(registry.message(1, type="int.registry.fee.doubled.v1"))
    registry.take(registry.status(2))
    registry.take(registry.status(3))
    blocked = next(one for one in registry.parked() if one.place == 1)

    registry.desk.drop(blocked.sha256)
    delivered(registry)

    assert registry.said() == ["RegistryStatusChanged", "RegistryStatusChanged"]
    code, _ = run(registry, "list")
    assert code == DONE


def test_what_was_dropped_and_comes_again_is_known(registry: Correspondence) -> None:
    body = registry.message(1, type="int.registry.fee.doubled.v1")
    registry.take(body)
    registry.desk.drop(registry.parked()[0].sha256)
    registry.take(body)
    assert registry.parked() == [] and registry.said() == []


def test_a_contradiction_that_is_dropped_moves_nothing(registry: Correspondence) -> None:
    registry.take(registry.accepted(1))
    registry.take(registry.rejected(1))
    registry.desk.drop(registry.parked()[0].sha256)
    registry.take(registry.status(2))
    assert registry.said() == ["RegistryAccepted", "RegistryStatusChanged"]


def test_over_a_gap_that_will_never_close_staff_may_go_on(registry: Correspondence) -> None:
    registry.take(registry.accepted(1))
    registry.take(registry.status(4))
    (one,) = registry.parked()

    registry.desk.redrive(one.sha256, over_gap=True)
    delivered(registry)
    assert registry.said() == ["RegistryAccepted", "RegistryStatusChanged"]

    registry.take(registry.status(3))  # it came after all
    assert registry.reasons() == [(3, "sequence-conflict")]


def test_what_cannot_be_read_leaves_when_it_is_sent_in_again_and_comes_back_if_nothing_has_changed(
    registry: Correspondence,
) -> None:
    registry.take("{")
    (one,) = registry.parked()
    registry.desk.redrive(one.sha256)
    assert registry.parked() == []
    delivered(registry)
    assert registry.reasons() == [(0, "json.not-json")]


def test_what_was_too_long_to_keep_whole_cannot_be_sent_again_only_dropped(registry: Correspondence) -> None:
    registry.take("x" * 100_000)
    (one,) = registry.parked()
    code, said = run(registry, "redrive", "--id", one.sha256)
    assert code == LEFT and "too long" in said[0] and registry.sent == []
    code, _ = run(registry, "drop", "--id", one.sha256)
    assert code == DONE and registry.parked() == []
