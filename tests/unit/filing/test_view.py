"""What an owner sees: status, files, manifest and history; nothing for anybody else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.filing.view import PAGE
from chalicelib.kernel.errors import NotFound
from chalicelib.register.dynamodb import entry_key
from chalicelib.register.model import Place, filing
from tests.factories import ANNA, BOPHA, Desk


def test_a_draft_is_shown_with_its_version_form_files_and_manifest() -> None:
    desk = Desk()
    identifier = desk.complete()
    version, view = desk.filings.one(ANNA, identifier)
    assert (version, view["draft"]["version"], view["status"]) == (2, 2, "draft")
    assert view["draft"]["form"]["reference"] == "BOWL-2026-1"
    assert [file["state"] for file in view["attachments"]] == ["stored"]
    assert view["manifest"]["files"][0]["sha256"] == view["attachments"][0]["sha256"]
    assert not {"receipt", "acknowledgement", "package", "received_at"} & view.keys()


def test_files_are_listed_as_they_were_announced_even_within_one_millisecond() -> None:
    desk = Desk()
    identifier = desk.begin()
    names = [f"{number}.png" for number in range(8)]
    for name in names:
        desk.attach(identifier, name=name)
    view = desk.filings.one(ANNA, identifier)[1]
    assert [file["name"] for file in view["attachments"]] == names
    assert [file["name"] for file in view["manifest"]["files"]] == names


def test_addresses_of_objects_are_not_shown() -> None:
    desk = Desk()
    view = desk.filings.one(ANNA, desk.complete())[1]
    assert "uploads/" not in str(view) and "object_version" not in str(view)


def test_a_submitted_filing_shows_number_time_defects_and_receipt() -> None:
    desk = Desk()
    done = desk.filed()
    view = desk.filings.one(ANNA, done.filing)[1]
    assert (view["status"], view["number"], view["filing_date"]) == ("submitted", "KH/D/2026/1", "2026-11-25")
    assert view["received_at"] == done.fact.received_at
    assert view["receipt"] == {"sha256": done.fact.receipt_sha256}
    assert view["defects"] == [defect.model_dump(exclude_none=True) for defect in done.fact.defects]
    assert view["manifest"]["sha256"] == done.fact.manifest_sha256


def test_the_history_has_each_entry_with_time_actor_words_and_hash() -> None:
    desk = Desk()
    done = desk.filed()
    history = desk.filings.one(ANNA, done.filing)[1]["history"]
    assert [event["seq"] for event in history] == [1, 2, 3]
    assert [event["by"] for event in history] == [ANNA, "tra:receive_upload", ANNA]
    assert all(set(event["description"]) == {"km", "en"} and event["at"] and event["hash"] for event in history)
    assert all(event["type"] not in event["description"]["en"] for event in history)


def test_the_view_says_whether_the_chain_holds() -> None:
    desk = Desk()
    done = desk.filed()
    assert desk.filings.one(ANNA, done.filing)[1]["chain"]["verified"] is True
    key = entry_key(filing(done.filing), 1)
    entry = desk.register.entries[key]
    desk.register.entries[key] = replace(entry, data={**entry.data, "size": 1})
    assert desk.filings.one(ANNA, done.filing)[1]["chain"]["verified"] is False


def test_anothers_filing_is_not_found() -> None:
    desk = Desk()
    with pytest.raises(NotFound, match=r"filing.not-found"):
        desk.filings.one(BOPHA, desk.complete())


def test_a_list_is_the_accounts_own_newest_first() -> None:
    desk = Desk()
    older = desk.begin()
    desk.clock.advance(timedelta(seconds=1))
    newer = desk.begin()
    desk.begin(BOPHA)
    mine = desk.filings.mine(ANNA)
    assert [row["id"] for row in mine["filings"]] == [newer, older]
    assert mine["next"] is None


def test_a_long_list_continues_where_it_stopped_though_all_was_begun_in_one_millisecond() -> None:
    desk = Desk()
    made = {desk.begin() for _ in range(PAGE + 1)}
    first = desk.filings.mine(ANNA)
    updated, _, last = first["next"].partition("_")
    rest = desk.filings.mine(ANNA, after=Place(updated, filing(last)))
    assert [len(page["filings"]) for page in (first, rest)] == [PAGE, 1]
    assert {row["id"] for row in first["filings"] + rest["filings"]} == made
    assert rest["next"] is None
