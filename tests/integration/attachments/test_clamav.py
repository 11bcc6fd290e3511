"""The real `clamd` (Debian's `clamav-daemon`), with a signature file of our own that knows the industry's test string.

Nothing is fetched: the data directory of the daemon holds one `.ndb` line (ClamAV manual, "Body-based Signatures"). The program
comes with `make test` (`infra/debian.sh`); without it these tests fail.
"""

import shutil
import socket
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.attachments.screening.clamav import ClamAV
from chalicelib.attachments.screening.scanner import Clean, Infected, Sample, Scan, Unsure
from tests.files import page, png, stream
from tests.integration.attachments.test_hostile_others import EICAR, archive

CLAMD = shutil.which("clamd") or "/usr/sbin/clamd"
SECONDS = 60.0  # to start
NAME = "Test-String.UNOFFICIAL"  # what the daemon calls a signature that is not its maker's


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClamAV]:
    """A daemon on a port of this machine, as the deployment guide says it must be set up."""
    folder = tmp_path_factory.mktemp("clamd")
    (folder / "data").mkdir()
    (folder / "data" / "own.ndb").write_text(f"Test-String:0:*:{EICAR.hex()}\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "clamd.conf").write_text(
        f"Foreground yes\nDatabaseDirectory {folder}/data\nTCPSocket {port}\nTCPAddr 127.0.0.1\nMaxThreads 2\n"
        f"LogFile {folder}/clamd.log\nTemporaryDirectory {folder}\n"
        "StreamMaxLength 260M\nMaxFileSize 4M\nMaxScanSize 8M\nAlertExceedsMax yes\n"
    )
    process = subprocess.Popen(  # noqa: S603 - Debian's own program
        [CLAMD, "--config-file", str(folder / "clamd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    scanner = ClamAV(host="127.0.0.1", port=port)
    try:
        ends = time.monotonic() + SECONDS
        while isinstance(said := scan(scanner, folder, b"x"), Unsure) and time.monotonic() < ends:
            assert process.poll() is None, (folder / "clamd.log").read_text()
            time.sleep(0.2)
        assert said == Clean()
        yield scanner
    finally:
        process.terminate()
        process.wait(20)


def scan(scanner: ClamAV, folder: Path, body: bytes) -> Scan:
    """What the daemon says of these bytes."""
    path = folder / "file"
    path.write_bytes(body)
    return scanner.scan(Sample(path=path, key="k", version="v"))


@pytest.mark.parametrize("body", [b"", b"x", png(), page()], ids=["nothing", "one-byte", "picture", "pdf"])
def test_what_is_clean_is_said_to_be(clamd: ClamAV, tmp_path: Path, body: bytes) -> None:
    assert scan(clamd, tmp_path, body) == Clean()


@pytest.mark.parametrize(
    "body",
    [
        EICAR,
        archive(("a.txt", EICAR)),
        archive(("b.zip", archive(("a.txt", EICAR)))),
        page(stream(EICAR, b"/Type/EmbeddedFile")),
        page(stream(zlib.compress(EICAR), b"/Type/EmbeddedFile/Filter/FlateDecode")),
        png() + EICAR,
    ],
    ids=["24-plain", "24-zip", "24-zip-in-zip", "24-attachment", "24-attachment-packed", "24-behind-a-picture"],
)
def test_24_the_test_string_is_found_whatever_it_is_packed_in(clamd: ClamAV, tmp_path: Path, body: bytes) -> None:
    assert scan(clamd, tmp_path, body) == Infected(NAME)


def test_25_what_is_larger_than_it_scans_is_not_clean(clamd: ClamAV, tmp_path: Path) -> None:
    assert isinstance(scan(clamd, tmp_path, bytes(5_000_000)), Unsure)


def test_25_a_stream_that_is_longer_than_it_takes_is_not_clean(clamd: ClamAV, tmp_path: Path) -> None:
    assert isinstance(scan(clamd, tmp_path, bytes(273_000_000)), Unsure)
