"""iPay88, an aggregator: a form that the payer's browser posts, a backend post that rings, a requery that proves.

Rules (payments.md section 7): the signature is base64 of SHA-1 over a secret prefix and joined values, so a backend post is
a bell, signed or not. Whether PaymentId is in it is fixed by contract, one form and never both (case 94). The bank wants the
one word RECEIVEOK. The requery answers in one word about reference and amount together (by contract; assumed): it names
no transaction, so the reference stands for it.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import Field

from chalicelib.kernel.money import MINOR_DIGITS, Money
from chalicelib.payment import references
from chalicelib.payment.model import (
    Answer,
    Bill,
    Delivery,
    Form,
    Http,
    HttpFailed,
    Issued,
    Notice,
    Rejected,
    Reply,
    Status,
)
from chalicelib.payment.rails.answer import Told, clocks_apart, evidence, unknown
from chalicelib.payment.rails.config import KeyRing, RailConfig
from chalicelib.payment.rails.delivery import admit, form_fields
from chalicelib.payment.rails.issue import check_bill, issued
from chalicelib.payment.rails.plain import PlainRail

ENTRY = "/epayment/entry.asp"
DESCRIPTION = "IP office fee"
RECEIVED = Reply(200, b"RECEIVEOK", "text/plain")
REFUSED = Reply(401, b"REFUSED", "text/plain")
LATER = Reply(503, b"LATER", "text/plain")
_REQUIRED = frozenset({"MerchantCode", "PaymentId", "RefNo", "Amount", "Currency", "Status", "TransId", "Signature"})
_OPTIONAL = frozenset({"Remark", "AuthCode", "ErrDesc", "CCName", "CCNo", "S_bankname", "S_country"})
_FORMS = {
    "MerchantCode": re.compile(r"[A-Z0-9]{5,20}", re.ASCII),
    "PaymentId": re.compile(r"[0-9]{1,4}", re.ASCII),
    "RefNo": re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII),
    "Amount": re.compile(r"(?:0|[1-9][0-9]{0,2}(?:,?[0-9]{3})*)\.[0-9]{2}", re.ASCII),
    "Currency": re.compile(r"KHR|USD", re.ASCII),
    "Status": re.compile(r"1", re.ASCII),
    "TransId": re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII),
    "Signature": re.compile(r"[A-Za-z0-9+/]{27}=", re.ASCII),
}
_ANSWERS = {
    "00": Told(Status.PAID),
    "Record not found": unknown("not-found"),
    "Payment fail": Told(Status.FAILED),
    "Incorrect amount": unknown("other-amount", alarm=True),
    "Invalid parameters": unknown("invalid-parameters", alarm=True),
}


class IPay88Config(RailConfig):
    """`merchant_id` is the MerchantCode. `signs_payment_id` and `requery_path` are the contract's; without a path nothing
    is asked (set `query_window_days` to 0)."""

    DOMAINS = ("ipay88.com.kh",)
    SANDBOX = ("sandbox.ipay88.com.kh",)
    MIN_SECRET = 10
    rail: Literal["ipay88"] = "ipay88"
    payment_id: Annotated[str, Field(pattern=r"^[0-9]{0,4}$")] = ""
    signs_payment_id: bool
    requery_path: Annotated[str, Field(pattern=r"^(?:/[A-Za-z0-9/_.-]{1,60})?$")] = ""


@dataclass(frozen=True, slots=True)
class IPay88(PlainRail[IPay88Config]):
    """The rail `ipay88`."""

    CONFIG: ClassVar[type[RailConfig]] = IPay88Config

    def create(self, bill: Bill, *, now: datetime, http: Http) -> Issued:  # noqa: ARG002 - the browser posts the form
        """The form. ValueError for a bill we must not send. No name, no address of a person goes along."""
        check_bill(bill, self.config)
        amount = two_decimals(bill.amount)
        values = (self.config.merchant_id, bill.reference, digits(amount), bill.amount.currency)
        fields = {
            "MerchantCode": self.config.merchant_id,
            "PaymentId": self.config.payment_id,
            "RefNo": bill.reference,
            "Amount": amount,
            "Currency": bill.amount.currency,
            "ProdDesc": DESCRIPTION,
            "UserName": "",
            "UserEmail": "",
            "UserContact": "",
            "Signature": signature(self.keys.signing(now).secret, *values),
            "BackendURL": self.callback_url,
        }
        form = Form(self.config.origin + ENTRY, tuple(fields.items()))
        return issued(self.config, bill, now, payee=self.config.merchant_id, form=form)

    def verify(self, delivery: Delivery, *, now: datetime) -> Notice:
        """A backend post: a bell, and only if it is signed at least."""
        admit(delivery, self.config, self.door)
        reference, transaction = authenticate(delivery, config=self.config, keys=self.keys, now=now)
        if not references.is_valid(reference):
            raise Rejected("not-bound")
        return self._bell(delivery, reference, transaction, now, paid=True)

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:
        """Requery: evidence, of reference and amount as we asked."""
        if not self.config.requery_path:
            return evidence(self.name, bill, unknown("statement-only"), b"", now)
        question = {
            "MerchantCode": self.config.merchant_id,
            "RefNo": bill.reference,
            "Amount": two_decimals(bill.amount),
        }
        url = f"{self.config.origin}{self.config.requery_path}?{urlencode(question)}"
        try:
            reply = http.post(url, json=None, headers={"accept": "text/plain"}, timeout=self.config.timeout_seconds)
        except HttpFailed:
            return evidence(self.name, bill, unknown("no-answer"), b"", now)
        if reply.status != 200:
            told = unknown(f"http-{reply.status}", alarm=reply.status in (401, 403))
        elif clocks_apart(self.config, reply, now):
            told = unknown("clocks-apart", alarm=True)
        else:
            word = reply.body[:64].decode("ascii", "replace")
            told = _ANSWERS.get(word, unknown("word-unknown", alarm=not word.startswith("<")))
        if told.status is Status.PAID:
            told = Told(Status.PAID, bank_ref=bill.reference, amount=bill.amount)
        return evidence(self.name, bill, told, reply.body, now)

    def ack(self, answer: Answer) -> Reply:
        """One word, without any markup."""
        return {Answer.TAKEN: RECEIVED, Answer.REFUSED: REFUSED, Answer.LATER: LATER}[answer]


def authenticate(delivery: Delivery, *, config: IPay88Config, keys: KeyRing, now: datetime) -> tuple[str, str]:
    """Reference and transaction of a backend post whose form and signature are right. Rejected(reason) otherwise."""
    fields = form_fields(delivery, max_body=config.max_body, required=_REQUIRED, optional=_OPTIONAL)
    if any(form.fullmatch(fields[name]) is None for name, form in _FORMS.items()):
        raise Rejected("value")
    if fields["MerchantCode"] != config.merchant_id:
        raise Rejected("merchant")
    names = ("MerchantCode", "PaymentId", "RefNo", "Amount", "Currency", "Status")
    told = {**fields, "Amount": digits(fields["Amount"])}
    signed = [told[name] for name in names if name != "PaymentId" or config.signs_payment_id]
    given = fields["Signature"].encode("ascii")
    keys.matching(now, lambda key: hmac.compare_digest(signature(key.secret, *signed).encode("ascii"), given))
    return fields["RefNo"], fields["TransId"]


def signature(key: bytes, *values: str) -> str:
    """base64 of SHA-1 over the key and the values joined. Weak: see the module."""
    digest = hashlib.sha1(key + "".join(values).encode("ascii"), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def digits(amount: str) -> str:
    """The amount as it is signed: without `.` and `,`."""
    return amount.replace(".", "").replace(",", "")


def two_decimals(amount: Money) -> str:
    """As the bank wants it, riel too: `4000.00`."""
    return amount.decimal if MINOR_DIGITS[amount.currency] else f"{amount.decimal}.00"


RAIL = IPay88
