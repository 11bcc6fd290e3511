"""Every rail as an office would set it up, with made-up secrets, and the ways out that tests need."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib.kernel.money import Money
from chalicelib.payment.model import Bill, Delivery, HttpFailed, HttpReply, Rail
from chalicelib.payment.rails import known
from chalicelib.payment.rails.config import RailConfig
from tests.unit.payment.orders import DUE, FIRST, NOW

PUBLIC_URL = "https://office.example"
DOOR = "an-unguessable-end-of-an-address"
SECRET = "a key only for tests 0123456789ab"
OLD = "a retired key for tests 9876543210"
NEXT = "a later key for tests 45678901230"
PASSWORD = "0123456789abcdef0123456789abcdef"
ACCOUNT = "ipoffice@nbcq"
RIEL = Bill(FIRST, Money(DUE, "KHR"), opened_at=NOW)
DOLLARS = Bill(FIRST, Money(8550, "USD"), opened_at=NOW)
DAY = timedelta(days=1)

KEYS = [
    {"id": "old", "not_before": (NOW - 90 * DAY).isoformat(), "not_after": (NOW - 30 * DAY).isoformat()},
    {"id": "now", "not_before": (NOW - 60 * DAY).isoformat(), "not_after": (NOW + 30 * DAY).isoformat()},
    {"id": "next", "not_before": (NOW + 20 * DAY).isoformat(), "not_after": (NOW + 110 * DAY).isoformat()},
]
SECRETS = {
    "old": OLD, "now": SECRET, "next": NEXT, "door": DOOR,
    **{f"{name}.password": PASSWORD for name in ("old", "now", "next")},
}  # fmt: skip

_ALL = {"environment": "production", "currencies": ["KHR", "USD"], "keys": KEYS, "lifetime_minutes": 60}
ENTRIES: Mapping[str, Mapping[str, Any]] = {
    "aba": {"merchant_id": "ipoffice", "base_url": "https://checkout.payway.com.kh"},
    "khqr": {
        "base_url": "https://api-bakong.nbc.gov.kh", "payee_accounts": [ACCOUNT], "merchant_name": "IP OFFICE",
        "merchant_city": "Phnom Penh", "language": "km", "local_name": "នាយកដ្ឋាន", "local_city": "ភ្នំពេញ",
    },
    "acleda": {
        "merchant_id": "IPOFFICE", "base_url": "https://epayment.acledabank.com.kh", "merchant_path": "IPOFFICE",
        "merchant_name": "IP Office", "login_id": "remoteuser",
    },
    "acleda-mobile": {"merchant_id": "IPOFFICE", "partner_id": "ipoffice", "app_name": "IP Office"},
    "wing-v1": {"merchant_id": "x", "base_url": "https://wingsdk.wingmoney.com:334", "username": "online.ip",
                "bill_till": "5004"},
    "wing-v2": {"merchant_id": "x", "base_url": "https://wingsdk.wingmoney.com:334", "username": "online.ip",
                "bill_till": "5004"},
    "wing-mini": {"merchant_id": "WG_APPID_0001", "base_url": "https://mini.wingmoney.com",
                  "status_path": "/app/status"},
    "ipay88": {"merchant_id": "KH00001", "base_url": "https://payment.ipay88.com.kh", "signs_payment_id": False,
               "requery_path": "/epayment/enquiry.asp"},
    "statement": {"keys": [], "payee_accounts": ["KHR 001-234-567", "USD 001-234-568"]},
}  # fmt: skip
NAMES = tuple(ENTRIES)


def entry(name: str, **changes: Any) -> dict[str, Any]:
    """The configuration entry of one rail."""
    made = {"rail": name, **_ALL, **ENTRIES[name], **changes}
    return {field: value for field, value in made.items() if value is not ...}


def config(name: str, **changes: Any) -> RailConfig:
    return known.read(json.dumps([entry(name, **changes)]))[0]


def rail(name: str, **changes: Any) -> Any:
    """The rail, as the office would have it. `Any`: each test knows its class."""
    return known.make([config(name, **changes)], SECRETS, public_url=PUBLIC_URL)[name]


def rails() -> Mapping[str, Rail]:
    return known.make([config(name) for name in NAMES], SECRETS, public_url=PUBLIC_URL)


class Answering:
    """An `Http` with one answer, that keeps what was asked."""

    def __init__(self, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.reply = HttpReply(status, headers or {}, raw)
        self.sent: list[tuple[str, bytes, Mapping[str, str]]] = []

    def post(self, url: str, *, json: bytes | None, headers: Mapping[str, str], timeout: float) -> HttpReply:
        self.sent.append((url, json or b"", headers))
        return self.reply

    @property
    def body(self) -> Any:
        """What was asked last, read."""
        url, raw, headers = self.sent[-1]
        if not raw:
            return dict(parse_qsl(urlsplit(url).query))
        return dict(parse_qsl(raw.decode())) if "urlencoded" in headers.get("content-type", "") else json.loads(raw)


class Silent:
    """An `Http` without an answer."""

    def post(self, url: str, **_: Any) -> HttpReply:
        raise HttpFailed("timed out")


def posted(body: Any, *headers: tuple[str, str], door: str = "", source: str = "203.0.113.5") -> Delivery:
    """JSON that came in."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery((("Content-Type", "application/json"), *headers), (), raw, source, None, door)


def form(raw: str | bytes, *headers: tuple[str, str]) -> Delivery:
    """A form that came in."""
    kind = ("Content-Type", "application/x-www-form-urlencoded")
    return Delivery((kind, *headers), (), raw.encode() if isinstance(raw, str) else raw, "203.0.113.5")
