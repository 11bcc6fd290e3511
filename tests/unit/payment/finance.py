"""A finance desk to test at: the desk of tests/factories with statements, cases and reconciliation, over one register."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.kernel import ids
from chalicelib.payment.cases import Case
from chalicelib.payment.daily import ReconcileDay
from chalicelib.payment.desk import CaseDesk
from chalicelib.payment.model import Order
from chalicelib.payment.orders import OpenedOrder
from chalicelib.payment.statements.loading import LoadStatement
from chalicelib.payment.statements.taking import TakeLines
from chalicelib.register.model import case, order
from tests.factories import ANNA, Desk

DARA, VANNA = "account:dara", "account:vanna"
HEADER = "Date,Reference,Type,Details,Money In,Money Out,Balance,Currency"
EVENING = datetime(2026, 11, 25, 16, 30, tzinfo=UTC)  # half past eleven in Phnom Penh
PNH = ZoneInfo("Asia/Phnom_Penh")


@dataclass
class Finance:
    """Orders of the desk, and what officers do with their money."""

    desk: Desk = field(default_factory=Desk)

    @property
    def load(self) -> LoadStatement:
        return LoadStatement(register=self.desk.register, office=self.desk.office, clock=self.desk.clock)

    @property
    def take(self) -> TakeLines:
        desk = self.desk
        return TakeLines(register=desk.register, waiting=desk.register, office=desk.office, payees={}, clock=desk.clock)

    @property
    def cases(self) -> CaseDesk:
        desk = self.desk
        return CaseDesk(register=desk.register, waiting=desk.register, office=desk.office, clock=desk.clock)

    @property
    def reconcile(self) -> ReconcileDay:
        desk = self.desk
        return ReconcileDay(
            register=desk.register,
            waiting=desk.register,
            office=desk.office,
            rails=desk.rails,
            payees={},
            http=desk.bank,
            clock=desk.clock,
        )

    # ------------------------------------------------------------------ what happens

    def opened(self) -> OpenedOrder:
        """An order with a QR, in the evening: it may be paid until after midnight (a statement names only the day)."""
        self.desk.clock.now = max(self.desk.clock.now, EVENING)
        filed = self.desk.filed()
        return self.desk.orders.open(ANNA, filed.filing, "aba", self.desk.repeat())

    def ask(self, reference: str) -> None:
        """A bell rings, somewhat later."""
        self.desk.clock.advance(timedelta(seconds=10))
        self.desk.ask_bank(reference, rung=True)

    def taken(self, raw: str | bytes, account: str = "aba-khr", actor: str = DARA) -> tuple[str, ...]:
        """Load a statement and deal with its lines."""
        text = raw if isinstance(raw, bytes) else raw.encode()
        made = self.load(actor, account, text, self.desk.repeat(actor))
        self.take()
        return made

    def standing(self, order_id: str) -> Order:
        """The order as it stands."""
        return Order.fold(self.desk.load(order(order_id)).entries)

    def open_cases(self) -> list[dict[str, Any]]:
        """What the desk lists."""
        found: list[dict[str, Any]] = self.cases.open_cases()["cases"]
        return found

    def case(self, identifier: str) -> Case:
        """One case."""
        stream = self.desk.load(case(identifier))
        return Case.fold(stream.id, stream.head.status, stream.entries)


def reference_of(opened: OpenedOrder) -> str:
    """The reference of its newest attempt."""
    assert opened.order.latest is not None
    return opened.order.latest.reference


def day_of(moment: datetime) -> str:
    """The day in Phnom Penh, as the bank's export writes it."""
    return moment.astimezone(PNH).strftime("%d/%m/%Y")


def riel(amount: int) -> str:
    """As the export writes amounts."""
    return f"{amount:,}"


def export(lines: Sequence[tuple[str, int, str]], *, day: str, opening: int = 1_000_000, currency: str = "KHR") -> str:
    """A CSV export: (bank reference, signed amount, details) in order."""
    rows, balance = [HEADER], opening
    for bank_ref, amount, details in lines:
        balance += amount
        came, went = (riel(amount), "") if amount >= 0 else ("", riel(-amount))
        kind = "FEE" if details.startswith("FEE") else "PAYMENT"
        cells = [day, bank_ref, kind, details, came, went, riel(balance), currency]
        rows.append(",".join(f'"{cell}"' if "," in cell else cell for cell in cells))
    return "\r\n".join(rows) + "\r\n"


def any_ulid(desk: Desk) -> str:
    """An identifier of nothing."""
    return ids.ulid(desk.clock())
