"""What is due: a pure function of the office's dated schedule and the facts of a filing, or of a right that goes on.

Every line cites its rule. An unknown official amount is refused (`FeeUnknown` names each), unless the stage carries a
demo amount for it; then the line and the whole quote are marked demo. Nothing is converted: each line keeps its currency,
and sums are per currency. What comes back (annuities, terms of a design) has a day when it is due; paid later, the rows
for lateness arise, counted from that day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from chalicelib.contracts.events import Line
from chalicelib.kernel.clock import months_after
from chalicelib.kernel.errors import Conflict, Finding, Invalid
from chalicelib.kernel.money import Money
from chalicelib.offices.fees import FeeRow, FeeSchedule, FeeTimes, When


@dataclass(frozen=True, kw_only=True, slots=True)
class FilingFacts:
    """What decides the fees. `on` is the day, on the office's calendar, whose schedule counts: of filing, or of payment for
    what comes back. `term` is which annuity (by its year) or which term, `filed` the filing date it is counted from."""

    kind: str
    route: str
    on: date
    claims: int = 0
    designs: int = 0
    pages: int = 0
    term: int | None = None
    filed: date | None = None


class Timing(StrEnum):
    """How a payment lies to the day when it is due."""

    IN_TIME = "in-time"
    GRACE = "grace"
    RESTORATION = "restoration"


@dataclass(frozen=True, kw_only=True, slots=True)
class QuoteLine:
    """One line of a quote with what explains it."""

    code: str
    names: Mapping[str, str]
    quantity: int
    unit: Money
    amount: Money
    rule: str
    certainty: str
    demo: bool

    @property
    def line(self) -> Line:
        """As an order records it."""
        return Line(code=self.code, amount=self.amount.minor, quantity=self.quantity, demo=self.demo)


@dataclass(frozen=True, slots=True)
class Quote:
    """All that is due, by `schedule` (the code of the schedule it rests on). `due` is the day of what comes back."""

    purpose: str
    schedule: str
    lines: tuple[QuoteLine, ...]
    due: date | None = None
    timing: Timing = Timing.IN_TIME

    @property
    def totals(self) -> tuple[Money, ...]:
        """The sum of each currency, never across."""
        currencies = dict.fromkeys(line.amount.currency for line in self.lines)
        return tuple(
            Money(sum(line.amount.minor for line in self.lines if line.amount.currency == one), one)
            for one in currencies
        )

    @property
    def total(self) -> Money:
        """The sum, if there is one. Conflict where the lines are in several currencies: no order can be for them."""
        if len(self.totals) != 1:
            raise Conflict.because("fee.currencies", currencies=", ".join(one.currency for one in self.totals))
        return self.totals[0]

    @property
    def demo(self) -> bool:
        """Whether any amount is ours and not the office's."""
        return any(line.demo for line in self.lines)


class FeeUnknown(Conflict):
    """No source gives the amount of these fees (`codes`); the office must add it to its schedule."""

    def __init__(self, *codes: str) -> None:
        super().__init__(*(Finding(code="fee.unknown", params={"fee": code}) for code in codes))
        self.codes = codes


def quote(schedule: FeeSchedule, facts: FilingFacts, *, purpose: str = "filing") -> Quote:
    """What is due. FeeUnknown if an amount that counts is unknown, or if no row at all is for this kind and route; Invalid
    without the term or the filing date that it needs; Conflict before it may be paid, or when it is too late for it."""
    times = schedule.time(purpose, facts.kind)
    due, timing = _timed(times, facts) if times else (None, Timing.IN_TIME)
    late = (facts.on - due).days if due and timing is not Timing.IN_TIME else 0
    rows = [
        row
        for row in schedule.rows
        if row.applies(purpose, facts.kind, facts.route, facts.on, facts.term) and _arises(row.when, timing)
    ]
    if not [row for row in rows if row.when == "always"]:
        raise FeeUnknown(".".join(map(str, (facts.kind, facts.route, purpose, *([facts.term] if facts.term else [])))))
    lines, unknown = [], []
    for row in rows:
        quantity = _quantity(row, facts, late)
        amount = row.amount if row.amount != "unknown" else schedule.demo_amount(row.code)
        if not quantity:
            continue
        if amount is None:
            unknown.append(row.code)
            continue
        currency = row.currency or schedule.currency
        lines.append(
            QuoteLine(
                code=row.code,
                names=row.names,
                quantity=quantity,
                unit=Money(amount, currency),
                amount=Money(amount * quantity, currency),
                rule=row.rule,
                certainty=row.certainty,
                demo=row.amount == "unknown",
            )
        )
    if unknown:
        raise FeeUnknown(*unknown)
    return Quote(purpose, schedule.code, tuple(lines), due, timing)


def _timed(times: FeeTimes, facts: FilingFacts) -> tuple[date, Timing]:
    """When it is due, and how `on` lies to that. A time that no source gives is not assumed: nothing is late then, and what
    would be late is refused."""
    if facts.term is None or not times.first_term <= facts.term <= times.last_term:
        raise Invalid.because("fee.term", "/term", first=str(times.first_term), last=str(times.last_term))
    if facts.filed is None:
        raise Invalid.because("fee.filed", "/filed")
    due = months_after(facts.filed, times.first_months + (facts.term - times.first_term) * times.every_months)
    if times.opens_months is not None and facts.on < months_after(due, -times.opens_months):
        raise Conflict.because("fee.too-early", "", opens=months_after(due, -times.opens_months).isoformat())
    if facts.on <= due:
        return due, Timing.IN_TIME
    if times.grace_months is not None and facts.on <= months_after(due, times.grace_months):
        return due, Timing.GRACE
    if times.restoration_months is not None and facts.on <= months_after(due, times.restoration_months):
        return due, Timing.RESTORATION
    raise Conflict.because("fee.too-late", "", due=due.isoformat())


def _arises(when: When, timing: Timing) -> bool:
    return when == "always" or timing is Timing.RESTORATION or (when == "late" and timing is Timing.GRACE)


def _quantity(row: FeeRow, facts: FilingFacts, late: int) -> int:
    if row.per == "filing":
        return 1
    counts = {"claim": facts.claims, "design": facts.designs, "page": facts.pages, "day": late}
    return max(0, counts[row.per] - row.over)
