"""Each check of the rules, alone: what it finds, where it points, and when it is content."""

from dataclasses import replace
from typing import Any, get_args

import pytest

from chalicelib.filing.model import Dossier
from chalicelib.filing.rules import CHECKS, WHEN, findings, structural
from chalicelib.kernel.errors import Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Check, Elsewhere, When
from tests.factories import cambodia
from tests.unit.filing.dossiers import attachment, dossier, party, requirement

A, B, C = (f"{number:026d}" for number in (1, 2, 3))


def found(given: Dossier) -> list[tuple[str, str, dict[str, str]]]:
    """What is found, without severity and source."""
    return [(finding.code, finding.pointer, finding.params) for finding in findings(given)]


class TestRequirements:
    def test_every_check_and_condition_that_data_may_name_has_a_function(self) -> None:
        assert set(CHECKS) == set(get_args(Check))
        assert set(WHEN) == set(get_args(When))

    def test_a_finding_carries_the_rows_severity_source_and_days(self) -> None:
        row = requirement("claims-counted", severity="defect", days=14, rule="Act 5")
        (finding,) = findings(dossier(row, claim_count=0))
        assert (finding.severity, finding.rule, finding.days) == ("defect", "Act 5", 14)

    @pytest.mark.parametrize(
        ("scope", "applies"),
        [
            ({}, True),
            ({"kinds": ["patent"]}, True),
            ({"kinds": ["design"]}, False),
            ({"routes": ["national"]}, True),
            ({"routes": ["other"]}, False),
            ({"kinds": ["patent"], "routes": ["other"]}, False),
        ],
    )
    def test_a_row_speaks_only_to_its_kinds_and_routes(self, scope: dict[str, Any], applies: bool) -> None:
        assert bool(found(dossier(requirement("claims-counted", **scope), claim_count=0))) is applies

    def test_a_condition_on_an_agent_counts_only_where_there_is_one(self) -> None:
        row = requirement("document", document="claims", when="with-agent")
        assert [code for code, _, _ in found(dossier(row))] == ["document.missing"]
        assert found(dossier(row, agent=None)) == []

    def test_a_condition_on_a_priority_counts_only_where_one_is_claimed(self) -> None:
        row = requirement("document", document="claims", when="with-priority")
        priority = {"office": "JP", "number": "2026-1", "date": "2026-01-01"}
        assert found(dossier(row)) == []
        assert [code for code, _, _ in found(dossier(row, priorities=[priority]))] == ["document.missing"]

    def test_all_is_found_at_once_and_what_blocks_comes_first_each_in_the_order_of_the_data(self) -> None:
        given = dossier(
            requirement("title", severity="defect", days=5),
            requirement("inventor"),
            requirement("claims-counted", severity="defect", days=5),
            requirement("applicant"),
            attachments=(attachment(state="reserved"),),
            title={}, inventors=[], claim_count=0, applicants=[],
        )  # fmt: skip
        assert [code for code, _, _ in found(given)] == [
            "inventor.missing", "applicant.missing", "attachment.not-arrived", "title.missing", "claims.missing",
        ]  # fmt: skip
        assert [finding.severity for finding in findings(given)] == ["blocks"] * 3 + ["defect"] * 2

    def test_an_application_with_nothing_wrong_has_no_findings(self) -> None:
        rows = [
            requirement("document", document="claims"),
            requirement("title", language="km"),
            requirement("applicant"),
            requirement("applicant-address"),
            requirement("applicant-name", language="km"),
            requirement("agent-when-abroad"),
            requirement("inventor"),
            requirement("claims-counted"),
            requirement("priority-period", months=12),
        ]
        assert found(dossier(*rows, attachments=(attachment(),))) == []


class TestDocument:
    def test_a_missing_document_is_named_in_every_language(self) -> None:
        row = requirement("document", document="claims")
        assert found(dossier(row)) == [("document.missing", "/attachments", {"document": "ចំណុចទាមទារ / Claims"})]

    @pytest.mark.parametrize("state", ["refused", "removed"])
    def test_a_file_that_was_refused_or_removed_does_not_count(self, state: str) -> None:
        row = requirement("document", document="claims")
        codes = [code for code, _, _ in found(dossier(row, attachments=(attachment(state=state),)))]
        assert codes == ["document.missing", *(["attachment.refused"] if state == "refused" else [])]

    def test_a_held_file_counts(self) -> None:
        row = requirement("document", document="claims")
        assert [code for code, _, _ in found(dossier(row, attachments=(attachment(state="held"),)))] == [
            "file.not-scanned"
        ]

    def test_a_refused_file_is_told_until_another_of_its_kind_came(self) -> None:
        refused, other = attachment(1, "claims", "refused"), attachment(2, "drawings")
        (finding,) = (
            one for one in structural(dossier(attachments=(refused, other))) if one.code == "attachment.refused"
        )
        assert (finding.code, finding.severity, finding.days) == ("attachment.refused", "defect", None)
        replaced = structural(dossier(attachments=(refused, attachment(2, "claims"))))
        assert "attachment.refused" not in [one.code for one in replaced]

    def test_the_words_of_a_refusal_are_said_and_not_its_code(self) -> None:
        office = cambodia()
        said = words(office, Finding(code="attachment.refused", params={"name": "c.pdf", "reason": "pdf.script"}))
        assert "JavaScript" in said["en"][0]
        assert "JavaScript" in said["km"][0]
        assert "pdf.script" not in said["en"][0]

    def test_a_translation_is_not_asked_of_an_application_in_its_language(self) -> None:
        row = requirement("document", document="claims", language="km")
        assert found(dossier(row, language="km")) == []
        assert [code for code, _, _ in found(dossier(row, language="en"))] == ["document.missing"]


class TestTitle:
    def test_no_title_at_all(self) -> None:
        assert found(dossier(requirement("title"), title={})) == [("title.missing", "/title", {})]

    def test_any_language_will_do_where_the_row_names_none(self) -> None:
        assert found(dossier(requirement("title"), title={"fr": "Titre"})) == []

    def test_the_rows_language_is_missing(self) -> None:
        row = requirement("title", language="km")
        assert found(dossier(row, title={"en": "Title"})) == [("title.language", "/title", {"language": "km"})]
        assert found(dossier(row, title={})) == [("title.language", "/title", {"language": "km"})]


class TestApplicant:
    def test_nobody_applies(self) -> None:
        assert found(dossier(requirement("applicant"), applicants=[])) == [("applicant.missing", "/applicants", {})]

    def test_a_missing_address_is_no_missing_applicant(self) -> None:
        assert found(dossier(requirement("applicant"), applicants=[party(address={})])) == []

    def test_each_applicant_without_an_address_is_pointed_at(self) -> None:
        applicants = [party(address={}), party(), party(address={})]
        assert found(dossier(requirement("applicant-address"), applicants=applicants)) == [
            ("applicant.address", "/applicants/0/address", {}),
            ("applicant.address", "/applicants/2/address", {}),
        ]

    def test_each_name_missing_in_the_rows_language_is_pointed_at(self) -> None:
        row = requirement("applicant-name", language="km")
        assert found(dossier(row, applicants=[party(), party(names={"en": "Sok"})])) == [
            ("applicant.name-language", "/applicants/1/names", {"language": "km"})
        ]


class TestAgent:
    ROW = requirement("agent-when-abroad")

    def test_one_applicant_from_abroad_is_enough_to_need_an_agent(self) -> None:
        given = dossier(self.ROW, applicants=[party(), party("JP")], agent=None)
        assert found(given) == [("agent.missing", "/agent", {})]

    def test_applicants_from_here_need_none(self) -> None:
        assert found(dossier(self.ROW, agent=None)) == []
        assert found(dossier(self.ROW, agent=party("SG"))) == []

    def test_an_agent_from_abroad_is_no_local_agent(self) -> None:
        given = dossier(self.ROW, applicants=[party("JP")], agent=party("SG"))
        assert found(given) == [("agent.abroad", "/agent/country", {})]

    def test_a_local_agent_will_do(self) -> None:
        assert found(dossier(self.ROW, applicants=[party("JP")], agent=party())) == []


class TestRest:
    def test_no_inventor(self) -> None:
        assert found(dossier(requirement("inventor"), inventors=[])) == [("inventor.missing", "/inventors", {})]

    def test_no_design(self) -> None:
        assert found(dossier(requirement("designs"), kind="design")) == [("design.missing", "/designs", {})]

    def test_each_design_without_a_view_is_pointed_at(self) -> None:
        shown = {"product": {"en": "Lamp"}, "views": [{"attachment": A}]}
        given = dossier(
            requirement("views"),
            kind="design",
            designs=[shown, {"product": {"en": "Chair"}}],
            attachments=(attachment(1, "views"),),
        )
        assert found(given) == [("design.no-view", "/designs/1/views", {})]

    def test_claims_are_not_counted(self) -> None:
        given = dossier(requirement("claims-counted"), claim_count=0)
        assert found(given) == [("claims.missing", "/claim_count", {})]

    def test_no_basis(self) -> None:
        right = {"office": "EP", "application_number": "18000001.1", "filed": "2018-03-01"}
        assert found(dossier(requirement("basis"))) == [("basis.missing", "/basis", {})]
        assert found(dossier(requirement("basis"), basis=right)) == []

    def test_a_declaration_not_made(self) -> None:
        row = requirement("declaration", declaration="novelty")
        assert found(dossier(row)) == [("declaration.missing", "/declarations", {"declaration": "novelty"})]
        assert found(dossier(row, declarations=["novelty"])) == []


class TestWhatHoldsForEveryOffice:
    def test_a_route_that_the_kind_does_not_have(self) -> None:
        assert found(dossier(route="hague")) == [("route.unknown", "/route", {"route": "hague"})]

    def test_a_route_that_leads_to_another_door_says_where(self) -> None:
        given = dossier(route="hague")
        row = Elsewhere(
            code="hague", names={"en": "Hague"}, where={"en": "WIPO"}, rule="Act 4", certainty="assumed"
        )  # fmt: skip
        kind = given.kind.model_copy(update={"elsewhere": (row,)})
        assert found(replace(given, kind=kind)) == [("route.elsewhere", "/route", {"route": "Hague", "where": "WIPO"})]

    def test_a_file_announced_and_not_arrived(self) -> None:
        given = dossier(attachments=(attachment(1, state="reserved", name="a.pdf"), attachment(2)))
        assert found(given) == [("attachment.not-arrived", f"/attachments/{A}", {"name": "a.pdf"})]

    def test_what_does_not_belong_here_costs_nobody_the_date(self) -> None:
        other_route = dossier(attachments=(attachment(1, "claims"), attachment(2, "no-such-kind")))
        assert {one.severity for one in structural(other_route) if one.code == "attachment.not-for-kind"} == {"defect"}

    def test_a_file_of_a_kind_of_document_for_other_applications(self) -> None:
        given = dossier(attachments=(attachment(1, "views", name="v.pdf"),))
        assert found(given) == [("attachment.not-for-kind", f"/attachments/{A}", {"name": "v.pdf"})]

    def test_each_further_file_where_there_may_be_one_is_pointed_at(self) -> None:
        given = dossier(attachments=(attachment(1), attachment(2, name="b.pdf"), attachment(3, name="c.pdf")))
        assert found(given) == [
            ("attachment.twice", f"/attachments/{B}", {"name": "b.pdf"}),
            ("attachment.twice", f"/attachments/{C}", {"name": "c.pdf"}),
        ]

    def test_a_file_taken_back_leaves_room_for_another(self) -> None:
        assert found(dossier(attachments=(attachment(1, state="removed"), attachment(2)))) == []

    def test_several_files_where_there_may_be_several(self) -> None:
        given = dossier(kind="design", attachments=(attachment(1, "views"), attachment(2, "views")))
        assert found(given) == []

    @pytest.mark.parametrize("state", ["reserved", "refused", "removed"])
    def test_a_view_whose_picture_is_not_there(self, state: str) -> None:
        design = {"product": {"en": "Lamp"}, "views": [{"attachment": A}, {"attachment": B}]}
        given = dossier(
            kind="design", designs=[design], attachments=(attachment(1, "views"), attachment(2, "views", state))
        )
        codes = [(code, pointer) for code, pointer, _ in found(given) if code == "view.not-there"]
        assert codes == [("view.not-there", "/designs/0/views/1/attachment")]

    def test_they_block_and_cite_no_law(self) -> None:
        (finding,) = findings(dossier(route="hague"))
        assert (finding.severity, finding.rule, finding.days) == ("blocks", "", None)
