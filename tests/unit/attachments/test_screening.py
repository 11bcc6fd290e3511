"""Screening: the order of its steps, what each believes, and that no verdict is never "clean"."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from chalicelib.attachments.screening import cell
from chalicelib.attachments.screening.choice import scanner
from chalicelib.attachments.screening.clamav import ClamAV
from chalicelib.attachments.screening.door import at_the_door, media_type
from chalicelib.attachments.screening.eicar import EicarOnly
from chalicelib.attachments.screening.guardduty import GuardDuty, verdict
from chalicelib.attachments.screening.model import PDF, PNG, Picture, Report, Task
from chalicelib.attachments.screening.scanner import Clean, Infected, Sample, Scan, Unsure
from chalicelib.attachments.screening.service import Screening, task
from chalicelib.aws.s3 import Bucket
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Unavailable
from tests.factories import cambodia
from tests.files import page, png

QUARANTINE = Bucket(name="quarantine", client=cast(Any, None))  # nobody asks it anything here
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass(frozen=True)
class Says:
    """A `Scanner` that says one thing."""

    what: Scan

    def scan(self, sample: Sample) -> Scan:
        """See `Scanner.scan`."""
        return self.what


def announced(body: bytes, media: str = PNG, sha256: str | None = None, document: str = "other") -> Attachment:
    return Attachment(id="1", document=document, name="n", media_type=media, size=len(body), key="k", sha256=sha256)


def pieces(body: bytes, size: int = 4096) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def never(path: Path, asked: Task) -> Report:
    raise AssertionError("parsed")


def screening(scan: Scan | None = None, report: Report | None = None) -> Screening:
    look = never if report is None else lambda _path, _task: report
    return Screening(office=cambodia(), scanner=Says(scan or Clean()), look=look)


class TestTheDoor:
    @pytest.mark.parametrize(
        ("first", "found"),
        [
            (b"%PDF-2.0", "application/pdf"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"<?xml version='1.0'?><a/>", "application/xml"),
            (b"\xef\xbb\xbf<?xml version='1.0'?><a/>", "application/xml"),
            (b"<svg xmlns='x'>", "image/svg+xml"),
            (b"<?xml version='1.0'?>\n<!-- x --><svg>", "image/svg+xml"),
            (b"PK\x03\x04", "application/octet-stream"),
            (b" %PDF-1.7", "application/octet-stream"),
            (b"<html>", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ],
    )
    def test_the_type_is_what_the_first_bytes_show(self, first: bytes, found: str) -> None:
        assert media_type(first) == found

    def test_a_plain_page_passes(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(page())
        assert at_the_door(tmp_path / "file", PDF) == ""


class TestOrder:
    def test_nothing_is_refused_as_empty(self) -> None:
        assert screening()(iter(()), announced(b"")).reason == "upload.empty"

    def test_other_bytes_than_announced_are_not_even_scanned(self) -> None:
        unsure = screening(Unsure("asked"))
        assert unsure(pieces(png()[:-1]), announced(png())).reason == "upload.size-differs"
        assert unsure(pieces(png()), announced(png(), sha256="0" * 64)).reason == "upload.digest-differs"
        assert unsure(pieces(page()), announced(page())).reason == "upload.type-differs"

    def test_malware_is_refused_before_anything_parses_it(self) -> None:
        assert screening(Infected("x"))(pieces(png()), announced(png())).reason == "file.malware"

    def test_no_verdict_is_not_clean_the_queue_brings_it_again(self) -> None:
        with pytest.raises(Unavailable):
            screening(Unsure("down"))(pieces(png()), announced(png()))

    def test_what_the_cell_finds_goes_with_size_and_digest_of_the_bytes(self) -> None:
        found = screening(report=Report(findings=("pdf.no-text",), pages=3))(
            pieces(page()), announced(page(), PDF, Digest.of(page()).hex)
        )
        assert found.accepted is not None
        assert (found.accepted.pages, found.accepted.findings) == (3, ("pdf.no-text",))
        assert (found.accepted.size, found.accepted.sha256) == (len(page()), Digest.of(page()))

    def test_what_the_cell_refuses_is_refused(self) -> None:
        assert (
            screening(report=Report(refused="pdf.script"))(pieces(page()), announced(page(), PDF)).reason
            == "pdf.script"
        )

    def test_what_is_asked_comes_from_the_offices_row(self) -> None:
        rows = {row.code: row for row in cambodia().documents}
        assert task(PNG, rows["design-views"]).picture == Picture(min_side=400, max_side=3780, svg_max_cm=(10, 20))
        assert task(PDF, rows["description"]).max_pages == 3000
        assert task(PDF, None).max_pages == 3000
        assert task("application/xml", rows["sequence-listing"]).listing

    def test_a_task_crosses_the_pipe(self) -> None:
        asked = Task(media_type=PNG, max_pages=3, picture=Picture(min_side=1, max_side=2, svg_max_cm=(1, 2)))
        assert Task.from_json(asked.to_json()) == asked


class TestTheCell:
    def file(self, folder: Path, body: bytes) -> Path:
        path = folder / "file"
        path.write_bytes(body)
        return path

    def test_the_process_sees_no_secret(self) -> None:
        assert set(cell._environment()) == {
            "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH", "RAYON_NUM_THREADS", "MALLOC_ARENA_MAX"
        }  # fmt: skip

    def test_no_time_means_try_again_not_refused(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable):
            cell.look(self.file(tmp_path, png()), Task(media_type=PNG, max_pages=1), seconds=0.001)

    def test_an_unknown_type_is_not_looked_at(self, tmp_path: Path) -> None:
        report = cell.look(self.file(tmp_path, b"x"), Task(media_type="a/b", max_pages=1))
        assert report.refused == "file.unreadable"

    @pytest.mark.parametrize(
        "said",
        ["", "{", "[]", "null", '{"refused":"<b>"}', '{"findings":["../x"]}', '{"findings":[1]}', '{"findings":[],"x":1}',
                 '{"findings":[],"pages":-1}', '{"findings":[],"pages":"9"}'],
    )  # fmt: skip
    def test_a_report_is_data_and_nothing_else_is_a_report(self, said: str) -> None:
        assert cell._read(said).refused == "file.unreadable"

    def test_a_process_that_cannot_begin_refuses_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable, match="ready"):
            cell.look(self.file(tmp_path, png()), Task(media_type=PNG, max_pages=1), program="no.such.program")


class TestScanners:
    def sample(self, folder: Path, body: bytes) -> Sample:
        (folder / "file").write_bytes(body)
        return Sample(path=folder / "file", key="k", version="v")

    @pytest.mark.parametrize(
        "body", [EICAR, b"x" * ((1 << 20) - 30) + EICAR, page(EICAR)], ids=["24", "across", "in-pdf"]
    )
    def test_24_the_test_string_is_found_wherever_it_stands(self, tmp_path: Path, body: bytes) -> None:
        assert EicarOnly().scan(self.sample(tmp_path, body)) == Infected("EICAR test string")

    def test_anything_else_is_clean_to_it(self, tmp_path: Path) -> None:
        assert EicarOnly().scan(self.sample(tmp_path, EICAR[:-1])) == Clean()

    @pytest.mark.parametrize(
        ("status", "says"),
        [
            ("NO_THREATS_FOUND", Clean()),
            ("THREATS_FOUND", Infected("GuardDuty")),
            ("UNSUPPORTED", Unsure("UNSUPPORTED")),
            ("ACCESS_DENIED", Unsure("ACCESS_DENIED")),
            ("FAILED", Unsure("FAILED")),
            ("", Unsure("not scanned yet")),
        ],
    )
    def test_guardduty_is_clean_only_when_it_says_so(self, status: str, says: Scan) -> None:
        assert verdict(status) == says

    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            (b"stream: OK\0", Clean()),
            (b"stream: Eicar-Test-Signature FOUND\0", Infected("Eicar-Test-Signature")),
            (b"INSTREAM size limit exceeded. ERROR\0", Unsure("INSTREAM size limit exceeded. ERROR")),
            (b"", Unsure("no answer")),
        ],
    )
    def test_25_clamav_is_clean_only_when_it_says_so(self, tmp_path: Path, answer: bytes, says: Scan) -> None:
        body = png() * 3
        with daemon(answer) as (port, heard):
            assert ClamAV(host="127.0.0.1", port=port).scan(self.sample(tmp_path, body)) == says
        assert heard == [b"zINSTREAM\0" + len(body).to_bytes(4, "big") + body + bytes(4)]

    def test_25_clamav_that_is_down_is_unsure(self, tmp_path: Path) -> None:
        with daemon(b"") as (port, _):
            pass
        assert ClamAV(host="127.0.0.1", port=port).scan(self.sample(tmp_path, b"x")) == Unsure("ConnectionRefusedError")


@contextmanager
def daemon(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A clamd that hears one stream and says one thing."""
    heard: list[bytes] = []

    def serve() -> None:
        line, _ = listening.accept()
        with line:
            said = b""
            while not said.endswith(bytes(4)) or len(said) < 20:
                if not (more := line.recv(1 << 16)):
                    return
                said += more
            heard.append(said)
            line.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.5)
        port = listening.getsockname()[1]
        thread = threading.Thread(target=_quietly, args=(serve,), daemon=True)
        thread.start()
        yield port, heard
        thread.join(2)


def _quietly(serve: object) -> None:
    try:
        if callable(serve):
            serve()
    except TimeoutError:
        pass


class TestTheChoice:
    """Configuration names the scanner, and nothing stands in for one that it does not."""

    @pytest.mark.parametrize("name", ["", "none", "clean", "clamav", "clamav:host", "clamav:host:port", "guardduty:x"])
    def test_an_unknown_name_is_an_error(self, name: str) -> None:
        with pytest.raises(ValueError):
            scanner(name, QUARANTINE)

    def test_each_known_name_is_its_scanner(self) -> None:
        assert scanner("test-signature", QUARANTINE) == EicarOnly()
        assert scanner("clamav:av.example:3310", QUARANTINE) == ClamAV(host="av.example", port=3310)
        assert isinstance(scanner("guardduty", QUARANTINE), GuardDuty)
