"""Reading ABA PayWay's answers to check-transaction-2, transaction-detail, and a row of transaction-list-2.

Rules (payments.md section 3, cases 46 to 71): codes mean different things per call, so this table is of these calls only;
success is the string "00"; a missing code is never 0; code 0 is APPROVED or PRE-AUTH by its word; code 4 is a full or a
partial refund by its amount; the answer must name the transaction we asked about. The check states no bill currency:
ours as issued is taken, unless the answer itself shows that it was another; detail and list state it. `transaction_date`
is when the transaction was made, not paid, and has no zone: never a `paid_at`. What is not understood is UNKNOWN.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chalicelib.kernel import strict
from chalicelib.kernel.errors import Refused
from chalicelib.kernel.money import MINOR_DIGITS, Money
from chalicelib.payment.model import Bill, HttpReply, Status

MAX_REPLY = 65_536
MAX_DEPTH = 6
_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?", re.ASCII)
_APPROVAL = re.compile(r"[A-Za-z0-9]{1,20}", re.ASCII)

_WORDS: Mapping[tuple[str, str], Status] = {
    ("0", "APPROVED"): Status.PAID,
    ("0", "PRE-AUTH"): Status.HELD,
    ("2", "PENDING"): Status.PENDING,
    ("3", "DECLINED"): Status.FAILED,
    ("4", "REFUNDED"): Status.REFUNDED,
    ("7", "CANCELLED"): Status.CANCELLED,
}
_ERRORS: Mapping[str, tuple[str, bool]] = {  # envelope code of this call -> remark, alarm
    "5": ("wrong-hash", True),
    "6": ("not-found", False),
    "8": ("merchant-profile", True),
    "11": ("bank-error", False),
    "429": ("throttled", False),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What the answer says."""

    status: Status
    approval: str = ""
    amount: Money | None = None
    refunded: int = 0
    remark: str = ""
    alarm: bool = False


def read_check(reply: HttpReply, bill: Bill, *, detail: bool = False) -> Checked:
    """The answer about `bill`. Never raises for what the bank sent. In a detail the transaction is named within the data
    (its envelope's `tran_id` is the gateway's own), and the bill's currency must be."""
    if reply.status != 200:
        return _unknown(f"http-{reply.status}")
    try:
        body = strict.loads(reply.body, max_bytes=MAX_REPLY, max_depth=MAX_DEPTH, literal_numbers=True)
    except Refused:
        return _unknown("not-json")  # a page of some proxy, mostly
    try:
        envelope = body["status"]
        code = envelope["code"]
        if type(code) is not str or code != "00":
            remark, alarm = _ERRORS.get(str(code), ("unknown-code", True))
            return _unknown(remark, alarm=alarm)
        if (body["data"]["transaction_id"] if detail else envelope["tran_id"]) != bill.reference:
            return _unknown("other-transaction", alarm=True)
        if detail and "original_currency" not in body["data"]:
            return _unknown("unreadable", alarm=True)
        return _read_data(body["data"], bill)
    except (KeyError, TypeError, ValueError):
        return _unknown("unreadable", alarm=True)


def read_row(row: Any) -> tuple[str, Checked]:
    """The transaction that a row of the list names, and what it says of it: its own figures are taken for what was due,
    settling compares. Empty if it names none."""
    try:
        reference, currency = row["transaction_id"], row["original_currency"]
        if type(reference) is not str or currency not in MINOR_DIGITS:
            return "", _unknown("unreadable", alarm=True)
        return reference, _read_data(row, Bill(reference, Money.parse(row["original_amount"], currency)))
    except (KeyError, TypeError, ValueError):
        return "", _unknown("unreadable", alarm=True)


def _read_data(data: Mapping[str, Any], bill: Bill) -> Checked:
    code, word = data["payment_status_code"], data["payment_status"]
    status = _WORDS.get((code, word)) if isinstance(code, strict.Literal) and type(word) is str else None
    if status is None:
        return _unknown("unknown-status", alarm=True)
    if status not in (Status.PAID, Status.REFUNDED):
        return Checked(status)
    amount = _amount(data, bill.amount)
    currency = amount.currency if amount else bill.amount.currency
    refunded = Money.parse(data.get("refund_amount", "0"), currency).minor
    total = amount.minor if amount else bill.amount.minor
    if status is Status.REFUNDED and not refunded:
        return _unknown("refund-without-amount", alarm=True)
    if refunded:
        status = Status.REFUNDED if refunded >= total else Status.PART_REFUNDED
    return Checked(status, _approval(data), amount, refunded)


def _amount(data: Mapping[str, Any], due: Money) -> Money | None:
    """What was paid, of the bill. Of several figures the first that is not what is due counts: none may contradict.
    A charge in another currency is the payer's bank's conversion, unless its figure is the bill's own."""
    original, charged = data["original_amount"], data.get("payment_currency") or ""
    currency = data.get("original_currency", due.currency)
    converted = charged not in ("", currency)
    if converted and currency == due.currency and _figure(data["payment_amount"]) == _figure(original):
        currency = charged
    if currency not in MINOR_DIGITS:
        return None
    figures = [original, data.get("total_amount", original)]
    if charged == currency:
        figures.append(data["payment_amount"])
    amounts = [Money.parse(figure, currency) for figure in figures]
    return next((amount for amount in amounts if amount != due), amounts[0])


def _figure(text: Any) -> Decimal:
    if _PLAIN.fullmatch(text) is None:
        raise ValueError("not a plain decimal figure")
    return Decimal(text)


def _approval(data: Mapping[str, Any]) -> str:
    approval = data.get("apv")
    if approval is None or approval == "":
        return ""
    if _APPROVAL.fullmatch(approval) is None:
        raise ValueError("approval code")
    return str(approval)


def _unknown(remark: str, *, alarm: bool = False) -> Checked:
    return Checked(Status.UNKNOWN, remark=remark, alarm=alarm)
