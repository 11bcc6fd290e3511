"""Keys of banks that end soon, with none to follow: a case for the desk in time, and a figure for the alarm.

A bank refuses us the moment its key ends, and Bakong's token lives ninety days. So the schedule looks at the configuration:
from fifteen days before the end there is a case (one for each key and end), from ten days before it the alarm rings.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.contracts.cases import CaseOpened
from chalicelib.kernel.clock import Clock
from chalicelib.payment.cases import OWNER
from chalicelib.payment.rails import known
from chalicelib.payment.rails.config import RailConfig
from chalicelib.register.cases import case_of, opening
from chalicelib.register.model import Register, deciding

REASON = "key-ends"


@dataclass(frozen=True, kw_only=True)
class WatchKeys:
    """Look at the ends of all keys that sign. `told` hears each time how many are worth an alarm."""

    register: Register
    configs: Iterable[RailConfig]
    told: Callable[[int, datetime], None]
    clock: Clock

    def __call__(self) -> None:
        now = self.clock()
        found = known.concerns(self.configs, now)
        for one in found:
            deciding(lambda one=one: self._case(one, now))  # type: ignore[misc]
        self.told(sum(one.grade == "alarm" for one in found), now)

    def _case(self, concern: known.Concern, now: datetime) -> None:
        ends = concern.ends.date().isoformat()
        what = f"key#{concern.rail}#{concern.key}#{ends}"
        if self.register.item(case_of(what)) is None:
            fact = CaseOpened(reason=REASON, owner=OWNER, rail=concern.rail, day=ends)
            self.register.commit(*opening(what, fact, by="tra:watch_keys", at=now))
