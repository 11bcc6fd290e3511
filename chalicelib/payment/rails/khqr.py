"""Bakong KHQR: our own QR, paid from any bank's app in the country, asked about at the national bank.

Rules (payments.md section 6): Bakong never notifies, so nobody rings but ourselves, and the office's own forwarder where
it has one (`forwarder.py`; a key for verifying only). A QR for an order is always dynamic
(cases 84, 85): it is made once, kept as issued, and asked about by the MD5 of the kept string. `responseCode` 0 is not
enough (case 62): the money must be at our account, in our currency, of our amount; settling compares, here it is only
read. `createdDateMs` is when the payer sent it. The list by MD5s tells which to ask about, never more (case 70).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from chalicelib.kernel.money import Money
from chalicelib.kernel.strict import Literal as Number
from chalicelib.payment import references
from chalicelib.payment.khqr import Khqr, encode, milliseconds
from chalicelib.payment.model import Bill, Delivery, Http, HttpFailed, Issued, Notice, Rejected, Status
from chalicelib.payment.rails.answer import Told, asked, body_of, evidence, paid_amount, unknown
from chalicelib.payment.rails.config import RailConfig, expiry
from chalicelib.payment.rails.delivery import admit, json_object, text
from chalicelib.payment.rails.forwarder import authenticate
from chalicelib.payment.rails.issue import check_bill, issued
from chalicelib.payment.rails.plain import PlainRail

TOKEN_DAYS = 90
MAX_LIST = 50
_HASH = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
_REFERENCE = re.compile(r"[0-9A-Z]{16}", re.ASCII)
_MILLISECONDS = re.compile(r"[1-9][0-9]{12}", re.ASCII)

_ERRORS: Mapping[str, tuple[Status, str, bool]] = {
    "1": (Status.UNKNOWN, "not-found", False),  # nobody paid it yet
    "2": (Status.UNKNOWN, "static-qr", True),
    "3": (Status.FAILED, "failed", False),
    "5": (Status.UNKNOWN, "missing-fields", True),
    "6": (Status.UNKNOWN, "unauthorised", True),
    "9": (Status.UNKNOWN, "no-connection", False),
}


class KhqrConfig(RailConfig):
    """`payee_accounts`: the first receives, all are ours. With `merchant_id` the QR is a merchant's (tag 30)."""

    DOMAINS = ("nbc.gov.kh",)
    SANDBOX = ("sit-api-bakong.nbc.gov.kh",)
    rail: Literal["khqr"] = "khqr"
    merchant_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,32}$")] = ""
    payee_accounts: Annotated[tuple[str, ...], Field(min_length=1)]
    query_window_days: Annotated[int, Field(ge=1, le=31)] = 31
    merchant_name: str
    merchant_city: str
    acquiring_bank: str = ""
    account_information: str = ""
    category: str = "9399"  # government, assumed
    language: str = ""
    local_name: str = ""
    local_city: str = ""

    @model_validator(mode="after")
    def _checked(self) -> Self:
        for account in self.payee_accounts:
            self.code(Bill("X", Money(1, min(self.currencies))), account=account)
        for key in self.keys:
            if "sign" in key.uses and (
                key.not_after is None or key.not_after - key.not_before > timedelta(days=TOKEN_DAYS)
            ):
                raise ValueError(f"a token lives {TOKEN_DAYS} days: say when it ends")
        return self

    def code(self, bill: Bill, *, account: str = "", made: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> Khqr:
        """The dynamic code for `bill`. NotKhqr (a ValueError) if it cannot be written down."""
        return Khqr(
            account=account or self.payee_accounts[0],
            name=self.merchant_name,
            city=self.merchant_city,
            currency=bill.amount.currency,
            minor=bill.amount.minor,
            merchant_id=self.merchant_id,
            acquiring_bank=self.acquiring_bank,
            account_information=self.account_information,
            category=self.category,
            bill=bill.reference,
            language=self.language,
            local_name=self.local_name,
            local_city=self.local_city,
            created_ms=milliseconds(made),
            expires_ms=milliseconds(expiry(self, made)),
        )


@dataclass(frozen=True, slots=True)
class BakongKhqr(PlainRail[KhqrConfig]):
    """The rail `khqr`. Its key is the bearer token of the Open API."""

    CONFIG: ClassVar[type[RailConfig]] = KhqrConfig

    @property
    def notifies(self) -> bool:
        """Never."""
        return False

    def create(self, bill: Bill, *, now: datetime, http: Http) -> Issued:  # noqa: ARG002 - nobody needs to be asked
        """A QR of our own. ValueError for a bill we must not issue."""
        check_bill(bill, self.config)
        code = self.config.code(bill, made=now)
        return issued(self.config, bill, now, payee=code.account, qr=encode(code))

    def verify(self, delivery: Delivery, *, now: datetime) -> Notice:
        """Bakong sends nothing: whatever comes is somebody else's, unless it is the office's own forwarder's bell."""
        if self.config.egress != "kh-forwarder":
            raise Rejected("never-notifies")
        admit(delivery, self.config, self.door)
        told = authenticate(delivery, keys=self.keys, now=now)
        body = json_object(delivery, max_body=self.config.max_body, required=frozenset({"reference"}))
        reference = text(body, "reference", _REFERENCE)
        if not references.is_valid(reference):
            raise Rejected("not-bound")
        return self._bell(delivery, reference, told.id, now, paid=False)

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:
        """check_transaction_by_md5, of the string as issued: evidence."""
        if not bill.qr_md5:
            return evidence(self.name, bill, unknown("no-md5", alarm=True), b"", now)
        return asked(
            self.config,
            bill,
            now=now,
            send=lambda: self._post(http, "/v1/check_transaction_by_md5", {"md5": bill.qr_md5}, **self._bearer(now)),
            read=lambda body: _read(body, bill),
        )

    def worth_asking(self, bills: Iterable[Bill], *, now: datetime, http: Http) -> frozenset[str]:
        """References of those `bills` that the list says are paid: to be asked about one by one, not to be believed.
        HttpFailed without a readable answer (some tokens get 403: then ask one by one). ValueError over 50."""
        by_md5 = {bill.qr_md5: bill.reference for bill in bills if bill.qr_md5}
        if len(by_md5) > MAX_LIST:
            raise ValueError(f"the list takes {MAX_LIST} at most")
        reply = self._post(http, "/v1/check_transaction_by_md5_list", sorted(by_md5), **self._bearer(now))
        try:
            if reply.status != 200:
                raise ValueError("not given")
            rows = body_of(reply)["data"]
            return frozenset(by_md5[row["md5"]] for row in rows if row["status"] == "SUCCESS" and row["md5"] in by_md5)
        except (KeyError, TypeError, ValueError) as error:
            raise HttpFailed(f"the list was not given ({reply.status})") from error

    def _bearer(self, now: datetime) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys.signing(now).secret.decode('ascii')}"}


def _read(body: Any, bill: Bill) -> Told:
    code = body["responseCode"]
    if not isinstance(code, Number):
        return unknown("unknown-code", alarm=True)
    if code == "1":
        status, remark, alarm = _ERRORS.get(str(body.get("errorCode")), (Status.UNKNOWN, "unknown-code", True))
        return Told(status, remark=remark, alarm=alarm)
    if code != "0":
        return unknown("unknown-code", alarm=True)
    return _paid(body["data"], bill)


def _paid(data: Any, bill: Bill) -> Told:
    if "md5" in data and data["md5"] != bill.qr_md5:
        return unknown("other-transaction", alarm=True)
    digest, payee, currency, figure = data["hash"], data["toAccountId"], data["currency"], data["amount"]
    if type(payee) is not str or not payee or _HASH.fullmatch(digest) is None or not isinstance(figure, Number):
        return unknown("unreadable", alarm=True)
    sent = data.get("createdDateMs", data.get("createDateMs"))
    paid_at = None
    if isinstance(sent, Number) and _MILLISECONDS.fullmatch(sent):
        paid_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(sent))
    return Told(
        Status.PAID,
        bank_ref=digest,
        amount=paid_amount(figure, currency, bill.amount),
        paid_at=paid_at,
        payee=payee,
        remark="" if paid_at else "no-time",
        alarm=paid_at is None,
    )


RAIL = BakongKhqr
