"""Custody: what was filed lies in the records for good, copied by version, every digest computed again."""

import pytest

from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.register.model import filing
from tests.factories import ANNA, PNG, Desk, asking, lose


def test_everything_filed_is_secured_under_names_made_of_digests() -> None:
    desk = Desk()
    done = desk.filed()
    desk.take_custody(filing(done.filing))
    fact, root = done.fact, f"filings/{done.filing}"
    assert set(desk.records.objects) == {
        f"{root}/files/{fact.files[0].sha256}",
        f"{root}/form/{fact.form_sha256}.json",
        f"{root}/manifest/{fact.manifest_sha256}.json",
        f"{root}/receipt/{fact.receipt_sha256}.json",
        f"{root}/receipt/{fact.receipt_sha256}.json.p7s",
    }
    for key in desk.records.objects:
        if not key.endswith(".p7s"):
            assert desk.records.stored(key).sha256.hex in key
    assert desk.types(done.filing)[-1] == "AttachmentSecured"


def test_the_stored_receipt_and_its_signature_are_the_ones_answered() -> None:
    desk = Desk()
    done = desk.filed()
    desk.take_custody(filing(done.filing))
    key = f"filings/{done.filing}/receipt/{done.fact.receipt_sha256}.json"
    assert (desk.records.read(key), desk.records.read(key + ".p7s")) == (done.receipt, done.signature)


def test_taking_custody_twice_has_one_effect() -> None:
    desk = Desk()
    done = desk.filed()
    desk.take_custody(filing(done.filing))
    entries, commits = desk.types(done.filing), desk.register.commits
    desk.take_custody(filing(done.filing))
    assert (desk.types(done.filing), desk.register.commits) == (entries, commits)
    assert all(len(versions) == 1 for versions in desk.records.objects.values())


def test_the_version_that_was_filed_is_taken_and_not_what_lies_there_now() -> None:
    desk = Desk()
    done = desk.filed()
    (key,) = desk.quarantine.objects
    desk.quarantine.put(key, b"swapped after filing")
    desk.take_custody(filing(done.filing))
    assert desk.records.read(f"filings/{done.filing}/files/{Digest.of(PNG)}") == PNG


def test_two_files_of_the_same_bytes_share_one_object_and_are_both_secured() -> None:
    desk = Desk()
    identifier = desk.complete()
    desk.attach(identifier, name="again.png")
    desk.submit(ANNA, identifier, desk.confirmation(identifier), asking("press"), received_at=desk.clock())
    desk.take_custody(filing(identifier))
    assert desk.types(identifier).count("AttachmentSecured") == 2
    assert len([key for key in desk.records.objects if "/files/" in key]) == 1


def test_other_bytes_under_the_files_name_are_corrupt_and_nothing_is_entered() -> None:
    desk = Desk()
    done = desk.filed()
    desk.records.put(f"filings/{done.filing}/files/{Digest.of(PNG)}", b"something else")
    with pytest.raises(Corrupt, match="not what was filed"):
        desk.take_custody(filing(done.filing))
    assert "AttachmentSecured" not in desk.types(done.filing)


def test_other_bytes_under_the_forms_name_are_corrupt() -> None:
    desk = Desk()
    done = desk.filed()
    desk.records.put(f"filings/{done.filing}/form/{done.fact.form_sha256}.json", b"{}")
    with pytest.raises(Corrupt):
        desk.take_custody(filing(done.filing))


def test_a_lost_race_is_tried_again() -> None:
    desk = Desk()
    done = desk.filed()
    desk.register.rivals = [lose]
    desk.take_custody(filing(done.filing))
    assert desk.types(done.filing).count("AttachmentSecured") == 1


def test_two_at_once_enter_each_file_once() -> None:
    desk = Desk()
    done = desk.filed()
    desk.register.rivals = [lambda: desk.take_custody(filing(done.filing))]
    desk.take_custody(filing(done.filing))
    assert desk.types(done.filing).count("AttachmentSecured") == 1


def test_of_a_draft_nothing_is_taken() -> None:
    desk = Desk()
    draft = desk.complete()
    desk.take_custody(filing(draft))
    assert (desk.records.objects, desk.types(draft)[-1]) == ({}, "AttachmentStored")


def test_what_does_not_exist_is_corrupt() -> None:
    desk = Desk()
    with pytest.raises(Corrupt, match="does not exist"):
        desk.take_custody(filing("01JDT0000000000000000000AA"))
