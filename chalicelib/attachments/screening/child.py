"""The process in the cell: bounds itself, looks at one file, writes one report, ends.

`python -m chalicelib.attachments.screening.child PATH TASK`. Parsers are imported after the limits stand, and only those that
the file needs; then it says that it is ready, and from there on anything unexpected ends the process and is a refusal.
"""

import resource
import sys
from collections.abc import Callable
from pathlib import Path

from chalicelib.attachments.screening import cell
from chalicelib.attachments.screening.model import JPEG, PDF, PNG, SVG, UNREADABLE, XML, Refusal, Report, Task


def main(path: Path, task: Task) -> Report:
    """Look, within limits."""
    bound(cell.WRITTEN)
    look = _looker(task)
    sys.stdout.write(cell.READY)
    sys.stdout.flush()
    try:
        found = look(path, task)
    except Refusal as refusal:
        found = Report(refused=refusal.code)
    except (MemoryError, RecursionError):
        found = Report(refused=UNREADABLE)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Report(
        refused=found.refused,
        findings=tuple(dict.fromkeys(found.findings)),
        pages=found.pages,
        compared=found.compared,
        peak_mb=_peak_kib() // 1024,
        cpu_ms=int((used.ru_utime + used.ru_stime) * 1000),
    )


def bound(written: int) -> None:
    """Bound this process: what it takes, and how many bytes it may write to one file."""
    for what, limit in (
        (resource.RLIMIT_AS, cell.MEMORY),
        (resource.RLIMIT_CPU, cell.CPU_SECONDS),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (limit, limit))


def _peak_kib() -> int:
    """The most memory that was ours at once. Not `ru_maxrss`: that also counts the parent's, from before the process began."""
    status = Path("/proc/self/status").read_text("ascii", "replace")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def _looker(task: Task) -> Callable[[Path, Task], Report]:
    """Who looks at files of this type, with its parsers loaded."""
    match task.media_type:
        case media if media == PDF:
            from chalicelib.attachments.screening.pdf import look as look_at_pdf

            return look_at_pdf
        case media if media in {JPEG, PNG}:
            from chalicelib.attachments.screening.image import look as look_at_image

            return lambda path, task: Report(findings=look_at_image(path, task))
        case media if media == SVG:
            from chalicelib.attachments.screening.svg import look as look_at_svg

            return lambda path, task: Report(findings=look_at_svg(path, task))
        case media if media == XML:
            from chalicelib.attachments.screening.xml import look as look_at_xml

            return lambda path, task: Report(findings=look_at_xml(path, task))
    return _nobody


def _nobody(path: Path, task: Task) -> Report:  # noqa: ARG001 - as the others
    raise Refusal(UNREADABLE)


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]), Task.from_json(sys.argv[2])).to_json())
    sys.stdout.flush()
