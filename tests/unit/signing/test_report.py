"""The sealed report of a day: one for each run, the same whatever is killed or repeated between."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from chalicelib.contracts.cases import DayReconciled, ReportSealed
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, NotFound
from chalicelib.register.model import Put, StreamId, day_key, report_prefix
from chalicelib.signing.report import FetchReport, SealReport
from chalicelib.signing.report_content import ReportContent
from tests.unit.payment.finance import DARA, Finance, day_of, export, reference_of


@dataclass
class Press:
    """`signing.report.Reports`: each seal is different, so that a second one would show."""

    sealed: list[tuple[ReportContent, bytes]] = field(default_factory=list)

    def report(self, content: ReportContent, rows: bytes) -> bytes:
        """See `Reports`."""
        self.sealed.append((content, rows))
        return b"report %d" % len(self.sealed)


class Linking:
    """`Links`."""

    def link(self, key: str, *, file_name: str, seconds: int) -> str:
        return f"https://records.example/{key}?as={file_name}&for={seconds}"


class Day:
    """A day with a payment, reconciled once."""

    def __init__(self) -> None:
        self.finance, self.press = Finance(), Press()
        opened = self.finance.opened()
        assert self.finance.desk.bank.pay(reference_of(opened))
        self.finance.ask(reference_of(opened))
        self.finance.taken(export([("F1", -500, "FEE")], day=day_of(self.finance.desk.clock())))
        self.day = (self.finance.desk.clock() + timedelta(hours=7)).date().isoformat()
        self.finance.desk.clock.advance(timedelta(days=1))
        self.finance.reconcile(DARA, self.day)

    @property
    def stream(self) -> StreamId:
        row = self.finance.desk.register.item(day_key(self.day))
        assert row is not None
        return StreamId.parse(str(row.attributes["stream"]))

    @property
    def seal(self) -> SealReport:
        desk = self.finance.desk
        return SealReport(
            register=desk.register, office=desk.office, records=desk.records, reports=self.press,
            test_trust=True, clock=desk.clock,
        )  # fmt: skip

    def sealed(self) -> tuple[ReportSealed, ...]:
        return self.finance.desk.load(self.stream).facts(ReportSealed)


def test_a_run_is_sealed_once_under_its_own_key() -> None:
    day = Day()
    for _ in range(2):
        day.seal(day.stream)
    (fact,) = day.sealed()
    assert (fact.day, fact.run, fact.key) == (day.day, 1, f"reconciliations/{day.day}/0001.b-b.pdf")
    assert fact.sha256 == Digest.of(b"report 1").hex
    assert len(day.press.sealed) == 1


def test_it_says_what_the_entry_says_and_holds_the_rows_whose_digest_it_names() -> None:
    day = Day()
    day.seal(day.stream)
    ((content, rows),) = day.press.sealed
    entry = day.finance.desk.load(day.stream).last(DayReconciled)
    assert entry is not None
    assert (content.day.isoformat(), content.run, content.cases, content.rows) == (day.day, 1, entry.cases, entry.rows)
    assert {(one.bank, one.currency, one.result, one.count, one.amount) for one in content.sums} == {
        ("aba", "KHR", "matched", 1, 80_000),
        ("aba", "KHR", "fee", 1, 500),
    }
    assert Digest.of(rows).hex == entry.report_sha256 == content.report_sha256.hex


def test_a_further_run_is_a_further_report() -> None:
    day = Day()
    day.seal(day.stream)
    day.finance.reconcile(DARA, day.day)
    day.seal(day.stream)
    assert [fact.run for fact in day.sealed()] == [1, 2]


def test_runs_that_came_before_any_was_sealed_are_all_sealed() -> None:
    day = Day()
    day.finance.reconcile(DARA, day.day)
    day.seal(day.stream)
    assert [fact.run for fact in day.sealed()] == [1, 2]


def test_killed_after_storing_the_stored_one_is_the_report() -> None:
    day = Day()
    day.finance.desk.records.put_once(f"reconciliations/{day.day}/0001.b-b.pdf", b"the first", "application/pdf")
    day.seal(day.stream)
    assert [fact.sha256 for fact in day.sealed()] == [Digest.of(b"the first").hex]
    assert day.press.sealed == []


def test_two_at_once_enter_one() -> None:
    day = Day()
    other = replace(day.seal)
    day.finance.desk.register.rivals = [lambda: other(day.stream)]
    day.seal(day.stream)
    assert len(day.sealed()) == 1


def test_rows_that_are_not_the_recorded_ones_are_never_sealed() -> None:
    day = Day()
    stream = day.finance.desk.load(day.stream)
    item = next(item for name, item in stream.items.items() if name.startswith(report_prefix(1)))
    forged = [{**row, "amount": 1} for row in item.attributes["rows"]]
    day.finance.desk.register.commit(Put(item.key, {"rows": forged}, expects=item.version))
    with pytest.raises(Corrupt):
        day.seal(day.stream)
    assert day.press.sealed == []


def test_the_desk_gets_the_newest_and_nothing_before_there_is_one() -> None:
    day = Day()
    fetch = FetchReport(register=day.finance.desk.register, links=Linking())
    for asked in (day.day, "2020-01-01", "x"):
        with pytest.raises(NotFound, match=r"reconciliation\.not-sealed"):
            fetch(asked)
    day.finance.reconcile(DARA, day.day)
    day.seal(day.stream)
    fact, url, seconds = fetch(day.day)
    assert (fact.run, seconds) == (2, 60)
    assert fact.key in url and f"reconciliation-{day.day}-2.pdf" in url
