"""A letter's content in words: labels, dates, times and amounts, written the way each of its languages does.

The words of a language are data: `words/<language>.json`, and what the office adds in `LetterContent.words`. The result
is plain JSON for the template, which only lays out. A text in several languages becomes a list of `{"lang", "text"}`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from chalicelib.kernel.clock import local
from chalicelib.kernel.money import Money
from chalicelib.signing.model import (
    AmountDue,
    Defect,
    DerivedFile,
    FeeLine,
    LetterContent,
    Office,
    Payment,
    ReceivedFile,
    Table,
    Texts,
)

REFERENCE = "en"  # the language whose file says which words there are
MORE = "more"  # the words of parts that few letters have
UNKNOWN = "und"  # BCP 47: undetermined
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)

Runs = list[dict[str, str]]


class MissingWords(ValueError):
    """A language lacks words that the letter needs; the office's data can add them."""


class Written(Protocol):
    """What is written in several languages."""

    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def office(self) -> Office: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def words(self) -> Mapping[str, Mapping[str, Any]]: ...


@cache
def shipped(language: str, letter: str = "") -> Mapping[str, Any]:
    """The words that ship for a language, or those that one letter needs beside them (`report`); empty if none do."""
    if not _LANGUAGE.fullmatch(language):
        return {}
    path = files("chalicelib.signing").joinpath("words", f"{letter}-{language}.json" if letter else f"{language}.json")
    words: Mapping[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return words


@dataclass(frozen=True)
class Wording:
    """The words of a letter's languages, in their order."""

    words: Mapping[str, Mapping[str, Any]]
    time_zone: str

    @classmethod
    def of(cls, content: Written, letter: str = "") -> "Wording":
        """MissingWords names each word that a language lacks."""
        parts = dict.fromkeys(("", letter))
        words = {
            code: {word: text for part in parts for word, text in shipped(code, part).items()}
            | dict(content.words.get(code, {}))
            for code in content.languages
        }
        needed = [word for part in parts for word in shipped(REFERENCE, part)]
        missing = [f"{code}.{word}" for code, own in words.items() for word in needed if word not in own]
        if missing:
            raise MissingWords(", ".join(missing))
        return cls(words, content.time_zone)

    def texts(self, texts: Texts) -> Runs:
        """A text in the letter's languages and order, then in any other it has; equal texts once."""
        order = [*(code for code in self.words if code in texts), *sorted(set(texts) - set(self.words))]
        runs: Runs = []
        for code in order:
            text = texts[code]
            if text.strip() and text not in [run["text"] for run in runs]:
                runs.append({"lang": code if _LANGUAGE.fullmatch(code) else UNKNOWN, "text": text})
        return runs

    def label(self, word: str, **values: Texts | str) -> Runs:
        """A label in every language, `{name}` filled with the language's value."""
        return [
            {"lang": code, "text": _fill(own[word], {name: _in(value, code) for name, value in values.items()})}
            for code, own in self.words.items()
        ]

    def knows(self, word: str) -> bool:
        """Whether every language has this label."""
        return all(word in own for own in self.words.values())

    def number(self, value: int) -> Texts:
        """A whole number in each language's digits."""
        return {code: _digits(str(value), own) for code, own in self.words.items()}

    def day(self, day: date) -> Texts:
        """A date, the month by name."""
        return {
            code: _fill(
                own["date"],
                {
                    "day": _digits(f"{day.day:02d}", own),
                    "month": own["months"][day.month - 1],
                    "year": _digits(str(day.year), own),
                },
            )
            for code, own in self.words.items()
        }

    def moment(self, moment: datetime) -> Texts:
        """A time on the office's clock, to the second, with its offset from UTC."""
        here = local(moment, self.time_zone)
        offset = here.strftime("%z")
        zone, days = f"UTC{offset[:3]}:{offset[3:5]}", self.day(here.date())
        return {
            code: _fill(own["moment"], {"date": days[code], "time": _digits(f"{here:%H:%M:%S}", own), "zone": zone})
            for code, own in self.words.items()
        }

    def amount(self, money: Money) -> str:
        """An amount with its currency code, grouped as the first language does, in digits that banks print too."""
        first = next(iter(self.words.values()))
        whole, _, fraction = money.decimal.partition(".")
        grouped = f"{int(whole):,}".replace(",", first["group"])
        return f"{grouped}{first['decimal'] if fraction else ''}{fraction} {money.currency}"

    def size(self, value: int) -> str:
        """A size in bytes, grouped."""
        group: str = next(iter(self.words.values()))["group"]
        return f"{value:,}".replace(",", group)


def present(content: LetterContent) -> dict[str, Any]:
    """The letter in words, for the template. MissingWords if a language lacks some."""
    more = MORE if content.due or content.derived else ""
    say = Wording.of(content, more)
    office, every = content.office, {**shipped(REFERENCE), **(shipped(REFERENCE, more) if more else {})}
    return {
        "languages": list(content.languages),
        "digits": {code: say.words[code]["digits"] for code in content.languages},
        "trust": say.texts(content.trust_label or {}),
        "head": [say.texts(line) for line in office.head],
        "ministry": [say.texts(line) for line in office.ministry],
        "office": say.texts(office.name),
        "contact": [say.texts(line) for line in office.contact],
        "letter_title": say.texts(content.letter_title),
        "letter_number": content.letter_number,
        "letter_code": content.letter_code,
        "number": content.application_number,
        "labels": {word: say.label(word) for word, text in every.items() if isinstance(text, str)},
        "issued": say.texts(say.day(local(content.issued_at, content.time_zone).date())),
        "intro": say.texts(content.opening) if content.opening else say.label("intro", office=office.name),
        "warning": say.texts(content.warning or {}),
        "number_label": say.texts(content.number_label) if content.number_label else say.label("application_number"),
        "received": say.texts(say.moment(content.received_at)) if content.received_at else [],
        "details": _details(content, say),
        "files_heading": say.label("files", count=say.number(len(content.files))) if _lists_files(content) else [],
        "files": [_file(file, say) for file in content.files],
        "digests": [
            {"label": say.label(word), "sha256": digest.hex}
            for word, digest in (
                ("form_digest", content.form_sha256),
                ("manifest_digest", content.manifest_sha256),
                ("receipt_digest", content.receipt_sha256),
            )
            if digest
        ],
        "derived": [_derived(file, say) for file in content.derived],
        "due": _due(content.due, say) if content.due else None,
        "tables": [_table(table, say) for table in content.tables],
        "payment": _payment(content.payment, say) if content.payment else None,
        "defects": [_defect(defect, say) for defect in content.defects],
        "next": [say.texts(step) for step in content.next_steps],
        "url": content.verification_url.partition("#")[0],  # the code holds the fragment too
        "qr_alt": say.label("qr_alt", url=content.verification_url)[0]["text"],
        "seal_alt": say.label("seal_alt", office=office.name)[0]["text"],
    }


def _details(content: LetterContent, say: Wording) -> list[dict[str, Any]]:
    others = [{"lang": UNKNOWN, "text": f"ST.13  {content.st13_number}"}] if content.st13_number else []
    if content.ipas_number:
        others.append({"lang": UNKNOWN, "text": f"IPAS  {' / '.join(content.ipas_number)}"})
    rows: list[tuple[str, Sequence[Runs]]] = [
        ("kind", [say.texts(content.kind)]),
        ("route", [say.texts(content.route)]),
        ("filing_date", [say.texts(say.day(content.filing_date))] if content.filing_date else []),
        ("other_numbers", [[run] for run in others]),
        ("title", [say.texts(content.title)]),
        ("applicant", [say.texts(name) for name in content.applicants]),
        ("agent", [say.texts(content.agent)] if content.agent else []),
        ("reference", [[{"lang": UNKNOWN, "text": content.reference}]] if content.reference.strip() else []),
    ]
    details = [{"inid": "", "label": say.label(word), "values": values} for word, values in rows if any(values)]
    return details + [
        {"inid": one.inid, "label": say.texts(one.label), "values": [say.texts(value) for value in one.values]}
        for one in content.particulars
    ]


def _lists_files(content: LetterContent) -> bool:
    """A letter about a submission lists its files, even if there are none."""
    return bool(content.files) or content.manifest_sha256 is not None


def _derived(file: DerivedFile, say: Wording) -> dict[str, Any]:
    word = f"made_{file.what}"
    return {
        "from": str(file.from_seq),
        "what": say.label(word) if say.knows(word) else [{"lang": UNKNOWN, "text": file.what}],
        "tool": file.tool,
        "size": say.size(file.size),
        "sha256": file.sha256.hex,
    }


def _due(due: AmountDue, say: Wording) -> dict[str, Any]:
    return {
        **_fees(due.lines, due.total, say),
        "by": say.label("by_when", date=say.day(due.by)) if due.by else [],
        "reference": due.reference,
        "how": [say.texts(text) for text in due.how],
        "demo": due.demo,
    }


def _table(table: Table, say: Wording) -> dict[str, Any]:
    return {
        "title": say.texts(table.title),
        "columns": [say.texts(column) for column in table.columns],
        "widths": list(table.widths),
        "rows": [[say.texts(cell) for cell in row] for row in table.rows],
    }


def _fees(lines: tuple[FeeLine, ...], total: Money, say: Wording) -> dict[str, Any]:
    rows = [{"code": line.code, "label": say.texts(line.label), "amount": say.amount(line.amount)} for line in lines]
    return {"lines": rows, "total": say.amount(total)}


def _file(file: ReceivedFile, say: Wording) -> dict[str, Any]:
    return {
        "seq": str(file.seq),
        "role": say.texts(file.role),
        "name": file.name,
        "type": file.media_type,
        "size": say.size(file.size),
        "sha256": file.sha256.hex,
    }


def _payment(payment: Payment, say: Wording) -> dict[str, Any]:
    return {
        **_fees(payment.lines, payment.total, say),
        "paid_at": say.texts(say.moment(payment.paid_at)),
        "reference": payment.reference,
        "demo": payment.demo,
    }


def _defect(defect: Defect, say: Wording) -> dict[str, Any]:
    return {
        "code": defect.code,
        "message": say.texts(defect.message),
        "what": say.texts(defect.what_to_do),
        "by": say.label("by_when", date=say.day(defect.by)) if defect.by else [],
    }


def _in(value: Texts | str, language: str) -> str:
    if isinstance(value, str):
        return value
    return value.get(language) or next(iter(value.values()), "")


def _fill(pattern: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z_]+)\}", lambda match: values.get(match[1], match[0]), pattern)


def _digits(text: str, words: Mapping[str, Any]) -> str:
    return text.translate(str.maketrans("0123456789", words["digits"]))
