"""What officers send: what a letter shall say, a word on one that another prepared. Shapes and limits only."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.contracts.fact import Code, Id, Number, Sha256
from chalicelib.contracts.form import Day, Names, Words
from chalicelib.kernel.errors import Finding, Invalid
from chalicelib.signing.model import Defect, Particular

MOST_POINTS, MOST_PARTICULARS, MOST_VALUES, MOST_LETTERS = 30, 40, 10, 50
WANTS: Mapping[str, str] = {  # the kind of letter → what it must say, beside what its texts say already
    "request-documents": "points",
    "certificate-draft": "particulars",
    "completeness": "",
}


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Point(_Asked):
    """Something the applicant has to do: what is wrong, what to do, by when."""

    code: Code = "point"
    message: Names
    what_to_do: Names
    by: Day | None = None

    def to_letter(self) -> Defect:
        """As the letter has it."""
        by = date.fromisoformat(self.by) if self.by else None
        return Defect(code=self.code, message=self.message, what_to_do=self.what_to_do, by=by)


class Line(_Asked):
    """One particular of a certificate, with its INID code (WIPO ST.9, ST.80) if it has one."""

    inid: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] = ""
    label: Names
    values: Annotated[tuple[Annotated[dict[str, Words], Field(min_length=1, max_length=8)], ...],
                      Field(min_length=1, max_length=MOST_VALUES)]  # fmt: skip

    def to_letter(self) -> Particular:
        """As the letter has it."""
        return Particular(label=self.label, values=tuple(self.values), inid=self.inid)


class Content(_Asked):
    """What a letter says that its kind does not say already."""

    points: Annotated[tuple[Point, ...], Field(max_length=MOST_POINTS)] = ()
    particulars: Annotated[tuple[Line, ...], Field(max_length=MOST_PARTICULARS)] = ()

    def fitting(self, document: str, languages: tuple[str, ...]) -> "Content":
        """Itself. Invalid, with everything at once, if this kind of letter says something else, or a language is missing."""
        found = []
        for name in ("points", "particulars"):
            there, wanted = bool(getattr(self, name)), WANTS.get(document) == name
            if there != wanted:
                code = "letter.part-missing" if wanted else "letter.part-not-wanted"
                found.append(Finding(code=code, pointer=f"/content/{name}", params={"document": document}))
        texts = [(f"points/{at}/message", one.message) for at, one in enumerate(self.points)]
        texts += [(f"points/{at}/what_to_do", one.what_to_do) for at, one in enumerate(self.points)]
        texts += [(f"particulars/{at}/label", one.label) for at, one in enumerate(self.particulars)]
        for pointer, said in texts:
            missing = ", ".join(language for language in languages if language not in said)
            if missing:
                params = {"languages": missing}
                found.append(Finding(code="letter.language-missing", pointer=f"/content/{pointer}", params=params))
        if found:
            raise Invalid(*found)
        return self


class Preparation(_Asked):
    """A new letter about the application with this number."""

    number: Number
    document: Code
    content: Content = Content()


class Change(_Asked):
    """What a letter that was prepared shall say instead."""

    content: Content = Content()


class Seen(_Asked):
    """A letter, and the digest of the content that the officer read."""

    letter: Id
    content_sha256: Sha256


class Approvals(_Asked):
    """Letters that shall be sealed, each as it was read."""

    letters: Annotated[tuple[Seen, ...], Field(min_length=1, max_length=MOST_LETTERS)]


class Rejection(_Asked):
    """It goes back; `ground` is a code of the desk's own."""

    content_sha256: Sha256
    ground: Code
