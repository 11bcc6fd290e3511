"""From a doorbell to a settled order: ring, ask the bank, settle from its answer, credit the filing.

1. A notification is verified, kept as a bell that expires, and rings; it settles nothing. One for an order that is not
   there waits for it (`strangers.py`).
2. A bell, or the schedule for attempts whose bell never rang, makes us ask the bank: one question per attempt and interval.
3. Only the bank's answer settles: the order's entry and the once-row of the bank's transaction are one commit.
4. A paid order credits its filing with an entry there, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.contracts.cases import CaseOpened
from chalicelib.contracts.events import FeePaid, Member
from chalicelib.kernel.clock import Clock, parse_stamp, stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, LostRace, NotFound, Unavailable
from chalicelib.log import log
from chalicelib.payment.cases import OWNER
from chalicelib.payment.ledger import entered
from chalicelib.payment.model import Answer, Attempt, Delivery, Http, Notice, Order, Rail, Rejected, Reply, Status
from chalicelib.payment.orders import ASK, Bells, ask_key, issued_key, last_asked, later_key, reference_key
from chalicelib.payment.schedule import MIN_INTERVAL, may_ask, next_question
from chalicelib.payment.settle import Apply, Confirm, Park, settle
from chalicelib.payment.strangers import waits_for_order
from chalicelib.register.cases import case_of, opening
from chalicelib.register.model import (
    Due,
    Item,
    Key,
    Operation,
    Put,
    Register,
    Stream,
    StreamId,
    deciding,
    filing,
    paper,
)

BELL_DAYS = 14
AGAIN = timedelta(hours=1)  # after a last call whose answer was not dealt with
MAX_DELAY = timedelta(minutes=15)  # of a message in the queue (SQS); the schedule rings what is due later
LISTENING = timedelta(minutes=1)  # after a bell that the bank's answer did not bear out yet, ask again so soon
SWEEP = 100
UNSETTLED = (Status.PENDING, Status.HELD, Status.UNKNOWN)  # the bank may still have money that it did not tell of


@dataclass(frozen=True, kw_only=True)
class Doorbell:
    """Takes notifications."""

    register: Register
    rails: Mapping[str, Rail]
    bells: Bells
    clock: Clock

    def __call__(self, rail_name: str, delivery: Delivery) -> Reply:
        """The bank's answer to a delivery: taken, refused or later, and never more. NotFound for a rail we do not have."""
        rail = self.rails.get(rail_name)
        if rail is None:
            raise NotFound.because("rail.not-found")
        now = self.clock()
        try:
            notice = rail.verify(delivery, now=now)
        except Rejected as error:
            log("notification-refused", rail=rail_name, reason=error.reason, alarm=error.alarm)
            return rail.ack(Answer.REFUSED)
        try:
            self._keep(notice, now)
            self.bells.ring(notice.order_ref, rung=True)
        except Unavailable:
            return rail.ack(Answer.LATER)
        return rail.ack(Answer.TAKEN)

    def _keep(self, notice: Notice, now: datetime) -> None:
        key = Key(f"BELL#{notice.rail}#{Digest.of(notice.event_key.encode())}", "BELL")
        bell = {
            "reference": notice.order_ref,
            "at": stamp(now),
            "raw_sha256": notice.raw_sha256,
            "expires": int((now + timedelta(days=BELL_DAYS)).timestamp()),
        }
        if self.register.item(reference_key(notice.order_ref)) is None:
            bell |= waits_for_order(notice, now)
        try:
            self.register.commit(Put(key, bell))
        except LostRace:
            log("bell-again", rail=notice.rail)  # rings all the same: the first may have died before it rang


@dataclass(frozen=True, kw_only=True)
class AskDue:
    """Rings for attempts whose next question is due."""

    register: Due
    bells: Bells
    clock: Clock

    def __call__(self) -> None:
        for key in self.register.due(ASK, until=self.clock(), limit=SWEEP):
            item = self.register.item(key)  # the list lags behind: look
            if item and item.attributes.get("due") == ASK:
                self.bells.ring(str(item.attributes["reference"]), rung=False)


@dataclass(frozen=True, kw_only=True)
class AskBank:
    """Ask about one attempt, and settle."""

    register: Register
    rails: Mapping[str, Rail]
    windows: Mapping[str, int]
    payees: Mapping[str, frozenset[str]]
    http: Http
    bells: Bells
    clock: Clock

    def __call__(self, reference: str, *, rung: bool) -> None:
        """Settle from the bank's answer. A question asked too soon after another is put off, not dropped."""
        lookup = self.register.item(reference_key(reference))
        if lookup is None:
            log("bell-unknown-reference")
            return
        stream_id = StreamId.parse(lookup.attributes["stream"])
        stream = self._stream(stream_id)
        order = Order.fold(stream.entries)
        attempt = order.attempt(reference)
        if attempt is None:
            raise Corrupt(f"{stream_id} does not know a reference that leads to it")
        if not self.windows[attempt.rail]:
            log("bell-nobody-to-ask", stream=str(stream_id))
            return
        now = self.clock()
        ask = stream.items.get(ask_key(stream_id.id, attempt.n).sk)
        if not may_ask(last_asked(ask), now):
            self._later(stream, attempt.n, reference, now, rung=rung)
            return
        # an attempt whose issue we did not learn of may have been paid all the same: it is asked about like any other
        following = next_question(attempt.issued_at or attempt.opened_at, now, window_days=self.windows[attempt.rail])
        last_call = following is None
        if following is None:
            following = now + AGAIN  # if we die before the answer is dealt with; taken off once it is
        elif rung:
            following = min(following, now + LISTENING)
        try:
            marked = self._mark(stream_id, attempt.n, ask, reference, now, following)
        except LostRace:
            return  # somebody else is asking this very moment
        notice = self._question(stream, order, attempt, now)
        deciding(lambda: self._settle(stream_id, reference, notice, attempt.n, marked))
        if last_call:
            deciding(lambda: self._finish(stream_id, attempt.n, reference, notice))
        elif not self.rails[attempt.rail].notifies and notice.status in UNSETTLED and following - now <= MAX_DELAY:
            self.bells.ring(reference, rung=False, delay=following - now)

    def _later(self, stream: Stream, n: int, reference: str, now: datetime, *, rung: bool) -> None:
        """Put the bell off, unless one waits already: however many ring, one message is under way for an interval. Killed
        between the two, the schedule asks in its place."""
        key = later_key(stream.id.id, n)
        there = stream.items.get(key.sk)
        if there is not None and parse_stamp(str(there.attributes["until"])) > now:
            return
        try:
            until = {"until": stamp(now + MIN_INTERVAL)}
            self.register.commit(Put(key, until, expects=there.version if there else None))
        except LostRace:
            return  # another bell waits
        self.bells.ring(reference, rung=rung, delay=MIN_INTERVAL)

    def _question(self, stream: Stream, order: Order, attempt: Attempt, now: datetime) -> Notice:
        kept = stream.items.get(issued_key(stream.id.id, attempt.n).sk)
        bill = order.bill(attempt, str(kept.attributes.get("token", "")) if kept else "")
        notice = self.rails[attempt.rail].query(bill, now=now, http=self.http)
        if notice.alarm:
            log("bank-answer-alarm", stream=str(stream.id), rail=notice.rail, remark=notice.remark)
        return notice

    def _settle(self, stream_id: StreamId, reference: str, notice: Notice, n: int, marked: int) -> None:
        stream = self._stream(stream_id)
        order = Order.fold(stream.entries)
        verdict = settle(order, reference, notice, payees=self.payees.get(notice.rail, frozenset()))
        if not isinstance(verdict, Apply | Confirm | Park):
            log("bank-says", stream=str(stream_id), status=notice.status.value, remark=notice.remark)
            return
        if isinstance(verdict, Park) and verdict.alarm:
            log("payment-parked-alarm", stream=str(stream_id), reason=verdict.reason)
        recorded = entered(self.register, stream, verdict, by="tra:ask_bank", at=self.clock())
        if recorded is None:
            log("bank-transaction-counted-already", stream=str(stream_id))
            return
        operations: list[Operation] = [*recorded]
        ask = stream.items.get(ask_key(stream_id.id, n).sk)
        if not isinstance(verdict, Park) and ask is not None and ask.version == marked:
            operations.append(Put(ask.key, _rested(ask), expects=marked))
        self.register.commit(*operations)

    def _finish(self, stream_id: StreamId, n: int, reference: str, notice: Notice) -> None:
        """The rail answers no more: ask no more. Without a word on the money a person looks (the statement may still
        tell)."""
        stream = self._stream(stream_id)
        ask, what = stream.items.get(ask_key(stream_id.id, n).sk), f"window#{reference}"
        operations: list[Operation] = []
        if ask is not None and "due" in ask.attributes:
            operations.append(Put(ask.key, _rested(ask), expects=ask.version))
        silent = notice.status in UNSETTLED and not Order.fold(stream.entries).paid
        if silent and self.register.item(case_of(what)) is None:
            fact = CaseOpened(
                reason="window-passed",
                owner=OWNER,
                order=stream_id.id,
                reference=reference,
                rail=notice.rail,
                evidence_sha256=notice.raw_sha256 or None,
            )
            operations += opening(what, fact, by="tra:ask_bank", at=self.clock())
        if operations:
            self.register.commit(*operations)

    def _mark(
        self, stream_id: StreamId, n: int, ask: Item | None, reference: str, now: datetime, following: datetime
    ) -> int:
        attributes: dict[str, Any] = {"reference": reference, "asked_at": stamp(now)}
        attributes |= {"due": ASK, "due_at": stamp(following)}
        self.register.commit(Put(ask_key(stream_id.id, n), attributes, expects=ask.version if ask else None))
        return (ask.version if ask else 0) + 1

    def _stream(self, stream_id: StreamId) -> Stream:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        return stream


def _rested(ask: Item) -> dict[str, Any]:
    """The row of an attempt about which nothing more is asked by itself."""
    return {name: value for name, value in ask.attributes.items() if name not in {"due", "due_at"}}


@dataclass(frozen=True, kw_only=True)
class CreditFiling:
    """Enter a paid order on what it is for."""

    register: Register
    clock: Clock

    def __call__(self, stream_id: StreamId) -> None:
        """FeePaid on the filing, on each of a group's, or on the later paper, once. Corrupt if the order is not paid, or what
        it is for does not exist. Killed between two filings, the same message goes on with those that have none."""
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        order = Order.fold(stream.entries)
        for part in order.parts:
            deciding(lambda part=part: self._credit(stream_id, order, part))  # type: ignore[misc]

    def _credit(self, stream_id: StreamId, order: Order, part: Member) -> None:
        filed = self.register.load(paper(part.paper) if part.paper else filing(part.filing))
        if filed is None or order.payment is None:
            raise Corrupt(f"{stream_id} is not paid, or for no filing")
        if any(fact.order == stream_id.id for fact in filed.facts(FeePaid)):
            return
        paid = order.payment
        fact = FeePaid(
            order=stream_id.id,
            purpose=order.purpose,
            reference=paid.reference,
            rail=paid.rail,
            amount=part.amount,
            currency=paid.currency,
            paid_at=paid.paid_at,
            demo=part.demo,
        )
        self.register.commit(filed.append(fact, by="tra:credit_filing", at=self.clock()))
