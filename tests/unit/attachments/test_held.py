"""While no scanner says anything: what can be read is held, may be filed, and is handed to nobody until it is cleared."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.attachments.screening.model import Report
from chalicelib.attachments.screening.scanner import Clean, Infected, Sample, Scan, Unsure
from chalicelib.attachments.screening.service import Screening
from chalicelib.attachments.service import ConfirmUpload
from chalicelib.filing.submission import Submitted
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Unavailable
from chalicelib.register.model import filing
from tests.factories import ANNA, PNG, Desk, asking
from tests.files import png

DOWN = Unsure("connection refused")


@dataclass
class Scanner:
    """A `Scanner` that says what it is told to."""

    says: Scan = DOWN
    asked: list[str] = field(default_factory=list)

    def scan(self, sample: Sample) -> Scan:
        """See `Scanner.scan`."""
        self.asked.append(sample.version)
        return self.says


@dataclass
class Held:
    """A design whose picture arrived while the scanner was down."""

    desk: Desk = field(default_factory=Desk)
    scanner: Scanner = field(default_factory=Scanner)
    looks: int = 0

    def __post_init__(self) -> None:
        self.identifier = self.desk.complete()
        (old,) = self.desk.filings.one(ANNA, self.identifier)[1]["attachments"]
        self.desk.uploads.remove(ANNA, self.identifier, old["id"])
        self.file = self.desk.reserve(self.identifier, png()).attachment
        self.version = self.desk.quarantine.put(self.file.key, png()).version
        with pytest.raises(Unavailable):
            self.look()
        _, view = self.desk.filings.one(ANNA, self.identifier)
        form: dict[str, Any] = view["draft"]["form"]
        for design in form["designs"]:
            for shown in design["views"]:
                shown["attachment"] = self.file.id
        self.desk.drafts.edit(ANNA, self.identifier, view["draft"]["version"], form)

    def look(self, version: str | None = None) -> None:
        """A notice of the file comes (again)."""
        screen = Screening(office=self.desk.office, scanner=self.scanner, look=self._seen, make=lambda *_: ())
        confirm = ConfirmUpload(
            register=self.desk.register, quarantine=self.desk.quarantine, screen=screen, clock=self.desk.clock
        )
        confirm(self.file.key, version or self.version)

    def _seen(self, *_: Any) -> Report:
        self.looks += 1
        return Report(findings=("image.gps",), pages=None)

    def submit(self) -> Submitted:
        """Press the button."""
        confirmed = self.desk.confirmation(self.identifier)
        return self.desk.submit(ANNA, self.identifier, confirmed, asking("press"), received_at=self.desk.clock())

    def shown(self) -> dict[str, Any]:
        """The file as its owner sees it."""
        files = self.desk.filings.one(ANNA, self.identifier)[1]["attachments"]
        return next(file for file in files if file["id"] == self.file.id)

    def take_custody(self) -> None:
        """Ring custody."""
        self.desk.take_custody(filing(self.identifier))

    @property
    def types(self) -> list[str]:
        """Entries of the filing."""
        return self.desk.types(self.identifier)[3:]


def test_a_file_that_can_be_read_is_held_and_its_owner_is_told() -> None:
    held = Held()
    assert held.types == ["AttachmentReserved", "AttachmentHeld"]
    shown = held.shown()
    assert (shown["state"], shown["sha256"]) == ("held", Digest.of(png()).hex)
    told = {one["code"]: one for one in shown["findings"]}
    assert told["file.not-scanned"]["severity"] == "defect"
    assert set(told["file.not-scanned"]["action"]) == {"km", "en"}


def test_a_repeat_while_the_scanner_is_still_down_changes_nothing_and_is_tried_again() -> None:
    held = Held()
    with pytest.raises(Unavailable):
        held.look()
    assert (held.types, held.looks) == (["AttachmentReserved", "AttachmentHeld"], 1)


def test_it_is_cleared_in_the_draft_when_the_scanner_is_back() -> None:
    held = Held()
    held.scanner.says = Clean()
    held.look()
    assert held.types[-1] == "AttachmentCleared"
    assert [one["code"] for one in held.shown()["findings"]] == ["image.gps"]
    assert held.shown()["state"] == "stored"


def test_a_filing_with_a_held_file_gets_its_number_and_date_and_the_receipt_says_so() -> None:
    held = Held()
    done = held.submit()
    assert (done.fact.number, done.fact.files[0].sha256) == ("KH/D/2026/1", Digest.of(png()).hex)
    assert [(one.code, one.due is not None) for one in done.fact.defects if one.code == "file.not-scanned"] == [
        ("file.not-scanned", True)
    ]


def test_a_held_file_does_not_expire_and_is_not_entered_as_secured() -> None:
    held = Held()
    held.desk.quarantine.tags[held.file.key, held.version] = {"state": "draft", "other": "1"}
    held.submit()
    held.take_custody()
    held.take_custody()
    assert held.desk.quarantine.tags[held.file.key, held.version] == {"state": "held", "other": "1"}
    assert "AttachmentSecured" not in held.types
    assert not any("/files/" in key for key in held.desk.records.objects)


def test_cleared_after_submission_it_is_taken_into_the_records_like_any_other() -> None:
    held = Held()
    held.submit()
    held.take_custody()
    held.desk.clock.advance(timedelta(hours=9))
    held.scanner.says = Clean()
    held.look()
    held.take_custody()
    assert held.types[-3:] == ["FilingSubmitted", "AttachmentCleared", "AttachmentSecured"]
    assert held.desk.records.read(f"filings/{held.identifier}/files/{Digest.of(png())}") == png()


def test_refused_after_submission_the_date_stands_and_the_owner_is_told_what_to_do() -> None:
    held = Held()
    done = held.submit()
    before = held.desk.filings.one(ANNA, held.identifier)[1]["manifest"]
    held.scanner.says = Infected("x")
    held.look()
    held.take_custody()
    assert held.types[-2:] == ["FilingSubmitted", "AttachmentRefused"]
    _, view = held.desk.filings.one(ANNA, held.identifier)
    assert (view["number"], view["manifest"]) == (done.fact.number, before)
    shown = held.shown()
    assert (shown["state"], shown["reason"]) == ("refused", "file.malware")
    assert done.fact.number in shown["action"]["en"]
    assert done.fact.number in shown["action"]["km"]
    assert held.desk.quarantine.tags[held.file.key, held.version]["state"] == "held"
    assert held.submit() == done


def test_what_is_sent_to_the_same_key_later_decides_nothing_about_the_held_version() -> None:
    held = Held()
    held.submit()
    held.scanner.says = Clean()
    later = held.desk.quarantine.put(held.file.key, PNG)
    held.look(later.version)
    assert held.shown()["state"] == "held"
    held.look()
    assert held.shown()["state"] == "stored"


def test_a_held_file_that_was_taken_back_is_not_waited_for() -> None:
    held = Held()
    held.desk.uploads.remove(ANNA, held.identifier, held.file.id)
    held.look()
    assert held.types[-1] == "AttachmentRemoved"


def test_a_verdict_that_races_with_the_submission_is_entered_once() -> None:
    held = Held()
    held.scanner.says = Clean()
    held.desk.register.rivals = [held.look]
    held.submit()
    assert held.types[-2:] == ["AttachmentCleared", "FilingSubmitted"]


def test_two_notices_at_once_hold_it_once() -> None:
    held = Held()
    held.scanner.says = Clean()
    held.desk.register.rivals = [held.look]
    held.look()
    assert held.types.count("AttachmentCleared") == 1


def test_announced_again_a_held_file_is_not_sent_again() -> None:
    held = Held()
    again = held.desk.reserve(held.identifier, png(), sha256=Digest.of(png()).hex)
    assert (again.attachment.id, again.url, again.in_parts) == (held.file.id, "", None)
