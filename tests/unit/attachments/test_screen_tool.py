"""`make screen`: one line for each file, whatever it is, and the share that is refused."""

import json
from pathlib import Path

import pytest

from infra.screen import main
from tests.files import page, png


def test_a_folder_is_screened_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "in", tmp_path / "out.json"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.pdf").write_bytes(page())
    (folder / "b.pdf").write_bytes(page(catalog=b"/OpenAction<</S/Launch/F(x)>>"))
    (folder / "deep" / "c.png").write_bytes(png())
    (folder / "d.txt").write_bytes(b"")
    (folder / "e.pdf").symlink_to(folder / "a.pdf")
    assert main([str(folder), "--out", str(out)]) == 0
    lines = {line["path"]: line for line in json.loads(out.read_text())["files"]}
    assert {path: (line["verdict"], line["reasons"]) for path, line in lines.items()} == {
        "in/a.pdf": ("accepted-with-findings", ["pdf.no-text"]),
        "in/b.pdf": ("refused", ["pdf.action"]),
        "in/d.txt": ("refused", ["upload.empty"]),
        "in/deep/c.png": ("accepted-with-findings", ["image.low-resolution"]),
    }
    assert lines["in/a.pdf"]["mb"] > 0 and lines["in/a.pdf"]["ms"] > 0
    assert "1 of 2 PDFs refused (50.0 %)" in capsys.readouterr().out


def test_no_file_is_a_failure(tmp_path: Path) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "out.json")]) == 1
