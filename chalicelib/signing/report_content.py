"""What the sealed report of a day's reconciliation says: counts and sums per bank and currency, never across."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chalicelib.kernel.digest import Digest
from chalicelib.kernel.money import MINOR_DIGITS, Money
from chalicelib.signing.model import Office, Texts
from chalicelib.signing.wording import REFERENCE, UNKNOWN, Runs, Wording, shipped

WORDS = "report"


@dataclass(frozen=True, kw_only=True)
class Sum:
    """How many, and how much in minor units, of one class at one bank in one currency."""

    bank: str
    currency: str
    result: str
    count: int
    amount: int


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """Everything the report prints. `made_at` is when the books were held against each other; see `LetterContent`."""

    languages: tuple[str, ...]
    office: Office
    title: Texts
    day: date
    run: int
    made_at: datetime
    time_zone: str
    covered: tuple[str, ...]
    rows: int
    cases: int
    sums: tuple[Sum, ...]
    report_sha256: Digest
    trust_label: Texts | None
    words: Mapping[str, Mapping[str, Any]]


def present_report(content: ReportContent) -> dict[str, Any]:
    """The report in words, for the template. MissingWords if a language lacks some."""
    say = Wording.of(content, WORDS)
    every = {**shipped(REFERENCE), **shipped(REFERENCE, WORDS)}
    details: tuple[tuple[str, Runs], ...] = (
        ("report_day", say.texts(say.day(content.day))),
        ("report_run", say.texts(say.number(content.run))),
        ("report_made", say.texts(say.moment(content.made_at))),
        ("report_covered", _plain(", ".join(content.covered)) if content.covered else say.label("report_nobody")),
        ("report_rows", say.texts(say.number(content.rows))),
        ("report_cases", say.texts(say.number(content.cases))),
    )
    return {
        "languages": list(content.languages),
        "digits": {code: say.words[code]["digits"] for code in content.languages},
        "trust": say.texts(content.trust_label or {}),
        "office": say.texts(content.office.name),
        "letter_title": say.texts(content.title),
        "labels": {word: say.label(word) for word, text in every.items() if isinstance(text, str)},
        "intro": say.label("report_intro", office=content.office.name, day=say.day(content.day)),
        "details": [{"label": say.label(word), "value": value} for word, value in details],
        "rows": [
            {
                "bank": one.bank,
                "currency": one.currency,
                "class": say.label(f"class_{one.result}"),
                "count": say.size(one.count),
                "sum": _sum(one, say),
            }
            for one in content.sums
        ],
        "digest": content.report_sha256.hex,
    }


def _sum(one: Sum, say: Wording) -> str:
    return say.amount(Money(one.amount, one.currency)) if one.currency in MINOR_DIGITS else say.size(one.amount)


def _plain(text: str) -> Runs:
    return [{"lang": UNKNOWN, "text": text}]
