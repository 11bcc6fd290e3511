"""Three books held against each other, and the day's report. Numbers: payments.md sections 10 and 12."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.cases import DayReconciled
from chalicelib.kernel.errors import Invalid, NotFound
from chalicelib.offices.banks import BankAccount
from chalicelib.payment.daily import as_csv
from chalicelib.payment.reconcile import Ours, Result, Row, Theirs, reconcile, tallies
from chalicelib.register.model import StreamId, day_key
from infra.local.banks.model import Fault
from tests.unit.payment.finance import DARA, Finance, day_of, export, reference_of

MINE = Ours("aba", "R1", frozenset({"R1:1"}), 100, "KHR")


def listed(name: str = "R1:1", amount: int = 100, currency: str = "KHR", reference: str = "R1") -> Theirs:
    return Theirs("list", "aba", name, reference, amount, currency)


def line(name: str = "S1", amount: int = 100, currency: str = "KHR", reference: str | None = "R1") -> Theirs:
    return Theirs("statement", "aba", name, reference, amount, currency, about=name)


def _accounts(finance: Finance) -> tuple[BankAccount, ...]:
    return finance.desk.office.banks.accounts


def results(ours: list[Ours], theirs: list[Theirs]) -> list[str]:
    return sorted(row.result.value for row in reconcile(ours, theirs))


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([MINE], [listed(), line()], ["matched"]),
        ([MINE], [line()], ["matched"]),
        ([MINE], [], ["ours-only"]),
        ([], [listed()], ["bank-only"]),
        ([], [line(reference=None)], ["bank-only"]),
        ([MINE], [line(amount=99)], ["amount-differs"]),
        ([MINE], [line(currency="USD")], ["currency-differs"]),
        ([MINE], [listed(amount=99)], ["amount-differs"]),
        ([MINE], [line(), line("S2")], ["duplicate", "matched"]),
        ([MINE], [Theirs("statement", "aba", "F1", None, 5, "KHR", "fee")], ["fee", "ours-only"]),
        ([MINE], [Theirs("list", "aba", "R1:1", "R1", 100, "KHR", "reversal")], ["reversal"]),
        ([], [Theirs("statement", "aba", "P1", None, 5, "KHR", "payout")], ["bank-only"]),
        (
            [MINE, Ours("aba", "R1", frozenset({"S1"}), 90, "KHR", from_statement=True)],
            [listed(), line(amount=90)],
            ["amount-differs"],
        ),
    ],
    ids=[
        "matched by three books", "matched by reference", "ours only", "list only", "statement only", "amount differs",
        "currency differs", "list says another amount", "duplicate", "fee", "reversal", "payout",
        "the line that the ledger holds apart is about the payment",
    ],
)  # fmt: skip
def test_classes(ours: list[Ours], theirs: list[Theirs], expected: list[str]) -> None:
    assert results(ours, theirs) == expected


def test_case_93_the_same_amount_alone_is_no_match() -> None:
    assert results([MINE], [line(reference=None), line("S2", reference=None)]) == [
        "bank-only",
        "bank-only",
        "ours-only",
    ]


def test_currencies_are_never_summed_together() -> None:
    rows = reconcile([], [line("S1", 5, "KHR", None), line("S2", 7, "USD", None), line("S3", 2, "USD", None)])
    assert tallies(rows) == {("aba", "KHR", Result.BANK_ONLY): (1, 5), ("aba", "USD", Result.BANK_ONLY): (2, 9)}


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3)), max_size=8),
    st.lists(st.tuples(st.sampled_from(["list", "statement"]), st.integers(0, 4), st.integers(1, 3)), max_size=12),
)
def test_every_movement_of_every_book_is_told_of_once(
    mine: list[tuple[int, int]], told: list[tuple[str, int, int]]
) -> None:
    ours = [Ours("aba", f"R{ref}", frozenset({f"N{n}"}), amount, "KHR") for n, (ref, amount) in enumerate(mine)]
    theirs = [
        Theirs("list" if book == "list" else "statement", "aba", f"T{n}", f"R{ref}", amount, "KHR")
        for n, (book, ref, amount) in enumerate(told)
    ]
    rows = reconcile(ours, theirs)
    alone = [row for row in rows if row.result in (Result.BANK_ONLY, Result.DUPLICATE)]
    confirmed = sum(len(row.sources) - 1 for row in rows if row.result is Result.MATCHED)
    differing = [row for row in rows if row.result is Result.AMOUNT_DIFFERS]
    assert len(alone) + confirmed + len(differing) <= len(theirs)
    assert sum(row.result in (Result.MATCHED, Result.OURS_ONLY) for row in rows) <= len(ours)
    for one in theirs:  # nothing of the bank's is dropped
        borne = any(mine.reference == one.reference and mine.amount == one.amount for mine in ours)
        assert borne or any(row.bank_ref == one.name for row in rows)


def test_case_91_no_cell_of_the_export_is_a_formula() -> None:
    row = Row(Result.BANK_ONLY, "aba", "KHR", 5, "=HYPERLINK(1)", "@x", ("statement",))
    text = as_csv([row])
    assert "'=HYPERLINK(1)" in text
    assert ",'@x," in text


class TestDay:
    @pytest.fixture
    def finance(self) -> Finance:
        return Finance()

    def next_day(self, finance: Finance) -> str:
        day = finance.desk.clock() + timedelta(hours=7)
        finance.desk.clock.advance(timedelta(days=1))
        return day.date().isoformat()

    def test_a_paid_order_is_matched_by_list_and_statement(self, finance: Finance) -> None:
        opened = finance.opened()
        reference = reference_of(opened)
        assert finance.desk.bank.pay(reference)
        finance.ask(reference)
        finance.taken(export([("B1", opened.order.total.minor, reference)], day=day_of(finance.desk.clock())))
        day = self.next_day(finance)
        report = finance.reconcile(DARA, day)
        assert (report["cases"], report["rows"]) == (0, 1)
        (row,) = finance.reconcile.report(day)[1]
        assert (row.result, row.sources) == (Result.MATCHED, ("ledger", "list", "statement"))

    def test_what_came_over_any_banks_counter_is_matched_at_the_bank_whose_statement_told_of_it(
        self, finance: Finance
    ) -> None:
        opened = finance.opened()
        reference = reference_of(opened)
        own = _accounts(finance)[0]
        other = own.model_copy(update={"code": "other-khr", "bank": "other", "number": "9", "rails": ("aba",)})
        finance.desk.office = finance.desk.office.model_copy(
            update={"banks": finance.desk.office.banks.model_copy(update={"accounts": (*_accounts(finance), other)})}
        )
        finance.taken(
            export([("B1", opened.order.total.minor, reference)], day=day_of(finance.desk.clock())), "other-khr"
        )
        finance.desk.bank.faults = {Fault.BROKEN}
        day = self.next_day(finance)
        finance.reconcile(DARA, day)
        (row,) = finance.reconcile.report(day)[1]
        assert (row.result, row.bank) == (Result.MATCHED, "other")

    def test_case_43_what_the_banks_list_proves_settles_an_order_of_which_no_bell_told(self, finance: Finance) -> None:
        opened = finance.opened()
        assert finance.desk.bank.pay(reference_of(opened))
        finance.reconcile(DARA, self.next_day(finance))
        assert finance.standing(opened.id).paid

    def test_everything_unmatched_is_a_case_once_however_often_the_day_is_run(self, finance: Finance) -> None:
        opened = finance.opened()
        day_text = day_of(finance.desk.clock())
        lines = [("F1", -500, "FEE"), ("C1", 700, "CASH"), ("B1", 5, reference_of(opened))]
        finance.taken(export(lines, day=day_text))
        day = self.next_day(finance)
        before = len(finance.open_cases())
        for _ in range(2):
            finance.reconcile(DARA, day)
        assert len(finance.open_cases()) == before == 3
        lookup = finance.desk.register.item(day_key(day))
        assert lookup is not None
        stream = finance.desk.load(StreamId.parse(str(lookup.attributes["stream"])))
        assert len(stream.facts(DayReconciled)) == 2

    def test_money_stands_in_the_report_of_one_day_though_the_list_shows_its_neighbours(self, finance: Finance) -> None:
        before = self.next_day(finance)
        opened = finance.opened()
        assert finance.desk.bank.pay(reference_of(opened))
        finance.ask(reference_of(opened))
        days = [before, self.next_day(finance), self.next_day(finance)]
        for _ in range(2):
            reports = [finance.reconcile(DARA, day) for day in days]
        assert [report["rows"] for report in reports] == [0, 1, 0]
        assert [report["cases"] for report in reports] == [0, 0, 0]

    def test_money_that_a_statement_dates_to_the_day_before_is_of_that_day_alone(self, finance: Finance) -> None:
        opened = finance.opened()
        reference, first = reference_of(opened), day_of(finance.desk.clock())
        assert finance.desk.bank.pay(reference)
        finance.desk.clock.advance(timedelta(minutes=50))  # after midnight in Phnom Penh: counted on the next day
        finance.ask(reference)
        finance.taken(export([("B1", 80_000, reference)], day=first))
        assert [one.bank_ref for one in finance.standing(opened.id).confirmed] == ["aba-khr:20261125:B1"]
        finance.desk.clock.advance(timedelta(days=1))
        reports = [finance.reconcile(DARA, day) for day in ("2026-11-25", "2026-11-26")]
        assert [[(one["result"], one["count"]) for one in report["tallies"]] for report in reports] == [
            [("matched", 1)], [],
        ]  # fmt: skip
        assert finance.open_cases() == []

    def test_case_66_a_refund_in_the_list_has_one_case(self, finance: Finance) -> None:
        opened = finance.opened()
        reference = reference_of(opened)
        assert finance.desk.bank.pay(reference)
        finance.ask(reference)
        finance.desk.bank.refund(reference, Decimal(1000))
        day = self.next_day(finance)
        finance.reconcile(DARA, day)
        finance.reconcile(DARA, day)
        assert [one["reason"] for one in finance.open_cases()] == ["part-refunded"]

    def test_a_bank_that_gives_no_list_and_no_statement_opens_no_case_yet(self, finance: Finance) -> None:
        opened = finance.opened()
        assert finance.desk.bank.pay(reference_of(opened))
        finance.ask(reference_of(opened))
        day = self.next_day(finance)
        finance.desk.bank.faults = {Fault.BROKEN}
        report = finance.reconcile(DARA, day)
        assert (report["cases"], list(report["covered"])) == (0, [])
        assert [one["result"] for one in report["tallies"]] == ["ours-only"]

    def test_the_scheduled_run_does_yesterday_once(self, finance: Finance) -> None:
        day = self.next_day(finance)
        for _ in range(2):
            finance.reconcile.yesterday()
        assert finance.reconcile.report(day)[0]["rows"] == 0

    @pytest.mark.parametrize("day", ["2026-11-25", "2026-02-30", "x", "20261101", "2027-01-01"])
    def test_only_a_day_that_has_passed_is_reconciled(self, finance: Finance, day: str) -> None:
        with pytest.raises(Invalid, match=r"day\.(malformed|not-ended)"):
            finance.reconcile(DARA, day)

    def test_a_day_that_was_never_reconciled_has_no_report(self, finance: Finance) -> None:
        with pytest.raises(NotFound):
            finance.reconcile.report("2026-11-01")


def test_a_day_that_is_none_and_a_day_that_has_not_ended_are_told_apart() -> None:
    finance = Finance()
    for text, code in (("2026-02-30", "day.malformed"), ("yesterday", "day.malformed"), ("20261101", "day.malformed")):
        with pytest.raises(Invalid, match=code.replace(".", r"\.")):
            finance.reconcile(DARA, text)
    for days in (0, 1, 400):
        with pytest.raises(Invalid, match=r"day\.not-ended"):
            finance.reconcile(DARA, (finance.desk.clock() + timedelta(days=days)).date().isoformat())


def test_a_list_covers_no_day_before_we_had_a_key_for_it() -> None:
    finance = Finance()
    begins = {"aba": finance.desk.clock() - timedelta(days=3)}
    young = replace(finance.reconcile, begins=begins)
    assert young(DARA, (finance.desk.clock() - timedelta(days=9)).date().isoformat())["covered"] == []
    assert young(DARA, (finance.desk.clock() - timedelta(days=2)).date().isoformat())["covered"] == ["aba"]
