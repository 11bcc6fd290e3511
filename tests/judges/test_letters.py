"""Letters before independent judges: PDF/A-3a and PDF/UA-1 at once, a CAdES seal, a clean file, and what a reader is told."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.signing.cms import Chain
from chalicelib.signing.letter import TypstLetters
from chalicelib.signing.model import LetterContent
from chalicelib.signing.pades import PadesSealer
from infra.judges.asking import Trusting, conformance, well_formed
from infra.local.trust import TestTrust
from tests.unit.signing.conftest import FONTS
from tests.unit.signing.keys import LocalSigner
from tests.unit.signing.letters import ISSUED, RECEIPT, file, full_letter, second_office_letter

ODD = "北京大学 ไทย ລາວ 삼성전자 עברית 🙂👨‍👩‍👧 \u202egnp.exe #panic() កៅអី" * 3


@dataclass(frozen=True)
class Court:
    """What lies before the judges."""

    folder: Path
    trusting: Trusting

    @property
    def letters(self) -> list[Path]:
        """Every file, drawn and sealed."""
        return sorted(self.folder.glob("*.pdf"))


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    folder, signer, trust, letters = tmp_path_factory.mktemp("court"), LocalSigner(), TestTrust(responder_url=""), TypstLetters(FONTS)
    sealer = PadesSealer(
        signer=signer, chain=Chain.from_pem(trust.issue_seal_certificate(signer.public_key_pem(), "Test Office"))
    )
    for name, content in contents().items():
        drawn = letters.render(content, receipt=RECEIPT)
        panel = letters.panel(content, sealed_by=sealer.sealed_by, sealed_at=ISSUED)
        sealed = sealer.seal(drawn, sealed_at=ISSUED, reason="បញ្ជាក់ / Acknowledged", location="ភ្នំពេញ", panel=panel)
        (folder / f"{name}.drawn.pdf").write_bytes(drawn)
        (folder / f"{name}.b-b.pdf").write_bytes(sealed)
    return Court(folder, Trusting(trust.roots(), folder / "judges"))


def contents() -> dict[str, LetterContent]:
    """Letters of every length, with names of every kind. Few: veraPDF takes its time."""
    return {
        "one": full_letter(files=(file(1, "រូប", "Picture", "a.png"),), defects=(), payment=None),
        "sixty": full_letter(files=tuple(file(seq, "រូប", "Picture", f"n{seq}.png") for seq in range(1, 61))),
        "odd": full_letter(applicants=({"km": ODD, "zh": ODD},), reference=ODD, files=(file(1, ODD, ODD, ODD),)),
        "second": second_office_letter(),
    }


def test_every_letter_keeps_pdf_a_3a_and_pdf_ua_1_drawn_and_sealed(court: Court) -> None:
    assert len(court.letters) == 2 * len(contents())
    assert conformance(court.letters) == ()


def test_a_file_that_breaks_a_profile_is_named(court: Court, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes((court.folder / "one.drawn.pdf").read_bytes().replace(b"pdfuaid", b"pdfuaix"))

    assert any(line.startswith("BREAKS ua1") for line in conformance([broken]))


def test_every_file_is_well_formed(court: Court) -> None:
    for letter in court.letters:
        assert well_formed(letter) == "", letter.name


def test_openssl_and_poppler_accept_every_seal(court: Court) -> None:
    for letter in court.folder.glob("*.b-b.pdf"):
        said = court.trusting.pdfsig(letter)

        assert court.trusting.openssl(letter.read_bytes()) == "", letter.name
        for wanted in ("Signature is Valid.", "Certificate is Trusted.", "Total document signed"):
            assert wanted in said, (letter.name, said)


def test_openssl_and_poppler_refuse_a_changed_letter(court: Court, tmp_path: Path) -> None:
    sealed = (court.folder / "one.b-b.pdf").read_bytes()
    changed = tmp_path / "changed.pdf"
    changed.write_bytes(sealed[:2000] + bytes((sealed[2000] ^ 1,)) + sealed[2001:])

    assert court.trusting.openssl(changed.read_bytes()) != ""
    assert "Signature is Valid." not in court.trusting.pdfsig(changed)
