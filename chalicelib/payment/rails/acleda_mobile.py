"""ACLEDA mobile: a deep link into the bank's app; its call-back is signed but names no currency, and nothing can be asked.

Rules (payments.md section 4, community): SignedHash is lower-case hex of HMAC-SHA256 over `TransactionId PaymentTokenId
TxnAmount`, joined by one space, so a space or an empty value in any of the three would let one message mean another
(case 31). The received text is hashed, never an amount written anew. Only the statement proves.
"""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import Field

from chalicelib.kernel.strict import Literal as Number
from chalicelib.payment import references
from chalicelib.payment.model import BadConfiguration, Bill, Delivery, Http, Issued, Notice, Rejected, Status, Trust
from chalicelib.payment.rails.answer import evidence, unknown
from chalicelib.payment.rails.config import KeyRing, RailConfig
from chalicelib.payment.rails.delivery import admit, json_object, sha256, text
from chalicelib.payment.rails.issue import check_bill, issued
from chalicelib.payment.rails.plain import PlainRail

PURPOSE = "IP office fee"
ITERATIONS = 100  # the bank's
_REQUIRED = frozenset({"TransactionId", "PaymentTokenId", "TxnAmount", "SignedHash"})
_OPTIONAL = frozenset({"SenderName"})
_WORD = re.compile(r"[!-~]{1,64}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?", re.ASCII)
_HEX64 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_IV = re.compile(r"[0-9A-Fa-f]{32}", re.ASCII)


class AcledaMobileConfig(RailConfig):
    """Each key's secret signs call-backs; its password is the key that payment data are enciphered with."""

    CALLS = False
    PASSWORDS = True
    rail: Literal["acleda-mobile"] = "acleda-mobile"
    base_url: str = ""
    partner_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
    app_name: Annotated[str, Field(pattern=r"^[ -~]{1,40}$")]
    query_window_days: Literal[0] = 0


@dataclass(frozen=True, slots=True)
class Callback:
    """An authentic call-back. Not a proof of payment: any currency may be meant."""

    reference: str
    token: str
    amount: str  # as received
    key_id: str


@dataclass(frozen=True, slots=True)
class AcledaMobile(PlainRail[AcledaMobileConfig]):
    """The rail `acleda-mobile`."""

    CONFIG: ClassVar[type[RailConfig]] = AcledaMobileConfig

    def __post_init__(self) -> None:
        if any(_IV.fullmatch(key.password) is None for key in self.keys.keys):
            raise BadConfiguration("acleda-mobile: the enciphering key is 32 hexadecimal digits")

    def create(self, bill: Bill, *, now: datetime, http: Http) -> Issued:  # noqa: ARG002 - nobody needs to be asked
        """A deep link. ValueError for a bill we must not issue."""
        check_bill(bill, self.config)
        told = {
            "app_name": self.config.app_name,
            "payment_amount": bill.amount.decimal,
            "payment_amount_ccy": bill.amount.currency,
            "payment_purpose": PURPOSE,
            "txn_ref": bill.reference,
        }
        data = payment_data(json.dumps(told, separators=(",", ":")), self.keys.signing(now).password)
        link = "ACLEDAmobile://?" + urlencode({"partner_id": self.config.partner_id, "payment_data": data})
        return issued(self.config, bill, now, payee=self.config.merchant_id, deeplink=link)

    def verify(self, delivery: Delivery, *, now: datetime) -> Notice:
        """A call-back: authentic, bound to a reference of ours, and still only a bell."""
        admit(delivery, self.config, self.door)
        told = authenticate(delivery, keys=self.keys, now=now, max_body=self.config.max_body)
        if not references.is_valid(told.reference):
            raise Rejected("not-bound")
        return Notice(
            rail=self.name,
            order_ref=told.reference,
            bank_ref=told.token,
            event_key=f"{self.name}:callback:{told.reference}:{told.token}:{told.amount}",
            status=Status.PAID,
            trust=Trust.AUTHENTICATED,
            at=now,
            key_id=told.key_id,
            raw_sha256=sha256(delivery),
        )

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:  # noqa: ARG002
        """No status call is known."""
        return evidence(self.name, bill, unknown("statement-only"), b"", now)


def authenticate(delivery: Delivery, *, keys: KeyRing, now: datetime, max_body: int) -> Callback:
    """Form and signature of a call-back. Rejected(reason) otherwise.

    1. one strict JSON object with exactly the bank's keys
    2. no space, no blank and no empty value in what is signed; the amount a plain number, as text or literal
    3. SignedHash is 64 lower-case hexadecimal digits, and that of a key of ours that is valid now
    """
    body = json_object(delivery, max_body=max_body, required=_REQUIRED, optional=_OPTIONAL)  # 1
    reference, token = text(body, "TransactionId", _WORD), text(body, "PaymentTokenId", _WORD)  # 2
    amount = body["TxnAmount"]
    if type(amount) not in (str, Number) or _AMOUNT.fullmatch(amount) is None:
        raise Rejected("value TxnAmount")
    if type(body.get("SenderName", "")) is not str:
        raise Rejected("value SenderName")
    signature = text(body, "SignedHash", _HEX64).encode("ascii")  # 3
    joined = f"{reference} {token} {amount}".encode("ascii")
    key = keys.matching(
        now,
        lambda one: hmac.compare_digest(hmac.digest(one.secret, joined, hashlib.sha256).hex().encode(), signature),
    )
    return Callback(reference, token, str(amount), key.id)


def payment_data(told: str, key: str) -> str:
    """`told` for the bank's app: with its HMAC, enciphered. The initial vector is the key itself: the bank's way."""
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    mac = base64.b64encode(hmac.digest(key.encode("ascii"), told.encode("utf-8"), hashlib.sha256)).decode("ascii")
    derived = hashlib.pbkdf2_hmac("sha1", key.encode("ascii"), key.encode("ascii"), ITERATIONS, 32)
    pad = padding.PKCS7(128).padder()
    clear = pad.update(f"{told}~{mac}".encode()) + pad.finalize()
    cipher = Cipher(algorithms.AES(derived), modes.CBC(bytes.fromhex(key))).encryptor()
    sealed = base64.b64encode(cipher.update(clear) + cipher.finalize()).decode("ascii")
    return sealed.replace("/", "acledabankSecurityTC")  # so the bank wants it


RAIL = AcledaMobile
