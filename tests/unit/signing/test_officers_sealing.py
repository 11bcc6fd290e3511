"""An approved letter: what is sealed, once, whatever is killed, raced or changed meanwhile; and who sees it then."""

from datetime import timedelta

import pytest

from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict, Corrupt, NotFound
from chalicelib.register.model import Key, Put, verify_chain
from chalicelib.signing.mailbox import Mailbox
from chalicelib.signing.model import LetterContent
from chalicelib.signing.service import FetchLetter
from tests.factories import ANNA, BOPHA, lose
from tests.unit.signing.officers import CLERK, OTHER, Bureau


class Killed(BaseException):
    """The process ends."""


def kill() -> None:
    raise Killed


@pytest.fixture
def bureau() -> Bureau:
    return Bureau()


class TestSealing:
    def approved(self, bureau: Bureau) -> str:
        identifier = bureau.prepare()
        assert bureau.approve(identifier) == []
        return identifier

    def test_what_is_sealed_is_what_was_approved_with_both_named(self, bureau: Bureau) -> None:
        identifier = self.approved(bureau)
        approved = bureau.letter(identifier).content
        bureau.desk.clock.advance(timedelta(hours=3))
        assert bureau.seal(identifier) == (bureau.filing, "request-documents.1")
        ((sealed, receipt),) = bureau.press.sealed
        assert sealed.defects == approved.defects and sealed.letter_number == "KH/D/2026/1-REQ1"
        assert [(one.did, one.name["km"], one.title["en"]) for one in sealed.signatories] == [
            ("prepared", "សុខ ដារ៉ា", "Examiner"), ("approved", "ចាន់ ម៉ាលីស", "Head of section")
        ]  # fmt: skip
        assert sealed.issued_at == bureau.desk.clock.now and sealed.trust_label is not None
        submitted = bureau.desk.stream(bureau.filing).entries
        assert Digest.of(receipt).hex in repr([dict(entry.data) for entry in submitted])

    def test_data_of_the_office_that_change_meanwhile_change_no_letter(self, bureau: Bureau) -> None:
        identifier = self.approved(bureau)
        approved = bureau.letter(identifier).content
        texts = bureau.office.letters["request-documents"].model_copy(update={"opening": {"km": "ថ្មី", "en": "New words."}})
        bureau.office = bureau.office.model_copy(
            update={"letters": {**bureau.office.letters, "request-documents": texts}, "officers": ()}
        )
        bureau.seal(identifier)
        ((sealed, _),) = bureau.press.sealed
        assert sealed.opening == approved.opening and len(sealed.signatories) == 2

    def test_it_is_entered_listed_as_issued_and_marked_for_its_next_level(self, bureau: Bureau) -> None:
        identifier = self.approved(bureau)
        bureau.seal(identifier)
        assert bureau.types(identifier)[-2:] == ["LetterIntended", "LetterIssued"]
        (body,) = bureau.stored()
        row = bureau.desk.register.items[Key(f"SHA256#{Digest.of(body)}", "ISSUED")]
        assert row.attributes == {"stream": f"LETTER#{identifier}", "code": "request-documents.1", "level": "b-b"}
        assert bureau.desk.register.items[Key(f"LETTER#{identifier}", "LEVEL")].attributes["code"] == "request-documents.1"
        assert bureau.waiting() == []
        verify_chain(bureau.letter(identifier).stream.entries)

    def test_two_who_seal_at_once_make_one_letter(self, bureau: Bureau) -> None:
        identifier = self.approved(bureau)
        bureau.desk.register.rivals = [lose, lambda: bureau.seal(identifier), lambda: bureau.seal(identifier)]
        bureau.seal(identifier)
        assert bureau.types(identifier).count("LetterIssued") == 1 and len(bureau.stored()) == 1

    def test_sealing_again_makes_no_second_letter(self, bureau: Bureau) -> None:
        identifier = self.approved(bureau)
        assert bureau.seal(identifier) == bureau.seal(identifier)
        assert len(bureau.press.sealed) == 1 and len(bureau.stored()) == 1

    @pytest.mark.parametrize("at", [0, 1], ids=["before the intent", "before it is entered"])
    def test_killed_at_a_commit_and_begun_again_one_letter(self, bureau: Bureau, at: int) -> None:
        identifier = self.approved(bureau)
        bureau.desk.register.rivals = [*[lambda: None] * at, kill]
        with pytest.raises(Killed):
            bureau.seal(identifier)
        bureau.desk.clock.advance(timedelta(minutes=7))
        bureau.seal(identifier)
        assert bureau.types(identifier).count("LetterIssued") == 1 and len(bureau.stored()) == 1

    def test_killed_while_it_is_drawn_the_same_letter_is_drawn_again(self, bureau: Bureau) -> None:
        identifier = self.approved(bureau)
        seen: list[LetterContent] = []

        def dying(content: LetterContent, receipt: bytes) -> bytes:
            seen.append(content)
            raise Killed

        with pytest.raises(Killed):
            bureau.seal(identifier, letters=dying)
        bureau.desk.clock.advance(timedelta(days=2))
        bureau.seal(identifier)
        assert bureau.press.sealed[0][0].digest == seen[0].digest
        assert bureau.types(identifier).count("LetterIntended") == 1

    def test_nobody_changes_or_cancels_what_is_being_sealed(self, bureau: Bureau) -> None:
        identifier = self.approved(bureau)

        def meddling(content: LetterContent, receipt: bytes) -> bytes:
            with pytest.raises(Conflict):
                bureau.change(identifier, OTHER)
            with pytest.raises(Conflict):
                bureau.letters().cancel(CLERK, identifier, bureau.key(CLERK))
            return b"letter"

        bureau.seal(identifier, letters=meddling)
        assert bureau.types(identifier)[-1] == "LetterIssued"

    def test_changed_between_the_look_and_the_intent_nothing_is_sealed(self, bureau: Bureau) -> None:
        identifier = self.approved(bureau)
        bureau.desk.register.rivals = [lambda: bureau.change(identifier, OTHER)]
        assert bureau.seal(identifier) is None
        assert not bureau.stored() and not bureau.press.sealed

    def test_a_content_that_somebody_changed_in_the_store_is_not_sealed(self, bureau: Bureau) -> None:
        identifier = self.approved(bureau)
        key = Key(f"LETTER#{identifier}", "CONTENT")
        item = bureau.desk.register.items[key]
        forged = str(item.attributes["content"]).replace("attorney", "forgery!")
        bureau.desk.register.commit(Put(key, {**item.attributes, "content": forged}, expects=item.version))
        with pytest.raises(Corrupt):
            bureau.seal(identifier)
        assert not bureau.stored()

    def test_a_letter_that_names_one_person_only_is_not_sealed(self, bureau: Bureau) -> None:
        identifier = self.approved(bureau)
        key = Key(f"LETTER#{identifier}", "CONTENT")
        item = bureau.desk.register.items[key]
        left = {name: value for name, value in item.attributes.items() if name != "approved"}
        bureau.desk.register.commit(Put(key, left, expects=item.version))
        with pytest.raises(Corrupt):
            bureau.seal(identifier)


class TestOwner:
    def test_the_owner_of_the_filing_sees_it_with_the_day_it_was_made_available(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        mailbox = Mailbox(register=bureau.desk.register, office=bureau.office)
        assert mailbox(ANNA, bureau.filing) == []
        bureau.approve(identifier)
        bureau.desk.clock.advance(timedelta(hours=13))  # past midnight in Phnom Penh, not in UTC
        bureau.seal(identifier)
        (shown,) = mailbox(ANNA, bureau.filing)
        assert (shown["number"], shown["document"], shown["level"]) == ("KH/D/2026/1-REQ1", "request-documents", "b-b")
        assert shown["available_on"] == "2026-11-26" and shown["available_at"] == stamp(bureau.desk.clock.now)

    def test_he_can_fetch_it_and_nobody_else_can(self, bureau: Bureau) -> None:
        identifier = bureau.prepare()
        bureau.approve(identifier)
        fetch = FetchLetter(register=bureau.desk.register, links=bureau.desk.records)
        with pytest.raises(NotFound):
            fetch(ANNA, bureau.filing, "request-documents.1")
        bureau.seal(identifier)
        assert fetch(ANNA, bureau.filing, "request-documents.1")[0].number == "KH/D/2026/1-REQ1"
        for account, code in ((BOPHA, "request-documents.1"), (ANNA, "request-documents.2"), (ANNA, "../x")):
            with pytest.raises(NotFound):
                fetch(account, bureau.filing, code)
