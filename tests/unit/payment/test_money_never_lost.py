"""Orders, bells, questions, statements, refunds, lists, crashes and repeats in any order: a state machine against the bank.

What the bank did is kept here in a book of its own: every movement with reference and amount. Whatever happens between:
the sum applied is the sum that the bank says it paid us and that was applied; no order is paid without evidence; no bank
transaction counts twice; all money that we know of is in an order or in a case.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.contracts.events import FeePaid, PaymentParked, PaymentVerified
from chalicelib.kernel.errors import Conflict, Refused, Unavailable
from chalicelib.payment.cases import GOING_BACK
from chalicelib.payment.decisions import Closing, Judgement, Proposal, RefundWanted
from chalicelib.register.dynamodb import HEAD
from chalicelib.register.model import Stream, StreamId, filing, order, verify_chain
from infra.local.banks.model import Fault
from tests.factories import ANNA
from tests.unit.payment.finance import DARA, VANNA, Finance, day_of, export

DECISIONS = ("apply", "refund", "dismiss")


class Killed(BaseException):
    """The function was killed."""


@dataclass(frozen=True)
class Movement:
    """Money that came in at the bank."""

    reference: str
    amount: int
    seen_by_answer: bool  # whether the bank's own answer tells of it; a transfer at a counter only the statement does


class Money(RuleBasedStateMachine):
    """One office, one bank, a few orders."""

    @initialize()
    def begin(self) -> None:
        self.finance = Finance()
        self.desk = self.finance.desk
        self.opened: list[tuple[str, str]] = []  # order, reference
        self.moved: list[Movement] = []
        self.unwritten: list[
            tuple[str, int, str]
        ] = []  # movements that no statement has yet: bank reference, amount, text
        self.balance, self.exports, self.n = 1_000_000, list[str](), 0
        self.open_order()

    # ------------------------------------------------------------------ what people and banks do

    @precondition(lambda self: len(self.opened) < 3)
    @rule()
    def open_order(self) -> None:
        try:
            made = self.desk.orders.open(ANNA, self.desk.filed().filing, "aba", self.desk.repeat())
        except Unavailable:
            return
        assert made.order.latest is not None
        self.opened.append((made.id, made.order.latest.reference))

    @rule(which=st.integers(0, 2))
    def another_attempt(self, which: int) -> None:
        """A further way to pay, once the last one expired."""
        order_id, _ = self.opened[which % len(self.opened)]
        standing = self.finance.standing(order_id)
        try:
            made = self.desk.orders.open(ANNA, standing.filing, "aba", self.desk.repeat())
        except (Conflict, Unavailable):
            return
        assert made.order.latest is not None
        if (order_id, made.order.latest.reference) not in self.opened:
            self.opened.append((order_id, made.order.latest.reference))

    @rule(which=st.integers(0, 5))
    def pay_by_qr(self, which: int) -> None:
        _, reference = self.opened[which % len(self.opened)]
        transaction = self.desk.bank.transactions[reference]
        if transaction.status == "PENDING" and self.desk.bank.pay(reference):
            amount = int(transaction.amount)
            self.moved.append(Movement(reference, amount, seen_by_answer=True))
            self._unwritten(amount, reference)

    @rule(which=st.integers(0, 5), part=st.sampled_from([50, 100, 120]))
    def pay_at_a_counter(self, which: int, part: int) -> None:
        """In full, in part or too much; the statement alone tells of it."""
        _, reference = self.opened[which % len(self.opened)]
        amount = int(self.desk.bank.transactions[reference].amount) * part // 100
        self.moved.append(Movement(reference, amount, seen_by_answer=False))
        self._unwritten(amount, reference)

    @rule(amount=st.sampled_from([5_000, 80_000]))
    def pay_without_a_reference(self, amount: int) -> None:
        self.moved.append(Movement("", amount, seen_by_answer=False))
        self._unwritten(amount, "CASH")

    @rule(which=st.integers(0, 5))
    def bank_refunds(self, which: int) -> None:
        _, reference = self.opened[which % len(self.opened)]
        if self.desk.bank.transactions[reference].status == "APPROVED":
            self.desk.bank.refund(reference)

    @rule(fault=st.sampled_from([None, Fault.THROTTLED, Fault.BROKEN, Fault.HTML_PAGE, Fault.OTHER_TRANSACTION]))
    def bank_has_a_day(self, fault: Fault | None) -> None:
        self.desk.bank.faults = {fault} if fault else set()

    @rule(minutes=st.sampled_from([1, 20, 90, 60 * 26]))
    def time_passes(self, minutes: int) -> None:
        self.desk.clock.advance(timedelta(minutes=minutes))

    # ------------------------------------------------------------------ what we do, killed now and then

    @rule(which=st.integers(0, 5), dies=st.integers(0, 4))
    def bell(self, which: int, dies: int) -> None:
        """Somebody rings, with or without a reason; perhaps we die at one of the next commits."""
        _, reference = self.opened[which % len(self.opened)]
        self.desk.clock.advance(timedelta(seconds=6))
        self._perhaps_killed(dies, lambda: self.desk.ask_bank(reference, rung=True))

    @rule()
    def sweep(self) -> None:
        self.desk.bells.rung.clear()
        self.desk.ask_due()
        self.desk.clock.advance(timedelta(seconds=6))
        for reference, rung, _ in list(self.desk.bells.rung):
            self.desk.ask_bank(reference, rung=rung)

    @precondition(lambda self: self.unwritten)
    @rule(dies=st.integers(0, 6))
    def statement_comes(self, dies: int) -> None:
        text = export(self.unwritten, day=day_of(self.desk.clock()), opening=self.balance)
        self.balance += sum(amount for _, amount, _ in self.unwritten)
        self.unwritten = []
        self.exports.append(text)
        self._load(text)
        self._perhaps_killed(dies, self.finance.take)

    @precondition(lambda self: self.exports)
    @rule(which=st.integers(0, 9))
    def statement_comes_again(self, which: int) -> None:
        self._load(self.exports[which % len(self.exports)])

    @rule()
    def lines_are_taken(self) -> None:
        self.finance.take()

    @rule(which=st.integers(0, 5))
    def filing_is_credited(self, which: int) -> None:
        order_id, _ = self.opened[which % len(self.opened)]
        if self.finance.standing(order_id).paid:
            for _ in range(2):
                self.desk.credit_filing(order(order_id))

    @rule(which=st.integers(0, 9), decision=st.sampled_from(DECISIONS), to=st.integers(0, 5), yes=st.booleans())
    def officers_decide(self, which: int, decision: str, to: int, *, yes: bool) -> None:
        listed = self.finance.open_cases()
        if not listed:
            return
        found = listed[which % len(listed)]
        identifier, order_id = str(found["id"]), self.opened[to % len(self.opened)][0]
        asked: dict[str, Any] = {"decision": decision, "ground": "checked"}
        if decision == "apply" and "order" not in found:
            asked["order"] = order_id
        try:
            if found["status"] == "open":
                proposal = Proposal.model_validate(asked)
                self.finance.cases.propose(DARA, identifier, proposal, self.desk.repeat(DARA))
            elif found["status"] == "proposed":
                self.finance.cases.decide(VANNA, identifier, Judgement(approve=yes), self.desk.repeat(VANNA))
            else:
                self.finance.cases.close(DARA, identifier, Closing(bank_ref="RF1"), self.desk.repeat(DARA))
        except Refused:
            return

    @rule(which=st.integers(0, 5), part=st.sampled_from([25, 50, 100]))
    def officers_give_back(self, which: int, part: int) -> None:
        """Of a paid order, decided at once by two."""
        order_id, _ = self.opened[which % len(self.opened)]
        amount = self.finance.standing(order_id).total.minor * part // 100
        try:
            wanted = RefundWanted(order=order_id, amount=amount, ground="withdrawn")
            case = self.finance.cases.refund(DARA, wanted, self.desk.repeat(DARA))
            self.finance.cases.decide(VANNA, case, Judgement(approve=True), self.desk.repeat(VANNA))
        except Refused:
            return

    @rule(dies=st.integers(0, 6), minutes=st.sampled_from([2, 10, 60]))
    def refunds_are_asked_for(self, dies: int, minutes: int) -> None:
        self.desk.clock.advance(timedelta(minutes=minutes))
        self._perhaps_killed(dies, self.desk.ask_refunds)

    @rule()
    def day_is_reconciled(self) -> None:
        day = (self.desk.clock() - timedelta(days=1)).date().isoformat()
        self.finance.reconcile("tra:reconcile", day)

    # ------------------------------------------------------------------ what holds whatever happened

    @invariant()
    def no_order_is_paid_without_evidence_and_the_sums_agree(self) -> None:
        if not hasattr(self, "finance"):
            return
        came = Counter(one.reference for one in self.moved)
        value: Counter[str] = Counter()
        for one in self.moved:
            value[one.reference] += one.amount
        applied: Counter[str] = Counter()
        counted: Counter[str] = Counter()
        for stream in self._streams("ORDER"):
            verify_chain(stream.entries)
            payments = stream.facts(PaymentVerified)
            assert len(payments) <= 1
            for paid in payments:
                assert paid.evidence_sha256
                standing = self.finance.standing(stream.id.id)
                assert (paid.amount, paid.currency) == (standing.total.minor, standing.total.currency)
                applied[paid.reference] += paid.amount
                if paid.case is None and paid.counted_as is None:
                    counted[paid.reference] += 1
            for parked in stream.facts(PaymentParked):
                if parked.reason not in GOING_BACK:
                    counted[parked.reference] += 1
        for reference, number in counted.items():  # each movement once, from whichever side it was seen
            assert number <= came[reference], (reference, number, came[reference])
        nameless = sum(one.amount for one in self.moved if not one.reference)
        for reference, amount in applied.items():
            assert amount <= value[reference] + nameless
        assert sum(applied.values()) <= sum(value.values())

    @invariant()
    def no_bank_transaction_counts_twice(self) -> None:
        if not hasattr(self, "finance"):
            return
        names: Counter[str] = Counter()
        for stream in self._streams("ORDER"):
            standing = self.finance.standing(stream.id.id)
            names.update(one.bank_ref for one in standing.parked if one.reason not in GOING_BACK)
            names.update(one.bank_ref for one in standing.confirmed)
            if standing.payment is not None and standing.payment.case is None:
                names.update([standing.payment.bank_ref])
        assert all(count == 1 for count in names.values()), names

    @invariant()
    def no_refund_is_given_twice(self) -> None:
        """The bank was asked, at most, once for each refund that two persons decided."""
        if not hasattr(self, "finance"):
            return
        asked = [call for call, _ in self.desk.bank.calls].count("refund")
        cases = [self.finance.case(stream.id.id) for stream in self._streams("CASE")]
        assert asked <= sum(len(one.asked) for one in cases)
        for one in cases:
            assert len(one.asked) <= 1  # this bank never says "later"
        for transaction in self.desk.bank.transactions.values():
            assert transaction.refunded <= transaction.amount

    @invariant()
    def parked_money_has_exactly_one_case_and_filings_are_credited_once(self) -> None:
        if not hasattr(self, "finance"):
            return
        about: Counter[tuple[str | None, str | None, str, int | None]] = Counter()
        given_back: set[tuple[str | None, str | None]] = set()  # by a refund of ours, whose case it closed
        for stream in self._streams("CASE"):
            verify_chain(stream.entries)
            one = self.finance.case(stream.id.id)
            about[one.opened.order, one.opened.bank_ref, one.opened.reason, one.opened.amount] += 1
            if one.refunds and one.closed is not None:
                given_back.add((one.opened.order, one.closed.bank_ref))
        for stream in self._streams("ORDER"):
            for parked in stream.facts(PaymentParked):
                count = about[stream.id.id, parked.bank_ref, parked.reason, parked.amount]
                ours = parked.reason in GOING_BACK and (stream.id.id, parked.bank_ref) in given_back
                assert count == 1 or (count == 0 and ours)
            filed = self.desk.load(filing(self.finance.standing(stream.id.id).filing))
            assert len(filed.facts(FeePaid)) <= 1

    def teardown(self) -> None:
        """A good day at the end: all that the bank did is told; then every movement is known, in an order or in a case."""
        if not hasattr(self, "finance"):
            return
        self.desk.bank.faults = set()
        if self.unwritten:
            self.statement_comes(0)
        for _ in range(len(self.exports) + 1):
            self.finance.take()
        for _, reference in self.opened:
            self.desk.clock.advance(timedelta(minutes=2))
            self.desk.ask_bank(reference, rung=True)
        orders = list(self._streams("ORDER"))
        parked = [one for stream in orders for one in stream.facts(PaymentParked) if one.reason not in GOING_BACK]
        counted = [one for stream in orders for one in stream.facts(PaymentVerified)]
        known = sum(one.amount or 0 for one in parked)
        known += sum(one.amount for one in counted if not (one.case or one.counted_as))
        nameless = sum(
            found.opened.amount or 0
            for stream in self._streams("CASE")
            if (found := self.finance.case(stream.id.id)).opened.reason == "unmatched"
        )
        assert known + nameless == sum(one.amount for one in self.moved)
        self.no_order_is_paid_without_evidence_and_the_sums_agree()
        self.parked_money_has_exactly_one_case_and_filings_are_credited_once()

    # ------------------------------------------------------------------ tools

    def _unwritten(self, amount: int, text: str) -> None:
        self.n += 1
        self.unwritten.append((f"B{self.n}", amount, text))

    def _load(self, text: str) -> None:
        try:
            self.finance.load(DARA, "aba-khr", text.encode(), self.desk.repeat(DARA))
        except (Conflict, Unavailable):
            return

    def _perhaps_killed(self, dies: int, act: Any) -> None:
        def die() -> None:
            raise Killed

        self.desk.register.rivals = [lambda: None] * (dies - 1) + [die] if dies else []
        try:
            act()
        except Killed:
            pass
        finally:
            self.desk.register.rivals = []

    def _streams(self, kind: str) -> list[Stream]:
        keys = [key for key in self.desk.register.heads if key.pk.startswith(f"{kind}#") and key.sk == HEAD]
        return [self.desk.load(StreamId.parse(key.pk)) for key in keys]


Money.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestMoney = Money.TestCase
