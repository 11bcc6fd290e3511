"""What a notification costs from the bank's door to the settled order, and a line of a bank's book until it is matched."""

import hashlib
import hmac
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from chalicelib.payment.reconcile import Ours, Result, Theirs, reconcile
from infra.local.banks.model import Pushback
from tests.bench.figure import Figure
from tests.faults.pump import Pump
from tests.faults.world import API_KEY, World, world
from tests.integration.people import design, filer

NOTIFICATIONS = 24
LINES = 50_000


def payment() -> tuple[Figure, Figure]:
    """`notifications_vs_floor` and `reconcile_lines_per_s`."""
    return notifications(), reconciliation()


def notifications() -> Figure:
    """Verified and settled per second, in one process on one core. Ours: the notification as API Gateway hands it in (form,
    signature, bell), then the bell's message (the question at the bank, settling). Floor: one HMAC over the same body and
    one DynamoDB transaction of four items, as settling writes. Both on the same moto, each time from the same moment: moto
    copies its whole table for a transaction, so a table that grows would be all that one measures."""
    with world() as office:
        office.cold = lambda: None  # type: ignore[method-assign]  # functions stay warm
        ring, paid = _rung(office), Pump(office)
        paid.drain()
        moment = office.remember()
        ours, floor = [], []
        for _ in range(NOTIFICATIONS + 1):
            office.go_back(moment)
            ours.append(_seconds(lambda: _settle(office, ring)))
            if sum(row.get("type") == {"S": "PaymentVerified"} for row in paid.rows()) != 1:
                raise RuntimeError("the order was not settled")
            office.go_back(moment)
            floor.append(_seconds(lambda: _floor(office, ring)))
    mine, least = statistics.median(ours[1:]), statistics.median(floor[1:])  # the first warms both
    return Figure(
        name="notifications_vs_floor", value=1 / mine, unit="per s", against="one HMAC and one transaction",
        ratio=least / mine, runs=NOTIFICATIONS, detail={"floor_per_s": round(1 / least, 1)},
    )  # fmt: skip


def reconciliation() -> Figure:
    """Lines of the banks' books per second: a list and a statement of one day against the ledger, one line in a hundred
    wrong; held against one look-up in a dict for each line."""
    ours = [Ours("aba", f"R{n}", frozenset({f"R{n}:1"}), 320_000, "KHR") for n in range(LINES // 2)]
    listed = [Theirs("list", "aba", f"R{n}:1", f"R{n}", 320_000, "KHR") for n in range(LINES // 2)]
    stated = [
        Theirs("statement", "aba", f"S{n}", f"R{n}", 320_000 - (n % 100 == 0), "KHR", about=f"S{n}")
        for n in range(LINES // 2)
    ]
    lines = [*listed, *stated]
    began = time.perf_counter()
    rows = reconcile(ours, lines)
    seconds = time.perf_counter() - began
    if sum(row.result is Result.AMOUNT_DIFFERS for row in rows) != LINES // 200:
        raise RuntimeError("the books were not read as they are")
    names, began = {one.reference: one for one in ours}, time.perf_counter()
    for line in lines:
        names.get(line.reference or "")
    least = time.perf_counter() - began
    return Figure(
        name="reconcile_lines_per_s", value=LINES / seconds, unit="per s", against="one look-up for each line",
        ratio=least / seconds, detail={"lines": LINES, "rows": len(rows)},
    )  # fmt: skip


def _rung(office: World) -> Pushback:
    """A filed design whose order was just paid: the bank's notification, not delivered yet."""
    anna = filer(office)
    filing, _ = design(office, anna)
    anna.submit(filing)
    order = anna.order(filing)
    if not office.bank.pay(order["pay"]["reference"]):
        raise RuntimeError("not paid")
    (ring,) = office.bank.take_due()
    return ring


def _settle(office: World, ring: Pushback) -> None:
    path = "/v1/payments/aba/notifications"
    if office.request("POST", path, subject="", headers=ring.headers, raw=ring.body).status != 200:
        raise RuntimeError("a bell was not let in")
    bell = {"reference": json.loads(ring.body)["tran_id"], "rung": True}
    record: dict[str, Any] = {"body": json.dumps(bell), "messageId": "1", "receiptHandle": "1", "eventSource": "aws:sqs"}
    office.invoke("ask_bank", {"Records": [record]})


def _floor(office: World, ring: Pushback) -> None:
    """The least that any service would do."""
    hmac.compare_digest(hmac.digest(API_KEY.encode(), ring.body, hashlib.sha512), bytes(64))
    table, text = office.environment["TRA_REGISTER_TABLE"], {"S": "x" * 600}
    office.clients.dynamodb.transact_write_items(
        TransactItems=[
            {
                "Put": {
                    "TableName": table,
                    "Item": {"pk": {"S": "FLOOR"}, "sk": {"S": str(item)}, "data": text},
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            }
            for item in range(4)
        ]
    )


def _seconds(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
