"""What screening costs beside what it cannot do without: opening the file once (qpdf) and drawing its pages once (PDFium).

The files are ordinary ones, made here; both sides look at the same. Ours runs in its process with its limits, as in the
function; the bare side runs in this process, with the libraries already loaded, and draws the same number of pages.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pikepdf
import pypdfium2  # type: ignore[import-untyped]

from chalicelib.attachments.screening import cell, door
from chalicelib.attachments.screening.model import PDF, Report, Task
from infra.local.samples import patent_files
from tests.bench.figure import Figure
from tests.integration.attachments.test_benign import LATIN, changed, scan, several_scans, text, with_outline_and_names

RUNS = 3
TASK = Task(media_type=PDF, max_pages=3000)


def corpus() -> tuple[bytes, ...]:
    """Text, Khmer, links, scans: 1 to 12 pages."""
    return (text(8), text(12, LATIN), changed(with_outline_and_names), scan(), several_scans(), patent_files()[0].body)


def screening() -> Sequence[Figure]:
    """Pages a second, and the largest process."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, body in enumerate(corpus()):
            (own := Path(folder, str(number))).mkdir()
            paths.append(own / "file")
            paths[-1].write_bytes(body)
        reports: list[Report] = []
        ours = theirs = 0.0
        for _ in range(RUNS):
            began = time.perf_counter()
            reports = [_ours(path) for path in paths]
            ours += time.perf_counter() - began
            began = time.perf_counter()
            for path in paths:
                _bare(path)
            theirs += time.perf_counter() - began
    pages = sum(report.pages or 0 for report in reports)
    speed, bare = pages * RUNS / ours, pages * RUNS / theirs
    return (
        Figure(
            name="screening_vs_bare", value=speed, unit="pages/s", against="bare qpdf and PDFium",
            ratio=speed / bare, runs=RUNS,
            detail={"bare_pages_s": round(bare, 1), "files": len(paths), "pages": pages},
        ),
        Figure(
            name="screening_peak_mb", value=float(max(report.peak_mb for report in reports)), unit="MB",
            against="limit of the process", ratio=max(report.peak_mb for report in reports) / (cell.MEMORY >> 20), runs=RUNS,
        ),
    )  # fmt: skip


def _ours(path: Path) -> Report:
    if door.at_the_door(path, PDF):
        raise ValueError("an ordinary file was turned away")
    report = cell.look(path, TASK)
    if report.refused:
        raise ValueError(f"an ordinary file was refused: {report.refused}")
    return report


def _bare(path: Path) -> None:
    with pikepdf.open(path) as document:
        pages = len(document.pages)
    with pypdfium2.PdfDocument(path) as document:
        for number in range(pages):
            document[number].render(scale=1)
