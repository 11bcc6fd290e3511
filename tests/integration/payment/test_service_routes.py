"""Paying through the public API, on the bank's bad days: no money without the bank's own answer, none lost with it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from chalice.app import Chalice

from chalicelib.offices.load import load_office
from chalicelib.payment.model import Delivery, Reply
from chalicelib.payment.routes import build
from infra.local.banks.model import Fault, Pushback
from infra.local.filer import Filer
from tests.faults.pump import Pump
from tests.faults.world import Moment, World
from tests.integration.people import design, filer, quiet


@pytest.fixture(scope="module")
def filed(opened: World) -> tuple[Moment, str]:
    """The moment after Anna submitted her design."""
    opened.go_back(opened.first)
    anna = filer(opened)
    filing, _ = design(opened, anna)
    anna.submit(filing)
    Pump(opened).drain()
    return opened.remember(), filing


@pytest.fixture
def owing(world: World, filed: tuple[Moment, str]) -> Iterator[tuple[Filer, str]]:
    world.go_back(filed[0])
    yield filer(world), filed[1]
    world.bank.faults.clear()


def ring(world: World, pushback: Pushback) -> int:
    path = urlsplit(pushback.url).path
    return world.request("POST", path, subject="", headers=pushback.headers, raw=pushback.body).status


def status(who: Filer, filing: str) -> str:
    return str(who.call("GET", f"/v1/filings/{filing}/payment-orders").json["status"])


@pytest.mark.parametrize(
    ("fault", "answers"),
    [
        (None, [200]),
        (Fault.CALLBACK_TWICE, [200, 200]),
        (Fault.NO_CALLBACK, []),
        (Fault.BAD_SIGNATURE, [401]),
        (Fault.CALLBACK_LATE, []),
    ],
)
def test_whatever_becomes_of_the_bell_the_money_counts_once(
    world: World, owing: tuple[Filer, str], fault: Fault | None, answers: list[int]
) -> None:
    who, filing = owing
    reference = who.order(filing)["pay"]["reference"]
    if fault:
        world.bank.faults.add(fault)
    assert world.bank.pay(reference)
    assert [ring(world, one) for one in world.bank.take_due()] == answers
    quiet(world)
    for late in world.bank.take_due():
        assert ring(world, late) == 200
    quiet(world)
    types = [event["type"] for event in who.view(filing)["history"]]
    assert (status(who, filing), types.count("FeePaid"), types.count("LetterIssued")) == ("paid", 1, 1)


@pytest.mark.parametrize("fault", [Fault.SHORT_AMOUNT, Fault.WRONG_CURRENCY, Fault.PRE_AUTH, Fault.OTHER_TRANSACTION])
def test_what_is_not_what_is_due_does_not_pay(world: World, owing: tuple[Filer, str], fault: Fault) -> None:
    who, filing = owing
    reference = who.order(filing)["pay"]["reference"]
    world.bank.faults.add(fault)
    assert world.bank.pay(reference)
    for pushback in world.bank.take_due():
        assert ring(world, pushback) == 200
    quiet(world)
    assert status(who, filing) == "open"
    assert who.view(filing)["status"] == "submitted"


def test_a_bell_without_money_pays_nothing(world: World, owing: tuple[Filer, str]) -> None:
    who, filing = owing
    reference = who.order(filing)["pay"]["reference"]
    transaction = world.bank.transactions[reference]
    assert world.bank.pay(reference)
    (pushback,) = world.bank.take_due()
    transaction.status, transaction.payments = "PENDING", 0  # as if somebody rang who knows the key, and nobody paid
    assert ring(world, pushback) == 200
    quiet(world)
    assert status(who, filing) == "open"


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.HTML_PAGE, Fault.THROTTLED, Fault.TIMEOUT_AFTER_SUCCESS])
def test_a_bank_that_cannot_be_had_means_503_and_the_same_request_goes_on(
    world: World, owing: tuple[Filer, str], fault: Fault
) -> None:
    who, filing = owing
    world.bank.faults.add(fault)
    sent = {"Authorization": f"Bearer {who.token}", "Idempotency-Key": "order-0001", "Content-Type": "application/json"}
    path, body = f"/v1/filings/{filing}/payment-orders", b'{"rail":"aba"}'
    answer = who.send("POST", path, sent, body)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    world.bank.faults.clear()
    again = who.send("POST", path, sent, body)
    assert again.status == 201 and again.json["pay"]["qr_svg"].startswith("<svg")
    assert who.send("POST", path, sent, body).json == again.json


class Seen:
    """A doorbell that keeps what it was handed."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    def __call__(self, rail: str, delivery: Delivery) -> Reply:
        self.deliveries.append(delivery)
        return Reply(200, b"{}")


def test_case_75_the_address_of_a_sender_is_the_gateways_word_and_never_a_header() -> None:
    seen = Seen()
    app = Chalice("doors")
    app.register_blueprint(build(cast(Any, SimpleNamespace(doorbell=seen, office=load_office("kh")))))
    headers = {"X-Forwarded-For": "203.0.113.5, 10.0.0.1", "Forwarded": "for=203.0.113.5", "X-Real-IP": "203.0.113.5"}
    event = {
        "path": "/v1/payments/aba/notifications", "httpMethod": "POST", "body": "{}", "isBase64Encoded": False,
        "headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "resource": "/v1/payments/{rail}/notifications", "pathParameters": {"rail": "aba"}, "stageVariables": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"httpMethod": "POST", "resourcePath": "/v1/payments/{rail}/notifications",
                           "identity": {"sourceIp": "198.51.100.9"}},
    }  # fmt: skip
    assert app(event, None)["statusCode"] == 200
    assert [one.source_ip for one in seen.deliveries] == ["198.51.100.9"]
