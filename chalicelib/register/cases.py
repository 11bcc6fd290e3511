"""How a case is opened, by whichever room found what a person must look at: one case for one thing, in the commit that records
the thing. What becomes of a case is `payment/cases.py`."""

from datetime import datetime

from chalicelib.contracts.cases import CaseOpened
from chalicelib.kernel import ids
from chalicelib.kernel.clock import stamp
from chalicelib.register.model import Key, Operation, Put, begin, case

OPEN = "CASE"  # value of `due` while a case is not closed


def case_of(what: str) -> Key:
    """Which case is about `what`."""
    return Key(f"CASEOF#{what}", "CASEOF")


def open_key(identifier: str) -> Key:
    """Stands while the case is not closed."""
    return Key(str(case(identifier)), "OPEN")


def opening(
    what: str, fact: CaseOpened, *, by: str, at: datetime, identifier: str | None = None
) -> tuple[Operation, ...]:
    """The operations that open a case about `what`: they lose if there is one already. `identifier` where it follows from
    what the case is about."""
    identifier = identifier or ids.ulid(at)
    told = {"reason": fact.reason, **({"rail": fact.rail} if fact.rail else {})}
    return (
        begin(case(identifier), fact, by=by, at=at, owner=f"role:{fact.owner}", **told),
        Put(case_of(what), {"stream": str(case(identifier))}),
        Put(open_key(identifier), {"due": OPEN, "due_at": stamp(at)}),
    )
