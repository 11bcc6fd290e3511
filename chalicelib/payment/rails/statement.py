"""Payment at any bank's counter, or by transfer, with our reference; only a loaded statement makes it paid.

It needs no bank's interface, so it works with every bank there is (payments.md section 7). Nobody rings, and there is
nobody to ask.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Literal, NoReturn, Self

from pydantic import Field, model_validator

from chalicelib.payment.model import Bill, Delivery, Http, Issued, Notice, Rejected
from chalicelib.payment.rails.answer import evidence, unknown
from chalicelib.payment.rails.config import KeyConfig, RailConfig
from chalicelib.payment.rails.issue import check_bill, issued
from chalicelib.payment.rails.plain import PlainRail


class StatementConfig(RailConfig):
    """`payee_accounts` holds an account for each currency, as `USD 001-234-567`: what the payer is told."""

    CALLS = False
    rail: Literal["statement"] = "statement"
    merchant_id: Literal[""] = ""
    base_url: Literal[""] = ""
    keys: tuple[KeyConfig, ...] = ()
    payee_accounts: Annotated[tuple[str, ...], Field(min_length=1)]
    query_window_days: Literal[0] = 0

    @model_validator(mode="after")
    def _accounts(self) -> Self:
        for currency in self.currencies:
            self.account(currency)
        return self

    def account(self, currency: str) -> str:
        """Our account for `currency`. ValueError if there is none."""
        for account in self.payee_accounts:
            if account.startswith(f"{currency} "):
                return account.removeprefix(f"{currency} ")
        raise ValueError(f"no account for {currency}")


@dataclass(frozen=True, slots=True)
class Statement(PlainRail[StatementConfig]):
    """The rail `statement`."""

    CONFIG: ClassVar[type[RailConfig]] = StatementConfig

    @property
    def notifies(self) -> bool:
        """Never."""
        return False

    def create(self, bill: Bill, *, now: datetime, http: Http) -> Issued:  # noqa: ARG002 - nobody needs to be asked
        """The account and the reference to name. ValueError for a bill we must not issue."""
        check_bill(bill, self.config)
        return issued(self.config, bill, now, payee=self.config.account(bill.amount.currency))

    def verify(self, delivery: Delivery, *, now: datetime) -> NoReturn:  # noqa: ARG002
        """Nobody notifies; whatever comes is somebody else's."""
        raise Rejected("never-notifies")

    def query(self, bill: Bill, *, now: datetime, http: Http) -> Notice:  # noqa: ARG002
        """Nobody can be asked."""
        return evidence(self.name, bill, unknown("statement-only"), b"", now)


RAIL = Statement
