"""ABA PayWay's request form: which values are signed in which order, and how.

`hash` is base64 of HMAC-SHA512 over the values joined without separators, an absent one as the empty string
(payments.md section 3). The body is built from the same texts that were signed, so that amount and hash cannot differ:
`amount` goes as a JSON string, because a reader that turns `85.00` into a float would hash `85`.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

PATH = "/api/payment-gateway/v1/payments/"

_BY_REFERENCE = ("req_time", "merchant_id", "tran_id")

SIGNED_ORDER: Mapping[str, tuple[str, ...]] = {
    "generate-qr": (
        "req_time",
        "merchant_id",
        "tran_id",
        "amount",
        "items",
        "first_name",
        "last_name",
        "email",
        "phone",
        "purchase_type",
        "payment_option",
        "callback_url",
        "return_deeplink",
        "currency",
        "custom_fields",
        "return_params",
        "payout",
        "lifetime",
        "qr_image_template",
    ),
    "check-transaction-2": _BY_REFERENCE,
    "close-transaction": _BY_REFERENCE,
}


def sign(secret: bytes, values: Iterable[str]) -> str:
    """The `hash` of a request, or the signature of a pushback."""
    return base64.b64encode(hmac.digest(secret, "".join(values).encode("utf-8"), hashlib.sha512)).decode("ascii")


def request_hash(secret: bytes, call: str, fields: Mapping[str, str | int]) -> str:
    """The hash of `fields` for `call`. ValueError for a field that the call does not sign: it would go unprotected."""
    order = SIGNED_ORDER[call]
    if unknown := set(fields) - set(order):
        raise ValueError(f"{call} does not sign {', '.join(sorted(unknown))}")
    return sign(secret, (str(fields.get(name, "")) for name in order))


def request_body(secret: bytes, call: str, fields: Mapping[str, str | int]) -> bytes:
    """The JSON body with its hash."""
    return json.dumps({**fields, "hash": request_hash(secret, call, fields)}, ensure_ascii=True).encode("ascii")


def request_time(now: datetime) -> str:
    """`now` as ABA writes it: UTC, `YYYYMMDDHHmmss`."""
    return now.astimezone(UTC).strftime("%Y%m%d%H%M%S")
