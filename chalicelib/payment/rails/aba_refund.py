"""ABA PayWay's refund: the request, and what its answer means.

`merchant_auth` is RSA PKCS#1 v1.5 under the bank's public key, in chunks of 117 bytes, all of it base64; the hash is over
request_time, merchant_id and merchant_auth (payments.md section 3). Refunds run for 30 days, in parts if need be. The
codes are of this call only. A refund whose answer was lost is not asked for again: the check tells whether it was done.
"""

import base64
import json
from datetime import datetime
from typing import Any

from chalicelib.kernel.money import Money
from chalicelib.payment.model import BadConfiguration, HttpReply, Refund
from chalicelib.payment.rails import aba_wire
from chalicelib.payment.rails.answer import body_of
from chalicelib.payment.rails.config import KeyRing

PATH = "/api/merchant-portal/merchant-access/online-transaction/refund"
CHUNK = 117  # of a 1024-bit key; shorter than any longer key's
DAYS = 30
_LATER = frozenset({"PTL168"})  # another request runs


def request(merchant_id: str, reference: str, amount: Money, *, public_key: str, keys: KeyRing, now: datetime) -> bytes:
    """The JSON body. ValueError for a public key that cannot be read, or an amount that is not positive."""
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if amount.minor <= 0:
        raise ValueError("a refund is of something")
    key = load_pem_public_key(public_key.encode("ascii"))
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadConfiguration("aba: the bank's key is not RSA")
    told = {"mc_id": merchant_id, "tran_id": reference, "refund_amount": amount.decimal}
    clear = json.dumps(told, separators=(",", ":")).encode("ascii")
    sealed = b"".join(
        key.encrypt(clear[start : start + CHUNK], padding.PKCS1v15()) for start in range(0, len(clear), CHUNK)
    )
    fields = {
        "request_time": aba_wire.request_time(now),
        "merchant_id": merchant_id,
        "merchant_auth": base64.b64encode(sealed).decode("ascii"),
    }
    return aba_wire.request_body(keys.signing(now).secret, "refund", fields)


def outcome(reply: HttpReply) -> tuple[Refund, str]:
    """What became of it, and the bank's code for the record."""
    try:
        body: Any = body_of(reply)
        code = body["status"]["code"]
    except (KeyError, TypeError, ValueError):
        return Refund.UNKNOWN, f"http-{reply.status}"
    if reply.status != 200 or type(code) is not str:
        return Refund.UNKNOWN, f"http-{reply.status}"
    if code == "00":
        return Refund.DONE, code
    return (Refund.LATER if code in _LATER else Refund.REFUSED), code[:20]
