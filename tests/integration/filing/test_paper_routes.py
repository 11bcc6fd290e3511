"""Later papers through the public API: begun, tried out, submitted, secured, handed over and laid out, all in one world."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from infra.local import samples
from infra.local.filer import Filer, Refusal
from tests.faults.invariants import check
from tests.faults.journey import consume
from tests.faults.stores import Stores
from tests.faults.world import Moment, World
from tests.integration.filing.test_routes import refused
from tests.integration.people import filer, finished_design, quiet

PRIVATE = ("ចម្លើយ", "BOWL-2026-1-A", "7 Street 9", "answer.pdf")


@pytest.fixture(scope="module")
def finished(opened: World) -> tuple[Moment, str]:
    """The moment at which Anna's design is with the registry."""
    opened.go_back(opened.first)
    filing = finished_design(opened)
    return opened.remember(), filing


@pytest.fixture
def filing(world: World, finished: tuple[Moment, str]) -> str:
    world.go_back(finished[0])
    return finished[1]


def answered(world: World, who: Filer, filing: str) -> tuple[str, dict[str, Any]]:
    """An answer with a letter, submitted: its id and receipt."""
    paper = who.begin_paper(filing, samples.answer_form())
    who.attach(paper, samples.letter(), to="papers")
    quiet(world)
    return paper, who.submit_paper(paper)


def test_an_answer_goes_the_whole_way_to_a_dossier_of_its_own(world: World, filing: str) -> None:
    anna = filer(world)
    paper, receipt = answered(world, anna, filing)
    assert receipt["paper_number"] == "KH/D/2026/1-P1"
    quiet(world)
    assert anna.view_paper(paper)["status"] == "handed-over"
    while not consume(world):
        pass
    laid = world.memory.journey["dossiers"]
    assert {"KH-D-2026-1/bagit.txt", "KH-D-2026-1-P1/bagit.txt"} <= set(laid)
    assert laid["KH-D-2026-1-P1/data/files/01-ចម្លើយ answer.pdf"] == samples.letter().body
    assert laid["KH-D-2026-1-P1/data/receipt.json"].decode() == receipt["receipt"]
    assert json.loads(laid["KH-D-2026-1-P1/data/form.json"])["answers"] == [{"letter": "OA/2026/17"}]
    check(world, final=True, private=PRIVATE)


def test_the_receipt_is_signed_by_the_receipt_key(world: World, filing: str) -> None:
    from chalicelib.kernel.clock import parse_stamp
    from chalicelib.registry.seal import TrustedSeals

    _, receipt = answered(world, filer(world), filing)
    seal = base64.b64decode(receipt["signature"]["value"])
    TrustedSeals(world.roots)(receipt["receipt"].encode(), seal, parse_stamp(receipt["received_at"]))
    assert json.loads(receipt["receipt"])["received_at"].endswith("+07:00")


def test_a_repeat_is_answered_with_the_same_paper_and_the_same_receipt(world: World, filing: str) -> None:
    anna, path = filer(world), f"/v1/filings/{filing}/papers"
    first, again = (anna.call("POST", path, samples.answer_form(), Idempotency_Key="paper-0001") for _ in range(2))
    assert (first.status, first.body) == (again.status, again.body)
    assert first.headers["location"] == f"/v1/papers/{first.json['id']}"
    assert first.headers["etag"] == '"1"'
    paper = first.json["id"]
    anna.attach(paper, samples.letter(), to="papers")
    quiet(world)
    checked = anna.call("GET", f"/v1/papers/{paper}/check").json
    confirmed = {name: checked[name] for name in ("draft_version", "manifest_sha256")}
    path = f"/v1/papers/{paper}/submission"
    one, same = (anna.call("POST", path, confirmed, Idempotency_Key="press-0001").json for _ in range(2))
    other = anna.call("POST", path, confirmed, Idempotency_Key="press-0002").json
    assert one == same == other


def test_a_dry_check_says_everything_in_two_languages_and_keeps_nothing(world: World, filing: str) -> None:
    anna = filer(world)
    paper = anna.begin_paper(filing, {"kind": "withdrawal"})
    before = anna.view_paper(paper)
    said = anna.call("GET", f"/v1/papers/{paper}/check").json
    (finding,) = said["findings"]
    assert (said["would_be_received"], finding["code"]) == (False, "paper.withdrawal-missing")
    assert set(finding["message"]) == set(finding["action"]) == {"km", "en"}
    assert finding["rule"]
    assert anna.view_paper(paper) == before


def test_a_withdrawal_wants_the_number_and_a_yes(world: World, filing: str) -> None:
    anna = filer(world)
    paper = anna.begin_paper(filing, {"kind": "withdrawal", "withdrawal": {"application_number": "KH/D/2026/7"}})
    with pytest.raises(Refusal) as error:
        anna.submit_paper(paper)
    found = [one["code"] for one in error.value.answer.json["findings"]]
    assert (error.value.answer.status, found) == (422, ["paper.withdrawal-number", "paper.withdrawal-unconfirmed"])
    form = {"kind": "withdrawal", "withdrawal": {"application_number": "KH/D/2026/1", "confirmed": True}}
    anna.call("PUT", f"/v1/papers/{paper}", form, If_Match='"1"')
    assert anna.submit_paper(paper)["paper_number"] == "KH/D/2026/1-P1"
    quiet(world)
    assert anna.view_paper(paper)["status"] == "handed-over"
    assert anna.view(filing)["status"] == "handed-over"  # what becomes of the application is the office's to say


def test_a_change_is_refused_with_the_fee_and_where_to_pay_it(world: World, filing: str) -> None:
    anna = filer(world)
    form = {"kind": "change", "changes": [{"who": "applicant", "address": {"en": "7 Street 9"}}]}
    paper = anna.begin_paper(filing, form)
    with pytest.raises(Refusal) as error:
        anna.submit_paper(paper)
    (finding,) = error.value.answer.json["findings"]
    assert finding["code"] == "paper.fee-first"
    assert "40,000 KHR" in finding["message"]["en"]
    assert "cash desk" in finding["action"]["en"]
    check(world, private=PRIVATE)


def test_bad_input_is_a_problem_with_its_place(world: World, filing: str) -> None:
    anna, path = filer(world), f"/v1/filings/{filing}/papers"
    wrong = {"kind": "answer", "answers": [{"letter": "ក"}], "colour": "red"}
    status, found = refused(anna, "POST", path, wrong, Idempotency_Key="paper-0001")
    assert (status, sorted(found)) == (422, ["field.form", "field.unknown"])
    assert refused(anna, "POST", path, {"kind": "poem"}, Idempotency_Key="paper-0001") == (422, ["paper.kind-unknown"])
    assert refused(anna, "POST", path, samples.answer_form()) == (400, ["idempotency.missing"])


def test_a_draft_of_an_application_is_told_to_submit_first(world: World, filing: str) -> None:
    anna = filer(world)
    draft = anna.begin(samples.design_form())
    path = f"/v1/filings/{draft}/papers"
    answer = refused(anna, "POST", path, samples.answer_form(), Idempotency_Key="paper-0001")
    assert answer == (409, ["paper.not-submitted-yet"])


def test_the_filing_shows_papers_timeline_and_deadlines(world: World, filing: str) -> None:
    anna = filer(world)
    paper, _ = answered(world, anna, filing)
    quiet(world)
    view = anna.view(filing)
    assert [(one["id"], one["number"]) for one in view["papers"]] == [(paper, "KH/D/2026/1-P1")]
    types = [one["type"] for one in view["timeline"]]
    assert types[0] == "FilingSubmitted"
    assert types[-3:] == ["AttachmentSecured", "PaperSecured", "PackageReady"]
    assert "AttachmentReserved" not in types
    for due in view["deadlines"]:
        assert due["inputs"]["from"] == "2026-11-25"
    said = anna.call("GET", f"/v1/filings/{filing}/papers").json
    assert [one["status"] for one in said["papers"]] == ["handed-over"]


def test_a_large_file_goes_in_parts(world: World, filing: str) -> None:
    anna, letter = filer(world), samples.letter()
    paper = anna.begin_paper(filing, samples.answer_form())
    said = {"document": letter.document, "name": letter.name, "media_type": letter.media_type, "size": len(letter.body)}
    path = f"/v1/papers/{paper}/attachments"
    upload = anna.call("POST", path, {**said, "parts": True}, Idempotency_Key="file-0001").json["upload"]
    assert upload["parts"].startswith(f"{path}/")
    sha256 = hashlib.sha256(letter.body)
    wanted = {"parts": [{"number": 1, "sha256": sha256.hexdigest()}]}
    (part,) = anna.call("POST", upload["parts"], wanted).json["parts"]
    named = dict(parse_qsl(urlsplit(part["url"]).query))
    world.clients.s3.upload_part(
        Bucket=world.environment["TRA_QUARANTINE_BUCKET"],
        Key=urlsplit(part["url"]).path.lstrip("/"),
        UploadId=named["uploadId"],
        PartNumber=1,
        Body=letter.body,
        ChecksumSHA256=base64.b64encode(sha256.digest()).decode(),
    )
    assert [one["number"] for one in anna.call("GET", upload["parts"]).json["parts"]] == [1]
    anna.call("POST", upload["completion"], {})
    quiet(world)
    assert [one["state"] for one in anna.view_paper(paper)["attachments"]] == ["stored"]
    check(world, private=PRIVATE)


def test_a_paper_before_payment_waits_and_follows_its_filing(world: World, filing: str) -> None:
    from tests.integration.people import design, pay

    anna = filer(world)
    young, _ = design(world, anna)
    anna.submit(young)
    quiet(world)
    paper, _ = answered(world, anna, young)
    quiet(world)
    assert anna.view_paper(paper)["status"] == "secured"
    pay(world, anna, young)
    assert anna.view_paper(paper)["status"] == "handed-over"
    order = [event["subject"] for event in Stores(world).published if event["type"] == "int.tra.package.ready.v1"]
    assert order[-2:] == [f"FILING#{young}", f"PAPER#{paper}"]
    check(world, final=True, private=PRIVATE)
