"""Wing web v1: a form that the payer's browser posts, an enciphered return, an inquiry that proves.

The key is a hidden field of that form, so the payer holds it and can make any "enciphered" return he likes (case 33):
a return rings, whatever it says, and every failure to read one looks the same (case 34).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from chalicelib.kernel import strict
from chalicelib.kernel.errors import Refused
from chalicelib.payment import references
from chalicelib.payment.model import Bill, Delivery, Form, Http, Issued, Notice, Rejected
from chalicelib.payment.rails.config import RailConfig
from chalicelib.payment.rails.delivery import admit, form_fields
from chalicelib.payment.rails.issue import check_bill, issued
from chalicelib.payment.rails.plain import PlainRail
from chalicelib.payment.rails.wing_inquiry import WingWebConfig, decipher, inquire

INITIAL = bytes(16)
_CONTENTS = frozenset({"contents"})


class WingV1Config(WingWebConfig):
    """The configuration of `wing-v1`."""

    rail: Literal["wing-v1"] = "wing-v1"


@dataclass(frozen=True, slots=True)
class WingV1(PlainRail[WingV1Config]):
    """The rail `wing-v1`. Its key is the `rest_api_key`: no secret from the payer."""

    CONFIG: ClassVar[type[RailConfig]] = WingV1Config

    def create(self, bill: Bill, *, now: datetime, http: Http) -> Issued:  # noqa: ARG002 - the browser posts the form
        """The form. ValueError for a bill we must not send."""
        check_bill(bill, self.config)
        fields = {
            "username": self.config.username,
            "rest_api_key": self.keys.signing(now).secret.decode("ascii"),
            "bill_till_number": self.config.bill_till,
            "bill_till_rbtn": "0",
            "amount": bill.amount.decimal,
            "remark": bill.reference,
            "return_url": self.callback_url,
            "sandbox": self.config.sandbox,
        }
        form = Form(self.config.origin + "/", tuple(fields.items()))
        return issued(self.config, bill, now, payee=self.config.bill_till, form=form)

    def verify(self, delivery: Delivery, *, now: datetime) -> Notice:
        """A return: a bell."""
        admit(delivery, self.config, self.door)
        fields = form_fields(delivery, max_body=self.config.max_body, required=_CONTENTS)
        told: dict[str, Any] | None = None
        for key in self.keys.keys:  # a payer may come back with the key that was in his form
            if key.valid(now) and told is None:
                told = read_contents(fields["contents"], key.secret)
        if told is None or not references.is_valid(told["remark"]):
            raise Rejected("contents")
        return self._bell(delivery, told["remark"], str(told.get("transaction_id", ""))[:40], now, paid=True)

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:
        """inquiry: evidence."""
        return inquire(self.config, self.keys.signing(now), bill, now=now, http=http)


def read_contents(contents: str, rest_api_key: bytes) -> dict[str, Any] | None:
    """What a return says; None if it cannot be read, for whatever reason."""
    try:
        clear = decipher(contents, hashlib.sha256(rest_api_key).digest(), INITIAL)
        told = strict.loads(clear, max_bytes=4096, max_depth=1, literal_numbers=True)
    except (Rejected, Refused):
        return None
    return told if isinstance(told, dict) and isinstance(told.get("remark"), str) else None


RAIL = WingV1
