"""The form: shapes and limits. A draft may be incomplete, never malformed; every fault is reported at once."""

import json
from typing import Any

import pytest

from chalicelib.contracts.form import Form, parse_form
from chalicelib.kernel.errors import Invalid
from infra.local.samples import design_form, patent_form

PARTY = {"names": {"en": "Sok"}, "country": "KH"}


def faults(**fields: Any) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        parse_form({"kind": "patent", **fields})
    return {(finding.code, finding.pointer) for finding in refused.value.findings}


@pytest.mark.parametrize("form", [{"kind": "patent"}, design_form(), patent_form()], ids=["least", "design", "patent"])
def test_a_form_comes_back_as_it_was_written(form: dict[str, Any]) -> None:
    made = parse_form(form)
    assert parse_form(json.loads(made.to_bytes())) == made
    assert Form.model_validate_json(made.to_bytes()) == made


def test_the_same_form_has_the_same_bytes_whatever_the_order_it_was_written_in() -> None:
    form = patent_form()
    assert parse_form(dict(reversed(form.items()))).to_bytes() == parse_form(form).to_bytes()


def test_text_is_trimmed_and_composed_and_otherwise_as_typed() -> None:
    made = parse_form({"kind": "patent", "title": {"en": "  cafe\u0301 ", "km": "ចាន\u200bបាយ"}})
    assert made.title == {"en": "café", "km": "ចាន\u200bបាយ"}


@pytest.mark.parametrize("field", ["status", "number", "owner", "fee", "__proto__", "filing_date"])
def test_a_field_we_do_not_know_is_named(field: str) -> None:
    assert faults(**{field: "x"}) == {("field.unknown", f"/{field}")}


def test_a_field_within_is_named_with_its_place() -> None:
    assert faults(applicants=[PARTY, {**PARTY, "role": "admin"}]) == {("field.unknown", "/applicants/1/role")}


def test_a_pointer_escapes_what_it_must() -> None:
    assert faults(**{"a/b~c": 1}) == {("field.unknown", "/a~1b~0c")}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"claim_count": "3"}, {("field.type", "/claim_count")}),
        ({"claim_count": True}, {("field.type", "/claim_count")}),
        ({"claim_count": -1}, {("field.type", "/claim_count")}),
        ({"claim_count": 10_001}, {("field.type", "/claim_count")}),
        ({"title": "text"}, {("field.type", "/title")}),
        ({"title": {"en": ""}}, {("field.empty", "/title/en")}),
        ({"title": {"en": " \t "}}, {("field.empty", "/title/en")}),
        ({"title": {"km": "\u200b \u200d"}}, {("field.empty", "/title/km")}),
        ({"title": {"en": "x" * 2001}}, {("field.too-long", "/title/en")}),
        ({"title": {"EN": "x"}}, {("field.form", "/title/EN")}),
        ({"applicants": [{**PARTY, "names": {}}]}, {("field.empty", "/applicants/0/names")}),
        ({"applicants": [{**PARTY, "names": {"en": "   "}}]}, {("field.empty", "/applicants/0/names/en")}),
        ({"applicants": [{**PARTY, "names": {"en": "a\u202eb"}}]}, {("field.characters", "/applicants/0/names/en")}),
        ({"applicants": [{**PARTY, "names": {"en": "a\nb"}}]}, {("field.characters", "/applicants/0/names/en")}),
        ({"applicants": [{"names": {"en": "x"}}]}, {("field.missing", "/applicants/0/country")}),
        ({"applicants": [{**PARTY, "country": "kh"}]}, {("field.form", "/applicants/0/country")}),
        ({"applicants": [{**PARTY, "country": "KH\n"}]}, {("field.form", "/applicants/0/country")}),
        ({"applicants": [{**PARTY, "kind": "robot"}]}, {("field.choice", "/applicants/0/kind")}),
        ({"applicants": [{**PARTY, "email": "no"}]}, {("field.form", "/applicants/0/email")}),
        ({"applicants": [{**PARTY, "email": "a\u0000b@c.d"}]}, {("field.characters", "/applicants/0/email")}),
        ({"applicants": [{**PARTY, "email": "a\u202e@c.d"}]}, {("field.characters", "/applicants/0/email")}),
        ({"applicants": [PARTY] * 51}, {("field.too-many", "/applicants")}),
        (
            {"priorities": [{"office": "US", "number": "1", "date": "2026-02-30"}]},
            {("field.day", "/priorities/0/date")},
        ),
        ({"priorities": [{"office": "US", "number": "1", "date": "1.2.2026"}]}, {("field.form", "/priorities/0/date")}),
        (
            {"priorities": [{"office": "US", "number": "1", "date": "២០២៦-០១-០១"}]},
            {("field.form", "/priorities/0/date")},
        ),
        ({"designs": [{"product": {"en": "x"}, "locarno": "7-01"}]}, {("field.form", "/designs/0/locarno")}),
        ({"designs": [{"product": {"en": "x"}, "locarno": "០៧-០១"}]}, {("field.form", "/designs/0/locarno")}),
        (
            {"designs": [{"product": {"en": "x"}, "views": [{"attachment": "1"}]}]},
            {("field.form", "/designs/0/views/0/attachment")},
        ),
        ({"reference": "x" * 61}, {("field.too-long", "/reference")}),
        ({"declarations": ["Not A Code"]}, {("field.form", "/declarations/0")}),
        ({"route": None}, {("field.type", "/route")}),
    ],
)
def test_a_malformed_field_is_refused_with_code_and_place(
    fields: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    assert faults(**fields) == expected


def test_addresses_may_have_lines() -> None:
    made = parse_form({"kind": "patent", "applicants": [{**PARTY, "address": {"en": "House 0\nStreet 1"}}]})
    assert made.applicants[0].address == {"en": "House 0\nStreet 1"}


@pytest.mark.parametrize("value", [None, [], "x", 1, {}])
def test_what_is_no_form_is_refused(value: Any) -> None:
    with pytest.raises(Invalid):
        parse_form(value)


def test_every_fault_is_reported_at_once() -> None:
    found = faults(status="x", claim_count="3", applicants=[{"names": {"en": "x"}}], title={"en": "a\u202eb"})
    assert found == {
        ("field.unknown", "/status"),
        ("field.type", "/claim_count"),
        ("field.missing", "/applicants/0/country"),
        ("field.characters", "/title/en"),
    }
