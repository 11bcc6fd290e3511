"""Reads MT940 through the package `mt-940`, wrapped: it splits and parses, we check.

Rules: every statement in the file by itself (`parse_statements`); as many lines as `:61:` fields, so that none is swallowed;
balances in one currency; signs by the SWIFT mark (RC takes money away, RD gives it back). The package's log, which would
show payers' data, is silenced, and its errors are not passed on.
"""

import logging
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from chalicelib.offices.banks import BankAccount
from chalicelib.payment.statements.model import (
    MAX_LINES,
    Line,
    Statement,
    Unreadable,
    amount_of,
    line,
    numbered_apart,
    text_of,
)

_MARKS: Mapping[str, tuple[Literal["in", "out"], Literal["booked", "reversal"]]] = {
    "C": ("in", "booked"), "D": ("out", "booked"), "RC": ("out", "reversal"), "RD": ("in", "reversal"),
}  # fmt: skip
_FEES = frozenset({"NCHG", "NCOM"})  # SWIFT transaction type codes: charges, commission
_NUMBER = re.compile(r"[0-9]{1,5}", re.ASCII)
NONE = "NONREF"


def read_mt940(raw: bytes, account: BankAccount, *, prefix: str) -> tuple[Statement, ...]:
    """The statements in the file. Unreadable names the statement at fault."""
    text = text_of(raw).replace("\r\n", "\n")
    if ":20:" not in text or "\n" not in text:  # also keeps the package from taking the text for a file's name
        raise Unreadable("not MT940")
    if not all(row.isascii() for row in text.split("\n") if row.startswith(":6")):
        raise Unreadable("characters")
    blocks = re.split(r"(?m)^(?=:20:)", text)[1:]
    parsed = _parsed(text)
    if len(parsed) != len(blocks) or sum(block.count("\n:61:") for block in blocks) > MAX_LINES:
        raise Unreadable("statements")
    made = []
    for number, (found, block) in enumerate(zip(parsed, blocks, strict=True), start=1):
        try:
            made.append(_statement(found, block, account, prefix))
        except (KeyError, AttributeError, TypeError, ValueError, Unreadable) as error:
            detail = error.detail if isinstance(error, Unreadable) else "fields"
            raise Unreadable(f"statement {number}: {detail}") from error
    return tuple(made)


def _parsed(text: str) -> list[Any]:
    import mt940

    logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)
    try:
        return list(mt940.parse_statements(text))
    except Exception as error:
        raise Unreadable("not MT940") from error


def _statement(found: Any, block: str, account: BankAccount, prefix: str) -> Statement:
    data = found.data
    opening = data.get("final_opening_balance") or data["intermediate_opening_balance"]
    closing = data.get("final_closing_balance") or data["intermediate_closing_balance"]
    currency = str(opening.amount.currency)
    if str(closing.amount.currency) != currency:
        raise Unreadable("two currencies")
    if len(found.transactions) != block.count("\n:61:"):
        raise Unreadable("lines")
    lines = [_line(n, one.data, currency, prefix) for n, one in enumerate(found.transactions, start=1)]
    days = [one.day for one in lines] or [_day(closing.date)]
    return Statement(
        account=str(data["account_identification"]).rpartition("/")[2].strip() or account.number,
        currency=currency,
        lines=numbered_apart(lines),
        first=min(days),
        last=max(*days, _day(closing.date)),
        opening=_balance(opening, currency),
        closing=_balance(closing, currency),
        sequence=_sequence(data),
    )


def _line(n: int, data: Mapping[str, Any], currency: str, prefix: str) -> Line:
    direction, status = _MARKS[data["status"]]
    ours = data.get("customer_reference") or ""
    return line(
        n=n,
        day=_day(data.get("entry_date") or data["date"]),
        amount=amount_of(str(abs(data["amount"].amount)), currency),
        direction=direction,
        status=status,
        kind="fee" if data.get("id") in _FEES else "payment",
        bank_ref=data.get("bank_reference") or ("" if ours == NONE else ours),
        texts=[ours, data.get("extra_details") or "", data.get("transaction_details") or ""],
        prefix=prefix,
    )


def _day(value: Any) -> date:
    return date(value.year, value.month, value.day)


def _balance(balance: Any, currency: str) -> int:
    minor = amount_of(str(abs(balance.amount.amount)), currency)
    return minor if balance.amount.amount >= 0 else -minor


def _sequence(data: Mapping[str, Any]) -> int | None:
    """Statement number and part as one number: 12/1 is 12001."""
    number, part = str(data.get("statement_number") or ""), str(data.get("sequence_number") or "0")
    if _NUMBER.fullmatch(number) is None or _NUMBER.fullmatch(part) is None:
        return None
    return int(number) * 1000 + int(part)
