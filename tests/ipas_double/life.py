"""One life of a connector, in a process of its own, that kills itself (SIGKILL) at a call: `python -m tests.ipas_double.life
ROOT ADDRESS AT`. AT 0 lives to the end. Dossiers lie in ROOT already; the double serves at ADDRESS."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalicelib.registry.ipas.soap import Soap
from tests.ipas_double.desk import Desk
from tests.ipas_double.dossiers import lay_paper, lay_patent
from tests.ipas_double.state import ZONE
from tests.unit.registry.fakes import Fate


class Kill(Fate):
    """A fate that is no exception: nothing runs after it."""

    def meet(self, call: Callable[[], Any]) -> Any:
        """See `Fate`."""
        self.calls += 1
        if self.calls == self.at and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = call()
        if self.calls == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def main(root: str, address: str, at: str) -> int:
    """Live."""
    desk = Desk(root=Path(root), ipas=Soap.open(address + "?wsdl", zone=ZONE, timeout=2))
    desk.add(lay_patent, lay_paper)
    desk.run(Kill(int(at), after=int(at) % 2 == 0).watch)
    print(len(desk.journal.told()))  # noqa: T201 - read by the test
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
