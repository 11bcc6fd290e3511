"""Wing online v2: we ask for a token, the payer confirms at the bank under it, an inquiry proves.

The payload is enciphered under the password, the hash is SHA-256 over an enciphered list of values (payments.md section 5,
community). TLS is verified like everywhere: the code we know turns it off, and that is never copied. The way back carries
nothing but our reference: a bell.
"""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from urllib.parse import urlencode

from chalicelib.payment import references
from chalicelib.payment.model import (
    BadConfiguration,
    Bill,
    CreateRefused,
    Delivery,
    Http,
    HttpFailed,
    Issued,
    Notice,
    Rejected,
)
from chalicelib.payment.rails.answer import body_of
from chalicelib.payment.rails.config import Key, RailConfig
from chalicelib.payment.rails.delivery import admit, form_fields, query_fields
from chalicelib.payment.rails.issue import check_bill, issued
from chalicelib.payment.rails.plain import PlainRail
from chalicelib.payment.rails.wing_inquiry import WingWebConfig, encipher, inquire

AUTHORIZATION = "/v2/online/payment/authorization"
CONFIRM = "/v2/online/payment/confirm"
_RETURN = frozenset({"order_reference_no"})
_TOKEN = re.compile(r"[!-~]{1,200}", re.ASCII)


class WingV2Config(WingWebConfig):
    """Each key comes with the password that enciphers, of 32 characters."""

    PASSWORDS = True
    rail: Literal["wing-v2"] = "wing-v2"


def _sixteen() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class WingV2(PlainRail[WingV2Config]):
    """The rail `wing-v2`."""

    CONFIG: ClassVar[type[RailConfig]] = WingV2Config
    sixteen: Callable[[], str] = _sixteen  # sixteen characters that never repeat

    def __post_init__(self) -> None:
        if any(len(key.password) != 32 for key in self.keys.keys):
            raise BadConfiguration("wing-v2: the password is 32 characters")

    def create(self, bill: Bill, *, now: datetime, http: Http) -> Issued:
        """authorization; the payer goes on at the bank's own address. ValueError, CreateRefused, HttpFailed."""
        check_bill(bill, self.config)
        key, random = self.keys.signing(now), self.sixteen()
        stamp = str(int(now.timestamp()))
        back = self.callback_url + "?" + urlencode({"order_reference_no": bill.reference})
        told = {
            "username": self.config.username,
            "rest_api_key": key.secret.decode("ascii"),
            "bill_till_number": self.config.bill_till,
            "bill_till_rbtn": "0",
            "amount": bill.amount.decimal,
            "order_reference_no": bill.reference,
            "return_url": back,
            "cancel_url": back,
            "rand_str": random,
            "sandbox": self.config.sandbox,
            "timestamp": stamp,
            "wing_account": "",
            "merchant_name": "",
            "is_inquiry": "1",
        }
        password = key.password.encode("ascii")
        body = {
            "username": told["username"],
            "rest_api_key": told["rest_api_key"],
            "payload": encipher(json.dumps(told).encode("ascii"), password, password[:16]),
            "hash": request_hash(self.config, key, bill, random, stamp),
            "sandbox": self.config.sandbox,
        }
        reply = self._post(http, AUTHORIZATION, body)
        try:
            answer = body_of(reply)
            code, token = str(answer["errorCode"]), answer.get("token")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise HttpFailed(f"answer {reply.status} cannot be read") from error
        if reply.status != 200 or code != "200" or not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise CreateRefused(code[:20])
        confirm = urlencode({"token": base64.b64encode(token.encode("ascii")).decode("ascii")})
        link = f"{self.config.origin}{CONFIRM}?{confirm}"
        return issued(self.config, bill, now, payee=self.config.bill_till, deeplink=link, token=token)

    def verify(self, delivery: Delivery, *, now: datetime) -> Notice:
        """The way back: a bell."""
        admit(delivery, self.config, self.door)
        if delivery.query:
            fields = query_fields(delivery, required=_RETURN)
        else:
            fields = form_fields(delivery, max_body=self.config.max_body, required=_RETURN)
        if not references.is_valid(fields["order_reference_no"]):
            raise Rejected("not-bound")
        return self._bell(delivery, fields["order_reference_no"], "return", now, paid=False)

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:
        """inquiry: evidence."""
        return inquire(self.config, self.keys.signing(now), bill, now=now, http=http)


def request_hash(config: WingV2Config, key: Key, bill: Bill, random: str, stamp: str) -> str:
    """Upper-case hex of SHA-256 over the enciphered list of values."""
    listed = (config.username, key.secret.decode("ascii"), config.bill_till, bill.amount.decimal, bill.reference)
    inner = base64.b64encode("#".join((*listed, random, stamp)).encode("ascii"))
    sealed = encipher(inner, key.password.encode("ascii"), random.encode("ascii"))
    return hashlib.sha256(sealed.encode("ascii")).hexdigest().upper()


RAIL = WingV2
