"""Wing's `inquiry`, the evidence behind both of its web products (payments.md section 5, community), and their ciphers.

Its answer must name the remark we asked about, an amount and a currency; `errorCode` 200 alone says nothing.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import Field

from chalicelib.payment.model import Bill, Http, Notice, Rejected, Status
from chalicelib.payment.rails.answer import Told, asked, paid_amount, unknown
from chalicelib.payment.rails.config import Key, RailConfig

FORM = "application/x-www-form-urlencoded"
_TRANSACTION = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)
_ERRORS: Mapping[str, Status] = {"404": Status.UNKNOWN}


class WingWebConfig(RailConfig):
    """What both web products have: a user name, and the biller's till."""

    DOMAINS = ("wingmoney.com",)
    SANDBOX = ("stageonline.wingmoney.com",)
    username: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,60}$")]
    bill_till: Annotated[str, Field(pattern=r"^[0-9]{1,10}$")]
    inquiry_path: Annotated[str, Field(pattern=r"^/[a-z0-9/_-]{1,60}$")] = "/wingonlinesdk/inquiry"

    @property
    def sandbox(self) -> str:
        """As the bank writes it."""
        return "0" if self.environment == "production" else "1"


def inquire(config: WingWebConfig, key: Key, bill: Bill, *, now: datetime, http: Http) -> Notice:
    """Ask about `bill`: evidence."""
    fields = {
        "username": config.username,
        "rest_api_key": key.secret.decode("ascii"),
        "remark": bill.reference,
        "sandbox": config.sandbox,
    }
    return asked(
        config,
        bill,
        now=now,
        send=lambda: http.post(
            config.origin + config.inquiry_path,
            json=urlencode(fields).encode("ascii"),
            headers={"content-type": FORM, "accept": "application/json"},
            timeout=config.timeout_seconds,
        ),
        read=lambda body: read_inquiry(body, bill),
    )


def read_inquiry(body: Any, bill: Bill) -> Told:
    """The answer about `bill`."""
    code = str(body["errorCode"])
    if code != "200":
        return Told(_ERRORS.get(code, Status.UNKNOWN), remark=f"error-{code[:8]}", alarm=code in ("401", "403"))
    if body["remark"] != bill.reference:
        return unknown("other-transaction", alarm=True)
    transaction, currency = body["transaction_id"], body["currency"]
    if not isinstance(transaction, str) or _TRANSACTION.fullmatch(transaction) is None:
        return unknown("unreadable", alarm=True)
    return Told(Status.PAID, bank_ref=transaction, amount=paid_amount(body["amount"], currency, bill.amount))


def encipher(clear: bytes, key: bytes, initial: bytes) -> str:
    """base64 of AES-256-CBC with PKCS#7 padding."""
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    pad = padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(initial)).encryptor()
    return base64.b64encode(cipher.update(pad.update(clear) + pad.finalize()) + cipher.finalize()).decode("ascii")


def decipher(sealed: str, key: bytes, initial: bytes) -> bytes:
    """The other way round. Rejected, with one word for all that may be wrong: differences would let a sender read what he
    altered (case 34)."""
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    try:
        if _BASE64.fullmatch(sealed) is None:
            raise ValueError("not base64")
        raw = base64.b64decode(sealed, validate=True)
        cipher = Cipher(algorithms.AES(key), modes.CBC(initial)).decryptor()
        unpad = padding.PKCS7(128).unpadder()
        return unpad.update(cipher.update(raw) + cipher.finalize()) + unpad.finalize()
    except (ValueError, binascii.Error) as error:
        raise Rejected("contents") from error
