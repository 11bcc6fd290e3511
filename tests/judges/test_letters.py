"""Every letter of the office, at every level, before independent judges: PDF/A-3a and PDF/UA-1 at once, a CAdES seal, a
time-stamp over all, a clean file, valid offline today and in ten years. The letters are those of `make letters`."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.proof.__main__ import one
from chalicelib.proof.paper import from_qr
from chalicelib.proof.verify import Trust
from chalicelib.signing.check import check_sealed
from chalicelib.signing.cms import Chain
from chalicelib.signing.documents import SUFFIXES
from infra.judges.asking import Trusting, conformance, well_formed
from infra.letters.make import LEVELS, Workshop, write
from infra.letters.samples import contents
from tests.judges.ades import FUTURE, ades_lta


@dataclass(frozen=True)
class Court:
    """What lies before the judges."""

    folder: Path
    trusting: Trusting

    def letters(self, *levels: str) -> list[Path]:
        """Files of these levels."""
        return sorted(path for level in levels for path in self.folder.glob(f"*.{level}.pdf"))

    @property
    def roots(self) -> bytes:
        return (self.folder / "roots.pem").read_bytes()


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    folder = tmp_path_factory.mktemp("court")
    write(folder, Workshop.opened(), drawn=True)
    return Court(folder, Trusting((folder / "roots.pem").read_bytes(), folder / "judges"))


@pytest.mark.timeout(900)
def test_every_document_keeps_pdf_a_3a_and_pdf_ua_1_at_every_level(court: Court) -> None:
    letters = court.letters(*LEVELS)

    assert len(letters) == len(SUFFIXES) * len(("plain", "odd")) * len(LEVELS)
    assert conformance(letters) == ()


def test_a_file_that_breaks_a_profile_is_named(court: Court, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes((court.folder / "completeness.plain.drawn.pdf").read_bytes().replace(b"pdfuaid", b"pdfuaix"))

    assert any(line.startswith("BREAKS ua1") for line in conformance([broken]))


def test_every_file_is_well_formed(court: Court) -> None:
    for letter in court.letters(*LEVELS):
        assert well_formed(letter) == "", letter.name


def test_openssl_accepts_every_seal_and_every_archive_time_stamp(court: Court) -> None:
    for letter in court.letters("b-b", "b-t", "b-lta"):
        assert court.trusting.openssl(letter.read_bytes()) == "", letter.name
    for letter in court.letters("b-lta"):
        assert court.trusting.openssl_archive(letter.read_bytes(), 1) == "", letter.name


def test_every_archived_letter_is_valid_offline_now_and_in_ten_years(court: Court) -> None:
    roots = Chain.from_pem(court.roots).certificates
    for letter in court.letters("b-lta"):
        assert ades_lta(letter.read_bytes(), roots) == "valid", letter.name
        assert ades_lta(letter.read_bytes(), roots, at=FUTURE) == "valid", letter.name


def test_a_letter_without_its_archive_is_not_valid_in_ten_years(court: Court) -> None:
    roots = Chain.from_pem(court.roots).certificates

    assert ades_lta((court.folder / "completeness.plain.b-t.pdf").read_bytes(), roots, at=FUTURE) != "valid"


def test_our_own_strict_check_accepts_every_level(court: Court) -> None:
    for level in ("b-b", "b-t", "b-lta"):
        for letter in court.letters(level):
            report = check_sealed(letter.read_bytes(), court.roots)
            assert (report.valid, report.level) == (True, level.upper()), (letter.name, report.problem)


def test_poppler_says_valid_and_trusted_where_no_responder_is_named(tmp_path: Path) -> None:
    workshop = Workshop.opened(responder_url="")
    write(tmp_path, workshop)
    trusting = Trusting(workshop.trust.roots(), tmp_path / "judges")
    for letter in [*tmp_path.glob("*.b-b.pdf"), *tmp_path.glob("*.b-t.pdf")]:
        said = trusting.pdfsig(letter)
        for wanted in ("Signature is Valid.", "Certificate is Trusted.", "Total document signed"):
            assert wanted in said, (letter.name, said)
    for letter in tmp_path.glob("*.b-lta.pdf"):
        assert re.search(r"Signature #1:.*?Signature is Valid\..*?Signature #2:", trusting.pdfsig(letter), re.DOTALL)


def test_the_offline_verifier_finds_every_letter_sealed_and_logged(court: Court) -> None:
    trust = Trust.from_json((court.folder / "trust.json").read_bytes())
    for letter in court.letters("b-b", "b-t", "b-lta"):
        result = one(letter, trust)
        assert (result.verdict, result.logged is not None) == ("valid", True), (letter.name, result.reasons)
    for letter in court.letters("drawn"):
        assert one(letter, trust).verdict == "not-valid", letter.name


@pytest.mark.parametrize("name", ["plain", "odd"])
def test_what_the_code_on_an_acknowledgement_says_is_proved_by_the_log(court: Court, name: str) -> None:
    trust = Trust.from_json((court.folder / "trust.json").read_bytes())
    content = contents(Workshop.opened().office)[f"acknowledgement.{name}"]
    paper = from_qr(f"{content.verification_url}&proof={content.proof}", trust)
    assert (paper.proved, paper.number) == (True, content.application_number), paper.problem


def test_openssl_and_poppler_refuse_a_changed_letter(court: Court, tmp_path: Path) -> None:
    sealed = (court.folder / "completeness.plain.b-t.pdf").read_bytes()
    changed = tmp_path / "changed.pdf"
    changed.write_bytes(sealed[:2000] + bytes((sealed[2000] ^ 1,)) + sealed[2001:])

    assert court.trusting.openssl(changed.read_bytes()) != ""
    assert "Signature is Valid." not in court.trusting.pdfsig(changed)
