"""Bad data is refused when it is loaded, and the message says what is wrong: one test for each thing that may be."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.offices.load import HERE, load_office
from chalicelib.offices.model import Office
from tests.offices import RURITANIA
from tests.unit.filing.dossiers import office_data, requirement

Spoil = Callable[[dict[str, Any]], Any]


def requires(**fields: Any) -> Spoil:
    """Give the office one more requirement."""
    return lambda data: data["requirements"].append(requirement(**fields))


def fee(**fields: Any) -> Spoil:
    """Change the office's one fee."""
    return lambda data: data["fees"]["rows"][0].update(fields)


def letter(**fields: Any) -> Spoil:
    """Change the office's one letter."""
    return lambda data: data["letters"]["acknowledgement"].update(fields)


SPOILED: list[tuple[str, Spoil, str]] = [
    ("a code that is no ST.3 code", lambda data: data.update(code="KHM"), "code"),
    ("a field nobody knows", lambda data: data.update(colour="red"), "colour"),
    ("no records period", lambda data: data.pop("records_years"), "records_years"),
    ("too many attachments for one commit", lambda data: data.update(max_attachments=91), "max_attachments"),
    ("a reference prefix of three letters", lambda data: data.update(reference_prefix="ABC"), "reference_prefix"),
    ("a series in small letters", lambda data: data["kinds"][0].update(series="p"), "series"),
    ("an ST.13 type of one digit", lambda data: data["kinds"][0].update(st13_type="1"), "st13_type"),
    ("two kinds with one series", lambda data: data["kinds"][1].update(series="P"), "share a code or a series"),
    ("two kinds with one code", lambda data: data["kinds"][1].update(code="patent"), "share a code or a series"),
    ("a row without its source", lambda data: data["kinds"][0].pop("rule"), "rule"),
    ("a row without its certainty", lambda data: data["documents"][0].pop("certainty"), "certainty"),
    ("a certainty that is none", lambda data: data["documents"][0].update(certainty="maybe"), "certainty"),
    ("a document of no size", lambda data: data["documents"][0].update(max_bytes=0), "max_bytes"),
    ("a document for an unknown kind", lambda data: data["documents"][0].update(kinds=["x"]), "unknown kind: ['x']"),
    ("a check nobody wrote", requires(check="smell"), "check"),
    ("a condition nobody wrote", requires(check="title", when="raining"), "when"),
    ("a requirement for an unknown kind", requires(check="title", kinds=["x"]), "unknown kind: ['x']"),
    ("a requirement for an unknown route", requires(check="title", routes=["x"]), "unknown route: ['x']"),
    ("a requirement of an unknown document", requires(check="document", document="x"), "unknown document: ['x']"),
    ("a requirement in a language not spoken", requires(check="title", language="fr"), "unknown language: ['fr']"),
    ("a defect without days", requires(check="title", severity="defect"), "without days"),
    ("a document check without document", requires(check="document"), "does not say its document"),
    ("a name check without language", requires(check="applicant-name"), "does not say its language"),
    ("a period without months", requires(check="priority-period"), "does not say its months"),
    ("a declaration without name", requires(check="declaration"), "does not say its declaration"),
    ("fees in another currency", lambda data: data["fees"].update(currency="USD"), "the office's currency is KHR"),
    ("a fee for an unknown kind", fee(kinds=["x"]), "unknown kind: ['x']"),
    ("a fee for an unknown route", fee(routes=["x"]), "unknown route: ['x']"),
    ("a fee that ends before it starts", fee(valid_to="2019-12-31"), "ends before it starts"),
    ("a fee beyond a number of nothing", fee(over=3), "needs something to count"),
    ("a fee in fractions", fee(amount=1.5), "amount"),
    ("an office without a name in Khmer", lambda data: data.update(names={"en": "Office"}), "words missing in ['km']"),
    ("a contact in one language", lambda data: data.update(contact={"km": "ក"}), "words missing in ['en']"),
    ("a head line in one language", lambda data: data["letterhead"].append({"en": "Head"}), "words missing"),
    ("a kind in one language", lambda data: data["kinds"][0].update(names={"en": "Patent"}), "words missing"),
    ("a route in one language", lambda data: data["kinds"][0]["routes"][0].update(names={"en": "N"}), "words missing"),
    ("a document in one language", lambda data: data["documents"][0].update(names={"en": "C"}), "words missing"),
    ("a fee in one language", fee(names={"en": "Filing"}), "words missing"),
    ("a letter in one language", letter(title={"en": "T"}), "words missing"),
    ("a step in one language", letter(next_steps=[{"en": "N"}]), "words missing"),
    ("words of one part only", lambda data: data.update(messages={"a.b": {"en": ["What"]}}), "messages"),
]  # fmt: skip


def test_the_data_that_is_spoiled_here_is_good() -> None:
    assert Office.model_validate(office_data()).code == "KH"


@pytest.mark.parametrize(("spoil", "says"), [row[1:] for row in SPOILED], ids=[row[0] for row in SPOILED])
def test_refused(spoil: Spoil, says: str) -> None:
    # given
    data = office_data()
    spoil(data)
    # when / then
    with pytest.raises(ValidationError) as refused:
        Office.model_validate(data)
    assert says in str(refused.value)


class TestFeeSchedule:
    def test_two_rows_of_one_fee_never_hold_at_once(self) -> None:
        data = office_data()
        data["fees"]["rows"].append({**data["fees"]["rows"][0], "kinds": ["patent"], "valid_from": "2024-01-01"})
        with pytest.raises(ValidationError, match="in force at once"):
            Office.model_validate(data)

    def test_a_new_amount_follows_an_old_one_that_ended(self) -> None:
        data = office_data()
        fee(valid_to="2023-12-31")(data)
        data["fees"]["rows"].append({**data["fees"]["rows"][0], "valid_from": "2024-01-01", "valid_to": None})
        assert len(Office.model_validate(data).fees.rows) == 2

    @pytest.mark.parametrize(
        "demo",
        [
            [{"code": "filing", "amount": 1}],  # stands in for a known amount
            [{"code": "other", "amount": 1}],  # for no fee at all
        ],
    )
    def test_a_demo_amount_stands_in_for_an_unknown_one_only(self, demo: list[dict[str, Any]]) -> None:
        data = office_data()
        data["fees"]["demo"] = demo
        with pytest.raises(ValidationError, match="demo amount"):
            Office.model_validate(data)

    def test_a_demo_amount_is_given_once(self) -> None:
        data = office_data()
        fee(amount="unknown")(data)
        data["fees"]["demo"] = [{"code": "filing", "amount": 1}] * 2
        with pytest.raises(ValidationError, match="demo amount"):
            Office.model_validate(data)


class TestLoading:
    def test_an_office_that_is_not_there(self) -> None:
        with pytest.raises(ValidationError):
            load_office("atlantis")

    def test_broken_toml_names_its_place(self, tmp_path: Path) -> None:
        (tmp_path / "office.toml").write_text('code = "KH"\nnames = = 3\n', "utf-8")
        with pytest.raises(tomllib.TOMLDecodeError, match="line 2"):
            load_office(tmp_path)

    def test_demo_amounts_are_read_only_where_the_stage_says_so(self, tmp_path: Path) -> None:
        # given
        for file in RURITANIA.glob("*.toml"):
            (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
        fees = (tmp_path / "fees.toml").read_text("utf-8").replace("amount = 25000", 'amount = "unknown"')
        (tmp_path / "fees.toml").write_text(fees, "utf-8")
        (tmp_path / "fees.demo.toml").write_text('[[demo]]\ncode = "variety-filing"\namount = 7\n', "utf-8")
        # when / then
        assert load_office(tmp_path).fees.demo_amount("variety-filing") is None
        assert load_office(tmp_path, demo_fees=True).fees.demo_amount("variety-filing") == 7

    def test_an_offices_own_words_replace_the_shared_ones_language_by_language(self, tmp_path: Path) -> None:
        # given
        for file in (HERE / "kh").glob("*.toml"):
            (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
        (tmp_path / "words.toml").write_text('[messages."title.missing"]\nen = ["No title!", "Add one."]\n', "utf-8")
        # when
        said = load_office(tmp_path).messages["title.missing"]
        # then
        assert said["en"] == ("No title!", "Add one.")
        assert said["km"] == load_office("kh").messages["title.missing"]["km"]
