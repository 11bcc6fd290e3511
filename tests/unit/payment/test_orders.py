"""Orders: one for each purpose of a filing, each try to pay under a reference of its own, what was issued kept as issued."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.kernel.clock import parse_stamp
from chalicelib.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from chalicelib.kernel.money import Money
from chalicelib.offices.fees import FeeSchedule
from chalicelib.payment import references
from chalicelib.payment.fees import FeeUnknown
from chalicelib.payment.model import CreateRefused, Order
from chalicelib.payment.orders import ASK, OpenedOrder, ask_key, reference_key
from chalicelib.register.model import order as order_stream
from infra.local.banks.model import Fault
from infra.local.samples import patent_form
from tests.factories import ANNA, BOPHA, Desk, asking


def opened(desk: Desk, key: str = "pay-1") -> OpenedOrder:
    """The order of a filed design."""
    return desk.orders.open(ANNA, desk.filed().filing, "aba", asking(key))


def types(desk: Desk, order_id: str) -> list[str]:
    return [entry.type for entry in desk.load(order_stream(order_id)).entries]


def fold(desk: Desk, order_id: str) -> Order:
    return Order.fold(desk.load(order_stream(order_id)).entries)


# ---------------------------------------------------------------- quotes


def test_a_drafts_quote_is_by_today_and_cites_its_rules() -> None:
    desk = Desk()
    quote = desk.orders.quote(ANNA, desk.begin(form=patent_form()))
    assert quote.total == Money(320_000, "KHR")
    assert all(line.rule and line.certainty for line in quote.lines)
    assert not quote.demo


def test_a_quote_that_rests_on_a_demo_amount_says_so() -> None:
    desk = Desk()
    assert desk.orders.quote(ANNA, desk.begin()).demo is True


def test_without_demo_amounts_an_unknown_fee_is_named_and_never_guessed() -> None:
    desk = Desk()
    fees = FeeSchedule.model_validate(desk.office.fees.model_dump() | {"demo": ()})
    desk.office = desk.office.model_copy(update={"fees": fees})
    with pytest.raises(FeeUnknown) as refused:
        desk.orders.quote(ANNA, desk.begin())
    assert refused.value.codes == ("design-filing",)
    filed = desk.filed()
    with pytest.raises(FeeUnknown):
        desk.orders.open(ANNA, filed.filing, "aba", asking("pay"))
    assert not [head for head in desk.register.heads.values() if head.stream.kind == "ORDER"]


def test_anothers_filing_has_no_quote_and_no_order() -> None:
    desk = Desk()
    filed = desk.filed().filing
    for ask in (
        lambda: desk.orders.quote(BOPHA, filed),
        lambda: desk.orders.one(BOPHA, filed),
        lambda: desk.orders.open(BOPHA, filed, "aba", asking("pay", account=BOPHA)),
        lambda: desk.orders.one(BOPHA, "not an id"),
    ):
        with pytest.raises(NotFound, match=r"filing\.not-found"):
            ask()


# ---------------------------------------------------------------- opening


def test_an_order_is_what_is_due_with_something_to_pay_by() -> None:
    desk = Desk()
    made = opened(desk)
    assert made.order.total == made.quote.total == Money(80_000, "KHR")
    assert made.order.demo
    assert made.issued is not None
    assert made.issued["qr"] == desk.bank.transactions[made.issued["reference"]].qr
    assert types(desk, made.id) == ["OrderOpened", "AttemptOpened", "AttemptIssued"]


def test_a_reference_leads_to_its_order() -> None:
    desk = Desk()
    made = opened(desk)
    assert made.issued is not None
    row = desk.register.items[reference_key(made.issued["reference"])]
    assert row.attributes == {"stream": f"ORDER#{made.id}"}
    assert references.is_valid(made.issued["reference"], prefix=desk.office.reference_prefix)


def test_the_bank_is_told_no_name_and_no_title() -> None:
    desk = Desk()
    made = opened(desk)
    assert "Bowl" not in str(desk.bank.transactions) and made.issued is not None
    assert "Bowl" not in str(dict(made.issued))


def test_pressing_twice_gives_the_same_order_and_the_same_qr() -> None:
    desk = Desk()
    filed = desk.filed().filing
    first = desk.orders.open(ANNA, filed, "aba", asking("pay"))
    assert desk.orders.open(ANNA, filed, "aba", asking("pay")) == first
    assert desk.bank.calls == [("generate-qr", first.order.attempts[0].reference)]


def test_a_second_request_while_the_first_qr_is_good_gives_that_one() -> None:
    desk = Desk()
    filed = desk.filed().filing
    first = desk.orders.open(ANNA, filed, "aba", asking("pay-1"))
    assert desk.orders.open(ANNA, filed, "aba", asking("pay-2")) == first


@pytest.mark.parametrize("key", ["pay-1", "pay-2"])
def test_one_key_for_another_request_is_refused(key: str) -> None:
    desk = Desk()
    filed = desk.filed().filing
    for used in ("pay-1", "pay-2"):
        desk.orders.open(ANNA, filed, "aba", asking(used))
    with pytest.raises(Conflict, match=r"idempotency\.other-request"):
        desk.orders.open(ANNA, filed, "aba", asking(key, b"other"))


def test_two_requests_at_once_make_one_order() -> None:
    desk = Desk()
    filed = desk.filed().filing
    desk.register.rivals = [lambda: desk.orders.open(ANNA, filed, "aba", asking("pay-2"))]
    desk.orders.open(ANNA, filed, "aba", asking("pay-1"))
    assert len([head for head in desk.register.heads.values() if head.stream.kind == "ORDER"]) == 1
    assert len(desk.bank.transactions) == 1


def test_before_submission_nothing_is_due() -> None:
    desk = Desk()
    with pytest.raises(Conflict, match=r"order\.not-due"):
        desk.orders.open(ANNA, desk.complete(), "aba", asking("pay"))


def test_a_rail_we_do_not_have_is_named_with_those_we_have() -> None:
    desk = Desk()
    with pytest.raises(Invalid, match=r"rail\.unknown /rail") as refused:
        desk.orders.open(ANNA, desk.filed().filing, "wing", asking("pay"))
    assert refused.value.findings[0].params == {"rails": "aba"}


def test_a_currency_that_the_rail_does_not_carry_is_refused() -> None:
    desk = Desk()
    fees = desk.office.fees.model_copy(update={"currency": "EUR"})
    desk.office = desk.office.model_copy(update={"currency": "EUR", "fees": fees})
    with pytest.raises(Conflict, match=r"rail\.currency /rail"):
        desk.orders.open(ANNA, desk.filed().filing, "aba", asking("pay"))


def test_an_order_that_was_not_opened_is_not_found() -> None:
    desk = Desk()
    with pytest.raises(NotFound, match=r"order\.not-found"):
        desk.orders.one(ANNA, desk.filed().filing)


def test_an_order_is_shown_as_it_was_opened() -> None:
    desk = Desk()
    filed = desk.filed().filing
    made = desk.orders.open(ANNA, filed, "aba", asking("pay"))
    assert desk.orders.one(ANNA, filed) == made


# ---------------------------------------------------------------- when the bank does not answer


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.HTML_PAGE, Fault.THROTTLED])
def test_a_bank_that_cannot_be_had_means_come_again_and_go_on_under_the_same_reference(fault: Fault) -> None:
    desk = Desk()
    filed = desk.filed().filing
    desk.bank.faults.add(fault)
    with pytest.raises(Unavailable):
        desk.orders.open(ANNA, filed, "aba", asking("pay"))
    desk.bank.faults.clear()
    made = desk.orders.open(ANNA, filed, "aba", asking("pay"))
    assert types(desk, made.id) == ["OrderOpened", "AttemptOpened", "AttemptIssued"]


def test_a_create_whose_answer_was_lost_is_closed_and_another_attempt_is_opened() -> None:
    desk = Desk()
    filed = desk.filed().filing
    desk.bank.faults.add(Fault.TIMEOUT_AFTER_SUCCESS)
    with pytest.raises(Unavailable):
        desk.orders.open(ANNA, filed, "aba", asking("pay"))
    desk.bank.faults.clear()
    made = desk.orders.open(ANNA, filed, "aba", asking("pay"))
    lost, good = made.order.attempts
    assert lost.issued_at is None and good.issued_at is not None
    assert desk.bank.transactions[lost.reference].status == "CANCELLED"
    assert made.issued is not None and made.issued["reference"] == good.reference
    assert desk.bank.pay(lost.reference) is False


def test_killed_between_create_and_entry_the_next_request_goes_on() -> None:
    desk = Desk()
    filed = desk.filed().filing
    killed: list[Any] = []

    def killing() -> None:
        killed.append(1)
        raise SystemExit

    desk.register.rivals = [lambda: None, killing]
    with pytest.raises(SystemExit):
        desk.orders.open(ANNA, filed, "aba", asking("pay"))
    assert len(desk.bank.transactions) == 1
    made = desk.orders.open(ANNA, filed, "aba", asking("pay"))
    assert [attempt.issued_at is not None for attempt in made.order.attempts] == [False, True]


def test_a_bank_that_will_not_issue_means_come_again() -> None:
    desk = Desk()
    desk.bank.merchant_id = "somebody else"
    with pytest.raises(Unavailable, match="will not issue") as refused:
        opened(desk)
    assert isinstance(refused.value.__cause__, CreateRefused)


# ---------------------------------------------------------------- attempts


def test_after_the_first_expired_another_attempt_is_opened_and_both_are_asked_about() -> None:
    desk = Desk()
    filed = desk.filed().filing
    first = desk.orders.open(ANNA, filed, "aba", asking("pay-1"))
    desk.clock.advance(timedelta(minutes=61))
    second = desk.orders.open(ANNA, filed, "aba", asking("pay-2"))
    assert second.id == first.id
    assert [attempt.n for attempt in second.order.attempts] == [1, 2]
    due = desk.register.due(ASK, until=desk.clock() + timedelta(days=1), limit=10)
    assert set(due) == {ask_key(first.id, 1), ask_key(first.id, 2)}


def test_the_first_question_is_soon_after_issue() -> None:
    desk = Desk()
    made = opened(desk)
    ask = desk.register.items[ask_key(made.id, 1)]
    assert parse_stamp(ask.attributes["due_at"]) - desk.clock() == timedelta(seconds=15)


def test_two_requests_after_expiry_open_one_further_attempt() -> None:
    desk = Desk()
    filed = desk.filed().filing
    made = desk.orders.open(ANNA, filed, "aba", asking("pay-1"))
    desk.clock.advance(timedelta(minutes=61))
    desk.register.rivals = [lambda: desk.orders.open(ANNA, filed, "aba", asking("pay-3"))]
    desk.orders.open(ANNA, filed, "aba", asking("pay-2"))
    assert len(fold(desk, made.id).attempts) == 2


def test_there_is_an_end_to_attempts() -> None:
    desk = Desk()
    filed = desk.filed().filing
    for number in range(50):
        desk.orders.open(ANNA, filed, "aba", asking(f"pay-{number}"))
        desk.clock.advance(timedelta(minutes=61))
    with pytest.raises(Conflict, match=r"order\.too-many-attempts"):
        desk.orders.open(ANNA, filed, "aba", asking("once-more"))
