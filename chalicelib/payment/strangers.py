"""Bells for orders that are not there: they wait, ring once the order appears, and are a case when they do not (case 44).

Our references are written down before a bank hears of them, so that such a bell is either early by a moment or invented.
What a bank signed is a case of its own. What anybody could have sent is one case for each rail and day, however many come:
a flood fills no desk. None of it is money; where money came, the bank's list and its statement tell of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.contracts.cases import CaseOpened
from chalicelib.kernel.clock import Clock, parse_stamp, stamp
from chalicelib.log import log
from chalicelib.payment.cases import OWNER
from chalicelib.payment.model import Notice, Trust
from chalicelib.payment.orders import Bells, reference_key
from chalicelib.register.cases import case_of, opening
from chalicelib.register.model import Due, Item, Key, Operation, Put, Register, deciding

WAITING = "BELL"  # value of `due` of a bell whose order is not there
LOOKS = (timedelta(minutes=1), timedelta(hours=1))  # after it rang, for its order
GIVEN_UP = timedelta(days=1)  # then it is a case
SWEEP = 100


def waits_for_order(notice: Notice, now: datetime) -> Mapping[str, Any]:
    """What the row of such a bell has beside its own."""
    return {
        "rail": notice.rail,
        "authentic": notice.trust is not Trust.DOORBELL,
        "due": WAITING,
        "due_at": stamp(now + LOOKS[0]),
    }


@dataclass(frozen=True, kw_only=True)
class LookForOrders:
    """Look whether the orders of waiting bells have appeared; give up what is too old."""

    register: Register
    waiting: Due
    bells: Bells
    clock: Clock

    def __call__(self) -> None:
        for key in self.waiting.due(WAITING, until=self.clock(), limit=SWEEP):
            deciding(lambda key=key: self._look(key))  # type: ignore[misc]

    def _look(self, key: Key) -> None:
        bell = self.register.item(key)  # the list lags behind: look
        if bell is None or bell.attributes.get("due") != WAITING:
            return
        reference, came = str(bell.attributes["reference"]), parse_stamp(str(bell.attributes["at"]))
        now = self.clock()
        if self.register.item(reference_key(reference)) is not None:
            self.bells.ring(reference, rung=True)  # killed after this, it rings again: one question per interval
            self.register.commit(_answered(bell))
        elif now - came < GIVEN_UP:
            again = next((came + look for look in LOOKS if came + look > now), came + GIVEN_UP)
            self.register.commit(Put(key, {**bell.attributes, "due_at": stamp(again)}, expects=bell.version))
        else:
            self.register.commit(_answered(bell), *self._case(bell, reference, came, now))

    def _case(self, bell: Item, reference: str, came: datetime, now: datetime) -> tuple[Operation, ...]:
        """The operations that open its case, unless another bell of the same kind has done so."""
        rail, authentic = str(bell.attributes["rail"]), bool(bell.attributes["authentic"])
        what = f"bell#{rail}#{reference}" if authentic else f"bells#{rail}#{came.date().isoformat()}"
        log("bell-of-no-order", rail=rail, reference=reference, alarm=authentic)
        if self.register.item(case_of(what)) is not None:
            return ()
        fact = CaseOpened(
            reason="unknown-order",
            owner=OWNER,
            reference=reference,
            rail=rail,
            evidence_sha256=str(bell.attributes["raw_sha256"]) or None,
        )
        return opening(what, fact, by="tra:look_for_orders", at=now)


def _answered(bell: Item) -> Put:
    """The bell as it is kept until it expires, on no list."""
    kept = {name: value for name, value in bell.attributes.items() if name not in {"due", "due_at"}}
    return Put(bell.key, kept, expects=bell.version)
