"""Looking at open files: what is new is told once, in order; what is secret, deleted or not signed is not."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.registry.ipas.maps import Status
from tests.ipas_double.desk import Desk
from tests.ipas_double.dossiers import PATENT_ID, lay_patent
from tests.ipas_double.state import Switch

KEY = ("KH", "P", 2026, 7)
LETTER = b"%PDF office letter"


@pytest.fixture
def desk() -> Iterator[Desk]:
    """With one patent in IPAS, looked at once."""
    made = Desk.fresh()
    made.add(lay_patent)
    made.run()
    made.look()
    yield made
    made.marks.close()
    shutil.rmtree(made.root)


def told(desk: Desk) -> list[tuple[str, Any]]:
    """Type, without what all have in common, and code."""
    return [(one.type[13:-3], one.data.get("status") or one.data.get("code")) for one in desk.journal.told()]


FIRST = [("filing.accepted", None), ("status.changed", "received")]


def test_each_new_status_is_told_once_in_order_with_its_own_time(desk: Desk) -> None:
    desk.double.act(KEY, "A", "EXA")
    desk.double.act(KEY, "B", "REG")
    desk.look()
    desk.look()
    assert told(desk) == [*FIRST, ("status.changed", "substantive-examination"), ("status.changed", "registered")]
    assert [one.sequence for one in desk.journal.told()] == [1, 2, 3, 4]
    assert desk.journal.told()[2].data["at"] == "2026-11-26T03:00:00.000Z"


def test_a_letter_is_told_of_once_and_only_when_it_is_signed_and_its_kind_goes_out(desk: Desk) -> None:
    event = desk.double.act(KEY, "A", letter=LETTER, letter_type="ADDOC", pending=True)
    desk.double.act(KEY, "B", letter=b"%PDF internal", letter_type="MEMO")
    desk.look()
    assert told(desk) == FIRST
    desk.double.actions[event["eventActionId"]["actionNbr"]]["indSignaturePending"] = False
    desk.look()
    desk.look()
    assert told(desk) == [*FIRST, ("letter.issued", "request-documents")]
    sha256 = desk.journal.told()[-1].data["sha256"]
    assert desk.journal.kept(sha256) == LETTER


@pytest.mark.parametrize("flag", ["isSecret", "isEventDeleted", "indEventIsDeleted", "isEventRevised"])
def test_what_is_secret_deleted_or_revised_is_not_told_of(desk: Desk, flag: str) -> None:
    desk.double.act(KEY, "A", letter=LETTER, letter_type="ADDOC")[flag] = True
    desk.look()
    assert told(desk) == FIRST


def test_an_event_that_stops_being_secret_is_told_of(desk: Desk) -> None:
    event = desk.double.act(KEY, "A", letter=LETTER, letter_type="ADDOC", secret=True)
    desk.look()
    event["isSecret"] = False
    desk.look()
    assert told(desk) == [*FIRST, ("letter.issued", "request-documents")]


def test_an_event_deleted_after_it_was_told_of_is_said_and_the_status_that_stands_now_is_told(desk: Desk) -> None:
    event = desk.double.act(KEY, "A", "EXA")
    desk.look()
    event["isEventDeleted"] = True
    process = next(iter(desk.double.processes.values()))
    process["status"] = {"statusId": {"processType": "1", "statusCode": "NEW"}}
    desk.look()
    desk.look()
    assert told(desk) == [*FIRST, ("status.changed", "substantive-examination"), ("status.changed", "received")]
    assert len([line for line in desk.said if line.startswith("gone")]) == 1


def test_repeated_events_and_empty_items_change_nothing(desk: Desk) -> None:
    desk.double.repeat_events = desk.double.nil_items = True
    desk.double.act(KEY, "A", "EXA", letter=LETTER, letter_type="ADDOC")
    desk.look()
    assert told(desk) == [*FIRST, ("letter.issued", "request-documents"), ("status.changed", "substantive-examination")]


def test_a_status_without_a_row_is_said_and_told_once_it_has_one(desk: Desk) -> None:
    desk.double.act(KEY, "A", "ODD")
    desk.look()
    assert told(desk) == FIRST
    assert any(line.startswith("unmapped") for line in desk.said)
    row = desk.maps.statuses[0].model_copy(update={"code": "ODD", "told_as": None})
    desk.maps = desk.maps.model_copy(update={"statuses": (*desk.maps.statuses, row)})
    desk.look()
    assert told(desk) == [*FIRST, ("status.changed", "ODD")]


@pytest.mark.parametrize("operation", ["ProcessReadEventList", "ProcessRead", "ProcessReadAction", "OfficedocRead"])
def test_a_look_that_fails_half_way_is_a_look_that_never_was(desk: Desk, operation: str) -> None:
    desk.double.act(KEY, "A", "EXA", letter=LETTER, letter_type="ADDOC")
    desk.double.switches = [Switch("no answer, done", operation)]
    desk.look()
    assert told(desk) == FIRST
    desk.look()
    assert told(desk) == [*FIRST, ("letter.issued", "request-documents"), ("status.changed", "substantive-examination")]


def test_a_letter_that_is_no_pdf_or_empty_stays_in_the_office(desk: Desk) -> None:
    desk.double.act(KEY, "A", letter=b"PK word", letter_type="ADDOC")
    desk.look()
    assert told(desk) == FIRST


def test_a_file_whose_status_is_final_is_looked_at_no_more(desk: Desk) -> None:
    desk.double.act(KEY, "A", "REG")
    desk.look()
    before = len(desk.double.calls)
    desk.look()
    assert len(desk.double.calls) == before


def test_the_filing_s_own_id_stands_on_every_message(desk: Desk) -> None:
    assert {one.filing for one in desk.journal.told()} == {PATENT_ID}


def test_a_status_whose_code_the_front_cannot_take_must_say_how_it_is_told() -> None:
    with pytest.raises(ValidationError, match="told_as"):
        Status(code="IN EXAM")
    assert Status(code="IN EXAM", told_as="examination").told == "examination"
