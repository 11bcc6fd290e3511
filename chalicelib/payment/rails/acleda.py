"""ACLEDA XPAY V2: a session at the bank, a QR or its own page; the browser comes back with a bell, getTxnStatus proves.

Rules (payments.md section 4, all of it community knowledge): `hash` is upper-case hex of HMAC-SHA512 over values joined
without a delimiter; amount and currency are not in it, so a status answer must name txid, amount and currency itself and
settling compares them. Success is HTTP 200, code 0 and the word SUCCESS, all three. The words of failure are an
integrator's guess; any other word stays pending. The browser's return is unsigned.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from chalicelib.kernel.money import Money
from chalicelib.kernel.strict import Literal as Number
from chalicelib.payment import khqr, references
from chalicelib.payment.model import (
    Bill,
    CreateRefused,
    Delivery,
    Form,
    Http,
    HttpFailed,
    HttpReply,
    Issued,
    Notice,
    Rejected,
    Status,
)
from chalicelib.payment.rails.answer import Told, asked, body_of, evidence, paid_amount, unknown
from chalicelib.payment.rails.config import RailConfig
from chalicelib.payment.rails.delivery import admit, form_fields, query_fields
from chalicelib.payment.rails.issue import check_bill, issued
from chalicelib.payment.rails.plain import PlainRail

SERVICE = "XPAYConnectorServiceInterfaceImplV2/XPAYConnectorServiceInterfaceImplV2RS"
PURPOSE = "IP office fee"  # 16 characters at most, English
MAX_CREATE_REPLY = 1_048_576  # a picture of the QR comes along
_RETURN = frozenset({"_paymenttokenid", "_resultCode", "_transactionid"})
_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{1,100}", re.ASCII)
_CODE = re.compile(r"-?[0-9]{1,5}", re.ASCII)
_FAILED = frozenset({"EXPIRED", "DECLINED", "CANCELLED", "FAILED", "REJECTED"})
_DATES: Mapping[str, str] = {"DD-MM-YYYY": "%d-%m-%Y", "YYYY-MM-DD": "%Y-%m-%d"}


class AcledaConfig(RailConfig):
    """`merchant_path` stands in the address of every call. `show`: a QR, or the bank's page for KHQR or cards. Each key
    comes with the login's password."""

    DOMAINS = ("acledabank.com.kh",)
    SANDBOX = ("epaymentuat.acledabank.com.kh",)
    PASSWORDS = True
    rail: Literal["acleda"] = "acleda"
    merchant_id: Annotated[str, Field(pattern=r"^[!-~]{1,60}$")]
    merchant_path: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    merchant_name: Annotated[str, Field(pattern=r"^[ -~]{1,60}$")]
    login_id: Annotated[str, Field(pattern=r"^[!-~]{1,60}$")]
    date_form: Literal["DD-MM-YYYY", "YYYY-MM-DD"] = "YYYY-MM-DD"
    show: Literal["qr", "khqr-page", "card-page"] = "qr"


@dataclass(frozen=True, slots=True)
class AcledaXpay(PlainRail[AcledaConfig]):
    """The rail `acleda`. What it issues carries the session's token, without which the bank cannot be asked."""

    CONFIG: ClassVar[type[RailConfig]] = AcledaConfig

    @property
    def notifies(self) -> bool:
        """The payer's browser comes back from the bank's page; whoever scans a QR has none."""
        return self.config.show != "qr"

    def create(self, bill: Bill, *, now: datetime, http: Http) -> Issued:
        """openSessionV2. ValueError, CreateRefused, HttpFailed (then: the same reference again)."""
        check_bill(bill, self.config)
        shown = {"qr": ("operationType", "5"), "khqr-page": ("paymentCard", "0"), "card-page": ("paymentCard", "1")}
        name, value = shown[self.config.show]
        transaction = {
            "txid": bill.reference,
            "purchaseAmount": bill.amount.decimal,
            "purchaseCurrency": bill.amount.currency,
            "purchaseDate": now.strftime(_DATES[self.config.date_form]),
            "purchaseDesc": PURPOSE,
            "invoiceid": bill.reference,
            "item": "1",
            "quantity": "1",
            "expiryTime": str(self.config.lifetime_minutes),
            name: value,
        }
        login = self._login(now)
        signed = (self.config.merchant_id, login["loginId"], login["password"], bill.reference)
        body = {
            **login,
            "merchantID": self.config.merchant_id,
            "hash": xpay_hash(self.keys.signing(now).secret, *signed),
            "xpayTransaction": transaction,
        }
        return self._issued(bill, self._post(http, self._path("openSessionV2"), body), now)

    def verify(self, delivery: Delivery, *, now: datetime) -> Notice:
        """The browser's return, by query string or form: a bell, whatever it says."""
        admit(delivery, self.config, self.door)
        if delivery.query:
            fields = query_fields(delivery, required=_RETURN)
        else:
            fields = form_fields(delivery, max_body=self.config.max_body, required=_RETURN)
        reference, token, code = fields["_transactionid"], fields["_paymenttokenid"], fields["_resultCode"]
        if not references.is_valid(reference) or not _TOKEN.fullmatch(token) or not _CODE.fullmatch(code):
            raise Rejected("not-bound")
        return self._bell(delivery, reference, f"{_short(token)}:{code}", now, paid=code == "0")

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:
        """GetTxnStatus by the session's token: evidence."""
        if not bill.token:
            return evidence(self.name, bill, unknown("no-token", alarm=True), b"", now)
        login = self._login(now)
        signed = (self.config.merchant_id, login["loginId"], login["password"], bill.token)
        body = {
            **login,
            "merchantId": self.config.merchant_id,
            "merchantName": self.config.merchant_name,
            "hash": xpay_hash(self.keys.signing(now).secret, *signed),
            "paymentTokenid": bill.token,
        }
        return asked(
            self.config,
            bill,
            now=now,
            send=lambda: self._post(http, self._path("getTxnStatus"), body),
            read=lambda answer: read_status(answer, bill),
        )

    def _login(self, now: datetime) -> dict[str, str]:
        return {"loginId": self.config.login_id, "password": self.keys.signing(now).password}

    def _path(self, call: str) -> str:
        return f"/{self.config.merchant_path}/{SERVICE}/{call}"

    def _issued(self, bill: Bill, reply: HttpReply, now: datetime) -> Issued:
        try:
            result = body_of(reply, max_bytes=MAX_CREATE_REPLY)["result"]
            code = result["code"]
        except (KeyError, TypeError, ValueError) as error:
            raise HttpFailed(f"answer {reply.status} cannot be read") from error
        if reply.status != 200 or not isinstance(code, Number) or code != "0":
            raise CreateRefused(str(code)[:20])
        transaction = result.get("xTran") if isinstance(result.get("xTran"), dict) else {}
        token = transaction.get("paymentTokenid")
        if type(token) is not str or _TOKEN.fullmatch(token) is None:
            raise CreateRefused("no-token")
        if self.config.show != "qr":
            page = self._page(bill, str(result.get("sessionid", "")), token)
            return issued(self.config, bill, now, payee=self.config.merchant_id, token=token, form=page)
        qr = result.get("qrValue", transaction.get("qrValue"))
        if type(qr) is not str or not _is_of(qr, bill.amount):
            raise CreateRefused("qr-not-as-asked")
        return issued(self.config, bill, now, payee=self.config.merchant_id, token=token, qr=qr)

    def _page(self, bill: Bill, session: str, token: str) -> Form:
        fields = {
            "merchantID": self.config.merchant_id,
            "sessionid": session,
            "paymenttokenid": token,
            "description": PURPOSE,
            "expirytime": str(self.config.lifetime_minutes),
            "amount": bill.amount.decimal,
            "quantity": "1",
            "item": "1",
            "invoiceid": bill.reference,
            "currencytype": bill.amount.currency,
            "transactionID": bill.reference,
            "successUrlToReturn": self.callback_url,
            "errorUrl": self.callback_url,
        }
        return Form(f"{self.config.origin}/{self.config.merchant_path}/paymentPage.jsp", tuple(fields.items()))


def xpay_hash(secret: bytes, *values: str) -> str:
    """The `hash` of a request."""
    return hmac.digest(secret, "".join(values).encode("utf-8"), hashlib.sha512).hex().upper()


def read_status(body: Any, bill: Bill) -> Told:
    """The answer to getTxnStatus about `bill`."""
    result = body["result"]
    code, word = result["code"], result["errorDetails"]
    if not isinstance(code, Number) or type(word) is not str:
        return unknown("unreadable", alarm=True)
    if word in _FAILED and code != "0":
        return Told(Status.FAILED)
    if code != "0" or word != "SUCCESS":
        return Told(Status.PENDING, remark="word-unknown")
    transaction = result["xTran"]
    if transaction["txid"] != bill.reference or transaction.get("paymentTokenid", bill.token) != bill.token:
        return unknown("other-transaction", alarm=True)
    amount = paid_amount(transaction["purchaseAmount"], transaction["purchaseCurrency"], bill.amount)
    return Told(Status.PAID, bank_ref=f"{bill.reference}:{_short(bill.token)}", amount=amount)


def _is_of(qr: str, amount: Money) -> bool:
    try:
        fields = khqr.read(qr)
        return fields["53"] == khqr.CURRENCIES[amount.currency] and Money.parse(fields["54"], amount.currency) == amount
    except (KeyError, ValueError):
        return False


def _short(token: str) -> str:
    """Names a token in a record; the token itself lets anybody ask the bank."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()[:16]


RAIL = AcledaXpay
