"""Cases at the finance desk: exactly one for parked money, two persons where money is at stake. Numbers: payments.md 12."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.contracts.events import PaymentParked, PaymentVerified
from chalicelib.kernel.errors import Conflict, Forbidden, NotFound
from chalicelib.payment.decisions import Closing, Judgement, Proposal, RefundWanted
from chalicelib.register.model import order, verify_chain
from infra.local.banks.model import Fault
from tests.unit.payment.finance import DARA, VANNA, Finance, any_ulid, day_of, export, reference_of


@pytest.fixture
def finance() -> Finance:
    return Finance()


def propose(finance: Finance, identifier: str, decision: str, actor: str = DARA, **more: object) -> None:
    asked = Proposal.model_validate({"decision": decision, "ground": "checked", **more})
    finance.cases.propose(actor, identifier, asked, finance.desk.repeat(actor))


def approve(finance: Finance, identifier: str, actor: str = VANNA, *, approve: bool = True) -> None:
    finance.cases.decide(actor, identifier, Judgement(approve=approve), finance.desk.repeat(actor))


def short_paid(finance: Finance) -> tuple[str, str]:
    """An order paid one riel short: its identifier and its case's."""
    opened = finance.opened()
    finance.desk.bank.faults.add(Fault.SHORT_AMOUNT)
    assert finance.desk.bank.pay(reference_of(opened))
    finance.ask(reference_of(opened))
    (found,) = finance.open_cases()
    return opened.id, str(found["id"])


def test_case_46_parked_money_opens_its_case_in_the_same_commit(finance: Finance) -> None:
    order_id, identifier = short_paid(finance)
    parked = finance.desk.load(order(order_id)).last(PaymentParked)
    assert parked is not None
    opened = finance.case(identifier).opened
    assert (opened.reason, opened.order, opened.bank_ref) == ("underpaid", order_id, parked.bank_ref)
    assert (opened.amount, opened.owner) == (parked.amount, "finance")


def test_case_36_the_same_answer_again_opens_no_second_case(finance: Finance) -> None:
    order_id, _ = short_paid(finance)
    for _ in range(3):
        finance.ask(finance.standing(order_id).attempts[0].reference)
    assert len(finance.open_cases()) == 1


def test_age_and_owner_are_shown_oldest_first(finance: Finance) -> None:
    _, first = short_paid(finance)
    finance.desk.clock.advance(timedelta(days=3))
    finance.taken(export([("B1", 5_000, "CASH")], day=day_of(finance.desk.clock())))
    listed = finance.open_cases()
    assert listed[0]["id"] == first
    assert [(one["age_days"], one["owner"]) for one in listed] == [(3, "finance"), (0, "finance")]


def test_a_refund_needs_two_persons_and_ends_with_the_banks_reference(finance: Finance) -> None:
    _, identifier = short_paid(finance)
    propose(finance, identifier, "refund")
    with pytest.raises(Forbidden):
        approve(finance, identifier, DARA)
    approve(finance, identifier)
    requested = finance.case(identifier).refunds
    assert [one.amount for one in requested] == [finance.case(identifier).opened.amount]
    with pytest.raises(Conflict):
        finance.cases.close(DARA, identifier, Closing(), finance.desk.repeat(DARA))
    finance.cases.close(DARA, identifier, Closing(bank_ref="RF-1"), finance.desk.repeat(DARA))
    assert finance.case(identifier).status == "closed"
    assert finance.open_cases() == []


def test_money_that_is_with_us_is_not_dismissed_by_one_person(finance: Finance) -> None:
    _, identifier = short_paid(finance)
    propose(finance, identifier, "dismiss")
    assert finance.case(identifier).status == "proposed"


def test_a_rejected_proposal_leaves_the_case_open(finance: Finance) -> None:
    _, identifier = short_paid(finance)
    propose(finance, identifier, "refund")
    approve(finance, identifier, approve=False)
    assert finance.case(identifier).status == "open"
    propose(finance, identifier, "refund", VANNA)
    assert finance.case(identifier).proposed_by == VANNA


def test_what_is_not_what_is_due_does_not_pay_the_order(finance: Finance) -> None:
    _, identifier = short_paid(finance)
    with pytest.raises(Conflict, match=r"case\.not-payable"):
        propose(finance, identifier, "apply")


def test_case_54_two_persons_join_part_payments(finance: Finance) -> None:
    opened = finance.opened()
    reference, due, day = reference_of(opened), opened.order.total.minor, day_of(finance.desk.clock())
    half = due // 2
    finance.taken(export([("B1", half, reference), ("B2", due - half, reference)], day=day))
    one, other = (str(found["id"]) for found in finance.open_cases())
    assert not finance.standing(opened.id).paid
    propose(finance, one, "apply", joined=[other])
    approve(finance, one)
    payment = finance.standing(opened.id).payment
    assert payment is not None
    assert (payment.amount, payment.case, len(payment.joined)) == (due, one, 1)
    assert {finance.case(one).status, finance.case(other).status} == {"closed"}
    finance.desk.credit_filing(order(opened.id))
    assert finance.desk.types(opened.order.filing)[-1] == "FeePaid"


def test_case_47_too_much_pays_the_order_and_the_rest_is_asked_back(finance: Finance) -> None:
    opened = finance.opened()
    due, day = opened.order.total.minor, day_of(finance.desk.clock())
    finance.taken(export([("B1", due + 700, reference_of(opened))], day=day))
    (found,) = finance.open_cases()
    assert found["reason"] == "overpaid"
    propose(finance, str(found["id"]), "apply")
    approve(finance, str(found["id"]))
    assert finance.standing(opened.id).paid
    assert [one.amount for one in finance.case(str(found["id"])).refunds] == [700]


def test_case_57_late_money_pays_if_two_persons_say_so(finance: Finance) -> None:
    opened = finance.opened()
    finance.desk.clock.advance(timedelta(days=2))
    due, day = opened.order.total.minor, day_of(finance.desk.clock())
    finance.taken(export([("B1", due, reference_of(opened))], day=day))
    (found,) = finance.open_cases()
    assert found["reason"] == "late"
    propose(finance, str(found["id"]), "apply")
    approve(finance, str(found["id"]))
    assert finance.standing(opened.id).paid


def test_case_93_money_without_a_reference_is_given_to_an_order_by_two_persons_and_counts_once(
    finance: Finance,
) -> None:
    opened = finance.opened()
    due, day = opened.order.total.minor, day_of(finance.desk.clock())
    finance.taken(export([("B1", due, "TRANSFER"), ("B2", due, "TRANSFER")], day=day))
    first, second = finance.open_cases()
    assert not finance.standing(opened.id).paid  # the same amount is no match
    propose(finance, str(first["id"]), "apply", order=opened.id)
    approve(finance, str(first["id"]))
    assert finance.standing(opened.id).paid
    with pytest.raises(Conflict):
        propose(finance, str(second["id"]), "apply", order=opened.id)


def test_case_58_a_paid_order_is_not_paid_again_by_a_case(finance: Finance) -> None:
    order_id, identifier = short_paid(finance)
    finance.desk.bank.faults.clear()
    propose(finance, identifier, "refund")
    stream = finance.desk.load(order(order_id))
    assert stream.last(PaymentVerified) is None
    with pytest.raises(Conflict, match=r"case\.state"):
        propose(finance, identifier, "refund")


def test_a_refund_of_a_paid_order_is_a_case_and_never_more_than_was_paid(finance: Finance) -> None:
    opened = finance.opened()
    assert finance.desk.bank.pay(reference_of(opened))
    finance.ask(reference_of(opened))
    due = opened.order.total.minor
    wanted = RefundWanted(order=opened.id, amount=due - 100, ground="withdrawn")
    identifier = finance.cases.refund(DARA, wanted, finance.desk.repeat(DARA))
    assert finance.case(identifier).status == "proposed"
    with pytest.raises(Forbidden):
        approve(finance, identifier, DARA)
    approve(finance, identifier)
    with pytest.raises(Conflict):
        finance.cases.refund(DARA, wanted, finance.desk.repeat(DARA))
    rest = RefundWanted(order=opened.id, amount=100, ground="withdrawn")
    assert finance.cases.refund(DARA, rest, finance.desk.repeat(DARA)) != identifier


def test_case_66_a_refund_after_grant_is_a_case_and_the_filing_stays(finance: Finance) -> None:
    opened = finance.opened()
    reference = reference_of(opened)
    assert finance.desk.bank.pay(reference)
    finance.ask(reference)
    finance.desk.bank.refund(reference)
    finance.ask(reference)
    assert [one["reason"] for one in finance.open_cases()] == ["refunded"]
    assert finance.standing(opened.id).paid


def test_case_67_a_partial_refund_is_a_case_of_its_own_amount(finance: Finance) -> None:
    opened = finance.opened()
    reference = reference_of(opened)
    assert finance.desk.bank.pay(reference)
    finance.ask(reference)
    finance.desk.bank.refund(reference, Decimal(1000))
    finance.ask(reference)
    assert [(one["reason"], one["amount"]) for one in finance.open_cases()] == [("part-refunded", 1000)]


def test_a_repeat_of_an_act_changes_nothing(finance: Finance) -> None:
    _, identifier = short_paid(finance)
    repeat, asked = finance.desk.repeat(DARA), Proposal(decision="refund", ground="checked")
    for _ in range(2):
        finance.cases.propose(DARA, identifier, asked, repeat)
    assert [one["type"] for one in finance.cases.one(identifier)["history"]] == ["CaseOpened", "CaseDecisionProposed"]


def test_what_does_not_exist_is_not_found(finance: Finance) -> None:
    for name in ("x", any_ulid(finance.desk)):
        with pytest.raises(NotFound):
            finance.cases.one(name)


def test_case_72_when_the_rails_window_has_passed_without_a_word_a_person_looks_once(finance: Finance) -> None:
    opened = finance.opened()
    finance.desk.clock.advance(timedelta(days=6, hours=20))
    for _ in range(2):
        finance.ask(reference_of(opened))
    assert [one["reason"] for one in finance.open_cases()] == ["window-passed"]
    assert finance.desk.register.due("ASK", until=finance.desk.clock() + timedelta(days=99), limit=9) == ()
    identifier = str(finance.open_cases()[0]["id"])
    propose(finance, identifier, "dismiss")  # no money is with us: one person is enough
    assert finance.case(identifier).status == "closed"


def test_chains_of_cases_verify(finance: Finance) -> None:
    _, identifier = short_paid(finance)
    propose(finance, identifier, "refund")
    approve(finance, identifier)
    from chalicelib.register.model import case

    verify_chain(finance.desk.load(case(identifier)).entries)
