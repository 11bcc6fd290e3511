"""Every Khmer word of a letter can be copied out, by the two libraries behind most readers."""

import re
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest

from chalicelib.signing.letter import TypstLetters
from infra.judges.asking import ask
from tests.unit.signing.conftest import FONTS
from tests.unit.signing.letters import RECEIPT, full_letter

PROSE = (
    "មាត្រា១៖ ច្បាប់ នេះ មាន គោលបំណង កំណត់ អំពី ការការពារ ប្រកាសនីយបត្រតក្កកម្ម វិញ្ញាបនបត្រម៉ូដែលមានប្រយោជន៍ និង គំនូរឧស្សាហកម្ម "
    "ដែល ត្រូវ បាន ចុះបញ្ជី នៅក្នុង ព្រះរាជាណាចក្រកម្ពុជា។ អ្នកដាក់ពាក្យសុំ ត្រូវ បង់ កម្រៃ ហើយ ភ្ជាប់ មក ជាមួយ នូវ លិខិតប្រគល់សិទ្ធិ "
    "សេចក្តីពណ៌នា ការទាមទារសិទ្ធិ សេចក្តីសង្ខេប និង គំនូរបច្ចេកទេស។ ឆ្នាំ២០២៦ ភ្នំពេញ ខ្ញុំ ស្រ្តី ក្រុមហ៊ុន ស៊ើបអង្កេត ត្រឹមត្រូវ "
    "ឥឡូវ ឧបករណ៍ ឯកសារ ឱកាស ឲ្យ ឫស្សី ឬ ញ៉ាំ ប៉ុន្តែ ស៊ី ហ្ស៊ី ហ្វ្រ៊ី ឡ កម្ពុជា\u200bភាសា ច្រើនៗ ទី១០.៥០០ សម្រាប់ចុះបញ្ជី កៅអីឫស្សី "
    "ដែលត្រូវបានចុះបញ្ជីនៅក្នុងព្រះរាជាណាចក្រកម្ពុជា"
)
WORDS = re.findall(r"[\u1780-\u17d3\u17d7\u17dc\u17e0-\u17e9]+", PROSE)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A letter whose texts hold the words one by one, in its titles and in its body type."""
    content = full_letter(
        title={"km": " ".join(WORDS)},
        next_steps=({"km": PROSE},),
        applicants=tuple({"km": word} for word in WORDS[:20]),
    )
    path = tmp_path_factory.mktemp("copy") / "letter.pdf"
    path.write_bytes(TypstLetters(FONTS).render(content, receipt=RECEIPT))
    return path


def missing(text: str) -> list[str]:
    """The words that are not in `text`; readers may put a line end, or the space that marks a word's end, between signs."""
    plain = re.sub(r"[\s\u200b\x02\ufffe]+", "", text)
    return [word for word in WORDS if word not in plain]


def test_poppler_copies_every_word(drawn: Path) -> None:
    status, text = ask("pdftotext", "-enc", "UTF-8", str(drawn), "-")

    assert status == 0
    assert len(WORDS) >= 47
    assert missing(text) == []


def test_pdfium_copies_every_word(drawn: Path) -> None:
    document = pypdfium2.PdfDocument(drawn)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()

    assert missing(text) == []


def test_a_word_that_is_not_there_is_missed(drawn: Path) -> None:
    assert missing("") == WORDS
