"""Three books held against each other: our ledger, the bank's list, the bank's statement. Pure.

Rules (payments.md section 10): matched by the bank's reference, else by ours; never by amount alone (that is a suggestion to
a person). Each movement of one book answers for one movement of another. All that is not matched is worth a case. Sums
are per bank and currency, never across.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Source = Literal["list", "statement"]
Kind = Literal["payment", "fee", "payout", "reversal", "out"]


class Result(StrEnum):
    """What came of one movement."""

    MATCHED = "matched"
    OURS_ONLY = "ours-only"
    BANK_ONLY = "bank-only"
    AMOUNT_DIFFERS = "amount-differs"
    CURRENCY_DIFFERS = "currency-differs"
    FEE = "fee"
    REVERSAL = "reversal"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Ours:
    """A movement that our ledger counted. `bank_refs` are all names under which the bank told of it."""

    bank: str
    reference: str
    bank_refs: frozenset[str]
    amount: int | None
    currency: str | None
    from_statement: bool = False


@dataclass(frozen=True, slots=True)
class Theirs:
    """A movement in a book of the bank's. `name` is its bank reference as the ledger would hold it; `about` names the case
    that it would be."""

    source: Source
    bank: str
    name: str
    reference: str | None
    amount: int
    currency: str
    kind: Kind = "payment"
    about: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report. Amount and currency are the bank's where the bank names it, else ours."""

    result: Result
    bank: str
    currency: str
    amount: int
    reference: str
    bank_ref: str
    sources: tuple[str, ...]
    our_amount: int | None = None
    our_currency: str | None = None
    about: str = ""


@dataclass(slots=True)
class _Book:
    """Our ledger by every name, and which book of the bank's has borne out what."""

    ours: Sequence[Ours]
    by_name: dict[tuple[str, str], int] = field(default_factory=dict)
    by_reference: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    seen: list[set[str]] = field(default_factory=list)
    told: set[int] = field(default_factory=set)  # ours that a row of another result stands for

    @classmethod
    def of(cls, ours: Sequence[Ours]) -> "_Book":
        book = cls(ours, seen=[set() for _ in ours])
        for place, one in enumerate(ours):
            for name in one.bank_refs:
                book.by_name[one.bank, name] = place
            book.by_reference[one.reference].append(place)
        return book

    def find(self, theirs: Theirs) -> int | None:
        """Which of ours it is; None if none, or if all that could be are taken."""
        place = self.by_name.get((theirs.bank, theirs.name))
        if place is not None:
            if theirs.source in self.seen[place]:
                return None
            other = self._contradicted(theirs, place)
            return place if other is None else other
        free = [one for one in self._named(theirs) if theirs.source not in self.seen[one]]
        same = [one for one in free if (self.ours[one].amount, self.ours[one].currency) == _sum(theirs)]
        return next(iter(same or free), None)

    def _contradicted(self, theirs: Theirs, place: int) -> int | None:
        """A line that only the statement tells of, beside a payment that the bank's answer told of otherwise: it is about
        that one."""
        if theirs.source != "statement" or not self.ours[place].from_statement:
            return None
        free = [one for one in self._named(theirs) if not self.ours[one].from_statement and one != place]
        other = next((one for one in free if "statement" not in self.seen[one]), None)
        if other is not None:
            self.seen[place].add("statement")
            self.told.add(place)
        return other

    def _named(self, theirs: Theirs) -> list[int]:
        return self.by_reference.get(theirs.reference or "", [])


def reconcile(ours: Sequence[Ours], theirs: Iterable[Theirs]) -> tuple[Row, ...]:
    """Every movement of every book, once, with what came of it."""
    book, rows = _Book.of(ours), []
    for one in theirs:
        row = _row(book, one)
        if row is not None:
            rows.append(row)
    for place, mine in enumerate(ours):
        if place in book.told:
            continue
        sources = tuple(sorted(book.seen[place]))
        rows.append(
            Row(
                Result.MATCHED if sources else Result.OURS_ONLY,
                mine.bank,
                mine.currency or "",
                mine.amount or 0,
                mine.reference,
                min(mine.bank_refs, default=""),
                ("ledger", *sources),
                mine.amount,
                mine.currency,
                about="" if sources else f"ours#{mine.bank}#{min(mine.bank_refs, default=mine.reference)}",
            )
        )
    return tuple(rows)


def _row(book: _Book, theirs: Theirs) -> Row | None:
    """What the movement is, unless it merely bears ours out."""
    if theirs.kind != "payment":
        place = book.by_name.get((theirs.bank, theirs.name))
        if place is not None:  # our ledger has it as money that went back
            book.told.add(place)
        results = {"fee": Result.FEE, "reversal": Result.REVERSAL}
        return _told(results.get(theirs.kind, Result.BANK_ONLY), theirs, None)
    place = book.find(theirs)
    if place is None:
        known = (theirs.bank, theirs.name) in book.by_name or book.by_reference.get(theirs.reference or "")
        return _told(Result.DUPLICATE if known else Result.BANK_ONLY, theirs, None)
    mine = book.ours[place]
    book.seen[place].add(theirs.source)
    if mine.currency != theirs.currency:
        result = Result.CURRENCY_DIFFERS
    elif mine.amount != theirs.amount:
        result = Result.AMOUNT_DIFFERS
    else:
        return None
    book.told.add(place)
    return _told(result, theirs, mine)


def _told(result: Result, theirs: Theirs, mine: Ours | None) -> Row:
    return Row(
        result,
        theirs.bank,
        theirs.currency,
        theirs.amount,
        theirs.reference or "",
        theirs.name,
        (theirs.source,) if mine is None else ("ledger", theirs.source),
        mine.amount if mine else None,
        mine.currency if mine else None,
        about=theirs.about,
    )


def _sum(theirs: Theirs) -> tuple[int, str]:
    return theirs.amount, theirs.currency


def tallies(rows: Iterable[Row]) -> dict[tuple[str, str, Result], tuple[int, int]]:
    """(bank, currency, result) → how many, and how much in minor units of that currency."""
    counts: Counter[tuple[str, str, Result]] = Counter()
    sums: Counter[tuple[str, str, Result]] = Counter()
    for row in rows:
        key = (row.bank, row.currency, row.result)
        counts[key] += 1
        sums[key] += row.amount
    return {key: (counts[key], sums[key]) for key in sorted(counts)}
