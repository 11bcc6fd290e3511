"""Asking a bank to give money back, as two persons decided. No bank here knows a repeated request from a second refund, so
that each line below may be the last one, and still nobody is given money twice:

1. The bank is asked what went back already; what it says is settled first: it may be this very refund, made by hand.
2. `RefundAsked` is entered before the call. Only one refund of an order is under way at a time.
3. The bank's word is entered: `later` (nothing was done) goes to 1; `refused` leaves it to people.
4. After `done`, or without an answer, the bank is never asked for it again: its own check is asked whether it went back. That
   closes the case. If it does not show within a day, a person looks (`RefundReferred`); the case is open all the while.
Where a bank has no such call, or the money came otherwise, a person gives it back at the bank at once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.contracts.cases import RefundAnswered, RefundAsked, RefundReferred
from chalicelib.kernel.clock import Clock, parse_stamp, stamp
from chalicelib.kernel.errors import Corrupt, LostRace
from chalicelib.kernel.money import Money
from chalicelib.log import log
from chalicelib.payment import refunds
from chalicelib.payment.cases import Case
from chalicelib.payment.ledger import learned
from chalicelib.payment.model import (
    Attempt,
    BadConfiguration,
    Http,
    HttpFailed,
    Notice,
    Order,
    Rail,
    Refund,
    Refunder,
    Status,
    refunder,
)
from chalicelib.payment.refunds import DUE, PREFIX, put_off, rested
from chalicelib.register.model import Due, Item, Key, Operation, Put, Register, Stream, StreamId, case, deciding

SWEEP = 1  # at a time: two calls of a slow bank, in a function that lives for half a minute
MAX_ASKED = 5  # times that a bank may say "later"
CALL = timedelta(minutes=5)  # longer than any call lives: whoever finds an asking so old knows that its caller is dead
AGAIN = timedelta(minutes=1)
NO_ANSWER = timedelta(minutes=15)
PATIENCE = timedelta(days=1)  # for a bank that cannot be asked, or does not show what it did
CHECKS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 360))
_NOT_A_CODE = re.compile(r"[^A-Za-z0-9_-]")
BACK = (Status.REFUNDED, Status.PART_REFUNDED)


@dataclass(frozen=True, slots=True)
class _Found:
    """A refund that waits, as it stands now."""

    row: Item
    stream: Stream  # the order's
    case_stream: Stream
    case: Case
    order: Order
    amount: Money

    @property
    def reference(self) -> str:
        return str(self.row.attributes["reference"])

    @property
    def under_way(self) -> bool:
        """Whether the bank was asked, and its own check has to tell."""
        return _under_way(self.case)


@dataclass(frozen=True, kw_only=True)
class AskRefunds:
    """Ask for the refunds that wait, or about those that were asked for."""

    register: Register
    waiting: Due
    rails: Mapping[str, Rail]
    payees: Mapping[str, frozenset[str]]
    http: Http
    clock: Clock

    def __call__(self) -> None:
        for key in self.waiting.due(DUE, until=self.clock(), limit=SWEEP):
            self._one(key)

    def _one(self, key: Key) -> None:
        found = self._found(key)
        if found is None:
            deciding(lambda: self._off_the_list(key))
            return
        if found.under_way and found.case.answer is None:  # its caller died, or hears nothing: never ask again
            deciding(lambda: self._never_heard(key))
            return
        rail, attempt = self._asked_at(found)
        if rail is None or attempt is None:
            why_not = self._why_not(found)
            deciding(lambda: self._leave(key, why_not))
            return
        notice = rail.query(found.order.bill(attempt), now=self.clock(), http=self.http)
        deciding(lambda: self._learned(StreamId.parse(key.pk), notice))
        found = self._found(key)
        if found is None:
            return  # it went back, by whomever
        if found.under_way:
            deciding(lambda: self._check(key, notice))
        elif (why := self._not_now(found, notice)) is not None:
            deciding(lambda: self._wait(key, why))
        else:
            self._ask(found, rail, attempt, notice)

    # ------------------------------------------------------------------ whether the bank can be asked

    def _asked_at(self, found: _Found) -> tuple[Refunder | None, Attempt | None]:
        """The rail to ask, and for which attempt; nothing where a person has to go to the bank."""
        attempt = found.order.attempt(found.reference)
        request = found.case.refunds[-1]
        rail = refunder(self.rails.get(request.rail or ""))
        if attempt is None or rail is None or attempt.rail != request.rail:
            return None, None
        young = self.clock() - attempt.opened_at < timedelta(days=rail.refund_days)
        fits = found.amount.currency == found.order.total.currency and len(found.case.asked) < MAX_ASKED
        return (rail, attempt) if found.under_way or (young and fits) else (None, None)

    def _why_not(self, found: _Found) -> str:
        if found.under_way:  # asked for, and the rail was taken away since: it may have gone back
            return "not-shown"
        request, attempt = found.case.refunds[-1], found.order.attempt(found.reference)
        if refunder(self.rails.get(request.rail or "")) is None:
            return "no-call"
        if attempt is None or attempt.rail != request.rail:
            return "other-account"
        if found.amount.currency != found.order.total.currency:
            return "other-currency"
        return "bank-busy" if len(found.case.asked) >= MAX_ASKED else "too-old"

    def _not_now(self, found: _Found, notice: Notice) -> str | None:
        """Why the bank may not be asked at this moment; "" to try again."""
        if notice.status is Status.UNKNOWN:
            old = self.clock() - parse_stamp(str(found.row.attributes["decided_at"])) > PATIENCE
            return "no-answer" if old else ""
        if notice.status in (Status.REFUNDED, Status.REVERSED):
            return "gone-already"
        if notice.status not in (Status.PAID, Status.PART_REFUNDED):
            return "not-paid-there"
        other = found.stream.items.get("REFUNDING")
        if other is not None and other.attributes["case"] != found.case.id:
            stream = self.register.load(case(str(other.attributes["case"])))
            if stream is not None and _under_way(Case.fold(stream.id, stream.head.status, stream.entries)):
                return ""
        return None

    # ------------------------------------------------------------------ what is done

    def _ask(self, found: _Found, rail: Refunder, attempt: Attempt, notice: Notice) -> None:
        now, key = self.clock(), found.row.key
        lock = found.stream.items.get("REFUNDING")
        intent = RefundAsked(
            reference=found.reference,
            rail=notice.rail,
            amount=found.amount.minor,
            currency=found.amount.currency,
            before=notice.refunded_minor,
        )
        try:
            self.register.commit(
                found.case_stream.append(intent, by="tra:ask_refunds", at=now),
                put_off(found.row, now + CALL),
                Put(Key(key.pk, "REFUNDING"), {"case": found.case.id}, expects=lock.version if lock else None),
            )
        except LostRace:
            return  # somebody else asks, or decided otherwise
        try:
            outcome, code = rail.refund(found.order.bill(attempt), found.amount, now=now, http=self.http)
        except HttpFailed:
            outcome, code = Refund.UNKNOWN, "no-answer"
        except (BadConfiguration, ValueError):  # before anything was sent
            outcome, code = Refund.REFUSED, "configuration"
        log("refund-answered", case=found.case.id, outcome=outcome.value, code=code)
        deciding(lambda: self._heard(key, outcome, code))

    def _never_heard(self, key: Key) -> None:
        """Whoever asked is dead: its answer, if it still comes, is no worse than this."""
        found = self._found(key)
        if found is not None and found.under_way and found.case.answer is None:
            self._heard(key, Refund.UNKNOWN, "no-answer")

    def _heard(self, key: Key, outcome: Refund, code: str) -> None:
        """Enter what the bank said. A person may have closed the case meanwhile: it is entered all the same."""
        row, stream = self.register.item(key), self._case_of(key)
        now, answer = self.clock(), RefundAnswered(outcome=outcome.value, code=_NOT_A_CODE.sub("", code)[:20])
        if row is None or stream.head.status != "decided":
            self.register.commit(stream.append(answer, by="tra:ask_refunds", at=now))
            return
        facts = [answer, *([RefundReferred(reason="refused")] if outcome is Refund.REFUSED else [])]
        known = {**row.attributes, "answered_at": stamp(now)}
        told = rested(row) if outcome is Refund.REFUSED else Put(
            key, {**known, "due": DUE, "due_at": stamp(now + AGAIN)}, expects=row.version
        )  # fmt: skip
        self.register.commit(stream.append(*facts, by="tra:ask_refunds", at=now), told)

    def _check(self, key: Key, notice: Notice) -> None:
        """The bank was asked for it: does it show? What shows is settled already, so that only what another entry told of
        before is closed here."""
        found = self._found(key)
        if found is None or not found.case.asked:
            return
        asked, now = found.case.asked[-1], self.clock()
        if notice.status in BACK and notice.refunded_minor >= asked.before + asked.amount:
            operations: tuple[Operation, ...] = refunds.closing(
                self.register, (found.row,), notice.bank_ref or found.reference, by="tra:ask_refunds", at=now
            )
            if operations:
                self.register.commit(*operations)
            return
        answered = parse_stamp(str(found.row.attributes["answered_at"]))
        following = next((answered + wait for wait in CHECKS if answered + wait > now), answered + PATIENCE)
        if now >= following:
            self._leave(key, "not-shown")
            return
        self.register.commit(put_off(found.row, following))

    def _wait(self, key: Key, why: str) -> None:
        found = self._found(key)
        if found is None:
            return
        if why:
            self._leave(key, why)
        else:
            self.register.commit(put_off(found.row, self.clock() + NO_ANSWER))

    def _leave(self, key: Key, reason: str) -> None:
        """A person gives it back at the bank; the case says so, and stays."""
        found = self._found(key)
        if found is not None:
            log("refund-left-to-people", case=found.case.id, reason=reason)
            left = found.case_stream.append(RefundReferred(reason=reason), by="tra:ask_refunds", at=self.clock())
            self.register.commit(left, rested(found.row))

    def _off_the_list(self, key: Key) -> None:
        """What is nobody's to ask for stands before nobody else."""
        row, stream = self.register.item(key), self._case_of(key)
        left = Case.fold(stream.id, stream.head.status, stream.entries).left
        if row is not None and row.attributes.get("due") == DUE and (left or stream.head.status != "decided"):
            self.register.commit(rested(row))

    def _learned(self, stream_id: StreamId, notice: Notice) -> None:
        stream = self._order_of(stream_id)
        payees = self.payees.get(notice.rail, frozenset())
        learned(self.register, stream, notice, payees=payees, by="tra:ask_refunds", at=self.clock())

    # ------------------------------------------------------------------ how it stands

    def _found(self, key: Key) -> _Found | None:
        """The refund, if it is still to be asked for or about."""
        stream = self._order_of(StreamId.parse(key.pk))
        row = stream.items.get(key.sk)
        if row is None or row.attributes.get("due") != DUE:
            return None
        if parse_stamp(str(row.attributes["due_at"])) > self.clock():
            return None  # the list lags behind: somebody is at it
        about = self._case_of(key)
        if about.head.status != "decided":
            return None
        amount = Money(int(row.attributes["amount"]), str(row.attributes["currency"]))
        folded = Case.fold(about.id, about.head.status, about.entries)
        if folded.left is not None:
            return None  # it is people's now, for ever
        return _Found(row, stream, about, folded, Order.fold(stream.entries), amount)

    def _case_of(self, key: Key) -> Stream:
        stream = self.register.load(case(key.sk.removeprefix(PREFIX)))
        if stream is None:
            raise Corrupt(f"{key} is of no case")
        return stream

    def _order_of(self, stream_id: StreamId) -> Stream:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        return stream


def _under_way(one: Case) -> bool:
    """Asked for, and not known yet whether it went back."""
    said = one.answer.outcome if one.answer else "unknown"
    return bool(one.asked) and one.left is None and one.status == "decided" and said in ("done", "unknown")
