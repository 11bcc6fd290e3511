"""One office, as validated from its folder. Code names no country; whatever differs between offices is here.

Every rule row says where it comes from (`rule`) and how sure we are (`certainty`): *sure* (read in the source),
*secondary* (reports of agents and law firms), *assumed* (ours; the office must confirm).
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chalicelib.offices.banks import Banks
from chalicelib.offices.fees import FeeSchedule
from chalicelib.offices.officers import Act, Officer
from chalicelib.offices.registries import Registries
from chalicelib.offices.uploads import ImageProfile, UploadLimits

Certainty = Literal["sure", "secondary", "assumed"]
Text = Mapping[str, str]  # language (ISO 639) → words
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
Check = Literal[
    "document", "title", "applicant", "applicant-address", "applicant-name", "agent-when-abroad", "inventor",
    "designs", "views", "one-image-format", "claims-counted", "basis", "priority-period", "declaration",
]  # fmt: skip
Need = Literal["file", "change", "withdrawal", "extension"]
FilingState = Literal["submitted", "paid", "acknowledged", "handed-over"]
When = Literal["always", "with-agent", "with-priority"]
MOST_ROOTS = 90_000  # characters: they reach the process that looks at a file on its command line (at most 128 KiB on Linux)
_NEEDS = {
    "document": "document",
    "one-image-format": "document",
    "applicant-name": "language",
    "priority-period": "months",
    "declaration": "declaration",
}


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Route(_Data):
    """A way to a right: national, through the PCT, validation of a European patent …"""

    code: Code
    names: Text


class Elsewhere(Route):
    """A way to a right that does not lead through this office's door; `where` says where one files."""

    where: Text
    rule: str
    certainty: Certainty


class Kind(_Data):
    """A kind of application. `number_format` may use {office}, {series}, {year} and {serial} (with a width)."""

    code: Code
    names: Text
    series: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,8}$")]
    number_format: str = "{office}/{series}/{year}/{serial}"
    st13_type: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] | None = None  # WIPO ST.13: type of right
    edms_type: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,12}$")] | None = None  # the EDMS's own code, if known
    routes: tuple[Route, ...]
    elsewhere: tuple[Elsewhere, ...] = ()
    rule: str
    certainty: Certainty

    def not_taken(self, code: str) -> tuple[str, dict[str, str]]:
        """Why this kind has no such route: a code of messages, and its parameters."""
        for way in self.elsewhere:
            if way.code == code:
                return "route.elsewhere", {"route": " / ".join(way.names.values()), "where": " / ".join(way.where.values())}
        return "route.unknown", {"route": code}

    def route(self, code: str) -> Route | None:
        """The route with this code."""
        return next((route for route in self.routes if route.code == code), None)


class DocumentKind(_Data):
    """A kind of document a filer may attach, and what its file may be. `max_pages` is of a PDF; `max_total_bytes` is of all
    files of this kind in one application. `kinds` and `routes` say in which applications it may stand."""

    code: Code
    names: Text
    media_types: tuple[str, ...]
    max_bytes: Annotated[int, Field(gt=0)]
    max_total_bytes: Annotated[int, Field(gt=0)] | None = None
    max_pages: Annotated[int, Field(gt=0)] | None = None
    repeatable: bool = False
    body: bool = False  # part of the text of an application: what ST.96 calls its body
    kinds: tuple[str, ...] = ("*",)
    routes: tuple[str, ...] = ("*",)
    image: ImageProfile | None = None
    rule: str
    certainty: Certainty

    @model_validator(mode="after")
    def _pictures_fit(self) -> "DocumentKind":
        if self.image and self.image.svg != ("image/svg+xml" in self.media_types):
            raise ValueError(f"document {self.code!r}: the profile and the media types differ about SVG")
        return self

    def allowed(self, kind: str, route: str) -> bool:
        """Whether it may stand in an application of this kind, on this route."""
        return bool({"*", kind} & set(self.kinds)) and bool({"*", route} & set(self.routes))


class PaperKind(_Data):
    """A kind of later paper: what may be sent to a filing that was submitted. `needs` is what it cannot be without; `answers`
    says whether it names what it answers; `documents` are the kinds of files it may have. `fee` is a purpose of the fee
    schedule; `unpaid` says what becomes of a paper whose fee is open: it is `received` all the same, or `refused`, with words
    on where to pay. `states` are those of a filing in which it may come; `once`: a filing has one at most."""

    code: Code
    names: Text
    explained: Text
    documents: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    answers: Literal["must", "may", "no"] = "no"
    fee: Code | None = None
    unpaid: Literal["received", "refused"] = "received"
    states: tuple[FilingState, ...] = ("submitted", "paid", "acknowledged", "handed-over")
    once: bool = False
    edms_type: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,12}$")] | None = None  # the EDMS's own code, if known
    rule: str
    certainty: Certainty

    @model_validator(mode="after")
    def _hangs_together(self) -> "PaperKind":
        if "file" in self.needs and not self.documents:
            raise ValueError(f"paper {self.code!r} needs a file and may have none")
        if self.fee is None and self.unpaid == "refused":
            raise ValueError(f"paper {self.code!r} is refused for want of a fee that it does not have")
        return self


class FileFinding(_Data):
    """How grave it is that a file is outside a rule (`code`, as the screening names it): a `notice` is shown before
    submission and goes no further; a `defect` stands in the receipt and must be mended within `days`."""

    code: Code
    severity: Literal["defect", "notice"]
    documents: tuple[str, ...] = ("*",)
    days: int | None = None
    rule: str
    certainty: Certainty

    @model_validator(mode="after")
    def _says_enough(self) -> "FileFinding":
        if (self.severity == "defect") != (self.days is not None):
            raise ValueError(f"finding {self.code!r}: a defect has days to mend it, a notice has none")
        return self


class Requirement(_Data):
    """Something an application must have. Without it no filing date can be given (`blocks`), or it must be mended within
    `days` (`defect`). A document with a `language` (a translation) is not asked of an application written in it."""

    check: Check
    severity: Literal["blocks", "defect"]
    when: When = "always"
    kinds: tuple[str, ...] = ("*",)
    routes: tuple[str, ...] = ("*",)
    document: str | None = None
    language: str | None = None
    months: int | None = None
    declaration: str | None = None
    days: int | None = None
    rule: str
    certainty: Certainty

    def applies(self, kind: str, route: str) -> bool:
        """Whether the row is for this kind and route."""
        return bool({"*", kind} & set(self.kinds)) and bool({"*", route} & set(self.routes))

    @model_validator(mode="after")
    def _says_enough(self) -> "Requirement":
        if self.severity == "defect" and self.days is None:
            raise ValueError(f"requirement {self.check!r} is a defect without days to mend it")
        if (needed := _NEEDS.get(self.check)) and getattr(self, needed) is None:
            raise ValueError(f"requirement {self.check!r} does not say its {needed}")
        return self


class LetterTexts(_Data):
    """The office's own words on a letter. `opening` stands in place of the acknowledgement's first sentence, `warning` says
    in a frame what the paper is not. `words` are the labels of a language that ships with none (`signing/words`).
    `persons`: one officer prepares it, another approves it, and both are named in it."""

    title: Text
    opening: Text | None = None
    warning: Text | None = None
    next_steps: tuple[Text, ...]
    reason: Text
    location: Text
    persons: bool = False
    words: Mapping[str, Mapping[str, Any]] = {}


class Office(_Data):
    """One office."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]  # WIPO ST.3
    names: Text
    letterhead: tuple[Text, ...]
    contact: Text
    languages: tuple[str, ...]
    time_zone: str
    currency: str
    reference_prefix: Annotated[str, StringConstraints(pattern=r"^[A-HJKMNP-TV-Z]{2}$")]  # see payment/references.py
    number_authority: Literal["tra"] = "tra"
    acknowledge: Literal["after-payment"] = "after-payment"
    hand_over: Literal["when-acknowledged"] = "when-acknowledged"
    st96_version: Annotated[str, StringConstraints(pattern=r"^V[0-9]{1,2}_[0-9]{1,2}$")] = "V6_0"  # of packages' XML
    records_years: Annotated[int, Field(ge=1)]
    max_attachments: Annotated[int, Field(ge=1, le=90)] = 90
    uploads: UploadLimits = UploadLimits()
    kinds: tuple[Kind, ...]
    documents: tuple[DocumentKind, ...]
    requirements: tuple[Requirement, ...]
    papers: tuple[PaperKind, ...] = ()
    paper_number_format: str = "{number}-P{serial}"  # of a later paper, within its application's
    file_findings: tuple[FileFinding, ...] = ()
    letters: Mapping[str, LetterTexts]
    messages: Mapping[str, Mapping[str, tuple[str, str]]] = {}  # code → language → (what is wrong, what to do)
    fees: FeeSchedule
    banks: Banks = Banks()
    officers: tuple[Officer, ...] = ()
    signer_roots: tuple[str, ...] = ()  # PEM: see `load.py`
    registries: Registries = Registries()

    def kind(self, code: str) -> Kind | None:
        """The kind with this code."""
        return next((kind for kind in self.kinds if kind.code == code), None)

    def document(self, code: str, kind: str) -> DocumentKind | None:
        """The document kind with this code, if it may stand in an application of `kind`."""
        return next(
            (row for row in self.documents if row.code == code and {"*", kind} & set(row.kinds)),
            None,
        )

    def paper(self, code: str) -> PaperKind | None:
        """The kind of later paper with this code."""
        return next((row for row in self.papers if row.code == code), None)

    def documents_of_paper(self, paper: PaperKind, kind: str) -> tuple[DocumentKind, ...]:
        """The kinds of files that such a paper may have, for an application of `kind`. A document whose `kinds` is empty stands
        in later papers only."""
        return tuple(
            row
            for row in self.documents
            if row.code in paper.documents and (not row.kinds or {"*", kind} & set(row.kinds))
        )

    def paper_number(self, number: str, serial: int) -> str:
        """The number of a later paper as displayed: `KH/D/2026/10-P1`."""
        return self.paper_number_format.format(number=number, serial=serial)

    def file_finding(self, code: str, document: str) -> FileFinding | None:
        """How grave a finding is in a file of this kind; None where the office says nothing: then it is a notice."""
        rows = (row for row in self.file_findings if row.code == code and {"*", document} & set(row.documents))
        return next(rows, None)

    def officer(self, account: str, act: Act, day: date) -> Officer | None:
        """The person of this account, if the office lets it do this on this day."""
        rows = (row for row in self.officers if row.account == account and act in row.may and row.on(day))
        return next(rows, None)

    def application_number(self, kind: Kind, year: int, serial: int) -> str:
        """The number as displayed: `KH/D/2026/10`."""
        return kind.number_format.format(office=self.code, series=kind.series, year=year, serial=serial)

    @model_validator(mode="after")
    def _codes_are_known(self) -> "Office":
        kinds, documents = {kind.code for kind in self.kinds}, {row.code for row in self.documents}
        routes = {route.code for kind in self.kinds for route in kind.routes}
        if len({kind.series for kind in self.kinds}) != len(self.kinds) or len(kinds) != len(self.kinds):
            raise ValueError("two kinds share a code or a series: their numbers would collide")
        if any(kind.route(way.code) for kind in self.kinds for way in kind.elsewhere):
            raise ValueError("a route leads through this office's door or it does not: not both")
        if self.fees.currency != self.currency:
            raise ValueError(f"fees are in {self.fees.currency}, the office's currency is {self.currency}")
        used = [("document", row.code, "kind", set(row.kinds), kinds) for row in self.documents]
        used += [("document", row.code, "route", set(row.routes), routes) for row in self.documents]
        for fee in self.fees.rows:
            used += [
                ("fee", fee.code, "kind", set(fee.kinds), kinds),
                ("fee", fee.code, "route", set(fee.routes), routes),
            ]
        for row in self.requirements:
            used += [
                ("requirement", row.check, "kind", set(row.kinds), kinds),
                ("requirement", row.check, "route", set(row.routes), routes),
                ("requirement", row.check, "document", {row.document or "*"}, documents),
                ("requirement", row.check, "language", {row.language or "*"}, set(self.languages)),
            ]
        for paper in self.papers:
            used += [
                ("paper", paper.code, "document", set(paper.documents), documents),
                ("paper", paper.code, "fee", {paper.fee or "*"}, set(self.fees.purposes())),
            ]
        if len({paper.code for paper in self.papers}) != len(self.papers):
            raise ValueError("two kinds of later papers share a code")
        used += [
            ("finding", finding.code, "document", set(finding.documents), documents) for finding in self.file_findings
        ]
        for what, code, of, names, known in used:
            if unknown := names - known - {"*"}:
                raise ValueError(f"{what} {code!r} names an unknown {of}: {sorted(unknown)}")
        return self

    @model_validator(mode="after")
    def _signers_are_known(self) -> "Office":
        if sum(map(len, self.signer_roots)) > MOST_ROOTS or any("BEGIN CERTIFICATE" not in pem for pem in self.signer_roots):
            raise ValueError(f"roots of signers are certificates in PEM, together at most {MOST_ROOTS} characters")
        if len({row.account for row in self.officers}) != len(self.officers):
            raise ValueError("two officers share an account: nobody could tell who acted")
        return self

    @model_validator(mode="after")
    def _words_are_complete(self) -> "Office":
        named: list[Text] = [self.names, self.contact, *self.letterhead]
        named += [kind.names for kind in self.kinds] + [route.names for kind in self.kinds for route in kind.routes]
        named += [text for kind in self.kinds for way in kind.elsewhere for text in (way.names, way.where)]
        named += [row.names for row in self.documents] + [fee.names for fee in self.fees.rows]
        named += [text for paper in self.papers for text in (paper.names, paper.explained)]
        named += [view.names for row in self.documents if row.image for view in row.image.views]
        for letter in self.letters.values():
            named += [letter.title, *letter.next_steps, letter.reason, letter.location]
            named += [text for text in (letter.opening, letter.warning) if text]
        named += [text for officer in self.officers for text in (officer.names, officer.title)]
        for texts in named:
            if missing := set(self.languages) - set(texts):
                raise ValueError(f"words missing in {sorted(missing)}: {dict(texts)}")
        return self
