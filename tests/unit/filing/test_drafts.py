"""Drafts are begun once, edited under a version, and belong to one account."""

import json
from datetime import timedelta

import pytest

from chalicelib.contracts.form import parse_form
from chalicelib.filing.drafts import draft_of
from chalicelib.kernel.errors import Conflict, Invalid, LostRace, NotFound, Stale
from infra.local.samples import design_form, patent_form
from tests.factories import ANNA, BOPHA, Desk, asking, lose


def test_a_draft_is_begun_with_its_form_and_its_owner() -> None:
    desk = Desk()
    identifier = desk.drafts.begin(ANNA, design_form(), asking("one"))
    stream = desk.stream(identifier)
    assert (stream.head.owner, stream.head.status, stream.entries) == (ANNA, "draft", ())
    assert stream.head.attributes == {"kind": "industrial-design"}
    assert draft_of(stream).form == parse_form(design_form())


def test_pressing_twice_begins_one_draft() -> None:
    desk = Desk()
    first = desk.drafts.begin(ANNA, design_form(), asking("one"))
    desk.clock.advance(timedelta(hours=1))
    assert desk.drafts.begin(ANNA, design_form(), asking("one")) == first
    assert len(desk.register.heads) == 1


def test_two_accounts_may_use_one_key() -> None:
    desk = Desk()
    first = desk.drafts.begin(ANNA, design_form(), asking("one"))
    assert desk.drafts.begin(BOPHA, design_form(), asking("one", account=BOPHA)) != first


def test_one_key_for_another_body_is_refused_and_changes_nothing() -> None:
    desk = Desk()
    desk.drafts.begin(ANNA, design_form(), asking("one"))
    with pytest.raises(Conflict, match=r"idempotency.other-request"):
        desk.drafts.begin(ANNA, patent_form(), asking("one", b"other"))
    assert len(desk.register.heads) == 1


def test_a_lost_race_is_tried_again() -> None:
    desk = Desk()
    desk.register.rivals = [lose, lose]
    desk.drafts.begin(ANNA, design_form(), asking("one"))
    assert desk.register.commits == 3


def test_a_race_lost_to_oneself_gives_the_first_draft() -> None:
    desk = Desk()
    first: list[str] = []
    desk.register.rivals = [lambda: first.append(desk.drafts.begin(ANNA, design_form(), asking("one")))]
    assert [desk.drafts.begin(ANNA, design_form(), asking("one"))] == first


def test_a_race_lost_again_and_again_is_told() -> None:
    desk = Desk()
    desk.register.rivals = [lose] * 12
    with pytest.raises(LostRace):
        desk.drafts.begin(ANNA, design_form(), asking("one"))
    assert not desk.register.heads


def test_a_form_with_many_faults_is_refused_with_all_of_them() -> None:
    with pytest.raises(Invalid) as refused:
        Desk().drafts.begin(
            ANNA, {**design_form(), "status": "paid", "title": {"en": 7}, "language": "ខ្មែរ"}, asking("one")
        )
    found = {(finding.code, finding.pointer) for finding in refused.value.findings}
    assert found == {("field.unknown", "/status"), ("field.type", "/title/en"), ("field.form", "/language")}


def test_a_kind_that_the_office_does_not_take_is_refused() -> None:
    with pytest.raises(Invalid, match=r"kind.unknown /kind"):
        Desk().drafts.begin(ANNA, {"kind": "plant-variety"}, asking("one"))


def test_a_form_over_the_limit_is_refused() -> None:
    party = {"names": {"en": "x" * 500}, "country": "KH", "address": {"km": "ក" * 2000}}
    with pytest.raises(Invalid, match=r"form.too-large"):
        Desk().drafts.begin(ANNA, {"kind": "patent", "applicants": [party] * 50}, asking("one"))


def test_an_edit_makes_the_next_version() -> None:
    desk = Desk()
    identifier = desk.begin()
    draft = desk.drafts.edit(ANNA, identifier, 1, {**design_form(), "reference": "new"})
    assert (draft.version, draft.form.reference) == (2, "new")
    assert draft_of(desk.stream(identifier)) == draft


def test_an_edit_of_an_older_version_is_stale() -> None:
    desk = Desk()
    identifier = desk.begin()
    desk.drafts.edit(ANNA, identifier, 1, {**design_form(), "reference": "new"})
    with pytest.raises(Stale, match=r"draft.stale") as refused:
        desk.drafts.edit(ANNA, identifier, 1, {**design_form(), "reference": "newer"})
    assert refused.value.findings[0].params == {"current": "2"}


def test_an_edit_that_came_through_although_its_answer_was_lost_may_be_repeated() -> None:
    desk = Desk()
    identifier = desk.begin()
    first = desk.drafts.edit(ANNA, identifier, 1, {**design_form(), "reference": "new"})
    assert desk.drafts.edit(ANNA, identifier, 1, {**design_form(), "reference": "new"}) == first


def test_an_edit_that_loses_a_race_is_stale() -> None:
    desk = Desk()
    identifier = desk.begin()
    desk.register.rivals = [lambda: desk.drafts.edit(ANNA, identifier, 1, {**design_form(), "reference": "rival"})]
    with pytest.raises(Stale):
        desk.drafts.edit(ANNA, identifier, 1, {**design_form(), "reference": "new"})
    assert draft_of(desk.stream(identifier)).form.reference == "rival"


def test_an_edit_may_meet_an_upload() -> None:
    desk = Desk()
    identifier = desk.begin()
    desk.register.rivals = [lambda: desk.reserve(identifier)]
    assert desk.drafts.edit(ANNA, identifier, 1, {**design_form(), "reference": "new"}).version == 2


def test_the_kind_of_a_draft_is_fixed() -> None:
    desk = Desk()
    identifier = desk.begin()
    with pytest.raises(Invalid, match=r"kind.fixed /kind"):
        desk.drafts.edit(ANNA, identifier, 1, patent_form())


def test_an_edited_route_is_the_route_that_is_shown() -> None:
    desk = Desk()
    identifier = desk.begin()
    desk.drafts.edit(ANNA, identifier, 1, {**design_form(), "route": "sg-mou"})
    assert desk.filings.one(ANNA, identifier)[1]["route"] == "sg-mou"


def test_what_was_submitted_is_not_edited() -> None:
    desk = Desk()
    done = desk.filed()
    with pytest.raises(Conflict, match=r"filing.submitted-already") as refused:
        desk.drafts.edit(ANNA, done.filing, 3, design_form())
    assert refused.value.findings[0].params == {"number": "KH/D/2026/1"}


@pytest.mark.parametrize("identifier", ["", "x", "../../etc", "01J", "FILING#1", "٠" * 26])
def test_what_does_not_exist_is_not_found(identifier: str) -> None:
    with pytest.raises(NotFound, match=r"filing.not-found"):
        Desk().drafts.edit(ANNA, identifier, 1, design_form())


def test_another_accounts_draft_is_not_found_in_the_same_words() -> None:
    desk = Desk()
    identifier = desk.begin()
    with pytest.raises(NotFound) as others:
        desk.drafts.edit(BOPHA, identifier, 1, design_form())
    with pytest.raises(NotFound) as nobodys:
        desk.drafts.edit(BOPHA, "01JDT0000000000000000000AA", 1, design_form())
    assert others.value.findings == nobodys.value.findings


def test_people_are_in_the_draft_and_nowhere_else() -> None:
    desk = Desk()
    identifier = desk.complete()
    rows = json.dumps([dict(entry.data) for entry in desk.stream(identifier).entries])
    assert "Rice Bowl" not in rows and "bowl.png" not in rows
