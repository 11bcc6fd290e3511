"""The report of a day as drawn and sealed."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pikepdf
import pytest

from chalicelib.kernel.digest import Digest
from chalicelib.offices.load import load_office
from chalicelib.offices.model import Office
from chalicelib.signing import model
from chalicelib.signing.check import check_sealed
from chalicelib.signing.report_content import ReportContent, Sum
from chalicelib.signing.sealed import SealedLetters
from chalicelib.signing.wording import MissingWords
from tests.integration.signing.conftest import Room
from tests.integration.signing.test_letter import text_of
from tests.unit.offices.test_second_office import OFFICE as RURITANIA

ROWS = b'[{"bank":"aba"}]'
CAMBODIA = load_office("kh")


def content(office: Office = CAMBODIA, **changes: object) -> ReportContent:
    made = ReportContent(
        languages=office.languages,
        office=model.Office(name=office.names),
        title=office.letters["reconciliation"].title,
        day=date(2026, 11, 24),
        run=2,
        made_at=datetime(2026, 11, 24, 23, 5, tzinfo=UTC),
        time_zone=office.time_zone,
        covered=("aba", "acleda"),
        rows=1_234,
        cases=3,
        sums=(
            Sum(bank="aba", currency="KHR", result="matched", count=1_230, amount=393_600_000),
            Sum(bank="aba", currency="USD", result="amount-differs", count=1, amount=8_550),
            Sum(bank="acleda", currency="XXX", result="bank-only", count=3, amount=7),
        ),
        report_sha256=Digest.of(ROWS),
        trust_label={"km": "សាកល្បង", "en": "For trial only"},
        words={
            code: {word: text for letter in office.letters.values() for word, text in letter.words.get(code, {}).items()}
            for code in office.languages
        },
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_counts_and_sums_stand_in_it_per_bank_and_currency(room: Room) -> None:
    text = text_of(room.letters.report(content(), rows=ROWS))
    for wanted in (
        "Daily reconciliation", "24 November 2026", "393,600,000 KHR", "85.50 USD", "1,230", "amount differs",
        "aba, acleda", "For trial only", content().report_sha256.hex, "25 November 2026, 06:05:00 (UTC+07:00)",
    ):  # fmt: skip
        assert wanted in text
    assert "ត្រូវគ្នា" in text


def test_the_same_content_gives_the_same_bytes(room: Room) -> None:
    assert room.letters.report(content(), rows=ROWS) == room.letters.report(content(), rows=ROWS)


def test_its_rows_are_attached_as_they_are(room: Room) -> None:
    with pikepdf.open(io.BytesIO(room.letters.report(content(), rows=ROWS))) as pdf:
        assert pdf.attachments["report.json"].get_file().read_bytes() == ROWS


@pytest.mark.parametrize("office", [CAMBODIA, RURITANIA], ids=["kh", "ruritania"])
@pytest.mark.parametrize("sums", [(), content().sums * 40], ids=["nothing moved", "many pages"])
def test_any_report_of_any_office_is_sealed_and_its_seal_holds(
    room: Room, office: Office, sums: tuple[Sum, ...]
) -> None:
    letters = SealedLetters(office=office, letters=room.letters, sealer=room.sealer)
    sealed = letters.report(content(office, sums=sums), ROWS)
    assert check_sealed(sealed, room.trust.roots()).valid


def test_a_language_without_words_is_named(room: Room) -> None:
    with pytest.raises(MissingWords, match=r"fr\.report_intro"):
        room.letters.report(content(languages=("fr",), words={}), rows=ROWS)
