"""Letters that two persons answer for: who may do what, what an approval is of, and one letter however often it is begun."""

from datetime import date

import pytest

from chalicelib.contracts.letters import LetterApproved, LetterPrepared
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict, Corrupt, Forbidden, Invalid, NotFound, Refused, Stale, TooLarge
from chalicelib.signing.officers import frozen
from chalicelib.signing.officers.asked import Content, Line, Preparation, Rejection, Seen
from tests.factories import ANNA
from tests.unit.signing.letters import full_letter
from tests.unit.signing.officers import CLERK, DARA, MALIS, OTHER, POINT, VISAL, Bureau, points, staffed


class Killed(BaseException):
    """The process ends."""


def kill() -> None:
    raise Killed


def refused(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [finding.code for finding in error.value.findings]


@pytest.fixture
def bureau() -> Bureau:
    return Bureau()


class TestPreparing:
    def test_a_letter_waits_with_its_number_and_its_digest(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        letter = bureau.letter(identifier)
        assert (letter.status, letter.fact.number, letter.fact.code) == ("prepared", "KH/D/2026/1-REQ1", "request-documents.1")
        assert letter.content.defects[0].message["en"] == "The original of the power of attorney is missing."
        assert letter.content.digest.hex == letter.fact.content_sha256
        assert bureau.waiting() == [identifier]

    def test_numbers_count_for_each_kind_and_no_two_letters_share_one(self, bureau: Bureau) -> None:
        made = [bureau.prepare(), bureau.prepare(OTHER), bureau.prepare(document="completeness")]
        assert [bureau.letter(one).fact.number[-4:] for one in made] == ["REQ1", "REQ2", "CPL1"]
        assert bureau.listed_codes() == ["request-documents.1", "request-documents.2", "completeness.1"]

    def test_two_who_prepare_at_once_get_two_numbers(self, bureau: Bureau) -> None:
        first: list[str] = []
        bureau.desk.register.rivals = [lambda: first.append(bureau.prepare(by=MALIS))]
        second = bureau.prepare(OTHER)
        assert [bureau.letter(one).fact.number[-4:] for one in (*first, second)] == ["REQ1", "REQ2"]

    def test_a_repeat_makes_no_second_letter(self, bureau: Bureau) -> None:
        assert bureau.prepare(key="again") == bureau.prepare(key="again")
        assert bureau.listed_codes() == ["request-documents.1"]

    def test_no_entry_says_a_name_or_a_text(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        bureau.approve(identifier)
        bureau.seal(identifier)
        told = repr([dict(entry.data) for entry in bureau.letter(identifier).stream.entries])
        for word in ("Dara", "Malis", "ដារ៉ា", "attorney", "Examiner", "Rice Bowl"):
            assert word not in told

    @pytest.mark.parametrize("account", [VISAL, ANNA], ids=["no longer in office", "not on the list"])
    def test_only_whom_the_office_names_may_prepare(self, bureau: Bureau, account: str) -> None:
        with pytest.raises(Forbidden) as error:
            bureau.prepare(by=account)
        assert refused(error) == ["officer.not-listed"]

    def test_a_kind_that_the_office_seals_by_itself_is_not_prepared(self, bureau: Bureau) -> None:
        asked = Preparation(number="KH/D/2026/1", document="acknowledgement")
        with pytest.raises(Invalid) as error:
            bureau.letters().prepare(DARA, asked, bureau.key())
        assert refused(error) == ["letter.kind"]

    def test_everything_that_is_wrong_is_said_at_once(self, bureau: Bureau) -> None:
        only_english = {**POINT, "message": {"en": "Missing."}, "what_to_do": {"en": "File it."}}
        line = Line(label={"km": "លេខ", "en": "Number"}, values=({"und": "1"},), inid="11")
        content = points(only_english).model_copy(update={"particulars": (line,)})
        with pytest.raises(Invalid) as error:
            bureau.letters().prepare(
                DARA, Preparation(number="KH/D/2026/1", document="request-documents", content=content), bureau.key()
            )
        assert refused(error) == ["letter.part-not-wanted", "letter.language-missing", "letter.language-missing"]
        assert error.value.findings[1].pointer == "/content/points/0/message"

    def test_a_request_without_points_is_none(self, bureau: Bureau) -> None:
        with pytest.raises(Invalid) as error:
            bureau.letters().prepare(DARA, Preparation(number="KH/D/2026/1", document="request-documents"), bureau.key())
        assert refused(error) == ["letter.part-missing"]

    def test_a_number_that_is_no_application_s_is_not_found(self, bureau: Bureau) -> None:
        with pytest.raises(NotFound) as error:
            bureau.letters().prepare(DARA, Preparation(number="KH/D/2026/9", document="completeness"), bureau.key())
        assert refused(error) == ["letter.no-application"]

    def test_a_letter_that_no_item_could_hold_is_refused(self, bureau: Bureau) -> None:
        long = {"km": "ក" * 500, "en": "x" * 500}
        wide = {"label": long, "values": [{f"l{chr(97 + at)}": "ក" * 500 for at in range(8)}] * 10}
        content = Content.model_validate({"particulars": tuple(Line.model_validate({**wide, "values": tuple(wide["values"])})
                                                              for _ in range(4))})  # fmt: skip
        with pytest.raises(TooLarge):
            bureau.letters().prepare(
                DARA, Preparation(number="KH/D/2026/1", document="certificate-draft", content=content), bureau.key()
            )


class TestApproving:
    def test_another_officer_approves_and_both_are_named(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        assert bureau.approve(identifier) == []
        letter = bureau.letter(identifier)
        assert letter.status == "approved"
        assert [(one.did, one.name["en"]) for one in letter.signatories] == [
            ("prepared", "Sok Dara"), ("approved", "Chan Malis")
        ]  # fmt: skip
        fact = letter.stream.last(LetterApproved)
        assert fact is not None and fact.prepared_by == DARA and letter.stream.entries[-1].by == MALIS

    def test_whoever_prepared_it_may_not_approve_it(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        assert bureau.approve(identifier, by=DARA) == ["letter.same-person"]
        assert bureau.letter(identifier).status == "prepared"

    def test_whoever_ever_wrote_a_part_of_it_may_not_approve_it(self, bureau: Bureau) -> None:
        identifier = bureau.prepare(by=MALIS)
        bureau.change(identifier, OTHER, by=DARA)
        assert bureau.approve(identifier, by=MALIS) == ["letter.same-person"]

    def test_whoever_prepared_it_may_not_reject_it(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        with pytest.raises(Forbidden):
            bureau.reject(identifier, by=DARA)

    @pytest.mark.parametrize("account", [VISAL, CLERK, ANNA], ids=["no longer in office", "prepares only", "not on the list"])
    def test_only_whom_the_office_names_may_approve(self, bureau: Bureau, account: str) -> None:
        identifier = bureau.prepare()
        with pytest.raises(Forbidden):
            bureau.approve(identifier, by=account)

    def test_what_was_changed_after_it_was_read_is_not_approved(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        read = bureau.seen(identifier)
        bureau.change(identifier, OTHER)
        _, ((_, refusal),) = bureau.letters().approve(MALIS, (read,), bureau.key(MALIS))
        assert isinstance(refusal, Stale) and refusal.findings[0].code == "letter.changed"

    def test_a_change_between_the_look_and_the_commit_is_seen(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        read = bureau.seen(identifier)
        bureau.desk.register.rivals = [lambda: None, lambda: bureau.change(identifier, OTHER)]
        _, ((_, refusal),) = bureau.letters().approve(MALIS, (read,), bureau.key(MALIS))
        assert isinstance(refusal, Stale)
        assert bureau.letter(identifier).status == "prepared"

    def test_a_change_voids_the_approval(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        bureau.approve(identifier)
        bureau.change(identifier, OTHER)
        letter = bureau.letter(identifier)
        assert (letter.status, letter.approval, len(letter.signatories)) == ("prepared", None, 1)
        assert bureau.seal(identifier) is None and not bureau.stored()

    def test_the_same_words_prepared_again_want_an_approval_again(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        bureau.approve(identifier)
        bureau.change(identifier, POINT)
        assert bureau.letter(identifier).approval is None

    def test_two_who_approve_at_once_leave_one_approval(self, bureau: Bureau) -> None:
        other = bureau.office.officers[2].model_copy(update={"last": None})
        bureau.office = bureau.office.model_copy(update={"officers": (*bureau.office.officers[:2], other)})
        identifier = bureau.prepare()
        read = bureau.seen(identifier)
        bureau.desk.register.rivals = [lambda: None, lambda: bureau.approve(identifier, by=VISAL)]
        _, ((_, refusal),) = bureau.letters().approve(MALIS, (read,), bureau.key(MALIS))
        assert refusal is not None and refusal.findings[0].code == "letter.state"
        assert bureau.types(identifier).count("LetterApproved") == 1
        assert bureau.letter(identifier).signatories[1].name["en"] == "Keo Visal"

    def test_one_act_approves_many_and_what_cannot_be_holds_up_no_other(self, bureau: Bureau) -> None:
        mine, theirs, also = bureau.prepare(by=MALIS), bureau.prepare(OTHER), bureau.prepare(document="completeness")
        assert bureau.approve(mine, theirs, also) == ["letter.same-person"]
        batches = {fact.batch for one in (theirs, also) if (fact := bureau.letter(one).stream.last(LetterApproved))}
        assert len(batches) == 1

    def test_a_repeat_of_a_batch_that_was_killed_goes_on_with_the_rest(self, bureau: Bureau) -> None:
        first, second = bureau.prepare(), bureau.prepare(OTHER)
        seen = (bureau.seen(first), bureau.seen(second))
        bureau.desk.register.rivals = [lambda: None, lambda: None, kill]
        with pytest.raises(Killed):
            bureau.letters().approve(MALIS, seen, bureau.key(MALIS, "batch"))
        assert [bureau.letter(one).status for one in (first, second)] == ["approved", "prepared"]
        _, answers = bureau.letters().approve(MALIS, seen, bureau.key(MALIS, "batch"))
        assert [refusal for _, refusal in answers] == [None, None]
        facts = [bureau.letter(one).stream.facts(LetterApproved) for one in (first, second)]
        assert [len(one) for one in facts] == [1, 1] and facts[0][0].batch == facts[1][0].batch

    def test_the_same_key_for_another_batch_is_refused(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        bureau.approve(identifier, key="batch")
        other = bureau.key(MALIS, "batch")
        with pytest.raises(Conflict):
            bureau.letters().approve(
                MALIS, (bureau.seen(identifier),), type(other)(MALIS, "batch", Digest.of(b"another body"))
            )

    def test_a_letter_that_was_sent_back_can_be_prepared_again(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        bureau.reject(identifier)
        assert bureau.approve(identifier) == ["letter.state"]
        bureau.change(identifier, OTHER)
        assert bureau.approve(identifier) == []
        assert bureau.types(identifier) == ["LetterPrepared", "LetterRejected", "LetterPrepared", "LetterApproved"]

    def test_a_cancelled_letter_is_sealed_never_and_its_number_is_not_given_again(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        bureau.approve(identifier)
        bureau.letters().cancel(CLERK, identifier, bureau.key(CLERK))
        assert bureau.seal(identifier) is None and bureau.waiting() == []
        assert bureau.letter(bureau.prepare(OTHER)).fact.number == "KH/D/2026/1-REQ2"

    def test_an_unknown_letter_is_not_found(self, bureau: Bureau) -> None:
        bureau.prepare()
        for name in ("01JDT0000000000000000000AA", "x", bureau.filing):
            with pytest.raises(NotFound):
                bureau.letters().one(name)

    def test_the_stream_of_another_letter_is_none_that_persons_prepare(self, bureau: Bureau) -> None:
        from chalicelib.register.model import letter as letter_stream

        with pytest.raises(NotFound):
            bureau.letters().reject(
                MALIS, letter_stream(bureau.filing, "receipt").id, Rejection(content_sha256="a" * 64, ground="x"),
                bureau.key(MALIS),
            )  # fmt: skip


class TestView:
    def test_the_list_says_who_did_what_and_pages(self, bureau: Bureau) -> None:
        made = [bureau.prepare(OTHER) for _ in range(52)]
        page = bureau.view().listed()
        assert page["waiting"] == 52 and len(page["letters"]) == 50
        rest = bureau.view().listed(after=page["next"])
        assert sorted(one["id"] for one in (*page["letters"], *rest["letters"])) == sorted(made)
        assert page["letters"][0]["persons"] == [
            {"did": "prepared", "name": {"km": "សុខ ដារ៉ា", "en": "Sok Dara"}, "title": {"km": "មន្ត្រីពិនិត្យ", "en": "Examiner"}}
        ]

    def test_one_letter_shows_what_it_says_and_its_history(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        bureau.approve(identifier)
        shown = bureau.view().one(identifier)
        assert shown["status"] == "approved" and shown["approved_by"] == MALIS
        assert shown["content"]["defects"][0]["code"] == "power-of-attorney"
        assert [one["type"] for one in shown["history"]] == ["LetterPrepared", "LetterApproved"]

    def test_the_draft_says_on_its_number_that_it_is_one(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        drawn, digest = bureau.view().draft(identifier)
        assert drawn == b"KH/D/2026/1-REQ1-DRAFT" and digest == bureau.letter(identifier).fact.content_sha256


class TestOfficeData:
    def test_a_person_s_days_are_both_included(self) -> None:
        office = staffed()
        assert office.officer(VISAL, "approve", date(2026, 6, 30)) and not office.officer(VISAL, "approve", date(2026, 7, 1))
        assert not office.officer(DARA, "approve", date(2025, 12, 31))

    def test_two_persons_with_one_account_are_refused(self) -> None:
        office = staffed()
        data = {**office.model_dump(), "officers": [office.officers[0].model_dump()] * 2}
        with pytest.raises(ValueError, match="share an account"):
            type(office).model_validate(data)


def test_a_kept_content_is_read_as_the_same_value() -> None:
    letter = full_letter()
    assert frozen.content(frozen.text(letter)).digest == letter.digest


@pytest.mark.parametrize("kept", ["", "{", "[]", "{}", '{"languages": 1}', '{"unknown": 1}', '"x"'])
def test_a_kept_content_that_is_none_is_corrupt(kept: str) -> None:
    with pytest.raises(Corrupt):
        frozen.content(kept)


def test_an_approval_names_what_was_prepared_last(bureau: Bureau) -> None:
    identifier = bureau.prepare()
    bureau.change(identifier, OTHER)
    fact = bureau.letter(identifier).stream.last(LetterPrepared)
    assert fact is not None and fact.run == 2
    assert bureau.seen(identifier) == Seen(letter=identifier, content_sha256=fact.content_sha256)
