"""One acknowledgement: intended, sealed, stored once, entered, whatever is killed, repeated or changed between."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from chalicelib.contracts.attachment import PAGE, PREFIX
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, NotFound
from chalicelib.register.model import Key, StreamId, filing
from chalicelib.register.model import letter as letter_stream
from chalicelib.register.model import order as order_stream
from chalicelib.signing.model import LetterContent
from chalicelib.signing.service import LINK_SECONDS, FetchLetter, SealLetter
from chalicelib.signing.transparency.service import LoggedReceipts
from chalicelib.signing.wording import present
from tests.factories import ANNA, BOPHA, Desk, asking, lose


@dataclass
class Press:
    """`signing.service.Letters`: each seal is different, as real ones may be, so that a second letter would show."""

    sealed: list[tuple[LetterContent, bytes]] = field(default_factory=list)

    def __call__(self, content: LetterContent, receipt: bytes) -> bytes:
        """See `Letters`."""
        self.sealed.append((content, receipt))
        return f"letter {len(self.sealed)} of {content.digest}".encode()


class Killed(BaseException):
    """The process ends."""


def kill() -> None:
    raise Killed


class Seal:
    """A paid design, ready for its letter."""

    def __init__(self, *, logged: bool = True) -> None:
        self.desk = Desk()
        self.press = Press()
        self.filing = self.desk.filed().filing
        self.stream = filing(self.filing)
        opened = self.desk.orders.open(ANNA, self.filing, "aba", asking("pay"))
        reference = opened.order.attempts[0].reference
        assert self.desk.bank.pay(reference)
        self.desk.ask_bank(reference, rung=True)
        self.desk.credit_filing(order_stream(opened.id))
        if logged:
            self.desk.log_facts(self.stream)

    @property
    def key(self) -> str:
        return f"filings/{self.filing}/letters/acknowledgement.b-b.pdf"

    @property
    def types(self) -> list[str]:
        return [name for name in self.desk.types(self.filing) if name.startswith("Letter")]

    def room(self, **changes: object) -> SealLetter:
        values = {
            "register": self.desk.register,
            "office": self.desk.office,
            "records": self.desk.records,
            "letters": self.press,
            "proofs": LoggedReceipts(public=self.desk.public),
            "public_url": "https://tra.example",
            "test_trust": True,
            "clock": self.desk.clock,
            **changes,
        }
        return SealLetter(**values)  # type: ignore[arg-type]

    def __call__(self, **changes: object) -> None:
        self.room(**changes)(self.stream)

    def stored(self) -> bytes:
        ((_, body),) = self.desk.records.objects[self.key]
        return body


def test_the_intent_is_entered_before_anything_is_sealed() -> None:
    seal = Seal()
    seen: list[list[str]] = []

    def press(content: LetterContent, receipt: bytes) -> bytes:
        seen.append(seal.types)
        return b"letter"

    seal(letters=press)
    assert seen == [["LetterIntended"]]
    assert seal.types == ["LetterIntended", "LetterIssued"]


def test_the_entered_digest_is_that_of_the_stored_letter() -> None:
    seal = Seal()
    seal()
    entry = seal.desk.stream(seal.filing).entries[-1]
    assert entry.data["sha256"] == Digest.of(seal.stored()).hex
    assert (entry.data["number"], entry.data["level"], entry.data["key"]) == ("KH/D/2026/1-ACK", "b-b", seal.key)
    row = seal.desk.register.items[Key(f"SHA256#{entry.data['sha256']}", "ISSUED")]
    assert row.attributes == {"stream": str(seal.stream), "code": "acknowledgement", "level": "b-b"}


def test_the_letter_says_what_was_received_and_paid() -> None:
    seal = Seal()
    seal()
    (content, receipt) = seal.press.sealed[0]
    assert content.application_number == "KH/D/2026/1"
    assert content.applicants[0]["en"] == "Example Rice Bowl Cooperative"
    assert [file.name for file in content.files] == ["bowl.png"]
    assert content.receipt_sha256 == Digest.of(receipt)
    assert content.payment is not None
    assert (content.payment.total.decimal, content.payment.demo) == ("80000", True)
    assert content.st13_number == "302026000000001"
    assert content.verification_url.startswith("https://tra.example/verify?number=KH%2FD%2F2026%2F1#sha256=")
    assert content.trust_label is not None and set(content.trust_label) == {"km", "en"}
    assert json.loads(receipt)["application_number"]["display"] == content.application_number


def test_copies_that_we_made_are_listed_apart_and_pictures_of_pages_are_not() -> None:
    seal = Seal()
    items = seal.desk.register.items
    key = next(key for key in items if key.pk == str(seal.stream) and key.sk.startswith(PREFIX))
    made = [
        {"what": what, "page": page, "key": "k", "version": "v", "media_type": "image/png", "size": 9, "sha256": sha256,
         "tool": "pillow-12.2"}
        for what, page, sha256 in ((PAGE, 1, "a" * 64), ("smaller-copy", 0, "b" * 64), ("of-tomorrow", 0, "c" * 64))
    ]  # fmt: skip
    items[key] = replace(items[key], attributes={**items[key].attributes, "derived": made})
    seal()
    ((content, _),) = seal.press.sealed
    assert [(one.what, one.sha256.hex, one.size) for one in content.derived] == [
        ("smaller-copy", "b" * 64, 9),
        ("of-tomorrow", "c" * 64, 9),
    ]
    assert content.derived[0].from_seq in {file.seq for file in content.files}
    copy, later = present(content)["derived"]
    assert [run["text"] for run in copy["what"]] == ["ច្បាប់ចម្លងទំហំតូចជាង", "Smaller copy"]
    assert later["what"] == [{"lang": "und", "text": "of-tomorrow"}]


def test_a_letter_of_a_real_chain_carries_no_warning() -> None:
    seal = Seal()
    seal(test_trust=False)
    assert seal.press.sealed[0][0].trust_label is None


def test_sealing_again_changes_nothing() -> None:
    seal = Seal()
    seal()
    before = seal.stored()
    seal()
    assert (len(seal.press.sealed), seal.stored(), seal.types) == (1, before, ["LetterIntended", "LetterIssued"])


def test_killed_after_the_intent_the_next_run_draws_the_very_same_content() -> None:
    seal = Seal()

    def dying(content: LetterContent, receipt: bytes) -> bytes:
        seal.press(content, receipt)
        raise Killed

    with pytest.raises(Killed):
        seal(letters=dying)
    seal.desk.clock.advance(timedelta(hours=3))
    seal()
    first, second = (content for content, _ in seal.press.sealed)
    assert first == second
    assert seal.types == ["LetterIntended", "LetterIssued"]


def test_killed_after_the_letter_was_stored_the_stored_one_is_the_letter() -> None:
    seal = Seal()
    seal.desk.register.rivals = [lambda: None, kill]
    with pytest.raises(Killed):
        seal()
    before = seal.stored()
    seal.desk.clock.advance(timedelta(hours=3))
    seal()
    assert seal.stored() == before
    assert len(seal.press.sealed) == 1
    assert seal.desk.stream(seal.filing).entries[-1].data["sha256"] == Digest.of(before).hex


def test_when_the_offices_data_changed_between_a_new_intent_is_entered() -> None:
    seal = Seal()
    with pytest.raises(ZeroDivisionError):
        seal(letters=lambda content, receipt: bytes([1 // 0]))
    seal.desk.clock.advance(timedelta(hours=3))
    contact = dict.fromkeys(seal.desk.office.languages, "moved")
    seal(office=seal.desk.office.model_copy(update={"contact": contact}))
    assert seal.types == ["LetterIntended", "LetterIntended", "LetterIssued"]
    intents = [entry.data for entry in seal.desk.stream(seal.filing).entries if entry.type == "LetterIntended"]
    (content, _) = seal.press.sealed[0]
    assert intents[-1]["content_sha256"] == content.digest.hex != intents[0]["content_sha256"]
    assert intents[-1]["intended_at"] == stamp(content.issued_at) == stamp(seal.desk.clock())


def test_when_the_offices_data_changed_after_the_letter_was_stored_the_letter_stands() -> None:
    seal = Seal()
    seal.desk.register.rivals = [lambda: None, kill]
    with pytest.raises(Killed):
        seal()
    before = seal.stored()
    contact = dict.fromkeys(seal.desk.office.languages, "moved")
    seal(office=seal.desk.office.model_copy(update={"contact": contact}))
    assert seal.types == ["LetterIntended", "LetterIssued"]
    assert seal.stored() == before


def test_two_at_once_issue_one_letter() -> None:
    seal = Seal()
    seal.desk.register.rivals = [seal]
    seal()
    assert seal.types == ["LetterIntended", "LetterIssued"]
    assert seal.desk.stream(seal.filing).entries[-1].data["sha256"] == Digest.of(seal.stored()).hex


def test_two_at_once_at_the_last_step_issue_one_letter() -> None:
    seal = Seal()
    seal.desk.register.rivals = [lambda: None, seal]
    seal()
    assert seal.types == ["LetterIntended", "LetterIssued"]


def test_a_lost_race_is_tried_again() -> None:
    seal = Seal()
    seal.desk.register.rivals = [lose, lambda: None, lose]
    seal()
    assert seal.types == ["LetterIntended", "LetterIssued"]


def test_before_its_receipt_is_in_the_public_log_there_is_no_letter() -> None:
    seal = Seal(logged=False)
    seal()
    assert seal.press.sealed == []
    seal.desk.log_facts(seal.stream)
    seal()
    assert seal.types == ["LetterIntended", "LetterIssued"]


def test_before_payment_there_is_no_letter() -> None:
    seal = Seal()
    unpaid = seal.desk.filed().filing
    seal.room()(filing(unpaid))
    with pytest.raises(Corrupt, match="does not exist"):
        seal.room()(StreamId("FILING", "01JDT0000000000000000000AA"))
    assert seal.press.sealed == []


def test_a_receipt_that_is_not_the_recorded_one_is_never_sealed() -> None:
    seal = Seal()
    key = Key(str(seal.stream), "DRAFT")
    item = seal.desk.register.items[key]
    seal.desk.register.items[key] = replace(item, attributes={**item.attributes, "receipt": "{}"})
    with pytest.raises(Corrupt, match="receipt"):
        seal()
    assert seal.press.sealed == []


def test_no_name_is_in_the_entries() -> None:
    seal = Seal()
    seal()
    said = json.dumps([dict(entry.data) for entry in seal.desk.stream(seal.filing).entries])
    assert "Bowl" not in said and "bowl" not in said


# ---------------------------------------------------------------- the receipt, at submission


def receipt_types(seal: Seal) -> list[str]:
    stream = seal.desk.register.load(letter_stream(seal.filing, "receipt"))
    return [entry.type for entry in stream.entries] if stream else []


def test_the_receipt_is_issued_before_payment_on_a_stream_of_its_own() -> None:
    seal = Seal()
    seal.filing = seal.desk.filed().filing
    seal.room(code="receipt")(filing(seal.filing))
    content, _ = seal.press.sealed[0]
    stream = seal.desk.register.load(letter_stream(seal.filing, "receipt"))
    assert receipt_types(seal) == ["LetterIntended", "LetterIssued"] and seal.types == []
    assert stream is not None and stream.entries[-1].data["filing"] == seal.filing
    assert (content.letter_number, content.payment) == ("KH/D/2026/2-RCP", None)
    assert content.opening is not None and "not paid yet" in content.opening["en"]


def test_one_receipt_however_often_it_is_begun_and_whatever_dies() -> None:
    seal = Seal()
    seal.desk.register.rivals = [lambda: None, kill]
    with pytest.raises(Killed):
        seal(code="receipt")
    seal.desk.clock.advance(timedelta(hours=3))
    seal(code="receipt")
    seal(code="receipt")
    assert receipt_types(seal) == ["LetterIntended", "LetterIssued"]
    assert len(seal.press.sealed) == 1


def test_two_receipts_at_once_are_one() -> None:
    seal = Seal()
    seal.desk.register.rivals = [lambda: seal(code="receipt")]
    seal(code="receipt")
    assert receipt_types(seal) == ["LetterIntended", "LetterIssued"]


def test_an_office_without_the_letter_issues_none() -> None:
    seal = Seal()
    letters = {code: texts for code, texts in seal.desk.office.letters.items() if code != "receipt"}
    seal(code="receipt", office=seal.desk.office.model_copy(update={"letters": letters}))
    assert receipt_types(seal) == []


# ---------------------------------------------------------------- fetching


def fetch(seal: Seal) -> FetchLetter:
    return FetchLetter(register=seal.desk.register, links=seal.desk.records)


def test_the_owner_gets_an_address_for_a_minute() -> None:
    seal = Seal()
    seal()
    letter, url, _ = fetch(seal)(ANNA, seal.filing)
    assert letter.sha256 == Digest.of(seal.stored()).hex
    assert seal.key in url and "KH-D-2026-1-ACK.pdf" in url
    assert f"seconds={LINK_SECONDS}" in url and LINK_SECONDS <= 60


def test_before_it_is_issued_the_owner_is_told_so() -> None:
    seal = Seal()
    with pytest.raises(NotFound, match=r"letter\.not-issued"):
        fetch(seal)(ANNA, seal.filing)


@pytest.mark.parametrize("identifier", ["", "x", "01JDT0000000000000000000AA"])
def test_nobody_else_gets_it_nor_learns_that_it_exists(identifier: str) -> None:
    seal = Seal()
    seal()
    with pytest.raises(NotFound) as others:
        fetch(seal)(BOPHA, seal.filing)
    with pytest.raises(NotFound) as nobodys:
        fetch(seal)(BOPHA, identifier)
    assert others.value.findings == nobodys.value.findings
