"""The emulator's process: MiniStack in its own virtual environment, loopback only, its state in memory.

No other module knows how it is started or what it is called. Its gaps: `apply.py`.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.local.clients import ACCOUNT, ENVIRONMENT, REGION
from infra.local.sam import ROOT
from infra.local.serving import LOOPBACK

PROGRAM = ROOT / ".ministack" / "bin" / "ministack"
READY_SECONDS = 60.0
STOP_SECONDS = 10.0


class EmulatorFailed(RuntimeError):
    """The emulator did not start; says where its log is."""


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@dataclass
class Emulator:
    """One emulator. `port` 0 takes a free one."""

    port: int = 0
    log: Path = ROOT / "build" / "local" / "emulator.log"
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _folder: "TemporaryDirectory[str] | None" = field(default=None, repr=False)  # where it unpacks functions

    @property
    def url(self) -> str:
        """Where it serves the AWS APIs."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self, environment: Mapping[str, str] | None = None) -> "Emulator":
        """Start and wait until it answers. EmulatorFailed if it does not."""
        if not PROGRAM.exists():
            raise EmulatorFailed("the emulator is not installed: make setup")
        self.port = self.port or free_port()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._folder = TemporaryDirectory(prefix="tra-emulator-", ignore_cleanup_errors=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "TRA_"))}
        own = {
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "LAMBDA_EXECUTOR": "local",
            "LOG_LEVEL": "INFO",
            "TMPDIR": self._folder.name,
        }
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed program
                [str(PROGRAM)],
                env=kept | dict(ENVIRONMENT) | own | dict(environment or {}),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that stopping it stops its workers, and Ctrl-C is ours to handle
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise EmulatorFailed(f"the emulator did not start on port {self.port}; its log: {self.log}")
            time.sleep(0.05)
        return self

    def reset(self) -> None:
        """Forget everything."""
        request = urllib.request.Request(f"{self.url}/_ministack/reset", b"", method="POST")  # noqa: S310 - loopback
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310

    def stop(self) -> None:
        """Stop it and its workers."""
        process, self._process = self._process, None
        if process is None:
            return
        group = process.pid  # start_new_session made it the leader
        for how, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, how)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)  # workers that outlived their leader
        if self._folder:
            self._folder.cleanup()

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2).close()  # noqa: S310 - loopback
        except (urllib.error.URLError, OSError):
            return False
        return True
