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
    # sources disagree on where `ctid`, `token_flag` and `frequency` stand; they agree when the three are never sent
    "purchase": (
        "req_time",
        "merchant_id",
        "tran_id",
        "amount",
        "items",
        "shipping",
        "firstname",
        "lastname",
        "email",
        "phone",
        "type",
        "payment_option",
        "return_url",
        "cancel_url",
        "continue_success_url",
        "return_deeplink",
        "currency",
        "custom_fields",
        "return_params",
        "payout",
        "lifetime",
        "additional_params",
        "google_pay_token",
        "skip_success_page",
    ),
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
    "transaction-detail": _BY_REFERENCE,
    "close-transaction": _BY_REFERENCE,
    "transaction-list-2": (
        "req_time",
        "merchant_id",
        "from_date",
        "to_date",
        "from_amount",
        "to_amount",
        "status",
        "page",
        "pagination",
    ),
    "refund": ("request_time", "merchant_id", "merchant_auth"),
}


def sign(secret: bytes, values: Iterable[str]) -> str:
    """The `hash` of a request, or the signature of a pushback."""
    return base64.b64encode(hmac.digest(secret, "".join(values).encode("utf-8"), hashlib.sha512)).decode("ascii")


def preimage(call: str, fields: Mapping[str, str | int]) -> str:
    """What is signed for `call`. ValueError for a field that the call does not sign: it would go unprotected."""
    order = SIGNED_ORDER[call]
    if unknown := set(fields) - set(order):
        raise ValueError(f"{call} does not sign {', '.join(sorted(unknown))}")
    return "".join(str(fields.get(name, "")) for name in order)


def request_hash(secret: bytes, call: str, fields: Mapping[str, str | int]) -> str:
    """The hash of `fields` for `call`. ValueError as `preimage`."""
    return sign(secret, (preimage(call, fields),))


def request_body(secret: bytes, call: str, fields: Mapping[str, str | int]) -> bytes:
    """The JSON body with its hash."""
    return json.dumps({**fields, "hash": request_hash(secret, call, fields)}, ensure_ascii=True).encode("ascii")


def request_time(now: datetime) -> str:
    """`now` as ABA writes it: UTC, `YYYYMMDDHHmmss`."""
    return now.astimezone(UTC).strftime("%Y%m%d%H%M%S")
