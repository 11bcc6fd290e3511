"""What was recorded of statements: which there are, their lines, what names a line."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.contracts.cases import StatementLinesRecorded, StatementLoaded, StatementRecord
from chalicelib.register.model import (
    Key,
    Place,
    Register,
    Stream,
    statement,
)

LINES = "LINES"  # value of `due` while lines of a statement wait
OWNED = "tra:statements"


def cursor_key(identifier: str) -> Key:
    """Up to which line a statement was dealt with."""
    return Key(str(statement(identifier)), "CURSOR")


def statements_since(register: Register, account: str | None, first: str) -> Iterator[Stream]:
    """Loaded statements whose last day is `first` or later, of one account or of all."""
    place: Place | None = None
    while heads := register.owned(OWNED, limit=100, after=place):
        for head in heads:
            fits = account is None or head.attributes.get("account") == account
            if fits and head.attributes.get("last", "") >= first and (found := register.load(head.stream)):
                yield found
        place = heads[-1].place


def records_of(stream: Stream) -> Iterator[StatementRecord]:
    """All lines of a statement."""
    for chunk in stream.facts(StatementLinesRecorded):
        yield from chunk.lines


def movement(record: StatementRecord) -> str:
    """What names one movement of an account for ever: its day and the bank's reference (some use one again)."""
    return f"{record.day.replace('-', '')}:{record.bank_ref}"


def known_lines(register: Register, account: str, first: str) -> Mapping[str, StatementRecord]:
    """What was loaded of an account from day `first` on, by its movement; the newest word on each."""
    known: dict[str, StatementRecord] = {}
    for stream in statements_since(register, account, first):
        for record in records_of(stream):
            if record.day >= first:
                known.setdefault(movement(record), record)
    return known


def line_case(account: str, record: StatementRecord) -> str:
    """What the case of a statement's line is about."""
    return f"line#{account}#{movement(record)}"


def line_reason(record: StatementRecord) -> str:
    """Why a line that settles nothing is a case."""
    if record.status == "reversal":
        return "reversal"
    if record.kind in ("fee", "payout"):
        return record.kind
    return "unmatched" if record.direction == "in" else "money-out"


def view(stream: Stream) -> dict[str, Any]:
    """A statement as the desk sees it."""
    loaded = stream.last(StatementLoaded)
    return {
        "id": stream.id.id,
        "status": stream.head.status,
        "at": stream.entries[0].at,
        "by": stream.entries[0].by,
        **(loaded.to_data() if loaded else stream.entries[0].data),
    }
