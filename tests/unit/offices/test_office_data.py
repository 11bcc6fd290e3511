"""What every office's data must keep, and what Cambodia's says: sources, languages, limits, a filing date that is easy to
get."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from chalicelib.attachments.screening.door import media_type
from chalicelib.kernel.clock import months_after
from chalicelib.kernel.money import MINOR_DIGITS
from chalicelib.offices.load import load_office
from chalicelib.offices.model import Certainty, Office
from chalicelib.payment import references
from tests.offices import RURITANIA

KNOWN_BY_CONTENT = {
    media_type(first) for first in (b"%PDF-1.7", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"<?xml version='1.0'?>")
}
KHMER = re.compile(r"[\u1780-\u17ff]")


@pytest.fixture(scope="module")
def kh() -> Office:
    return load_office("kh")


@pytest.fixture(scope="module", params=["kh", RURITANIA], ids=["kh", "ruritania"])
def office(request: pytest.FixtureRequest) -> Office:
    folder: str | Path = request.param
    return load_office(folder)


def texts(value: Any) -> Iterator[str]:
    """Every text in a dumped office."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


class TestEveryOffice:
    def test_every_row_of_law_says_where_it_comes_from_and_how_sure_we_are(self, office: Office) -> None:
        said = [
            *((row.rule, row.certainty) for row in office.kinds),
            *((row.rule, row.certainty) for row in office.documents),
            *((row.rule, row.certainty) for row in office.requirements),
            *((row.rule, row.certainty) for row in office.fees.rows),
        ]
        assert [row for row in said if not row[0].strip() or row[1] not in get_args(Certainty)] == []

    def test_every_attachment_may_be_of_types_that_the_upload_check_knows(self, office: Office) -> None:
        assert {kind for row in office.documents for kind in row.media_types} <= KNOWN_BY_CONTENT

    def test_texts_are_in_canonical_composition(self, office: Office) -> None:
        everything = list(texts(office.model_dump(mode="json")))
        assert [text for text in everything if text != unicodedata.normalize("NFC", text)] == []

    def test_what_other_rooms_take_from_it_is_valid_there(self, office: Office) -> None:
        assert ZoneInfo(office.time_zone)
        assert office.currency in MINOR_DIGITS
        assert references.is_valid(references.new(prefix=office.reference_prefix), prefix=office.reference_prefix)
        assert "acknowledgement" in office.letters

    def test_numbers_of_two_kinds_never_meet(self, office: Office) -> None:
        numbers = [
            office.application_number(kind, year, serial)
            for kind in office.kinds
            for year in (2026, 2027)
            for serial in (1, 2, 10, 11, 99999, 100000)
        ]
        assert len(set(numbers)) == len(numbers)
        assert all(re.fullmatch(r"[A-Z0-9][A-Z0-9/.-]{0,39}", number) for number in numbers)

    def test_every_route_can_be_filed_for_what_its_requirements_ask(self, office: Office) -> None:
        for kind in office.kinds:
            for route in kind.routes:
                asked = [row for row in office.requirements if row.applies(kind.code, route.code) and row.document]
                assert [row for row in asked if office.document(str(row.document), kind.code) is None] == []


class TestCambodia:
    def test_numbers_read_as_the_office_writes_them(self, kh: Office) -> None:
        numbers = {kind.code: kh.application_number(kind, 2024, 10) for kind in kh.kinds}
        assert numbers == {
            "patent": "KH/P/2024/10", "utility-model": "KH/UM/2024/10", "industrial-design": "KH/D/2024/10",
        }  # fmt: skip
        assert {kind.code: kind.certainty for kind in kh.kinds} == {
            "patent": "assumed", "utility-model": "assumed", "industrial-design": "sure",
        }  # fmt: skip

    def test_khmer_is_khmer(self, kh: Office) -> None:
        dumped = kh.model_dump(mode="json", exclude={"messages"})

        def khmer(value: Any) -> Iterator[str]:
            if isinstance(value, dict):
                for key, inner in value.items():
                    if key == "km" and isinstance(inner, str):
                        yield inner
                    else:
                        yield from khmer(inner)
            elif isinstance(value, list):
                for inner in value:
                    yield from khmer(inner)

        found = list(khmer(dumped))
        assert len(found) > 30
        assert [text for text in found if not KHMER.search(text)] == []

    def test_only_the_minimum_of_a_filing_date_blocks(self, kh: Office) -> None:
        def blocking(kind: str, route: str) -> set[str]:
            return {
                row.document or row.check
                for row in kh.requirements
                if row.applies(kind, route) and row.severity == "blocks"
            }

        assert blocking("patent", "national") == {"applicant", "description"}
        assert blocking("utility-model", "national") == {"applicant", "description"}
        assert blocking("industrial-design", "national") == {"applicant", "designs", "views"}
        assert blocking("patent", "pct-national-phase") == {"applicant", "basis", "claims-counted"}
        assert blocking("patent", "ep-validation") == {"applicant", "basis"}
        assert blocking("patent", "cn-mou") == {"applicant", "basis"}
        assert blocking("patent", "sg-mou") == blocking("industrial-design", "sg-mou") == {"applicant", "basis"}

    def test_days_stand_for_months_and_never_run_past_them(self, kh: Office) -> None:
        meant = {180: 6, 89: 3, 59: 2}
        start = date(2027, 1, 1)
        for days in {row.days for row in kh.requirements if row.days is not None}:
            for day in (start + timedelta(days=offset) for offset in range(4 * 366)):
                assert day + timedelta(days=days) <= months_after(day, meant[days])

    def test_khmer_is_due_within_six_months(self, kh: Office) -> None:
        rows = [row for row in kh.requirements if row.language == "km"]
        assert {(row.severity, row.days) for row in rows} == {("defect", 180)}
        assert {row.check for row in rows} == {"title", "document"}

    def test_priority_runs_twelve_months_and_six_for_designs_on_the_national_route_only(self, kh: Office) -> None:
        rows = [row for row in kh.requirements if row.check == "priority-period"]
        assert {(row.kinds, row.routes, row.months) for row in rows} == {
            (("patent", "utility-model"), ("national",), 12),
            (("industrial-design",), ("national",), 6),
        }

    def test_applicants_from_abroad_need_an_agent_by_article_116(self, kh: Office) -> None:
        (row,) = [row for row in kh.requirements if row.check == "agent-when-abroad"]
        assert "Art. 116" in row.rule
        assert row.certainty == "sure"
        assert (row.kinds, row.routes) == (("*",), ("*",))

    def test_a_picture_of_a_design_is_at_most_ten_megabytes(self, kh: Office) -> None:
        views = kh.document("design-views", "industrial-design")
        assert views is not None
        assert views.max_bytes <= 10_000_000
        assert views.media_types == ("image/jpeg", "image/png")
        assert kh.document("design-views", "patent") is None

    def test_an_ours_or_assumed_time_is_never_called_sure_without_saying_so(self, kh: Office) -> None:
        rows = [row for row in kh.requirements if row.certainty != "assumed" and row.severity == "defect"]
        assert [row.rule for row in rows if "assumed" not in row.rule] == []
