"""What Cambodia's data say of whole applications, by kind and route: complete ones, bare ones, and those between."""

from typing import Any

import pytest

from chalicelib.contracts.form import parse_form
from chalicelib.filing.model import Dossier
from chalicelib.filing.rules import findings
from chalicelib.offices.load import load_office
from tests.unit.filing.dossiers import NOON, attachment, party

KH = load_office("kh")
BASIS = {"office": "EP", "application_number": "18000001.1", "filed": "2018-05-01", "granted": "2026-10-01"}
PICTURE = f"{1:026d}"
DESIGN = {"product": {"km": "ចាន", "en": "Bowl"}, "views": [{"attachment": PICTURE}]}


def found(kind: str, route: str, *documents: str, **form: Any) -> list[tuple[str, str]]:
    """Severity and code (with the document, if one is missing) of everything found."""
    of_kind = KH.kind(kind)
    assert of_kind is not None
    filled = parse_form({"kind": kind, "route": route, **form})
    files = tuple(attachment(number, document) for number, document in enumerate(documents, start=1))
    given = Dossier(office=KH, kind=of_kind, form=filled, attachments=files, today=NOON)
    return [
        (finding.severity, finding.params.get("document", finding.code).rsplit(" / ", 1)[-1])
        for finding in findings(given)
    ]


def complete(**fields: Any) -> dict[str, Any]:
    """A form with nothing missing, in Khmer, by somebody here."""
    title = {"km": "ម៉ាស៊ីនបូមទឹក", "en": "Water pump"}
    return {
        "language": "km", "title": title, "applicants": [party()], "inventors": [party()], "claim_count": 9, **fields,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "route", "documents", "form"),
    [
        ("patent", "national", ("description", "claims", "abstract", "drawings"), {}),
        ("utility-model", "national", ("description", "claims", "abstract"), {}),
        ("industrial-design", "national", ("design-views",), {"designs": [DESIGN], "title": {}}),
        ("patent", "pct-national-phase", ("description", "claims", "abstract"), {"basis": BASIS}),
        ("patent", "ep-validation", ("claims", "claims"), {"basis": BASIS}),
        ("patent", "cn-mou", ("basis-document",), {"basis": BASIS}),
        ("patent", "sg-mou", ("basis-document",), {"basis": BASIS}),
        ("industrial-design", "sg-mou", ("basis-document",), {"basis": BASIS}),
    ],
)
def test_a_complete_application_has_no_findings(
    kind: str, route: str, documents: tuple[str, ...], form: dict[str, Any]
) -> None:
    assert found(kind, route, *documents, **complete(**form)) == []


def test_a_name_and_a_description_are_enough_for_a_filing_date() -> None:
    applicants = [{"names": {"en": "Example Pumps Ltd."}, "country": "SG"}]
    said = found("patent", "national", "description", applicants=applicants)
    assert {severity for severity, _ in said} == {"defect"}
    assert [what for _, what in said] == [
        "applicant.address", "agent.missing", "title.missing", "title.language", "Claims", "claims.missing", "Abstract",
        "inventor.missing", "Translation",
    ]  # fmt: skip


def test_an_empty_patent_application_lacks_an_applicant_and_a_description() -> None:
    said = found("patent", "national")
    assert [what for severity, what in said if severity == "blocks"] == ["applicant.missing", "Description"]


def test_an_application_in_english_has_six_months_for_khmer_and_nothing_else() -> None:
    form = complete(language="en", title={"en": "Water pump"})
    documents = ("description", "claims", "abstract")
    assert found("patent", "national", *documents, **form) == [("defect", "title.language"), ("defect", "Translation")]


def test_an_agent_needs_a_power_of_attorney_and_a_priority_its_document() -> None:
    priority = {"office": "JP", "number": "2026-1", "date": "2026-06-01"}
    form = complete(designs=[DESIGN], agent=party(), priorities=[priority])
    assert found("industrial-design", "national", "design-views", **form) == [
        ("defect", "Power of attorney"),
        ("defect", "Priority document"),
    ]


def test_a_design_whose_priority_is_seven_months_old_keeps_its_filing_date() -> None:
    priority = {"office": "JP", "number": "2026-1", "date": "2026-04-24"}
    form = complete(designs=[DESIGN], priorities=[priority])
    assert found("industrial-design", "national", "design-views", "priority-document", **form) == [
        ("defect", "priority.late")
    ]


def test_the_old_priority_of_a_european_patent_is_not_late() -> None:
    priority = {"office": "JP", "number": "2017-1", "date": "2017-05-02"}
    assert found("patent", "ep-validation", "claims", **complete(basis=BASIS, priorities=[priority])) == []


def test_every_route_but_the_national_one_must_name_what_it_stands_on() -> None:
    for kind in KH.kinds:
        for route in kind.routes:
            says = ("blocks", "basis.missing") in found(kind.code, route.code, **complete())
            assert says is (route.code != "national")
