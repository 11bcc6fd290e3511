"""QR codes (ISO/IEC 18004), model 2, bytes, error correction M (15 %): what a letter's address becomes, in a few milliseconds.

A letter's code holds a proof of 900 bytes; a general library takes 100 ms for it, five times as long as the letter. Here a
symbol is one integer, a bit for each module, the first row highest: a mask is one exclusive or, a rule of section 7.8.3 a few
shifts. What does not depend on the text (`_Plan`) is worked out once for each size. The tests hold every size against segno.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

# Table 9, error correction M: correction codewords of a block, and blocks, by version from 1
_CORRECTION = (
    10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
    26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
)  # fmt: skip
_BLOCKS = (
    1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16,
    17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
)  # fmt: skip
VERSIONS = range(1, 41)
_GUARD = 4  # light columns beside a row: what lies outside counts as light, and no shift leads into the next row
_STROKES = re.compile("0*1+")
_FINDERS = ("10111010000", "00001011101")  # table 11: what looks like a finder pattern, with light before or after it


class TooLong(ValueError):
    """More than 2,331 bytes."""


@dataclass(frozen=True)
class Code:
    """A symbol: `rows` of "0" (light) and "1" (dark), its version and the mask that was best."""

    rows: tuple[str, ...]
    version: int
    mask: int


def encode(text: str) -> Code:
    """The smallest symbol that holds `text` (UTF-8). TooLong."""
    body = text.encode()
    version = next((one for one in VERSIONS if len(body) + _head(one) <= _data(one)), None)
    if version is None:
        raise TooLong(f"{len(body)} bytes")
    plan = _plan(version)
    blank = int("".join(plan.place(_bits(_codewords(body, version), plan.room) + "01")), 2)
    masks = [(blank ^ pattern) | written for pattern, written in zip(plan.patterns, plan.formats, strict=True)]
    mask = min(range(8), key=lambda one: penalty(masks[one], plan.size))
    modules = f"{masks[mask]:0{plan.size * plan.stride}b}"
    rows = tuple(modules[at : at + plan.size] for at in range(0, len(modules), plan.stride))
    return Code(rows, version, mask)


def svg(text: str) -> str:
    """The symbol as SVG, a module one unit wide, without a border: who prints it keeps a quiet zone of four around it."""
    rows = encode(text).rows
    lines = "".join(f"M0 {y}" + "".join(map(_stroke, _STROKES.findall(row))) for y, row in enumerate(rows))
    size = len(rows)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -.5 {size} {size}"><path stroke="#000" d="{lines}"/></svg>\n'


@cache
def _stroke(modules: str) -> str:
    """Light modules, then dark ones, as steps of a path."""
    dark = modules.lstrip("0")
    return f"m{len(modules) - len(dark)} 0h{len(dark)}"


def penalty(symbol: int, size: int) -> int:
    """How hard a symbol is to read (section 7.8.3): lower is better."""
    stride = size + _GUARD
    dark = symbol << _GUARD * stride
    light = dark ^ _whole(size) << _GUARD * stride
    around = dark ^ (1 << (size + 2 * _GUARD) * stride) - 1  # what lies outside counts as light
    points = 10 * int(abs(symbol.bit_count() * 20 / size**2 - 10))
    for colour in (dark, light):
        pair = colour & colour >> 1
        points += 3 * (pair & pair >> stride).bit_count()
        for step in (1, stride):
            pair = colour & colour >> step
            five = pair & pair >> 2 * step & colour >> 4 * step
            points += five.bit_count() + 2 * (five & ~(five << step)).bit_count()
    for finder in _FINDERS:
        for step in (1, stride):
            found = -1
            for at, sign in enumerate(finder):
                found &= (dark if sign == "1" else around) >> at * step
            points += 40 * found.bit_count()
    return points


def _whole(size: int) -> int:
    """A symbol all dark."""
    return int(("1" * size + "0" * _GUARD) * size, 2)


# ---------------------------------------------------------------- codewords


def _head(version: int) -> int:
    """Bytes of mode, count and end (sections 7.4.1, 7.4.5, 7.4.9)."""
    return 2 if version < 10 else 3


def _codewords_of(version: int) -> int:
    return _modules(version) // 8


def _modules(version: int) -> int:
    """Modules that carry codewords (table 1)."""
    free = (16 * version + 128) * version + 64
    if version >= 2:
        across = version // 7 + 2
        free -= (25 * across - 10) * across - 55
    return free - (36 if version >= 7 else 0)


def _data(version: int) -> int:
    """Codewords of data."""
    return _codewords_of(version) - _CORRECTION[version - 1] * _BLOCKS[version - 1]


def _codewords(body: bytes, version: int) -> bytes:
    """The final sequence (section 7.6): data in blocks, a codeword of each in turn, then their corrections likewise."""
    head, room = _head(version), _data(version)
    count = 8 * (head - 1)
    bits = ((0b0100 << count) + len(body) << 8 * len(body) | int.from_bytes(body)) << 4
    data = bits.to_bytes(len(body) + head)
    data += (b"\xec\x11" * room)[: room - len(data)]
    blocks, degree = _BLOCKS[version - 1], _CORRECTION[version - 1]
    short, longer = divmod(room, blocks)
    parts, at = [], 0
    for number in range(blocks):
        size = short + (number >= blocks - longer)
        parts.append(data[at : at + size])
        at += size
    corrections = [_remainder(part, degree) for part in parts]
    first = bytes(one for ones in zip(*(part[:short] for part in parts), strict=True) for one in ones)
    last = b"".join(part[short:] for part in parts)
    return first + last + bytes(one for ones in zip(*corrections, strict=True) for one in ones)


def _bits(codewords: bytes, room: int) -> str:
    return f"{int.from_bytes(codewords):0{8 * len(codewords)}b}".ljust(room, "0")


def _remainder(data: bytes, degree: int) -> bytes:
    """The correction codewords of a block (section 7.5.2)."""
    table, top, kept = _multiples(degree), 8 * (degree - 1), (1 << 8 * (degree - 1)) - 1
    rest = 0
    for one in data:
        rest = (rest & kept) << 8 ^ table[rest >> top ^ one]
    return rest.to_bytes(degree)


@cache
def _multiples(degree: int) -> tuple[int, ...]:
    """The generator polynomial of `degree`, its first coefficient (1) left out, times each element of the field."""
    generator = [1]
    root = 1
    for _ in range(degree):
        longer = [*generator, 0]
        for at, coefficient in enumerate(generator):
            longer[at + 1] ^= _times(coefficient, root)
        generator, root = longer, _times(root, 2)
    return tuple(int.from_bytes(bytes(_times(one, by) for one in generator[1:])) for by in range(256))


def _times(one: int, other: int) -> int:
    """In GF(256) with the polynomial 0x11d."""
    product = 0
    while other:
        product ^= one * (other & 1)
        one, other = one << 1 ^ (one >> 7) * 0x11D, other >> 1
    return product


# ---------------------------------------------------------------- where everything stands


@dataclass(frozen=True)
class _Plan:
    """Of one version: how bits are placed, and each mask with its format."""

    size: int
    stride: int
    room: int
    place: "itemgetter[Any]"
    patterns: tuple[int, ...]
    formats: tuple[int, ...]


@cache
def _plan(version: int) -> _Plan:
    size, stride, room = 17 + 4 * version, 21 + 4 * version, _modules(version)
    fixed = _function_patterns(version)
    free = [(y, x) for y, x in _way(size) if (y, x) not in fixed]
    if len(free) != room:
        raise AssertionError(f"version {version} has {room} modules for data, not {len(free)}")
    source = {at: number for number, at in enumerate(free)}
    source |= {at: room + dark for at, dark in fixed.items()}
    cells = [source.get((y, x), room) for y in range(size) for x in range(stride)]

    def symbol(dark: Iterable[tuple[int, int]]) -> int:
        return sum(1 << size * stride - 1 - (y * stride + x) for y, x in dark)

    return _Plan(
        size,
        stride,
        room,
        itemgetter(*cells),
        tuple(symbol((y, x) for y, x in free if inverts(y, x)) for inverts in _MASKS),
        tuple(symbol(_format(mask, size)) for mask in range(8)),
    )


_MASKS: tuple[Callable[[int, int], bool], ...] = (  # table 10
    lambda y, x: (y + x) % 2 == 0,
    lambda y, _: y % 2 == 0,
    lambda _, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: y * x % 2 + y * x % 3 == 0,
    lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
)


def _way(size: int) -> Iterator[tuple[int, int]]:
    """The order in which bits are placed (section 7.7.3): columns of two from the right, up and down in turn."""
    upwards = True
    for right in (*range(size - 1, 6, -2), 5, 3, 1):
        for y in range(size - 1, -1, -1) if upwards else range(size):
            yield y, right
            yield y, right - 1
        upwards = not upwards


def _function_patterns(version: int) -> dict[tuple[int, int], bool]:
    """What does not carry data: whether it is dark. The modules of the format are light here (`_format`)."""
    size = 17 + 4 * version
    end = size - 1
    fixed = {(y, 8): False for y in range(9)} | {(8, x): False for x in range(9)}
    fixed |= {(end - at, 8): False for at in range(8)} | {(8, end - at): False for at in range(8)}
    fixed |= {(6, at): at % 2 == 0 for at in range(size)} | {(at, 6): at % 2 == 0 for at in range(size)}
    centres = _centres(version)
    for y in centres:
        for x in centres:
            if (y, x) not in {(6, 6), (6, end - 6), (end - 6, 6)}:
                fixed |= {(y + a, x + b): max(abs(a), abs(b)) != 1 for a in range(-2, 3) for b in range(-2, 3)}
    for top, left in ((3, 3), (3, end - 3), (end - 3, 3)):
        for a in range(-4, 5):
            for b in range(-4, 5):
                if 0 <= top + a <= end and 0 <= left + b <= end:
                    fixed[top + a, left + b] = max(abs(a), abs(b)) in {0, 1, 3}
    fixed[end - 7, 8] = True
    if version >= 7:
        said = _checked(version, 12, 0x1F25)
        for at in range(18):
            dark = bool(said >> at & 1)
            fixed[end - 10 + at % 3, at // 3] = fixed[at // 3, end - 10 + at % 3] = dark
    return fixed


def _centres(version: int) -> list[int]:
    """Of the alignment patterns (table E.1)."""
    if version == 1:
        return []
    across = version // 7 + 2
    step = (version * 8 + across * 3 + 5) // (across * 4 - 4) * 2
    return [6, *(10 + 4 * version - step * at for at in range(across - 2, -1, -1))]


def _format(mask: int, size: int) -> list[tuple[int, int]]:
    """The dark modules that tell error correction M and the mask, twice (section 7.9)."""
    said = _checked(mask, 10, 0x537) ^ 0x5412
    upright = [*((y, 8) for y in range(6)), (7, 8), (8, 8), *((size - 15 + at, 8) for at in range(8, 15))]
    across = [*((8, size - 1 - at) for at in range(8)), (8, 7), *((8, 14 - at) for at in range(9, 15))]
    return [places[at] for places in (upright, across) for at in range(15) if said >> at & 1]


def _checked(value: int, degree: int, generator: int) -> int:
    """`value` and its BCH check bits (annexes C and D)."""
    rest = value << degree
    for at in range(rest.bit_length() - 1, degree - 1, -1):
        if rest >> at & 1:
            rest ^= generator << at - degree
    return value << degree | rest
