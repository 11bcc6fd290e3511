"""Bringing in: what IPAS gets, what waits for a person, what is never said twice."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.registry.ipas.maps import Maps
from chalicelib.registry.sqlite import InUse, SqliteMarks
from tests.ipas_double.desk import Desk
from tests.ipas_double.dossiers import DESIGN_ID, PATENT, PATENT_ID, lay_design, lay_paper, lay_patent
from tests.ipas_double.state import Double, Switch, orphans

PATENT_KEY, DESIGN_KEY = ("KH", "P", 2026, 7), ("KH", "D", 2026, 10)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk.fresh()
    yield made
    made.marks.close()
    shutil.rmtree(made.root)


def without(maps: Maps, **tables: Any) -> Maps:
    """The configuration with other rows."""
    return maps.model_copy(update=tables)


def test_a_patent_arrives_with_its_people_priority_power_payment_and_our_id(desk: Desk) -> None:
    desk.add(lay_patent)
    desk.run()
    patent = desk.double.patents[PATENT_KEY]
    filing, file = patent["file"]["filingData"], patent["file"]
    assert filing["externalSystemId"] == PATENT_ID
    assert (filing["applicationType"], filing["applicationSubtype"], filing["lawCode"]) == ("PAT", "LOC", 1)
    (owner,) = file["ownershipData"]["ownerList"]
    assert (owner["person"]["personName"], owner["person"]["indCompany"]) == ("Acme Ltd", True)
    (author,) = patent["authorshipData"]["authorList"]
    assert (author["person"]["personName"], author["person"]["personNameInOtherLang"]) == ("Sok Chanthy", "សុខ ចាន់ធី")
    (priority,) = file["priorityData"]["parisPriorityList"]
    assert (priority["countryCode"], priority["applicationId"]) == ("JP", "2026-1")
    power = file["representationData"]["referencedPOAData"]
    assert power["poaGranteeList"][0]["person"]["agentCode"] == 17
    assert power["poaGrantor"]["person"]["personName"] == "Acme Ltd"
    (paid,) = filing["paymentList"]
    assert (paid["receiptAmount"], paid["currencyType"], paid["receiptType"]) == (320_000.0, "KHR", "ABA")
    assert patent["technicalData"]["title"] == "កៅអី"
    assert "claimList" not in patent["technicalData"], "claims lie in the files as filed: none are made up"
    assert not filing["indManualInterpretationRequired"]


def test_a_design_arrives_with_its_class_once_and_a_name_without_latin_letters_is_marked_for_an_officer(
    desk: Desk,
) -> None:
    desk.add(lay_design)
    desk.run()
    design = desk.double.patents[DESIGN_KEY]
    assert design["technicalData"]["locarnoClassList"] == [{"locarnoClassNbr": 6, "locarnoSubclassNbr": 1}]
    (owner,) = design["file"]["ownershipData"]["ownerList"]
    assert owner["person"]["personNameInOtherLang"] == "សុខ"
    assert "personName" not in owner["person"], "nothing is transliterated"
    assert design["file"]["filingData"]["indManualInterpretationRequired"]


def test_a_later_paper_becomes_a_user_document_of_its_file_after_it(desk: Desk) -> None:
    desk.journal.add(lay_patent(desk.dossiers))
    desk.journal.add(lay_paper(desk.dossiers))
    desk.double.switches = [Switch("fault", "FileReceive"), Switch("fault", "FileReceive")]
    desk.run()
    (document,) = desk.double.userdocs.values()
    assert document["affectedFileIdList"] == [desk.double.files[PATENT_KEY]["fileId"]]
    assert desk.double.calls.index("UserdocReceive") > desk.double.calls.index("PatentInsert")
    assert [one.type[13:-3] for one in desk.journal.told()] == ["filing.accepted", "paper.accepted"]


def test_the_same_package_twice_is_one_work(desk: Desk) -> None:
    desk.add(lay_patent, lay_patent)
    desk.run()
    desk.add(lay_patent)
    desk.run()
    assert desk.double.calls.count("FileReceive") == 1
    assert len(desk.journal.told()) == 1


def test_two_connectors_cannot_work_on_one_journal(desk: Desk) -> None:
    with pytest.raises(InUse):
        SqliteMarks.open(desk.root / "marks.sqlite3")


def test_a_connector_that_lost_its_journal_adopts_what_ipas_has(desk: Desk) -> None:
    desk.add(lay_patent, lay_paper)
    desk.run()
    other = Desk.fresh(double=desk.double)
    other.add(lay_patent, lay_paper)
    before = list(desk.double.calls)
    other.run()
    new = desk.double.calls[len(before) :]
    assert not {"FileReceive", "PatentInsert", "UserdocReceive", "UserdocUpdate"} & set(new)
    assert [one.state for one in other.journal.works()] == ["done", "done"]
    assert {path.name for path in (other.root / "edms").iterdir()} == {"KH-P-2026-7", "KH-P-2026-7-P1"}
    first, again = ((one.root / "edms" / "KH-P-2026-7" / "drop.json").read_bytes() for one in (desk, other))
    assert first == again
    other.marks.close()
    shutil.rmtree(other.root)


def test_a_number_that_somebody_else_took_waits_for_a_person_and_nothing_is_received(desk: Desk) -> None:
    desk.double.files[PATENT_KEY] = {"fileId": {}}
    desk.add(lay_patent)
    desk.run()
    (work,) = desk.journal.works()
    assert work.state == "waiting"
    assert "taken in IPAS" in work.why
    assert "ipas retry" in work.why
    assert "សូម" in work.why, "in Khmer too"
    assert "FileReceive" not in desk.double.calls


def test_a_number_taken_while_our_answer_was_lost_is_told_apart_by_its_document(desk: Desk) -> None:
    desk.add(lay_patent)
    desk.double.switches = [Switch("no answer, not done", "FileReceive")]
    desk.bring().step()
    other = {"docLog": "E", "docOrigin": "1", "docSeries": 2026, "docNbr": 99}
    desk.double.files[PATENT_KEY] = {
        "fileId": {"fileSeq": "KH", "fileType": "P", "fileSeries": 2026, "fileNbr": 7},
        "filingData": {"receptionDocument": {"documentId": other}},
        "rowVersion": 1,
    }
    desk.run()
    (work,) = desk.journal.works()
    assert work.state == "waiting"
    assert "another reception" in work.why
    assert "PatentInsert" not in desk.double.calls


def test_a_code_that_is_not_mapped_stops_before_ipas_hears_of_it_and_goes_on_after_retry(desk: Desk) -> None:
    whole = desk.maps
    for table in ("applications", "rails"):
        desk.maps = without(whole, **{table: ()})
        desk.add(lay_patent)
        desk.journal.retry(PATENT_ID)
        desk.run()
        assert desk.journal.works()[0].state == "waiting"
        assert desk.double.calls == []
    desk.maps = whole
    assert desk.journal.retry(PATENT_ID)
    desk.run()
    assert desk.journal.works()[0].state == "done"


def test_a_document_number_that_somebody_took_is_passed_over(desk: Desk) -> None:
    desk.double.documents[("E", "3", 2026, 1)] = "somebody's"
    desk.add(lay_patent)
    desk.run()
    assert desk.double.documents[("E", "3", 2026, 2)] == "file"
    assert not [one for one in orphans(desk.double) if one != "documents of nothing"]


def test_ipas_saying_no_three_times_is_a_refusal_that_others_do_not_wait_for(desk: Desk) -> None:
    desk.add(lay_patent, lay_paper, lay_design)
    desk.double.switches = [Switch("fault", "PatentInsert")] * 3
    for _ in range(2):
        desk.bring().step()
        desk.bring().step()
        desk.clock.advance(timedelta(seconds=301))
    desk.double.switches = [Switch("fault", "PatentInsert")]
    desk.run()
    states = {one.id: one.state for one in desk.journal.works()}
    assert (states[PATENT_ID], states[DESIGN_ID]) == ("refused", "done")
    assert [one.type[13:-3] for one in desk.journal.told() if one.filing == PATENT_ID] == ["filing.rejected"]
    assert desk.journal.retry(PATENT_ID)
    desk.run()
    types = [one.type[13:-3] for one in desk.journal.told() if one.filing == PATENT_ID]
    assert types == ["filing.rejected", "filing.accepted", "paper.accepted"]
    assert not orphans(desk.double)


def test_a_stale_row_version_is_read_anew(desk: Desk) -> None:
    class Busy(Double):
        def _PatentInsert(self, patent: Any, *rest: Any) -> bool:  # noqa: N802
            if self.calls.count("PatentInsert") == 1:
                self.files[PATENT_KEY]["rowVersion"] += 1  # an officer was quicker
            return super()._PatentInsert(patent, *rest)

    desk.double = Busy()
    desk.add(lay_patent)
    desk.run()
    assert desk.journal.works()[0].state == "done"
    assert desk.double.calls.count("PatentInsert") == 2


def test_a_log_closed_by_an_officer_is_opened_again(desk: Desk) -> None:
    desk.add(lay_patent)
    desk.run()
    for log in desk.double.logs:
        desk.double.logs[log] = False
    desk.add(lay_design)
    desk.run()
    assert [one.state for one in desk.journal.works()] == ["done", "done"]


def test_money_of_a_simulator_is_never_entered_unless_the_file_says_so(desk: Desk) -> None:
    from chalicelib.registry.ipas import content
    from chalicelib.registry.ipas.model import NeedsPerson
    from chalicelib.registry.model import Payment

    paid = Payment(order=PATENT_ID, purpose="filing", reference="R", rail="aba", amount=8550, currency="USD", demo=True)
    strict = without(desk.maps, receiving=desk.maps.receiving.model_copy(update={"demo_payments": False}))
    with pytest.raises(NeedsPerson):
        content.payment(paid, strict)
    assert content.payment(paid, desk.maps)["receiptAmount"] == 85.5


@pytest.mark.parametrize(
    ("route", "where"),
    [
        ("pct-national-phase", "pctApplicationData"),
        ("ep-validation", "regionalApplData"),
        ("cn-mou", "externalOfficeCode"),
    ],
)
def test_an_earlier_right_stands_where_its_route_says(desk: Desk, route: str, where: str) -> None:
    basis = {"office": "EP", "application_number": "EP 1", "filed": "2020-01-02", "publication_number": "EP1A"}
    desk.journal.add(lay_patent(desk.dossiers, {**PATENT, "route": route, "basis": basis}))
    desk.run()
    patent = desk.double.patents[PATENT_KEY]
    assert where in patent or where in patent["file"]["filingData"]


def test_a_dossier_that_was_changed_in_the_folder_is_not_brought_in(desk: Desk) -> None:
    desk.add(lay_patent)
    form = desk.dossiers / "KH-P-2026-7" / "data" / "form.json"
    form.write_bytes(form.read_bytes().replace(b"Acme", b"Evil"))
    desk.run()
    assert desk.journal.works()[0].state == "waiting"
    assert desk.double.calls == []


def test_a_paper_that_answers_a_letter_of_ours_names_it_to_ipas_and_says_what_it_asks_for(desk: Desk) -> None:
    desk.add(lay_patent)
    desk.run()
    desk.double.act(PATENT_KEY, "A", letter=b"%PDF letter", letter_type="ADDOC")
    desk.look()
    desk.add(lay_paper)
    desk.run()
    (document,) = desk.double.userdocs.values()
    assert document["respondedOfficedocId"] == {"offidocOrigin": "1", "offidocSeries": 2026, "offidocNbr": 1}
    assert document["notes"] == "Tra KH/P/2026/7-P1\nThe missing page."
    assert (desk.root / "edms" / "KH-P-2026-7-P1" / "form.json").exists()


def test_a_document_number_taken_after_it_was_free_is_given_up_for_the_next(desk: Desk) -> None:
    class Racing(Double):
        def _FileReceive(self, *given: Any) -> dict[str, Any]:  # noqa: N802
            self.documents.setdefault(("E", "3", 2026, 1), "somebody's")
            return super()._FileReceive(*given)

    desk.double = Racing()
    desk.add(lay_patent)
    desk.run()
    assert desk.journal.works()[0].state == "done"
    assert desk.double.documents[("E", "3", 2026, 2)] == "file"


def test_two_connectors_with_journals_of_their_own_make_one_file_of_one_package(desk: Desk) -> None:
    other = Desk.fresh(double=desk.double, clock=desk.clock)
    for one in (desk, other):
        one.add(lay_patent, lay_design)
    for _ in range(8):
        for one in (desk, other):
            one.bring().step()
        desk.clock.advance(timedelta(seconds=301))
    assert len(desk.double.files) == len(desk.double.patents) == 2
    assert not orphans(desk.double)
    assert {one.state for one in (*desk.journal.works(), *other.journal.works())} == {"done"}
    other.marks.close()
    shutil.rmtree(other.root)
