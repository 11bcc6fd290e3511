"""Screening one upload, in this order; each step is sure before the next begins, and all are bound to one object version.

1. The bytes go to a file, once; length and digest are of what came.
2. The door: first and last bytes. What it turns away is scanned all the same, so that malware is called by its name.
3. Malware. No verdict is not "clean": Unavailable, so that the queue brings the file again and alarms if nobody can say.
   (A file that the door turns away is refused without waiting for one.)
4. Structure, pages and pictures in a process of its own (`cell`).
5. Of a file that is taken, pictures of its pages and copies within the rules, in another process: beside it, never instead.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chalicelib.attachments.model import Accepted, Made, Verdict
from chalicelib.attachments.screening import cell, door
from chalicelib.attachments.screening.model import Picture, Report, Task
from chalicelib.attachments.screening.scanner import Infected, Sample, Scanner, Unsure
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel.digest import Digest, of_stream
from chalicelib.kernel.errors import Unavailable
from chalicelib.log import log
from chalicelib.offices.model import DocumentKind, Office

MAX_PAGES = 3_000  # where the office names no number
LISTINGS = "sequence-listing"


@dataclass(frozen=True, kw_only=True)
class Screening:
    """See `attachments.service.Screen`."""

    office: Office
    scanner: Scanner
    look: Callable[[Path, Task], Report] = cell.look
    make: Callable[[Path, Task], tuple[Made, ...]] = cell.make

    def __call__(self, chunks: Iterator[bytes], announced: Attachment) -> Verdict:
        """Accepted with what was found, or refused with a code. Unavailable if no scanner can say."""
        with tempfile.TemporaryDirectory(prefix="upload-") as folder:
            path = Path(folder, "file")
            digest, size = _kept(chunks, path)
            if reason := _as_announced(announced, digest, size):
                return Verdict(reason=reason)
            turned_away = door.at_the_door(path, announced.media_type)
            match self.scanner.scan(Sample(path=path, key=announced.key, version=announced.object_version or "")):
                case Infected(name):
                    log("malware-found", attachment=announced.id, sha256=digest.hex, name=name)
                    return Verdict(reason="file.malware")
                case Unsure(reason) if not turned_away:
                    log("malware-scan-unsure", attachment=announced.id, reason=reason)
                    raise Unavailable(f"no verdict on {announced.id}: {reason}")
            if turned_away:
                return Verdict(reason=turned_away)
            row = next((row for row in self.office.documents if row.code == announced.document), None)
            asked = task(announced.media_type, row)
            report = self.look(path, asked)
            made = () if report.refused else self.make(path, asked)
        log(
            "screened",
            attachment=announced.id,
            refused=report.refused,
            findings=",".join(report.findings),
            pages=report.pages,
            compared=report.compared,
            peak_mb=report.peak_mb,
            cpu_ms=report.cpu_ms,
            made=len(made),
        )
        if report.refused:
            return Verdict(reason=report.refused)
        return Verdict(Accepted(announced.media_type, size, digest, report.pages, report.findings, made))


def task(media_type: str, row: DocumentKind | None) -> Task:
    """What the office's row asks of a file of this type."""
    profile = row.image if row else None
    return Task(
        media_type=media_type,
        max_pages=(row.max_pages if row else None) or MAX_PAGES,
        picture=Picture(min_side=profile.min_side, max_side=profile.max_side, svg_max_cm=profile.svg_max_cm)
        if profile
        else None,
        listing=bool(row and row.code == LISTINGS),
    )


def _kept(chunks: Iterator[bytes], path: Path) -> tuple[Digest, int]:
    with path.open("wb") as file:

        def written() -> Iterator[bytes]:
            for chunk in chunks:
                file.write(chunk)
                yield chunk

        return of_stream(written())


def _as_announced(announced: Attachment, digest: Digest, size: int) -> str:
    if size == 0:
        return "upload.empty"
    if size != announced.size:
        return "upload.size-differs"
    return "upload.digest-differs" if announced.sha256 not in {None, digest.hex} else ""
