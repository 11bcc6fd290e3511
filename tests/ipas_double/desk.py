"""A connector over a double, in one process: dossiers, journal, clock; killed and begun again at will."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from chalicelib.registry.ipas.bring import Bring
from chalicelib.registry.ipas.drop import FolderDrop
from chalicelib.registry.ipas.journal import Journal
from chalicelib.registry.ipas.maps import Maps, load_maps
from chalicelib.registry.ipas.model import Ipas, Work
from chalicelib.registry.ipas.poll import Poll
from chalicelib.registry.sqlite import SqliteMarks
from tests.fakes import FixedClock
from tests.ipas_double.state import Double

EXAMPLE = Path(__file__).resolve().parents[2] / "infra" / "ipas" / "example.toml"


@dataclass
class Desk:
    """One office's connector. `marks` is the open file; a new life begins with `restart`."""

    root: Path
    double: Double = field(default_factory=Double)
    maps: Maps = field(default_factory=lambda: load_maps(EXAMPLE))
    clock: FixedClock = field(default_factory=FixedClock)
    ipas: Ipas | None = None
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("dossiers", "edms"):
            (self.root / name).mkdir(exist_ok=True)
        self.marks = SqliteMarks.open(self.root / "marks.sqlite3")
        self.journal = Journal.over(self.marks.connection)

    @classmethod
    def fresh(cls, **more: Any) -> "Desk":
        """In a folder of its own."""
        memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - thousands of files that are forced to disk
        return cls(root=Path(tempfile.mkdtemp(prefix="ipas-", dir=memory)), **more)

    @property
    def dossiers(self) -> Path:
        """Where they lie."""
        return self.root / "dossiers"

    def add(self, *lay: Callable[[Path], Work]) -> None:
        """Dossiers come, as the consumer lays them."""
        for one in lay:
            self.journal.add(one(self.dossiers))

    def restart(self) -> None:
        """The process died: what was open in the database is taken back."""
        self.marks.close()
        self.marks = SqliteMarks.open(self.root / "marks.sqlite3")
        self.journal = Journal.over(self.marks.connection)

    def bring(self, watch: Callable[[Any], Any] = lambda one: one) -> Bring:
        """The use case, its collaborators watched."""
        drop = FolderDrop(self.root / "edms")
        drop.sweep()
        return Bring(
            ipas=watch(self.ipas or self.double), journal=watch(self.journal), maps=self.maps, dossiers=self.dossiers,
            edms=watch(drop), clock=self.clock, say=self.said.append,
        )  # fmt: skip

    def run(self, watch: Callable[[Any], Any] = lambda one: one) -> None:
        """Until nothing is left to do, pauses included."""
        bring, idle = self.bring(watch), 0
        while idle < 3:
            idle = 0 if bring.step() else idle + 1
            self.clock.advance(timedelta(seconds=200))

    def look(self) -> None:
        """Every open file once."""
        poll = Poll(
            ipas=self.ipas or self.double, journal=self.journal, maps=self.maps, clock=self.clock, say=self.said.append
        )
        self.clock.advance(timedelta(seconds=self.maps.service.poll_seconds))
        while poll.step():
            pass

    def state(self) -> dict[str, Any]:
        """What can be compared between two lives."""
        drops = sorted(path.relative_to(self.root / "edms").as_posix() for path in (self.root / "edms").rglob("*"))
        return {
            "files": sorted(map(str, self.double.files)), "documents": sorted(self.double.documents.items()),
            "patents": sorted(map(str, self.double.patents)), "userdocs": sorted(map(str, self.double.userdocs)),
            "versions": [one["rowVersion"] for one in (*self.double.files.values(), *self.double.userdocs.values())],
            "logs": sorted(map(str, self.double.logs.items())), "processes": len(self.double.processes), "drops": drops,
            "works": [(one.id, one.state) for one in self.journal.works()],
            "told": [(one.filing, one.sequence, one.type, one.data) for one in self.journal.told()],
        }  # fmt: skip
