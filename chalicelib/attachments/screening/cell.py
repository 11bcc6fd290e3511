"""The cell: one process for one file, with limits of its own, so that no file can hang or exhaust the function.

1. The process gets a path and a task, and an environment that holds nothing but where our modules are.
2. It bounds itself before it reads a byte (memory, processor time, what it writes); the clock on the wall is kept here.
3. It says that it is ready, then reads the file and writes one report. One that dies, hangs, or says anything else after it was
   ready has refused the file: `file.unreadable`. One that never was ready (a wheel is missing, the machine is full), or got too
   little of the processor in its time, has refused nothing: Unavailable, and the file is looked at again.
4. Its report is read as data: codes it may name are those of our own form, nothing is executed.

The parent is made unreadable to it (`PR_SET_DUMPABLE`), so that the function's credentials cannot be read out of /proc.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from chalicelib.attachments.screening.model import UNREADABLE, Report, Task
from chalicelib.kernel.errors import Unavailable

MEMORY: Final = 480 * 1024 * 1024  # bytes of address space; pictures of 50 megapixels need it, PDFs a third
CPU_SECONDS: Final = 7
WALL_SECONDS: Final = 9.5
PROGRAM: Final = "chalicelib.attachments.screening.child"
READY: Final = "ready\n"
WRITTEN: Final = 256 * 1024  # bytes it may write to any file
_CODE = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*")
_PR_SET_DUMPABLE = 4


def look(path: Path, task: Task, *, seconds: float = WALL_SECONDS, program: str = PROGRAM) -> Report:
    """What a process of its own says of the file. The file's folder holds nothing else; a report is left beside it."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    answer = path.with_name("report")
    command = [sys.executable, "-s", "-P", "-m", program, str(path), task.to_json()]
    with answer.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 - our own module; the path is ours too
            command,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=path.parent,
            start_new_session=True,
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        _end(process, seconds)
    said = answer.read_text("utf-8", "replace")
    if not said.startswith(READY):
        raise Unavailable("no process could be made ready to look at a file")
    return _read(said.removeprefix(READY)) if process.returncode == 0 else Report(refused=UNREADABLE)


def _environment() -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
        "RAYON_NUM_THREADS": "1",  # threads cost address space, and the limit counts that
        "MALLOC_ARENA_MAX": "1",
    }


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Kill it and its session, unless it has ended by itself. Unavailable if the machine, not the file, was slow."""
    if process.poll() is None:
        used = _processor_seconds(process.pid)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if used < min(seconds, CPU_SECONDS) / 2:
            raise Unavailable("the machine was too busy to look at a file")


def _processor_seconds(pid: int) -> float:
    """From /proc/PID/stat (proc(5)): user and system time, fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _read(said: str) -> Report:
    try:
        report = Report.from_json(said)
    except (ValueError, TypeError, KeyError):
        return Report(refused=UNREADABLE)
    codes = [*report.findings, *([report.refused] if report.refused else [])]
    known = all(isinstance(code, str) and _CODE.fullmatch(code) for code in codes)
    counts = isinstance(report.pages, int | None) and (report.pages or 0) >= 0
    return report if known and counts else Report(refused=UNREADABLE)
