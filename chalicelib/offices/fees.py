"""An office's fee schedule: dated rows, each with its legal basis and how sure we are of it.

Rules: an amount that no source gives is `unknown`, never guessed. `demo` amounts come from a separate file, are ours
and not the office's, and may only stand in for an unknown one. A new amount is a new row with its own dates; rows are
never changed, so that an old order still explains itself.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
When = Literal["always", "late", "restoration"]
Amount = Annotated[int, Field(strict=True, ge=0, le=10**12)]  # minor units


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FeeRow(_Data):
    """One fee. Charged once, or for each claim, design or page beyond `over`, or for each day that one is late. `term` is
    which annuity (by its year) or which term of a design it is for; `when` lets it arise only late, or only in restoration.
    Without a `currency` of its own it is in the schedule's."""

    code: Code
    names: Mapping[str, str]
    purpose: Code = "filing"
    kinds: tuple[str, ...] = ("*",)
    routes: tuple[str, ...] = ("*",)
    term: Annotated[int, Field(ge=1, le=100)] | None = None
    per: Literal["filing", "claim", "design", "page", "day"] = "filing"
    over: Annotated[int, Field(ge=0)] = 0
    when: When = "always"
    amount: Amount | Literal["unknown"]
    currency: Currency | None = None
    valid_from: date
    valid_to: date | None = None  # the last day
    rule: Annotated[str, Field(min_length=1)]
    certainty: Literal["sure", "secondary", "assumed"]

    def applies(self, purpose: str, kind: str, route: str, on: date, term: int | None = None) -> bool:
        """Whether the row is in force on that day for that kind, route and term."""
        return (
            self.purpose == purpose
            and self.term in (None, term)
            and bool({"*", kind} & set(self.kinds))
            and bool({"*", route} & set(self.routes))
            and self.valid_from <= on
            and (self.valid_to is None or on <= self.valid_to)
        )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(f"{self.code} ends before it starts")
        if self.per in ("filing", "day") and self.over:
            raise ValueError(f"{self.code}: `over` needs something to count")
        if self.per == "day" and self.when == "always":
            raise ValueError(f"{self.code}: a fee by the day arises late only")
        return self


class FeeTimes(_Data):
    """When something that comes back is due: `first_months` after filing, then every `every_months`; how early it may be
    paid, how late with a surcharge (`grace_months`), and how late with restoration. None: no source tells."""

    purpose: Code
    kinds: tuple[str, ...] = ("*",)
    first_term: Annotated[int, Field(ge=1)]
    last_term: Annotated[int, Field(ge=1)]
    first_months: Annotated[int, Field(ge=1)]
    every_months: Annotated[int, Field(ge=1)]
    opens_months: Annotated[int, Field(ge=0)] | None = None
    grace_months: Annotated[int, Field(ge=0)] | None = None
    restoration_months: Annotated[int, Field(ge=0)] | None = None
    rule: Annotated[str, Field(min_length=1)]
    certainty: Literal["sure", "secondary", "assumed"]


class DemoAmount(_Data):
    """An amount to try the office out with, where the official one is unknown."""

    code: Code
    amount: Amount


class FeeSchedule(_Data):
    """All fees of one office, in its currency unless a row says otherwise; nothing is ever converted."""

    code: Code  # names this state of the schedule; written into every order
    currency: Currency
    rows: tuple[FeeRow, ...] = Field(min_length=1)
    times: tuple[FeeTimes, ...] = ()
    demo: tuple[DemoAmount, ...] = ()

    def purposes(self) -> tuple[str, ...]:
        """What something may be due for."""
        return tuple(sorted({row.purpose for row in self.rows}))

    def time(self, purpose: str, kind: str) -> FeeTimes | None:
        """When it is due, for what comes back."""
        return next((one for one in self.times if one.purpose == purpose and {"*", kind} & set(one.kinds)), None)

    def demo_amount(self, code: str) -> int | None:
        """The demo amount for a fee, on stages that have such."""
        return next((row.amount for row in self.demo if row.code == code), None)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for place, row in enumerate(self.rows):
            for other in self.rows[place + 1 :]:
                if row.code == other.code and _overlap(row, other):
                    raise ValueError(f"two rows of {row.code} are in force at once")
        unknown = {row.code for row in self.rows if row.amount == "unknown"}
        known = {row.code for row in self.rows if row.amount != "unknown"}
        codes = [row.code for row in self.demo]
        if len(set(codes)) != len(codes) or not set(codes) <= unknown - known:
            raise ValueError("a demo amount stands in for an unknown fee only, once")
        return self


def _overlap(one: FeeRow, other: FeeRow) -> bool:
    def meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
        return "*" in left or "*" in right or bool(set(left) & set(right))

    last, other_last = one.valid_to or date.max, other.valid_to or date.max
    terms = one.term is None or other.term is None or one.term == other.term
    in_time = terms and one.valid_from <= other_last and other.valid_from <= last
    return in_time and one.purpose == other.purpose and meet(one.kinds, other.kinds) and meet(one.routes, other.routes)
