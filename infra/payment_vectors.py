"""Runs a file of payment vectors against the rails: `python -m infra.payment_vectors FILE` (or `make payment-vectors`).

A vector says by its kind what must happen: `…_ok` and `sdk_output` pass; `…must_reject` and `…must_refuse` are refused, also
where the signature verifies; `forgeable` and `unsigned` are doorbells and never more; `status_response` reads as it expects;
`request_hash` is reproduced; a `statement` is read as it expects. What no rail of ours speaks is not applicable, and is named.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from chalicelib.kernel.money import Money
from chalicelib.offices.banks import BankAccount
from chalicelib.payment import khqr
from chalicelib.payment.model import Bill, Delivery, HttpReply, Rejected, Status
from chalicelib.payment.rails import acleda, acleda_mobile, forwarder, wing_mini, wing_v1
from chalicelib.payment.rails.aba_check import read_check
from chalicelib.payment.rails.aba_pushback import authenticate
from chalicelib.payment.rails.aba_wire import SIGNED_ORDER, preimage, request_hash, sign
from chalicelib.payment.rails.answer import body_of
from chalicelib.payment.rails.config import Key, KeyRing
from chalicelib.payment.statements.mt940 import read_mt940

NOW = datetime(2026, 11, 25, 2, 33, 30, tzinfo=UTC)
SDK_CLOCK = 1_760_000_000_000  # NBC's package was run with its clock pinned here
JSON = ("Content-Type", "application/json")
MAX_BODY = 16_384

Vector = Mapping[str, Any]


class NotApplicable(Exception):
    """No rail of ours speaks this."""


class Failed(Exception):
    """What happened is not what the vector says."""


@dataclass(frozen=True)
class Report:
    """Names, by what became of them; failures with their reason."""

    passed: tuple[str, ...]
    failed: Mapping[str, str]
    not_applicable: tuple[str, ...]


def run(vectors: list[Vector]) -> Report:
    """Every vector, each alone."""
    passed, failed, other = [], {}, []
    for vector in vectors:
        try:
            check(vector)
        except NotApplicable:
            other.append(vector["id"])
        except Exception as error:  # noqa: BLE001 - whatever it is, this vector did not do what it says
            failed[vector["id"]] = f"{type(error).__name__}: {error}"
        else:
            passed.append(vector["id"])
    return Report(tuple(passed), failed, tuple(other))


def check(vector: Vector) -> None:
    """One vector. Failed, or whatever else was raised, if it does not do what it says."""
    procedure = _PROCEDURES.get((vector["rail"], vector["kind"]))
    if procedure is None:
        raise NotApplicable
    procedure(vector)


def _same(found: object, wanted: object) -> None:
    if found != wanted:
        raise Failed(f"{found!r} is not {wanted!r}")


def _refused(act: Callable[[], object], *errors: type[Exception]) -> None:
    try:
        act()
    except errors:
        return
    raise Failed("was not refused")


def _ring(secret: str, password: str = "") -> KeyRing:
    return KeyRing((Key("vector", secret.encode("utf-8"), NOW, None, frozenset({"sign", "verify"}), password),))


# ---------------------------------------------------------------- KHQR


def _qr_ok(vector: Vector) -> None:
    _same(list(khqr.read(vector["qr"]).items()), [tuple(pair) for pair in vector["tlv"]])
    _same(khqr.crc(vector["qr"][:-4]), vector["crc"])
    _same(khqr.md5(vector["qr"]), vector["md5"])
    _same(khqr.encode(khqr.decode(vector["qr"])), vector["qr"])


def _qr_refused(vector: Vector) -> None:
    moment = datetime.fromtimestamp(vector.get("evaluate_at_ms", SDK_CLOCK) / 1000, UTC)
    _refused(lambda: khqr.decode(vector["qr"], now=moment), khqr.NotKhqr)


def _sdk_output(vector: Vector) -> None:
    told = vector.get("data", vector)
    code = khqr.decode(told["qr"])
    _same(khqr.md5(told["qr"]), told["md5"])
    if "args" in vector:
        _same(code, _of_arguments(vector["args"]))
    _same(khqr.encode(_of_input(vector["input"], code) if "input" in vector else code), told["qr"])


def _sdk_refused(vector: Vector) -> None:
    now = datetime.fromtimestamp(SDK_CLOCK / 1000, UTC)
    _refused(lambda: khqr.encode(_of_arguments(vector["args"]).at(now)), khqr.NotKhqr, ValueError)
    if vector.get("data"):
        _refused(lambda: khqr.decode(vector["data"]["qr"]), khqr.NotKhqr)


def _of_input(told: Mapping[str, Any], code: khqr.Khqr) -> khqr.Khqr:
    """What was asked for. The package reads its clock twice, so the times, and what has another name, are the code's."""
    names = {"account": "account", "name": "name", "city": "city", "lang": "language", "alt_name": "local_name",
             "alt_city": "local_city", "mcc": "category", "purpose": "purpose", "bill": "bill", "mobile": "mobile",
             "store": "store", "terminal": "terminal", "minor": "minor"}  # fmt: skip
    given = {names[name]: value for name, value in told.items() if name in names}
    given["minor"] = given.get("minor") or None
    return replace(code, currency={"116": "KHR", "840": "USD"}[told["cur"]], **given)


def _of_arguments(arguments: list[Any]) -> khqr.Khqr:
    """As NBC's package takes them: account, name, city, then for a merchant its number and bank, then the options."""
    *texts, options = arguments
    names = {"billNumber": "bill", "mobileNumber": "mobile", "storeLabel": "store", "terminalLabel": "terminal",
             "purposeOfTransaction": "purpose", "languagePreference": "language",
             "merchantNameAlternateLanguage": "local_name", "merchantCityAlternateLanguage": "local_city",
             "merchantCategoryCode": "category", "upiAccountInformation": "unionpay",
             "accountInformation": "account_information", "acquiringBank": "acquiring_bank"}  # fmt: skip
    given = {names[name]: value for name, value in options.items() if name in names}
    currency = {116: "KHR", 840: "USD"}[options["currency"]]
    if len(texts) == 5:
        given |= {"merchant_id": texts[3], "acquiring_bank": texts[4]}
    minor, times = None, {}
    if "amount" in options:
        minor = Money.parse(str(Decimal(str(options["amount"]))), currency).minor
        times = {"created_ms": SDK_CLOCK, "expires_ms": options.get("expirationTimestamp")}
    return khqr.Khqr(account=texts[0], name=texts[1], city=texts[2], currency=currency, minor=minor, **given, **times)


# ---------------------------------------------------------------- ABA


def _aba_hash(vector: Vector) -> None:
    secret = vector["api_key"].encode("utf-8")
    _same("".join(vector["values"]), vector["preimage"])
    _same(sign(secret, vector["values"]), vector["expected"])
    if "LEGACY" in vector["operation"]:  # the old call, never sent: ours must come out differently
        fields = dict(zip(vector["field_order"], vector["values"], strict=True)) | {"req_time": "20260101000000"}
        if request_hash(secret, "check-transaction-2", fields) == vector["expected"]:
            raise Failed("the legacy hash would be sent")
    elif (order := SIGNED_ORDER.get(vector["operation"])) is not None:
        _same(list(order), vector["field_order"])
        fields = dict(zip(order, vector["values"], strict=True))
        _same(request_hash(secret, vector["operation"], fields), vector["expected"])


def _aba_preimage(vector: Vector) -> None:
    joined = preimage("purchase", vector["payload"])
    _same(joined, vector["preimage"])
    _same(hashlib.sha256(joined.encode("utf-8")).hexdigest(), vector["preimage_sha256"])


def _aba_pushback(vector: Vector) -> str:
    headers = (JSON, *vector.get("header", {}).items())
    delivery = Delivery(headers, (), vector["raw_body"].encode("utf-8"))
    return authenticate(delivery, keys=_ring(vector.get("api_key", "none")), now=NOW, max_body=MAX_BODY).tran_id


def _aba_ok(vector: Vector) -> None:
    _same(_aba_pushback(vector), json.loads(vector["raw_body"])["tran_id"])


def _aba_refused(vector: Vector) -> None:
    _refused(lambda: _aba_pushback(vector), Rejected)


def _aba_status(vector: Vector) -> None:
    reference = vector["body"]["status"]["tran_id"]
    bill = Bill(reference, Money.parse(str(vector["body"]["data"]["original_amount"]), "USD"))
    told = read_check(HttpReply(200, {}, json.dumps(vector["body"]).encode()), bill)
    _expected(told.status, vector["expect"])


def _expected(found: Status, wanted: str) -> None:
    if wanted.startswith("NOT PAID"):
        if found in (Status.PAID, Status.FAILED, Status.UNKNOWN):
            raise Failed(f"{found} where {wanted}")
        return
    _same(found.name, wanted)


# ---------------------------------------------------------------- ACLEDA


def _acleda_hash(vector: Vector) -> None:
    _same(acleda.xpay_hash(vector["secret"].encode("utf-8"), vector["preimage"]), vector["expected"])


def _acleda_status(vector: Vector) -> None:
    bill = Bill("none", Money(1, "USD"))
    body = body_of(HttpReply(200, {}, json.dumps(vector["body"]).encode()))
    _expected(acleda.read_status(body, bill).status, vector["expect"])


def _acleda_callback(vector: Vector) -> acleda_mobile.Callback:
    delivery = Delivery((JSON,), (), json.dumps(vector["payload"]).encode())
    return acleda_mobile.authenticate(delivery, keys=_ring(vector["secret"]), now=NOW, max_body=MAX_BODY)


def _acleda_callback_ok(vector: Vector) -> None:
    _same(_acleda_callback(vector).reference, vector["payload"]["TransactionId"])


def _acleda_callback_refused(vector: Vector) -> None:
    _refused(lambda: _acleda_callback(vector), Rejected)


# ---------------------------------------------------------------- Wing


def _wing_mini(vector: Vector) -> wing_mini.Message:
    keys = _ring(vector["secret_api_key"])
    return wing_mini.authenticate(vector["payload"], app_id=vector["app_id"], keys=keys, now=NOW)


def _wing_mini_ok(vector: Vector) -> None:
    _same(_wing_mini(vector).reference, vector["payload"]["orderRef"])


def _wing_mini_refused(vector: Vector) -> None:
    _refused(lambda: _wing_mini(vector), Rejected)


def _wing_forgeable(vector: Vector) -> None:
    """Readable, and by the very key that the payer holds: so it may ring, and `wing_v1` makes no more of it."""
    told = wing_v1.read_contents(vector["contents_base64"], vector["rest_api_key"].encode("utf-8"))
    _same(told, vector["plaintext"])


# ---------------------------------------------------------------- the forwarder's bell


def _stamped(vector: Vector) -> forwarder.Stamped:
    moment = datetime.fromtimestamp(vector["now"], UTC)
    key = Key(
        "vector",
        base64.b64decode(vector["secret"].removeprefix("whsec_") + "=="),
        moment,
        None,
        frozenset({"verify"}),
    )
    delivery = Delivery((JSON, *vector["headers"].items()), (), vector["raw_body"].encode("utf-8"))
    return forwarder.authenticate(delivery, keys=KeyRing((key,)), now=moment)


def _stamped_ok(vector: Vector) -> None:
    _same(_stamped(vector).id, vector["headers"]["webhook-id"])


def _stamped_refused(vector: Vector) -> None:
    _refused(lambda: _stamped(vector), Rejected)


# ---------------------------------------------------------------- statements


def _statements(vector: Vector) -> None:
    wanted = vector["expect"]["statements"]
    account = BankAccount(
        code="vector", bank="vector", names={}, number="0000", currency=wanted[0]["currency"], format="mt940",
        certainty="assumed",
    )  # fmt: skip
    found = read_mt940(vector["raw"].encode("utf-8"), account, prefix="IP")
    told = [
        {
            "opening": _decimal(one.opening, one.currency),
            "closing": _decimal(one.closing, one.currency),
            "currency": one.currency,
            "entries": [_decimal(entry.signed, one.currency) for entry in one.lines],
        }
        for one in found
    ]
    _same(told, wanted)


def _decimal(minor: int | None, currency: str) -> str:
    return ("-" if minor is not None and minor < 0 else "") + Money(abs(minor or 0), currency).decimal


_PROCEDURES: Mapping[tuple[str, str], Callable[[Vector], None]] = {
    ("khqr", "qr_crc_ok"): _qr_ok,
    ("khqr", "qr_must_reject"): _qr_refused,
    ("khqr", "sdk_output"): _sdk_output,
    ("khqr", "sdk_must_refuse"): _sdk_refused,
    ("khqr", "sdk_defect_must_refuse"): _sdk_refused,
    ("aba_payway", "request_hash"): _aba_hash,
    ("aba_payway", "request_preimage"): _aba_preimage,
    ("aba_payway", "notification_ok"): _aba_ok,
    ("aba_payway", "notification_must_reject"): _aba_refused,
    ("aba_payway", "notification_unsigned_sample"): _aba_refused,  # the rail `aba` is signed: no bell of it
    ("aba_payway", "status_response"): _aba_status,
    ("acleda_xpay", "request_hash"): _acleda_hash,
    ("acleda_xpay", "status_response"): _acleda_status,
    ("acleda_mobile", "notification_ok"): _acleda_callback_ok,
    ("acleda_mobile", "notification_must_reject"): _acleda_callback_refused,
    ("wing_mini_app", "notification_ok"): _wing_mini_ok,
    ("wing_mini_app", "notification_must_reject"): _wing_mini_refused,
    ("standard_webhooks", "notification_ok"): _stamped_ok,
    ("standard_webhooks", "notification_must_reject"): _stamped_refused,
    ("wing_sdk_v1", "notification_forgeable"): _wing_forgeable,
    ("mt940", "statement"): _statements,
}


def main(arguments: list[str]) -> int:
    """Prints what passed, failed and does not apply, with names. 1 if anything failed."""
    if len(arguments) != 1:
        print("usage: python -m infra.payment_vectors FILE")
        return 2
    report = run(json.loads(Path(arguments[0]).read_text("utf-8"))["vectors"])
    for title, names in (("passed", report.passed), ("not applicable", report.not_applicable)):
        print(f"{title}: {len(names)}")
        for name in names:
            print(f"  {name}")
    print(f"failed: {len(report.failed)}")
    for name, reason in report.failed.items():
        print(f"  {name}: {reason}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
