"""Orders, notices, keys and deliveries to test payment with."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.contracts.events import (
    AttemptIssued,
    AttemptOpened,
    Line,
    OrderOpened,
    PaymentParked,
    PaymentVerified,
)
from chalicelib.contracts.fact import Fact
from chalicelib.kernel.clock import stamp
from chalicelib.payment import references
from chalicelib.payment.model import Delivery, Notice, Order, Status, Trust
from chalicelib.payment.rails.aba import AbaConfig, AbaPayWay
from chalicelib.payment.rails.config import KeyConfig, KeyRing

NOW = datetime(2026, 11, 25, 2, 33, 30, tzinfo=UTC)
EXPIRES = NOW + timedelta(days=1)
FILING = "01JDT0000000000000000000AA"
DUE = 320_000
API_KEY = "an api key only for tests 0123456789"
OLD_KEY = "a retired api key for tests 98765432"
FUTURE_KEY = "a later api key for tests 4567890123"
MERCHANT = "ipoffice"
CALLBACK = "https://office.example/v1/payments/aba/notifications"


def reference(n: int = 1) -> str:
    """The same reference for the same `n`."""
    return references.new(lambda size: hashlib.sha256(str(n).encode()).digest()[:size])


FIRST, SECOND, FOREIGN = reference(1), reference(2), reference(99)


@dataclass(frozen=True)
class Recorded:
    """An entry as far as the fold looks."""

    type: str
    at: str
    data: Mapping[str, Any]


def recorded(fact: Fact, at: datetime = NOW) -> Recorded:
    """`fact` as an entry."""
    return Recorded(type(fact).__name__, stamp(at), fact.to_data())


def opened(amount: int = DUE, currency: str = "KHR", *, demo: bool = False) -> OrderOpened:
    line = Line(code="patent-filing", amount=amount, demo=demo)
    return OrderOpened(
        filing=FILING, purpose="filing", lines=(line,), amount=amount, currency=currency, schedule="kh-2023", demo=demo
    )


def attempt(n: int, ref: str, *, expires: datetime = EXPIRES) -> list[Fact]:
    return [
        AttemptOpened(attempt=n, rail="aba", reference=ref),
        AttemptIssued(attempt=n, reference=ref, qr_sha256="0" * 64, qr_md5="0" * 32, expires_at=stamp(expires)),
    ]


def verified(ref: str = FIRST, bank_ref: str | None = None) -> PaymentVerified:
    return PaymentVerified(
        filing=FILING,
        purpose="filing",
        reference=ref,
        rail="aba",
        bank_ref=bank_ref or f"{ref}:111111",
        amount=DUE,
        currency="KHR",
        asked_at=stamp(NOW),
        evidence_sha256="1" * 64,
    )


def parked(reason: str, ref: str = FIRST, bank_ref: str | None = None, amount: int | None = DUE) -> PaymentParked:
    return PaymentParked(
        reference=ref,
        rail="aba",
        bank_ref=bank_ref or f"{ref}:111111",
        reason=reason,
        amount=amount,
        currency="KHR",
        asked_at=stamp(NOW),
        evidence_sha256="1" * 64,
    )


def order(*more: Fact, amount: int = DUE, currency: str = "KHR", demo: bool = False) -> Order:
    """An order with one issued attempt under FIRST, then `more`."""
    facts = [opened(amount, currency, demo=demo), *attempt(1, FIRST), *more]
    return Order.fold(recorded(fact) for fact in facts)


def notice(**changes: Any) -> Notice:
    """The bank's own answer: FIRST is paid in full."""
    values: dict[str, Any] = {
        "rail": "aba",
        "order_ref": FIRST,
        "bank_ref": f"{FIRST}:111111",
        "event_key": "check:1",
        "status": Status.PAID,
        "trust": Trust.AUTHORITATIVE,
        "at": NOW + timedelta(minutes=5),
        "amount_minor": DUE,
        "currency": "KHR",
        "raw_sha256": "2" * 64,
        **changes,
    }
    return Notice(**values)


def config(**changes: Any) -> AbaConfig:
    """A sandbox configuration of the rail, with a retired, a present and a future key."""
    values: dict[str, Any] = {
        "rail": "aba",
        "environment": "sandbox",
        "merchant_id": MERCHANT,
        "currencies": {"KHR", "USD"},
        "base_url": "https://checkout-sandbox.payway.com.kh",
        "keys": (
            KeyConfig(id="old", not_before=NOW - timedelta(days=900), not_after=NOW - timedelta(days=30)),
            KeyConfig(id="now", not_before=NOW - timedelta(days=60)),
            KeyConfig(id="next", not_before=NOW + timedelta(days=30)),
        ),
        **changes,
    }
    return AbaConfig(**values)


SECRETS = {"old": OLD_KEY, "now": API_KEY, "next": FUTURE_KEY}


def rail(**changes: Any) -> AbaPayWay:
    """The rail with its keys."""
    made = config(**changes)
    return AbaPayWay(config=made, keys=KeyRing.of(made.keys, SECRETS), callback_url=CALLBACK)


def signature(body: Mapping[str, Any], key: str = API_KEY) -> str:
    """As the bank signs: values in key order. Written here again, on purpose without our own code."""
    joined = "".join(str(body[name]) for name in sorted(body))
    return base64.b64encode(hmac.new(key.encode(), joined.encode(), hashlib.sha512).digest()).decode()


def pushback(ref: str = FIRST, **changes: Any) -> dict[str, Any]:
    """The body of an honest pushback."""
    return {"tran_id": ref, "apv": "619195", "status": "0", "return_params": ref, **changes}


def delivery(
    body: Mapping[str, Any] | bytes | None = None,
    *,
    sign: str | None = None,
    key: str = API_KEY,
    headers: tuple[tuple[str, str], ...] | None = None,
    query: tuple[tuple[str, str], ...] = (),
) -> Delivery:
    """A delivery of `body`, signed unless said otherwise."""
    content = pushback() if body is None else body
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    if headers is None:
        made = sign if sign is not None else signature(content if not isinstance(content, bytes) else {}, key)
        headers = (("Content-Type", "application/json"), ("X-PAYWAY-HMAC-SHA512", made))
    return Delivery(headers=headers, query=query, body=raw, source_ip="203.0.113.5")
