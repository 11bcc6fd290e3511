"""ABA PayWay's pushback: is this delivery really from the bank, in a form that can mean one thing only?

The signature covers the values joined in key order, without names or separators, so two bodies can share one
(payments.md section 3). The strict form below is therefore part of the check, not decoration: exact keys, exact types,
fixed lengths. Even so a pushback names no amount, no currency and no time: it is a doorbell with the bank's voice.
Steps 1 to 9 are `authenticate`; step 10 binds it to what we sent and is the rail's (`aba.py`).
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.kernel import strict
from chalicelib.kernel.errors import Refused
from chalicelib.payment.model import Delivery, Rejected
from chalicelib.payment.rails.config import KeyRing
from chalicelib.payment.rails.delivery import only_header

SIGNATURE = "x-payway-hmac-sha512"
MAX_DEPTH = 1  # a flat object
_CONTENT_TYPE = re.compile(r'application/json(?: *; *charset="?utf-8"?)?', re.ASCII | re.IGNORECASE)
_BASE64_OF_64_BYTES = re.compile(r"[A-Za-z0-9+/]{86}==", re.ASCII)
_REQUIRED = frozenset({"tran_id", "apv", "status", "return_params"})
_OPTIONAL = frozenset({"merchant_ref"})
_NAME = re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII)
_APPROVAL = re.compile(r"[0-9]{6}", re.ASCII)
_MERCHANT_REF = re.compile(r"[A-Za-z0-9-]{1,50}", re.ASCII)
_SUCCESS = ("0", "00")  # seen as "0", "00" and the number 0


@dataclass(frozen=True, slots=True)
class Pushback:
    """An authentic pushback. Not a proof of payment."""

    tran_id: str
    apv: str
    return_params: str
    key_id: str
    raw_sha256: str


def authenticate(delivery: Delivery, *, keys: KeyRing, now: datetime, max_body: int) -> Pushback:
    """Check form and signature over the raw body. Rejected(reason) otherwise; senders are never told the reason.

    1. nothing in the query string, body within `max_body`
    2. exactly one content type, and it is JSON
    3. exactly one signature header, in its one spelling
    4. the signature is the standard base64 of 64 bytes, in its one form
    5. the body is one strict JSON object
    6. exactly the keys that the bank sends
    7. each value of its exact type and form
    8. the signature is that of a key of ours: every key is tried, each compared in constant time
    9. that key is valid now
    """
    if delivery.query:  # 1
        raise Rejected("query-string")
    if len(delivery.body) > max_body:
        raise Rejected("too-large")
    if _CONTENT_TYPE.fullmatch(only_header(delivery, "content-type")) is None:  # 2
        raise Rejected("content-type")
    signature = _signature(only_header(delivery, SIGNATURE))  # 3, 4
    try:  # 5
        body = strict.loads(delivery.body, max_bytes=max_body, max_depth=MAX_DEPTH, literal_numbers=True)
    except Refused as error:
        raise Rejected("json") from error
    if not isinstance(body, dict) or not _REQUIRED <= body.keys() <= _REQUIRED | _OPTIONAL:  # 6
        raise Rejected("keys")
    _check_values(body)  # 7
    joined = "".join(str(body[name]) for name in sorted(body)).encode("utf-8")
    key = keys.matching(  # 8, 9
        now, lambda one: hmac.compare_digest(hmac.digest(one.secret, joined, hashlib.sha512), signature)
    )
    return Pushback(
        tran_id=body["tran_id"],
        apv=str(body["apv"]),
        return_params=body["return_params"],
        key_id=key.id,
        raw_sha256=hashlib.sha256(delivery.body).hexdigest(),
    )


def _signature(text: str) -> bytes:
    if _BASE64_OF_64_BYTES.fullmatch(text) is None:
        raise Rejected("signature-form")
    try:
        signature = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Rejected("signature-form") from error
    if base64.b64encode(signature).decode("ascii") != text:
        raise Rejected("signature-form")  # stray bits in the last character
    return signature


def _check_values(body: Mapping[str, Any]) -> None:
    if not _is_text(body["tran_id"], _NAME) or not _is_text(body["return_params"], _NAME):
        raise Rejected("value tran_id or return_params")
    if not isinstance(body["apv"], str) or _APPROVAL.fullmatch(body["apv"]) is None:  # text or a number's literal text
        raise Rejected("value apv")
    status = body["status"]
    if not isinstance(status, str) or status not in _SUCCESS:
        raise Rejected("value status")
    if "merchant_ref" in body and not _is_text(body["merchant_ref"], _MERCHANT_REF):
        raise Rejected("value merchant_ref")


def _is_text(value: Any, form: re.Pattern[str]) -> bool:
    return type(value) is str and form.fullmatch(value) is not None
