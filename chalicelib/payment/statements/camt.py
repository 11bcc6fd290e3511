"""Reads ISO 20022 camt.053 (a day's statement) and camt.054 (notifications): our own reader over expat.

Rules: no DTD, no entities of any kind, bounded depth; any version of the two messages. An entry with several
transactions becomes a line each if their amounts add up to the entry's, else one line without a reference.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, NoReturn, cast
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from chalicelib.payment.statements.model import (
    MAX_LINES,
    Line,
    Statement,
    Unreadable,
    amount_of,
    line,
    numbered_apart,
)

MAX_DEPTH = 40
_DOCUMENT = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.05[34]\.001\.[0-9]{2}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,5})?", re.ASCII)
_FEES = frozenset({"CHRG", "FEES", "COMI"})  # ISO external bank transaction sub-family codes
_STATUS: dict[str, Literal["booked", "pending"]] = {"BOOK": "booked", "PDNG": "pending", "INFO": "pending"}


def read_camt(raw: bytes, *, prefix: str) -> tuple[Statement, ...]:
    """The statements in the file. Unreadable names the place."""
    root = _tree(raw)
    found = list(root.findall("BkToCstmrStmt/Stmt")) + list(root.findall("BkToCstmrDbtCdtNtfctn/Ntfctn"))
    if not found:
        raise Unreadable("no statement")
    made = []
    for number, element in enumerate(found, start=1):
        try:
            made.append(_statement(element, prefix))
        except (ValueError, KeyError, Unreadable) as error:
            detail = error.detail if isinstance(error, Unreadable) else "fields"
            raise Unreadable(f"statement {number}: {detail}") from error
    if sum(len(one.lines) for one in made) > MAX_LINES:
        raise Unreadable("too many lines")
    return tuple(made)


def _tree(raw: bytes) -> Element:
    builder, parser = TreeBuilder(), expat.ParserCreate("utf-8", namespace_separator=" ")
    depth = 0

    def refuse(*_: Any) -> NoReturn:
        raise Unreadable("DTD or entity")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        space, _, local = name.rpartition(" ")
        if depth > MAX_DEPTH or (depth == 1 and (local != "Document" or _DOCUMENT.fullmatch(space) is None)):
            raise Unreadable("not camt.053 or camt.054")
        builder.start(local, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name.rpartition(" ")[2])

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.SkippedEntityHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise Unreadable("not XML") from error
    return builder.close()


def _statement(element: Element, prefix: str) -> Statement:
    account = element.findtext("Acct/Id/IBAN") or element.findtext("Acct/Id/Othr/Id") or ""
    entries = element.findall("Ntry")
    currencies = {entry.find("Amt").get("Ccy", "") for entry in entries if entry.find("Amt") is not None}  # type: ignore[union-attr]
    currencies |= {amount.get("Ccy", "") for amount in element.findall("Bal/Amt")}
    currencies |= {text for text in [element.findtext("Acct/Ccy")] if text}
    if len(currencies) != 1:
        raise Unreadable("currency")
    currency = currencies.pop()
    lines: list[Line] = []
    for entry in entries:
        lines += _lines(entry, len(lines) + 1, currency, prefix)
    opening = _balance(element, ("OPBD", "PRCD"), currency)
    closing = _balance(element, ("CLBD",), currency)
    days = [one.day for one in lines] or list(_days(element))
    if not account.strip() or not days:
        raise Unreadable("account or day")
    number = element.findtext("ElctrncSeqNb") or element.findtext("LglSeqNb")
    return Statement(
        account=account.strip(),
        currency=currency,
        lines=numbered_apart(lines),
        first=min(days),
        last=max(days),
        opening=opening,
        closing=closing,
        sequence=int(number) * 1000 if number and number.isascii() and number.isdecimal() else None,
    )


def _lines(entry: Element, first: int, currency: str, prefix: str) -> list[Line]:
    total = _amount(entry.find("Amt"), currency)
    direction = _direction(entry)
    status: Literal["booked", "pending", "reversal"] = _STATUS[entry.findtext("Sts/Cd") or entry.findtext("Sts") or ""]
    reversal = entry.findtext("RvslInd") or "false"
    if reversal not in ("true", "false", "1", "0"):
        raise Unreadable("reversal")
    if reversal in ("true", "1") and status == "booked":
        status = "reversal"
    fee = entry.findtext("BkTxCd/Domn/Fmly/SubFmlyCd") in _FEES
    day = _day(entry.findtext("BookgDt/Dt") or (entry.findtext("BookgDt/DtTm") or "")[:10])
    own = entry.findtext("AcctSvcrRef") or ""
    parts = entry.findall("NtryDtls/TxDtls")
    amounts = [part.find("AmtDtls/TxAmt/Amt") if part.find("Amt") is None else part.find("Amt") for part in parts]
    split = len(parts) > 1 and all(one is not None and one.get("Ccy") == currency for one in amounts)
    if split and sum(_amount(one, currency) for one in amounts) == total:
        pieces = [
            (_amount(amount, currency), part.findtext("Refs/AcctSvcrRef") or f"{own}-{place}", [part])
            for place, (amount, part) in enumerate(zip(amounts, parts, strict=True), start=1)
        ]
    else:
        own = own or next((part.findtext("Refs/AcctSvcrRef") or "" for part in parts), "")
        pieces = [(total, own, parts if len(parts) == 1 else [])]
    return [
        line(
            n=first + place,
            day=day,
            amount=amount,
            direction=direction,
            status=status,
            kind="fee" if fee else "payment",
            bank_ref=bank_ref,
            texts=[text for part in told for text in _texts(part)],
            prefix=prefix,
        )
        for place, (amount, bank_ref, told) in enumerate(pieces)
    ]


def _texts(part: Element) -> Iterator[str]:
    for path in ("Refs/EndToEndId", "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Ustrd", "AddtlTxInf"):
        yield from (found.text for found in part.findall(path) if found.text)


def _amount(element: Element | None, currency: str) -> int:
    if element is None or element.get("Ccy") != currency or _DECIMAL.fullmatch(element.text or "") is None:
        raise Unreadable("amount")
    text = element.text or ""
    return amount_of(text.rstrip("0").rstrip(".") if "." in text else text, currency)


def _direction(element: Element) -> Literal["in", "out"]:
    return cast(Literal["in", "out"], {"CRDT": "in", "DBIT": "out"}[element.findtext("CdtDbtInd") or ""])


def _balance(element: Element, codes: tuple[str, ...], currency: str) -> int | None:
    for code in codes:
        found = [one for one in element.findall("Bal") if one.findtext("Tp/CdOrPrtry/Cd") == code]
        if len(found) > 1:
            raise Unreadable("balances")
        if found:
            minor = _amount(found[0].find("Amt"), currency)
            return minor if _direction(found[0]) == "in" else -minor
    return None


def _days(element: Element) -> Iterator[date]:
    for path in ("Bal/Dt/Dt", "FrToDt/FrDtTm", "FrToDt/ToDtTm"):
        yield from (_day((found.text or "")[:10]) for found in element.findall(path))


def _day(text: str) -> date:
    if _DAY.fullmatch(text) is None:
        raise Unreadable("date")
    return date.fromisoformat(text)
