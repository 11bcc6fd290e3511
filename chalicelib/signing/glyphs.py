"""What our fonts can print. A sign they lack never stops a letter: it is shown by its code, `[U+5317]`.

- Controls and signs that reorder or hide text are dropped (line breaks and tabs become a space); joiners and zero-width
  spaces, which Khmer needs, stay.
- A base and its marks must come from one font; marks that no font has together with their base are shown by code.
- Past their first signs, long unbroken runs (file names) get zero-width spaces, so that a line can end anywhere.
  SHA-256 values stay whole.
- The exact text is in the receipt; the letter shows what can be read.
"""

import re
import struct
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

BREAK = "\u200b"
KEPT = 2_048  # texts; a letter has some 400
LONGEST_RUN = 24  # signs; a run this long still fits the columns that hold names
_JOINERS = {"\u200b", "\u200c", "\u200d"}
_UNBREAKABLE = {"\u00a0", "\u202f"}
_MARKS = {"Mn", "Mc", "Me"}
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class Family:
    """The files of one font family (regular, bold …)."""

    files: tuple[Path, ...]

    @cached_property
    def points(self) -> frozenset[int]:
        """The code points that all its files have. Read when first asked for: the wider fonts are large and rarely needed."""
        return frozenset.intersection(*(frozenset(code_points(path.read_bytes())) for path in self.files))


@dataclass(frozen=True)
class Coverage:
    """What the font families that a text may use can print, first choice first."""

    families: tuple[Family, ...]

    @classmethod
    def of(cls, families: Sequence[Sequence[Path]]) -> "Coverage":
        """Of the font files of each family."""
        return cls(tuple(Family(tuple(files)) for files in families))

    def printable(self, value: Any) -> Any:
        """`value` (JSON) with every string made printable; keys are left alone."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.printable(inner) for inner in value]
        if isinstance(value, dict):
            return {key: self.printable(inner) for key, inner in value.items()}
        return value

    @cached_property
    def text(self) -> Callable[[str], str]:
        """A text as it can be printed. What it found is kept for a while: nine of ten texts of a letter stand in the next."""
        return lru_cache(KEPT)(self._printed)

    def _printed(self, text: str) -> str:
        if _DIGEST.fullmatch(text) or (len(text) < LONGEST_RUN and text.isascii() and text.isprintable()):
            return text
        shown: list[str] = []
        run = 0
        for cluster in _clusters(_plain(unicodedata.normalize("NFC", text))):
            shown.append(self._cluster(cluster))
            run = run + len(shown[-1]) if _unbroken(cluster) else 0
            if run >= LONGEST_RUN:
                shown.append(BREAK)
        return "".join(shown)

    def _cluster(self, cluster: str) -> str:
        wanted = {ord(sign) for sign in cluster if sign not in _JOINERS}
        if any(wanted <= family.points for family in self.families):
            return cluster
        base, marks = cluster[0], cluster[1:]
        known = any(ord(base) in family.points for family in self.families)
        head = base if known and unicodedata.category(base) not in _MARKS else code(base)
        return head + "".join(code(mark) for mark in marks if mark not in _JOINERS)


def code(sign: str) -> str:
    """How a sign is shown that cannot be printed."""
    return f"[U+{ord(sign):04X}]"


def code_points(font: bytes) -> Iterator[int]:
    """The code points that an OpenType font maps to a glyph (`cmap` formats 4 and 12). ValueError if it has neither."""
    tables = struct.unpack_from(">H", font, 4)[0]
    start = next(
        struct.unpack_from(">I", font, at + 8)[0]
        for at in range(12, 12 + 16 * tables, 16)
        if font[at : at + 4] == b"cmap"
    )
    found = {}
    for index in range(struct.unpack_from(">H", font, start + 2)[0]):
        platform, _, offset = struct.unpack_from(">HHI", font, start + 4 + 8 * index)
        if platform in (0, 3):
            found[struct.unpack_from(">H", font, start + offset)[0]] = start + offset
    if 12 in found:
        yield from _format_12(font, found[12])
    elif 4 in found:
        yield from _format_4(font, found[4])
    else:
        raise ValueError("a font without a Unicode character map")


def _format_12(font: bytes, at: int) -> Iterator[int]:
    for index in range(struct.unpack_from(">I", font, at + 12)[0]):
        first, last, _ = struct.unpack_from(">III", font, at + 16 + 12 * index)
        yield from range(first, last + 1)


def _format_4(font: bytes, at: int) -> Iterator[int]:
    count = struct.unpack_from(">H", font, at + 6)[0] // 2
    ends, starts = at + 14, at + 16 + 2 * count
    deltas, offsets = starts + 2 * count, starts + 4 * count
    for index in range(count):
        first, last, delta, offset = (
            struct.unpack_from(">H", font, base + 2 * index)[0] for base in (starts, ends, deltas, offsets)
        )
        for point in range(first, min(last, 0xFFFE) + 1):
            glyph = point
            if offset:
                glyph = struct.unpack_from(">H", font, offsets + 2 * index + offset + 2 * (point - first))[0]
            if not offset or glyph:
                glyph = (glyph + delta) & 0xFFFF
            if glyph:
                yield point


def _plain(text: str) -> str:
    kept = []
    for sign in text:
        category = unicodedata.category(sign)
        if sign in "\n\r\t" or (category in {"Zl", "Zp", "Zs"} and sign not in _UNBREAKABLE):
            kept.append(" ")
        elif sign in _JOINERS or not (category in {"Cc", "Cf"} or _is_variation(sign)):
            kept.append(sign)
    return "".join(kept)


def _is_variation(sign: str) -> bool:
    return "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"


def _clusters(text: str) -> Iterator[str]:
    cluster = ""
    for sign in text:
        if cluster and (unicodedata.category(sign) in _MARKS or sign in _JOINERS or cluster[-1] in "\u17d2\u200d"):
            cluster += sign
        else:
            if cluster:
                yield cluster
            cluster = sign
    if cluster:
        yield cluster


def _unbroken(cluster: str) -> bool:
    """Whether a line cannot end here. It can after a space, hyphen or slash, and in scripts without case (category Lo),
    which break by word or sign."""
    ends = cluster.isspace() or cluster[0] in "-\u2010/" or BREAK in cluster
    return not ends and unicodedata.category(cluster[0]) != "Lo"
