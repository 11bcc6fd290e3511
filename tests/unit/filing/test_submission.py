"""Submission: one number and one receipt, however often it is pressed, raced or killed."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.contracts.draft import DRAFT
from chalicelib.contracts.events import FilingSubmitted
from chalicelib.filing.submission import Confirmation
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict, Corrupt, Invalid, NotFound, Stale
from chalicelib.register.model import Key, verify_chain
from infra.local.samples import design_form, patent_form
from tests.factories import ANNA, BOPHA, Desk, asking, lose
from tests.fakes import NOON


def test_a_submission_gives_number_receipt_and_signature() -> None:
    desk = Desk()
    done = desk.filed()
    receipt = json.loads(done.receipt)
    assert done.fact.number == receipt["application_number"]["display"] == "KH/D/2026/1"
    assert receipt["received_at"] == "2026-11-25T12:00:00.000+07:00"
    assert receipt["time_zone"] == "Asia/Phnom_Penh"
    assert done.fact.received_at == "2026-11-25T05:00:00.000Z"
    assert done.fact.filing_date == receipt["filing_date"] == "2026-11-25"
    assert Digest.of(done.receipt).hex == done.fact.receipt_sha256
    assert done.signature == b"signed " + done.fact.receipt_sha256.encode()


def test_the_receipt_lists_every_file_with_name_size_and_digest() -> None:
    desk = Desk()
    done = desk.filed()
    (line,) = json.loads(done.receipt)["files"]
    (file,) = done.fact.files
    assert (line["name"], line["size"], line["sha256"]) == ("bowl.png", file.size, file.sha256)
    assert line["attachment"] == file.attachment


def test_everything_of_a_submission_is_one_commit() -> None:
    desk = Desk()
    identifier = desk.complete()
    before = desk.register.commits
    desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    assert desk.register.commits == before + 1
    stream = desk.stream(identifier)
    assert stream.head.attributes["number"] == "KH/D/2026/1"
    assert stream.head.status == "submitted"
    assert desk.register.items[Key("NUMBER#KH/D/2026/1", "NUMBER")].attributes == {"stream": str(stream.id)}
    assert desk.register.items[Key("COUNTER#D#2026", "COUNTER")].attributes == {"last_at": stamp(NOON)}
    assert {"form", "manifest", "receipt"} == set(stream.items[DRAFT].attributes)
    verify_chain(stream.entries)


def test_the_submitted_route_is_in_the_list() -> None:
    desk = Desk()
    identifier = desk.complete()
    view = desk.filings.one(ANNA, identifier)[1]
    file = view["attachments"][0]["id"]
    basis = {"office": "SG", "application_number": "30201900000A", "filed": "2026-06-01"}
    form = {**design_form((file,)), "route": "sg-mou", "basis": basis}
    desk.drafts.edit(ANNA, identifier, view["draft"]["version"], form)
    desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    (row,) = desk.filings.mine(ANNA)["filings"]
    assert (row["route"], row["number"], row["filing_date"]) == ("sg-mou", "KH/D/2026/1", "2026-11-25")


# ---------------------------------------------------------------- repeats


def test_pressing_twice_gives_the_first_answer() -> None:
    desk = Desk()
    identifier = desk.complete()
    confirmed = desk.confirmation(identifier)
    first = desk.submit(ANNA, identifier, confirmed, asking("press"), received_at=NOON)
    desk.clock.advance(timedelta(days=3))
    assert desk.submit(ANNA, identifier, confirmed, asking("press"), received_at=desk.clock()) == first
    assert desk.types(identifier).count("FilingSubmitted") == 1


def test_the_same_confirmation_under_a_new_key_gives_the_first_answer() -> None:
    desk = Desk()
    identifier = desk.complete()
    confirmed = desk.confirmation(identifier)
    first = desk.submit(ANNA, identifier, confirmed, asking("press"), received_at=NOON)
    assert desk.submit(ANNA, identifier, confirmed, asking("again"), received_at=NOON) == first


def test_another_body_under_the_same_key_is_a_conflict_and_changes_nothing() -> None:
    desk = Desk()
    identifier = desk.complete()
    desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    rows = (dict(desk.register.entries), dict(desk.register.items))
    with pytest.raises(Conflict, match=r"idempotency.other-request"):
        desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press", b"x"), received_at=NOON)
    assert rows == (desk.register.entries, desk.register.items)


def test_another_confirmation_of_what_is_submitted_is_a_conflict() -> None:
    desk = Desk()
    done = desk.filed()
    with pytest.raises(Conflict, match=r"filing.submitted-already"):
        desk.submit(ANNA, done.filing, Confirmation(1, "0" * 64), asking("again"), received_at=NOON)


def test_a_refusal_is_not_kept_under_its_key() -> None:
    desk = Desk()
    identifier = desk.complete()
    with pytest.raises(Stale):
        desk.submit(ANNA, identifier, Confirmation(1, "0" * 64), asking("press"), received_at=NOON)
    desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)


def test_a_kept_receipt_that_is_not_the_recorded_one_is_never_handed_out() -> None:
    desk = Desk()
    done = desk.filed()
    key = Key(f"FILING#{done.filing}", DRAFT)
    item = desk.register.items[key]
    desk.register.items[key] = type(item)(key, item.version, {**item.attributes, "receipt": "{}"})
    with pytest.raises(Corrupt):
        desk.submit.answer(desk.stream(done.filing))


def test_a_draft_has_no_answer_yet() -> None:
    desk = Desk()
    with pytest.raises(Corrupt):
        desk.submit.answer(desk.stream(desk.complete()))


# ---------------------------------------------------------------- what the filer saw


@pytest.mark.parametrize(
    ("version", "digest", "found"),
    [
        (1, None, ["draft.stale"]),
        (None, "0" * 64, ["manifest.stale"]),
        (1, "0" * 64, ["draft.stale", "manifest.stale"]),
    ],
)
def test_a_stale_confirmation_says_which_part_is_stale(
    version: int | None, digest: str | None, found: list[str]
) -> None:
    desk = Desk()
    identifier = desk.complete()
    now = desk.confirmation(identifier)
    confirmed = Confirmation(version or now.draft_version, digest or now.manifest_sha256)
    with pytest.raises(Stale) as refused:
        desk.submit(ANNA, identifier, confirmed, asking("press"), received_at=NOON)
    assert [finding.code for finding in refused.value.findings] == found
    current = {"draft.stale": str(now.draft_version), "manifest.stale": now.manifest_sha256}
    assert all(finding.params == {"current": current[finding.code]} for finding in refused.value.findings)


def test_a_file_that_arrives_after_the_filer_looked_makes_the_confirmation_stale() -> None:
    desk = Desk()
    identifier = desk.complete()
    seen = desk.confirmation(identifier)
    desk.attach(identifier, name="late.png")
    with pytest.raises(Stale, match=r"manifest.stale"):
        desk.submit(ANNA, identifier, seen, asking("press"), received_at=NOON)


def test_a_file_that_arrives_in_the_very_moment_makes_the_confirmation_stale() -> None:
    desk = Desk()
    identifier = desk.complete()
    seen = desk.confirmation(identifier)
    desk.register.rivals = [lambda: desk.attach(identifier, name="late.png")]
    with pytest.raises(Stale, match=r"manifest.stale"):
        desk.submit(ANNA, identifier, seen, asking("press"), received_at=NOON)
    assert desk.register.item(Key("COUNTER#D#2026", "COUNTER")) is None


def test_another_account_cannot_submit() -> None:
    desk = Desk()
    identifier = desk.complete()
    with pytest.raises(NotFound):
        desk.submit(BOPHA, identifier, desk.confirmation(identifier), asking("press", account=BOPHA), received_at=NOON)


# ---------------------------------------------------------------- findings


def test_an_empty_application_is_refused_with_all_findings_at_once() -> None:
    desk = Desk()
    identifier = desk.begin(form={"kind": "industrial-design"})
    desk.reserve(identifier)
    with pytest.raises(Invalid) as refused:
        desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    found = {finding.code for finding in refused.value.findings}
    assert {"applicant.missing", "design.missing", "attachment.not-arrived"} <= found
    assert "FilingSubmitted" not in desk.types(identifier)


def test_a_file_that_was_lost_from_quarantine_blocks() -> None:
    desk = Desk()
    identifier = desk.complete()
    desk.quarantine.objects.clear()
    with pytest.raises(Invalid, match=r"attachment.lost"):
        desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)


def test_a_file_overwritten_in_quarantine_is_filed_in_the_version_that_was_checked() -> None:
    desk = Desk()
    identifier = desk.complete()
    (key,) = desk.quarantine.objects
    desk.quarantine.put(key, b"swapped")
    done = desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    assert done.fact.files[0].sha256 == desk.quarantine.stored(key, "v1").sha256.hex


def test_defects_are_accepted_and_the_receipt_says_by_which_day_to_mend_them() -> None:
    desk = Desk()
    identifier = desk.begin(form={**patent_form(), "agent": None})
    desk.attach(identifier, document="description", media_type="application/pdf", name="d.pdf")
    done = desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    found = {finding["code"]: finding for finding in json.loads(done.receipt)["findings"]}
    assert found["agent.missing"]["due"] == "2027-01-23"
    assert found["agent.missing"]["rule"]
    assert {(defect.code, defect.due) for defect in done.fact.defects} == {
        (finding["code"], finding["due"]) for finding in json.loads(done.receipt)["findings"]
    }


def test_a_removed_file_is_not_filed() -> None:
    desk = Desk()
    identifier = desk.complete()
    extra = desk.attach(identifier, name="extra.png")
    desk.uploads.remove(ANNA, identifier, extra.id)
    done = desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    assert extra.id not in {file.attachment for file in done.fact.files}


# ---------------------------------------------------------------- numbers and time


def test_numbers_of_a_kind_and_year_run_without_gap() -> None:
    desk = Desk()
    numbers = [desk.filed(account).fact.number for account in (ANNA, BOPHA, ANNA)]
    assert numbers == ["KH/D/2026/1", "KH/D/2026/2", "KH/D/2026/3"]


def test_a_refused_submission_uses_no_number() -> None:
    desk = Desk()
    identifier = desk.begin(form={"kind": "industrial-design"})
    with pytest.raises(Invalid):
        desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    assert desk.filed().fact.serial == 1


def test_a_lost_race_for_the_number_takes_the_next() -> None:
    desk = Desk()
    mine, rival = desk.complete(), desk.complete(BOPHA)

    def other() -> None:
        desk.submit(BOPHA, rival, desk.confirmation(rival), asking("r", account=BOPHA), received_at=NOON)

    desk.register.rivals = [lose, other]
    done = desk.submit(ANNA, mine, desk.confirmation(mine), asking("press"), received_at=NOON)
    assert done.fact.serial == 2


def test_a_race_lost_to_ones_own_second_press_gives_one_number() -> None:
    desk = Desk()
    mine = desk.complete()
    confirmed = desk.confirmation(mine)
    desk.register.rivals = [lambda: desk.submit(ANNA, mine, confirmed, asking("press"), received_at=NOON)]
    done = desk.submit(ANNA, mine, confirmed, asking("press"), received_at=NOON + timedelta(seconds=1))
    assert (done.fact.serial, done.fact.received_at) == (1, stamp(NOON))


def test_the_time_is_raised_to_the_last_numbers_time() -> None:
    desk = Desk()
    desk.filed(received_at=NOON + timedelta(seconds=30))
    later = desk.filed(received_at=NOON)
    assert later.fact.serial == 2
    assert later.fact.received_at == stamp(NOON + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("utc", "number", "day"),
    [
        (datetime(2026, 12, 31, 16, 59, 59, 999000, UTC), "KH/D/2026/2", "2026-12-31"),
        (datetime(2026, 12, 31, 17, 0, 0, 0, UTC), "KH/D/2027/1", "2027-01-01"),
        (datetime(2027, 1, 1, 0, 0, 0, 0, UTC), "KH/D/2027/1", "2027-01-01"),
    ],
)
def test_the_year_turns_in_phnom_penh(utc: datetime, number: str, day: str) -> None:
    desk = Desk()
    desk.filed()
    done = desk.filed(received_at=utc)
    assert (done.fact.number, done.fact.filing_date) == (number, day)


def test_a_request_of_the_old_year_that_is_late_keeps_its_year() -> None:
    desk = Desk()
    eve, new_year = datetime(2026, 12, 31, 16, 59, tzinfo=UTC), datetime(2026, 12, 31, 17, 1, tzinfo=UTC)
    assert desk.filed(received_at=new_year).fact.number == "KH/D/2027/1"
    assert desk.filed(received_at=eve).fact.number == "KH/D/2026/1"


def test_kinds_count_apart() -> None:
    desk = Desk()
    desk.filed()
    identifier = desk.begin(form=patent_form())
    desk.attach(identifier, document="description", media_type="application/pdf", name="d.pdf")
    done = desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    assert done.fact.number == "KH/P/2026/1"
    assert isinstance(done.fact, FilingSubmitted)
    assert (done.fact.claims, done.fact.pages) == (12, 5)


def test_a_file_that_expired_or_vanished_since_it_was_checked_is_asked_for_again() -> None:
    desk = Desk()
    identifier = desk.complete()
    desk.quarantine.objects.clear()
    with pytest.raises(Invalid) as refused:
        desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    assert "attachment.lost" in {finding.code for finding in refused.value.findings}


def test_something_sent_to_the_same_key_after_the_check_changes_nothing() -> None:
    desk = Desk()
    identifier = desk.complete()
    (key,) = desk.quarantine.objects
    desk.quarantine.put(key, b"something else, sent later")
    done = desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=NOON)
    assert done.fact.number == "KH/D/2026/1"
