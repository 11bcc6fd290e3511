"""`make screen DIR=…`: the screening over any folder of files, as the function does it; writes `build/screening.json`.

Per file: verdict, reasons (codes), pages, milliseconds by the clock, megabytes of its process. The type is what the first bytes
show; no office's limits apply, only what holds for all. Prints the share of PDFs that are refused, with each reason. Nothing is
changed, nothing leaves the machine; the scanner for malware is that of trials.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from chalicelib.attachments.screening import cell, door
from chalicelib.attachments.screening.eicar import EicarOnly
from chalicelib.attachments.screening.model import PDF, Report
from chalicelib.attachments.screening.scanner import Infected, Sample
from chalicelib.attachments.screening.service import task
from chalicelib.kernel.errors import Unavailable
from infra.local.sam import ROOT

OUT = ROOT / "build" / "screening.json"
ACCEPTED, WITH_FINDINGS, REFUSED, UNDECIDED = "accepted", "accepted-with-findings", "refused", "undecided"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One file. `mb` is null where the process was ended by its limits, or was not begun."""

    path: str
    media_type: str
    bytes: int
    verdict: str
    reasons: tuple[str, ...]
    pages: int | None
    compared: int
    ms: float
    mb: int | None


def screen(path: Path, name: str) -> Line:
    """Look at one file. The process reads a link to it in a folder of its own."""
    began = time.perf_counter()
    with path.open("rb") as file:
        media_type = door.media_type(file.read(door.HEAD))
    with tempfile.TemporaryDirectory(prefix="screen-") as folder:
        link = Path(folder, "file")
        link.symlink_to(path.resolve())
        report = _look(link, media_type)
    took = (time.perf_counter() - began) * 1000
    reasons = (report.refused,) if report.refused else report.findings
    verdict = REFUSED if report.refused else WITH_FINDINGS if report.findings else ACCEPTED
    return Line(
        path=name,
        media_type=media_type,
        bytes=path.stat().st_size,
        verdict=UNDECIDED if report.refused == UNDECIDED else verdict,
        reasons=reasons,
        pages=report.pages,
        compared=report.compared,
        ms=round(took, 1),
        mb=report.peak_mb or None,
    )


def _look(path: Path, media_type: str) -> Report:
    if path.stat().st_size == 0:
        return Report(refused="upload.empty")
    turned_away = door.at_the_door(path, media_type)
    if isinstance(EicarOnly().scan(Sample(path=path, key="", version="")), Infected):
        return Report(refused="file.malware")
    if turned_away or media_type == "application/octet-stream":
        return Report(refused=turned_away or "upload.type-differs")
    try:
        return cell.look(path, task(media_type, None))
    except Unavailable:
        return Report(refused=UNDECIDED)


def lines(folders: Sequence[Path], *, pdfs_only: bool) -> Iterator[Line]:
    """Every plain file under the folders, links not followed."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and (not pdfs_only or path.suffix.lower() == ".pdf"):
                yield screen(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")


def summary(done: Sequence[Line]) -> Iterator[str]:
    """For people: counts, the share of PDFs refused, and the worst."""
    counts = Counter(line.verdict for line in done)
    yield f"{len(done)} files: " + (", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()) or "none")
    pdfs = [line for line in done if line.media_type == PDF or line.path.lower().endswith(".pdf")]
    refused = [line for line in pdfs if line.verdict == REFUSED]
    share = f"{100 * len(refused) / len(pdfs):.1f} %" if pdfs else "no rate"
    yield f"{len(refused)} of {len(pdfs)} PDFs refused ({share})"
    for reason, count in Counter(line.reasons[0] for line in refused).most_common():
        yield f"  {count:>5} {reason}"
    if done:
        yield f"longest {max(line.ms for line in done):.0f} ms, largest process {max(line.mb or 0 for line in done)} MB"


def main(arguments: Sequence[str]) -> int:
    """Screen, write, print. 1 if there is no file."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folders", nargs="+", type=Path)
    asked.add_argument("--pdfs", action="store_true", help="files whose name ends in .pdf only")
    asked.add_argument("--out", type=Path, default=OUT)
    said = asked.parse_args(arguments)
    done = []
    for line in lines(said.folders, pdfs_only=said.pdfs):
        done.append(line)
        sys.stdout.write(f"{line.ms:>8.0f} ms {line.mb or 0:>4} MB  {line.verdict:<22} {line.path}  {' '.join(line.reasons)}\n")
    said.out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"files": [asdict(line) for line in done]}, indent=1, ensure_ascii=False)
    said.out.write_text(text + "\n", "utf-8")
    sys.stdout.write("\n".join(summary(done)) + "\n")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
