"""What is due for a filing, from the reference office's schedule and from a made-up one."""

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib import offices
from chalicelib.kernel.clock import months_after
from chalicelib.kernel.errors import Conflict, Invalid
from chalicelib.kernel.money import Money
from chalicelib.offices.fees import FeeSchedule
from chalicelib.payment.fees import FeeUnknown, FilingFacts, Quote, Timing, quote

FOLDER = Path(offices.__file__).parent / "kh"
TODAY = date(2026, 11, 25)


def schedule(*, demo: bool = False) -> FeeSchedule:
    data = tomllib.loads((FOLDER / "fees.toml").read_text("utf-8"))["fees"]
    if demo:
        data["demo"] = tomllib.loads((FOLDER / "fees.demo.toml").read_text("utf-8"))["demo"]
    return FeeSchedule.model_validate(data)


def facts(kind: str, route: str = "national", **changes: Any) -> FilingFacts:
    return FilingFacts(**{"kind": kind, "route": route, "on": TODAY, **changes})


@pytest.mark.parametrize(
    ("filing", "total"),
    [
        (facts("patent", claims=40), 320_000),
        (facts("patent", "pct-national-phase", claims=10), 320_000),
        (facts("patent", "pct-national-phase", claims=11), 340_000),
        (facts("patent", "pct-national-phase", claims=15), 420_000),
        (facts("patent", "ep-validation", claims=15), 120_000),
        (facts("utility-model", claims=3), 160_000),
    ],
    ids=lambda value: f"{value.kind} {value.route} {value.claims}" if isinstance(value, FilingFacts) else str(value),
)
def test_the_sum_is_that_of_the_schedule(filing: FilingFacts, total: int) -> None:
    made = quote(schedule(), filing)
    assert (made.total, made.demo, made.schedule) == (Money(total, "KHR"), False, "kh-2023-11-14")


def test_every_line_says_how_many_at_what_and_by_which_rule() -> None:
    filing, claims = quote(schedule(), facts("patent", "pct-national-phase", claims=12)).lines
    assert (claims.code, claims.quantity, claims.unit, claims.amount) == (
        "pct-claim-over-10", 2, Money(20_000, "KHR"), Money(40_000, "KHR"),
    )  # fmt: skip
    assert all("Prakas" in line.rule and line.certainty == "secondary" for line in (filing, claims))
    assert claims.line.model_dump() == {"code": "pct-claim-over-10", "amount": 40_000, "quantity": 2, "demo": False}


def test_an_unknown_amount_is_refused_and_named() -> None:
    with pytest.raises(FeeUnknown) as refused:
        quote(schedule(), facts("industrial-design", designs=3))
    assert refused.value.codes == ("design-filing",)
    assert [(one.code, one.params) for one in refused.value.findings] == [("fee.unknown", {"fee": "design-filing"})]


def test_a_stage_with_demo_amounts_quotes_it_and_says_so() -> None:
    made = quote(schedule(demo=True), facts("industrial-design"))
    assert made.demo
    assert [line.demo for line in made.lines] == [True]
    assert not quote(schedule(demo=True), facts("patent")).demo


def test_with_demo_amounts_every_kind_and_route_of_the_reference_office_has_a_quote() -> None:
    kinds = tomllib.loads((FOLDER / "kinds.toml").read_text("utf-8"))["kinds"]
    for kind in kinds:
        for route in kind["routes"]:
            assert quote(schedule(demo=True), facts(kind["code"], route["code"])).total.minor > 0


@pytest.mark.parametrize(
    "filing", [facts("trademark"), facts("patent", "by-pigeon"), facts("utility-model", "pct-national-phase")]
)
def test_a_kind_or_route_without_any_row_is_unknown_and_never_free(filing: FilingFacts) -> None:
    with pytest.raises(FeeUnknown):
        quote(schedule(), filing)


def test_a_day_before_the_schedule_is_unknown() -> None:
    with pytest.raises(FeeUnknown):
        quote(schedule(), facts("patent", on=date(2023, 11, 13)))
    assert quote(schedule(), facts("patent", on=date(2023, 11, 14))).total.minor == 320_000


def row(code: str = "filing", **changes: Any) -> dict[str, Any]:
    return {"code": code, "names": {"en": code}, "amount": 100, "valid_from": date(2020, 1, 1), "rule": "Rule 1",
            "certainty": "assumed", **changes}  # fmt: skip


def office(*rows: dict[str, Any], **changes: Any) -> FeeSchedule:
    return FeeSchedule.model_validate({"code": "zz-1", "currency": "EUR", "rows": rows, **changes})


def test_another_office_has_other_fees_without_a_change_of_code() -> None:
    made = office(
        row("base"),
        row("design", per="design", over=1, amount=50),
        row("page", per="page", over=30, amount=3, kinds=["design"]),
    )
    assert quote(made, facts("design", designs=3, pages=32)).total == Money(100 + 2 * 50 + 2 * 3, "EUR")


def test_on_the_day_of_a_change_the_new_amount_counts() -> None:
    made = office(row(valid_to=date(2026, 11, 24)), row(amount=150, valid_from=TODAY))
    assert [quote(made, facts("x", on=TODAY.replace(day=day))).total.minor for day in (24, 25)] == [100, 150]


def test_an_unknown_amount_that_does_not_arise_does_not_matter() -> None:
    made = office(row(), row("claims", per="claim", over=10, amount="unknown"))
    assert quote(made, facts("x", claims=10)).total.minor == 100
    with pytest.raises(FeeUnknown):
        quote(made, facts("x", claims=11))


@pytest.mark.parametrize(
    ("rows", "changes"),
    [
        ([row(), row()], {}),
        ([row(valid_to=date(2026, 1, 1)), row(valid_from=date(2026, 1, 1))], {}),
        ([row(kinds=["a", "b"]), row(kinds=["b", "c"])], {}),
        ([row(amount=1.5)], {}),
        ([row(amount="12")], {}),
        ([row(amount=-1)], {}),
        ([row(amount=True)], {}),
        ([row(over=10)], {}),
        ([row(rule="")], {}),
        ([row(valid_to=date(2019, 1, 1))], {}),
        ([row()], {"demo": [{"code": "filing", "amount": 1}]}),
        ([row()], {"demo": [{"code": "no-such-fee", "amount": 1}]}),
        ([row(amount="unknown")], {"demo": [{"code": "filing", "amount": 1}] * 2}),
        ([], {}),
    ],
    ids=[
        "two rows at once", "one day in both", "one kind in both", "fraction", "text", "negative", "bool",
        "over without count", "no rule", "ends before it starts", "demo over a known amount", "demo of nothing",
        "demo twice", "no rows",
    ],
)  # fmt: skip
def test_a_schedule_that_does_not_hang_together_is_refused(rows: list[Any], changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        office(*rows, **changes)


@given(st.integers(0, 500), st.integers(0, 500))
def test_more_claims_never_cost_less_and_lines_add_up(claims: int, more: int) -> None:
    less, dearer = (
        quote(schedule(), facts("patent", "pct-national-phase", claims=count)) for count in (claims, claims + more)
    )
    assert less.total.minor <= dearer.total.minor
    assert sum(line.unit.minor * line.quantity for line in dearer.lines) == dearer.total.minor


# ---------------------------------------------------------------- what comes back

FILED = date(2024, 3, 31)


def annuity(term: int, on: date, **changes: Any) -> Quote:
    return quote(schedule(), facts("patent", on=on, term=term, filed=FILED, **changes), purpose="annuity")


def amounts(made: Quote) -> dict[str, tuple[int, int, str]]:
    return {line.code: (line.quantity, line.amount.minor, line.amount.currency) for line in made.lines}


@pytest.mark.parametrize(
    ("term", "dollars"),
    [(2, 20), (4, 40), (5, 100), (6, 140), (7, 180), (8, 220), (9, 260), (10, 300), (11, 350), (14, 500), (15, 550),
     (16, 610), (17, 670), (18, 740), (19, 810), (20, 890)],
)  # fmt: skip
def test_an_annuity_in_time_is_its_years_amount_in_dollars(term: int, dollars: int) -> None:
    due = months_after(FILED, 12 * (term - 1))
    made = annuity(term, due)
    assert (made.due, made.timing, made.totals) == (due, Timing.IN_TIME, (Money(dollars * 100, "USD"),))


@pytest.mark.parametrize(
    ("on", "days", "restored"),
    [
        (date(2025, 4, 1), 1, False),
        (date(2025, 9, 30), 183, False),  # the last day of grace: six months after 31 March, by the end of the month
        (date(2025, 10, 1), 184, True),
        (date(2026, 3, 31), 365, True),
    ],
)
def test_a_late_annuity_costs_by_the_day_and_restoration_from_the_seventh_month(
    on: date, days: int, restored: bool
) -> None:
    made = annuity(2, on)
    late = {"annuity-2": (1, 2000, "USD"), "annuity-late-day": (days, 500 * days, "KHR")}
    assert amounts(made) == late | ({"annuity-restoration": (1, 100_000, "KHR")} if restored else {})
    assert made.totals == (Money(2000, "USD"), Money(500 * days + 100_000 * restored, "KHR"))
    assert all(line.rule for line in made.lines)
    with pytest.raises(Conflict, match=r"fee\.currencies"):
        _ = made.total


@pytest.mark.parametrize(("on", "code"), [(date(2024, 9, 29), "too-early"), (date(2026, 4, 1), "too-late")])
def test_before_the_window_and_after_restoration_there_is_no_quote(on: date, code: str) -> None:
    with pytest.raises(Conflict, match=rf"fee\.{code}"):
        annuity(2, on)


def test_the_window_opens_six_months_before() -> None:
    assert annuity(2, date(2024, 9, 30)).timing is Timing.IN_TIME


def test_the_annuity_that_was_raised_to_an_amount_nobody_published_is_unknown_since_then() -> None:
    assert quote(
        schedule(), facts("patent", on=date(2018, 1, 1), term=3, filed=date(2016, 1, 1)), purpose="annuity"
    ).totals == (Money(3000, "USD"),)
    with pytest.raises(FeeUnknown) as error:
        annuity(3, date(2026, 3, 31))
    assert error.value.codes == ("annuity-3",)


@pytest.mark.parametrize(("changes", "code"), [({"term": None}, "term"), ({"term": 21}, "term"), ({"filed": None}, "filed")])
def test_what_comes_back_needs_its_term_and_its_filing_date(changes: dict[str, Any], code: str) -> None:
    asked: dict[str, Any] = {"term": 2, "filed": FILED, "on": date(2025, 3, 31)} | changes
    with pytest.raises(Invalid, match=rf"fee\.{code}"):
        quote(schedule(), facts("patent", **asked), purpose="annuity")


def test_a_design_term_is_due_every_five_years_and_its_amount_is_the_offices_to_say() -> None:
    asked = facts("industrial-design", on=date(2029, 3, 31), term=2, filed=FILED)
    with pytest.raises(FeeUnknown, match="unknown"):
        quote(schedule(), asked, purpose="design-term")
    made = quote(schedule(demo=True), asked, purpose="design-term")
    assert (made.due, made.demo) == (date(2029, 3, 31), True)


def test_no_source_says_how_late_a_design_term_may_be_so_none_is_quoted() -> None:
    with pytest.raises(Conflict, match=r"fee\.too-late"):
        quote(
            schedule(demo=True), facts("industrial-design", on=date(2029, 4, 1), term=2, filed=FILED),
            purpose="design-term",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("purpose", "total"),
    [("change", 40_000), ("restoration", 100_000), ("priority-document", 300_000), ("dispute", 200_000)],
)
def test_what_is_asked_for_beside_an_application(purpose: str, total: int) -> None:
    (line,) = quote(schedule(), facts("patent"), purpose=purpose).lines
    assert (line.amount, line.certainty) == (Money(total, "KHR"), "secondary")


@given(st.integers(0, 400))
def test_a_day_later_never_costs_less(days: int) -> None:
    on = date(2025, 3, 31) + timedelta(days=days)
    try:
        later = annuity(2, on + timedelta(days=1))
    except Conflict:
        assert on >= date(2026, 3, 31)
        return
    riel = [sum(line.amount.minor for line in made.lines if line.amount.currency == "KHR") for made in (annuity(2, on), later)]
    assert riel[0] < riel[1]
