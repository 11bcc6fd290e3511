"""Money that goes back, comes where nobody waits for it, or is dealt with by two at once: never lost, never counted twice."""

import pytest

from chalicelib.kernel.errors import Conflict
from chalicelib.payment.decisions import Judgement, Proposal, RefundWanted
from chalicelib.payment.model import Status
from chalicelib.payment.settle import Apply, Duplicate, Park, settle
from infra.local.banks.model import Fault
from tests.unit.payment.finance import DARA, VANNA, Finance, day_of, export, reference_of
from tests.unit.payment.orders import DUE, FIRST, SECOND, attempt, notice, order, parked, verified


@pytest.fixture
def finance() -> Finance:
    return Finance()


def reasons(finance: Finance) -> list[str]:
    return sorted(str(one["reason"]) for one in finance.open_cases())


def test_parked_money_that_the_bank_gave_back_pays_no_order(finance: Finance) -> None:
    opened = finance.opened()
    reference = reference_of(opened)
    finance.desk.bank.faults.add(Fault.OVER_AMOUNT)
    assert finance.desk.bank.pay(reference)
    finance.ask(reference)
    parked_case = finance.open_cases()
    assert [one["reason"] for one in parked_case] == ["overpaid"]
    finance.desk.bank.refund(reference)
    finance.ask(reference)
    assert "part-refunded" in reasons(finance)
    wanted = Proposal(decision="apply", ground="excess")
    with pytest.raises(Conflict, match=r"case\.not-payable"):
        finance.cases.propose(DARA, str(parked_case[0]["id"]), wanted, finance.desk.repeat(DARA))


def test_a_refund_that_the_bank_made_by_itself_is_not_made_again(finance: Finance) -> None:
    opened = finance.opened()
    reference, due = reference_of(opened), opened.order.total.minor
    assert finance.desk.bank.pay(reference)
    finance.ask(reference)
    finance.desk.bank.refund(reference)
    finance.ask(reference)
    with pytest.raises(Conflict, match=r"refund\.impossible"):
        finance.cases.refund(DARA, RefundWanted(order=opened.id, amount=1, ground="x"), finance.desk.repeat(DARA))
    assert due > 1


def test_two_reversals_of_one_amount_on_a_statement_are_two() -> None:
    lines = {"status": Status.REVERSED, "refunded_minor": DUE, "statement": "01JDT0000000000000000000AA"}
    standing = order(verified(), parked("already-paid", bank_ref="aba-khr:20261125:B2"))
    first = settle(standing, FIRST, notice(bank_ref="aba-khr:20261125:R1", **lines))
    assert isinstance(first, Park)
    after = order(verified(), parked("already-paid", bank_ref="aba-khr:20261125:B2"), first.fact)
    second = settle(after, FIRST, notice(bank_ref="aba-khr:20261125:R2", **lines))
    assert isinstance(second, Park)
    assert settle(after, FIRST, notice(bank_ref="aba-khr:20261125:R1", **lines)) == Duplicate()


def test_who_was_refunded_and_pays_again_under_another_reference_has_paid() -> None:
    standing = order(*attempt(2, SECOND), parked("overpaid"), parked("refunded"))
    assert isinstance(settle(standing, SECOND, notice(order_ref=SECOND, bank_ref=f"{SECOND}:1")), Apply)


def test_money_at_another_account_of_ours_is_for_two_persons_to_apply(finance: Finance) -> None:
    opened = finance.opened()
    reference, due = reference_of(opened), opened.order.total.minor
    first = finance.desk.office.banks.accounts[0]
    other = first.model_copy(update={"code": "other-khr", "bank": "other", "number": "9", "rails": ("wing-v1",)})
    banks = finance.desk.office.banks.model_copy(update={"accounts": (*finance.desk.office.banks.accounts, other)})
    finance.desk.office = finance.desk.office.model_copy(update={"banks": banks})
    finance.taken(export([("B1", due, reference)], day=day_of(finance.desk.clock())), "other-khr")
    (case,) = finance.open_cases()
    assert (case["reason"], finance.standing(opened.id).paid) == ("rail", False)
    repeat = finance.desk.repeat
    finance.cases.propose(DARA, str(case["id"]), Proposal(decision="apply", ground="counter"), repeat(DARA))
    finance.cases.decide(VANNA, str(case["id"]), Judgement(approve=True), repeat(VANNA))
    assert finance.standing(opened.id).paid
    assert finance.open_cases() == []


def test_one_file_by_two_officers_at_the_same_moment_is_one_statement(finance: Finance) -> None:
    opened = finance.opened()
    raw = export([("B1", opened.order.total.minor, reference_of(opened))], day=day_of(finance.desk.clock())).encode()
    made: list[tuple[str, ...]] = []
    repeats = finance.desk.repeat(VANNA), finance.desk.repeat(DARA)
    finance.desk.register.rivals = [lambda: made.append(finance.load(VANNA, "aba-khr", raw, repeats[0]))]
    assert finance.load(DARA, "aba-khr", raw, repeats[1]) == made[0]
    finance.take()
    assert finance.standing(opened.id).paid
