"""Bakong on one machine: payers scan a KHQR, the Open API answers by its MD5. It notifies nobody."""

import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from chalicelib.payment.model import HttpReply
from infra.local.banks.model import Fault, json_reply
from infra.local.banks.till import Movement, Payment, Till

CALLS = ("/v1/check_transaction_by_md5", "/v1/check_transaction_by_md5_list")
MAX_LIST = 50


class NotAQr(ValueError):
    """What was scanned is no KHQR that can be paid."""


@dataclass(kw_only=True)
class BakongBank(Till):
    """The national bank. `token` is the bearer token it gave us; `known` are scanned codes by MD5. With several payments of
    one code it tells of the newest."""

    name: ClassVar[str] = "Bakong"
    token: str
    statics: set[str] = field(default_factory=set)

    def hears(self, path: str) -> bool:
        """Its calls."""
        return path in CALLS

    def scan(self, qr: str) -> Payment:
        """A payer scans a code: it waits to be paid under its MD5. NotAQr if it cannot be."""
        fields = _tags(qr)
        if qr[-8:-4] != "6304" or f"{binascii.crc_hqx(qr[:-4].encode(), 0xFFFF):04X}" != qr[-4:]:
            raise NotAQr("wrong CRC")
        digest = hashlib.md5(qr.encode(), usedforsecurity=False).hexdigest()
        if "54" not in fields:
            self.statics.add(digest)
            raise NotAQr("a static code: say an amount")
        times = _tags(fields["99"])
        expires = datetime.fromtimestamp(int(times["01"]) / 1000, UTC)
        currency = {"116": "KHR", "840": "USD"}[fields["53"]]
        with self.lock:
            if digest not in self.payments:
                payment = self._open(digest, Decimal(fields["54"]), currency)
                payment.qr, payment.expires_at = qr, expires
                payment.payee = _tags(fields.get("29", fields.get("30", "")))["00"]
            return self.payments[digest]

    def pay_qr(self, qr: str) -> bool:
        """Scan and pay. False: the payer's app turned it away (expired)."""
        return self.pay(self.scan(qr).tran_id)

    def _answer(self, path: str, raw: bytes, headers: Mapping[str, str]) -> HttpReply:
        if headers.get("authorization") != f"Bearer {self.token}":
            return json_reply(401, _failed(6, "Unauthorized"))
        try:
            asked = json.loads(raw)
            if path == CALLS[1]:
                return self._list(asked)
            digest = asked["md5"]
        except (ValueError, KeyError, TypeError):
            return json_reply(400, _failed(5, "Missing required fields"))
        self.calls.append((path.removeprefix("/v1/"), digest))
        return json_reply(200, self._told(digest))

    def _list(self, digests: list[str]) -> HttpReply:
        if len(digests) > MAX_LIST:
            return json_reply(400, _failed(5, "Too many"))
        rows = []
        for digest in digests:
            told = self._told(digest)
            found = {0: "SUCCESS", 2: "STATIC_QR"}.get(told["errorCode"] or told["responseCode"], "NOT_FOUND")
            rows.append({"md5": digest, "status": found, "data": told["data"]})
        return json_reply(200, {"responseCode": 0, "responseMessage": "Success", "errorCode": None, "data": rows})

    def _told(self, digest: str) -> dict[str, Any]:
        if digest in self.statics:
            return _failed(2, "The system does not support static QR code")
        payment = self.payments.get(digest)
        if payment is None or not payment.movements:
            return _failed(1, "Transaction could not be found")
        success: dict[str, Any] = {"responseCode": 0, "responseMessage": "Success", "errorCode": None}
        if Fault.WRONG_ENVELOPE in self.faults:
            return {**success, "data": None}
        movement = payment.movements[-1]
        sent = int(movement.at.timestamp() * 1000)
        told = {
            "hash": hashlib.sha256(movement.number.encode()).hexdigest(),
            "fromAccountId": "payer@bkrt",
            "toAccountId": "somebody_else@nbcq" if Fault.WRONG_PAYEE in self.faults else payment.payee,
            "currency": movement.currency,
            "amount": float(movement.amount),
            "description": "",
            "createdDateMs": sent,
            "acknowledgedDateMs": sent + 800,
        }
        if Fault.OTHER_TRANSACTION in self.faults:
            told["md5"] = hashlib.md5(digest.encode(), usedforsecurity=False).hexdigest()
        return {**success, "data": told}

    def _bell(self, payment: Payment, movement: Movement, *, forged: bool) -> None:  # noqa: ARG002 - it never rings
        return None


def _failed(code: int, message: str) -> dict[str, Any]:
    return {"responseCode": 1, "responseMessage": message, "errorCode": code, "data": None}


def _tags(text: str) -> dict[str, str]:
    fields, at = {}, 0
    try:
        while at < len(text):
            size = int(text[at + 2 : at + 4])
            fields[text[at : at + 2]] = text[at + 4 : at + 4 + size]
            at += 4 + size
    except ValueError as error:
        raise NotAQr("not a KHQR") from error
    return fields
