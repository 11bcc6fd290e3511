"""ABA PayWay: a KHQR to pay, a pushback that rings, a check that proves.

Rules (payments.md section 3): every request is signed (`aba_wire`), a pushback is only a doorbell (`aba_pushback`),
the check is read strictly (`aba_check`). We send no name, no address and no item text: the reference is all.
The bank keeps the expiry of what it issues: it rejects or reverses a KHQR paid after its lifetime.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chalicelib.kernel import strict
from chalicelib.kernel.errors import Refused
from chalicelib.kernel.money import Money
from chalicelib.payment import khqr, references
from chalicelib.payment.model import (
    AlreadyCreated,
    Answer,
    BadConfiguration,
    Bill,
    CreateRefused,
    Delivery,
    Http,
    HttpFailed,
    HttpReply,
    Issued,
    Notice,
    NotSupported,
    Rejected,
    Reply,
    Status,
    Trust,
)
from chalicelib.payment.rails import aba_wire
from chalicelib.payment.rails.aba_check import Checked, read_check
from chalicelib.payment.rails.aba_pushback import authenticate
from chalicelib.payment.rails.config import KeyRing, RailConfig, expiry

MIN_RIEL = 100  # codes 46, 47: must be over this
MAX_CALLBACK = 255  # characters, base64
MAX_CREATE_REPLY = 1_048_576  # the QR picture comes along
QR_IMAGE = "template3_color"

_DUPLICATE = "403"
_TRY_AGAIN = frozenset({"8", "429"})  # "something went wrong", throttled

_ANSWERS = {
    Answer.TAKEN: Reply(200, b'{"status":"received"}'),
    Answer.REFUSED: Reply(401, b'{"status":"refused"}'),
    Answer.LATER: Reply(503, b'{"status":"later"}'),
}


@dataclass(frozen=True, slots=True)
class AbaPayWay:
    """The rail `aba`. `callback_url` is where the bank posts its pushback; the bank must have it on its white-list."""

    config: RailConfig
    keys: KeyRing
    callback_url: str
    name: str = "aba"

    def __post_init__(self) -> None:
        if self.config.rail != self.name:
            raise BadConfiguration(f"configuration of {self.config.rail} given to {self.name}")
        if len(self._callback()) > MAX_CALLBACK:
            raise BadConfiguration("callback address is too long for the bank")

    @property
    def currencies(self) -> frozenset[str]:
        """What may be billed."""
        return frozenset(self.config.currencies)

    def create(self, bill: Bill, *, now: datetime, http: Http) -> Issued:
        """generate-qr. ValueError for a bill we must not send; AlreadyCreated, CreateRefused, HttpFailed."""
        self._check_bill(bill)
        reply = self._call(
            "generate-qr",
            {
                "tran_id": bill.reference,
                "amount": bill.amount.decimal,
                "purchase_type": "purchase",
                "payment_option": "abapay_khqr",
                "callback_url": self._callback(),
                "currency": bill.amount.currency,
                "return_params": bill.reference,
                "lifetime": self.config.lifetime_minutes,
                "qr_image_template": QR_IMAGE,
            },
            now=now,
            http=http,
        )
        return self._issued(bill, _created(reply), now)

    def verify(self, delivery: Delivery, *, now: datetime) -> Notice:
        """A pushback. Rejected unless authentic (steps 1 to 9) and, step 10, bound to the request we sent: the
        reference is ours by form, and came back as `return_params` too. Whether it exists, the caller looks up."""
        pushback = authenticate(delivery, keys=self.keys, now=now, max_body=self.config.max_body)
        if not references.is_valid(pushback.tran_id) or pushback.return_params != pushback.tran_id:  # 10
            raise Rejected("not-bound")
        return Notice(
            rail=self.name,
            order_ref=pushback.tran_id,
            bank_ref=f"{pushback.tran_id}:{pushback.apv}",
            event_key=f"{self.name}:pushback:{pushback.tran_id}:{pushback.apv}",
            status=Status.PAID,
            trust=Trust.AUTHENTICATED,
            at=now,
            key_id=pushback.key_id,
            raw_sha256=pushback.raw_sha256,
        )

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:
        """check-transaction-2: evidence. What the bank fails to answer is UNKNOWN."""
        try:
            reply = self._call("check-transaction-2", {"tran_id": bill.reference}, now=now, http=http)
        except HttpFailed:
            return self._notice(bill, Checked(Status.UNKNOWN, remark="no-answer"), b"", now)
        return self._notice(bill, read_check(reply, bill), reply.body, now)

    def close(self, bill: Bill, *, now: datetime, http: Http) -> bool:
        """close-transaction: whether the bank says that it takes no more money for it."""
        reply = self._call("close-transaction", {"tran_id": bill.reference}, now=now, http=http)
        try:
            return reply.status == 200 and _code(_envelope(reply, 65_536)) == "00"
        except HttpFailed:
            return False

    def list_day(self, day: date, *, http: Http) -> Iterator[Notice]:  # noqa: ARG002 - the Protocol's form
        """transaction-list-2 is not built yet."""
        raise NotSupported("aba: list")

    def ack(self, answer: Answer) -> Reply:
        """The bank asks for no particular body; the same three answers whatever the order."""
        return _ANSWERS[answer]

    def _call(self, call: str, fields: Mapping[str, str | int], *, now: datetime, http: Http) -> HttpReply:
        own = {"req_time": aba_wire.request_time(now), "merchant_id": self.config.merchant_id, **fields}
        body = aba_wire.request_body(self.keys.signing(now).secret, call, own)
        url = self.config.origin + aba_wire.PATH + call
        return http.post(url, json=body, headers={"accept": "application/json"}, timeout=self.config.timeout_seconds)

    def _check_bill(self, bill: Bill) -> None:
        if not references.is_valid(bill.reference):
            raise ValueError("not a reference of ours")
        if bill.amount.currency not in self.currencies:
            raise ValueError("currency is not configured for this rail")
        if bill.amount.minor <= (MIN_RIEL if bill.amount.currency == "KHR" else 0):
            raise ValueError("amount is below what the bank takes")

    def _callback(self) -> str:
        return base64.b64encode(self.callback_url.encode("utf-8")).decode("ascii")

    def _issued(self, bill: Bill, body: Mapping[str, Any], now: datetime) -> Issued:
        """What the bank issued, if it is what we asked for."""
        try:
            stated = Money.parse(body["amount"], body["currency"])
            qr = body["qrString"]
            if type(qr) is not str or stated != bill.amount:
                raise ValueError("amount")
            fields = khqr.read(qr)
            if fields.get("53", khqr.CURRENCIES[bill.amount.currency]) != khqr.CURRENCIES[bill.amount.currency]:
                raise ValueError("currency in the QR")
            if "54" in fields and Money.parse(fields["54"], bill.amount.currency) != bill.amount:
                raise ValueError("amount in the QR")
        except (KeyError, TypeError, ValueError) as error:
            raise CreateRefused("qr-not-as-asked") from error
        deeplink = body.get("abapay_deeplink")
        return Issued(
            rail=self.name,
            bill=bill,
            payee=self.config.merchant_id,
            qr=qr,
            qr_md5=hashlib.md5(qr.encode("utf-8"), usedforsecurity=False).hexdigest(),
            qr_sha256=hashlib.sha256(qr.encode("utf-8")).hexdigest(),
            issued_at=now,
            expires_at=expiry(self.config, now),
            deeplink=deeplink if isinstance(deeplink, str) and deeplink.startswith("abamobilebank://") else "",
        )

    def _notice(self, bill: Bill, checked: Checked, raw: bytes, now: datetime) -> Notice:
        bank_ref = f"{bill.reference}:{checked.approval}" if checked.approval else bill.reference
        return Notice(
            rail=self.name,
            order_ref=bill.reference,
            bank_ref=bank_ref,
            event_key=f"{self.name}:check:{bank_ref}:{checked.status}:{checked.refunded}",
            status=checked.status,
            trust=Trust.AUTHORITATIVE,
            at=now,
            amount_minor=checked.amount.minor if checked.amount else None,
            currency=checked.amount.currency if checked.amount else None,
            refunded_minor=checked.refunded,
            bank_keeps_expiry=True,
            raw_sha256=hashlib.sha256(raw).hexdigest(),
            remark=checked.remark,
            alarm=checked.alarm,
        )


def _created(reply: HttpReply) -> Mapping[str, Any]:
    """The body of a successful generate-qr. Codes as that call means them."""
    body = _envelope(reply, MAX_CREATE_REPLY)
    code = _code(body)
    if code == _DUPLICATE:
        raise AlreadyCreated("the bank has this reference already")
    if code in _TRY_AGAIN or reply.status >= 500:
        raise HttpFailed(f"bank says try again ({code})")
    if reply.status != 200 or code not in ("0", "00"):
        raise CreateRefused(code)
    return body


def _envelope(reply: HttpReply, limit: int) -> Mapping[str, Any]:
    try:
        body = strict.loads(reply.body, max_bytes=limit, max_depth=6, literal_numbers=True)
    except Refused as error:
        raise HttpFailed(f"answer {reply.status} is not JSON") from error
    if not isinstance(body, dict) or not isinstance(body.get("status"), dict):
        raise HttpFailed(f"answer {reply.status} has no status")
    return body


def _code(body: Mapping[str, Any]) -> str:
    code = body["status"].get("code")
    return code[:20] if isinstance(code, str) else ""
