"""Orders: what is due for a filing, and a way to pay it.

An order is opened once for each purpose of a filing (`DUE#<purpose>` beside the filing). Each try to pay has a reference of
its own: it is written down before the bank hears of it, and what the bank issued is kept exactly as issued. Killed
between the two, the next request asks the bank again under the same reference; if the bank has it already, its answer is
lost for good and another attempt is opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from chalicelib.contracts.draft import DRAFT, Draft
from chalicelib.contracts.events import AttemptIssued, AttemptOpened, FilingSubmitted, OrderOpened
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock, local, parse_stamp, stamp
from chalicelib.kernel.errors import Conflict, Corrupt, Invalid, NotFound, Unavailable
from chalicelib.log import log
from chalicelib.offices.model import Office
from chalicelib.payment import references
from chalicelib.payment.fees import FilingFacts, Quote, quote
from chalicelib.payment.model import AlreadyCreated, Attempt, CreateRefused, Http, Issued, Order, Rail
from chalicelib.payment.schedule import may_ask, next_question
from chalicelib.register import model as register_model
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Item, Key, Operation, Put, Register, Stream, begin, deciding, filing

PURPOSE = "filing"
ASK = "ASK"  # value of `due` for attempts that wait for our next question
MAX_ATTEMPTS = 50


class Bells(Protocol):
    """The queue of bells."""

    def ring(self, reference: str, *, rung: bool, delay: timedelta = timedelta()) -> None:
        """Have the bank asked about this attempt; `rung` if somebody told us to, and not only the schedule."""


def last_asked(ask: Item | None) -> datetime | None:
    """When the bank was last asked about an attempt, by its row."""
    return parse_stamp(ask.attributes["asked_at"]) if ask and "asked_at" in ask.attributes else None


def due_key(filing_id: str, purpose: str) -> Key:
    """Which order is for this purpose of a filing."""
    return Key(str(filing(filing_id)), f"DUE#{purpose}")


def paper_due_key(paper_id: str) -> Key:
    """Which order is for a later paper."""
    return Key(str(register_model.paper(paper_id)), "DUE")


def reference_key(reference: str) -> Key:
    """Which order a reference belongs to."""
    return Key(f"ORDERREF#{reference}", "ORDERREF")


def ask_key(order_id: str, n: int) -> Key:
    """When to ask next about an attempt."""
    return Key(str(register_model.order(order_id)), f"ASK#{n:03d}")


def later_key(order_id: str, n: int) -> Key:
    """Until when a bell about an attempt is put off."""
    return Key(str(register_model.order(order_id)), f"LATER#{n:03d}")


def issued_key(order_id: str, n: int) -> Key:
    """What the bank issued for an attempt."""
    return Key(str(register_model.order(order_id)), f"ISSUED#{n:03d}")


@dataclass(frozen=True)
class OpenedOrder:
    """An order with what was issued for its newest attempt, and the quote that explains its lines."""

    id: str
    order: Order
    quote: Quote
    issued: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Open orders and attempts."""

    register: Register
    office: Office
    rails: Mapping[str, Rail]
    windows: Mapping[str, int]  # days for which a rail answers questions
    http: Http
    bells: Bells
    clock: Clock

    def today(self) -> date:
        """The day on the office's calendar."""
        return local(self.clock(), self.office.time_zone).date()

    def calculate(self, facts: FilingFacts, purpose: str = PURPOSE) -> Quote:
        """What would be due for such an application: the same lines as an order would have. Invalid for a kind, route or
        purpose that the office does not have, FeeUnknown where its schedule has no amount."""
        if purpose not in self.office.fees.purposes():
            raise Invalid.because("fee.purpose", "/purpose", purposes=", ".join(self.office.fees.purposes()))
        kind = self.office.kind(facts.kind)
        if kind is None:
            raise Invalid.because("kind.unknown", "/kind", kinds=", ".join(one.code for one in self.office.kinds))
        if kind.route(facts.route) is None:
            code, params = kind.not_taken(facts.route)
            raise Invalid.because(code, "/route", **params)
        return quote(self.office.fees, facts, purpose=purpose)

    def quote(self, account: str, filing_id: str) -> Quote:
        """What is due for a draft if it were filed now, or for a filing by its day."""
        stream = self.filing(account, filing_id)
        submitted = stream.last(FilingSubmitted)
        if submitted:
            return quote(self.office.fees, facts_of(submitted))
        form = Draft.of(stream.items[DRAFT].version, stream.items[DRAFT].attributes).form
        facts = FilingFacts(
            kind=form.kind,
            route=form.route,
            on=self.today(),
            claims=form.claim_count,
            designs=len(form.designs),
            pages=form.page_count,
        )
        return quote(self.office.fees, facts)

    def open(self, account: str, filing_id: str, rail_name: str, repeat: Repeat) -> OpenedOrder:
        """The filing's order with something to pay by. Conflict before submission or once paid; Unavailable if the bank
        cannot be had: the same request goes on where this one stopped."""
        rail = self.rail(rail_name)

        def decide() -> str:
            stream = self.filing(account, filing_id)
            if earlier := repeat.earlier(self.register):
                return str(earlier["order"])
            return self._opened(stream, rail, account, repeat)

        return self.offered(deciding(decide))

    def offered(self, order_id: str) -> OpenedOrder:
        """An order with something to pay by; where the bank has not issued it yet, it does now."""
        for _ in range(MAX_ATTEMPTS):
            order = self._order(order_id)
            attempt = order.latest
            if attempt is None:
                raise Corrupt(f"order {order_id} without attempt")
            if order.paid or order.cancelled or attempt.issued_at:
                break
            self._issue(order_id, order, attempt)
        return self.view(order_id)

    def one(self, account: str, filing_id: str) -> OpenedOrder:
        """The filing's order. NotFound if none was opened."""
        stream = self.filing(account, filing_id)
        item = stream.items.get(due_key(filing_id, PURPOSE).sk)
        if item is None:
            raise NotFound.because("order.not-found")
        return self.view(str(item.attributes["order"]))

    def ring(self, account: str, filing_id: str) -> None:
        """The payer's page says that it was paid, or only asks whether. It may say so as often as it likes: within
        `MIN_INTERVAL` of the last question nobody asks the bank again (payments.md case 79)."""
        stream = self.filing(account, filing_id)
        due = stream.items.get(due_key(filing_id, PURPOSE).sk)
        if due is None:
            raise NotFound.because("order.not-found")
        self.ring_for(str(due.attributes["order"]))

    def ring_for(self, order_id: str) -> None:
        """The same for an order by its id."""
        order_stream = self.stream(order_id)
        order = Order.fold(order_stream.entries)
        latest = order.latest
        if order.paid or latest is None or latest.issued_at is None:
            return
        ask = order_stream.items.get(ask_key(order_stream.id.id, latest.n).sk)
        if may_ask(last_asked(ask), self.clock()):
            self.bells.ring(latest.reference, rung=True)

    def _opened(self, stream: Stream, rail: Rail, account: str, repeat: Repeat) -> str:
        submitted = stream.last(FilingSubmitted)
        if submitted is None:
            raise Conflict.because("order.not-due")
        due = stream.items.get(due_key(stream.id.id, PURPOSE).sk)
        if due is None:
            asked = quote(self.office.fees, facts_of(submitted))
            if asked.total.currency not in rail.currencies:
                raise Conflict.because("rail.currency", "/rail", currency=asked.total.currency)
            return self.begun(stream, asked, rail, account, repeat, due_key(stream.id.id, PURPOSE))
        return self.again(str(due.attributes["order"]), rail, account, repeat)

    def begun(
        self, stream: Stream, asked: Quote, rail: Rail, account: str, repeat: Repeat, due: Key, *, of: str = ""
    ) -> str:
        """A new order for what lies on `stream`: a filing, or a later paper of the filing `of`. The row `due` leads to it."""
        now = self.clock()
        order_id = ids.ulid(now)
        opened = OrderOpened(
            filing=of or stream.id.id,
            purpose=asked.purpose,
            lines=tuple(line.line for line in asked.lines),
            amount=asked.total.minor,
            currency=asked.total.currency,
            schedule=asked.schedule,
            demo=asked.demo,
            paper=stream.id.id if of else None,
        )
        attempt, lookup = self.new_attempt(order_id, 1, rail)
        self.register.commit(
            begin(register_model.order(order_id), opened, attempt, by=account, at=now, owner=str(stream.id)),
            Put(due, {"order": order_id}),
            lookup,
            repeat.kept(order=order_id),
        )
        return order_id

    def again(self, order_id: str, rail: Rail, account: str, repeat: Repeat) -> str:
        """An order that is there: the way to pay it that still holds, or another. Conflict once it is paid."""
        now = self.clock()
        order_stream = self.stream(order_id)
        order = Order.fold(order_stream.entries)
        if order.paid:
            raise Conflict.because("order.paid")
        latest = order.latest
        good = latest and (latest.issued_at is None or (latest.expires_at and now < latest.expires_at))
        if latest and good and latest.rail == rail.name:
            self.register.commit(repeat.kept(order=order_id))
            return order_id  # still good: nobody needs two ways to pay the same at one bank
        if order.total.currency not in rail.currencies:
            raise Conflict.because("rail.currency", "/rail", currency=order.total.currency)
        if len(order.attempts) >= MAX_ATTEMPTS:
            raise Conflict.because("order.too-many-attempts")
        attempt, lookup = self.new_attempt(order_id, len(order.attempts) + 1, rail)
        unissued = latest is not None and latest.issued_at is None  # for us; the bank may know it, and be paid
        left = [_ask(order_stream, latest, now)] if latest and unissued else []
        appended = order_stream.append(attempt, by=account, at=now)
        self.register.commit(appended, lookup, repeat.kept(order=order_id), *left)
        return order_id

    def new_attempt(self, order_id: str, n: int, rail: Rail) -> tuple[AttemptOpened, Put]:
        """An attempt under a reference of its own, and the row that leads from the reference to the order."""
        reference = references.new(prefix=self.office.reference_prefix)
        stream = register_model.order(order_id)
        return (
            AttemptOpened(attempt=n, rail=rail.name, reference=reference),
            Put(reference_key(reference), {"stream": str(stream)}),
        )

    def _issue(self, order_id: str, order: Order, attempt: Attempt) -> None:
        """Have the bank issue what to pay by; enter it. If the bank has the reference already, go on with another."""
        rail = self.rail(attempt.rail)
        now = self.clock()
        bill = order.bill(attempt)
        try:
            issued = rail.create(bill, now=now, http=self.http)
        except AlreadyCreated:
            closed = rail.close(bill, now=now, http=self.http)  # its QR reached nobody; nobody should pay it
            log("attempt-lost", order=order_id, attempt=attempt.n, closed=closed)
            deciding(lambda: self._another(order_id, attempt))
            return
        except CreateRefused as error:
            raise Unavailable(f"{attempt.rail} will not issue: {error.code}") from error
        first = deciding(lambda: self._enter(order_id, attempt, issued, now))
        if first is not None and not rail.notifies:  # this bank never rings: a message that waits does
            self.bells.ring(attempt.reference, rung=False, delay=first - now)

    def _another(self, order_id: str, lost: Attempt) -> None:
        stream = self.stream(order_id)
        order = Order.fold(stream.entries)
        if order.paid or order.cancelled or order.latest is None or order.latest.n != lost.n or order.latest.issued_at:
            return
        now = self.clock()
        attempt, lookup = self.new_attempt(order_id, lost.n + 1, self.rail(lost.rail))
        ask = _ask(stream, lost, now)  # if somebody paid the lost one all the same, we shall know
        self.register.commit(stream.append(attempt, by="tra:orders", at=now), lookup, ask)

    def _enter(self, order_id: str, attempt: Attempt, issued: Issued, now: datetime) -> datetime | None:
        """When the bank is first asked about it; None if never, or if somebody entered it before."""
        stream = self.stream(order_id)
        there = Order.fold(stream.entries).attempt(attempt.reference)
        if there is None or there.issued_at:
            return None
        fact = AttemptIssued(
            attempt=attempt.n,
            reference=attempt.reference,
            qr_sha256=issued.qr_sha256,
            qr_md5=issued.qr_md5,
            expires_at=stamp(issued.expires_at),
        )
        operations: list[Operation] = [
            stream.append(fact, by="tra:orders", at=now),
            Put(issued_key(order_id, attempt.n), issued_attributes(issued)),
        ]
        first = next_question(now, now, window_days=self.windows[attempt.rail])
        if first is not None:
            operations.append(_ask(stream, attempt, first))
        self.register.commit(*operations)
        return first

    def view(self, order_id: str) -> OpenedOrder:
        """An order as it stands, with the quote that explains it."""
        stream = self.stream(order_id)
        order = Order.fold(stream.entries)
        opened_on = local(order.opened_at, self.office.time_zone).date()
        quotes = [self._quoted(order_id, part.filing, order.purpose, opened_on) for part in order.parts]
        lines = tuple(line for one in quotes for line in one.lines)
        latest = order.latest
        item = stream.items.get(issued_key(order_id, latest.n).sk) if latest else None
        return OpenedOrder(order_id, order, replace(quotes[0], lines=lines), item.attributes if item else None)

    def _quoted(self, order_id: str, filing_id: str, purpose: str, opened_on: date) -> Quote:
        filed = self.register.load(filing(filing_id))
        submitted = filed.last(FilingSubmitted) if filed else None
        if submitted is None:
            raise Corrupt(f"order {order_id} for no filing")
        if purpose != PURPOSE:
            return quote(self.office.fees, replace(facts_of(submitted), on=opened_on), purpose=purpose)
        return quote(self.office.fees, facts_of(submitted))

    def _order(self, order_id: str) -> Order:
        return Order.fold(self.stream(order_id).entries)

    def stream(self, order_id: str) -> Stream:
        """An order's stream. Corrupt if there is none."""
        stream = self.register.load(register_model.order(order_id))
        if stream is None:
            raise Corrupt(f"order {order_id} does not exist")
        return stream

    def filing(self, account: str, filing_id: str) -> Stream:
        """A filing of this account. NotFound for others."""
        stream = self.register.load(filing(filing_id)) if ids.is_ulid(filing_id) else None
        if stream is None or stream.head.owner != account:
            raise NotFound.because("filing.not-found")
        return stream

    def rail(self, name: str) -> Rail:
        """A rail by its name. Invalid names those that there are."""
        rail = self.rails.get(name)
        if rail is None:
            raise Invalid.because("rail.unknown", "/rail", rails=", ".join(sorted(self.rails)))
        return rail


def issued_attributes(issued: Issued) -> dict[str, Any]:
    """What is kept of what the bank issued, as issued."""
    return {
        "reference": issued.bill.reference,
        "rail": issued.rail,
        "amount": issued.bill.amount.minor,
        "currency": issued.bill.amount.currency,
        "payee": issued.payee,
        "qr": issued.qr,
        "qr_md5": issued.qr_md5,
        "qr_sha256": issued.qr_sha256,
        "deeplink": issued.deeplink,
        "token": issued.token,
        "form": {"action": issued.form.action, "fields": [list(pair) for pair in issued.form.fields]}
        if issued.form
        else None,
        "issued_at": stamp(issued.issued_at),
        "expires_at": stamp(issued.expires_at),
    }


def _ask(stream: Stream, attempt: Attempt, at: datetime) -> Put:
    """Have the bank asked about an attempt at `at`, whether or not a bell rang for it before."""
    key = ask_key(stream.id.id, attempt.n)
    there = stream.items.get(key.sk)
    return Put(
        key,
        {**(there.attributes if there else {}), "reference": attempt.reference, "due": ASK, "due_at": stamp(at)},
        expects=there.version if there else None,
    )


def facts_of(submitted: FilingSubmitted) -> FilingFacts:
    """What of a submitted filing decides its fees."""
    return FilingFacts(
        kind=submitted.kind,
        route=submitted.route,
        on=date.fromisoformat(submitted.filing_date),
        claims=submitted.claims,
        designs=submitted.designs,
        pages=submitted.pages,
    )
