"""Statements: three forms read strictly, loaded once only, every line settled or a case. Numbers: payments.md section 12."""

import logging
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.cases import StatementLoaded
from chalicelib.kernel.errors import Conflict, Invalid, NotFound
from chalicelib.offices.banks import BankAccount, CsvMapping
from chalicelib.payment import references
from chalicelib.payment.statements.camt import read_camt
from chalicelib.payment.statements.delimited import read_csv
from chalicelib.payment.statements.model import Statement, Unreadable, amount_of, our_reference
from chalicelib.payment.statements.mt940 import read_mt940
from chalicelib.register.model import statement
from tests.factories import cambodia
from tests.unit.payment.finance import DARA, HEADER, Finance, day_of, export, reference_of
from tests.unit.payment.orders import FIRST, SECOND

BANKS = cambodia().banks
DAY = "25/11/2026"


@pytest.fixture
def finance() -> Finance:
    return Finance()


def account(code: str) -> BankAccount:
    found = BANKS.account(code)
    assert found is not None
    return found


def read(text: str) -> Statement:
    one = account("aba-khr")
    (made,) = read_csv(text.encode(), one, BANKS.mapping(one), prefix="TR")
    return made


def mt940(*lines: str, number: str = "12/1", opening: int = 1_000_000, closing: int = 1_000_000, **more: str) -> str:
    body = "\n".join(lines) + ("\n" if lines else "")
    name, currency = more.get("account", "000000002"), more.get("currency", "KHR")
    return (
        f":20:STMT\n:25:{name}\n:28C:{number}\n:60F:C261124{currency}{opening},\n{body}"
        f":62F:C261125{currency}{closing},\n-\n"
    )


def camt(
    *entries: str, extra: str = "", account: str = "000000003", closing: str = "1000.00", opening: str = "1000.00"
) -> str:
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='KHR'>{amount}</Amt>"
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-25</Dt></Dt></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
    )
    return (
        f"<?xml version='1.0'?>{extra}<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'>"
        f"<BkToCstmrStmt><Stmt><ElctrncSeqNb>7</ElctrncSeqNb><Acct><Id><Othr><Id>{account}</Id></Othr></Id>"
        f"<Ccy>KHR</Ccy></Acct>{balances}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    )


def entry(amount: str = "500.00", *, reference: str = "", status: str = "BOOK", more: str = "", ref: str = "A1") -> str:
    return (
        f"<Ntry><Amt Ccy='KHR'>{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>{more}<Sts><Cd>{status}</Cd></Sts>"
        f"<BookgDt><Dt>2026-11-25</Dt></BookgDt><AcctSvcrRef>{ref}</AcctSvcrRef><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>{reference}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
    )


class TestCsv:
    def test_lines_balances_and_references_are_read(self) -> None:
        made = read(export([("B1", 320_000, f"FROM X {FIRST}"), ("F1", -500, "FEE")], day=DAY))
        assert [(one.amount, one.direction, one.kind, one.reference) for one in made.lines] == [
            (320_000, "in", "payment", FIRST),
            (500, "out", "fee", None),
        ]
        assert (made.opening, made.closing, made.adds_up) == (1_000_000, 1_319_500, True)

    @pytest.mark.parametrize(
        ("broken", "detail"),
        [
            (f"{HEADER}\n{DAY},B1,PAYMENT,x,5,,1005,KHR,extra\n", "number of cells"),
            (f"Reference,Date\n{DAY},B1\n", "columns"),
            (f'{HEADER}\n{DAY},B1,PAYMENT,x,"1.234,50",,1005,KHR\n', "amount"),
            (f"{HEADER}\n{DAY},B1,PAYMENT,x,=5,,1005,KHR\n", "amount"),
            (f"{HEADER}\n{DAY},B1,PAYMENT,x,៥,,1005,KHR\n", "amount"),
            (f"{HEADER}\n{DAY},B1,PAYMENT,x,5.5,,1005,KHR\n", "amount"),
            (f"{HEADER}\n{DAY},B1,PAYMENT,x,-5,,1005,KHR\n", "amount"),
            (f"{HEADER}\n{DAY},B1,PAYMENT,x,5,5,1005,KHR\n", "in or out"),
            (f"{HEADER}\n11/25/2026,B1,PAYMENT,x,5,,1005,KHR\n", "date"),
            (f"{HEADER}\n{DAY},B1,GIFT,x,5,,1005,KHR\n", "unknown word"),
            (f"{HEADER}\n{DAY},B1,PAYMENT,x,5,,1005,KHR\n{DAY},B2,PAYMENT,x,5,,1011,KHR\n", "balance"),
            (f"{HEADER}\n", "no lines"),
            (f'{HEADER}\n{DAY},"B1,PAYMENT,x,5,,1005,KHR\n', "not CSV"),
        ],
    )
    def test_case_91_what_is_not_as_declared_is_refused(self, broken: str, detail: str) -> None:
        with pytest.raises(Unreadable, match=detail):
            read(broken)

    def test_totals_signs_and_order_follow_the_mapping(self) -> None:
        mapping = CsvMapping(
            code="x", delimiter=";", columns=("Day", "Sum", "Way", "Text"), date="Day", date_format="%Y-%m-%d",
            decimal_mark=",", thousands_mark=".", amount="Sum", direction="Way", words_in=("C",), words_out=("D",),
            texts=("Text",), totals_mark="Total", newest_first=True, certainty="assumed",
        )  # fmt: skip
        text = "Day;Sum;Way;Text\n2026-11-26;1.000;D;b\n2026-11-25;2.500;C;a\nTotal;{};;\n"
        (made,) = read_csv(text.format("1.500").encode(), account("aba-khr"), mapping, prefix="TR")
        assert [(one.day.day, one.signed) for one in made.lines] == [(25, 2500), (26, -1000)]
        with pytest.raises(Unreadable, match="totals"):
            read_csv(text.format("1.501").encode(), account("aba-khr"), mapping, prefix="TR")

    def test_lines_that_look_alike_stay_two(self) -> None:
        made = read(export([("B1", 5, "x"), ("B1", 5, "x")], day=DAY))
        assert len({one.bank_ref for one in made.lines}) == 2


class TestMt940:
    def test_case_89_each_statement_of_a_file_is_read_and_checked_by_itself(self) -> None:
        raw = mt940(f":61:2611251125C320000,NTRF{FIRST}//BR1", closing=1_320_000) + mt940(
            ":61:2611251125RC1000,NTRFNONREF//BR2", number="13/1", opening=1_320_000, closing=1_319_000
        )
        first, second = read_mt940(raw.encode(), account("acleda-khr"), prefix="TR")
        assert (first.lines[0].reference, first.lines[0].bank_ref, first.adds_up) == (FIRST, "BR1", True)
        assert (second.lines[0].status, second.lines[0].signed, second.adds_up) == ("reversal", -1000, True)
        assert (first.sequence, second.sequence) == (12001, 13001)

    @pytest.mark.parametrize(
        "raw", ["", "hello", "/etc/passwd", mt940(":61:garbage"), mt940(":61:2613991125C1,NTRFX//Y"), ":20:X\n:25:1\n"]
    )
    def test_what_is_none_is_refused_and_nothing_of_it_is_logged(
        self, raw: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG), pytest.raises(Unreadable):
            read_mt940(raw.encode(), account("acleda-khr"), prefix="TR")
        assert not caplog.records


class TestCamt:
    def test_entries_are_read(self) -> None:
        (made,) = read_camt(camt(entry(reference=FIRST), closing="1500.00").encode(), prefix="TR")
        (line,) = made.lines
        assert (line.amount, line.reference, line.bank_ref, line.day) == (500, FIRST, "A1", date(2026, 11, 25))
        assert made.adds_up
        assert made.sequence == 7000

    @pytest.mark.parametrize(
        "extra",
        [
            "<!DOCTYPE Document>",
            '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
            '<!DOCTYPE d SYSTEM "http://x.invalid/d.dtd">',
            '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        ],
    )
    def test_case_90_a_dtd_or_an_entity_is_refused(self, extra: str) -> None:
        with pytest.raises(Unreadable, match="DTD"):
            read_camt(camt(entry(), extra=extra).encode(), prefix="TR")

    def test_case_92_reversals_and_pending_entries_are_no_income(self) -> None:
        pending, reversed_ = entry(status="PDNG"), entry(more="<RvslInd>true</RvslInd>", ref="A2")
        (made,) = read_camt(camt(pending, reversed_, closing="1500.00").encode(), prefix="TR")
        assert [(one.status, one.signed) for one in made.lines] == [("pending", 0), ("reversal", 500)]

    @pytest.mark.parametrize(
        "text", ["", "<a/>", camt().replace("camt.053", "camt.052"), camt(entry("5,00")), camt(entry("-5")), "<a" * 99]
    )
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(Unreadable):
            read_camt(text.encode(), prefix="TR")


class TestLoading:
    def test_a_line_with_our_reference_settles_the_order(self, finance: Finance) -> None:
        opened = finance.opened()
        lines = [("B1", opened.order.total.minor, f"PAY {reference_of(opened)}")]
        (made,) = finance.taken(export(lines, day=day_of(finance.desk.clock())))
        payment = finance.standing(opened.id).payment
        assert payment is not None
        assert (payment.statement, payment.paid_on, payment.paid_at) == (made, "2026-11-25", None)
        assert finance.open_cases() == []
        assert finance.desk.load(statement(made)).head.status == "applied"

    @pytest.mark.parametrize("statement_first", [True, False])
    def test_case_37_the_banks_answer_and_its_statement_count_the_same_money_once(
        self, finance: Finance, *, statement_first: bool
    ) -> None:
        opened = finance.opened()
        reference, due = reference_of(opened), opened.order.total.minor
        text = export([("B1", due, reference)], day=day_of(finance.desk.clock()))
        assert finance.desk.bank.pay(reference)
        if statement_first:
            finance.taken(text)
        finance.ask(reference)
        if not statement_first:
            finance.taken(text)
        standing = finance.standing(opened.id)
        assert standing.paid
        assert len(standing.confirmed) == 1
        assert finance.open_cases() == []

    def test_case_57_money_of_unknown_hour_waits_for_the_banks_answer_and_its_case_is_closed(
        self, finance: Finance
    ) -> None:
        opened = finance.opened()
        reference = reference_of(opened)
        assert finance.desk.bank.pay(reference)
        finance.desk.clock.advance(timedelta(hours=1))  # past midnight: the expiry lies within the day
        day = day_of(finance.desk.clock())
        finance.taken(export([("B1", opened.order.total.minor, reference)], day=day))
        assert [one["reason"] for one in finance.open_cases()] == ["time-unknown"]
        finance.ask(reference)
        assert finance.standing(opened.id).paid
        assert finance.open_cases() == []

    def test_case_55_money_that_came_twice_is_parked_once(self, finance: Finance) -> None:
        opened = finance.opened()
        reference, due = reference_of(opened), opened.order.total.minor
        assert finance.desk.bank.pay(reference)
        finance.ask(reference)
        finance.taken(export([("B1", due, reference), ("B2", due, reference)], day=day_of(finance.desk.clock())))
        assert [one["reason"] for one in finance.open_cases()] == ["already-paid"]

    def test_case_86_the_same_file_again_is_the_same_statement(self, finance: Finance) -> None:
        text = export([("B1", 5_000, "CASH")], day=DAY)
        first = finance.taken(text)
        assert finance.taken(text) == first
        assert len(finance.open_cases()) == 1

    def test_case_86_the_same_lines_in_another_file_are_known(self, finance: Finance) -> None:
        text = export([("B1", 5_000, "CASH")], day=DAY)
        finance.taken(text)
        with pytest.raises(Conflict, match=r"statement\.loaded-already"):
            finance.taken(text.replace("\r\n", "\n"))
        assert len(finance.open_cases()) == 1

    def test_case_86_an_edited_file_is_refused_and_a_case(self, finance: Finance) -> None:
        opened = finance.opened()
        finance.taken(export([("B1", 5_000, "CASH")], day=DAY))
        for _ in range(2):
            with pytest.raises(Conflict, match=r"statement\.changed"):
                finance.taken(export([("B1", opened.order.total.minor, reference_of(opened))], day=DAY))
        assert not finance.standing(opened.id).paid
        assert sorted(one["reason"] for one in finance.open_cases()) == ["statement-changed", "unmatched"]

    def test_an_export_that_reaches_back_adds_only_what_is_new(self, finance: Finance) -> None:
        finance.taken(export([("B1", 5_000, "CASH")], day=DAY))
        (made,) = finance.taken(export([("B1", 5_000, "CASH"), ("B2", 6_000, "CASH")], day=DAY))
        loaded = finance.desk.load(statement(made)).last(StatementLoaded)
        assert loaded is not None
        assert (loaded.lines, loaded.known_before) == (1, 1)
        assert sorted(one["amount"] for one in finance.open_cases()) == [5_000, 6_000]

    def test_the_next_statement_follows(self, finance: Finance) -> None:
        finance.taken(export([("B1", 5_000, "CASH")], day=DAY))
        finance.taken(export([("B1", 6_000, "CASH")], day="26/11/2026", opening=1_005_000))
        assert len(finance.open_cases()) == 2  # a bank may use a reference again on another day

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (mt940(closing=999_999), "sums"),
            (mt940(account="000000009"), "other-account"),
            (mt940(currency="USD"), "other-currency"),
        ],
        ids=["87 closing altered", "88 another account", "88 another currency"],
    )
    def test_cases_87_and_88_wrong_files_are_refused_and_entered(self, finance: Finance, raw: str, code: str) -> None:
        with pytest.raises(Invalid, match=code):
            finance.taken(raw, "acleda-khr")
        (head,) = finance.desk.register.owned("tra:refused", limit=9)
        assert head.status == "refused"

    def test_case_87_a_gap_is_refused_until_the_missing_one_is_there(self, finance: Finance) -> None:
        finance.taken(mt940(), "acleda-khr")
        third = mt940(number="14/1")
        with pytest.raises(Conflict, match=r"statement\.gap"):
            finance.taken(third, "acleda-khr")
        finance.taken(mt940(number="13/1"), "acleda-khr")
        finance.taken(third, "acleda-khr")

    def test_case_87_an_opening_that_is_not_the_last_closing_is_refused(self, finance: Finance) -> None:
        finance.taken(export([("B1", 5_000, "CASH")], day=DAY))
        with pytest.raises(Conflict, match=r"statement\.gap"):
            finance.taken(export([("B2", 6_000, "CASH")], day="26/11/2026", opening=2))

    def test_case_92_what_is_pending_waits_for_the_statement_that_books_it(self, finance: Finance) -> None:
        opened = finance.opened()
        due, reference = opened.order.total.minor, reference_of(opened)
        finance.taken(camt(entry(f"{due}.00", reference=reference, status="PDNG")), "wing-khr")
        assert finance.open_cases() == []
        assert not finance.standing(opened.id).paid

    def test_lines_that_are_no_payment_are_cases(self, finance: Finance) -> None:
        text = export([("F1", -500, "FEE"), ("O1", -900, "OUT"), ("C1", 700, "CASH")], day=DAY)
        finance.taken(text)
        assert sorted(one["reason"] for one in finance.open_cases()) == ["fee", "money-out", "unmatched"]

    def test_a_sweep_that_is_killed_goes_on_and_counts_nothing_twice(self, finance: Finance) -> None:
        opened = finance.opened()
        lines = [("B1", opened.order.total.minor, reference_of(opened)), *((f"C{n}", 10, "CASH") for n in range(40))]
        finance.load(DARA, "aba-khr", export(lines, day=day_of(finance.desk.clock())).encode(), finance.desk.repeat())
        commits = finance.desk.register.commits

        def die() -> None:
            raise KeyboardInterrupt

        finance.desk.register.rivals = [lambda: None] * 30 + [die]
        with pytest.raises(KeyboardInterrupt):
            finance.take()
        finance.desk.register.rivals = []
        assert finance.desk.register.commits > commits
        for _ in range(3):
            finance.take()
        assert finance.standing(opened.id).paid
        assert len(finance.open_cases()) == 40

    def test_an_unknown_account_is_not_found(self, finance: Finance) -> None:
        with pytest.raises(NotFound):
            finance.taken(export([], day=DAY), "nobody")

    def test_a_repeat_of_the_request_gives_the_first_answer(self, finance: Finance) -> None:
        repeat, raw = finance.desk.repeat(DARA), export([("B1", 5, "x")], day=DAY).encode()
        first = finance.load(DARA, "aba-khr", raw, repeat)
        finance.desk.clock.advance(timedelta(hours=1))
        assert finance.load(DARA, "aba-khr", raw, repeat) == first


@given(st.integers(0, 10**12))
def test_an_amount_reads_back_with_and_without_grouping(minor: int) -> None:
    assert amount_of(f"{minor:,}", "KHR", thousands_mark=",") == minor
    assert amount_of(f"{minor / 100:.2f}" if minor < 10**9 else f"{minor}.00", "USD") == (
        minor if minor < 10**9 else minor * 100
    )


@pytest.mark.parametrize("text", ["1,23", "12,3456", ",100", "1,,000", "1.000", "1e3", " 1", "+1", "1 000"])
def test_grouping_that_is_not_in_threes_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        amount_of(text, "KHR", thousands_mark=",")


def test_our_reference_is_found_whole_or_across_a_line_break_and_never_chosen_among_two() -> None:
    assert our_reference([f"pay {FIRST.lower()}."], prefix="TR") == FIRST
    assert our_reference([f"pay {FIRST[:7]}\n{FIRST[7:]}"], prefix="TR") is None  # PAY runs into it: not whole
    assert our_reference([f"{FIRST[:7]}\n{FIRST[7:]}"], prefix="TR") == FIRST
    assert our_reference([FIRST, SECOND], prefix="TR") is None
    assert our_reference([FIRST[:-1] + ("0" if FIRST[-1] != "0" else "1")], prefix="TR") is None
    assert our_reference([references.new(prefix="XX")], prefix="TR") is None
