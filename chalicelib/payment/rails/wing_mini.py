"""Wing mini-app: paid inside the bank's app; its message names amount and currency, under a digest without separators.

Rules (payments.md section 5, community): secretKey is upper-case hex of SHA-256 over the upper-cased join of appId,
orderRef, debitAmount, debitCcy, transactionId, transactionDate and the secret. No HMAC, no delimiters, blind to case: the
strict forms here are part of the check, and the currency comes from a fixed list (case 32). Real messages wrote "1" where
the digest was over "1.00": the raw text is tried, then two decimals, nothing else. With `status_path` the same message is
fetched by us, and is evidence then; without it only the statement proves.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from chalicelib.kernel.money import Money
from chalicelib.payment import references
from chalicelib.payment.model import Bill, Delivery, Http, Issued, Notice, Rejected, Status, Trust
from chalicelib.payment.rails.answer import Told, asked, evidence, unknown
from chalicelib.payment.rails.config import KeyRing, RailConfig
from chalicelib.payment.rails.delivery import admit, json_object, sha256, text
from chalicelib.payment.rails.issue import check_bill, issued
from chalicelib.payment.rails.plain import PlainRail

_KEYS = ("orderRef", "debitAmount", "debitCcy", "transactionId", "transactionDate")
_REQUIRED = frozenset({*_KEYS, "secretKey"})
_FORMS: Mapping[str, re.Pattern[str]] = {
    "orderRef": re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII),
    "debitAmount": re.compile(r"(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{2})?", re.ASCII),
    "debitCcy": re.compile(r"KHR|USD", re.ASCII),
    "transactionId": re.compile(r"[0-9]{16}", re.ASCII),
    "transactionDate": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII),
    "secretKey": re.compile(r"[0-9A-F]{64}", re.ASCII),
}


class WingMiniConfig(RailConfig):
    """`merchant_id` is the app's id. `status_path`: Wing's server call by contract; empty: none, and set
    `query_window_days` to 0."""

    DOMAINS = ("wingmoney.com",)
    rail: Literal["wing-mini"] = "wing-mini"
    status_path: Annotated[str, Field(pattern=r"^(?:/[A-Za-z0-9/_-]{1,60})?$")] = ""


@dataclass(frozen=True, slots=True)
class Message:
    """An authentic message."""

    reference: str
    amount: Money
    transaction: str
    key_id: str


@dataclass(frozen=True, slots=True)
class WingMini(PlainRail[WingMiniConfig]):
    """The rail `wing-mini`. The page within the app passes on what the bridge tells it."""

    CONFIG: ClassVar[type[RailConfig]] = WingMiniConfig

    def create(self, bill: Bill, *, now: datetime, http: Http) -> Issued:  # noqa: ARG002 - the app's bridge begins it
        """What the page within the app hands to the bridge: the reference. ValueError for a bill we must not send."""
        check_bill(bill, self.config)
        return issued(self.config, bill, now, payee=self.config.merchant_id)

    def verify(self, delivery: Delivery, *, now: datetime) -> Notice:
        """A message that came by somebody's hands: authentic, and still no evidence."""
        admit(delivery, self.config, self.door)
        body = json_object(delivery, max_body=self.config.max_body, required=_REQUIRED)
        told = authenticate(body, app_id=self.config.merchant_id, keys=self.keys, now=now)
        if not references.is_valid(told.reference):
            raise Rejected("not-bound")
        return Notice(
            rail=self.name,
            order_ref=told.reference,
            bank_ref=told.transaction,
            event_key=f"{self.name}:message:{told.transaction}",
            status=Status.PAID,
            trust=Trust.AUTHENTICATED,
            at=now,
            amount_minor=told.amount.minor,
            currency=told.amount.currency,
            key_id=told.key_id,
            raw_sha256=sha256(delivery),
        )

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:
        """getStatus, where the contract has it: evidence."""
        if not self.config.status_path:
            return evidence(self.name, bill, unknown("statement-only"), b"", now)
        body = {"appId": self.config.merchant_id, "orderRef": bill.reference}
        return asked(
            self.config,
            bill,
            now=now,
            send=lambda: self._post(http, self.config.status_path, body),
            read=lambda answer: self._read(answer, bill, now),
        )

    def _read(self, answer: Any, bill: Bill, now: datetime) -> Told:
        if answer in ({"status": "PENDING"}, {"status": "NOT_FOUND"}):
            return unknown("not-found")
        if not isinstance(answer, dict) or answer.keys() != _REQUIRED:
            return unknown("unreadable", alarm=True)
        try:
            told = authenticate(answer, app_id=self.config.merchant_id, keys=self.keys, now=now)
        except Rejected:
            return unknown("not-authentic", alarm=True)
        if told.reference != bill.reference:
            return unknown("other-transaction", alarm=True)
        return Told(Status.PAID, bank_ref=told.transaction, amount=told.amount)


def authenticate(body: Mapping[str, Any], *, app_id: str, keys: KeyRing, now: datetime) -> Message:
    """Forms and digest of a message. Rejected(reason) otherwise."""
    told = {name: text(body, name, form) for name, form in _FORMS.items()}
    digest = told["secretKey"].encode("ascii")
    try:
        amount = Money.parse(told["debitAmount"], told["debitCcy"])
        datetime.strptime(told["transactionDate"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - a form; it has no zone
    except ValueError as error:
        raise Rejected("value debitAmount or transactionDate") from error
    if amount.minor <= 0:
        raise Rejected("value debitAmount")
    written = (told["debitAmount"], f"{Decimal(told['debitAmount']):.2f}")
    key = keys.matching(
        now,
        lambda one: (
            sum(hmac.compare_digest(message_digest(app_id, told, one.secret, form), digest) for form in written) > 0
        ),
    )
    return Message(told["orderRef"], amount, told["transactionId"], key.id)


def message_digest(app_id: str, told: Mapping[str, str], secret: bytes, amount: str) -> bytes:
    """The `secretKey` of a message whose amount is written so."""
    values = "".join(amount if name == "debitAmount" else told[name] for name in _KEYS)
    joined = (app_id + values + secret.decode("ascii")).upper()
    return hashlib.sha256(joined.encode("ascii")).hexdigest().upper().encode("ascii")


RAIL = WingMini
