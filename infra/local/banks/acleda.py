"""ACLEDA on one machine: XPAY's sessions and its browser's return, and the mobile app's deep link and call-back."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from chalicelib.payment.model import Form, HttpReply
from infra.local.banks.model import Fault, json_reply
from infra.local.banks.qr import dynamic
from infra.local.banks.till import Movement, Payment, Till

SERVICE = "/XPAYConnectorServiceInterfaceImplV2/XPAYConnectorServiceInterfaceImplV2RS/"


@dataclass(kw_only=True)
class AcledaBank(Till):
    """XPAY V2. `merchant_path` stands in every address."""

    name: ClassVar[str] = "ACLEDA"
    merchant_path: str
    merchant_id: str
    login_id: str
    password: str
    secret: str

    def hears(self, path: str) -> bool:
        """Its calls."""
        return path.startswith(f"/{self.merchant_path}{SERVICE}")

    def takes_form(self, path: str) -> bool:
        """The payment page."""
        return path == f"/{self.merchant_path}/paymentPage.jsp"

    def enter(self, form: Form) -> Payment:
        """The payer's browser posts the form of the bank's page: where to return to is known from then on."""
        fields = dict(form.fields)
        payment = self.payments[fields["transactionID"]]
        payment.callback_url = fields["successUrlToReturn"]
        return payment

    def _answer(self, path: str, raw: bytes, headers: Mapping[str, str]) -> HttpReply:
        if headers.get("content-type", "application/json") != "application/json":
            return HttpReply(415, {"content-type": "text/plain"}, b"")
        try:
            body = json.loads(raw, parse_float=str, parse_int=str)
            call = path.rpartition("/")[2]
            return {"openSessionV2": self._session, "getTxnStatus": self._status}[call](body)
        except (ValueError, KeyError, TypeError):
            return HttpReply(500, {"content-type": "text/plain"}, b"wrong parameter")

    def _session(self, body: Mapping[str, Any]) -> HttpReply:
        told = body["xpayTransaction"]
        if body["merchantID"] != self.merchant_id:
            return _result(-119, "MERCHANT_UNKNOWN")
        if not self._signed(body, self.merchant_id, told["txid"]) or len(told["txid"]) > 16:
            return _result(-1, "INVALID_HASH")
        self.calls.append(("openSessionV2", told["txid"]))
        life = timedelta(minutes=int(told["expiryTime"]))
        payment = self._open(told["txid"], Decimal(told["purchaseAmount"]), told["purchaseCurrency"], life=life)
        payment.token = base64.b64encode(self.randomness(15)).decode()
        result: dict[str, Any] = {"sessionid": self.randomness(8).hex(), "xTran": self._transaction(payment)}
        if told.get("operationType") == "5":
            payment.qr = dynamic(payment, account="ipoffice@acld", bank="ACLEDA Bank")
            result |= {"qrValue": payment.qr, "qrBase64": ""}
        return _result(0, "SUCCESS", **result)

    def _status(self, body: Mapping[str, Any]) -> HttpReply:
        token = body["paymentTokenid"]
        if body["merchantId"] != self.merchant_id or not self._signed(body, self.merchant_id, token):
            return _result(-1, "INVALID_HASH")
        payment = next((one for one in self.payments.values() if one.token == token), None)
        if payment is None:
            return _result(1, "NOT_FOUND")
        self.calls.append(("getTxnStatus", payment.tran_id))
        if not payment.movements:
            return _result(1, "PENDING" if self.clock() <= payment.expires_at else "EXPIRED")
        if Fault.WRONG_ENVELOPE in self.faults:
            return _result(0, "SUCCESS", xTran=None)
        return _result(0, "SUCCESS", xTran=self._transaction(payment))

    def _transaction(self, payment: Payment) -> dict[str, Any]:
        moved = payment.movements[-1] if payment.movements else None
        return {
            "txid": "ANOTHER" if Fault.OTHER_TRANSACTION in self.faults and moved else payment.tran_id,
            "paymentTokenid": payment.token,
            "purchaseAmount": float(moved.amount if moved else payment.amount),
            "purchaseCurrency": moved.currency if moved else payment.currency,
        }

    def _signed(self, body: Mapping[str, Any], *values: str) -> bool:
        joined = values[0] + body["loginId"] + body["password"] + values[1]
        made = hmac.new(self.secret.encode(), joined.encode(), hashlib.sha512).hexdigest().upper()
        known = (body["loginId"], body["password"]) == (self.login_id, self.password)
        return known and hmac.compare_digest(made, body["hash"])

    def _bell(self, payment: Payment, movement: Movement, *, forged: bool) -> tuple[Mapping[str, str], bytes]:  # noqa: ARG002
        """The payer's browser comes back, unsigned; anybody can make this, so a forged one looks the same."""
        fields = {"_paymenttokenid": payment.token, "_resultCode": "0", "_transactionid": payment.tran_id}
        return {"content-type": "application/x-www-form-urlencoded"}, urlencode(fields).encode()


@dataclass(kw_only=True)
class AcledaApp(Till):
    """The mobile app: opened by a deep link, calls back signed, answers no question."""

    name: ClassVar[str] = "ACLEDA mobile"
    secret: str
    key: str
    callback_url: str

    def hears(self, path: str) -> bool:  # noqa: ARG002 - it has no call
        """Nothing."""
        return False

    def follow(self, link: str) -> Payment:
        """The payer follows a deep link."""
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        sealed = parse_qs(urlsplit(link).query)["payment_data"][0].replace("acledabankSecurityTC", "/")
        derived = hashlib.pbkdf2_hmac("sha1", self.key.encode(), self.key.encode(), 100, 32)
        opening = Cipher(algorithms.AES(derived), modes.CBC(bytes.fromhex(self.key))).decryptor()
        clear = opening.update(base64.b64decode(sealed)) + opening.finalize()
        told = json.loads(clear[: -clear[-1]].decode().rpartition("~")[0])
        amount = Decimal(told["payment_amount"])
        payment = self._open(told["txn_ref"], amount, told["payment_amount_ccy"], callback=self.callback_url)
        payment.token = self.randomness(8).hex()
        return payment

    def _bell(self, payment: Payment, movement: Movement, *, forged: bool) -> tuple[Mapping[str, str], bytes]:
        values = {"TransactionId": payment.tran_id, "PaymentTokenId": payment.token, "TxnAmount": str(movement.amount)}
        key = "not the key" if forged else self.secret
        made = hmac.new(key.encode(), " ".join(values.values()).encode(), hashlib.sha256).hexdigest()
        body = {**values, "SenderName": "A PAYER", "SignedHash": made}
        return {"content-type": "application/json"}, json.dumps(body).encode()


def _result(code: int, details: str, **more: Any) -> HttpReply:
    return json_reply(200, {"result": {"code": code, "errorDetails": details, **more}})
