"""Dealing with the lines of loaded statements: one commit each, by a sweep that may be killed anywhere.

A line with our reference is the bank's own evidence and goes through `settle`; all that this leaves over opens a case.
Nothing is silently kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.contracts.cases import CaseOpened, StatementApplied, StatementLoaded, StatementRecord
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.errors import Corrupt
from chalicelib.log import log
from chalicelib.offices.banks import BankAccount
from chalicelib.offices.model import Office
from chalicelib.payment import refunds
from chalicelib.payment.cases import OWNER
from chalicelib.payment.ledger import entered
from chalicelib.payment.model import Notice, Order, Status, Trust
from chalicelib.payment.orders import reference_key
from chalicelib.payment.settle import Apply, Confirm, Duplicate, Park, settle
from chalicelib.payment.statements.records import LINES, line_case, line_reason, movement, records_of
from chalicelib.register.cases import case_of, opening
from chalicelib.register.model import (
    Delete,
    Due,
    Item,
    Operation,
    Put,
    Register,
    Stream,
    StreamId,
    case,
    deciding,
)

RUN = 300  # lines dealt with in one run of the sweep
SAVE = 25  # lines after which the place is kept


@dataclass(frozen=True, kw_only=True)
class TakeLines:
    """Deal with the lines of loaded statements that wait."""

    register: Register
    waiting: Due
    office: Office
    payees: Mapping[str, frozenset[str]]
    clock: Clock

    def __call__(self) -> None:
        left = RUN
        for key in self.waiting.due(LINES, until=self.clock(), limit=20):
            left -= self.statement(StreamId.parse(key.pk), left)
            if left <= 0:
                return

    def statement(self, stream_id: StreamId, limit: int) -> int:
        """Go on with one statement for at most `limit` lines; answers how many it was."""
        stream = self._stream(stream_id)
        loaded, cursor = stream.last(StatementLoaded), stream.items.get("CURSOR")
        account = self.office.banks.account(loaded.account) if loaded else None
        if loaded is None or cursor is None or account is None:
            raise Corrupt(f"{stream_id} cannot be dealt with")
        if "due" not in cursor.attributes:
            return 0
        records, done = list(records_of(stream)), int(cursor.attributes["done"])
        part = records[done : done + limit]
        for place, record in enumerate(part, start=1):
            deciding(lambda record=record: self._line(stream_id.id, account, record))  # type: ignore[misc]
            if place % SAVE == 0 and place < len(part):
                cursor = self._keep(cursor, done + place)
        if done + len(part) < len(records):
            self._keep(cursor, done + len(part))
            return len(part)
        self.register.commit(
            stream.append(StatementApplied(lines=len(records)), by="tra:take_lines", at=self.clock()),
            Put(cursor.key, {"done": len(records)}, expects=cursor.version),
        )
        return len(part)

    def _keep(self, cursor: Item, done: int) -> Item:
        self.register.commit(Put(cursor.key, {**cursor.attributes, "done": done}, expects=cursor.version))
        return replace(cursor, version=cursor.version + 1, attributes={**cursor.attributes, "done": done})

    def _line(self, identifier: str, account: BankAccount, record: StatementRecord) -> None:
        """One line: settled, or a case. Pending ones wait for the statement that books them."""
        if record.status == "pending":
            return
        stream = self._order_of(record)
        if stream is not None and self._settled(stream, identifier, account, record):
            return
        if stream is not None and self._given_back(stream, account, record):
            return
        self._case(identifier, account, record, stream)

    def _settled(self, stream: Stream, identifier: str, account: BankAccount, record: StatementRecord) -> bool:
        standing, reference = Order.fold(stream.entries), record.reference or ""
        notice = self._notice(standing, identifier, account, record)
        if notice is None:
            return False
        payees = self.payees.get(notice.rail, frozenset())
        verdict = settle(standing, reference, notice, payees=payees)
        if isinstance(verdict, Duplicate):
            return True
        if not isinstance(verdict, Apply | Confirm | Park):
            return False
        operations = entered(self.register, stream, verdict, by="tra:take_lines", at=self.clock())
        if operations is None:
            log("bank-transaction-counted-already", stream=str(stream.id))
            return True
        self.register.commit(*operations)
        return True

    def _given_back(self, stream: Stream, account: BankAccount, record: StatementRecord) -> bool:
        """Whether the line is a refund that two persons decided; then its case is closed by it."""
        if (record.direction, record.status) != ("out", "booked") or record.kind not in ("payment", "other"):
            return False
        what, name = line_case(account.code, record), f"{account.code}:{movement(record)}"
        if self.register.item(case_of(what)) is not None:
            return True  # dealt with before we were killed
        waiting = [one for one in refunds.rows(stream) if one.attributes["currency"] == account.currency]
        found = refunds.matching(waiting, record.reference or "", record.amount)
        operations = refunds.closing(
            self.register, found, name, what=what, line=True, by="tra:take_lines", at=self.clock()
        )
        if not operations:
            operations = self._told_later(stream, account, record, what)
        if operations:
            self.register.commit(*operations)
        return bool(operations)

    def _told_later(
        self, stream: Stream, account: BankAccount, record: StatementRecord, what: str
    ) -> tuple[Operation, ...]:
        """The line tells of a refund that the bank's check, its list or a person told of before."""
        mine = [one for one in refunds.gone(stream) if one.attributes["currency"] == account.currency]
        row = next(iter(refunds.matching(mine, record.reference or "", record.amount)), None)
        if row is None or row.attributes["amount"] != record.amount:
            return ()
        about = {"stream": str(case(str(row.attributes["case"])))}
        return (Delete(row.key, expects=row.version), Put(case_of(what), about))

    def _notice(self, standing: Order, identifier: str, account: BankAccount, record: StatementRecord) -> Notice | None:
        """The line as evidence; None where it is neither income nor its reversal."""
        attempt = standing.attempt(record.reference or "")
        if attempt is None or record.kind not in ("payment", "other"):
            return None
        going = record.status == "reversal" and record.direction == "out"
        if not going and (record.direction, record.status) != ("in", "booked"):
            return None
        day = date.fromisoformat(record.day)
        begins = datetime.combine(day, time(), ZoneInfo(self.office.time_zone))
        return Notice(
            rail=attempt.rail if attempt.rail in account.rails else account.code,
            order_ref=attempt.reference,
            bank_ref=f"{account.code}:{movement(record)}",
            event_key=f"statement:{account.code}:{movement(record)}",
            status=Status.REVERSED if going else Status.PAID,
            trust=Trust.AUTHORITATIVE,
            at=self.clock(),
            amount_minor=record.amount,
            currency=account.currency,
            paid_at=begins,
            paid_until=begins + timedelta(days=1),
            refunded_minor=record.amount if going else 0,
            raw_sha256=record.sha256,
            statement=identifier,
        )

    def _case(self, identifier: str, account: BankAccount, record: StatementRecord, stream: Stream | None) -> None:
        what = line_case(account.code, record)
        if self.register.item(case_of(what)) is not None:
            return
        fact = CaseOpened(
            reason=line_reason(record),
            owner=OWNER,
            order=stream.id.id if stream else None,
            reference=record.reference,
            rail=account.code,
            bank_ref=f"{account.code}:{movement(record)}",
            amount=record.amount,
            currency=account.currency,
            statement=identifier,
            line=record.n,
            day=record.day,
            evidence_sha256=record.sha256,
        )
        self.register.commit(*opening(what, fact, by="tra:take_lines", at=self.clock()))

    def _order_of(self, record: StatementRecord) -> Stream | None:
        lookup = self.register.item(reference_key(record.reference)) if record.reference else None
        return self.register.load(StreamId.parse(lookup.attributes["stream"])) if lookup else None

    def _stream(self, stream_id: StreamId) -> Stream:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        return stream
