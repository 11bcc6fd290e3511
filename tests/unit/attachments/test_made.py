"""What the process that makes pictures says is believed line by line, and only as far as it makes sense."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from chalicelib.attachments.screening import cell
from tests.files import png

GOOD: dict[str, Any] = {"what": "page", "page": 1, "media_type": "image/png", "tool": "pdfium-1"}


def said(*lines: dict[str, Any]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_a_whole_line_is_a_thing(tmp_path: Path) -> None:
    (tmp_path / "made-0").write_bytes(png())
    (made,) = cell._made(tmp_path, said(GOOD))
    assert (made.what, made.page, made.body) == ("page", 1, png())


@pytest.mark.parametrize(
    "change",
    [{"what": "virus"}, {"page": "1"}, {"media_type": "text/html"}, {"media_type": "image/jpeg"}, {"tool": "<b>"},
     {"tool": 7}, {"tool": "../x"}, {"what": None}],
)  # fmt: skip
def test_what_makes_no_sense_ends_the_list(tmp_path: Path, change: dict[str, Any]) -> None:
    for number in range(3):
        (tmp_path / f"made-{number}").write_bytes(png())
    assert len(list(cell._made(tmp_path, said(GOOD, GOOD | change, GOOD)))) == 1


@pytest.mark.parametrize("text", ["", "x\n", "[]\n", "{}\n", '{"what":"page"', "null\n"])
def test_what_is_no_line_is_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "made-0").write_bytes(png())
    assert list(cell._made(tmp_path, text)) == []


def test_a_thing_that_is_not_there_or_is_no_picture_is_nothing(tmp_path: Path) -> None:
    assert list(cell._made(tmp_path, said(GOOD))) == []
    (tmp_path / "made-0").write_bytes(b"<html>")
    assert list(cell._made(tmp_path, said(GOOD))) == []


def test_a_link_or_a_pipe_in_its_place_is_nothing_and_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(png())
    (tmp_path / "made-0").symlink_to(tmp_path / "elsewhere")
    assert list(cell._made(tmp_path, said(GOOD))) == []
    (tmp_path / "made-0").unlink()
    os.mkfifo(tmp_path / "made-0")
    assert list(cell._made(tmp_path, said(GOOD))) == []


def test_more_than_was_asked_for_is_not_read(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"made-{number}").write_bytes(png())
    assert len(list(cell._made(tmp_path, said(*[GOOD] * 20)))) == cell.MAX_MADE
