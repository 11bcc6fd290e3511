"""Later papers: begun for a filing, edited, submitted once with number and receipt; another's do not exist for you."""

import json
from datetime import date, timedelta

import pytest

from chalicelib.contracts.paper import COUNT, rows_of
from chalicelib.filing.papers import MAX_OPEN
from chalicelib.filing.submission import Confirmation
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict, Invalid, NotFound, Stale, TooMany
from chalicelib.register.model import Key, verify_chain
from infra.local.samples import design_form
from tests.factories import ANNA, BOPHA, Desk, asking, lose
from tests.fakes import NOON
from tests.papers import ANSWER, LETTER, OTHER, PDF, Counter, change, extension, withdrawal


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def counter(desk: Desk) -> Counter:
    return Counter(desk)


@pytest.fixture
def filing(desk: Desk) -> str:
    """A design that was submitted."""
    return desk.filed().filing


class TestDrafts:
    def test_a_draft_leaves_no_entry_and_a_row_beside_the_filing(self, counter: Counter, filing: str) -> None:
        identifier = counter.begun(filing)
        assert counter.stream(identifier).entries == ()
        ((row, _),) = rows_of(counter.desk.stream(filing).items)
        assert (row.id, row.kind, row.serial) == (identifier, "other", 0)

    def test_begun_again_with_the_same_key_it_is_the_same(self, counter: Counter, filing: str) -> None:
        first, again = (counter.papers.begin(ANNA, filing, OTHER, asking("a-key-of-mine")) for _ in range(2))
        assert first == again
        assert len(list(rows_of(counter.desk.stream(filing).items))) == 1

    def test_a_draft_of_an_application_has_no_later_papers(self, desk: Desk, counter: Counter) -> None:
        with pytest.raises(Conflict, match=r"paper\.not-submitted-yet"):
            counter.begun(desk.begin())

    def test_a_kind_that_the_office_has_not_is_refused(self, counter: Counter, filing: str) -> None:
        with pytest.raises(Invalid, match=r"paper\.kind-unknown /kind"):
            counter.begun(filing, {"kind": "poem"})

    def test_an_unknown_field_is_refused_with_its_place(self, counter: Counter, filing: str) -> None:
        with pytest.raises(Invalid, match=r"field\.unknown /answers/0/colour"):
            counter.begun(filing, {"kind": "answer", "answers": [{"colour": "red"}]})

    def test_it_is_edited_under_its_version(self, counter: Counter, filing: str) -> None:
        identifier = counter.begun(filing)
        edited = {**OTHER, "note": "More."}
        assert counter.papers.edit(ANNA, identifier, 1, edited).version == 2
        assert counter.papers.edit(ANNA, identifier, 1, edited).version == 2  # our own answer was lost on the way
        with pytest.raises(Stale, match=r"draft\.stale"):
            counter.papers.edit(ANNA, identifier, 1, OTHER)

    def test_its_kind_stays(self, counter: Counter, filing: str) -> None:
        with pytest.raises(Invalid, match=r"paper\.kind-fixed"):
            counter.papers.edit(ANNA, counter.begun(filing), 1, ANSWER)

    def test_drafts_of_one_filing_are_bounded_until_their_uploads_expire(self, counter: Counter, filing: str) -> None:
        for _ in range(MAX_OPEN):
            counter.begun(filing)
        with pytest.raises(TooMany, match=r"quota\.papers"):
            counter.begun(filing)
        counter.desk.clock.advance(timedelta(days=counter.desk.office.uploads.draft_days + 1))
        assert counter.begun(filing)

    def test_anothers_filing_and_paper_do_not_exist(self, counter: Counter, filing: str) -> None:
        identifier = counter.complete(filing)
        with pytest.raises(NotFound, match=r"filing\.not-found"):
            counter.begun(filing, account=BOPHA)
        with pytest.raises(NotFound, match=r"filing\.not-found"):
            counter.papers.of(BOPHA, filing)
        for act in (
            lambda: counter.papers.one(BOPHA, identifier),
            lambda: counter.papers.check(BOPHA, identifier),
            lambda: counter.papers.edit(BOPHA, identifier, 1, OTHER),
            lambda: counter.reserve(identifier, account=BOPHA),
            lambda: counter.uploads.of(BOPHA, identifier),
            lambda: counter.send(identifier, BOPHA),
            lambda: counter.papers.one(ANNA, "no-id"),
        ):
            with pytest.raises(NotFound, match=r"paper\.not-found"):
                act()


class TestFiles:
    def test_a_file_lies_below_the_paper_and_is_on_its_stream(self, counter: Counter, filing: str) -> None:
        identifier = counter.begun(filing)
        file = counter.attach(identifier)
        assert file.key.startswith(f"uploads/papers/{identifier}/{file.id}/")
        assert [entry.type for entry in counter.stream(identifier).entries] == ["AttachmentReserved", "AttachmentStored"]
        assert counter.desk.types(filing)[-1] == "FilingSubmitted"

    def test_it_takes_the_documents_of_its_kind_only(self, counter: Counter, filing: str) -> None:
        with pytest.raises(Invalid, match=r"paper\.document /document"):
            counter.reserve(counter.begun(filing), document="claims")

    def test_a_document_of_later_papers_has_no_place_in_an_application(self, desk: Desk) -> None:
        with pytest.raises(Invalid, match=r"document\.unknown"):
            desk.reserve(desk.begin(), document="statement", media_type="application/pdf")

    def test_the_limits_that_hold_are_stated(self, counter: Counter, filing: str) -> None:
        _, stated, number = counter.uploads.of(ANNA, counter.complete(filing))
        assert [one["document"] for one in stated["documents"]] == ["other", "statement"]
        assert (stated["file_needed"], stated["filing"]["files"], number) == (True, 1, None)

    def test_a_file_counts_for_the_filers_day(self, counter: Counter, filing: str) -> None:
        counter.attach(counter.begun(filing))
        quota = counter.desk.register.items[Key(f"QUOTA#{ANNA}", "DAY#2026-11-25")]
        assert quota.attributes["files"] == 2  # the application's picture, and this one

    def test_nothing_is_added_once_it_is_submitted(self, counter: Counter, filing: str) -> None:
        identifier = counter.sent(filing).paper
        with pytest.raises(Conflict, match=r"paper\.submitted-already"):
            counter.reserve(identifier, PDF + b"more")

    def test_a_file_taken_back_goes_no_further(self, counter: Counter, filing: str) -> None:
        identifier = counter.begun(filing)
        gone, kept = counter.attach(identifier), counter.attach(identifier, PDF + b"2")
        counter.uploads.remove(ANNA, identifier, gone.id)
        assert [file.attachment for file in counter.send(identifier).fact.files] == [kept.id]


class TestSubmission:
    def test_it_gives_number_receipt_and_signature(self, counter: Counter, filing: str) -> None:
        done = counter.sent(filing, dict(ANSWER) | {"reference": "OUR-9"})
        said = json.loads(done.receipt)
        assert done.fact.number == said["paper_number"] == "KH/D/2026/1-P1"
        assert (said["application_number"], said["filing"]) == ({"display": "KH/D/2026/1"}, filing)
        assert (said["received_at"], said["time_zone"]) == ("2026-11-25T12:00:00.000+07:00", "Asia/Phnom_Penh")
        assert (said["answers"], said["reference"]) == ([{"letter": LETTER, "dated": "2026-11-20"}], "OUR-9")
        assert [one["name"] for one in said["files"]] == ["letter.pdf"]
        assert Digest.of(done.receipt).hex == done.fact.receipt_sha256
        assert done.signature == b"signed " + done.fact.receipt_sha256.encode()

    def test_everything_of_it_is_one_commit(self, counter: Counter, filing: str) -> None:
        identifier = counter.complete(filing)
        before = counter.desk.register.commits
        counter.send(identifier)
        assert counter.desk.register.commits == before + 1
        items, stream = counter.desk.register.items, counter.stream(identifier)
        assert items[Key("NUMBER#KH/D/2026/1-P1", "NUMBER")].attributes == {"stream": f"PAPER#{identifier}"}
        assert items[Key(f"FILING#{filing}", COUNT)].attributes == {"last_at": stamp(NOON)}
        assert (stream.head.status, stream.head.attributes["number"]) == ("submitted", "KH/D/2026/1-P1")
        verify_chain(stream.entries)

    def test_the_entry_holds_no_word_that_the_filer_wrote(self, counter: Counter, filing: str) -> None:
        done = counter.sent(filing, dict(ANSWER) | {"subject": "ចម្លើយ", "note": "A secret of ours"})
        told = json.dumps(done.fact.to_data(), ensure_ascii=False)
        assert "secret" not in told
        assert "ចម្លើយ" not in told
        assert done.fact.to_data()["answers"] == [{"letter": LETTER}]

    def test_pressed_twice_it_is_received_once(self, counter: Counter, filing: str) -> None:
        identifier = counter.complete(filing)
        seen = counter.seen(identifier)
        first, same, other = (
            counter.submit(ANNA, identifier, seen, asking(key), received_at=NOON) for key in ("press", "press", "again")
        )
        assert first == same == other
        assert len(counter.stream(identifier).facts(type(first.fact))) == 1

    def test_another_confirmation_of_what_was_submitted_is_a_conflict(self, counter: Counter, filing: str) -> None:
        identifier = counter.sent(filing).paper
        with pytest.raises(Conflict, match=r"paper\.submitted-already"):
            counter.submit(ANNA, identifier, Confirmation(9, "0" * 64), asking("x"), received_at=NOON)

    def test_what_was_not_seen_is_not_submitted(self, counter: Counter, filing: str) -> None:
        identifier = counter.complete(filing)
        seen = counter.seen(identifier)
        counter.attach(identifier, PDF + b"another")
        with pytest.raises(Stale, match=r"manifest\.stale"):
            counter.submit(ANNA, identifier, seen, asking("x"), received_at=NOON)

    def test_papers_are_numbered_in_order_of_receipt_within_their_filing(self, desk: Desk, counter: Counter) -> None:
        one, other = desk.filed().filing, desk.filed().filing
        late = counter.complete(one)
        numbers = [counter.sent(one).fact.number, counter.send(late).fact.number, counter.sent(other).fact.number]
        assert numbers == ["KH/D/2026/1-P1", "KH/D/2026/1-P2", "KH/D/2026/2-P1"]

    def test_a_time_is_never_earlier_than_the_last_papers(self, counter: Counter, filing: str) -> None:
        first, second = counter.complete(filing), counter.complete(filing, OTHER)
        counter.send(first, received_at=NOON + timedelta(seconds=9))
        done = counter.send(second, received_at=NOON)
        assert (done.fact.serial, done.fact.received_at) == (2, stamp(NOON + timedelta(seconds=9)))

    def test_a_lost_race_is_run_again(self, counter: Counter, filing: str) -> None:
        identifier, rival = counter.complete(filing), counter.complete(filing)
        counter.desk.register.rivals = [lose, lambda: counter.send(rival)]
        assert counter.send(identifier).fact.serial == 2
        assert [row.serial for row, _ in rows_of(counter.desk.stream(filing).items)] == [1, 2]

    def test_a_file_that_is_gone_is_not_received(self, counter: Counter, filing: str) -> None:
        identifier = counter.begun(filing)
        file = counter.attach(identifier)
        del counter.desk.quarantine.objects[file.key]
        with pytest.raises(Invalid, match=r"attachment\.lost"):
            counter.send(identifier)
        assert counter.stream(identifier).head.status == "draft"

    def test_two_withdrawals_at_once_are_one(self, counter: Counter, filing: str) -> None:
        one, other = (counter.begun(filing, withdrawal("KH/D/2026/1")) for _ in range(2))
        counter.desk.register.rivals = [lambda: counter.send(other)]
        with pytest.raises(Invalid, match=r"paper\.once"):
            counter.send(one)


class TestFees:
    def test_a_change_is_refused_with_words_on_where_to_pay(self, counter: Counter, filing: str) -> None:
        identifier = counter.begun(filing, change())
        with pytest.raises(Invalid) as refused:
            counter.send(identifier)
        (finding,) = refused.value.findings
        assert (finding.code, finding.params["amount"]) == ("paper.fee-first", "40,000 KHR")
        assert "836" in finding.rule
        assert counter.stream(identifier).entries == ()

    def test_an_extension_is_received_and_its_fee_stands_open(self, counter: Counter, filing: str) -> None:
        done = counter.sent(filing, extension())
        said = json.loads(done.receipt)["fee"]
        assert said == {"code": "extension-of-time", "currency": "KHR", "paid": False}
        assert done.fact.fee is not None
        assert done.fact.fee.amount is None  # no source gives one: nothing is guessed


class TestViews:
    def test_the_filing_shows_its_papers_and_one_line_of_time(self, counter: Counter, filing: str) -> None:
        counter.desk.clock.advance(timedelta(minutes=1))
        done = counter.sent(filing, ANSWER)
        counter.begun(filing)
        _, view = counter.desk.filings.one(ANNA, filing)
        assert [(one["state"], one.get("number")) for one in view["papers"]] == [
            ("submitted", "KH/D/2026/1-P1"), ("draft", None),
        ]  # fmt: skip
        told = [(one["type"], one["number"]) for one in view["timeline"]]
        assert told == [("FilingSubmitted", "KH/D/2026/1"), ("PaperSubmitted", "KH/D/2026/1-P1")]
        assert view["timeline"][1]["stream"] == f"PAPER#{done.paper}"

    def test_deadlines_show_rule_inputs_and_what_answers_them(self, desk: Desk, counter: Counter) -> None:
        filing = desk.begin()
        picture = desk.attach(filing)
        agent = {"names": {"en": "Dara Agents"}, "country": "KH"}  # with an agent, and without a power of attorney
        desk.drafts.edit(ANNA, filing, 1, {**design_form((picture.id,)), "agent": agent})
        desk.submit(ANNA, filing, desk.confirmation(filing), desk.repeat(), received_at=NOON)
        _, before = desk.filings.one(ANNA, filing)
        due = before["deadlines"][0]
        assert due["rule"]
        assert (due["code"], due["inputs"]["from"]) == ("document.missing", "2026-11-25")
        assert date.fromisoformat(due["due"]) - date(2026, 11, 25) == timedelta(days=due["inputs"]["days"])
        assert due["answered_by"] == []
        done = counter.sent(filing, {"kind": "answer", "answers": [{"defect": due["code"]}]})
        _, after = desk.filings.one(ANNA, filing)
        assert after["deadlines"][0]["answered_by"] == [done.fact.number]

    def test_a_paper_is_shown_with_status_and_what_it_is(self, counter: Counter, filing: str) -> None:
        done = counter.sent(filing)
        version, view = counter.papers.one(ANNA, done.paper)
        assert (version, view["status"], view["number"]) == (2, "submitted", "KH/D/2026/1-P1")
        assert view["names"]["en"] == "Other paper"
        assert view["receipt"] == {"sha256": done.fact.receipt_sha256}
        assert view["chain"]["verified"]

    def test_the_list_says_which_kinds_may_be_sent_and_what_they_cost(self, counter: Counter, filing: str) -> None:
        counter.sent(filing)
        said = counter.papers.of(ANNA, filing)
        assert [one["number"] for one in said["papers"]] == ["KH/D/2026/1-P1"]
        kinds = {one["kind"]: one for one in said["kinds"]}
        assert kinds["change"]["fee"]["amount"] == 40_000
        assert kinds["change"]["fee"]["unpaid"] == "refused"
        assert "amount" not in kinds["extension"]["fee"]
        assert kinds["answer"]["answers"] == "must"
        assert "claims" not in kinds["answer"]["documents"]  # a design has none

    def test_papers_are_not_in_the_list_of_filings_and_take_none_of_its_quota(self, counter: Counter, filing: str) -> None:
        counter.begun(filing)
        assert [one["id"] for one in counter.desk.filings.mine(ANNA)["filings"]] == [filing]
