"""Wing on one machine: the web form and its enciphered return, authorization with a token, the mini-app, inquiry."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode

from chalicelib.payment.model import Form, HttpReply
from infra.local.banks.model import Fault, json_reply
from infra.local.banks.till import Movement, Payment, Till

INQUIRY, AUTHORIZATION, STATUS = "/wingonlinesdk/inquiry", "/v2/online/payment/authorization", "/app/status"
PHNOM_PENH = timezone(timedelta(hours=7))
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(kw_only=True)
class WingBank(Till):
    """Both web products. `password` enciphers payloads of v2."""

    name: ClassVar[str] = "Wing"
    username: str
    rest_api_key: str
    bill_till: str
    password: str

    def hears(self, path: str) -> bool:
        """Its calls."""
        return path in (INQUIRY, AUTHORIZATION)

    def takes_form(self, path: str) -> bool:
        """The page of v1."""
        return path == "/"

    def enter(self, form: Form) -> Payment:
        """The payer's browser posts the form of v1. It always comes back enciphered, as the payer could do himself."""
        fields = dict(form.fields)
        if (fields["username"], fields["rest_api_key"]) != (self.username, self.rest_api_key):
            raise ValueError("not a merchant of ours")
        return self._take(fields["remark"], fields["amount"], fields["return_url"])

    def _take(self, reference: str, amount: str, back: str) -> Payment:
        currency = "USD" if "." in amount else "KHR"  # the till's; the form names none
        return self._open(reference, Decimal(amount), currency, callback=back)

    def _answer(self, path: str, raw: bytes, headers: Mapping[str, str]) -> HttpReply:  # noqa: ARG002
        if path == AUTHORIZATION:
            return self._authorize(json.loads(raw))
        fields = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        if (fields.get("username"), fields.get("rest_api_key")) != (self.username, self.rest_api_key):
            return json_reply(200, {"errorCode": "401", "errorText": "Unauthorized"})
        self.calls.append(("inquiry", fields["remark"]))
        payment = self.payments.get(fields["remark"])
        if payment is None or not payment.movements:
            return json_reply(200, {"errorCode": "404", "errorText": "Transaction not found"})
        if Fault.WRONG_ENVELOPE in self.faults:
            return json_reply(200, {"errorCode": "200", "errorText": "Success"})
        told = self._told(payment, payment.movements[-1])
        if Fault.OTHER_TRANSACTION in self.faults:
            told["remark"] = "ANOTHER"
        return json_reply(200, {"errorCode": "200", "errorText": "Success", **told})

    def _authorize(self, body: Mapping[str, str]) -> HttpReply:
        password = self.password.encode()
        clear = _opened(base64.b64decode(body["payload"]), password, password[:16])
        told = json.loads(clear)
        names = (
            "username",
            "rest_api_key",
            "bill_till_number",
            "amount",
            "order_reference_no",
            "rand_str",
            "timestamp",
        )
        inner = base64.b64encode("#".join(told[name] for name in names).encode())
        sealed = base64.b64encode(_sealed(inner, password, told["rand_str"].encode()))
        if body["hash"] != hashlib.sha256(sealed).hexdigest().upper() or told["rest_api_key"] != self.rest_api_key:
            return json_reply(200, {"errorCode": "401", "errorText": "Unauthorized"})
        self.calls.append(("authorization", told["order_reference_no"]))
        payment = self._take(told["order_reference_no"], told["amount"], told["return_url"].partition("?")[0])
        payment.token = self.randomness(12).hex()
        return json_reply(200, {"errorCode": "200", "token": payment.token})

    def _told(self, payment: Payment, movement: Movement) -> dict[str, Any]:
        return {
            "remark": payment.tran_id,
            "amount": f"{movement.amount:.2f}",
            "currency": movement.currency,
            "transaction_id": f"ONL{movement.number}",
        }

    def _bell(self, payment: Payment, movement: Movement, *, forged: bool) -> tuple[Mapping[str, str], bytes]:
        if payment.token:
            return FORM, urlencode({"order_reference_no": payment.tran_id}).encode()
        key = hashlib.sha256(b"not the key" if forged else self.rest_api_key.encode()).digest()
        sealed = _sealed(json.dumps(self._told(payment, movement)).encode(), key, bytes(16))
        return FORM, urlencode({"contents": base64.b64encode(sealed).decode()}).encode()


@dataclass(kw_only=True)
class WingApp(Till):
    """The mini-app: paid over the bridge, told by a message with a digest, which its server call gives too."""

    name: ClassVar[str] = "Wing mini-app"
    app_id: str
    secret: str
    callback_url: str

    def hears(self, path: str) -> bool:
        """Its call."""
        return path == STATUS

    def bridge(self, reference: str, amount: Decimal, currency: str) -> Payment:
        """The page within the app begins a payment."""
        return self._open(reference, amount, currency, callback=self.callback_url)

    def _answer(self, path: str, raw: bytes, headers: Mapping[str, str]) -> HttpReply:  # noqa: ARG002
        reference = json.loads(raw)["orderRef"]
        self.calls.append(("getStatus", reference))
        payment = self.payments.get(reference)
        if payment is None or not payment.movements or Fault.WRONG_ENVELOPE in self.faults:
            return json_reply(200, {"status": "SUCCESS" if Fault.WRONG_ENVELOPE in self.faults else "PENDING"})
        return json_reply(200, self._message(payment, payment.movements[-1], self.secret))

    def _message(self, payment: Payment, movement: Movement, secret: str) -> dict[str, str]:
        told = {
            "orderRef": "TR-ANOTHER-ONE" if Fault.OTHER_TRANSACTION in self.faults else payment.tran_id,
            "debitAmount": f"{movement.amount:.2f}",
            "debitCcy": movement.currency,
            "transactionId": movement.number,
            "transactionDate": movement.at.astimezone(PHNOM_PENH).strftime("%Y-%m-%d %H:%M:%S"),
        }
        joined = (self.app_id + "".join(told.values()) + secret).upper()
        return {**told, "secretKey": hashlib.sha256(joined.encode()).hexdigest().upper()}

    def _bell(self, payment: Payment, movement: Movement, *, forged: bool) -> tuple[Mapping[str, str], bytes]:
        message = self._message(payment, movement, "not the key" if forged else self.secret)
        return {"content-type": "application/json"}, json.dumps(message).encode()


def _cipher(key: bytes, initial: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key), modes.CBC(initial))


def _sealed(clear: bytes, key: bytes, initial: bytes) -> bytes:
    count = 16 - len(clear) % 16
    sealing = _cipher(key, initial).encryptor()
    return bytes(sealing.update(clear + bytes([count]) * count) + sealing.finalize())


def _opened(sealed: bytes, key: bytes, initial: bytes) -> bytes:
    opening = _cipher(key, initial).decryptor()
    clear = bytes(opening.update(sealed) + opening.finalize())
    return clear[: -clear[-1]]
