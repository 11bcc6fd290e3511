"""A statement as every reader gives it, and the checks that are the same for all.

Rules (payments.md section 10): amounts are integers of minor units from the literal text; nothing is guessed: what does not
fit is `Unreadable`. Names and texts stay in the file; of them only our own reference is taken, and a digest of the line.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from chalicelib.contracts.cases import StatementRecord
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import TraError
from chalicelib.kernel.money import Money
from chalicelib.payment import references

MAX_FILE = 4 * 1024 * 1024  # bytes: what the gateway carries
MAX_LINES = 9000  # of one file: what fits one commit
_BANK_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}", re.ASCII)
_OURS = re.compile(r"(?<![0-9A-Z])[A-HJKMNP-TV-Z]{2}[0-9A-HJKMNP-TV-Z]{14}(?![0-9A-Z])", re.ASCII)


class Unreadable(TraError):
    """The file is not what the account's bank writes. `detail` names the place, never the content."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One movement. `bank_ref` is the bank's own name for it where it gives one, else made of its content."""

    n: int
    day: date
    amount: int
    direction: Literal["in", "out"]
    status: Literal["booked", "pending", "reversal"]
    kind: Literal["payment", "fee", "payout", "other"]
    bank_ref: str
    reference: str | None
    sha256: str

    @property
    def signed(self) -> int:
        """What it does to the balance: pending ones nothing yet."""
        if self.status == "pending":
            return 0
        return self.amount if self.direction == "in" else -self.amount

    @property
    def record(self) -> StatementRecord:
        """As the register keeps it."""
        return StatementRecord(
            n=self.n,
            day=self.day.isoformat(),
            amount=self.amount,
            direction=self.direction,
            status=self.status,
            kind=self.kind,
            bank_ref=self.bank_ref,
            reference=self.reference,
            sha256=self.sha256,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement. None: the file does not say. `account` is the number that it names."""

    account: str | None
    currency: str
    lines: tuple[Line, ...]
    first: date
    last: date
    opening: int | None = None
    closing: int | None = None
    sequence: int | None = None

    @property
    def adds_up(self) -> bool:
        """Opening + movements = closing, where it names both."""
        if self.opening is None or self.closing is None:
            return True
        return self.opening + sum(line.signed for line in self.lines) == self.closing


def line(
    *,
    n: int,
    day: date,
    amount: int,
    direction: Literal["in", "out"],
    status: Literal["booked", "pending", "reversal"] = "booked",
    kind: Literal["payment", "fee", "payout", "other"] = "payment",
    bank_ref: str = "",
    texts: Sequence[str] = (),
    prefix: str,
) -> Line:
    """A line from what a reader found. Its digest takes in all of it, `n` excepted."""
    digest = Digest.of(canonical([day.isoformat(), amount, direction, status, kind, bank_ref, *texts])).hex
    return Line(
        n=n,
        day=day,
        amount=amount,
        direction=direction,
        status=status,
        kind=kind,
        bank_ref=bank_reference(bank_ref) or f"h-{digest[:34]}",
        reference=our_reference(texts, prefix=prefix),
        sha256=digest,
    )


def numbered_apart(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Lines of one day that the file names alike are told apart by their place: each is a movement of its own."""
    seen: dict[tuple[date, str], int] = {}
    made = []
    for one in lines:
        seen[one.day, one.bank_ref] = count = seen.get((one.day, one.bank_ref), 0) + 1
        made.append(one if count == 1 else replace(one, bank_ref=f"{one.bank_ref}.{count}"))
    return tuple(made)


def bank_reference(text: str) -> str:
    """The bank's reference in a form that records keep: itself, or a digest where it has other characters."""
    text = text.strip()
    if not text or _BANK_REF.fullmatch(text):
        return text
    return f"x-{Digest.of(text.encode()).hex[:34]}"


def our_reference(texts: Sequence[str], *, prefix: str) -> str | None:
    """The one reference of ours in the texts, told by form and check character; None if there is none, or several.
    Where a bank broke a long text into lines, the break may stand within it."""
    for candidates in (texts, ["".join(text.split()) for text in texts]):
        found = {
            match[0]
            for text in candidates
            for match in _OURS.finditer(text.upper())
            if references.is_valid(match[0], prefix=prefix)
        }
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def amount_of(text: str, currency: str, *, decimal_mark: str = ".", thousands_mark: str = "") -> int:
    """Minor units of a non-negative amount as this bank writes it. Unreadable for anything else: grouping that is not
    in threes, the other mark (`1.000` is nobody's riel), a sign, other digits than ASCII."""
    whole = rf"[0-9]{{1,3}}(?:{re.escape(thousands_mark)}[0-9]{{3}})+|[0-9]+" if thousands_mark else r"[0-9]+"
    if re.fullmatch(rf"(?:{whole})(?:{re.escape(decimal_mark)}[0-9]{{0,2}})?", text, re.ASCII) is None:
        raise Unreadable("amount")
    plain = text.replace(thousands_mark, "") if thousands_mark else text
    plain = plain.replace(decimal_mark, ".").rstrip(".")
    plain = plain.lstrip("0") or "0"
    try:
        return Money.parse("0" + plain if plain.startswith(".") else plain, currency).minor
    except ValueError as error:
        raise Unreadable("amount") from error


def text_of(raw: bytes) -> str:
    """Strict UTF-8 without NUL; a byte order mark is taken off."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8") from error
    if "\x00" in text or "\ufffd" in text:
        raise Unreadable("characters")
    return text
