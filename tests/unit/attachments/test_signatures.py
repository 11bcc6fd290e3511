"""Signatures that come in, from the screening to the package: recorded without a name, shown with one, told in words."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.attachments.model import Accepted, Verdict
from chalicelib.attachments.screening.model import PDF, Report
from chalicelib.attachments.screening.scanner import Clean
from chalicelib.attachments.screening.service import Screening
from chalicelib.attachments.screening.signatures import Seen
from chalicelib.contracts import shown
from chalicelib.contracts.attachment import Attachment, Signature
from chalicelib.contracts.events import AttachmentStored, FilingSubmitted
from chalicelib.kernel.digest import of_stream
from chalicelib.offices.load import load_office
from chalicelib.register.model import filing
from chalicelib.registry.papers import signatures
from chalicelib.registry.ready import Ready
from tests.factories import ANNA, Desk, cambodia
from tests.files import page
from tests.unit.attachments.test_screening import Says, announced, pieces

NAME = "Sok Sophea"
VALID = Signature(
    result="valid", level="b-b", covers="whole", revision=2, revisions=2, certificate_sha256="c" * 64,
    claimed_at="2026-11-24T03:00:00.000Z", signer=NAME,
)  # fmt: skip
CHANGED = Signature(result="changed", level="pkcs7", covers="revision", revision=1, revisions=3, signer="An Agent")


def signed(chunks: Iterator[bytes], announced: Attachment) -> Verdict:
    """A `Screen` that finds two signatures in every file."""
    digest, size = of_stream(chunks)
    findings = ("signature.valid", "signature.changed")
    return Verdict(Accepted(announced.media_type, size, digest, 1, findings, (), (VALID, CHANGED)))


def looked(report: Report, asked: list[Path]) -> Verdict:
    def ask(path: Path) -> Seen:
        asked.append(path)
        return Seen(signatures=(VALID,), findings=("signature.valid",))

    body = page()
    screening = Screening(
        office=cambodia(), scanner=Says(Clean()), look=lambda path, task: report, make=lambda path, task: (), signatures=ask
    )
    return screening(pieces(body), announced(body, PDF))


class TestScreening:
    def test_a_signed_pdf_is_asked_about_and_says_what_was_found_instead_of_that_it_is_signed(self) -> None:
        asked: list[Path] = []
        accepted = looked(Report(findings=("pdf.fonts-not-embedded", "pdf.signed"), pages=1), asked).accepted
        assert accepted is not None and len(asked) == 1
        assert accepted.findings == ("pdf.fonts-not-embedded", "signature.valid")
        assert accepted.signatures == (VALID,)

    @pytest.mark.parametrize("report", [Report(pages=1), Report(refused="pdf.damaged", findings=("pdf.signed",))])
    def test_nobody_is_asked_about_a_file_that_is_not_signed_or_not_taken(self, report: Report) -> None:
        asked: list[Path] = []
        looked(report, asked)
        assert not asked


@pytest.fixture
def desk() -> Desk:
    """Anna filed a design, every file of which came signed twice."""
    return Desk(screen=signed)


class TestRecord:
    def test_the_entry_holds_results_and_digests_and_no_name(self, desk: Desk) -> None:
        identifier = desk.filed().filing
        (stored, *_) = desk.stream(identifier).facts(AttachmentStored)
        assert [one.result for one in stored.signatures] == ["valid", "changed"]
        assert stored.signatures[0].certificate_sha256 == "c" * 64
        assert NAME not in json.dumps([dict(entry.data) for entry in desk.stream(identifier).entries])

    def test_the_owner_sees_who_signed_and_in_words_what_was_found(self, desk: Desk) -> None:
        identifier = desk.filed().filing
        _, view = desk.filings.one(ANNA, identifier)
        (first, second) = view["attachments"][0]["signatures"]
        assert (first["signer"], first["result"], first["covers"]) == (NAME, "valid", "whole")
        assert second["message"]["en"] == "This file was changed after it was signed." and second["action"]["km"]

    def test_the_receipt_says_what_was_found_and_what_has_to_be_mended(self, desk: Desk) -> None:
        submitted = desk.filed()
        receipt = json.loads(submitted.receipt)
        assert receipt["files"][0]["signatures"] == ["changed", "valid"]
        assert [one["code"] for one in receipt["findings"] if one["code"].startswith("signature.")] == ["signature.changed"]
        assert NAME not in submitted.receipt.decode()
        assert [one.code for one in submitted.fact.defects if one.code.startswith("signature.")] == ["signature.changed"]

    def test_the_manifest_that_the_filer_confirmed_says_nothing_of_ours(self, desk: Desk) -> None:
        identifier = desk.filed().filing
        _, view = desk.filings.one(ANNA, identifier)
        assert "signatures" not in view["manifest"]["files"][0]

    def test_an_item_is_read_as_it_was_written(self) -> None:
        kept = Attachment(id="1", document="other", name="n", media_type=PDF, size=1, key="k", signatures=(VALID, CHANGED))
        assert Attachment.of("1", kept.attributes()) == kept

    def test_a_file_without_signatures_is_shown_without_them(self) -> None:
        plain = Attachment(id="1", document="other", name="n", media_type=PDF, size=1, key="k")
        assert "signatures" not in shown.file(cambodia(), plain) and "signatures" not in plain.attributes()


class TestPackage:
    def ready(self, desk: Desk) -> Ready:
        stream = desk.register.load(filing(desk.filed().filing))
        assert stream is not None
        submitted = stream.last(FilingSubmitted)
        assert submitted is not None
        letter: object = None
        return Ready(stream, submitted, letter, {}, {}, (), stream.entries[-1])  # type: ignore[arg-type]

    def test_what_was_found_goes_along_with_the_names_in_the_certificates(self, desk: Desk) -> None:
        (made,) = signatures(self.ready(desk))
        told = json.loads(made.body)
        assert (made.role, made.name, told["schema"]) == ("signatures", "signatures.json", "urn:tra:signatures:1")
        assert [one["signer"] for one in told["files"][0]["signatures"]] == [NAME, "An Agent"]

    def test_nothing_goes_along_where_nothing_was_signed(self) -> None:
        assert signatures(self.ready(Desk())) == []


class TestOfficeData:
    def test_roots_are_read_from_the_office_s_folder(self, tmp_path: Path) -> None:
        from tests.signers import Authority

        for name in ("a", "b"):
            (tmp_path / "signers").mkdir(exist_ok=True)
            (tmp_path / "signers" / f"{name}.pem").write_text(Authority(name).pem)
        for file in Path(load_office.__code__.co_filename).parent.glob("kh/*.toml"):
            (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
        assert len(load_office(tmp_path).signer_roots) == 2

    @pytest.mark.parametrize("pem", ["no certificate", "-----BEGIN CERTIFICATE-----" + "x" * 90_000])
    def test_what_is_no_certificate_or_too_much_is_refused(self, pem: str) -> None:
        office = cambodia()
        with pytest.raises(ValueError, match="roots of signers"):
            type(office).model_validate({**office.model_dump(), "signer_roots": (pem,)})

    def test_no_office_that_ships_trusts_anybody_yet(self) -> None:
        assert cambodia().signer_roots == ()
