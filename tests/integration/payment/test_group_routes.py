"""Several filings paid for at once through the public API, to their letters and dossiers."""

import pytest

from infra.local.filer import Refusal
from tests.faults.world import World
from tests.integration.people import design, filer, quiet


def test_a_group_is_paid_once_and_every_filing_gets_its_letter(world: World) -> None:
    world.go_back(world.first)
    anna = filer(world)
    filings = []
    for _ in range(2):
        filing, _ = design(world, anna)
        anna.submit(filing)
        filings.append(filing)
    quiet(world)
    order = anna.call("POST", "/v1/payment-orders", {"filings": filings, "rail": "aba"}, Idempotency_Key="group-order-1").json
    assert (order["quote"]["total"]["minor"], [one["amount"] for one in order["members"]]) == (160_000, [80_000, 80_000])
    assert world.bank.pay(order["pay"]["reference"])
    (ring,) = world.bank.take_due()
    assert world.request(
        "POST", "/v1/payments/aba/notifications", subject="", headers=ring.headers, raw=ring.body
    ).status == 200  # fmt: skip
    quiet(world)
    for filing in filings:
        assert anna.view(filing)["status"] == "handed-over"
        assert anna.call("GET", f"/v1/filings/{filing}/payment-orders").json["status"] == "paid"
    assert len({anna.acknowledgement(filing)["number"] for filing in filings}) == 2


def test_an_order_is_cancelled_and_another_opened(world: World) -> None:
    world.go_back(world.first)
    anna = filer(world)
    filing, _ = design(world, anna)
    anna.submit(filing)
    first = anna.order(filing)
    cancelled = anna.call("DELETE", f"/v1/filings/{filing}/payment-orders", Idempotency_Key="cancel-order-1").json
    assert cancelled == {"status": "cancelled"}
    assert not world.bank.pay(first["pay"]["reference"])
    again = anna.call("POST", f"/v1/filings/{filing}/payment-orders", {"rail": "aba"}, Idempotency_Key="again-order-1").json
    assert again["pay"]["reference"] != first["pay"]["reference"]
    with pytest.raises(Refusal) as refused:
        anna.call("POST", "/v1/payment-orders", {"filings": [filing], "rail": "aba"}, Idempotency_Key="group-order-2")
    assert refused.value.answer.status == 422
