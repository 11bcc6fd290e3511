"""One call, once: written down before, asked after where no answer was seen, written down when it is known to be done.

1. Answered before: the kept answer.
2. Asked before and no answer kept: IPAS is asked whether it was done (`found`); done is as good as answered.
3. Else it is sent. A fault may mean that an earlier sending was done after all: IPAS is asked again before the fault counts.
NoAnswer goes up: the work is left for a while, so that what still runs in IPAS ends before it is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.kernel.clock import Clock
from chalicelib.registry.ipas.journal import Journal
from chalicelib.registry.ipas.model import IpasFault

Answer = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Once:
    """See the module."""

    journal: Journal
    clock: Clock

    def __call__(
        self, work: str, step: str, *, found: Callable[[], Answer | None], send: Callable[[], Answer],
        first: Callable[[], Answer | None] = lambda: None,
    ) -> Answer:  # fmt: skip
        """The answer to keep. `first` runs before the very first sending, and may find that nothing is left to do."""
        there = self.journal.step(work, step)
        if there is not None and there.answer is not None:
            return there.answer
        answer = found() if there is not None else first()
        if answer is None:
            self.journal.asked(work, step, self.clock())
            try:
                answer = send()
            except IpasFault:
                answer = found()
                if answer is None:
                    raise
        self.journal.answered(work, step, answer, self.clock())
        return answer
