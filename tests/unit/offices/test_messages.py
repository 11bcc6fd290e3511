"""Every code has words, in every language of its office; words use only what the code passes; and none is left over."""

import re
import string
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.contracts.events import FACTS
from chalicelib.contracts.form import parse_form
from chalicelib.kernel.errors import Finding, Invalid
from chalicelib.offices.load import load_office
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from tests.offices import RURITANIA
from tests.unit.offices import codes

KHMER = re.compile(r"[\u1780-\u17ff]")
HISTORY = {f"entry.{name}" for name in FACTS}
LABELS = {"trust.test", "letter.draft"}  # said on a letter: nothing to do about it
NOT_CODES = {"form.json", "manifest.json", "upload.html", "upload.js"}  # file names that only look like a code
TERMS = {  # one Khmer word for one thing: where the English words say this, the Khmer ones say that
    "application number": "លេខពាក្យសុំ",
    "filing date": "កាលបរិច្ឆេទដាក់ពាក្យសុំ",
    "applicant": "អ្នកដាក់ពាក្យសុំ",
    "agent": "ភ្នាក់ងារ",
    "draft": "សេចក្តីព្រាង",
    "title": "ចំណងជើង",
    "fee": "កម្រៃ",
    "design": "គំនូរ",
    "claims": "ចំណុចទាមទារ",
    "acknowledgement letter": "លិខិតបញ្ជាក់ការទទួលពាក្យសុំ",
    "office": "ការិយាល័យ",
}


@pytest.fixture(scope="module", params=["kh", RURITANIA], ids=["kh", "ruritania"])
def office(request: pytest.FixtureRequest) -> Office:
    folder: str | Path = request.param
    return load_office(folder)


@pytest.fixture(scope="module")
def kh() -> Office:
    return load_office("kh")


def used(office: Office) -> dict[str, str]:
    """Every code in the source, with one place where it stands."""
    found = {use.code: use.where for use in codes.uses()}
    families = {code.split(".")[0] for code in {*found, *office.messages}} - {"entry"}
    found |= {use.code: use.where for use in codes.written(families) if use.code not in NOT_CODES}
    return found | dict.fromkeys(HISTORY, "contracts/events.py")


def params_passed() -> dict[str, frozenset[str]]:
    """For each code, what every place that raises it passes."""
    passed: dict[str, frozenset[str]] = {}
    for use in codes.uses():
        if use.params is not None:
            passed[use.code] = passed.get(use.code, use.params) & use.params
    return passed


def placeholders(texts: Mapping[str, tuple[str, str]]) -> dict[str, set[str]]:
    """The names in braces, by language."""
    return {
        language: {name for text in pair for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        for language, pair in texts.items()
    }


def field_findings() -> Iterator[Finding]:
    """One form with every fault that a form may have."""
    party: dict[str, Any] = {"names": {"en": "A"}, "country": "KH"}
    faulty: list[dict[str, Any]] = [
        {},
        {"kind": "patent", "colour": "red"},
        {"kind": "patent", "title": {"en": "a\u202eb"}},
        {"kind": "patent", "priorities": [{"office": "JP", "number": "1", "date": "2026-02-30"}]},
        {"kind": "patent", "agent": {**party, "kind": "ghost"}},
        {"kind": "patent", "agent": {**party, "names": {"en": ""}}},
        {"kind": "patent", "agent": {**party, "names": {}}},
        {"kind": "patent", "title": {"en": "a" * 2001}},
        {"kind": "patent", "applicants": [party] * 51},
        {"kind": "patent", "title": {f"a{chr(97 + number)}": "t" for number in range(9)}},
        {"kind": "Patent!"},
        {"kind": "patent", "claim_count": -1},
        {"kind": "patent", "claim_count": "3"},
    ]
    for value in faulty:
        with pytest.raises(Invalid) as refused:
            parse_form(value)
        yield from refused.value.findings


class TestWords:
    def test_the_source_is_read(self, kh: Office) -> None:
        assert len(used(kh)) > 60
        assert params_passed()["attachment.twice"] == {"name"}  # through a variable
        assert params_passed()["document.missing"] == {"document"}  # yielded
        assert params_passed()["draft.stale"] == {"current"}  # built and raised
        assert "pdf.damaged" in used(kh)  # merely written

    def test_every_code_has_words_in_every_language_of_the_office(self, office: Office) -> None:
        silent = {
            code: where
            for code, where in used(office).items()
            if set(office.languages) - set(office.messages.get(code, {}))
        }
        assert silent == {}

    def test_no_words_are_left_over(self, office: Office) -> None:
        assert set(office.messages) - set(used(office)) == set()

    def test_words_name_only_what_the_code_passes(self, office: Office) -> None:
        passed = params_passed()
        wrong = {
            (code, language): names - passed[code]
            for code, texts in office.messages.items()
            if code in passed
            for language, names in placeholders(texts).items()
            if names - passed[code]
        }
        assert wrong == {}

    def test_words_about_fields_name_only_what_the_form_passes(self, office: Office) -> None:
        passed: dict[str, set[str]] = {}
        for finding in field_findings():
            passed[finding.code] = passed.get(finding.code, set(finding.params)) & set(finding.params)
        assert set(passed) == {code for code in office.messages if code.startswith("field.")}
        for code, names in passed.items():
            for used_names in placeholders(office.messages[code]).values():
                assert used_names <= names, code

    def test_every_language_names_the_same(self, office: Office) -> None:
        differing = [
            code
            for code, texts in office.messages.items()
            if len({frozenset(names) for names in placeholders(texts).values()}) > 1
        ]
        assert differing == []

    def test_whoever_reads_them_is_told_what_to_do_next(self, office: Office) -> None:
        without = {
            code
            for code, texts in office.messages.items()
            for what, next_step in texts.values()
            if not what.strip() or not next_step.strip()
        }
        assert without == HISTORY | LABELS

    def test_filled_words_have_no_braces_left(self, office: Office) -> None:
        for code, names in params_passed().items():
            said = words(office, Finding(code=code, params=dict.fromkeys(names, "ក")))
            assert not [text for pair in said.values() for text in pair if "{" in text or "}" in text], code

    def test_braces_in_what_a_filer_typed_stay_what_they_are(self, kh: Office) -> None:
        said = words(kh, Finding(code="attachment.twice", params={"name": "{limit} {0} {name.__class__}.pdf"}))
        assert "{limit} {0} {name.__class__}.pdf" in said["en"][0]

    def test_a_code_without_words_is_shown_as_itself(self, kh: Office) -> None:
        assert words(kh, Finding(code="new.code")) == {"km": ("new.code", ""), "en": ("new.code", "")}

    def test_a_param_that_was_not_passed_shows_its_name_and_does_not_fail(self, kh: Office) -> None:
        assert "{name}" in words(kh, Finding(code="attachment.twice"))["en"][0]


class TestKhmer:
    def test_it_is_khmer_ends_its_sentences_and_is_composed(self, kh: Office) -> None:
        for code, texts in kh.messages.items():
            for text in filter(None, texts["km"]):
                assert KHMER.search(text), code
                assert text == unicodedata.normalize("NFC", text), code
                assert "\u200b" not in text, code  # where a line may break is the reader's program's to know
                assert text.endswith("។") or code in HISTORY | LABELS, code

    def test_english_holds_no_khmer_and_the_languages_stand_in_their_places(self, kh: Office) -> None:
        for code, texts in kh.messages.items():
            assert not KHMER.search("".join(texts["en"])), code

    @pytest.mark.parametrize(("english", "khmer"), TERMS.items())
    def test_one_word_for_one_thing(self, kh: Office, english: str, khmer: str) -> None:
        says = re.compile(rf"\b{english}s?\b", re.IGNORECASE)
        missing = [
            (code, part)
            for code, texts in kh.messages.items()
            for part in (0, 1)
            if says.search(texts["en"][part]) and khmer not in texts["km"][part]
        ]
        assert missing == []


class TestFrench:
    def test_the_made_up_office_says_everything_in_its_own_language(self) -> None:
        office = load_office(RURITANIA)
        assert {code for code, texts in office.messages.items() if "fr" not in texts} == set()
        assert list(words(office, Finding(code="title.missing"))) == ["fr", "en"]
