"""What the fonts cannot print is shown by code; nothing in a name can hide or reorder the letter."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.signing.glyphs import BREAK, Coverage, code_points
from chalicelib.signing.letter import TypstLetters


@pytest.fixture(scope="session")
def coverage(fonts: Path) -> Coverage:
    return TypstLetters(fonts).coverage


def test_character_maps_are_read_as_fonttools_reads_them(fonts: Path) -> None:
    for path in fonts.glob("*.ttf"):
        assert set(code_points(path.read_bytes())) == set(TTFont(path).getBestCmap()), path.name


def test_a_sign_without_a_glyph_is_shown_by_its_code(coverage: Coverage) -> None:
    assert coverage.text("עברית Ltd") == "[U+05E2][U+05D1][U+05E8][U+05D9][U+05EA] Ltd"
    assert coverage.text("chair 🙂.png") == "chair [U+1F642].png"
    assert coverage.text("\ud800") == "[U+D800]"


def test_names_in_the_scripts_of_the_region_and_of_frequent_filers_are_printed(coverage: Coverage) -> None:
    for name in ("北京大学", "トヨタ自動車", "삼성전자", "บริษัท กรุงเทพ", "ບໍລິສັດ ລາວ", "မြန်မာ", "भारत", "Đặng Thị Hữu"):
        assert coverage.text(name).replace(BREAK, "") == name


def test_controls_and_signs_that_reorder_text_are_dropped(coverage: Coverage) -> None:
    assert coverage.text("pay\u202egnp.exe\x00\x1b[2J") == "paygnp.exe[2J"
    assert coverage.text("a\u2066b\u2069c\ufeff\u00add") == "abcd"
    assert coverage.text("one\ntwo\tthree\u2028four") == "one two three four"


def test_khmer_and_its_joiners_stay_as_they_are(coverage: Coverage) -> None:
    text = "ឯកសារ\u200bអាទិភាព ព្រះរាជា\u200cណាចក្រ"

    assert coverage.text(text) == text


def test_a_mark_on_a_base_of_another_font_is_shown_by_code(coverage: Coverage) -> None:
    assert coverage.text("ж\u17b6") == "ж[U+17B6]"
    assert coverage.text("\u17b6") == "\u17b6"
    assert coverage.text("ក\u0301") == "ក[U+0301]"


def test_long_runs_can_break_and_digests_stay_whole(coverage: Coverage) -> None:
    digest = "0123456789abcdef" * 4
    shown = coverage.text("W" * 4000)

    assert shown.replace(BREAK, "") == "W" * 4000
    assert max(len(part) for part in shown.split(BREAK)) <= 24
    assert coverage.text(digest) == digest
    assert coverage.text("power-of-attorney.pdf") == "power-of-attorney.pdf"


def test_every_string_of_a_json_value_is_made_printable(coverage: Coverage) -> None:
    assert coverage.printable({"א": ["ב", {"x": "\u202ea"}], "n": 3}) == {"א": ["[U+05D1]", {"x": "a"}], "n": 3}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec=None), max_size=60))
def test_whatever_comes_in_only_printable_signs_go_out(coverage: Coverage, text: str) -> None:
    known = frozenset().union(*(family.points for family in coverage.families)) | {0x200B, 0x200C, 0x200D, 0x20}

    assert {ord(sign) for sign in coverage.text(text)} <= known
