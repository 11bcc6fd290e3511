"""What arrived is looked at where it lies; the first version that arrives decides."""

import io
from collections.abc import Iterator
from datetime import timedelta

import pikepdf
import pytest

from chalicelib.attachments.model import Upload, Verdict
from chalicelib.attachments.screening.eicar import EicarOnly
from chalicelib.attachments.screening.service import Screening
from chalicelib.attachments.service import ConfirmUpload
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel.digest import Digest
from tests.factories import ANNA, PNG, Desk, asking


def state(desk: Desk, identifier: str) -> tuple[str, str | None]:
    (file,) = desk.filings.one(ANNA, identifier)[1]["attachments"]
    return file["state"], file.get("reason")


def test_a_confirmed_file_is_entered_with_the_digest_of_the_stored_bytes() -> None:
    desk = Desk()
    identifier = desk.begin()
    desk.attach(identifier)
    entry = desk.stream(identifier).entries[-1]
    assert (entry.type, entry.by) == ("AttachmentStored", "tra:receive_upload")
    assert entry.data["sha256"] == Digest.of(PNG).hex
    assert "pages" not in entry.data


def test_a_notice_that_comes_twice_has_one_effect() -> None:
    desk = Desk()
    identifier = desk.begin()
    file = desk.attach(identifier)
    desk.confirm_upload(file.key, "v1")
    assert desk.types(identifier) == ["AttachmentReserved", "AttachmentStored"]


def test_the_first_version_decides_whatever_is_sent_later() -> None:
    desk = Desk()
    identifier = desk.begin()
    file = desk.attach(identifier)
    later = desk.quarantine.put(file.key, PNG[:-1] + b"x")
    desk.confirm_upload(later.key, later.version)
    item = desk.stream(identifier).items["ATTACHMENT#" + file.id].attributes
    assert (item["object_version"], item["sha256"]) == ("v1", Digest.of(PNG).hex)


def test_the_notice_of_a_later_version_that_overtakes_is_believed_for_that_version() -> None:
    desk = Desk()
    identifier = desk.begin()
    upload = desk.reserve(identifier)
    other = PNG[:-1] + b"x"
    desk.quarantine.put(upload.attachment.key, PNG)
    desk.quarantine.put(upload.attachment.key, other)
    desk.confirm_upload(upload.attachment.key, "v2")
    desk.confirm_upload(upload.attachment.key, "v1")
    item = desk.stream(identifier).items["ATTACHMENT#" + upload.attachment.id].attributes
    assert (item["object_version"], item["sha256"]) == ("v2", Digest.of(other).hex)


def test_two_notices_at_once_have_one_effect() -> None:
    desk = Desk()
    identifier = desk.begin()
    upload = desk.reserve(identifier)
    there = desk.quarantine.put(upload.attachment.key, PNG)
    desk.register.rivals = [lambda: desk.confirm_upload(there.key, there.version)]
    desk.confirm_upload(there.key, there.version)
    assert desk.types(identifier) == ["AttachmentReserved", "AttachmentStored"]


def test_another_size_is_refused_without_reading_the_bytes() -> None:
    def never(chunks: Iterator[bytes], announced: Attachment) -> Verdict:
        raise AssertionError("read")

    desk = Desk()
    identifier = desk.begin()
    upload = desk.reserve(identifier)
    desk.quarantine.put(upload.attachment.key, PNG + b"more")
    confirm = ConfirmUpload(register=desk.register, quarantine=desk.quarantine, screen=never, clock=desk.clock)
    confirm(upload.attachment.key, None)
    assert state(desk, identifier) == ("refused", "upload.size-differs")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "uploads/x",
        "uploads/01JDT0000000000000000000AA/01JDT0000000000000000000AB/" + "0" * 32,
        "filings/01JDT0000000000000000000AA/files/" + "0" * 64,
        "uploads/01JDT0000000000000000000AA/01JDT0000000000000000000AB/" + "0" * 32 + "\n",
    ],
)
def test_an_object_that_nobody_announced_changes_nothing(key: str) -> None:
    desk = Desk()
    desk.quarantine.put(key, PNG)
    desk.confirm_upload(key, "v1")
    assert not desk.register.entries


def test_a_right_looking_key_with_another_chance_part_changes_nothing() -> None:
    desk = Desk()
    identifier = desk.begin()
    key = desk.reserve(identifier).attachment.key
    guessed = key.rpartition("/")[0] + "/" + "0" * 32
    desk.quarantine.put(guessed, PNG)
    desk.confirm_upload(guessed, "v1")
    assert state(desk, identifier) == ("reserved", None)


def test_an_object_that_is_gone_again_changes_nothing() -> None:
    desk = Desk()
    identifier = desk.begin()
    desk.confirm_upload(desk.reserve(identifier).attachment.key, "v1")
    assert state(desk, identifier) == ("reserved", None)


def test_what_arrives_after_submission_changes_nothing() -> None:
    desk = Desk()
    identifier = desk.complete()
    late = desk.reserve(identifier)
    desk.uploads.remove(ANNA, identifier, late.attachment.id)
    desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=desk.clock())
    before = desk.types(identifier)
    desk.send(late)
    assert desk.types(identifier) == before


def test_a_file_taken_back_while_it_was_on_its_way_stays_taken_back() -> None:
    desk = Desk()
    identifier = desk.begin()
    upload = desk.reserve(identifier)
    desk.register.rivals = [lambda: desk.uploads.remove(ANNA, identifier, upload.attachment.id)]
    desk.send(upload)
    assert desk.types(identifier) == ["AttachmentReserved", "AttachmentRemoved"]


def test_a_late_look_is_dated_when_it_was() -> None:
    desk = Desk()
    identifier = desk.begin()
    upload = desk.reserve(identifier)
    desk.clock.advance(timedelta(minutes=5))
    desk.send(upload)
    assert desk.stream(identifier).entries[-1].at == "2026-11-25T05:05:00.000Z"


# ---------------------------------------------------------------- with real eyes


def paper(user: str | None = None) -> bytes:
    with pikepdf.new() as document:
        document.add_blank_page()
        document.add_blank_page()
        held = io.BytesIO()
        lock = None if user is None else pikepdf.Encryption(owner="owner", user=user)
        document.save(held, encryption=lock or False)
        return held.getvalue()


def looked_at(body: bytes, *, media_type: str = "application/pdf", **said: str) -> tuple[Desk, str]:
    desk = Desk()
    identifier = desk.begin()
    upload: Upload = desk.reserve(
        identifier, body, document="power-of-attorney", media_type=media_type, name="p.pdf", **said
    )
    desk.quarantine.put(upload.attachment.key, body)
    screen = Screening(office=desk.office, scanner=EicarOnly())
    confirm = ConfirmUpload(register=desk.register, quarantine=desk.quarantine, screen=screen, clock=desk.clock)
    confirm(upload.attachment.key, "v1")
    return desk, identifier


def test_a_pdf_that_opens_is_stored_with_its_pages_counted() -> None:
    desk, identifier = looked_at(paper())
    assert state(desk, identifier) == ("stored", None)
    assert desk.stream(identifier).entries[-1].data["pages"] == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (paper(user="secret"), "pdf.password"),
        (paper()[:200], "pdf.damaged"),
        (b"%PDF-1.7\n" + b"x" * 500, "pdf.damaged"),
        (b"<html><body>Service unavailable</body></html>", "upload.type-differs"),
        (b"MZ" + b"\x00" * 300, "upload.type-differs"),
        (b"junk" + paper(), "upload.type-differs"),
        (b"%", "upload.type-differs"),
        (PNG, "upload.type-differs"),
    ],
    ids=["password", "cut", "hopeless", "html", "program", "junk-before", "one-byte", "picture"],
)
def test_what_cannot_be_taken_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    desk, identifier = looked_at(body)
    assert state(desk, identifier) == ("refused", reason)
    assert desk.types(identifier) == ["AttachmentReserved", "AttachmentRefused"]


def test_other_bytes_than_the_announced_digest_are_refused() -> None:
    desk, identifier = looked_at(paper(), sha256="0" * 64)
    assert state(desk, identifier) == ("refused", "upload.digest-differs")


def test_a_refused_file_is_not_part_of_the_manifest() -> None:
    desk, identifier = looked_at(b"not a pdf")
    assert desk.filings.one(ANNA, identifier)[1]["manifest"]["files"] == []
