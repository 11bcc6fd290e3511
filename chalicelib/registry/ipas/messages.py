"""What the connector tells the office's front, into the outbox: a filing or paper accepted or refused, a status, a letter."""

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.kernel.clock import stamp
from chalicelib.registry.ipas.dossier import Laid
from chalicelib.registry.ipas.journal import LETTER, Journal, OpenFile
from chalicelib.registry.ipas.maps import Status
from chalicelib.registry.ipas.model import FileNumber, Work

if TYPE_CHECKING:
    from chalicelib.registry.ipas.poll import Issued


def accepted(journal: Journal, work: Work, laid: Laid, number: FileNumber, now: datetime) -> None:
    """IPAS has the filing, or the paper, whole."""
    if laid.paper:
        journal.tell(work.filing, "paper.accepted", now, {"paper": work.id, "number": laid.paper.number})
    else:
        journal.tell(work.filing, "filing.accepted", now, {"number": str(number)})


def rejected(journal: Journal, work: Work, now: datetime) -> None:
    """IPAS said no often enough; its words stay in the connector."""
    journal.tell(work.filing, f"{work.kind}.rejected", now, {"number": work.number, "reason": "ipas-refused"})


def status(journal: Journal, file: OpenFile, row: Status, at: datetime, due: datetime | None, now: datetime) -> None:
    """The file's status is this one, since `at`."""
    said = {"status": row.code, "st27": row.st27, "at": stamp(at), "due": stamp(due) if due else None}
    journal.tell(file.filing, "status.changed", now, {name: value for name, value in said.items() if value})


def letter(journal: Journal, file: OpenFile, issued: "Issued", now: datetime) -> None:
    """The office issued a letter."""
    said = {
        "code": issued.row.code, "number": issued.number, "issued_at": stamp(issued.at), "sha256": issued.sha256,
        "size": len(issued.body), "media_type": issued.media_type,
    }  # fmt: skip
    journal.tell(file.filing, LETTER, now, said)
