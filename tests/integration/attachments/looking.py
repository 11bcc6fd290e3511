"""Looks at made-up files as the function does, and holds every look to the bars: under 10 seconds, under 512 MB."""

import tempfile
import time
from pathlib import Path

from chalicelib.attachments.screening import cell, door
from chalicelib.attachments.screening.model import PDF, Picture, Report, Task
from chalicelib.kernel.errors import Unavailable

SECONDS, MEGABYTES = 10.0, 512
LOOKS = 6
assert cell.MEMORY <= MEGABYTES << 20  # the kernel holds a process that dies before it can say what it took
DESIGN = Picture(min_side=400, max_side=3780, svg_max_cm=(10, 20))


def asked(media_type: str = PDF, *, max_pages: int = 3000, embedded_files: bool = False, picture: Picture | None = None,
          listing: bool = False) -> Task:  # fmt: skip
    """What the office asks."""
    return Task(
        media_type=media_type, max_pages=max_pages, embedded_files=embedded_files, picture=picture, listing=listing
    )


def looked_at(body: bytes, task: Task | None = None) -> Report:
    """What the door and the cell say."""
    task = task or asked()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(body)
        if reason := door.at_the_door(path, task.media_type):
            return Report(refused=reason)
        report = _look(path, task)
    assert report.peak_mb <= MEGABYTES
    return report


def _look(path: Path, task: Task) -> Report:
    """As the queue does: a machine that was too busy to say is asked again."""
    for left in reversed(range(LOOKS)):
        began = time.monotonic()
        try:
            report = cell.look(path, task)
        except Unavailable:
            if not left:
                raise
            continue
        assert time.monotonic() - began < SECONDS + 1  # the bar, and what a busy machine takes to start and stop
        return report
    raise AssertionError("unreachable")


def refused(body: bytes, task: Task | None = None) -> str:
    """The code for which it is refused."""
    return looked_at(body, task).refused


def found(body: bytes, task: Task | None = None) -> tuple[str, ...]:
    """What was found in a file that is taken."""
    report = looked_at(body, task)
    assert not report.refused, report.refused
    return report.findings
