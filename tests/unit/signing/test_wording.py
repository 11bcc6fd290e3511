"""Labels, dates, times and amounts, as each language writes them."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.kernel.money import Money
from chalicelib.offices.load import load_office
from chalicelib.signing.wording import MORE, MissingWords, Wording, present, shipped
from tests.offices import RURITANIA
from tests.unit.signing.letters import full_letter, second_office_letter


def wording(**changes: Any) -> Wording:
    return Wording.of(full_letter(**changes))


def test_a_time_is_told_on_the_offices_clock_in_each_languages_digits() -> None:
    told = wording().moment(datetime(2026, 11, 24, 18, 5, 9, tzinfo=UTC))

    assert told == {
        "km": "ថ្ងៃទី២៥ ខែវិច្ឆិកា ឆ្នាំ២០២៦ ម៉ោង ០១:០៥:០៩ (UTC+07:00)",
        "en": "25 November 2026, 01:05:09 (UTC+07:00)",
    }


def test_every_shipped_language_has_every_word_and_twelve_months() -> None:
    for language in ("km", "en"):
        assert shipped(language).keys() == shipped("en").keys()
        assert len(shipped(language)["months"]) == 12
        assert len(shipped(language)["digits"]) == 10


def test_amounts_are_grouped_and_keep_the_currencys_digits() -> None:
    assert wording().amount(Money(320_000, "KHR")) == "320,000 KHR"
    assert wording().amount(Money(1_234_550, "USD")) == "12,345.50 USD"
    assert Wording.of(second_office_letter()).amount(Money(1_234_550, "EUR")) == "12\u202f345,50 EUR"


def test_texts_come_in_the_letters_order_then_the_rest_and_equal_texts_once() -> None:
    assert wording().texts({"zh": "x", "en": "Same", "km": "Same"}) == [
        {"lang": "km", "text": "Same"},
        {"lang": "zh", "text": "x"},
    ]
    assert wording().texts({"zh-Hans": "x", "en": "  "}) == [{"lang": "und", "text": "x"}]


def test_a_language_that_lacks_words_is_named_with_them() -> None:
    with pytest.raises(MissingWords, match=r"fr\.issued"):
        present(full_letter(languages=("fr", "en")))


def test_a_language_name_is_never_a_path() -> None:
    assert shipped("../words/en") == {}


def test_braces_in_a_value_are_not_filled_again() -> None:
    letter = present(full_letter(office=_named("{date} {office}")))

    assert "{date} {office}" in letter["intro"][1]["text"]


def test_a_made_up_office_writes_its_own_words_without_a_change_of_code() -> None:
    letter = present(second_office_letter())

    assert letter["received"][0]["text"] == "le 25 novembre 2026 à 03:33:30 (UTC+01:00)"
    assert letter["labels"]["applicant"][0] == {"lang": "fr", "text": "Déposant"}
    assert letter["payment"]["total"] == "12\u202f345,50 EUR"
    assert not any("IPAS" in run["text"] for row in letter["details"] for runs in row["values"] for run in runs)


def test_deadlines_are_told_with_the_defect() -> None:
    letter = present(full_letter())

    assert letter["defects"][0]["by"][1]["text"] == "Do this by 25 January 2027."
    assert wording().day(date(2027, 1, 5))["km"] == "ថ្ងៃទី០៥ ខែមករា ឆ្នាំ២០២៧"


def _named(name: str) -> Any:
    import dataclasses

    return dataclasses.replace(full_letter().office, name={"km": name, "en": name})


@pytest.mark.parametrize("place", ["kh", RURITANIA], ids=["kh", "ruritania"])
def test_every_office_has_the_words_of_every_part_that_a_letter_may_have(place: str | Path) -> None:
    office = load_office(place)
    words = office.letters["acknowledgement"].words
    for language in office.languages:
        own = {**shipped(language), **shipped(language, MORE), **words.get(language, {})}
        assert {*shipped("en"), *shipped("en", MORE)} <= own.keys(), language
