"""The rules of later papers, one by one, as a dry check says them; and with the data of a made-up office."""

from typing import Any

import pytest

from chalicelib.kernel.errors import Conflict, Invalid
from chalicelib.offices.load import load_office
from infra.local.samples import design_form
from tests.factories import ANNA, Desk
from tests.offices import RURITANIA
from tests.papers import ANSWER, LETTER, Counter, change, extension, withdrawal

NUMBER = "KH/D/2026/1"


@pytest.fixture
def counter() -> Counter:
    desk = Desk()
    desk.filed()
    return Counter(desk)


def found(counter: Counter, form: dict[str, Any], *, letter: bool = True) -> set[str]:
    """What is wrong with such a paper, with a file or without."""
    (head,) = counter.desk.register.owned(ANNA, limit=1)
    identifier = counter.begun(head.stream.id, form)
    if letter:
        counter.attach(identifier)
    return set(counter.codes(identifier))


def test_a_good_paper_is_found_good_and_nothing_is_kept_of_the_check(counter: Counter) -> None:
    before = counter.desk.register.commits
    assert found(counter, dict(ANSWER)) == set()
    identifier = next(iter(counter.papers.of(ANNA, counter.desk.register.owned(ANNA, limit=1)[0].stream.id)["papers"]))["id"]
    commits = counter.desk.register.commits
    counter.papers.check(ANNA, identifier)
    assert counter.desk.register.commits == commits > before


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"kind": "answer"}, "paper.answers-missing"),
        ({"kind": "answer", "answers": [{}]}, "paper.answer-one"),
        ({"kind": "answer", "answers": [{"letter": LETTER, "defect": "document.missing"}]}, "paper.answer-one"),
        ({"kind": "answer", "answers": [{"defect": "document.missing", "dated": "2026-11-01"}]}, "paper.answer-one"),
        ({"kind": "answer", "answers": [{"defect": "no.such-defect"}]}, "paper.defect-unknown"),
        ({"kind": "answer", "answers": [{"letter": LETTER, "dated": "2026-11-26"}]}, "date.future"),
        ({"kind": "withdrawal"}, "paper.withdrawal-missing"),
        (withdrawal("KH/D/2026/2"), "paper.withdrawal-number"),
        (withdrawal(NUMBER, confirmed=False), "paper.withdrawal-unconfirmed"),
        (withdrawal(NUMBER) | {"answers": [{"letter": LETTER}]}, "paper.answers-not-here"),
        ({"kind": "change"}, "paper.change-missing"),
        (change(address=None), "paper.change-empty"),
        (change(position=7), "paper.party-unknown"),
        (change(who="inventor", position=40), "paper.party-unknown"),
        (change(remove=True), "paper.remove-alone"),
        (change(who="agent"), "paper.agent-incomplete"),
        (change(since="2026-12-01"), "date.future"),
        ({"kind": "extension", "answers": [{"letter": LETTER}]}, "paper.extension-missing"),
        ({"kind": "extension", "extension": {"months": 2}}, "paper.answers-missing"),
        ({"kind": "other", "extension": {"months": 2}}, "paper.part-not-here"),
        ({"kind": "other", "withdrawal": {"application_number": NUMBER, "confirmed": True}}, "paper.part-not-here"),
    ],
)
def test_each_rule_names_what_it_misses(counter: Counter, form: dict[str, Any], code: str) -> None:
    if form.get("changes"):
        form = {**form, "changes": [{name: value for name, value in form["changes"][0].items() if value is not None}]}
    assert code in found(counter, form)


def test_a_paper_that_needs_a_file_has_one(counter: Counter) -> None:
    assert found(counter, dict(ANSWER), letter=False) == {"paper.file-missing"}
    assert found(counter, withdrawal(NUMBER), letter=False) == set()


def test_a_file_that_is_still_on_its_way_blocks(counter: Counter) -> None:
    (head,) = counter.desk.register.owned(ANNA, limit=1)
    identifier = counter.begun(head.stream.id)
    counter.reserve(identifier)
    assert counter.codes(identifier) == ["paper.file-missing", "attachment.not-arrived"]


def test_a_new_agent_with_name_and_country_is_taken_where_there_was_none(counter: Counter) -> None:
    assert found(counter, change(who="agent", names={"en": "Dara"}, country="KH")) == {"paper.fee-first"}


def test_an_open_fee_is_a_notice_where_the_office_waits_for_it(counter: Counter) -> None:
    assert found(counter, extension()) == {"paper.fee-open"}


def test_what_is_submitted_is_not_checked_any_more(counter: Counter) -> None:
    (head,) = counter.desk.register.owned(ANNA, limit=1)
    with pytest.raises(Conflict, match=r"paper\.submitted-already"):
        counter.codes(counter.sent(head.stream.id).paper)


def test_the_made_up_office_has_kinds_and_states_of_its_own() -> None:
    desk = Desk(office=load_office(RURITANIA))
    form = {**design_form(), "kind": "design"}
    filing = desk.begin(form=form)
    upload = desk.attach(filing, document="picture")
    desk.drafts.edit(ANNA, filing, 1, {**design_form((upload.id,)), "kind": "design"})
    desk.submit(ANNA, filing, desk.confirmation(filing), desk.repeat(), received_at=desk.clock())
    counter = Counter(desk)
    with pytest.raises(Invalid, match=r"paper\.kind-unknown"):
        counter.begun(filing, {"kind": "other"})
    number = desk.stream(filing).head.attributes["number"]
    early = counter.begun(filing, {**withdrawal(number), "kind": "retrait"})
    assert counter.codes(early) == ["paper.not-in-state"]
    done = counter.send(counter.begun(filing, {**change(), "kind": "new-address"}))
    assert (done.fact.number, done.fact.fee) == (f"{number}-P1", None)
    with pytest.raises(Invalid, match=r"paper\.no-documents"):
        counter.reserve(counter.begun(filing, {**change(), "kind": "new-address"}))
