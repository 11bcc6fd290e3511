"""The report of a day's reconciliation, sealed: one for each run, drawn from the run's own entry, stored once, entered.

1. Everything it says stands in the entry `DayReconciled`, and its time is the entry's, so that a repeat draws the same.
2. The rows are attached as they are kept; they must have the digest that the entry names.
3. The sealed report is stored under its own key unless one lies there; what lies there is the report. Its digest is entered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from chalicelib.contracts import records
from chalicelib.contracts.cases import DayReconciled, ReportSealed
from chalicelib.kernel.clock import Clock, parse_stamp
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Corrupt, Finding, NotFound
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.register.model import Entry, Register, Stream, StreamId, day_key, deciding, report_prefix
from chalicelib.signing import model
from chalicelib.signing.report_content import ReportContent, Sum
from chalicelib.signing.service import LEVEL, LINK_SECONDS, Links, Lying, Records

CODE = "reconciliation"
ACTOR = "tra:seal_report"


class Reports(Protocol):
    """Draws and seals."""

    def report(self, content: ReportContent, rows: bytes) -> bytes:
        """The sealed PDF of this content, signed as of its time, with the rows embedded."""


@dataclass(frozen=True, kw_only=True)
class SealReport:
    """Seal what a day's runs came to."""

    register: Register
    office: Office
    records: Records
    reports: Reports
    test_trust: bool
    clock: Clock

    def __call__(self, stream_id: StreamId) -> None:
        """Every run of the day that is not sealed yet."""
        stream = self._load(stream_id)
        runs = [entry for entry in stream.entries if entry.type == DayReconciled.__name__]
        for run, entry in enumerate(runs, start=1):
            if run not in {fact.run for fact in stream.facts(ReportSealed)}:
                self._run(stream, run, entry)

    def _run(self, stream: Stream, run: int, entry: Entry) -> None:
        fact = entry.fact
        if not isinstance(fact, DayReconciled):
            raise Corrupt(f"{stream.id} {entry.seq} is no reconciliation")
        key = records.report(fact.day, run, LEVEL)
        if self.records.head(key) is None:
            rows = canonical(_rows(stream, run))
            if Digest.of(rows).hex != fact.report_sha256:
                raise Corrupt(f"{stream.id}: the kept rows of run {run} are not the recorded ones")
            pdf = self.reports.report(self._content(fact, run, entry), rows)
            lying = self.records.put_once(key, pdf, "application/pdf")
        else:
            lying = self.records.stored(key)
        deciding(lambda: self._enter(stream.id, fact, run, key, lying))

    def _enter(self, stream_id: StreamId, of: DayReconciled, run: int, key: str, lying: Lying) -> None:
        stream = self._load(stream_id)
        if any(fact.run == run for fact in stream.facts(ReportSealed)):
            return
        fact = ReportSealed(
            day=of.day,
            run=run,
            report_sha256=of.report_sha256,
            level=LEVEL,
            key=key,
            sha256=lying.sha256.hex,
            size=lying.size,
        )
        self.register.commit(stream.append(fact, by=ACTOR, at=self.clock()))

    def _content(self, fact: DayReconciled, run: int, entry: Entry) -> ReportContent:
        office, texts = self.office, self.office.letters[CODE]
        own = {name: letter.words for name, letter in office.letters.items()}
        return ReportContent(
            languages=office.languages,
            office=model.Office(name=office.names, head=office.letterhead),
            title=texts.title,
            day=date.fromisoformat(fact.day),
            run=run,
            made_at=parse_stamp(entry.at),
            time_zone=office.time_zone,
            covered=fact.covered,
            rows=fact.rows,
            cases=fact.cases,
            sums=tuple(
                Sum(bank=one.bank, currency=one.currency, result=one.result, count=one.count, amount=one.amount)
                for one in fact.tallies
            ),
            report_sha256=Digest(fact.report_sha256),
            trust_label=self._trust() if self.test_trust else None,
            words={
                code: {word: text for words in own.values() for word, text in words.get(code, {}).items()}
                for code in office.languages
            },
        )

    def _trust(self) -> Mapping[str, str]:
        return {language: said[0] for language, said in words(self.office, Finding(code="trust.test")).items()}

    def _load(self, stream_id: StreamId) -> Stream:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        return stream


@dataclass(frozen=True, kw_only=True)
class FetchReport:
    """Hand the newest sealed report of a day to the finance desk."""

    register: Register
    links: Links

    def __call__(self, day: str) -> tuple[ReportSealed, str, int]:
        """The report, an address that serves it, and for how many seconds. NotFound before one is sealed."""
        row = self.register.item(day_key(day))
        stream = self.register.load(StreamId.parse(str(row.attributes["stream"]))) if row else None
        sealed = max(stream.facts(ReportSealed), key=lambda fact: fact.run, default=None) if stream else None
        if sealed is None:
            raise NotFound.because("reconciliation.not-sealed")
        name = f"reconciliation-{sealed.day}-{sealed.run}.pdf"
        return sealed, self.links.link(sealed.key, file_name=name, seconds=LINK_SECONDS), LINK_SECONDS


def _rows(stream: Stream, run: int) -> list[Any]:
    """The rows of a run as they are kept."""
    return [
        row
        for name, item in sorted(stream.items.items())
        if name.startswith(report_prefix(run))
        for row in item.attributes["rows"]
    ]
