"""Every row of the adversarial table has tests that name it, where the index says they are, and pytest runs them."""

import re
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.unit.payment.cases import ROWS, TESTS, main, rows_of

_OF = re.compile(r"::(?:\w+::)*test_cases?_((?:\d{2}_)+(?:(?:and|to)_\d{2}_)*)|\[(?:[^\]]*-)?(\d{2}) ")
_SWITCHED_OFF = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b")


def _files() -> list[str]:
    return sorted({file for row in ROWS.values() for file in row.files})


@pytest.fixture(scope="module")
def collected() -> Mapping[str, frozenset[int]]:
    """File → the rows of the tests that pytest would run from it: what merely stands in a source is none."""
    asked = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    paths = [str(TESTS / file) for file in _files()]
    told = subprocess.run([*asked, *paths], capture_output=True, text=True, cwd=TESTS.parent, check=True)  # noqa: S603
    found: dict[str, set[int]] = {}
    for line in told.stdout.splitlines():
        file, mark, _ = line.removeprefix("tests/").partition("::")
        for named, listed in _OF.findall(line) if mark else ():
            numbers = [int(text) for text in re.findall(r"\d{2}", named or listed)]
            if "_to_" in named:
                numbers = list(range(numbers[0], numbers[-1] + 1))
            found.setdefault(file, set()).update(numbers)
    return {file: frozenset(rows) for file, rows in found.items()}


def test_the_index_has_every_row_of_the_table() -> None:
    assert sorted(ROWS) == list(range(1, 95))


@pytest.mark.parametrize("number", sorted(ROWS))
def test_every_file_named_for_a_row_holds_a_test_of_it(number: int) -> None:
    assert ROWS[number].files
    for file in ROWS[number].files:
        assert rows_of(file).get(number), f"{file} has no test that names row {number}"


def test_every_row_has_tests_in_each_of_its_files_that_pytest_runs(collected: Mapping[str, frozenset[int]]) -> None:
    missing = [
        (number, file)
        for number, row in ROWS.items()
        for file in row.files
        if number not in collected.get(file, frozenset())
    ]
    assert missing == []


def test_no_test_of_these_files_is_switched_off() -> None:
    assert [file for file in _files() if _SWITCHED_OFF.search((TESTS / file).read_text("utf-8"))] == []


def test_the_index_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    told = capsys.readouterr().out
    assert "94 Prose against example" in told and "test_aba_pushback.py::[01 no signature]" in told
