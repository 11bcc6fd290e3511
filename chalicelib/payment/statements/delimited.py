"""Reads a bank's CSV by the office's mapping (`offices/banks.py`), strictly: the header as declared, as many cells in
each row, every word known, running balances and totals right. A cell that begins like a formula is only ever text."""

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, TypeVar

from chalicelib.offices.banks import BankAccount, CsvMapping
from chalicelib.payment.statements.model import (
    MAX_LINES,
    Line,
    Statement,
    Unreadable,
    amount_of,
    line,
    numbered_apart,
    text_of,
)

T = TypeVar("T")


def read_csv(raw: bytes, account: BankAccount, mapping: CsvMapping, *, prefix: str) -> tuple[Statement, ...]:
    """The one statement in the file. Unreadable names the row at fault."""
    try:
        rows = list(csv.reader(io.StringIO(text_of(raw), newline=""), delimiter=mapping.delimiter, strict=True))
    except csv.Error as error:
        raise Unreadable("not CSV") from error
    rows = [row for row in rows if row]
    if not rows or tuple(rows[0]) != mapping.columns:
        raise Unreadable("columns")
    totals = None
    if mapping.totals_mark is not None:
        if rows[-1][0] != mapping.totals_mark or len(rows) == 1:
            raise Unreadable("totals missing")
        totals = rows.pop()
    if len(rows) == 1 or len(rows) - 1 > MAX_LINES:
        raise Unreadable("no lines" if len(rows) == 1 else "too many lines")
    reader = _Rows(account, mapping, prefix)
    lines = []
    body = rows[:0:-1] if mapping.newest_first else rows[1:]
    for n, row in enumerate(body, start=1):
        try:
            lines.append(reader.line(n, row))
        except Unreadable as error:
            raise Unreadable(f"row {n + 1}: {error.detail}") from error
    if totals is not None:
        reader.check_totals(totals, lines)
    days = [one.day for one in lines]
    return (
        Statement(
            account=reader.account_number,
            currency=reader.currency,
            lines=numbered_apart(lines),
            first=min(days),
            last=max(days),
            opening=reader.opening,
            closing=reader.balance,
        ),
    )


class _Rows:
    """Reads row after row; remembers the running balance, and the account that the rows name."""

    def __init__(self, account: BankAccount, mapping: CsvMapping, prefix: str) -> None:
        self.mapping, self.prefix = mapping, prefix
        self.account_number: str | None = None
        self.currency = account.currency
        self.opening: int | None = None
        self.balance: int | None = None

    def line(self, n: int, row: list[str]) -> Line:
        if len(row) != len(self.mapping.columns):
            raise Unreadable("number of cells")
        cells = {name: cell.strip() for name, cell in zip(self.mapping.columns, row, strict=True)}
        self._same(n, cells)
        amount, direction = self._movement(cells)
        made = line(
            n=n,
            day=self._day(cells[self.mapping.date]),
            amount=amount,
            direction=direction,
            status=_word(self.mapping.statuses, cells[self.mapping.status]) if self.mapping.status else "booked",
            kind=_word(self.mapping.kinds, cells[self.mapping.kind]) if self.mapping.kind else "payment",
            bank_ref=cells[self.mapping.bank_ref] if self.mapping.bank_ref else "",
            texts=[cells[name] for name in self.mapping.texts],
            prefix=self.prefix,
        )
        if self.mapping.balance:
            self._follow(made, cells[self.mapping.balance])
        return made

    def check_totals(self, totals: list[str], lines: list[Line]) -> None:
        """Each amount column of the last row sums up what stands above it."""
        if len(totals) != len(self.mapping.columns):
            raise Unreadable("totals: number of cells")
        cells = {name: cell.strip() for name, cell in zip(self.mapping.columns, totals, strict=True)}
        sums: dict[str | None, int] = {
            self.mapping.credit: sum(one.amount for one in lines if one.direction == "in"),
            self.mapping.debit: sum(one.amount for one in lines if one.direction == "out"),
            self.mapping.amount: sum(one.amount if one.direction == "in" else -one.amount for one in lines),
        }
        for name, wanted in sums.items():
            if name is not None and self._signed(cells[name]) != wanted:
                raise Unreadable("totals")

    def _same(self, n: int, cells: Mapping[str, str]) -> None:
        """Account and currency are those of the first row, in all rows."""
        if self.mapping.currency:
            if n > 1 and cells[self.mapping.currency] != self.currency:
                raise Unreadable("two currencies")
            self.currency = cells[self.mapping.currency]
        if self.mapping.account:
            if n > 1 and cells[self.mapping.account] != self.account_number:
                raise Unreadable("two accounts")
            self.account_number = cells[self.mapping.account]

    def _movement(self, cells: Mapping[str, str]) -> tuple[int, Literal["in", "out"]]:
        if self.mapping.credit and self.mapping.debit:
            came, went = cells[self.mapping.credit], cells[self.mapping.debit]
            if bool(came) == bool(went):
                raise Unreadable("in or out")
            return (self._amount(came), "in") if came else (self._amount(went), "out")
        text = cells[self.mapping.amount or ""]
        if self.mapping.direction is None:
            signed = self._signed(text)
            return abs(signed), "in" if signed >= 0 else "out"
        word = cells[self.mapping.direction]
        if word not in (*self.mapping.words_in, *self.mapping.words_out):
            raise Unreadable("in or out")
        return self._amount(text), "in" if word in self.mapping.words_in else "out"

    def _follow(self, made: Line, text: str) -> None:
        balance = self._signed(text)
        if self.balance is None:
            self.opening = balance - made.signed
        elif self.balance + made.signed != balance:
            raise Unreadable("balance")
        self.balance = balance

    def _signed(self, text: str) -> int:
        return -self._amount(text[1:]) if text.startswith("-") else self._amount(text)

    def _amount(self, text: str) -> int:
        marks = {"decimal_mark": self.mapping.decimal_mark, "thousands_mark": self.mapping.thousands_mark}
        return amount_of(text, self.currency, **marks)

    def _day(self, text: str) -> date:
        try:
            day = datetime.strptime(text, self.mapping.date_format).date()  # noqa: DTZ007 - a statement's day has no zone
        except ValueError as error:
            raise Unreadable("date") from error
        if day.strftime(self.mapping.date_format) != text:
            raise Unreadable("date")
        return day


def _word(known: Mapping[str, T], word: str) -> T:
    if word not in known:
        raise Unreadable("unknown word")
    return known[word]
