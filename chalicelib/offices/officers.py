"""The persons who may answer for a letter of the office, as its data: account → name and title, what they may do, and when.

Two things must both be so before anybody acts: the issuer of accounts gives the role, and the office has the person on this
list. Rows are never removed (letters name these persons); `last` ends one.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Act = Literal["prepare", "approve"]


class Officer(BaseModel):
    """One person. `account` is the pseudonym under which entries name what was done (`web/principal.py`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    account: Annotated[str, StringConstraints(pattern=r"^account:[a-z0-9_-]{1,64}$")]
    names: Mapping[str, str]
    title: Mapping[str, str]
    may: Annotated[tuple[Act, ...], Field(min_length=1)]
    first: date
    last: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Officer":
        if self.last is not None and self.last < self.first:
            raise ValueError(f"{self.account}: its last day is before its first")
        return self

    def on(self, day: date) -> bool:
        """Whether the person is in office on a day."""
        return self.first <= day and (self.last is None or day <= self.last)
