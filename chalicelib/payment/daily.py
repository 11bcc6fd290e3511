"""The daily reconciliation: pull the banks' lists, settle what they prove, hold all books against each other, open cases.

1. What a bank's list proves and we did not know goes through `settle`, as an answer to a question does.
2. Ledger, lists and statements of the day are matched (`reconcile`). Our movements of a day are those counted on it, and
   those that a line of the day names; what a statement shows is of that line's day alone. A list, which may show the days
   beside it, adds none. So no day has another's.
3. Every row that is not matched is a case, the same one however often the day is run.
4. The report is kept under the day's stream, its digest in the entry; a later run is a further entry, not another truth.
A day that no book of a bank covers yet opens no case for that bank's movements: it waits for its statement. A list covers
no day before we had a key for it.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.contracts.cases import CaseOpened, DayReconciled, StatementLoaded, StatementRecord, Tally
from chalicelib.contracts.events import PaymentParked, PaymentVerified
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock, parse_stamp, stamp
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Corrupt, Invalid, NotFound, Unavailable
from chalicelib.log import log
from chalicelib.offices.banks import BankAccount
from chalicelib.offices.model import Office
from chalicelib.payment.cases import GOING_BACK, OWNER
from chalicelib.payment.ledger import day_list, learned
from chalicelib.payment.model import Http, Notice, NotSupported, Order, Rail, Status
from chalicelib.payment.orders import reference_key
from chalicelib.payment.reconcile import Kind, Ours, Result, Row, Theirs, reconcile, tallies
from chalicelib.payment.statements.records import line_case, movement, records_of, statements_since
from chalicelib.register.cases import case_of, opening
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import (
    Due,
    Key,
    Operation,
    Put,
    Register,
    Stream,
    StreamId,
    begin,
    day_key,
    deciding,
    reconciliation,
    report_prefix,
)

ROWS = 800  # of one item: some 200 KB
MAX_MOVEMENTS = 100_000  # of one day
CAME = (Status.PAID, Status.REFUNDED, Status.PART_REFUNDED, Status.REVERSED)
MORNING = 6  # hour on the office's clock from which the scheduled run goes


@dataclass(frozen=True, kw_only=True)
class ReconcileDay:
    """Hold the books of one day against each other."""

    register: Register
    waiting: Due
    office: Office
    rails: Mapping[str, Rail]
    payees: Mapping[str, frozenset[str]]
    http: Http
    clock: Clock
    begins: Mapping[str, datetime] = field(default_factory=dict)  # when each rail's first key began, as far as we know

    def yesterday(self) -> None:
        """The scheduled run: once a day, after the banks' night."""
        now = self.clock().astimezone(ZoneInfo(self.office.time_zone))
        day = (now.date() - timedelta(days=1)).isoformat()
        if now.hour >= MORNING and self.register.item(day_key(day)) is None:
            self("tra:reconcile", day)

    def __call__(self, actor: str, text: str, repeat: Repeat | None = None) -> dict[str, Any]:
        """The report of day `text` (YYYY-MM-DD on the office's calendar). Invalid if it has not ended yet."""
        if repeat and repeat.earlier(self.register):
            return self.report(text)[0]
        day, now = self._past(text), self.clock()
        listed, covered = [], set[str]()
        for name, rail in sorted(self.rails.items()):
            if name in self.begins and day < self.begins[name].astimezone(ZoneInfo(self.office.time_zone)).date():
                continue  # its list is empty then, and says nothing
            try:
                notices = [one for one in rail.list_day(day, now=now, http=self.http) if one.status in CAME]
            except NotSupported:
                continue
            except Unavailable as error:
                log("bank-list-missing", rail=name, error=type(error).__name__)
                continue
            covered.add(self._bank(name))
            for notice in notices:
                deciding(lambda notice=notice: self._learned(notice))  # type: ignore[misc]
            listed += notices
        lines, loaded = self._lines(day)
        covered |= loaded
        ours = self._ours(day, {one.reference for one in lines if one.reference})
        rows = reconcile(ours, [*self._from_list(listed, ours), *lines])
        cases = sum(
            self._case(row, text, actor) for row in rows if row.result is not Result.MATCHED and row.bank in covered
        )
        return self._keep(actor, text, rows, cases, covered, repeat)

    def report(self, text: str) -> tuple[dict[str, Any], tuple[Row, ...]]:
        """The newest report of a day. NotFound if it was never reconciled."""
        row = self.register.item(day_key(text))
        stream = self.register.load(StreamId.parse(str(row.attributes["stream"]))) if row else None
        last = stream.last(DayReconciled) if stream else None
        if stream is None or last is None:
            raise NotFound.because("reconciliation.not-found")
        run = len(stream.facts(DayReconciled))
        rows = [
            Row(**{**one, "result": Result(one["result"]), "sources": tuple(one["sources"])})
            for name, item in sorted(stream.items.items())
            if name.startswith(report_prefix(run))
            for one in item.attributes["rows"]
        ]
        return _head(last.to_data(), stream.entries[-1].at), tuple(rows)

    # ------------------------------------------------------------------ the banks' books

    def _learned(self, notice: Notice) -> None:
        """Settle what the list proves. A reference that is none of ours is a row of the report."""
        lookup = self.register.item(reference_key(notice.order_ref))
        stream = self.register.load(StreamId.parse(lookup.attributes["stream"])) if lookup else None
        if stream is None:
            return
        payees = self.payees.get(notice.rail, frozenset())
        learned(self.register, stream, notice, payees=payees, by="tra:reconcile", at=self.clock())

    def _from_list(self, notices: Iterable[Notice], ours: Iterable[Ours]) -> Iterator[Theirs]:
        """The list, as far as it is of this day: what it says of neighbouring days is theirs."""
        today = {one.reference for one in ours}
        for notice in notices:
            known = self.register.item(reference_key(notice.order_ref)) is not None
            if known and notice.order_ref not in today:
                continue
            name = notice.bank_ref or notice.order_ref
            going = "" if notice.status is Status.PAID else f"#{notice.status.value}#{notice.refunded_minor}"
            yield Theirs(
                source="list",
                bank=self._bank(notice.rail),
                name=name,
                reference=notice.order_ref,
                amount=notice.amount_minor or notice.refunded_minor,
                currency=notice.currency or "",
                kind="reversal" if going else "payment",
                about=f"money#{notice.rail}#{name}{going}",
            )

    def _lines(self, day: date) -> tuple[list[Theirs], set[str]]:
        """The lines of the day, and the banks whose statements reach over it."""
        found, covered, wanted = [], set(), day.isoformat()
        for stream in statements_since(self.register, None, wanted):
            loaded = stream.last(StatementLoaded)
            account = self.office.banks.account(loaded.account) if loaded else None
            if loaded is None or account is None or loaded.first > wanted:
                continue
            covered.add(account.bank)
            found += [
                _line(account, record)
                for record in records_of(stream)
                if record.day == wanted and record.status != "pending"
            ]
        return found, covered

    # ------------------------------------------------------------------ our book

    def _ours(self, day: date, named: set[str]) -> list[Ours]:
        """What was counted on the day, and what the banks' books of the day name."""
        zone = ZoneInfo(self.office.time_zone)
        begins = datetime.combine(day, time(), zone)
        ends, streams = begins + timedelta(days=1), dict[StreamId, None]()
        references = set(named)
        for utc in {begins.astimezone(UTC).date(), (ends - timedelta(microseconds=1)).astimezone(UTC).date()}:
            at = datetime.combine(utc, time(), UTC)
            for key in self.waiting.due(day_list(at), until=at + timedelta(days=1), limit=MAX_MOVEMENTS):
                item = self.register.item(key)
                if item and begins <= parse_stamp(str(item.attributes["due_at"])) < ends:
                    streams[StreamId.parse(str(item.attributes["stream"]))] = None
                    references.add(str(item.attributes["reference"]))
        for reference in sorted(named):
            if lookup := self.register.item(reference_key(reference)):
                streams[StreamId.parse(str(lookup.attributes["stream"]))] = None
        found = []
        for stream_id in streams:
            stream = self.register.load(stream_id)
            if stream is not None:
                found += [
                    one
                    for one in self._movements(stream)
                    if one.reference in references and self._booked(one) in (None, day)
                ]
        return found

    def _booked(self, mine: Ours) -> date | None:
        """The day on which a statement shows it: that is its day, whenever an answer told of it. A line's name says it."""
        for name in mine.bank_refs:
            account, _, line = name.partition(":")
            if self.office.banks.account(account) is not None:
                return date.fromisoformat(line.partition(":")[0])
        return None

    def _movements(self, stream: Stream) -> Iterator[Ours]:
        """The money of one order, each movement once with all names that it has."""
        standing = Order.fold(stream.entries)
        names: dict[tuple[str, str], set[str]] = {}
        for one in standing.confirmed:
            names.setdefault((one.rail, one.counted_as), set()).add(one.bank_ref)
        came: list[PaymentVerified | PaymentParked] = [one for one in standing.parked if one.reason not in GOING_BACK]
        paid = standing.payment
        if paid is not None and paid.counted_as is not None:
            names.setdefault((paid.rail, paid.counted_as), set()).add(paid.bank_ref)
        elif paid is not None and paid.case is None:
            came.insert(0, paid)
        for fact in came:
            yield Ours(
                bank=self._bank_of(fact),
                reference=fact.reference,
                bank_refs=frozenset({fact.bank_ref} | names.get((fact.rail, fact.bank_ref), set())),
                amount=fact.amount,
                currency=fact.currency,
                from_statement=fact.statement is not None,
            )

    # ------------------------------------------------------------------ what comes of it

    def _case(self, row: Row, day: str, actor: str) -> int:
        """Open the row's case, unless there is one; 1 if this was the first time."""
        what = row.about
        parked = [case_of(f"money#{rail}#{row.bank_ref}") for rail in self._rails(row.bank)]  # opened when it came
        fact = CaseOpened(
            reason=row.result.value,
            owner=OWNER,
            reference=row.reference or None,
            rail=row.bank,
            bank_ref=row.bank_ref or None,
            amount=row.amount,
            currency=row.currency or None,
            day=day,
        )

        def decide() -> int:
            if any(self.register.item(key) is not None for key in (case_of(what), *parked)):
                return 0
            self.register.commit(*opening(what, fact, by=actor, at=self.clock()))
            return 1

        return deciding(decide)

    def _keep(
        self, actor: str, day: str, rows: tuple[Row, ...], cases: int, covered: set[str], repeat: Repeat | None
    ) -> dict[str, Any]:
        plain = [row_data(row) for row in rows]
        told = [
            Tally(bank=bank, currency=currency or "XXX", result=result.value, count=count, amount=amount)
            for (bank, currency, result), (count, amount) in tallies(rows).items()
        ]
        fact = DayReconciled(
            day=day,
            report_sha256=Digest.of(canonical(plain)).hex,
            rows=len(rows),
            cases=cases,
            tallies=tuple(told),
            covered=tuple(sorted(covered)),
        )

        def decide() -> dict[str, Any]:
            now = self.clock()
            lookup = self.register.item(day_key(day))
            operations: list[Operation] = [repeat.kept(day=day)] if repeat else []
            if lookup is None:
                stream_id, run = reconciliation(ids.ulid(now)), 1
                operations.append(begin(stream_id, fact, by=actor, at=now, owner="tra:reconciliations", day=day))
                operations.append(Put(day_key(day), {"stream": str(stream_id)}))
            else:
                stream_id = StreamId.parse(str(lookup.attributes["stream"]))
                stream = self.register.load(stream_id)
                if stream is None:
                    raise Corrupt(f"{stream_id} does not exist")
                run = len(stream.facts(DayReconciled)) + 1
                operations.append(stream.append(fact, by=actor, at=now))
            for part, at in enumerate(range(0, len(plain), ROWS), start=1):
                key = Key(str(stream_id), f"{report_prefix(run)}{part:03d}")
                operations.append(Put(key, {"rows": plain[at : at + ROWS]}))
            self.register.commit(*operations)
            return _head(fact.to_data(), stamp(now))

        return deciding(decide)

    def _bank(self, rail: str) -> str:
        """The bank whose money a rail brings; the rail itself where the office names no account for it. In the ledger a
        line of an account that has none of the order's rails stands under the account."""
        for account in self.office.banks.accounts:
            if rail == account.code or rail in account.rails:
                return account.bank
        return rail

    def _bank_of(self, fact: PaymentVerified | PaymentParked) -> str:
        """A rail may bring money to several banks: what a statement told of came to the bank of its account."""
        account = self.office.banks.account(fact.bank_ref.partition(":")[0]) if fact.statement else None
        return account.bank if account else self._bank(fact.rail)

    def _rails(self, bank: str) -> set[str]:
        accounts = [one for one in self.office.banks.accounts if one.bank == bank]
        return {bank, *(one.code for one in accounts), *(rail for one in accounts for rail in one.rails)}

    def _past(self, text: str) -> date:
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise Invalid.because("day.malformed", "/day", day=text[:20]) from error
        if day.isoformat() != text:
            raise Invalid.because("day.malformed", "/day", day=text[:20])
        last = self.clock().astimezone(ZoneInfo(self.office.time_zone)).date() - timedelta(days=1)
        if day > last:
            raise Invalid.because("day.not-ended", "/day", day=text, last=last.isoformat())
        return day


def _line(account: BankAccount, record: StatementRecord) -> Theirs:
    kind: Kind = "payment"
    if record.status == "reversal":
        kind = "reversal"
    elif record.kind in ("fee", "payout"):
        kind = "fee" if record.kind == "fee" else "payout"
    elif record.direction == "out":
        kind = "out"
    return Theirs(
        source="statement",
        bank=account.bank,
        name=f"{account.code}:{movement(record)}",
        reference=record.reference,
        amount=record.amount,
        currency=account.currency,
        kind=kind,
        about=line_case(account.code, record),
    )


def _head(data: Mapping[str, Any], at: str) -> dict[str, Any]:
    return {**data, "at": at}


def row_data(row: Row) -> dict[str, Any]:
    """A row as plain JSON."""
    return {**asdict(row), "result": row.result.value, "sources": list(row.sources)}


COLUMNS = ("result", "bank", "currency", "amount", "reference", "bank_ref", "sources", "our_amount", "our_currency")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Iterable[Row]) -> str:
    """The report for a spreadsheet; no cell is a formula (payments.md case 91)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        data = {**row_data(row), "sources": "+".join(row.sources)}
        writer.writerow([_cell(data[name]) for name in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
