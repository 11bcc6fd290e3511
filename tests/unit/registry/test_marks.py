"""Marks outlive the program, only move forward, and belong to one program at a time."""

from pathlib import Path

import pytest

from chalicelib.register.model import filing
from chalicelib.registry.chain import Mark
from chalicelib.registry.sqlite import InUse, SqliteMarks

AT = "2026-11-25T05:00:00.000Z"
STREAM = filing("01J0000000000000000000000A")


def test_a_stream_never_seen_stands_before_its_first_entry(tmp_path: Path) -> None:
    marks = SqliteMarks.open(tmp_path / "marks")
    assert marks.last(STREAM) == Mark(0, "0" * 64)
    marks.close()


def test_marks_are_there_after_a_restart(tmp_path: Path) -> None:
    marks = SqliteMarks.open(tmp_path / "marks")
    marks.set(STREAM, Mark(1, "a" * 64), AT)
    marks.set(STREAM, Mark(2, "b" * 64), AT)
    marks.close()
    again = SqliteMarks.open(tmp_path / "marks")
    assert again.last(STREAM) == Mark(2, "b" * 64)
    again.close()


def test_a_mark_never_goes_back(tmp_path: Path) -> None:
    marks = SqliteMarks.open(tmp_path / "marks")
    marks.set(STREAM, Mark(2, "b" * 64), AT)
    marks.set(STREAM, Mark(1, "a" * 64), AT)
    assert marks.last(STREAM) == Mark(2, "b" * 64)
    marks.close()


def test_a_second_program_is_told_and_the_next_is_let_in(tmp_path: Path) -> None:
    first = SqliteMarks.open(tmp_path / "marks")
    with pytest.raises(InUse, match="another consumer"):
        SqliteMarks.open(tmp_path / "marks")
    first.close()
    SqliteMarks.open(tmp_path / "marks").close()
