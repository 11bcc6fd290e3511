"""The letter as drawn: the same bytes every time, every word in it; nothing a filer writes can stop or change it."""

import dataclasses
import io
import re

import pikepdf
import pypdfium2  # type: ignore[import-untyped]
import pytest

from chalicelib.signing.letter import PANEL_BOX, TypstLetters
from chalicelib.signing.press import TEMPLATES
from tests.integration.signing.conftest import Room
from tests.unit.signing.conftest import FONTS
from tests.unit.signing.letters import ISSUED, RECEIPT, file, full_letter, second_office_letter


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def test_the_same_content_gives_the_same_bytes_in_any_process(room: Room) -> None:
    assert TypstLetters(FONTS).render(full_letter(), receipt=RECEIPT) == room.drawn
    assert room.letters.render(full_letter(reference="other"), receipt=RECEIPT) != room.drawn


def test_what_is_kept_from_other_letters_changes_no_byte(room: Room) -> None:
    for number in range(3):
        room.letters.render(full_letter(reference=f"another {number}"), receipt=RECEIPT)

    assert room.letters.render(full_letter(), receipt=RECEIPT) == room.drawn


def test_nothing_of_a_letter_stays_where_it_was_drawn(room: Room) -> None:
    folder = room.letters.press.folder

    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in TEMPLATES.iterdir())
    assert folder.stat().st_mode & 0o077 == 0


def test_the_seal_panel_too_is_the_same_every_time(room: Room) -> None:
    first, second = (room.letters.panel(full_letter(), sealed_by="x", sealed_at=ISSUED) for _ in range(2))

    assert first == second
    assert first.box == PANEL_BOX


def test_every_khmer_word_of_the_letter_can_be_copied_out(room: Room) -> None:
    text = text_of(room.drawn)
    content = full_letter()
    said = [*content.office.name.values(), *content.title.values(), *content.letter_title.values()]
    said += [word for line in (*content.office.head, *content.office.ministry) for word in line.values()]
    said += [word for defect in content.defects for word in defect.message.values()]
    words = re.findall(r"[\u1780-\u17ff]+", " ".join(said))

    assert len(words) > 10
    assert [word for word in words if word not in text] == []


def test_numbers_times_digests_and_names_stand_in_the_letter(room: Room) -> None:
    text = text_of(room.drawn)

    for wanted in (
        "KH/D/2026/10", "ACK/2026/10", "KH30202600000010", "25 November 2026, 09:33:30 (UTC+07:00)",
        "ថ្ងៃទី២៥ ខែវិច្ឆិកា ឆ្នាំ២០២៦ ម៉ោង ០៩:៣៣:៣០", "Test Design Co., Ltd.", "400,000 KHR", "priority_JP2026-001234.pdf",
        "https://tra.example/r/KH-D-2026-10", "Do this by 25 January 2027.",
    ):  # fmt: skip
        assert wanted in text
    for received in full_letter().files:
        assert received.sha256.hex in text
    for digest in (full_letter().form_sha256, full_letter().manifest_sha256, full_letter().receipt_sha256):
        assert digest is not None and digest.hex in text


def test_demonstration_amounts_and_test_trust_are_labelled_in_both_languages(room: Room) -> None:
    shown = text_of(room.drawn)
    payment = full_letter().payment
    assert payment is not None
    real = full_letter(payment=dataclasses.replace(payment, demo=False), trust_label=None)
    plain = text_of(room.letters.render(real, receipt=RECEIPT))

    for label in ("Demonstration amount, not an official fee", "មិនមែនជាកម្រៃផ្លូវការទេ", "Test trust, not for use"):
        assert label in shown
        assert label not in plain


def test_the_file_claims_pdf_a_3a_and_pdf_ua_1_and_carries_the_receipt(room: Room) -> None:
    with pikepdf.open(_stream(room.drawn)) as pdf:
        metadata = bytes(pdf.Root.Metadata.read_bytes()).decode()
        attached = pdf.attachments["receipt.json"].get_file()

        assert "<pdfaid:part>3</pdfaid:part>" in metadata
        assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
        assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
        assert attached.read_bytes() == RECEIPT
        assert attached.mime_type == "application/json"
        assert str(pdf.Root.AF[0].AFRelationship) == "/Data"
        assert str(pdf.Root.Lang) == "km"


@pytest.mark.parametrize(
    "name",
    [
        "北京市 ไทย ລາວ العربية עברית 🙂👨‍👩‍👧 ❤️",
        "\u202egnp.exe\u2066\x00\x07\ufeff",
        "a\u17b6 ក\u0301 \u0301\u17d2\u17d2 \u17d2ក ◌\u17b6",
        "#panic() $x$ *b* @x <y> ${z} {{t}} \\ // ] #]",
        "\ud800 \uffff \U0010ffff \ue000",
        "Z̸̢̛͔a̵l̷g̶o̵ ẅ ǖ ﬁ ½ ℡ \u00a0\u202f",
    ],
)
def test_whatever_a_filer_writes_the_letter_is_drawn(room: Room, name: str) -> None:
    content = full_letter(
        applicants=({"km": name, "zh-Hans": name + "x"},),
        agent={"x-y": name},
        reference=name,
        title={"en": name},
        files=(file(1, name, name, name.replace("\ud800", "")),),
    )

    assert len(pypdfium2.PdfDocument(room.letters.render(content, receipt=RECEIPT))) >= 2


def test_markup_in_a_name_prints_as_text(room: Room) -> None:
    text = text_of(room.letters.render(full_letter(reference="#panic() *b* $x$"), receipt=RECEIPT))

    assert "#panic() *b* $x$" in text


def test_what_the_fonts_lack_is_shown_by_code_and_said_so(room: Room) -> None:
    text = text_of(room.letters.render(full_letter(applicants=({"he": "עב"},)), receipt=RECEIPT))

    assert "[U+05E2][U+05D1]" in text
    assert "the attached receipt holds the exact text" in text
    assert "the attached receipt holds the exact text" not in text_of(room.drawn)


def test_a_hundred_files_and_names_of_four_thousand_signs_stay_on_the_page(room: Room) -> None:
    names = ["W" * 4000, "កៅអី" * 1000, "北" * 500, "x y " * 900]
    content = full_letter(
        files=tuple(file(seq, "រូប", "Picture", names[seq] if seq < 4 else f"n{seq}.png") for seq in range(100)),
        title={"km": "កៅអីឫស្សី" * 400, "en": "W" * 4000},
        applicants=tuple({"en": f"Applicant {count}"} for count in range(50)),
    )

    document = pypdfium2.PdfDocument(room.letters.render(content, receipt=RECEIPT))
    for page in document:
        width = page.get_width()
        text = page.get_textpage()
        assert all(text.get_rect(at)[0] >= 0 and text.get_rect(at)[2] <= width for at in range(text.count_rects()))
    assert content.files[99].sha256.hex in "\n".join(page.get_textpage().get_text_bounded() for page in document)


def test_a_made_up_office_prints_in_its_own_languages(room: Room) -> None:
    text = text_of(room.letters.render(second_office_letter(), receipt=RECEIPT))

    for wanted in ("Accusé de réception", "Atlantis Property Office", "Déposant", "P 12/000345", "Charnière étanche"):
        assert wanted in text
    assert not re.search(r"[\u1780-\u17ff]", text)


def test_a_letter_with_next_to_nothing_still_prints(room: Room) -> None:
    bare = full_letter(
        files=(), applicants=(), agent=None, payment=None, defects=(), next_steps=(), route={}, title={}, reference=""
    )

    assert "KH/D/2026/10" in text_of(room.letters.render(bare, receipt=b"{}"))


def _stream(pdf: bytes) -> io.BytesIO:
    return io.BytesIO(pdf)
