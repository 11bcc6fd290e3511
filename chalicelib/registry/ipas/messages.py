"""What the connector tells the office's front, into the outbox: a filing or paper accepted or refused, a status, a letter.

Every message is one of `contracts/inbound.py`, and is held against it here, before it is promised: what enters the outbox can
be read at the other end.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.contracts.inbound import (
    FilingAccepted,
    FilingRejected,
    LetterIssued,
    PaperAccepted,
    PaperRejected,
    Said,
    StatusChanged,
    inbox_key,
)
from chalicelib.kernel.clock import stamp
from chalicelib.registry.ipas.dossier import Laid
from chalicelib.registry.ipas.journal import Journal, OpenFile
from chalicelib.registry.ipas.maps import Status
from chalicelib.registry.ipas.model import FileNumber, Work

if TYPE_CHECKING:
    from chalicelib.registry.ipas.poll import Issued

REFUSED = "registry-refused"


def accepted(journal: Journal, work: Work, laid: Laid, number: FileNumber, now: datetime) -> None:
    """IPAS has the filing, or the paper, whole."""
    if laid.paper:
        _tell(journal, work.filing, PaperAccepted(paper=work.id, number=laid.paper.number), now)
    else:
        _tell(journal, work.filing, FilingAccepted(number=str(number)), now)


def rejected(journal: Journal, work: Work, now: datetime) -> None:
    """IPAS said no often enough; its words stay in the connector."""
    if work.kind == "paper":
        _tell(journal, work.filing, PaperRejected(paper=work.id, number=work.number, reason=REFUSED), now)
    else:
        _tell(journal, work.filing, FilingRejected(number=work.number, reason=REFUSED), now)


def status(journal: Journal, file: OpenFile, row: Status, at: datetime, due: datetime | None, now: datetime) -> None:
    """The file's status is this one, since `at`."""
    said = StatusChanged(status=row.told, st27=row.st27, at=stamp(at), due=stamp(due) if due else None)
    _tell(journal, file.filing, said, now)


def letter(issued: "Issued", source: str) -> LetterIssued:
    """The message of a letter. ValidationError for one that the front would not take (too large, a strange number)."""
    return LetterIssued(
        code=issued.row.code,
        number=issued.number,
        issued_at=stamp(issued.at),
        sha256=issued.sha256,
        size=len(issued.body),
        media_type="application/pdf",
        key=inbox_key(source, issued.sha256),
    )


def letter_issued(journal: Journal, file: OpenFile, issued: "Issued", source: str, now: datetime) -> None:
    """The office issued a letter."""
    _tell(journal, file.filing, letter(issued, source), now)


def _tell(journal: Journal, filing: str, said: Said, now: datetime) -> None:
    journal.tell(filing, said.TYPE, now, said.to_data())
