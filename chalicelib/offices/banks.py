"""An office's bank accounts and how their statements are written, as data.

A CSV export has no standard: its columns, its date, its thousands mark, how it says in and out, and its totals row are
declared for each bank; what does not fit the declaration is refused, never guessed.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,19}$")]
AccountName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,11}$")]  # stands in references
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
LineStatus = Literal["booked", "pending", "reversal"]
LineKind = Literal["payment", "fee", "payout", "other"]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CsvMapping(_Data):
    """How one bank writes its CSV. Columns are named as in the file's first row, which must be exactly `columns`.
    In and out are told by a sign on `amount`, by two columns (`credit`, `debit`), or by the words of `direction`."""

    code: Name
    delimiter: Literal[",", ";", "\t", "|"] = ","
    columns: Annotated[tuple[str, ...], Field(min_length=3)]
    date: str
    date_format: Literal["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d"]
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Literal["", ",", ".", " "] = ""
    amount: str | None = None
    credit: str | None = None
    debit: str | None = None
    direction: str | None = None
    words_in: tuple[str, ...] = ()
    words_out: tuple[str, ...] = ()
    texts: tuple[str, ...]  # where our reference may stand
    bank_ref: str | None = None
    account: str | None = None
    currency: str | None = None
    status: str | None = None
    statuses: Mapping[str, LineStatus] = {}
    kind: str | None = None
    kinds: Mapping[str, LineKind] = {}
    balance: str | None = None  # running, after each line
    newest_first: bool = False
    totals_mark: str | None = None  # first cell of the last row, which sums the amounts up
    certainty: Literal["sure", "secondary", "assumed"]

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        used = [self.date, self.amount, self.credit, self.debit, self.direction, self.bank_ref, self.account]
        used += [self.currency, self.status, self.kind, self.balance, *self.texts]
        if unknown := {name for name in used if name is not None} - set(self.columns):
            raise ValueError(f"{self.code} names columns that it does not have: {sorted(unknown)}")
        if len(set(self.columns)) != len(self.columns):
            raise ValueError(f"{self.code} has two columns of one name")
        two, one = self.credit is not None and self.debit is not None, self.amount is not None
        if one == two or (self.direction is not None and not (one and self.words_in and self.words_out)):
            raise ValueError(f"{self.code} does not say in one way which money comes and which goes")
        if self.thousands_mark == self.decimal_mark:
            raise ValueError(f"{self.code} has one mark for two things")
        return self


class BankAccount(_Data):
    """One account of the office. `number` is as the statement names it; `rails` are those whose money comes in on it."""

    code: AccountName
    bank: Name
    names: Mapping[str, str]
    number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{4,34}$")]
    currency: Currency
    rails: tuple[str, ...] = ()
    format: Literal["csv", "mt940", "camt"]
    mapping: Name | None = None
    certainty: Literal["sure", "secondary", "assumed"]


class Banks(_Data):
    """All accounts, and the CSV mappings that they use."""

    accounts: tuple[BankAccount, ...] = ()
    mappings: tuple[CsvMapping, ...] = ()

    def account(self, code: str) -> BankAccount | None:
        """The account with this code."""
        return next((one for one in self.accounts if one.code == code), None)

    def mapping(self, account: BankAccount) -> CsvMapping:
        """How this account's CSV is written."""
        return next(one for one in self.mappings if one.code == account.mapping)

    @model_validator(mode="after")
    def _codes_are_known(self) -> Self:
        codes = [one.code for one in self.accounts]
        if len(set(codes)) != len(codes):
            raise ValueError("two accounts share a code")
        for one in self.accounts:
            if (one.format == "csv") != (one.mapping is not None):
                raise ValueError(f"account {one.code}: a mapping is for CSV, and CSV needs one")
            if one.mapping is not None and one.mapping not in {known.code for known in self.mappings}:
                raise ValueError(f"account {one.code} names an unknown mapping")
        return self
