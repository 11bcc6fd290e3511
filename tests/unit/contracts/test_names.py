"""Names of objects, the manifest, the envelope and the published schemas."""

import json

import jsonschema
import pytest
from pydantic import ValidationError

from chalicelib.contracts import records
from chalicelib.contracts.__main__ import ROOT, main
from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.draft import Draft
from chalicelib.contracts.envelope import NO_PREVIOUS, TYPE_NAMES, Envelope
from chalicelib.contracts.events import FACTS, AttachmentStored, read
from chalicelib.contracts.form import parse_form
from chalicelib.contracts.manifest import Manifest
from chalicelib.contracts.schemas import schema
from chalicelib.kernel.digest import Digest
from infra.local.samples import patent_form

FILING, FILE = "01JDT0000000000000000000AA", "01JDT0000000000000000000AB"
STORED = {
    "attachment": FILE, "document": "claims", "media_type": "application/pdf", "size": 3, "sha256": "a" * 64,
}  # fmt: skip


def attachment(**changes: object) -> Attachment:
    values = {
        "document": "claims",
        "name": "ក.pdf",
        "media_type": "application/pdf",
        "size": 3,
        "key": "k",
        "sha256": "a" * 64,
    }
    return Attachment.of(FILE, values | changes)


def envelope(**changes: object) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": "b" * 64,
        "source": "urn:tra:kh-test",
        "type": AttachmentStored.TYPE,
        "subject": f"FILING#{FILING}",
        "time": "2026-11-25T05:00:00.000Z",
        "datacontenttype": "application/json",
        "sequence": "000001",
        "previous": NO_PREVIOUS,
        "actor": "account:anna",
        "data": STORED,
    } | changes


def test_an_uploads_key_gives_back_filing_and_attachment() -> None:
    assert records.of_upload(records.upload(FILING, FILE, "0" * 32)) == ("FILING", FILING, FILE)
    assert records.of_upload(records.upload_of_paper(FILING, FILE, "0" * 32)) == ("PAPER", FILING, FILE)


def test_an_attachment_survives_its_item() -> None:
    file = attachment(state="stored", object_version="v1")
    assert Attachment.of(FILE, file.attributes()) == file


def test_a_draft_survives_its_item() -> None:
    form = parse_form(patent_form())
    assert Draft.of(3, {"form": form.to_bytes().decode()}) == Draft(3, form)


def test_a_manifest_changes_with_each_thing_it_names() -> None:
    base = Manifest(filing=FILING, form=b"{}", files=(attachment(),))
    others = [
        Manifest(filing=FILING, form=b"{} ", files=(attachment(),)),
        Manifest(filing=FILING, form=b"{}", files=()),
        Manifest(filing=FILING, form=b"{}", files=(attachment(name="other.pdf"),)),
        Manifest(filing=FILING, form=b"{}", files=(attachment(sha256="b" * 64),)),
        Manifest(filing=FILE, form=b"{}", files=(attachment(),)),
    ]
    assert len({base.sha256, *(other.sha256 for other in others)}) == 6
    assert base.sha256 == Digest.of(base.to_bytes())
    assert json.loads(base.to_bytes()) == base.to_json()


def test_an_event_survives_its_json() -> None:
    made = Envelope.model_validate(envelope())
    assert Envelope.model_validate_json(made.to_json()) == made
    assert made.seq == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"specversion": "0.3"},
        {"id": "short"},
        {"source": "https://elsewhere"},
        {"type": "int.tra.attachment.stored"},
        {"subject": "FILING#x"},
        {"time": "yesterday"},
        {"time": "២០២៦-១១-២៥T05:00:00.000Z"},
        {"sequence": "1"},
        {"actor": "Sok Sokha"},
        {"actor": None},
    ],
)
def test_what_is_not_our_envelope_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Envelope.model_validate(envelope(**changed))


def test_a_reader_ignores_what_it_does_not_know_and_refuses_what_is_missing() -> None:
    assert read("AttachmentStored", STORED | {"later": 1}) == AttachmentStored.model_validate(STORED)
    with pytest.raises(ValidationError):
        read("AttachmentStored", {name: value for name, value in STORED.items() if name != "sha256"})
    with pytest.raises(KeyError):
        read("NeverHeardOf", STORED)


def test_a_writer_adds_nothing_of_its_own() -> None:
    with pytest.raises(ValidationError):
        AttachmentStored.model_validate(STORED | {"name": "private.pdf"})


def test_every_fact_has_its_own_event_type() -> None:
    assert len(TYPE_NAMES) == len(FACTS)


@pytest.mark.parametrize("name", FACTS)
def test_every_published_schema_is_a_schema_and_equal_to_the_code(name: str) -> None:
    fact = FACTS[name]
    published = json.loads((ROOT / f"{fact.TYPE}.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    assert published == json.loads(json.dumps(schema(fact)))


def test_a_message_fits_its_schema_and_a_forged_one_does_not() -> None:
    checker = jsonschema.Draft202012Validator(schema(AttachmentStored))
    assert checker.is_valid(envelope())
    assert checker.is_valid(envelope(data=STORED | {"later": 1}))
    assert not checker.is_valid(envelope(type="int.tra.fee.paid.v1"))
    assert not checker.is_valid(envelope(data={**STORED, "sha256": "short"}))


def test_the_comparison_of_schemas_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == ""
