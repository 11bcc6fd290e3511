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
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from chalicelib.attachments.model import Made
from chalicelib.attachments.screening.door import media_type
from chalicelib.attachments.screening.model import ARCHIVE, JPEG, PDF, PNG, SMALLER, UNREADABLE, Report, Task
from chalicelib.contracts.attachment import PAGE
from chalicelib.kernel.errors import Unavailable

MEMORY: Final = 480 * 1024 * 1024  # bytes of address space; pictures of 50 megapixels need it, PDFs a third
CPU_SECONDS: Final = 7
WALL_SECONDS: Final = 9.5
PROGRAM: Final = "chalicelib.attachments.screening.child"
MAKER: Final = "chalicelib.attachments.screening.maker"
MAX_MADE: Final = 13  # pictures of twelve pages and a copy
KINDS: Final = {(PAGE, PNG), (PAGE, JPEG), (SMALLER, PNG), (SMALLER, JPEG), (ARCHIVE, PDF)}
READY: Final = "ready\n"
MADE_BYTES: Final = 12 << 20  # of one picture or copy
WRITTEN: Final = 256 * 1024  # bytes it may write to any file
_CODE = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*")
_TOOL = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_PR_SET_DUMPABLE = 4


def look(path: Path, task: Task, *, seconds: float = WALL_SECONDS, program: str = PROGRAM) -> Report:
    """What a process of its own says of the file. The file's folder holds nothing else."""
    said, status = _run(path, task.to_json(), program, seconds)
    return _read(said) if status == 0 else Report(refused=UNREADABLE)


def make(path: Path, task: Task, *, seconds: float = WALL_SECONDS) -> tuple[Made, ...]:
    """Pictures and copies that a process of its own makes of a file that was taken. None if it fails: nothing hangs on them."""
    try:
        said, _ = _run(path, task.to_json(), MAKER, seconds)
    except Unavailable:
        return ()
    return tuple(_made(path.parent, said))


def ask(path: Path, task: str, program: str, seconds: float) -> str:
    """What a program of another room says of the file in a process of its own; empty if it did not end well. It keeps the rules
    above by itself, with the limits that its task names."""
    said, status = _run(path, task, program, seconds)
    return said if status == 0 else ""


def _run(path: Path, task: str, program: str, seconds: float) -> tuple[str, int]:
    """What it said after it was ready, and its exit status. Unavailable if it never was, or had too little of the machine."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    command = [sys.executable, "-s", "-P", "-m", program, str(path), task]
    with tempfile.TemporaryFile(dir=path.parent) as answer:  # without a name, so that nobody can put another in its place
        process = subprocess.Popen(  # noqa: S603 - our own module; the path is ours too
            command,
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=path.parent,
            start_new_session=True,
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        _end(process, seconds)
        answer.seek(0)
        said = answer.read(WRITTEN).decode("utf-8", "replace")
    if not said.startswith(READY):
        raise Unavailable("no process could be made ready to look at a file")
    return said.removeprefix(READY), process.returncode


def _made(folder: Path, said: str) -> Iterator[Made]:
    """One thing for each whole line; a process that was ended has said what it had finished. Anything odd ends the list."""
    for number, line in enumerate(said.splitlines(keepends=True)[:MAX_MADE]):
        try:
            one = json.loads(line)
            body = _plain(folder / f"made-{number}")
            made = Made(what=one["what"], page=one["page"], media_type=one["media_type"], tool=one["tool"], body=body)
        except (OSError, ValueError, TypeError, KeyError):
            return
        if not (
            isinstance(made.page, int)
            and (made.what, made.media_type) in KINDS
            and isinstance(made.tool, str)
            and _TOOL.fullmatch(made.tool)
            and media_type(body) == made.media_type
        ):
            return
        yield made


def _plain(path: Path) -> bytes:
    """A plain file's bytes. A process that was taken over could leave a link or a pipe there: OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("not a plain file")
        return file.read(MADE_BYTES)


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
