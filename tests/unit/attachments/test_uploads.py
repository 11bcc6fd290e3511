"""Announcing a file and taking it back."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.attachments.uploads import ADDRESS_SECONDS
from chalicelib.kernel.errors import Conflict, Invalid, NotFound, TooMany
from tests.factories import ANNA, BOPHA, PNG, Desk, asking

SAID: dict[str, Any] = {"document": "design-views", "name": "bowl.png", "media_type": "image/png", "size": len(PNG)}


def test_an_announced_file_gets_an_address_bound_to_what_was_said() -> None:
    desk = Desk()
    digest = "ab" * 32
    upload = desk.uploads.reserve(ANNA, desk.begin(), {**SAID, "sha256": digest}, asking("one"))
    assert upload.fields["key"] == upload.attachment.key
    assert upload.fields["Content-Type"] == "image/png"
    assert (upload.fields["size"], upload.fields["sha256"]) == (str(len(PNG)), digest)
    assert upload.seconds == ADDRESS_SECONDS
    assert "draft" in upload.fields["tagging"]


def test_the_entry_says_what_kind_of_file_and_never_its_name() -> None:
    desk = Desk()
    identifier = desk.begin()
    upload = desk.uploads.reserve(ANNA, identifier, SAID, asking("one"))
    (entry,) = desk.stream(identifier).entries
    assert entry.type == "AttachmentReserved"
    assert entry.data == {
        "attachment": upload.attachment.id, "document": "design-views", "media_type": "image/png", "size": len(PNG),
    }  # fmt: skip


def test_a_key_cannot_be_guessed_from_anything() -> None:
    desk = Desk()
    identifier = desk.begin()
    keys = {desk.reserve(identifier).attachment.key.rpartition("/")[2] for _ in range(5)}
    assert len(keys) == 5 and all(len(key) == 32 for key in keys)


def test_a_repeat_is_the_same_attachment_with_a_fresh_address() -> None:
    desk = Desk()
    identifier = desk.begin()
    first = desk.uploads.reserve(ANNA, identifier, SAID, asking("one"))
    desk.clock.advance(timedelta(hours=1))
    again = desk.uploads.reserve(ANNA, identifier, SAID, asking("one"))
    assert again == first
    assert len(desk.stream(identifier).entries) == 1


def test_one_key_for_another_file_is_refused() -> None:
    desk = Desk()
    identifier = desk.begin()
    desk.uploads.reserve(ANNA, identifier, SAID, asking("one"))
    with pytest.raises(Conflict, match=r"idempotency.other-request"):
        desk.uploads.reserve(ANNA, identifier, {**SAID, "size": 5}, asking("one", b"other"))
    assert len(desk.stream(identifier).entries) == 1


@pytest.mark.parametrize(
    ("changed", "code", "pointer"),
    [
        ({"document": "claims"}, "document.unknown", "/document"),
        ({"document": "nonsense"}, "document.unknown", "/document"),
        ({"media_type": "image/gif"}, "document.media-type", "/media_type"),
        ({"size": 10**9}, "document.too-large", "/size"),
        ({"size": 0}, "field.type", "/size"),
        ({"size": -1}, "field.type", "/size"),
        ({"size": "12"}, "field.type", "/size"),
        ({"size": True}, "field.type", "/size"),
        ({"name": ""}, "field.empty", "/name"),
        ({"name": "x" * 1001}, "field.too-long", "/name"),
        ({"sha256": "AB" * 32}, "field.form", "/sha256"),
        ({"key": "uploads/x"}, "field.unknown", "/key"),
    ],
)
def test_what_may_not_be_announced_is_refused(changed: dict[str, Any], code: str, pointer: str) -> None:
    desk = Desk()
    identifier = desk.begin()
    with pytest.raises(Invalid) as refused:
        desk.uploads.reserve(ANNA, identifier, SAID | changed, asking("one"))
    assert [(finding.code, finding.pointer) for finding in refused.value.findings] == [(code, pointer)]
    assert not desk.stream(identifier).entries


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\sok\\bowl.png", "bowl.png"),
        ("a\x00b\nc.png", "a b c.png"),
        ("cute\u202egnp.exe", "cute gnp.exe"),
        ("co\u00adoperative.png", "cooperative.png"),
        ("ចាន\u200bបាយ.png", "ចាន\u200bបាយ.png"),
        ("///", "file"),
        ("x" * 300 + ".png", "x" * 195 + "….png"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_a_file_name_is_kept_as_a_harmless_label(name: str, label: str) -> None:
    desk = Desk()
    upload = desk.reserve(desk.begin(), name=name)
    assert upload.attachment.name == label
    assert label not in upload.attachment.key


def test_over_the_limit_of_living_files_is_too_many_until_one_is_taken_back() -> None:
    desk = Desk()
    small = desk.office.model_copy(update={"max_attachments": 2})
    desk.office = small
    identifier = desk.begin()
    first = desk.reserve(identifier)
    desk.reserve(identifier)
    with pytest.raises(TooMany, match=r"attachment.too-many"):
        desk.reserve(identifier)
    desk.uploads.remove(ANNA, identifier, first.attachment.id)
    desk.reserve(identifier)


def test_announcing_and_taking_back_has_a_limit_too() -> None:
    desk = Desk()
    desk.office = desk.office.model_copy(update={"max_attachments": 2})
    identifier = desk.begin()
    for _ in range(6):
        desk.uploads.remove(ANNA, identifier, desk.reserve(identifier).attachment.id)
    with pytest.raises(TooMany):
        desk.reserve(identifier)


def test_after_submission_no_file_is_announced_or_taken_back() -> None:
    desk = Desk()
    done = desk.filed()
    with pytest.raises(Conflict, match=r"filing.submitted-already"):
        desk.reserve(done.filing)
    with pytest.raises(Conflict, match=r"filing.submitted-already"):
        desk.uploads.remove(ANNA, done.filing, done.fact.files[0].attachment)


def test_an_earlier_announcement_may_be_repeated_even_after_submission() -> None:
    desk = Desk()
    identifier = desk.complete()
    first = desk.uploads.reserve(ANNA, identifier, SAID, asking("one"))
    desk.send(first)
    desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=desk.clock())
    again = desk.uploads.reserve(ANNA, identifier, SAID, asking("one"))
    assert again.attachment.id == first.attachment.id


def test_taking_back_is_safe_to_repeat() -> None:
    desk = Desk()
    identifier = desk.begin()
    file = desk.attach(identifier)
    desk.uploads.remove(ANNA, identifier, file.id)
    desk.uploads.remove(ANNA, identifier, file.id)
    assert desk.types(identifier) == ["AttachmentReserved", "AttachmentStored", "AttachmentRemoved"]
    assert desk.filings.one(ANNA, identifier)[1]["attachments"][0]["state"] == "removed"


def test_taking_back_meets_the_upload_in_the_very_moment() -> None:
    desk = Desk()
    identifier = desk.begin()
    upload = desk.reserve(identifier)
    desk.register.rivals = [lambda: desk.send(upload)]
    desk.uploads.remove(ANNA, identifier, upload.attachment.id)
    assert desk.types(identifier) == ["AttachmentReserved", "AttachmentStored", "AttachmentRemoved"]


def test_a_file_that_does_not_exist_is_not_found() -> None:
    desk = Desk()
    with pytest.raises(NotFound, match=r"attachment.not-found"):
        desk.uploads.remove(ANNA, desk.begin(), "01JDT0000000000000000000AA")


def test_anothers_draft_is_not_found() -> None:
    desk = Desk()
    identifier = desk.begin()
    file = desk.attach(identifier)
    with pytest.raises(NotFound, match=r"filing.not-found"):
        desk.reserve(identifier, account=BOPHA)
    with pytest.raises(NotFound, match=r"filing.not-found"):
        desk.uploads.remove(BOPHA, identifier, file.id)


def test_no_name_reaches_an_entry() -> None:
    desk = Desk()
    identifier = desk.begin()
    desk.attach(identifier, name="សុខា private.png")
    assert "private" not in json.dumps([dict(entry.data) for entry in desk.stream(identifier).entries])
