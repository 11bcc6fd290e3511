"""The connector's configuration: where IPAS is, and which code of ours is which code of the office's. TOML, validated whole.

Nothing is guessed: what stands in no row is not sent, and a package that needs it waits, with words on what to fill in.
DIP's own codes are unknown to us; `infra/ipas/example.toml` shows every table with made-up ones.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chalicelib.contracts.inbound import Source
from chalicelib.contracts.registered import StatusCode
from chalicelib.registry.ipas.model import MAP_IT, NeedsPerson

Code = Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]
OurCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
Basis = Literal["none", "pct", "regional", "external"]  # where an earlier application or patent elsewhere is written


def _zone(name: str) -> str:
    ZoneInfo(name)
    return name


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Service(_Row):
    """Where IPAS is. `wsdl` is an address, or a file's path, from the configuration's own folder."""

    wsdl: str
    source: Source = "urn:registry:ipas"  # this registry's name in what it tells; the office's data must know it
    address: str | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60
    settle_seconds: Annotated[int, Field(ge=0, le=3600)] = 120  # after a lost answer, until IPAS is asked what it did
    retry_seconds: Annotated[int, Field(ge=0, le=86_400)] = 300  # after IPAS said no
    attempts: Annotated[int, Field(ge=1, le=20)] = 3  # how often IPAS may say no before the registry is said to refuse
    poll_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900  # between two looks at one open file
    time_zone: Annotated[str, AfterValidator(_zone)]


class Receiving(_Row):
    """How receptions are entered. Log and document origin must be this connector's alone: it numbers documents there."""

    origin: Code
    doc_log: Code
    doc_origin: Code
    first_document: Annotated[int, Field(ge=1)] = 1
    close_log: bool = False
    main_language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]  # of `title` and `InOtherLang`
    representative: Code
    demo_payments: bool = False  # whether money of a bank's simulator may be entered: never in production


class Application(_Row):
    """One kind and route of ours."""

    kind: OurCode
    route: OurCode
    type: Code
    subtype: Code
    law: Annotated[int, Field(ge=0)] | None = None
    basis: Basis = "none"


class PaperType(_Row):
    """One kind of later paper."""

    kind: OurCode
    type: Code
    origin: Code | None = None  # else that of receptions


class Rail(_Row):
    """One way of paying."""

    rail: OurCode
    type: Code


class Status(_Row):
    """One status of IPAS. `told_as` is the front's code for it (else the same), `st27` the key event (A10 …) that it stands
    for; `final` ends the polling of a file."""

    code: Code
    told_as: StatusCode | None = None
    st27: Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{2}$")] | None = None
    final: bool = False

    @property
    def told(self) -> str:
        """The front's code."""
        return self.told_as or self.code

    @model_validator(mode="after")
    def _can_be_told(self) -> "Status":
        if self.told_as is None and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", self.code) is None:
            raise ValueError(f"{self.code} is no code that the front takes: say told_as")
        return self


class Letter(_Row):
    """One kind of office document that goes to the applicant; one that stands in no row stays in the office."""

    type: Code
    code: OurCode


class Maps(_Row):
    """All of it."""

    service: Service
    receiving: Receiving
    file_types: dict[str, Code]
    applications: tuple[Application, ...]
    papers: tuple[PaperType, ...] = ()
    rails: tuple[Rail, ...] = ()
    statuses: tuple[Status, ...] = ()
    letters: tuple[Letter, ...] = ()

    def application(self, kind: str, route: str) -> Application:
        """The row of a kind and route. NeedsPerson if there is none."""
        for row in self.applications:
            if (row.kind, row.route) == (kind, route):
                return row
        raise NeedsPerson(f"{kind} by {route} stands in no row of [[applications]]", MAP_IT)

    def paper(self, kind: str) -> PaperType:
        """The row of a kind of paper. NeedsPerson if there is none."""
        for row in self.papers:
            if row.kind == kind:
                return row
        raise NeedsPerson(f"the paper {kind} stands in no row of [[papers]]", MAP_IT)

    def rail(self, rail: str) -> Rail:
        """The row of a rail. NeedsPerson if there is none."""
        for row in self.rails:
            if row.rail == rail:
                return row
        raise NeedsPerson(f"money by {rail} stands in no row of [[rails]]", MAP_IT)

    def status(self, code: str | None) -> Status | None:
        """The row of a status, if there is one."""
        return next((row for row in self.statuses if row.code == code), None)

    def letter(self, type_: str | None) -> Letter | None:
        """The row of a kind of office document, if there is one."""
        return next((row for row in self.letters if row.type == type_), None)

    def twice(self) -> Iterator[str]:
        """Codes that stand in two rows: the first would always win."""
        for name, keys in (
            ("applications", [f"{row.kind} {row.route}" for row in self.applications]),
            ("papers", [row.kind for row in self.papers]),
            ("rails", [row.rail for row in self.rails]),
            ("statuses", [row.code for row in self.statuses]),
            ("letters", [row.type for row in self.letters]),
        ):
            yield from (f"[[{name}]] {key}" for key in sorted(set(keys)) if keys.count(key) > 1)


def load_maps(path: Path) -> Maps:
    """The configuration in `path`. ValidationError or TOMLDecodeError says what is wrong in it."""
    maps = Maps.model_validate(tomllib.loads(path.read_text("utf-8")))
    wsdl = maps.service.wsdl
    if "://" in wsdl or Path(wsdl).is_absolute():
        return maps
    where = maps.service.model_copy(update={"wsdl": str((path.parent / wsdl).resolve())})
    return maps.model_copy(update={"service": where})
