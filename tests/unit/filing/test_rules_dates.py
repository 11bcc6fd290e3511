"""Dates in the rules: months by the calendar, days on the office's own clock."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.filing.rules import due_day, findings
from chalicelib.kernel.clock import months_after
from tests.unit.filing.dossiers import NOON, dossier, requirement

# 18:30 UTC is 01:30 of the next day in Phnom Penh
LATE = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-01-15", 6, "2026-07-15"),
        ("2026-08-15", 6, "2027-02-15"),  # over the turn of the year
        ("2026-12-31", 12, "2027-12-31"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-11-30", 1, "2026-12-30"),  # the same day of the month, not its end
        ("2026-08-31", 6, "2027-02-28"),  # no such day: that month's last
        ("2027-08-31", 6, "2028-02-29"),
        ("2026-08-30", 6, "2027-02-28"),
        ("2026-08-29", 6, "2027-02-28"),
        ("2026-10-31", 1, "2026-11-30"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-05-20", 0, "2026-05-20"),
    ],
)
def test_months_end_on_the_same_day_or_on_that_months_last(day: str, months: int, expected: str) -> None:
    assert months_after(date.fromisoformat(day), months) == date.fromisoformat(expected)


def test_months_never_run_into_the_month_after() -> None:
    start = date(2023, 1, 1)
    for day in (start + timedelta(days=offset) for offset in range(3 * 366)):
        for months in (6, 12):
            then = months_after(day, months)
            assert (then.year * 12 + then.month) - (day.year * 12 + day.month) == months
            assert then.day == day.day or (then.day < day.day and (then + timedelta(days=1)).day == 1)


class TestPriorityPeriod:
    ROW = requirement("priority-period", months=12, severity="defect", days=30)

    def given(self, *days: str, today: datetime = NOON) -> list[tuple[str, str]]:
        priorities = [{"office": "JP", "number": "2025-1", "date": day} for day in days]
        found = findings(dossier(self.ROW, priorities=priorities, today=today))
        return [(finding.code, finding.pointer) for finding in found]

    def test_the_last_day_is_in_time_and_the_next_is_not(self) -> None:
        assert self.given("2025-11-25") == []
        assert self.given("2025-11-24") == [("priority.late", "/priorities/0/date")]

    def test_each_late_one_is_pointed_at(self) -> None:
        assert self.given("2026-01-01", "2020-01-01", "2025-01-01") == [
            ("priority.late", "/priorities/1/date"),
            ("priority.late", "/priorities/2/date"),
        ]

    def test_the_day_is_the_offices_and_not_utcs(self) -> None:
        assert self.given("2025-11-25", today=LATE) == []
        assert self.given("2025-11-24", today=LATE) == [("priority.late", "/priorities/0/date")]

    def test_a_priority_from_the_future_is_found_by_the_offices_day(self) -> None:
        assert self.given("2026-11-25", today=LATE) == []  # still the 24th in UTC
        assert self.given("2026-11-26", today=LATE) == [("date.future", "/priorities/0/date")]

    def test_the_words_say_how_many_months(self) -> None:
        priority = {"office": "JP", "number": "2025-1", "date": "2020-01-01"}
        (finding,) = findings(dossier(self.ROW, priorities=[priority]))
        assert finding.params == {"months": "12"}


class TestDueDay:
    def test_a_defect_is_due_days_after_filing_on_the_offices_calendar(self) -> None:
        given = dossier(requirement("claims-counted", severity="defect", days=10), claim_count=0, today=LATE)
        assert due_day(given, findings(given)[0]) == date(2026, 12, 5)

    def test_what_blocks_is_not_due_at_all(self) -> None:
        given = dossier(requirement("claims-counted"), claim_count=0)
        assert due_day(given, findings(given)[0]) is None
