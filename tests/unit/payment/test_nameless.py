"""Money on a statement without our reference that may be money which a bank's answer told of already."""

from datetime import timedelta

import pytest

from chalicelib.kernel.errors import Conflict, Forbidden
from chalicelib.payment.decisions import Judgement, Proposal
from tests.factories import ANNA
from tests.unit.payment.finance import DARA, VANNA, Finance, day_of, export, reference_of


class Unsigned:
    """An order that the bank's answer paid; the statement shows the same sum without our reference. Another order waits."""

    def __init__(self, amount: int = 80_000) -> None:
        self.finance = Finance()
        self.desk = self.finance.desk
        opened = self.finance.opened()
        self.paid, self.reference = opened.id, reference_of(opened)
        self.other = self.desk.orders.open(ANNA, self.desk.filed().filing, "aba", self.desk.repeat()).id
        assert self.desk.bank.pay(self.reference)
        self.finance.ask(self.reference)
        assert self.finance.standing(self.paid).paid
        self.finance.taken(export([("B1", amount, "CASH")], day=day_of(self.desk.clock())))
        (self.case,) = [one["id"] for one in self.finance.open_cases()]

    def propose(self, decision: str, order: str | None = None, *, distinct: bool = False) -> None:
        asked = Proposal.model_validate(
            {"decision": decision, "ground": "checked", "order": order, "distinct": distinct}
        )
        self.finance.cases.propose(DARA, self.case, asked, self.desk.repeat(DARA))

    def approve(self, who: str = VANNA) -> None:
        self.finance.cases.decide(who, self.case, Judgement(approve=True), self.desk.repeat(who))


def test_case_93_the_desk_sees_what_it_may_be() -> None:
    place = Unsigned()
    (shown,) = place.finance.cases.one(place.case)["may_be"]
    assert (shown["order"], shown["reference"], shown["rail"]) == (place.paid, place.reference, "aba")


@pytest.mark.parametrize("decision", ["apply", "refund"])
def test_it_is_neither_applied_nor_given_back_before_somebody_looked_into_it(decision: str) -> None:
    place = Unsigned()
    with pytest.raises(Conflict, match=r"case\.may-be-counted"):
        place.propose(decision, place.other)
    place.propose(decision, place.other, distinct=True)
    place.approve()
    assert place.finance.standing(place.other).paid is (decision == "apply")


def test_two_persons_say_that_it_is_that_money_and_it_counts_no_second_time() -> None:
    place = Unsigned()
    place.propose("confirm", place.paid)
    with pytest.raises(Forbidden):
        place.approve(DARA)
    place.approve()
    standing = place.finance.standing(place.paid)
    assert [(one.reference, one.amount) for one in standing.confirmed] == [(place.reference, 80_000)]
    assert (place.finance.open_cases(), place.finance.standing(place.other).paid) == ([], False)
    place.desk.clock.advance(timedelta(days=1))
    report = place.finance.reconcile(DARA, "2026-11-25")
    assert [(one["result"], one["count"], one["amount"]) for one in report["tallies"]] == [("matched", 1, 80_000)]


def test_money_that_came_after_the_proposal_stops_the_decision() -> None:
    place = Unsigned(amount=80_000)
    late = Unsigned.__new__(Unsigned)
    late.finance, late.desk = place.finance, place.desk
    place.propose("confirm", place.paid)
    place.approve()
    place.finance.taken(export([("B2", 80_000, "CASH")], day=day_of(place.desk.clock()), opening=1_080_000))
    (late.case,) = [one["id"] for one in place.finance.open_cases()]
    third = place.desk.orders.open(ANNA, place.desk.filed().filing, "aba", place.desk.repeat())
    late.propose("apply", third.id)  # nothing it may be, yet
    assert place.desk.bank.pay(reference_of(third))
    place.finance.ask(reference_of(third))
    with pytest.raises(Conflict, match=r"case\.(may-be-counted|not-payable)"):
        late.approve()
    assert len(place.finance.standing(third.id).confirmed) == 0


@pytest.mark.parametrize("wrong", ["other", None])
def test_only_money_that_it_may_be_can_be_borne_out(wrong: str | None) -> None:
    place = Unsigned()
    with pytest.raises(Conflict, match=r"case\.not-that-money"):
        place.propose("confirm", place.other if wrong else None)


def test_another_sum_or_money_that_a_statement_shows_already_is_not_suggested() -> None:
    other = Unsigned(amount=79_999)
    assert other.finance.cases.one(other.case)["may_be"] == []
    place = Unsigned()
    place.finance.taken(export([("B2", 80_000, place.reference)], day=day_of(place.desk.clock()), opening=1_080_000))
    assert place.finance.cases.one(place.case)["may_be"] == []
    place.propose("apply", place.other)
    place.approve()
    assert place.finance.standing(place.other).paid
