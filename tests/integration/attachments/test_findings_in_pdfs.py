"""What is found in a PDF that is taken, and said to the filer; numbers: rows of the security reference, section 6."""

import pytest
import typst

from tests.files import page, stream
from tests.integration.attachments.looking import found

PLAIN = page()


class TestSaid:
    """What is found in a file that is taken."""

    def written(self, source: str) -> bytes:
        return typst.compile(f"#set page(width: 10cm, height: 10cm)\n{source}".encode(), format="pdf")

    def test_a_text_that_can_be_searched_is_nothing_to_speak_of(self) -> None:
        assert found(self.written("A claim.")) == ()

    def test_a_page_without_text(self) -> None:
        assert found(PLAIN) == ("pdf.no-text",)

    @pytest.mark.parametrize(
        "source",
        [
            "A secret name #place(dy: -0.8cm, rect(width: 6cm, height: 1.5cm, fill: black))",
            "A claim.\n\n#text(fill: white)[A secret name]",
        ],
        ids=["black-box", "white-on-white"],
    )
    def test_23_text_that_cannot_be_seen(self, source: str) -> None:
        assert "pdf.hidden-text" in found(self.written(source))

    def test_a_font_that_is_not_in_it(self) -> None:
        body = page(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
        assert "pdf.fonts-not-embedded" in found(body)

    def test_a_note_that_not_every_program_shows(self) -> None:
        note = b"<</Type/Annot/Subtype/Stamp/Rect[50 50 99 99]/AP<</N 6 0 R>>>>"
        body = page(
            note,
            stream(b"1 0 0 rg 0 0 9 9 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"),
            entries=b"/Annots[5 0 R]",
        )
        assert "pdf.annotations" in found(body)

    def test_each_thing_is_said_once(self) -> None:
        font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
        assert found(page(font, font)).count("pdf.fonts-not-embedded") == 1
