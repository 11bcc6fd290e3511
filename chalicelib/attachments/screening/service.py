"""Screening one upload, in this order; each step is sure before the next begins, and all are bound to one object version.

1. The bytes go to a file, once; length and digest are of what came.
2. The door: first and last bytes. What it turns away is scanned all the same, so that malware is called by its name.
3. Malware. No verdict is not "clean": a file that can be read is then held (`scanned` is False), and comes again until there
   is one. (A file that the door or the cell turns away is refused without waiting for one.)
4. Structure, pages and pictures in a process of its own (`cell`).
5. Signatures in a PDF that is taken, in a process of its own: what was found goes beside it, and refuses nothing.
6. Of a file that is taken, pictures of its pages and copies within the rules, in another process: beside it, never instead.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from chalicelib.attachments.model import Accepted, Made, Verdict
from chalicelib.attachments.screening import cell, door
from chalicelib.attachments.screening.model import ARCHIVED, Picture, Report, Task
from chalicelib.attachments.screening.scanner import Infected, Sample, Scanner, Unsure
from chalicelib.attachments.screening.signatures import SIGNED, Seen
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel import ids
from chalicelib.kernel.digest import Digest, of_stream
from chalicelib.kernel.errors import Unavailable
from chalicelib.log import log
from chalicelib.offices.model import DocumentKind, Office

MAX_PAGES = 3_000  # where the office names no number
LISTINGS = "sequence-listing"


@dataclass(frozen=True, kw_only=True)
class Screening:
    """See `attachments.service.Screen`. A held file was looked at before: of it only the scanner is asked."""

    office: Office
    scanner: Scanner
    look: Callable[[Path, Task], Report] = cell.look
    make: Callable[[Path, Task], tuple[Made, ...]] = cell.make
    signatures: Callable[[Path], Seen] | None = None

    def __call__(self, chunks: Iterator[bytes], announced: Attachment) -> Verdict:
        """Accepted with what was found, or refused with a code. Unavailable if no scanner can say anything of a held file."""
        with tempfile.TemporaryDirectory(prefix="upload-") as folder:
            path = Path(folder, "file")
            digest, size = _kept(chunks, path)
            if reason := _as_announced(announced, digest, size):
                return Verdict(reason=reason)
            turned_away = door.at_the_door(path, announced.media_type)
            scan = self.scanner.scan(Sample(path=path, key=announced.key, version=announced.object_version or ""))
            if isinstance(scan, Infected):
                log("malware-found", attachment=announced.id, sha256=digest.hex, name=scan.name)
                return Verdict(reason="file.malware")
            if turned_away:
                return Verdict(reason=turned_away)
            if isinstance(scan, Unsure):
                log("malware-scan-unsure", attachment=announced.id, reason=scan.reason)
            if announced.state == "held":
                if isinstance(scan, Unsure):
                    raise Unavailable(f"no verdict on {announced.id}: {scan.reason}")
                return Verdict(Accepted(announced.media_type, size, digest, findings=announced.findings))
            row = next((row for row in self.office.documents if row.code == announced.document), None)
            asked = task(announced.media_type, row)
            report = self.look(path, asked)
            if not ARCHIVED.isdisjoint(report.findings):  # dated by the announcement, so that a repeat makes the same bytes
                asked = replace(asked, archive=ids.moment(announced.id).date().isoformat())
            made = () if report.refused else self.make(path, asked)
            signed = self._signed(path, report)
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
        found = [one for code in report.findings for one in (signed.findings if code == SIGNED else (code,))]
        return Verdict(
            Accepted(
                announced.media_type, size, digest, report.pages, tuple(found), made, signed.signatures,
                scanned=not isinstance(scan, Unsure),
            )
        )  # fmt: skip

    def _signed(self, path: Path, report: Report) -> Seen:
        """What a signed PDF that is taken was signed with; that it is signed, and no more, where nobody looks at signatures."""
        if self.signatures is None or report.refused or SIGNED not in report.findings:
            return Seen(signatures=(), findings=(SIGNED,))
        return self.signatures(path)


def task(media_type: str, row: DocumentKind | None) -> Task:
    """What the office's row asks of a file of this type."""
    profile = row.image if row else None
    return Task(
        media_type=media_type,
        max_pages=(row.max_pages if row else None) or MAX_PAGES,
        picture=Picture(
            min_side=profile.min_side,
            max_side=profile.max_side,
            max_pixels=profile.max_pixels,
            svg_max_cm=profile.svg_max_cm,
        )
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
