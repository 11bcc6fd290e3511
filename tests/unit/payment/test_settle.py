"""What a bank's answer means for an order. Numbers are those of the adversarial cases in payments.md section 12."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.payment.model import Notice, Order, Status, Trust
from chalicelib.payment.settle import Apply, Duplicate, Ignore, NotEvidence, Park, settle
from tests.unit.payment.orders import (
    DUE,
    EXPIRES,
    FIRST,
    FOREIGN,
    NOW,
    SECOND,
    attempt,
    notice,
    order,
    parked,
    verified,
)


def test_the_banks_own_answer_pays_the_order() -> None:
    verdict = settle(order(), FIRST, notice(paid_at=NOW))
    assert isinstance(verdict, Apply)
    fact = verdict.fact
    assert (fact.reference, fact.bank_ref, fact.amount, fact.currency) == (FIRST, f"{FIRST}:111111", DUE, "KHR")
    assert (fact.asked_at, fact.paid_at) == ("2026-11-25T02:38:30.000Z", "2026-11-25T02:33:30.000Z")
    assert fact.evidence_sha256 == "2" * 64


def test_a_demo_order_stays_marked_when_it_is_paid() -> None:
    verdict = settle(order(demo=True), FIRST, notice())
    assert isinstance(verdict, Apply)
    assert verdict.fact.demo


@pytest.mark.parametrize("trust", [Trust.DOORBELL, Trust.AUTHENTICATED])
@pytest.mark.parametrize("changes", [{}, {"amount_minor": 1}, {"order_ref": FOREIGN}])
def test_a_notification_never_moves_money_whatever_it_says(trust: Trust, changes: dict[str, Any]) -> None:
    with pytest.raises(NotEvidence):
        settle(order(), FIRST, notice(trust=trust, **changes))


def test_a_notification_of_anything_else_is_ignored() -> None:
    assert settle(order(), FIRST, notice(trust=Trust.DOORBELL, status=Status.REFUNDED)) == Ignore("not-evidence")


PAID = (verified(),)
TWO = tuple(attempt(2, SECOND))

CASES: list[tuple[str, Order, Notice, str]] = [
    ("36 exact replay", order(*PAID), notice(), "duplicate"),
    ("36 replay of a parked payment", order(parked("underpaid")), notice(amount_minor=1), "duplicate"),
    ("37 replay under another event id", order(*PAID), notice(event_key="other"), "duplicate"),
    ("38 reply bound to another order", order(), notice(order_ref=FOREIGN, bank_ref="x:1"), "park reference"),
    ("38 reply about our other attempt", order(*TWO), notice(order_ref=SECOND, bank_ref="x:1"), "park reference"),
    ("38 another rail", order(), notice(rail="wing"), "park rail"),
    ("46 underpaid by one", order(), notice(amount_minor=DUE - 1), "park underpaid"),
    ("47 overpaid by one", order(), notice(amount_minor=DUE + 1), "park overpaid"),
    ("48 right number, wrong currency", order(), notice(currency="USD"), "park currency"),
    ("49 converted amount", order(amount=8500, currency="USD"), notice(amount_minor=340_000), "park currency"),
    (
        "50 minor-unit error",
        order(amount=85, currency="USD"),
        notice(amount_minor=8500, currency="USD"),
        "park overpaid",
    ),
    ("50 riel times a hundred", order(), notice(amount_minor=DUE * 100), "park overpaid"),
    ("52 discount by the bank", order(), notice(amount_minor=DUE * 9 // 10), "park underpaid"),
    ("53 wrong payee", order(), notice(payee="thief@bank"), "park payee"),
    ("54 half, first time", order(), notice(amount_minor=DUE // 2), "park underpaid"),
    (
        "54 half, second time",
        order(parked("underpaid", amount=DUE // 2)),
        notice(amount_minor=DUE // 2, bank_ref=f"{FIRST}:222222"),
        "park underpaid",
    ),
    ("55 same QR paid twice", order(*PAID), notice(bank_ref=f"{FIRST}:222222"), "park already-paid"),
    ("57 paid after expiry", order(), notice(paid_at=EXPIRES + timedelta(milliseconds=1)), "park late"),
    ("57 paid at expiry", order(), notice(paid_at=EXPIRES, at=EXPIRES + timedelta(days=3)), "apply"),
    ("57 time unknown, asked too late", order(), notice(at=EXPIRES + timedelta(days=1)), "park time-unknown"),
    ("57 time unknown, asked in time", order(), notice(at=EXPIRES), "apply"),
    (
        "57 the bank itself turns late money away",
        order(),
        notice(at=EXPIRES + timedelta(days=1), bank_keeps_expiry=True),
        "apply",
    ),
    ("59 only held", order(), notice(status=Status.HELD), "ignore held"),
    ("60 unknown", order(), notice(status=Status.UNKNOWN), "ignore unknown"),
    ("61 pending", order(), notice(status=Status.PENDING), "ignore pending"),
    ("62 paid without an amount", order(), notice(amount_minor=None), "park amount-unknown"),
    ("62 paid without a currency", order(), notice(currency=None), "park amount-unknown"),
    ("62 paid without a bank reference", order(), notice(bank_ref=None), "park no-bank-reference"),
    ("64 failed after paid", order(*PAID), notice(status=Status.FAILED), "ignore failed"),
    ("64 cancelled after paid", order(*PAID), notice(status=Status.CANCELLED), "ignore cancelled"),
    (
        "65 paid again after a refund",
        order(*PAID, parked("refunded")),
        notice(bank_ref=f"{FIRST}:222222"),
        "park after-refund",
    ),
    ("65 the old payment shown again after a refund", order(*PAID, parked("refunded")), notice(), "duplicate"),
    ("66 refund after grant", order(*PAID), notice(status=Status.REFUNDED, refunded_minor=DUE), "park refunded"),
    ("66 reversal after grant", order(*PAID), notice(status=Status.REVERSED, refunded_minor=DUE), "park reversed"),
    (
        "66 refund told again",
        order(*PAID, parked("refunded")),
        notice(status=Status.REFUNDED, refunded_minor=DUE),
        "duplicate",
    ),
    ("66 refund of what never counted", order(), notice(status=Status.REFUNDED, refunded_minor=DUE), "ignore refunded"),
    (
        "67 partial refund",
        order(*PAID),
        notice(status=Status.PART_REFUNDED, refunded_minor=1000),
        "park part-refunded",
    ),
    (
        "67 a further partial refund is another case",
        order(*PAID, parked("part-refunded", amount=1000)),
        notice(status=Status.PART_REFUNDED, refunded_minor=2000),
        "park part-refunded",
    ),
    (
        "67 partial refund before it ever counted",
        order(),
        notice(status=Status.PART_REFUNDED, refunded_minor=1000),
        "park part-refunded",
    ),
]


@pytest.mark.parametrize(
    ("standing", "answer", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_adversarial(standing: Order, answer: Notice, expected: str) -> None:
    match verdict := settle(standing, FIRST, answer):
        case Apply():
            said = "apply"
        case Duplicate():
            said = "duplicate"
        case Park(reason):
            said = f"park {reason}"
            assert verdict.fact.reason == reason
        case Ignore(reason):
            said = f"ignore {reason}"
    assert said == expected


def test_case_53_our_own_account_is_accepted_and_any_other_raises_an_alarm() -> None:
    ours = frozenset({"office@bank"})
    assert isinstance(settle(order(), FIRST, notice(payee="office@bank"), payees=ours), Apply)
    wrong = settle(order(), FIRST, notice(payee="thief@bank"), payees=ours)
    assert isinstance(wrong, Park)
    assert wrong.alarm


def test_case_56_of_two_attempts_both_paid_the_second_payment_is_parked() -> None:
    verdict = settle(order(*TWO, *PAID), SECOND, notice(order_ref=SECOND, bank_ref=f"{SECOND}:222222"))
    assert isinstance(verdict, Park)
    assert (verdict.reason, verdict.fact.reference) == ("already-paid", SECOND)


def test_case_56_the_second_attempt_may_pay_after_the_first_expired() -> None:
    verdict = settle(order(*TWO), SECOND, notice(order_ref=SECOND, bank_ref=f"{SECOND}:222222"))
    assert isinstance(verdict, Apply)
    assert verdict.fact.reference == SECOND


def test_case_66_money_going_back_after_it_counted_calls_a_person() -> None:
    verdict = settle(order(*PAID), FIRST, notice(status=Status.REFUNDED, refunded_minor=DUE))
    assert isinstance(verdict, Park)
    assert verdict.alarm
    assert verdict.fact.amount == DUE


@given(
    status=st.sampled_from(Status),
    trust=st.sampled_from(Trust),
    amount=st.one_of(st.none(), st.integers(0, 10**9)),
    currency=st.sampled_from([None, "KHR", "USD"]),
    ref=st.sampled_from([FIRST, SECOND, FOREIGN]),
    bank_ref=st.sampled_from([None, "a", "b"]),
    paid=st.booleans(),
)
def test_only_evidence_of_the_exact_sum_for_an_open_order_ever_applies(
    status: Status, trust: Trust, amount: int | None, currency: str | None, ref: str, bank_ref: str | None, paid: bool
) -> None:
    standing = order(verified(bank_ref="a")) if paid else order()
    answer = notice(
        status=status, trust=trust, amount_minor=amount, currency=currency, order_ref=ref, bank_ref=bank_ref
    )
    try:
        verdict = settle(standing, FIRST, answer)
    except NotEvidence:
        assert status is Status.PAID
        assert trust is not Trust.AUTHORITATIVE
        return
    whole = (status, trust, amount, currency, ref, paid) == (
        Status.PAID, Trust.AUTHORITATIVE, DUE, "KHR", FIRST, False,
    )  # fmt: skip
    assert isinstance(verdict, Apply) == (whole and bank_ref is not None)
