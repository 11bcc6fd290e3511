"""Taking statements in: read, check against themselves and against the one before, record.

1. The same file again gives the first result again. A file that says otherwise of what was loaded is refused, and a case.
2. Account and currency are the ones asked for; balances add up; the opening balance is the last closing one and the sequence
   goes on without a gap. A new export that reaches back must repeat every booked line that it covers, unchanged.
3. What was loaded is one commit: the statement's stream with its lines, the account's state, the file's row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.contracts.cases import CaseOpened, StatementLinesRecorded, StatementLoaded, StatementRefused
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock, stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict, Corrupt, Invalid, NotFound, TooLarge
from chalicelib.offices.banks import BankAccount
from chalicelib.offices.model import Office
from chalicelib.payment.cases import OWNER
from chalicelib.payment.statements.camt import read_camt
from chalicelib.payment.statements.delimited import read_csv
from chalicelib.payment.statements.model import MAX_FILE, MAX_LINES, Line, Statement, Unreadable
from chalicelib.payment.statements.mt940 import read_mt940
from chalicelib.payment.statements.records import LINES, OWNED, cursor_key, known_lines, movement, view
from chalicelib.register.cases import opening
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import (
    MAX_OPERATIONS,
    Item,
    Key,
    Operation,
    Put,
    Register,
    begin,
    deciding,
    statement,
)

CHUNK = 100  # lines in one entry: some 25 KB


def file_key(file: Digest, part: int) -> Key:
    """Which statement a file's part became."""
    return Key(f"STATEMENTFILE#{file}#{part}", "STATEMENTFILE")


def account_key(account: str) -> Key:
    """How far an account's statements go."""
    return Key(f"ACCOUNT#{account}", "ACCOUNT")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the statements of one account go."""

    last: str = ""
    closing: int | None = None
    sequence: int | None = None

    @classmethod
    def of(cls, item: Item | None) -> "Reach":
        """From the account's row."""
        return cls(**item.attributes) if item else cls()


@dataclass(frozen=True, kw_only=True)
class LoadStatement:
    """Take a file in."""

    register: Register
    office: Office
    clock: Clock

    def __call__(self, actor: str, code: str, raw: bytes, repeat: Repeat) -> tuple[str, ...]:
        """Identifiers of the statements in the file; the same file again: the same ones. NotFound for an account that
        we do not have, TooLarge, Invalid for a file that cannot be read or contradicts itself, Conflict for one that
        contradicts what was loaded."""
        account = self.office.banks.account(code)
        if account is None:
            known = ", ".join(one.code for one in self.office.banks.accounts)
            raise NotFound.because("statement.unknown-account", "", account=code[:40], accounts=known)
        if len(raw) > MAX_FILE:
            raise TooLarge.because("body.too-large", limit=str(MAX_FILE))
        return deciding(lambda: self._load(actor, account, raw, repeat))

    def shown(self, identifier: str) -> dict[str, Any]:
        """A statement as the desk sees it."""
        stream = self.register.load(statement(identifier))
        if stream is None:
            raise Corrupt(f"statement {identifier} does not exist")
        return view(stream)

    def _load(self, actor: str, account: BankAccount, raw: bytes, repeat: Repeat) -> tuple[str, ...]:
        if earlier := repeat.earlier(self.register):
            return tuple(str(earlier["statements"]).split())
        file = Digest.of(raw)
        if there := self._loaded(file):
            return there
        try:
            statements = read(raw, account, self.office)
        except Unreadable as error:
            raise Invalid.because("statement.unreadable", "", detail=error.detail) from error
        now, made, operations = self.clock(), [], list[Operation]()
        row = self.register.item(account_key(account.code))
        reach = Reach.of(row)
        for part, one in enumerate(statements, start=1):
            fresh, problem = self._checked(account, one, reach)
            if problem:
                self._refuse(actor, account, file, problem)
            if not fresh and one.lines:
                continue  # every line of it is known: another export of the same
            identifier = ids.ulid(now)
            made.append(identifier)
            operations += self._taken(identifier, account, file, part, one, fresh, actor, now)
            reach = Reach(
                max(reach.last, one.last.isoformat()),
                one.closing if one.closing is not None else reach.closing,
                one.sequence if one.sequence is not None else reach.sequence,
            )
        if not made:
            raise Conflict.because("statement.loaded-already")
        operations.append(
            Put(
                account_key(account.code),
                {"last": reach.last, "closing": reach.closing, "sequence": reach.sequence},
                expects=row.version if row else None,
            )
        )
        operations.append(repeat.kept(statements=" ".join(made)))
        if sum(len(one.facts) + 1 if hasattr(one, "facts") else 1 for one in operations) > MAX_OPERATIONS:
            raise Invalid.because("statement.unreadable", "", detail="too many statements in one file")
        self.register.commit(*operations)
        return tuple(made)

    def _loaded(self, file: Digest) -> tuple[str, ...]:
        found, part = [], 1
        while (row := self.register.item(file_key(file, part))) is not None:
            found.append(str(row.attributes["statement"]))
            part += 1
        return tuple(dict.fromkeys(found))

    def _taken(
        self,
        identifier: str,
        account: BankAccount,
        file: Digest,
        part: int,
        one: Statement,
        fresh: Sequence[Line],
        actor: str,
        now: datetime,
    ) -> Iterator[Operation]:
        loaded = StatementLoaded(
            file_sha256=file.hex,
            part=part,
            account=account.code,
            currency=one.currency,
            first=one.first.isoformat(),
            last=one.last.isoformat(),
            sequence=one.sequence,
            opening=one.opening,
            closing=one.closing,
            lines=len(fresh),
            known_before=len(one.lines) - len(fresh),
        )
        records = [line.record for line in fresh]
        chunks = [StatementLinesRecorded(lines=tuple(records[at : at + CHUNK])) for at in range(0, len(records), CHUNK)]
        stream = statement(identifier)
        days = {"first": loaded.first, "last": loaded.last}
        yield begin(stream, loaded, *chunks, by=actor, at=now, owner=OWNED, account=account.code, **days)
        yield Put(file_key(file, part), {"statement": identifier})
        yield Put(cursor_key(identifier), {"done": 0, "due": LINES, "due_at": stamp(now)})

    def _checked(self, account: BankAccount, one: Statement, reach: Reach) -> tuple[list[Line], str]:
        """The lines not known yet, and the code of what is wrong ("" if nothing is)."""
        if one.account is not None and one.account != account.number:
            return [], "other-account"
        if one.currency != account.currency:
            return [], "other-currency"
        if not one.adds_up:
            return [], "sums"
        if _goes_on(one, reach):
            return list(one.lines), ""
        if one.lines and reach.last and one.first.isoformat() <= reach.last:
            return self._again(account, one, reach)
        if _follows(one, reach):
            return list(one.lines), ""
        return [], "changed" if _repeats(one, reach) else "gap"

    def _again(self, account: BankAccount, one: Statement, reach: Reach) -> tuple[list[Line], str]:
        """An export that reaches back over days that were loaded."""
        known = known_lines(self.register, account.code, one.first.isoformat())
        again = {movement(line.record): line for line in one.lines}
        covered = {
            name: record.sha256
            for name, record in known.items()
            if record.day <= one.last.isoformat() and record.status != "pending"
        }
        if any(name not in again or again[name].sha256 != sha256 for name, sha256 in covered.items()):
            return [], "changed"
        fresh = [line for name, line in again.items() if name not in covered]
        if reach.closing is not None and one.closing is not None:
            if reach.closing + sum(line.signed for line in fresh) != one.closing:
                return [], "changed"
        elif fresh and not _follows(one, reach):
            return [], "changed" if _repeats(one, reach) else "gap"
        return fresh, ""

    def _refuse(self, actor: str, account: BankAccount, file: Digest, problem: str) -> None:
        """Enter the refusal, once for each file and reason, and say so. One that contradicts is a case too."""
        key = Key(f"STATEMENTREFUSED#{file}#{account.code}#{problem}", "STATEMENTREFUSED")
        if self.register.item(key) is None:
            identifier, now = ids.ulid(self.clock()), self.clock()
            refused = StatementRefused(file_sha256=file.hex, account=account.code, reason=problem)
            operations: list[Operation] = [
                begin(statement(identifier), refused, by=actor, at=now, owner="tra:refused", account=account.code),
                Put(key, {"statement": identifier}),
            ]
            if problem == "changed":
                fact = CaseOpened(
                    reason="statement-changed", owner=OWNER, statement=identifier, evidence_sha256=file.hex
                )
                operations += opening(f"file#{file}", fact, by=actor, at=now)
            self.register.commit(*operations)
        match problem:
            case "other-account":
                raise Invalid.because("statement.other-account")
            case "other-currency":
                raise Invalid.because("statement.other-currency")
            case "sums":
                raise Invalid.because("statement.sums")
            case "gap":
                raise Conflict.because("statement.gap")
            case _:
                raise Conflict.because("statement.changed")


def read(raw: bytes, account: BankAccount, office: Office) -> tuple[Statement, ...]:
    """The statements in a file of this account. Unreadable."""
    prefix = office.reference_prefix
    match account.format:
        case "csv":
            found = read_csv(raw, account, office.banks.mapping(account), prefix=prefix)
        case "mt940":
            found = read_mt940(raw, account, prefix=prefix)
        case _:
            found = read_camt(raw, prefix=prefix)
    if sum(len(one.lines) for one in found) > MAX_LINES:
        raise Unreadable("too many lines")
    return found


def _goes_on(one: Statement, reach: Reach) -> bool:
    """It says itself that it comes next: by its balance, and by its number where it has one."""
    return one.opening is not None and reach.closing is not None and _follows(one, reach)


def _follows(one: Statement, reach: Reach) -> bool:
    """Nothing that both say speaks against its coming next."""
    if one.opening is not None and reach.closing is not None and one.opening != reach.closing:
        return False
    if one.sequence is None or reach.sequence is None:
        return True
    (number, part), (last, last_part) = divmod(one.sequence, 1000), divmod(reach.sequence, 1000)
    if (number, part) in ((last, last_part + 1), (last + 1, 0), (last + 1, 1)):
        return True
    return number == 1 and one.last.isoformat()[:4] > reach.last[:4]  # numbers begin anew each year


def _repeats(one: Statement, reach: Reach) -> bool:
    return one.sequence is not None and reach.sequence is not None and one.sequence <= reach.sequence
