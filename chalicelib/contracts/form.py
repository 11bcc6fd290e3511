"""The form: what an applicant writes, before and at submission. Shapes and limits only; what must be there is in `rules.py`.

A draft may be incomplete, never malformed: an unknown field, a wrong type or a hidden character is refused at once, with
every other such finding. Text is kept as typed (NFC), in as many languages as the filer gives.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from chalicelib.kernel import ids
from chalicelib.kernel.digest import canonical
from chalicelib.kernel.errors import Finding, Invalid
from chalicelib.kernel.text import forbidden_characters, nfc

M = TypeVar("M", bound=BaseModel)


def _clean(text: str, *, line_breaks: bool = False) -> str:
    text = nfc(text).strip()
    if found := forbidden_characters(text, line_breaks=line_breaks):
        raise PydanticCustomError("characters", "{found}", {"found": found})
    if not text.strip(" \u200b\u200c\u200d"):
        raise PydanticCustomError("blank", "nothing but spaces", {})
    return text


def _clean_lines(text: str) -> str:
    return _clean(text, line_breaks=True)


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError("day", "not a day of the calendar", {}) from error
    return text


Words = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_clean)]
Lines = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_clean_lines)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
OfficeCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]  # WIPO ST.3
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_day)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
ForeignNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/., ()-]{0,49}$")]
Email = Annotated[
    str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,189}$", max_length=254), AfterValidator(_clean)
]
Names = Annotated[dict[Language, Words], Field(min_length=1, max_length=8)]
Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9/ -]{0,29}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Party(_Part):
    """A person or organisation, named in one or more languages and scripts."""

    names: Names
    kind: Literal["person", "organisation"] = "person"
    country: OfficeCode
    address: Annotated[dict[Language, Lines], Field(max_length=8)] = {}
    email: Email | None = None
    agent_number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/-]{1,20}$")] | None = None


class Priority(_Part):
    """A claim to the date of an earlier foreign filing (Paris Convention, Article 4)."""

    office: OfficeCode
    number: ForeignNumber
    date: Day


class EarlierRight(_Part):
    """What a validation, an extension or a national phase stands on: an earlier application or patent elsewhere."""

    office: OfficeCode
    application_number: ForeignNumber
    publication_number: ForeignNumber | None = None
    filed: Day
    published: Day | None = None
    granted: Day | None = None


class View(_Part):
    """One picture of a design: which attachment shows which side (WIPO ST.96 ViewTypeCategory)."""

    attachment: Annotated[str, StringConstraints(pattern=ids.PATTERN)]
    shows: Literal[
        "perspective", "front", "back", "top", "bottom", "left", "right", "isometric", "unfolded", "exploded",
        "cross-sectional", "detail", "reference", "other",
    ] = "other"  # fmt: skip


class Design(_Part):
    """One design of an application."""

    product: Names
    locarno: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}-[0-9]{2}$")] | None = None  # Locarno class, NN-NN
    views: Annotated[tuple[View, ...], Field(max_length=50)] = ()


class Form(_Part):
    """An application as drafted."""

    kind: Code
    route: Code = "national"
    language: Language = "en"
    reference: Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_clean)] | None = None
    title: Annotated[dict[Language, Lines], Field(max_length=8)] = {}
    applicants: Annotated[tuple[Party, ...], Field(max_length=50)] = ()
    agent: Party | None = None
    inventors: Annotated[tuple[Party, ...], Field(max_length=100)] = ()
    priorities: Annotated[tuple[Priority, ...], Field(max_length=100)] = ()
    basis: EarlierRight | None = None
    classifications: Annotated[tuple[Symbol, ...], Field(max_length=100)] = ()  # IPC symbols
    claim_count: Annotated[int, Field(ge=0, le=10_000)] = 0
    page_count: Annotated[int, Field(ge=0, le=100_000)] = 0
    designs: Annotated[tuple[Design, ...], Field(max_length=100)] = ()
    declarations: Annotated[tuple[Code, ...], Field(max_length=20)] = ()

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785): what is digested, confirmed and filed. Absent fields are left out."""
        return canonical(self.model_dump(mode="json", exclude_none=True))


_CODES = {
    "missing": "field.missing",
    "extra_forbidden": "field.unknown",
    "characters": "field.characters",
    "blank": "field.empty",
    "day": "field.day",
    "literal_error": "field.choice",
    "string_too_short": "field.empty",
    "string_too_long": "field.too-long",
    "string_pattern_mismatch": "field.form",
    "too_long": "field.too-many",
    "too_short": "field.empty",
}


def findings(error: ValidationError) -> tuple[Finding, ...]:
    """Every fault pydantic found, as ours, with JSON pointers."""
    found = []
    faults = error.errors(include_url=False, include_input=False)
    wrong = {fault["loc"][:-1] for fault in faults}  # a list whose elements are wrong counts them as not there
    wrong |= {fault["loc"][:-2] for fault in faults}
    for fault in faults:
        if fault["type"] == "too_short" and fault["loc"] in wrong:
            continue
        context: Mapping[str, Any] = fault.get("ctx", {})
        path = [part for part in fault["loc"] if part != "[key]"]
        found.append(
            Finding(
                code=_CODES.get(fault["type"], "field.type"),
                pointer="".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path),
                params={name: str(value) for name, value in context.items() if isinstance(value, str | int)},
            )
        )
    return tuple(found)


def parse_form(value: Any) -> Form:
    """The form in a decoded JSON value. Invalid with every finding at once."""
    return parsed(Form, value)


def parsed(model: type[M], value: Any) -> M:
    """`value`, as it came out of JSON, as `model`. Invalid with every finding at once."""
    try:
        # JSON has no tuples and dates: validate as JSON so that strict types still mean JSON's types
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise Invalid(*findings(error)) from error
