"""The rail against the bank simulator over real loopback sockets, as in the local office."""

import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chalicelib.kernel.money import Money
from chalicelib.payment import references
from chalicelib.payment.http import Urllib3Http
from chalicelib.payment.model import Bill, Delivery, Status
from chalicelib.payment.rails.aba import AbaConfig, AbaPayWay
from chalicelib.payment.rails.config import KeyConfig, KeyRing
from infra.local.bank_page import BankServer
from infra.local.banks.aba import AbaBank

SECRET = "an api key only for tests 0123456789"
NOW = datetime(2026, 11, 25, 2, 33, 30, tzinfo=UTC)


class _Office(BaseHTTPRequestHandler):
    """Takes bells."""

    rung: list[Delivery] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.rung.append(Delivery(tuple(self.headers.items()), (), body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def office() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Office)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/payments/aba/notifications"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def bank() -> Iterator[BankServer]:
    simulator = AbaBank(
        merchant_id="ipoffice", api_key=SECRET, clock=lambda: NOW, randomness=lambda size: b"7" * size
    )
    server = BankServer(simulator).start()
    yield server
    server.stop()


def test_a_qr_is_issued_paid_on_the_page_rung_and_proven(office: str, bank: BankServer) -> None:
    config = AbaConfig(
        rail="aba",
        environment="local",
        merchant_id="ipoffice",
        currencies=frozenset({"KHR"}),
        base_url=bank.address,
        keys=(KeyConfig(id="k", not_before=NOW),),
    )
    rail = AbaPayWay(config=config, keys=KeyRing.of(config.keys, {"k": SECRET}), callback_url=office)
    http = Urllib3Http(origins=frozenset({config.origin}))
    bill = Bill(references.new(), Money(320_000, "KHR"))

    issued = rail.create(bill, now=NOW, http=http)
    assert rail.query(bill, now=NOW, http=http).status is Status.PENDING
    with urllib.request.urlopen(bank.address + "/", timeout=5) as page:
        assert bill.reference in page.read().decode()
    form = f"tran_id={bill.reference}".encode()
    urllib.request.urlopen(bank.address + "/pay", data=form, timeout=5).close()

    assert rail.verify(_Office.rung[-1], now=NOW).order_ref == bill.reference
    told = rail.query(bill, now=NOW, http=http)
    assert (told.status, told.amount_minor, issued.qr[:6]) == (Status.PAID, 320_000, "000201")
