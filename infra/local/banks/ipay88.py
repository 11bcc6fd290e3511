"""iPay88 on one machine: the entry form, the backend post, the requery."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from urllib.parse import parse_qs, urlencode

from chalicelib.payment.model import Form, HttpReply
from infra.local.banks.model import Fault
from infra.local.banks.till import Movement, Payment, Till

ENTRY = "/epayment/entry.asp"
ENQUIRY = "/epayment/enquiry.asp"


@dataclass(kw_only=True)
class IPay88Bank(Till):
    """The aggregator. `signs_payment_id` as the contract has it."""

    name: ClassVar[str] = "iPay88"
    merchant_code: str
    merchant_key: str
    signs_payment_id: bool = False

    def hears(self, path: str) -> bool:
        """Its call."""
        return path.partition("?")[0] == ENQUIRY

    def takes_form(self, path: str) -> bool:
        """The entry page."""
        return path == ENTRY

    def enter(self, form: Form) -> Payment:
        """The payer's browser posts the entry form."""
        told = dict(form.fields)
        wanted = self._signature(told["RefNo"], told["Amount"].replace(".", ""), told["Currency"])
        if told["MerchantCode"] != self.merchant_code or told["Signature"] != wanted:
            raise ValueError("Signature not match")
        return self._open(told["RefNo"], Decimal(told["Amount"]), told["Currency"], callback=told["BackendURL"])

    def _answer(self, path: str, raw: bytes, headers: Mapping[str, str]) -> HttpReply:  # noqa: ARG002
        told = {name: values[0] for name, values in parse_qs(path.partition("?")[2]).items()}
        reference = told.get("RefNo", "")
        self.calls.append(("requery", reference))
        payment = self.payments.get(reference)
        if told.get("MerchantCode") != self.merchant_code:
            return _word("Invalid parameters")
        if payment is None or not payment.movements:
            return _word("Record not found")
        if Fault.WRONG_ENVELOPE in self.faults:
            return _word("Success")
        moved = payment.movements[-1]
        same = (moved.amount, moved.currency) == (Decimal(told["Amount"]), payment.currency)
        return _word("00" if same else "Incorrect amount")

    def _signature(self, *values: str) -> str:
        joined = self.merchant_key + self.merchant_code + "".join(values)
        return base64.b64encode(hashlib.sha1(joined.encode(), usedforsecurity=False).digest()).decode()

    def _bell(self, payment: Payment, movement: Movement, *, forged: bool) -> tuple[Mapping[str, str], bytes]:
        amount = f"{movement.amount:.2f}"
        within = "1" if self.signs_payment_id else ""
        signed = self._signature(within, payment.tran_id, amount.replace(".", ""), movement.currency, "1")
        fields = {
            "MerchantCode": self.merchant_code,
            "PaymentId": "1",
            "RefNo": payment.tran_id,
            "Amount": amount,
            "Currency": movement.currency,
            "Remark": "",
            "TransId": f"T{movement.number}",
            "AuthCode": "",
            "Status": "1",
            "ErrDesc": "",
            "Signature": ("B" if signed[0] == "A" else "A") + signed[1:] if forged else signed,
        }
        return {"content-type": "application/x-www-form-urlencoded"}, urlencode(fields).encode()


def _word(text: str) -> HttpReply:
    return HttpReply(200, {"content-type": "text/plain"}, text.encode())
