"""Which registries may tell an office's front anything, and the words in which the applicant reads what they say.

A code that stands in no row is shown in general words, with the code itself: what the registry says is never held back because
nobody has written words for it yet.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

Text = Mapping[str, str]  # language (ISO 639) → words
Certainty = Literal["sure", "secondary", "assumed"]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Coded(_Data):
    """A registry's code for a status, or for a kind of letter, in words."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    words: Text
    rule: str
    certainty: Certainty


class Registries(_Data):
    """`names` are those whose messages are taken: `urn:registry:<name>`."""

    names: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")], ...] = ()
    statuses: tuple[Coded, ...] = ()
    letters: tuple[Coded, ...] = ()

    def status(self, code: str) -> Text | None:
        """A status in words; None for a code without a row."""
        return next((row.words for row in self.statuses if row.code == code), None)

    def letter(self, code: str) -> Text | None:
        """A kind of letter in words; None for a code without a row."""
        return next((row.words for row in self.letters if row.code == code), None)

    @model_validator(mode="after")
    def _codes_are_one(self) -> "Registries":
        for rows in (self.statuses, self.letters):
            if len({row.code for row in rows}) != len(rows):
                raise ValueError("two rows share a code")
        return self
