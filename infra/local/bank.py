"""A bank to try the office out with: ABA PayWay's QR, check and close calls and its pushback, on one machine.

It is written from the rail's description and shares no code with our adapter, so that a mistake there does not cancel
out here. It checks hashes and answers with the bank's own codes. Clock and randomness are given. What a bank does wrong
on a bad day are `Fault`s, switched on by a test or on the page (`bank_page.py`). No money, no real bank, loopback only.
"""

import base64
import binascii
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from chalicelib.payment.model import HttpFailed, HttpReply

PREFIX = "/api/payment-gateway/v1/payments/"
PHNOM_PENH = timezone(timedelta(hours=7))
CHECK_WINDOW = timedelta(days=7)
REQUEST_AGE = timedelta(minutes=10)
LATE = timedelta(minutes=2)

QR_ORDER = [
    *("req_time", "merchant_id", "tran_id", "amount", "items", "first_name", "last_name", "email", "phone"),
    *("purchase_type", "payment_option", "callback_url", "return_deeplink", "currency", "custom_fields"),
    *("return_params", "payout", "lifetime", "qr_image_template"),
]
SHORT_ORDER = ["req_time", "merchant_id", "tran_id"]


class Fault(StrEnum):
    """What may go wrong at a bank."""

    NO_CALLBACK = "no-callback"
    CALLBACK_TWICE = "callback-twice"
    CALLBACK_EARLY = "callback-early"  # before the answer to generate-qr, so before the caller can have stored anything
    CALLBACK_LATE = "callback-late"
    BAD_SIGNATURE = "bad-signature"
    SHORT_AMOUNT = "short-amount"
    WRONG_CURRENCY = "wrong-currency"
    PRE_AUTH = "pre-auth"
    THROTTLED = "throttled"
    BROKEN = "broken"
    TIMEOUT_AFTER_SUCCESS = "timeout-after-success"
    HTML_PAGE = "html-page"
    OTHER_TRANSACTION = "other-transaction"


@dataclass(frozen=True, slots=True)
class Pushback:
    """One notification on its way."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    due_at: datetime


@dataclass(slots=True)
class Transaction:
    """One transaction as the bank keeps it."""

    tran_id: str
    amount: Decimal
    currency: str
    callback_url: str
    return_params: str
    qr: str
    created_at: datetime
    expires_at: datetime
    status: str = "PENDING"
    apv: str = ""
    refunded: Decimal = Decimal(0)
    payments: int = 0


@dataclass(kw_only=True)
class BankSimulator:
    """The bank. `post` makes it an `Http` that needs no socket. `deliver` carries pushbacks at once; without it they
    wait in `waiting` for `take_due`."""

    merchant_id: str
    api_key: str
    clock: Callable[[], datetime]
    randomness: Callable[[int], bytes]
    merchant_name: str = "IP OFFICE"
    deliver: Callable[[Pushback], None] | None = None
    faults: set[Fault] = field(default_factory=set)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    waiting: list[Pushback] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)  # (call, tran_id), for tests
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    # -- the bank's interface

    def post(
        self,
        url: str,
        *,
        json: bytes | None,
        headers: Mapping[str, str],  # noqa: ARG002 - as `Http` has it
        timeout: float,  # noqa: ARG002
    ) -> HttpReply:
        """In-process `Http`: the same answers as over a socket; HttpFailed where the line would stay silent."""
        reply = self.answer(urlsplit(url).path, json or b"")
        if reply is None:
            raise HttpFailed("no answer: timed out")
        return reply

    def answer(self, path: str, raw: bytes) -> HttpReply | None:
        """The answer to one call; None: the bank did its work, but the answer is lost."""
        if Fault.THROTTLED in self.faults:
            return _json(429, {"status": {"code": 429, "message": "Reach request limit"}})
        if Fault.BROKEN in self.faults:
            return HttpReply(502, {"content-type": "text/plain"}, b"Bad Gateway")
        if Fault.HTML_PAGE in self.faults:
            return HttpReply(200, {"content-type": "text/html"}, b"<!doctype html><title>Maintenance</title>")
        calls = {"generate-qr": self._generate, "check-transaction-2": self._check, "close-transaction": self._close}
        call = path.removeprefix(PREFIX)
        if not path.startswith(PREFIX) or call not in calls:
            return HttpReply(404, {"content-type": "text/plain"}, b"Not Found")
        try:
            body = json.loads(raw, parse_int=str, parse_float=str)
            fields = {str(name): str(value) for name, value in body.items()}
        except (ValueError, AttributeError):
            return _error(48, "Something went wrong with requested parameters")
        with self.lock:
            self.calls.append((call, fields.get("tran_id", "")))
            reply = calls[call](fields)
        if Fault.CALLBACK_EARLY in self.faults and call == "generate-qr" and b'"qrString"' in reply.body:
            self.pay(fields["tran_id"])
        return None if Fault.TIMEOUT_AFTER_SUCCESS in self.faults else reply

    def _generate(self, fields: Mapping[str, str]) -> HttpReply:
        if not self._signed(QR_ORDER, fields):
            return _error(1, "Wrong Hash.", status=403)
        refusal = self._refuse(fields)
        if refusal is not None:
            return refusal
        now, tran_id, currency = self.clock(), fields["tran_id"], fields["currency"]
        amount = Decimal(fields["amount"])
        expires = now + timedelta(minutes=int(fields["lifetime"]))
        transaction = Transaction(
            tran_id=tran_id,
            amount=amount,
            currency=currency,
            callback_url=base64.b64decode(fields.get("callback_url", "")).decode(),
            return_params=fields.get("return_params", ""),
            qr=self._qr(tran_id, amount, currency, now, expires),
            created_at=now,
            expires_at=expires,
        )
        self.transactions[tran_id] = transaction
        return _json(
            200,
            {
                "status": {"code": "0", "message": "Success", "trace_id": self.randomness(8).hex()},
                "amount": _number(amount, currency),
                "currency": currency,
                "qrString": transaction.qr,
                "qrImage": "",
                "abapay_deeplink": "abamobilebank://ababank.com?type=payway&qrcode=" + tran_id,
            },
        )

    def _refuse(self, fields: Mapping[str, str]) -> HttpReply | None:
        tran_id, currency, amount = fields.get("tran_id", ""), fields.get("currency"), fields.get("amount", "")
        if fields.get("merchant_id") != self.merchant_id:
            return _error(96, "Invalid merchant data")
        if self._stale(fields):
            return _error(21, "End of API lifetime.")
        if currency not in ("KHR", "USD"):
            return _error(12, "Payment currency is not allowed.")
        if not amount.replace(".", "", 1).isdigit() or not 1 <= len(tran_id) <= 20:
            return _error(48, "Something went wrong with requested parameters")
        if currency == "KHR" and "." in amount:
            return _error(46, "KHR amount must not have decimals")
        if currency == "KHR" and Decimal(amount) <= 100:
            return _error(47, "KHR Amount must be greater than 100 KHR.")
        if not fields.get("lifetime", "").isdigit() or not 3 <= int(fields["lifetime"]) <= 43200:
            return _error(48, "Something went wrong with requested parameters")
        if tran_id in self.transactions:
            return _error(403, "Duplicated Transaction ID")
        return None

    def _check(self, fields: Mapping[str, str]) -> HttpReply:
        if not self._signed(SHORT_ORDER, fields):
            return _error(5, "Invalid hash")
        if fields.get("merchant_id") != self.merchant_id or self._stale(fields):
            return _error(8, "Invalid merchant profile")
        transaction = self.transactions.get(fields["tran_id"])
        if transaction is None or self.clock() - transaction.created_at > CHECK_WINDOW:
            return _error(6, "Transaction not found")
        tran_id = "TR-ANOTHER-ONE" if Fault.OTHER_TRANSACTION in self.faults else transaction.tran_id
        return _json(
            200,
            {
                "data": self._data(transaction),
                "status": {"code": "00", "message": "Success!", "tran_id": tran_id},
            },
        )

    def _data(self, transaction: Transaction) -> dict[str, Any]:
        codes = {"APPROVED": 0, "PRE-AUTH": 0, "PENDING": 2, "DECLINED": 3, "REFUNDED": 4, "CANCELLED": 7}
        took = transaction.status in ("APPROVED", "PRE-AUTH", "REFUNDED")
        short = Fault.SHORT_AMOUNT in self.faults and took
        step = Decimal(1) if transaction.currency == "KHR" else Decimal("0.01")
        other = {"KHR": "USD", "USD": "KHR"}[transaction.currency]
        amount = transaction.amount - (step if short else 0)
        currency = other if Fault.WRONG_CURRENCY in self.faults else transaction.currency
        return {
            "payment_status_code": codes[transaction.status],
            "total_amount": _number(amount, transaction.currency),
            "original_amount": _number(transaction.amount, transaction.currency),
            "refund_amount": _number(transaction.refunded, transaction.currency),
            "discount_amount": 0,
            "payment_amount": _number(amount, transaction.currency) if took else 0,
            "payment_currency": currency if took else "",
            "apv": transaction.apv,
            "payment_status": transaction.status,
            "transaction_date": transaction.created_at.astimezone(PHNOM_PENH).strftime("%Y-%m-%d %H:%M:%S"),
        }

    def _close(self, fields: Mapping[str, str]) -> HttpReply:
        if not self._signed(SHORT_ORDER, fields):
            return _error(1, "Wrong hash")
        if fields.get("merchant_id") != self.merchant_id:
            return _error(26, "Invalid merchant profile")
        transaction = self.transactions.get(fields["tran_id"])
        if transaction is None:
            return _error(5, "Transaction not found")
        if transaction.status == "PENDING":
            transaction.status = "CANCELLED"
        return _json(200, {"status": {"code": "00", "message": "Success!", "tran_id": transaction.tran_id}})

    # -- the payer

    def pay(self, tran_id: str) -> bool:
        """Somebody scans the QR and pays. False: the bank turned it away (closed or expired), without a word."""
        with self.lock:
            transaction = self.transactions[tran_id]
            if transaction.status == "CANCELLED" or self.clock() > transaction.expires_at:
                return False
            transaction.status = "PRE-AUTH" if Fault.PRE_AUTH in self.faults else "APPROVED"
            transaction.apv = f"{int.from_bytes(self.randomness(4), 'big') % 1_000_000:06d}"
            transaction.payments += 1
            pushbacks = self._pushbacks(transaction)
        for pushback in pushbacks:
            if self.deliver is not None and pushback.due_at <= self.clock():
                self.deliver(pushback)
            else:
                self.waiting.append(pushback)
        return True

    def refund(self, tran_id: str, amount: Decimal | None = None) -> None:
        """The merchant's bank gives money back, in full or in part."""
        with self.lock:
            transaction = self.transactions[tran_id]
            transaction.status = "REFUNDED"
            transaction.refunded += transaction.amount if amount is None else amount

    def open_payments(self) -> tuple[Transaction, ...]:
        """What may still be paid, oldest first."""
        with self.lock:
            now = self.clock()
            return tuple(one for one in self.transactions.values() if one.status == "PENDING" and now <= one.expires_at)

    def take_due(self) -> tuple[Pushback, ...]:
        """Pushbacks whose time has come; each is handed out once, as the bank posts it once."""
        with self.lock:
            now = self.clock()
            due = tuple(one for one in self.waiting if one.due_at <= now)
            self.waiting = [one for one in self.waiting if one.due_at > now]
            return due

    def _pushbacks(self, transaction: Transaction) -> list[Pushback]:
        if Fault.NO_CALLBACK in self.faults or not transaction.callback_url:
            return []
        values = {
            "tran_id": transaction.tran_id,
            "apv": transaction.apv,
            "status": "0",
            "return_params": transaction.return_params,
        }
        joined = "".join(values[name] for name in sorted(values))
        key = "not the key" if Fault.BAD_SIGNATURE in self.faults else self.api_key
        headers = {"content-type": "application/json", "X-PAYWAY-HMAC-SHA512": _mac(key, joined)}
        due = self.clock() + (LATE if Fault.CALLBACK_LATE in self.faults else timedelta(0))
        one = Pushback(transaction.callback_url, headers, json.dumps(values).encode(), due)
        return [one, one] if Fault.CALLBACK_TWICE in self.faults else [one]

    # -- its own checks

    def _signed(self, order: list[str], fields: Mapping[str, str]) -> bool:
        wanted = _mac(self.api_key, "".join(fields.get(name, "") for name in order))
        return hmac.compare_digest(wanted.encode(), fields.get("hash", "").encode())

    def _stale(self, fields: Mapping[str, str]) -> bool:
        try:
            asked = datetime.strptime(fields.get("req_time", ""), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return True
        return abs(self.clock() - asked) > REQUEST_AGE

    def _qr(self, tran_id: str, amount: Decimal, currency: str, now: datetime, expires: datetime) -> str:
        merchant = _tlv("00", "ipoffice@abaa") + _tlv("01", self.merchant_id) + _tlv("02", "ABA Bank")
        text = (
            _tlv("00", "01")
            + _tlv("01", "12")
            + _tlv("30", merchant)
            + _tlv("52", "9399")
            + _tlv("53", {"KHR": "116", "USD": "840"}[currency])
            + _tlv("54", str(amount))
            + _tlv("58", "KH")
            + _tlv("59", self.merchant_name[:25])
            + _tlv("60", "PHNOM PENH")
            + _tlv("62", _tlv("01", tran_id))
            + _tlv("99", _tlv("00", _milliseconds(now)) + _tlv("01", _milliseconds(expires)))
            + "6304"
        )
        return text + f"{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


def _tlv(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def _mac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha512).digest()).decode()


def _number(amount: Decimal, currency: str) -> int | float:
    """As the real bank prints amounts: JSON numbers, `85.0` for 85.00 dollars."""
    return int(amount) if currency == "KHR" else float(amount)


def _json(status: int, body: Mapping[str, Any]) -> HttpReply:
    return HttpReply(status, {"content-type": "application/json"}, json.dumps(body).encode())


def _error(code: int, message: str, *, status: int = 200) -> HttpReply:
    return _json(status, {"status": {"code": code, "message": message}})
