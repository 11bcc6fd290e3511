"""A refund that two persons decided: the bank is asked where it can be, once whatever happens, and people do the rest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.payment import refunds
from chalicelib.payment.decisions import Closing, Judgement, Proposal, RefundWanted
from chalicelib.payment.model import HttpFailed, HttpReply
from chalicelib.payment.refunding import CALL
from chalicelib.payment.refunds import DUE
from chalicelib.register.model import order
from infra.local.banks.model import Fault
from tests.factories import asking
from tests.unit.payment.finance import DARA, VANNA, Finance, day_of, export, reference_of


class Killed(BaseException):
    """The function was killed."""


@dataclass
class Dying:
    """`Http` to the bank that dies before or after the refund call."""

    bank: Any
    dies: str = ""

    def post(self, url: str, *, json: bytes | None, headers: Mapping[str, str], timeout: float) -> HttpReply:
        refund = url.endswith("/refund")
        if refund and self.dies == "before":
            raise Killed
        reply: HttpReply = self.bank.post(url, json=json, headers=headers, timeout=timeout)
        if refund and self.dies == "after":
            raise Killed
        return reply


class Paid:
    """A paid order, at a desk."""

    def __init__(self) -> None:
        self.finance = Finance()
        self.desk = self.finance.desk
        self.opened = self.finance.opened()
        self.reference = reference_of(self.opened)
        assert self.desk.bank.pay(self.reference)
        self.finance.ask(self.reference)
        assert self.finance.standing(self.opened.id).paid

    def decided(self, amount: int = 80_000) -> str:
        """Dara wants it, Vanna agrees."""
        wanted = RefundWanted(order=self.opened.id, amount=amount, ground="withdrawn")
        case = self.finance.cases.refund(DARA, wanted, self.desk.repeat(DARA))
        self.finance.cases.decide(VANNA, case, Judgement(approve=True), self.desk.repeat(VANNA))
        return case

    def run(self, times: int = 1, *, minutes: int = 2, **changes: Any) -> None:
        for _ in range(times):
            self.desk.clock.advance(timedelta(minutes=minutes))
            replace(self.desk.ask_refunds, **changes)()

    @property
    def asked(self) -> int:
        return [call for call, _ in self.desk.bank.calls].count("refund")

    @property
    def gone(self) -> int:
        return int(self.desk.bank.transactions[self.reference].refunded)

    def types(self, case: str) -> list[str]:
        return [one["type"] for one in self.finance.cases.one(case)["history"]]

    def waits(self) -> bool:
        return bool(self.desk.register.due(DUE, until=self.desk.clock() + timedelta(days=99), limit=9))


ASKED = ["CaseOpened", "CaseDecisionProposed", "CaseDecided", "RefundRequested"]


def test_two_persons_decide_the_bank_is_asked_and_what_it_shows_closes_the_case() -> None:
    place = Paid()
    case = place.decided()
    assert place.gone == 0
    place.run()
    assert place.gone == 80_000
    assert place.finance.cases.one(case)["status"] == "decided"  # its word closes nothing
    place.run()
    assert place.types(case) == [*ASKED, "RefundAsked", "RefundAnswered", "CaseClosed"]
    assert place.finance.cases.one(case)["closed"]["bank_ref"].startswith(place.reference)
    place.run(5, minutes=600)
    assert (place.asked, place.finance.open_cases(), place.waits()) == (1, [], False)


def test_case_66_the_order_knows_that_its_money_went_back() -> None:
    place = Paid()
    place.decided(30_000)
    place.run(2)
    standing = place.finance.standing(place.opened.id)
    assert [(one.reason, one.amount) for one in standing.parked] == [("part-refunded", 30_000)]


@pytest.mark.parametrize("dies", ["before", "after"])
def test_killed_at_the_call_nobody_is_given_money_twice(dies: str) -> None:
    place = Paid()
    case = place.decided()
    with pytest.raises(Killed):
        place.run(http=Dying(place.desk.bank, dies))
    place.run(4, minutes=6)
    place.run(3, minutes=60 * 24)
    gone = 80_000 if dies == "after" else 0
    assert (place.gone, place.asked) == (gone, 1 if gone else 0)
    one = place.finance.cases.one(case)
    if gone:
        assert one["status"] == "closed"
    else:  # it was never sent, and nobody can know: a person looks
        assert (one["status"], one["refund_left"], one["refund_by"]) == ("decided", {"reason": "not-shown"}, "hand")


@pytest.mark.parametrize("at", range(1, 8))
def test_killed_at_any_commit_it_is_asked_for_once(at: int) -> None:
    place = Paid()
    case = place.decided()

    def die() -> None:
        raise Killed

    place.desk.register.rivals = [*[lambda: None] * (at - 1), die]
    for _ in range(4):
        try:
            place.run(minutes=6)
        except Killed:
            continue
    place.desk.register.rivals = []
    place.run(4, minutes=30)
    place.run(2, minutes=60 * 24)
    assert place.asked <= 1
    assert place.gone == 80_000 * place.asked
    assert place.finance.cases.one(case)["status"] == ("closed" if place.asked else "decided")


def test_two_workers_at_once_ask_once() -> None:
    place = Paid()
    place.decided()
    place.desk.clock.advance(timedelta(minutes=1))
    place.desk.register.rivals = [place.desk.ask_refunds]
    place.desk.ask_refunds()
    place.run(3)
    assert (place.asked, place.gone) == (1, 80_000)


def test_a_lost_answer_is_found_by_the_check_and_never_asked_again() -> None:
    place = Paid()
    case = place.decided()

    class Deaf:
        def post(self, url: str, *, json: bytes | None, headers: Mapping[str, str], timeout: float) -> HttpReply:
            reply = place.desk.bank.post(url, json=json, headers=headers, timeout=timeout)
            if url.endswith("/refund"):
                raise HttpFailed("no answer: timed out")
            return reply

    place.run(http=Deaf())
    place.run(3)
    assert (place.asked, place.finance.cases.one(case)["status"]) == (1, "closed")
    assert place.finance.cases.one(case)["refund_answer"] == {"outcome": "unknown", "code": "no-answer"}


def test_a_busy_bank_is_asked_again_and_not_for_ever() -> None:
    place = Paid()
    case = place.decided()
    place.desk.bank.faults.add(Fault.REFUND_BUSY)
    place.run()
    place.desk.bank.faults.clear()
    place.run(2)
    assert (place.gone, place.finance.cases.one(case)["status"]) == (80_000, "closed")
    other = Paid()
    case = other.decided()
    other.desk.bank.faults.add(Fault.REFUND_BUSY)
    other.run(20)
    assert other.asked == 5
    assert other.finance.cases.one(case)["refund_left"] == {"reason": "bank-busy"}


def test_a_bank_that_refuses_leaves_it_to_people_and_the_case_stays() -> None:
    place = Paid()
    case = place.decided()
    place.desk.bank.faults.add(Fault.REFUND_REFUSED)
    place.run(9)
    one = place.finance.cases.one(case)
    assert (place.asked, one["status"], one["refund_by"]) == (1, "decided", "hand")
    assert (one["refund_answer"]["code"], one["refund_left"]) == ("PTL37", {"reason": "refused"})


def test_a_bank_that_cannot_be_reached_is_not_asked_for_money_and_after_a_day_people_are_told() -> None:
    place = Paid()
    case = place.decided()
    place.desk.bank.faults.add(Fault.BROKEN)
    place.run(3, minutes=20)
    assert place.types(case) == ASKED
    place.run(minutes=60 * 25)
    assert place.finance.cases.one(case)["refund_left"] == {"reason": "no-answer"}


def test_a_refund_made_by_hand_before_we_asked_is_this_one() -> None:
    place = Paid()
    case = place.decided()
    place.desk.bank.refund(place.reference)
    place.run(3)
    assert (place.asked, place.gone, place.finance.cases.one(case)["status"]) == (0, 80_000, "closed")
    assert place.finance.open_cases() == []


def test_two_refunds_of_one_order_are_told_apart() -> None:
    place = Paid()
    first, second = place.decided(10_000), place.decided(10_000)
    place.run(9, minutes=20)
    assert (place.gone, place.asked) == (20_000, 2)
    assert [place.finance.cases.one(one)["status"] for one in (first, second)] == ["closed", "closed"]
    assert place.finance.open_cases() == []


def test_what_a_person_closes_is_asked_for_no_more() -> None:
    place = Paid()
    case = place.decided()
    place.finance.cases.close(DARA, case, Closing(bank_ref="RF1"), place.desk.repeat(DARA))
    place.run(3)
    assert (place.asked, place.waits()) == (0, False)


def test_closed_by_hand_during_the_call_the_banks_word_is_entered_all_the_same() -> None:
    place = Paid()
    case = place.decided()

    class Meanwhile:
        def post(self, url: str, *, json: bytes | None, headers: Mapping[str, str], timeout: float) -> HttpReply:
            if url.endswith("/refund"):
                place.finance.cases.close(DARA, case, Closing(bank_ref="RF1"), asking("meanwhile", account=DARA))
            return place.desk.bank.post(url, json=json, headers=headers, timeout=timeout)

    place.run(http=Meanwhile())
    assert place.types(case)[-2:] == ["CaseClosed", "RefundAnswered"]
    place.run(3)
    assert place.asked == 1


def without_the_key(place: Paid) -> Mapping[str, Any]:
    return {"rails": {"aba": replace(place.desk.rail, config=place.desk.rail.config.model_copy(
        update={"refund_public_key": ""}))}}  # fmt: skip


def late(place: Paid) -> Mapping[str, Any]:
    place.desk.clock.advance(timedelta(days=30))
    return {}


@pytest.mark.parametrize(("how", "reason"), [(without_the_key, "no-call"), (late, "too-old")])
def test_where_the_bank_cannot_be_asked_people_are_told_at_once(
    how: Callable[[Paid], Mapping[str, Any]], reason: str
) -> None:
    place = Paid()
    case = place.decided()
    place.run(3, **how(place))
    one = place.finance.cases.one(case)
    assert (place.asked, one["refund_by"], one["refund_left"]) == (0, "hand", {"reason": reason})


@pytest.mark.parametrize("by_hand", [True, False])
def test_the_line_that_tells_of_a_refund_later_is_no_case(*, by_hand: bool) -> None:
    place = Paid()
    case = place.decided(30_000)
    if by_hand:
        place.finance.cases.close(DARA, case, Closing(bank_ref="RF1"), place.desk.repeat(DARA))
    else:
        place.run(3)
    assert place.finance.cases.one(case)["status"] == "closed"
    lines = [("B1", 80_000, place.reference), ("B2", -30_000, place.reference), ("B3", -30_000, place.reference)]
    place.finance.taken(export(lines, day=day_of(place.desk.clock())))
    assert [(one["reason"], one["bank_ref"]) for one in place.finance.open_cases()] == [
        ("money-out", "aba-khr:20261125:B3"),  # nobody decided this one
    ]


def test_what_was_left_to_people_is_never_asked_for_again_whatever_puts_it_on_the_list() -> None:
    place = Paid()
    place.decided()
    place.desk.bank.faults.add(Fault.REFUND_REFUSED)
    place.run()
    place.desk.bank.faults.clear()
    (row,) = refunds.rows(place.desk.load(order(place.opened.id)))
    place.desk.register.commit(refunds.put_off(row, place.desk.clock()))
    place.run(3)
    assert (place.asked, place.gone, place.waits()) == (1, 0, False)


def test_a_rail_that_loses_its_key_after_the_call_tells_nobody_to_give_it_back_again() -> None:
    place = Paid()
    case = place.decided()
    place.run()
    place.run(2, **without_the_key(place))
    assert (place.gone, place.finance.cases.one(case)["refund_left"]) == (80_000, {"reason": "not-shown"})


def test_money_that_went_back_in_another_sum_is_not_given_back_again() -> None:
    place = Paid()
    case = place.decided(30_000)
    place.desk.bank.refund(place.reference)  # all of it, by somebody at the bank's portal
    place.run(3)
    assert (place.asked, place.finance.cases.one(case)["refund_left"]) == (0, {"reason": "gone-already"})
    assert [one["reason"] for one in place.finance.open_cases()] == ["refund-wanted", "refunded"]


class TestOfWhatPeopleGiveBack:
    def decided(self) -> tuple[Paid, str]:
        place = Paid()
        case = place.decided()
        place.run(**without_the_key(place))
        return place, case

    def test_a_line_of_the_statement_with_our_reference_and_sum_closes_the_case(self) -> None:
        place, case = self.decided()
        lines = [("B1", 80_000, place.reference), ("B2", -80_000, f"REFUND {place.reference}")]
        place.finance.taken(export(lines, day=day_of(place.desk.clock())))
        one = place.finance.cases.one(case)
        assert (one["status"], one["closed"]["bank_ref"]) == ("closed", "aba-khr:20261125:B2")
        assert place.finance.open_cases() == []

    def test_another_sum_is_a_case_of_its_own(self) -> None:
        place, case = self.decided()
        lines = [("B1", 80_000, place.reference), ("B2", -79_999, f"REFUND {place.reference}")]
        place.finance.taken(export(lines, day=day_of(place.desk.clock())))
        assert place.finance.cases.one(case)["status"] == "decided"
        assert [one["reason"] for one in place.finance.open_cases()] == ["refund-wanted", "money-out"]

    def test_the_line_again_closes_nothing_else(self) -> None:
        place, _ = self.decided()
        lines = [("B1", 80_000, place.reference), ("B2", -80_000, place.reference)]
        place.finance.taken(export(lines, day=day_of(place.desk.clock())))
        place.finance.take()
        assert place.finance.open_cases() == []


@pytest.mark.parametrize("at", range(1, 5))
def test_killed_while_the_lines_are_taken_one_line_closes_one_refund(at: int) -> None:
    place = Paid()
    cases = [place.decided(30_000), place.decided(30_000)]
    place.run(3, **without_the_key(place))
    lines = [("B1", 80_000, place.reference), ("B2", -30_000, place.reference)]
    text = export(lines, day=day_of(place.desk.clock())).encode()
    place.finance.load(DARA, "aba-khr", text, place.desk.repeat(DARA))

    def die() -> None:
        raise Killed

    place.desk.register.rivals = [*[lambda: None] * (at - 1), die]
    try:
        place.finance.take()
    except Killed:
        place.desk.register.rivals = []
    place.finance.take()
    assert sorted(place.finance.cases.one(case)["status"] for case in cases) == ["closed", "decided"]
    assert [one["reason"] for one in place.finance.open_cases()] == ["refund-wanted"]


def test_money_of_no_order_is_given_back_by_people() -> None:
    place = Paid()
    place.finance.taken(export([("B9", 5_000, "CASH")], day=day_of(place.desk.clock())))
    (case,) = [one["id"] for one in place.finance.open_cases()]
    place.finance.cases.propose(DARA, case, Proposal(decision="refund", ground="unknown"), place.desk.repeat(DARA))
    place.finance.cases.decide(VANNA, case, Judgement(approve=True), place.desk.repeat(VANNA))
    assert place.finance.cases.one(case)["refund_left"] == {"reason": "no-order"}


def test_an_asking_is_older_than_any_call_before_anybody_doubts_it() -> None:
    place = Paid()
    place.decided()
    with pytest.raises(Killed):
        place.run(http=Dying(place.desk.bank, "after"))
    for _ in range(2):
        place.run(minutes=1)
    assert timedelta(minutes=2) < CALL
    assert place.waits()
