"""ABA PayWay on one machine: QR, the bank's page, check, detail, list, close, refund, and the pushback.

It checks hashes and answers with the bank's own codes, each call with its own.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from chalicelib.payment.model import Form, HttpFailed, HttpReply
from infra.local.banks import aba_refund
from infra.local.banks.model import LATE, SLOW_SECONDS, Fault, Pushback, bad_day, json_reply, other, step
from infra.local.banks.qr import dynamic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PREFIX = "/api/payment-gateway/v1/payments/"
PHNOM_PENH = timezone(timedelta(hours=7))
CHECK_WINDOW = timedelta(days=7)
REQUEST_AGE = timedelta(minutes=10)
DATE = "%Y-%m-%d %H:%M:%S"

QR_ORDER = [
    *("req_time", "merchant_id", "tran_id", "amount", "items", "first_name", "last_name", "email", "phone"),
    *("purchase_type", "payment_option", "callback_url", "return_deeplink", "currency", "custom_fields"),
    *("return_params", "payout", "lifetime", "qr_image_template"),
]
PURCHASE_ORDER = [
    *("req_time", "merchant_id", "tran_id", "amount", "items", "shipping", "firstname", "lastname", "email", "phone"),
    *("type", "payment_option", "return_url", "cancel_url", "continue_success_url", "return_deeplink", "currency"),
    *("custom_fields", "return_params", "payout", "lifetime", "additional_params", "google_pay_token"),
    "skip_success_page",
]
SHORT_ORDER = ["req_time", "merchant_id", "tran_id"]
LIST_ORDER = [
    *("req_time", "merchant_id", "from_date", "to_date", "from_amount", "to_amount", "status", "page", "pagination"),
]


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
class AbaBank:
    """The bank. `post` makes it an `Http` that needs no socket. `deliver` carries pushbacks at once; without it they
    wait in `waiting` for `take_due`."""

    name: ClassVar[str] = "ABA"
    merchant_id: str
    api_key: str
    clock: Callable[[], datetime]
    randomness: Callable[[int], bytes]
    deliver: Callable[[Pushback], None] | None = None
    refund_key: "RSAPrivateKey | None" = field(default=None, repr=False)  # without one it gives nothing back when asked
    faults: set[Fault] = field(default_factory=set)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    waiting: list[Pushback] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)  # (call, tran_id), for tests
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    # -- the bank's interface

    def hears(self, path: str) -> bool:
        """Its calls."""
        return path.startswith(PREFIX) or path == aba_refund.REFUND

    def takes_form(self, path: str) -> bool:
        """The payment page, within its calls."""
        return path == PREFIX + "purchase"

    def enter(self, form: Form) -> Transaction:
        """The payer's browser posts the form of the bank's page."""
        fields = dict(form.fields)
        if not self._signed(PURCHASE_ORDER, fields):
            raise ValueError("Wrong hash")
        return self._take(fields, fields["return_url"])

    def post(
        self,
        url: str,
        *,
        json: bytes | None,
        headers: Mapping[str, str],  # noqa: ARG002 - as `Http` has it
        timeout: float,
    ) -> HttpReply:
        """In-process `Http`: the same answers as over a socket; HttpFailed where the line would stay silent."""
        reply = self.answer(urlsplit(url).path, json or b"")
        if reply is None or (Fault.SLOW in self.faults and timeout < SLOW_SECONDS):
            raise HttpFailed("no answer: timed out")
        return reply

    def answer(self, path: str, raw: bytes, headers: Mapping[str, str] | None = None) -> HttpReply | None:  # noqa: ARG002
        """The answer to one call; None: the bank did its work, but the answer is lost."""
        if (bad := bad_day(self.faults)) is not None:
            return bad
        calls = {
            "generate-qr": self._generate,
            "check-transaction-2": self._check,
            "transaction-detail": self._detail,
            "transaction-list-2": self._list,
            "close-transaction": self._close,
            "refund": self._refund,
        }
        call = "refund" if path == aba_refund.REFUND else path.removeprefix(PREFIX)
        if not self.hears(path) or call not in calls or path == PREFIX + "refund":
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
        transaction = self._take(fields, fields.get("callback_url", ""))
        transaction.qr = dynamic(transaction, account="ipoffice@abaa", bank="ABA Bank", merchant=self.merchant_id)
        amount, currency, tran_id = transaction.amount, transaction.currency, transaction.tran_id
        return json_reply(
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

    def _take(self, fields: Mapping[str, str], callback: str) -> Transaction:
        now = self.clock()
        transaction = Transaction(
            tran_id=fields["tran_id"],
            amount=Decimal(fields["amount"]),
            currency=fields["currency"],
            callback_url=base64.b64decode(callback).decode(),
            return_params=fields.get("return_params", ""),
            qr="",
            created_at=now,
            expires_at=now + timedelta(minutes=int(fields["lifetime"])),
        )
        self.transactions[transaction.tran_id] = transaction
        return transaction

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
        return json_reply(
            200,
            {
                "data": {} if Fault.WRONG_ENVELOPE in self.faults else self._data(transaction),
                "status": {"code": "00", "message": "Success!", "tran_id": tran_id},
            },
        )

    def _detail(self, fields: Mapping[str, str]) -> HttpReply:
        if not self._signed(SHORT_ORDER, fields):
            return _error(5, "Wrong hash")
        if fields.get("merchant_id") != self.merchant_id or self._stale(fields):
            return _error(8, "Invalid merchant profile")
        transaction = self.transactions.get(fields["tran_id"])
        if transaction is None:
            return _error(6, "Transaction not found")
        own = {"code": "00", "message": "Success!", "tran_id": self.randomness(8).hex()}
        row = {} if Fault.WRONG_ENVELOPE in self.faults else self._row(transaction)
        return json_reply(200, {"data": row, "status": own})

    def _list(self, fields: Mapping[str, str]) -> HttpReply:
        if not self._signed(LIST_ORDER, fields):
            return _error(1, "Wrong hash")
        if fields.get("merchant_id") != self.merchant_id or self._stale(fields):
            return _error(8, "Invalid merchant profile")
        first, last = (
            datetime.strptime(fields[name], DATE).replace(tzinfo=PHNOM_PENH) for name in ("from_date", "to_date")
        )
        if last - first > timedelta(days=3):
            return _error(11, "Internal server error")
        wanted = fields.get("status", "").split(",")
        rows = [
            self._row(one)
            for one in self.transactions.values()
            if first <= one.created_at <= last and (wanted == [""] or one.status in wanted)
        ]
        size = min(int(fields.get("pagination", "40")), 1000)
        start = (int(fields.get("page", "1")) - 1) * size
        own = {"code": "00", "message": "Success!", "tran_id": self.randomness(8).hex()}
        page = {"page": fields.get("page", "1"), "pagination": str(size)}
        return json_reply(200, {"data": rows[start : start + size], **page, "status": own})

    def _row(self, transaction: Transaction) -> dict[str, Any]:
        named = "TR-ANOTHER-ONE" if Fault.OTHER_TRANSACTION in self.faults else transaction.tran_id
        more = {
            "transaction_id": named,
            "original_currency": transaction.currency,
            "bank_ref": f"100FT{transaction.apv}",
        }
        return {**self._data(transaction), **more}

    def _data(self, transaction: Transaction) -> dict[str, Any]:
        codes = {"APPROVED": 0, "PRE-AUTH": 0, "PENDING": 2, "DECLINED": 3, "REFUNDED": 4, "CANCELLED": 7}
        took = transaction.status in ("APPROVED", "PRE-AUTH", "REFUNDED")
        least = step(transaction.currency) if took else Decimal(0)
        amount = transaction.amount - least * (Fault.SHORT_AMOUNT in self.faults)
        amount += least * (Fault.OVER_AMOUNT in self.faults)
        currency = other(transaction.currency) if Fault.WRONG_CURRENCY in self.faults else transaction.currency
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
            "transaction_date": transaction.created_at.astimezone(PHNOM_PENH).strftime(DATE),
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
        return json_reply(200, {"status": {"code": "00", "message": "Success!", "tran_id": transaction.tran_id}})

    def _refund(self, fields: Mapping[str, str]) -> HttpReply:
        if not self._signed(aba_refund.REFUND_ORDER, fields):
            return _refused("PTL02", "Wrong hash")
        if fields.get("merchant_id") != self.merchant_id or self._stale(fields, "request_time"):
            return _refused("PTL04", "Invalid merchant")
        try:
            asked = json.loads(aba_refund.opened(self.refund_key, fields["merchant_auth"]), parse_float=str, parse_int=str)
            transaction, amount = self.transactions[asked["tran_id"]], Decimal(asked["refund_amount"])
        except (ValueError, KeyError, TypeError, ArithmeticError):
            return _refused("PTL05", "Invalid merchant_auth")
        if Fault.REFUND_BUSY in self.faults:
            return _refused("PTL168", "Another refund is in process")
        left = transaction.amount - transaction.refunded if transaction.status in ("APPROVED", "REFUNDED") else 0
        if Fault.REFUND_REFUSED in self.faults or asked["mc_id"] != self.merchant_id or not 0 < amount <= left:
            return _refused("PTL37", "Refund is not allowed")
        self.refund(transaction.tran_id, amount)
        return json_reply(200, {"status": {"code": "00", "message": "Success!", "tran_id": transaction.tran_id}})

    # -- the payer

    def pay(self, tran_id: str) -> bool:
        """Somebody scans the QR and pays. False: the bank turned it away (closed or expired), without a word."""
        with self.lock:
            transaction = self.transactions[tran_id]
            late = self.clock() > transaction.expires_at and Fault.TAKES_LATE not in self.faults
            if transaction.status == "CANCELLED" or late:
                return False
            transaction.status = "PRE-AUTH" if Fault.PRE_AUTH in self.faults else "APPROVED"
            transaction.apv = f"{int.from_bytes(self.randomness(4), 'big') % 1_000_000:06d}"
            transaction.payments += 2 if Fault.PAID_TWICE in self.faults else 1
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

    def done_payments(self) -> tuple[Transaction, ...]:
        """What was paid, given back or closed, oldest first."""
        with self.lock:
            return tuple(one for one in self.transactions.values() if one.status != "PENDING")

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

    def _stale(self, fields: Mapping[str, str], name: str = "req_time") -> bool:
        try:
            asked = datetime.strptime(fields.get(name, ""), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return True
        return abs(self.clock() - asked) > REQUEST_AGE


def _mac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha512).digest()).decode()


def _number(amount: Decimal, currency: str) -> int | float:
    """As the real bank prints amounts: JSON numbers, `85.0` for 85.00 dollars."""
    return int(amount) if currency == "KHR" else float(amount)


def _error(code: int, message: str, *, status: int = 200) -> HttpReply:
    return json_reply(status, {"status": {"code": code, "message": message}})


def _refused(code: str, message: str) -> HttpReply:
    return json_reply(200, {"status": {"code": code, "message": message}})
