"""Where the consumer lays packages for the connector: a folder of dossiers, and a line in the journal, in the mark's turn.

Seal and digests were checked by the consumer before, and every byte is counted while it is laid. Delivered twice, there is one
line. IPAS is not called here: a slow IPAS holds no message of the queue.
"""

from dataclasses import dataclass
from pathlib import Path

from chalicelib.registry.folder import Folder
from chalicelib.registry.ipas.dossier import load
from chalicelib.registry.ipas.journal import Journal
from chalicelib.registry.ipas.model import Work
from chalicelib.registry.model import Dossier


@dataclass(frozen=True)
class Intake:
    """See `consumer.Shelf`."""

    folder: Folder
    journal: Journal

    def lay(self, dossier: Dossier) -> Path:
        """See `consumer.Shelf`."""
        there = self.folder.lay(dossier)
        laid = load(there)
        work = Work(
            id=laid.paper.id if laid.paper else laid.package.filing,
            filing=laid.package.filing,
            kind="paper" if laid.paper else "filing",
            number=laid.paper.number if laid.paper else laid.package.number,
            folder=there.name,
        )
        self.journal.add(work)
        return there
