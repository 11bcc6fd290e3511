"""A dossier appears whole or not at all, is never replaced, and is checked to the last byte."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.kernel.errors import Corrupt
from chalicelib.registry.folder import Folder, lies
from chalicelib.registry.layout import dossier
from chalicelib.registry.model import Dossier, DossierDiffers, Part
from tests.unit.registry.fakes import Killed
from tests.unit.registry.filings import FILES, InMemoryFilings


@pytest.fixture
def plan() -> Dossier:
    """A dossier to lay."""
    filings = InMemoryFilings.begin()
    package = filings.package(filings.handed_over())
    return dossier(package, package.to_bytes(), lambda one: filings.records.chunks(one.key, one.version))


def names(root: Path) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in root.iterdir())


def instead(plan: Dossier, position: int, chunks: Iterator[bytes]) -> Dossier:
    """The dossier, one part of which gives other bytes."""
    parts = list(plan.parts)
    part = parts[position]
    parts[position] = Part(path=part.path, sha256=part.sha256, sha512=part.sha512, size=part.size, chunks=lambda: chunks)
    return Dossier(name=plan.name, digest=plan.digest, parts=tuple(parts))


def test_it_lies_under_its_number_with_every_byte(tmp_path: Path, plan: Dossier) -> None:
    there = Folder(tmp_path).lay(plan)
    assert there == tmp_path / "KH-D-2026-1"
    assert (there / "data" / "files" / "01-drawing.pdf").read_bytes() == FILES[0][1]
    assert names(tmp_path) == ["KH-D-2026-1"]
    assert lies(plan, there)


def test_laying_it_again_fetches_nothing_and_is_success(tmp_path: Path, plan: Dossier) -> None:
    Folder(tmp_path).lay(plan)

    fetched: list[str] = []

    def counted(name: str) -> Iterator[bytes]:
        fetched.append(name)
        yield b""

    again = plan
    for position in range(len(plan.parts)):
        again = instead(again, position, counted(plan.parts[position].path))
    assert Folder(tmp_path).lay(again) == tmp_path / plan.name
    assert fetched == []


def test_bytes_that_are_wrong_too_few_or_too_many_lay_nothing(tmp_path: Path, plan: Dossier) -> None:
    for position, part in enumerate(plan.parts):
        for body in (b"\x00" * part.size, b"".join(part.chunks())[:-1], b"".join(part.chunks()) + b"\x00", b""):
            with pytest.raises(Corrupt, match=part.path):
                Folder(tmp_path).lay(instead(plan, position, iter([body])))
    assert names(tmp_path) == []


def test_an_object_without_end_is_cut_off(tmp_path: Path, plan: Dossier) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 1024

    with pytest.raises(Corrupt):
        Folder(tmp_path).lay(instead(plan, 5, endless()))
    assert taken < 10


def test_another_dossier_is_an_error_that_keeps_both_however_often_it_comes(tmp_path: Path, plan: Dossier) -> None:
    there = Folder(tmp_path).lay(plan)
    (there / "form.json").write_bytes(b"written over")
    for _ in range(3):
        with pytest.raises(DossierDiffers, match="compare the two"):
            Folder(tmp_path).lay(plan)
    beside = f"KH-D-2026-1.other-{plan.digest[:12]}"
    assert names(tmp_path) == ["KH-D-2026-1", beside]
    assert (there / "form.json").read_bytes() == b"written over"
    assert lies(plan, tmp_path / beside)


@pytest.mark.parametrize("what", ["file more", "file less", "changed", "link", "folder is a link", "file for folder"])
def test_whatever_differs_is_seen(tmp_path: Path, plan: Dossier, what: str) -> None:
    there = Folder(tmp_path).lay(plan)
    form = there / "data" / "form.json"
    match what:
        case "file more":
            (there / "more.txt").touch()
        case "file less":
            form.unlink()
        case "changed":
            form.write_bytes(b"\x00" * form.stat().st_size)
        case "link":
            form.rename(tmp_path / "elsewhere")
            form.symlink_to(tmp_path / "elsewhere")
        case "folder is a link":
            there.rename(tmp_path / "elsewhere")
            there.symlink_to(tmp_path / "elsewhere")
        case _:
            shutil.rmtree(there)
            there.touch()
    with pytest.raises(DossierDiffers):
        Folder(tmp_path).lay(plan)


def test_what_a_killed_run_left_is_swept_and_nothing_else(tmp_path: Path, plan: Dossier) -> None:
    Folder(tmp_path).lay(plan)
    (tmp_path / ".laying-abc" / "files").mkdir(parents=True)
    (tmp_path / ".laying-abc" / "files" / "01-half.pdf").touch()
    Folder(tmp_path).sweep()
    assert names(tmp_path) == ["KH-D-2026-1"]


def test_killed_while_fetching_leaves_no_dossier(tmp_path: Path, plan: Dossier) -> None:
    def dying() -> Iterator[bytes]:
        yield b"{"
        raise Killed

    with pytest.raises(Killed):
        Folder(tmp_path).lay(instead(plan, 6, dying()))
    assert names(tmp_path) == []


def test_a_dossier_is_not_readable_by_everybody(tmp_path: Path, plan: Dossier) -> None:
    mode = Folder(tmp_path).lay(plan).stat().st_mode
    assert mode & 0o007 == 0
