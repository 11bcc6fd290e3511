"""What a rail gives the payer, put together; and what no rail ever bills."""

import hashlib
from datetime import datetime

from chalicelib.payment import references
from chalicelib.payment.khqr import md5
from chalicelib.payment.model import Bill, Form, Issued
from chalicelib.payment.rails.config import RailConfig, expiry


def check_bill(bill: Bill, config: RailConfig, *, above: int = 0) -> None:
    """ValueError for a bill we must not send: a foreign reference, a currency not configured, or an amount of `above`
    minor units or less."""
    if not references.is_valid(bill.reference):
        raise ValueError("not a reference of ours")
    if bill.amount.currency not in config.currencies:
        raise ValueError("currency is not configured for this rail")
    if bill.amount.minor <= above:
        raise ValueError("amount is below what the bank takes")


def issued(
    config: RailConfig,
    bill: Bill,
    now: datetime,
    *,
    payee: str,
    qr: str = "",
    deeplink: str = "",
    token: str = "",
    form: Form | None = None,
) -> Issued:
    """What was issued at `now`; digests are of the QR exactly as issued."""
    return Issued(
        rail=config.rail,
        bill=bill,
        payee=payee,
        qr=qr,
        qr_md5=md5(qr),
        qr_sha256=hashlib.sha256(qr.encode("utf-8")).hexdigest(),
        issued_at=now,
        expires_at=expiry(config, now),
        deeplink=deeplink,
        token=token,
        form=form,
    )
