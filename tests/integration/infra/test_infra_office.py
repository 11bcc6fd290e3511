"""The local office opens with every trigger bound, and when it is told to stop it leaves nothing running."""

import contextlib
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from infra.local.sam import ROOT


@pytest.mark.ministack
@pytest.mark.slow
def test_told_to_stop_it_stops_at_once_and_leaves_no_process() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local.office", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        while "  token" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        api = re.search(r"API +(\S+)", said)
        assert api is not None
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(api[1], timeout=30)

        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=30)
    finally:
        process.kill()

    with refused.value:
        assert refused.value.code == 401
    assert process.returncode == 0
    assert rest.strip() == "stopped"
    with pytest.raises((urllib.error.URLError, OSError)):
        urllib.request.urlopen(api[1], timeout=5)
    assert api[1].split("/")[2].rsplit(":", 1)[1] not in _environments()


def _environments() -> set[str]:
    """The emulators' ports that any living process was started with."""
    ports: set[str] = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if found := re.search(rb"GATEWAY_PORT=(\d+)", (process / "environ").read_bytes()):
                ports.add(found[1].decode())
    return ports
