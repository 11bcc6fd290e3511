"""A group order settles once and fans out; an order that was given up takes no money."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from chalicelib.contracts.events import FeePaid, OrderOpened
from chalicelib.kernel.errors import Conflict, Invalid, NotFound
from chalicelib.kernel.money import Money
from chalicelib.payment.decisions import Proposal
from chalicelib.payment.groups import MAX_MEMBERS, cancel, open_group
from chalicelib.payment.orders import OpenedOrder
from chalicelib.payment.routes import order_answer
from chalicelib.register.model import order as order_stream
from infra.local.banks.model import Fault
from tests.factories import ANNA, BOPHA, asking, cambodia, lose
from tests.unit.payment.finance import DARA, VANNA, Finance, reference_of


@dataclass
class Agent:
    """Anna has three designs, filed, to pay for."""

    finance: Finance = field(default_factory=Finance)

    def __post_init__(self) -> None:
        self.desk = self.finance.desk
        self.filings = tuple(self.desk.filed().filing for _ in range(3))

    def group(self, *filings: str, key: str = "group", rail: str = "aba") -> OpenedOrder:
        return open_group(self.desk.orders, ANNA, filings or self.filings, rail, asking(key))

    def paid(self, opened: OpenedOrder) -> None:
        assert self.desk.bank.pay(reference_of(opened))
        self.finance.ask(reference_of(opened))

    def credited(self) -> list[list[FeePaid]]:
        return [list(self.desk.stream(one).facts(FeePaid)) for one in self.filings]


def test_one_order_is_for_all_and_shown_from_each() -> None:
    agent = Agent()
    opened = agent.group()
    assert opened.order.total == opened.quote.total == Money(240_000, "KHR")
    assert [(one.filing, one.amount) for one in opened.order.parts] == [(one, 80_000) for one in agent.filings]
    assert [agent.desk.orders.one(ANNA, one).id for one in agent.filings] == [opened.id] * 3
    shown = order_answer(opened, cambodia())
    assert [one["filing"] for one in shown["members"]] == list(agent.filings)
    assert len(shown["quote"]["lines"]) == 3


def test_it_settles_once_and_is_credited_to_each_filing_once_with_its_own_amount() -> None:
    agent = Agent()
    opened = agent.group()
    agent.paid(opened)
    for _ in range(2):
        agent.desk.credit_filing(order_stream(opened.id))
    facts = [fact for found in agent.credited() for fact in found]
    assert [(fact.order, fact.amount, fact.demo) for fact in facts] == [(opened.id, 80_000, True)] * 3
    entries = [entry.type for entry in agent.desk.load(order_stream(opened.id)).entries]
    assert entries.count("PaymentVerified") == 1
    assert all(agent.desk.stream(one).head.status == "paid" for one in agent.filings)


def test_killed_between_two_filings_the_same_message_goes_on() -> None:
    agent = Agent()
    opened = agent.group()
    agent.paid(opened)

    def killed() -> None:
        raise SystemExit

    agent.desk.register.rivals = [lambda: None, killed]
    with pytest.raises(SystemExit):
        agent.desk.credit_filing(order_stream(opened.id))
    assert [len(found) for found in agent.credited()] == [1, 0, 0]
    agent.desk.credit_filing(order_stream(opened.id))
    assert [len(found) for found in agent.credited()] == [1, 1, 1]


def test_money_going_back_after_the_fan_out_is_one_case_and_moves_no_filing() -> None:
    agent = Agent()
    opened = agent.group()
    agent.paid(opened)
    agent.desk.credit_filing(order_stream(opened.id))
    agent.desk.bank.refund(reference_of(opened))
    for _ in range(2):
        agent.finance.ask(reference_of(opened))
    (case,) = agent.finance.open_cases()
    assert (case["reason"], case["order"], case["amount"]) == ("refunded", opened.id, 240_000)
    assert all(agent.desk.stream(one).head.status == "paid" for one in agent.filings)


def test_each_letter_finds_its_own_lines() -> None:
    agent = Agent()
    fact = agent.desk.load(order_stream(agent.group().id)).last(OrderOpened)
    assert fact is not None
    for one in agent.filings:
        part = fact.part(one)
        assert part is not None and sum(line.amount for line in part.lines) == part.amount == 80_000
    assert fact.part("01JDT0000000000000000000AA") is None


def test_pressing_twice_gives_one_group_and_so_does_a_lost_race() -> None:
    agent = Agent()
    agent.desk.register.rivals = [lose]
    assert agent.group().id == agent.group().id


def test_an_answer_of_the_bank_that_was_lost_is_had_again() -> None:
    agent = Agent()
    agent.desk.bank.faults.add(Fault.BROKEN)
    with pytest.raises(Exception, match=r"reach|502|answer|issue|cannot"):
        agent.group()
    agent.desk.bank.faults.clear()
    assert agent.group().issued is not None


@pytest.mark.parametrize("count", [0, 1, MAX_MEMBERS + 1])
def test_a_group_has_a_size(count: int) -> None:
    agent = Agent()
    with pytest.raises(Invalid, match=r"group\.members"):
        open_group(agent.desk.orders, ANNA, tuple(str(n) for n in range(count)), "aba", asking("group"))


def test_no_filing_stands_in_it_twice() -> None:
    agent = Agent()
    with pytest.raises(Invalid, match=r"group\.members"):
        agent.group(agent.filings[0], agent.filings[0])


def test_anothers_filing_and_a_draft_are_not_paid_for() -> None:
    agent = Agent()
    with pytest.raises(NotFound):
        agent.group(agent.filings[0], agent.desk.filed(BOPHA).filing)
    with pytest.raises(Conflict, match=r"order\.not-due"):
        agent.group(agent.filings[0], agent.desk.begin())
    with pytest.raises(NotFound):
        agent.desk.orders.one(ANNA, agent.filings[0])


def test_a_filing_with_an_order_must_be_left_out_or_its_order_cancelled_first() -> None:
    agent = Agent()
    agent.desk.orders.open(ANNA, agent.filings[1], "aba", asking("alone"))
    with pytest.raises(Conflict, match=r"group\.has-order"):
        agent.group()
    cancel(agent.desk.orders, ANNA, agent.filings[1], asking("cancel"))
    assert len(agent.group().order.parts) == 3


class TestCancelled:
    def test_case_58_money_for_an_order_that_was_given_up_is_parked_and_never_pays(self) -> None:
        agent = Agent()
        alone = agent.desk.orders.open(ANNA, agent.filings[0], "aba", asking("alone"))
        agent.desk.bank.faults.add(Fault.BROKEN)  # the bank does not hear that it should take no more
        cancel(agent.desk.orders, ANNA, agent.filings[0], asking("cancel"))
        agent.desk.bank.faults.clear()
        agent.paid(alone)
        assert not agent.finance.standing(alone.id).paid
        (case,) = agent.finance.open_cases()
        assert (case["reason"], case["amount"]) == ("cancelled", 80_000)

    def test_case_58_its_money_goes_back_and_pays_neither_it_nor_another(self) -> None:
        agent = Agent()
        alone = agent.desk.orders.open(ANNA, agent.filings[0], "aba", asking("alone"))
        agent.desk.bank.faults.add(Fault.BROKEN)
        cancel(agent.desk.orders, ANNA, agent.filings[0], asking("cancel"))
        agent.desk.bank.faults.clear()
        agent.paid(alone)
        (case,) = agent.finance.open_cases()
        group = agent.group()
        cases, repeat = agent.finance.cases, agent.desk.repeat
        for order in (None, group.id):
            with pytest.raises(Conflict, match=r"case\.not-payable"):
                cases.propose(DARA, case["id"], Proposal(decision="apply", ground="x", order=order), repeat(DARA))
        cases.propose(DARA, case["id"], Proposal(decision="refund", ground="cancelled"), repeat(DARA))
        assert agent.finance.case(case["id"]).status == "proposed"
        assert VANNA != DARA

    def test_the_bank_is_asked_to_take_no_more(self) -> None:
        agent = Agent()
        alone = agent.desk.orders.open(ANNA, agent.filings[0], "aba", asking("alone"))
        cancel(agent.desk.orders, ANNA, agent.filings[0], asking("cancel"))
        assert not agent.desk.bank.pay(reference_of(alone))

    def test_a_group_is_given_up_for_all_its_filings(self) -> None:
        agent = Agent()
        agent.group()
        cancel(agent.desk.orders, ANNA, agent.filings[2], asking("cancel"))
        for one in agent.filings:
            with pytest.raises(NotFound):
                agent.desk.orders.one(ANNA, one)
        agent.desk.clock.advance(timedelta(seconds=1))
        assert agent.group(key="again").order.total == Money(240_000, "KHR")

    def test_a_paid_order_is_not_given_up(self) -> None:
        agent = Agent()
        opened = agent.group()
        agent.paid(opened)
        with pytest.raises(Conflict, match=r"order\.paid"):
            cancel(agent.desk.orders, ANNA, agent.filings[0], asking("cancel"))

    def test_paid_and_given_up_at_once_it_is_one_of_the_two(self) -> None:
        agent = Agent()
        opened = agent.group()
        agent.desk.register.rivals = [lambda: agent.paid(opened)]
        with pytest.raises(Conflict, match=r"order\.paid"):
            cancel(agent.desk.orders, ANNA, agent.filings[0], asking("cancel"))
        assert agent.finance.standing(opened.id).paid

    def test_a_repeat_gives_nothing_else_up(self) -> None:
        agent = Agent()
        for _ in range(2):
            agent.desk.orders.open(ANNA, agent.filings[0], "aba", agent.desk.repeat())
            cancel(agent.desk.orders, ANNA, agent.filings[0], asking("cancel"))
        assert agent.desk.orders.one(ANNA, agent.filings[0]).order.cancelled is False

    @pytest.mark.parametrize("who", [ANNA, BOPHA])
    def test_there_is_nothing_to_give_up(self, who: str) -> None:
        agent = Agent()
        with pytest.raises(NotFound):
            cancel(agent.desk.orders, who, agent.filings[0], asking("cancel", account=who))
