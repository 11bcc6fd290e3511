"""What is due for a filing: a pure function of the office's dated schedule and the filing's facts.

Every line cites its rule. An unknown official amount is refused (`FeeUnknown` names each), unless the stage carries a
demo amount for it; then the line and the whole quote are marked demo. Nothing is converted: one schedule, one currency.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from chalicelib.contracts.events import Line
from chalicelib.kernel.errors import Conflict, Finding
from chalicelib.kernel.money import Money
from chalicelib.offices.fees import FeeRow, FeeSchedule


@dataclass(frozen=True, kw_only=True, slots=True)
class FilingFacts:
    """What of a filing decides its fees. `on` is the day, on the office's calendar, whose schedule counts."""

    kind: str
    route: str
    on: date
    claims: int = 0
    designs: int = 0
    pages: int = 0


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
    """All that is due, by `schedule` (the code of the schedule it rests on)."""

    purpose: str
    schedule: str
    lines: tuple[QuoteLine, ...]
    total: Money

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
    """What is due. FeeUnknown if an amount that counts is unknown, or if no row at all is for this kind and route."""
    rows = [row for row in schedule.rows if row.applies(purpose, facts.kind, facts.route, facts.on)]
    if not rows:
        raise FeeUnknown(f"{facts.kind}.{facts.route}.{purpose}")
    lines, unknown = [], []
    for row in rows:
        quantity = _quantity(row, facts)
        amount = row.amount if row.amount != "unknown" else schedule.demo_amount(row.code)
        if not quantity:
            continue
        if amount is None:
            unknown.append(row.code)
            continue
        lines.append(
            QuoteLine(
                code=row.code,
                names=row.names,
                quantity=quantity,
                unit=Money(amount, schedule.currency),
                amount=Money(amount * quantity, schedule.currency),
                rule=row.rule,
                certainty=row.certainty,
                demo=row.amount == "unknown",
            )
        )
    if unknown:
        raise FeeUnknown(*unknown)
    return Quote(
        purpose, schedule.code, tuple(lines), Money(sum(line.amount.minor for line in lines), schedule.currency)
    )


def _quantity(row: FeeRow, facts: FilingFacts) -> int:
    if row.per == "filing":
        return 1
    counts = {"claim": facts.claims, "design": facts.designs, "page": facts.pages}
    return max(0, counts[row.per] - row.over)
