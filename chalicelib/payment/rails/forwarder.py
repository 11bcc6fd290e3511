"""A bell from the office's own forwarder, where a bank answers no foreign address and rings nobody.

The forwarder stands in the country, passes our questions on, and may watch for us. Its bell is signed as Standard Webhooks
says: HMAC-SHA256 over id, time and body, base64, after `v1,`; several signatures may stand side by side while keys change.
A time more than five minutes from ours, before or after, is refused (cases 39, 40). It is a bell like any other.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.payment.model import Delivery, Rejected
from chalicelib.payment.rails.config import KeyRing
from chalicelib.payment.rails.delivery import only_header

TOLERANCE = timedelta(minutes=5)
MAX_SIGNATURES = 5
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_TIME = re.compile(r"[1-9][0-9]{9}", re.ASCII)
_SIGNATURE = re.compile(r"v1,([A-Za-z0-9+/]{43}=)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stamped:
    """A delivery that is the forwarder's, of this very time."""

    id: str
    at: datetime
    key_id: str


def authenticate(delivery: Delivery, *, keys: KeyRing, now: datetime) -> Stamped:
    """Check headers, time and signature over the raw body. Rejected(reason) otherwise.

    1. exactly one of each header, in its form
    2. the time is within the tolerance of ours, in both directions
    3. one of the signatures is that of a key of ours that is valid now
    """
    identifier = only_header(delivery, "webhook-id")  # 1
    stamp = only_header(delivery, "webhook-timestamp")
    given = only_header(delivery, "webhook-signature").split(" ")
    if _ID.fullmatch(identifier) is None or _TIME.fullmatch(stamp) is None or len(given) > MAX_SIGNATURES:
        raise Rejected("header form")
    at = datetime.fromtimestamp(int(stamp), UTC)
    if abs(now - at) > TOLERANCE:  # 2
        raise Rejected("stamp out of time")
    signatures = [_decoded(one) for one in given]  # 3
    signed = f"{identifier}.{stamp}.".encode("ascii") + delivery.body
    key = keys.matching(
        now,
        lambda one: (
            sum(hmac.compare_digest(hmac.digest(one.secret, signed, hashlib.sha256), s) for s in signatures) > 0
        ),
    )
    return Stamped(identifier, at, key.id)


def _decoded(text: str) -> bytes:
    form = _SIGNATURE.fullmatch(text)
    if form is None:
        raise Rejected("signature-form")
    try:
        raw = base64.b64decode(form[1], validate=True)
    except binascii.Error as error:
        raise Rejected("signature-form") from error
    if base64.b64encode(raw).decode("ascii") != form[1]:
        raise Rejected("signature-form")
    return raw
