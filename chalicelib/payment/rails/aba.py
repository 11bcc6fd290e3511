"""ABA PayWay: a KHQR to pay, or the bank's own page; a pushback that rings, a check that proves.

Rules (payments.md section 3): every request is signed (`aba_wire`), a pushback is only a doorbell (`aba_pushback`),
the check is read strictly (`aba_check`), and beyond its seven days the detail, which states the currency too. We send no
name, no address and no item text: the reference is all. The bank keeps the expiry of what it issues: it rejects or
reverses a KHQR paid after its lifetime. On its own page it does not for WeChat and Alipay, so there it is not believed.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from chalicelib.kernel.money import Money
from chalicelib.payment import khqr, references
from chalicelib.payment.model import (
    AlreadyCreated,
    Answer,
    BadConfiguration,
    Bill,
    CreateRefused,
    Delivery,
    Form,
    Http,
    HttpFailed,
    HttpReply,
    Issued,
    Notice,
    Refund,
    Rejected,
    Reply,
    Status,
    Trust,
)
from chalicelib.payment.rails import aba_refund, aba_wire
from chalicelib.payment.rails.aba_check import Checked, read_check, read_row
from chalicelib.payment.rails.aba_pushback import authenticate
from chalicelib.payment.rails.answer import Told, body_of, clocks_apart, evidence
from chalicelib.payment.rails.config import KeyRing, RailConfig
from chalicelib.payment.rails.delivery import admit
from chalicelib.payment.rails.issue import check_bill, issued

MIN_RIEL = 100  # codes 46, 47: must be over this
MAX_CALLBACK = 255  # characters, base64
MAX_CREATE_REPLY = 1_048_576  # the QR picture comes along
MAX_LIST_REPLY = 1_048_576
QR_IMAGE = "template3_color"
CHECK = timedelta(days=7)  # the check call sees so far; detail has no such limit
PAGE, MAX_PAGES = 500, 100
PHNOM_PENH = timezone(timedelta(hours=7))  # the list's dates have no zone, and fit this one

_DUPLICATE = "403"
_TRY_AGAIN = frozenset({"8", "429"})  # "something went wrong", throttled

_ANSWERS = {
    Answer.TAKEN: Reply(200, b'{"status":"received"}'),
    Answer.REFUSED: Reply(401, b'{"status":"refused"}'),
    Answer.LATER: Reply(503, b'{"status":"later"}'),
}


class AbaConfig(RailConfig):
    """`checkout` is the bank's own page instead of a QR. `refund_public_key` is the bank's, PEM; public, so no secret."""

    DOMAINS = ("payway.com.kh",)
    SANDBOX = ("checkout-sandbox.payway.com.kh",)
    product: Literal["qr", "checkout"] = "qr"
    refund_public_key: Annotated[str, Field(max_length=2000)] = ""


@dataclass(frozen=True, slots=True)
class AbaPayWay:
    """The rail `aba`. `callback_url` is where the bank posts its pushback; the bank must have it on its white-list."""

    CONFIG: ClassVar[type[RailConfig]] = AbaConfig
    config: AbaConfig
    keys: KeyRing
    callback_url: str
    door: str = ""
    name: str = "aba"
    notifies: bool = True

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
        """generate-qr, or the form of the bank's page. ValueError for a bill we must not send; AlreadyCreated,
        CreateRefused, HttpFailed."""
        check_bill(bill, self.config, above=MIN_RIEL if bill.amount.currency == "KHR" else 0)
        if self.config.product == "checkout":
            return issued(self.config, bill, now, payee=self.config.merchant_id, form=self._purchase(bill, now))
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
        admit(delivery, self.config, self.door)
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
        """check-transaction-2, or transaction-detail once that no longer sees so far: evidence. What the bank fails to
        answer is UNKNOWN."""
        old = bill.opened_at is not None and now - bill.opened_at >= CHECK
        call = "transaction-detail" if old else "check-transaction-2"
        try:
            reply = self._call(call, {"tran_id": bill.reference}, now=now, http=http)
        except HttpFailed:
            return self._notice(bill, Checked(Status.UNKNOWN, remark="no-answer"), b"", now)
        if clocks_apart(self.config, reply, now):
            return self._notice(bill, Checked(Status.UNKNOWN, remark="clocks-apart", alarm=True), reply.body, now)
        return self._notice(bill, read_check(reply, bill, detail=old), reply.body, now)

    def close(self, bill: Bill, *, now: datetime, http: Http) -> bool:
        """close-transaction: whether the bank says that it takes no more money for it."""
        reply = self._call("close-transaction", {"tran_id": bill.reference}, now=now, http=http)
        try:
            return reply.status == 200 and _code(_envelope(reply, 65_536)) == "00"
        except HttpFailed:
            return False

    def list_day(self, day: date, *, now: datetime, http: Http) -> Iterator[Notice]:
        """transaction-list-2: what was made on `day`, with the days beside it (a payment may come after midnight), each
        transaction once. HttpFailed if a page does not come."""
        seen: set[str] = set()
        for page in range(1, MAX_PAGES + 1):
            reply = self._call("transaction-list-2", self._listing(day, page), now=now, http=http)
            rows = _rows(reply)
            for row in rows:
                reference, checked = read_row(row)
                if reference not in seen and references.is_valid(reference):
                    seen.add(reference)
                    yield self._notice(Bill(reference, checked.amount or Money(0, "KHR")), checked, reply.body, now)
            if len(rows) < PAGE:
                return
        raise HttpFailed("the list does not end")

    @property
    def refund_days(self) -> int:
        """As the contract has it, with the bank's public key; without the key nobody can ask."""
        return aba_refund.DAYS if self.config.refund_public_key else 0

    def refund(self, bill: Bill, amount: Money, *, now: datetime, http: Http) -> tuple[Refund, str]:
        """Have the bank give `amount` back; what became of it and the bank's code. HttpFailed: ask the check, do not ask
        again."""
        if not self.config.refund_public_key:
            raise BadConfiguration("aba: no public key to ask for refunds")
        body = aba_refund.request(
            self.config.merchant_id,
            bill.reference,
            amount,
            public_key=self.config.refund_public_key,
            keys=self.keys,
            now=now,
        )
        url = self.config.origin + aba_refund.PATH
        headers = {"accept": "application/json"}
        return aba_refund.outcome(http.post(url, json=body, headers=headers, timeout=self.config.timeout_seconds))

    def ack(self, answer: Answer) -> Reply:
        """The bank asks for no particular body; the same three answers whatever the order."""
        return _ANSWERS[answer]

    def _call(self, call: str, fields: Mapping[str, str | int], *, now: datetime, http: Http) -> HttpReply:
        own = {"req_time": aba_wire.request_time(now), "merchant_id": self.config.merchant_id, **fields}
        body = aba_wire.request_body(self.keys.signing(now).secret, call, own)
        url = self.config.origin + aba_wire.PATH + call
        return http.post(url, json=body, headers={"accept": "application/json"}, timeout=self.config.timeout_seconds)

    def _purchase(self, bill: Bill, now: datetime) -> Form:
        """The signed fields of the bank's page, posted by the payer's browser."""
        fields = {
            "req_time": aba_wire.request_time(now),
            "merchant_id": self.config.merchant_id,
            "tran_id": bill.reference,
            "amount": bill.amount.decimal,
            "type": "purchase",
            "return_url": self._callback(),
            "currency": bill.amount.currency,
            "return_params": bill.reference,
            "lifetime": str(self.config.lifetime_minutes),
        }
        made = aba_wire.request_hash(self.keys.signing(now).secret, "purchase", fields)
        return Form(self.config.origin + aba_wire.PATH + "purchase", (*fields.items(), ("hash", made)))

    def _listing(self, day: date, page: int) -> dict[str, str | int]:
        first, last = day - timedelta(days=1), day + timedelta(days=1)
        return {
            "from_date": datetime.combine(first, time.min, PHNOM_PENH).strftime("%Y-%m-%d %H:%M:%S"),
            "to_date": datetime.combine(last, time(23, 59, 59), PHNOM_PENH).strftime("%Y-%m-%d %H:%M:%S"),
            "status": "APPROVED,REFUNDED",
            "page": str(page),
            "pagination": str(PAGE),
        }

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
        link = deeplink if isinstance(deeplink, str) and deeplink.startswith("abamobilebank://") else ""
        return issued(self.config, bill, now, payee=self.config.merchant_id, qr=qr, deeplink=link)

    def _notice(self, bill: Bill, checked: Checked, raw: bytes, now: datetime) -> Notice:
        told = Told(
            checked.status,
            bank_ref=f"{bill.reference}:{checked.approval}" if checked.approval else bill.reference,
            amount=checked.amount,
            refunded=checked.refunded,
            remark=checked.remark,
            alarm=checked.alarm,
        )
        return evidence(self.name, bill, told, raw, now, keeps_expiry=self.config.product == "qr")


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
        body = body_of(reply, max_bytes=limit)
    except ValueError as error:
        raise HttpFailed(f"answer {reply.status} is not JSON") from error
    if not isinstance(body, dict) or not isinstance(body.get("status"), dict):
        raise HttpFailed(f"answer {reply.status} has no status")
    return body


def _rows(reply: HttpReply) -> list[Any]:
    """The rows of a page of the list."""
    body = _envelope(reply, MAX_LIST_REPLY)
    if reply.status != 200 or _code(body) != "00" or not isinstance(body.get("data"), list):
        raise HttpFailed(f"the list was not given ({_code(body)})")
    return list(body["data"])


def _code(body: Mapping[str, Any]) -> str:
    code = body["status"].get("code")
    return code[:20] if isinstance(code, str) else ""


RAIL = AbaPayWay
