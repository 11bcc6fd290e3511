"""QR codes: every size module by module as segno makes it, the best mask by the letter of the standard, nothing too long."""

import random
import re
from itertools import groupby

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.signing import qr

SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789-._~:/?#=&%ABCDEF"
LARGEST = 2_331  # bytes that the largest symbol holds (ISO/IEC 18004 table 7)


def theirs(text: str, mask: int) -> tuple[str, ...]:
    made = segno.make(text, error="m", mode="byte", encoding="utf-8", boost_error=False, micro=False, mask=mask, eci=False)
    return tuple("".join(map(str, row)) for row in made.matrix)


def spelled(rows: tuple[str, ...]) -> int:
    """The penalty of section 7.8.3, rule by rule over rows and columns."""
    columns = tuple("".join(column) for column in zip(*rows, strict=True))
    lines = [*rows, *columns]
    runs = [len(list(run)) for line in lines for _, run in groupby(line)]
    blocks = sum(
        len({rows[y][x], rows[y][x + 1], rows[y + 1][x], rows[y + 1][x + 1]}) == 1
        for y in range(len(rows) - 1)
        for x in range(len(rows) - 1)
    )
    finders = sum(
        len(re.findall(f"(?={pattern})", f"0000{line}0000")) for line in lines for pattern in ("10111010000", "00001011101")
    )
    dark = 100 * "".join(rows).count("1") / len(rows) ** 2
    return sum(run - 2 for run in runs if run >= 5) + 3 * blocks + 40 * finders + 10 * int(abs(dark - 50) / 5)


@pytest.mark.parametrize("version", qr.VERSIONS)
def test_a_full_symbol_of_every_size_is_module_by_module_that_of_segno(version: int) -> None:
    chance = random.Random(version)  # noqa: S311 - any text will do
    text = "".join(chance.choices(SIGNS, k=qr._data(version) - qr._head(version)))

    code = qr.encode(text)

    assert code.version == version
    assert code.rows == theirs(text, code.mask)


def test_what_does_not_fill_a_symbol_is_padded_as_the_standard_says() -> None:  # segno pads otherwise: it cannot be asked
    version_1 = qr._codewords(b"tra", 1)

    assert version_1[:16].hex() == "40374726" + "10" + "ec11" * 5 + "ec"


@settings(max_examples=15, deadline=None)
@given(st.text(SIGNS, min_size=1, max_size=300))
def test_the_mask_is_the_best_of_the_eight(text: str) -> None:
    code = qr.encode(text)

    symbol = int("".join(row + "0000" for row in code.rows), 2)
    assert qr.penalty(symbol, len(code.rows)) == spelled(code.rows)


def test_khmer_stands_in_it_as_utf_8() -> None:
    text = "កៅអី" * 3
    assert qr.encode(text).version == qr.encode("x" * len(text.encode())).version


def test_the_picture_has_every_dark_module_once() -> None:
    rows = qr.encode("https://tra.example/verify?number=KH%2FD%2F2026%2F10").rows

    drawn: set[tuple[int, int]] = set()
    for y, steps in re.findall(r"M0 (\d+)([^M]*)", qr.svg("https://tra.example/verify?number=KH%2FD%2F2026%2F10")):
        x = 0
        for light, dark in re.findall(r"m(\d+) 0h(\d+)", steps):
            drawn |= {(int(y), x + int(light) + at) for at in range(int(dark))}
            x += int(light) + int(dark)

    assert drawn == {(y, x) for y, row in enumerate(rows) for x, module in enumerate(row) if module == "1"}


def test_what_no_symbol_holds_is_refused() -> None:
    assert qr.encode("x" * LARGEST).version == 40
    with pytest.raises(qr.TooLong):
        qr.encode("x" * (LARGEST + 1))
