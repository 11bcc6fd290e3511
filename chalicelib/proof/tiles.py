"""The log as static files (C2SP tlog-tiles): tiles of 256 hashes, bundles of 256 entries, found by number alone.

- `tile/<level>/<number>` holds the roots of complete subtrees of 256^level leaves; a tile that is not full yet carries its
  width in its name (`.p/<width>`). What a name holds never changes.
- `tile/entries/<number>` holds the entries themselves, each after its length in two bytes, big-endian.
- A `TiledTree` reads any hash of the tree from the tiles: proofs need nothing else, and no trust in who serves them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from chalicelib.proof.merkle import SIZE, node_hash

WIDTH = 256
HEIGHT = 8
MAX_ENTRY = 0xFFFF

Fetch = Callable[[str], bytes]  # the file of a name; FileNotFoundError if there is none


class BadTile(ValueError):
    """A tile or bundle that is not what its name says."""


def number_path(number: int) -> str:
    """`1234067` → `x001/x234/067`."""
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.append(f"x{number % 1000:03d}")
    return "/".join(reversed(parts))


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """The name of a tile, or with level `entries` of a bundle."""
    return f"tile/{level}/{number_path(number)}" + ("" if width == WIDTH else f".p/{width}")


def width_of(level: int, number: int, size: int) -> int:
    """How many hashes a tile has in a tree of `size` leaves: 256, fewer at the right edge, 0 beyond it."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - number * WIDTH))


def bundle(entries: Sequence[bytes]) -> bytes:
    """A bundle of entries. ValueError for one over 65,535 bytes."""
    if any(len(entry) > MAX_ENTRY for entry in entries):
        raise ValueError(f"an entry has at most {MAX_ENTRY} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundle(data: bytes) -> Iterator[bytes]:
    """The entries of a bundle. BadTile if it is cut short."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        entry = data[at + 2 : at + 2 + size]
        if at + 2 + size > len(data):
            raise BadTile("a bundle of entries is cut short")
        yield entry
        at += 2 + size


def subtree(hashes: Sequence[bytes]) -> bytes:
    """The root of a power of two of hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


@dataclass
class TiledTree:
    """A tree of `size` leaves in tiles. Every tile is fetched once."""

    size: int
    fetch: Fetch
    _tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def __call__(self, level: int, index: int) -> bytes:
        """See `merkle.Nodes`."""
        row, height = divmod(level, HEIGHT)
        first = index << height
        tile = self.tile(row, first // WIDTH)
        at = first % WIDTH * SIZE
        wanted = tile[at : at + (SIZE << height)]
        if len(wanted) != SIZE << height:
            raise BadTile(f"level {level} has no hash {index} in a tree of {self.size}")
        return subtree([wanted[place : place + SIZE] for place in range(0, len(wanted), SIZE)])

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of one tile as this tree needs it, joined. BadTile if it is shorter or longer."""
        if (level, number) not in self._tiles:
            width = width_of(level, number, self.size)
            data = self.fetch(tile_path(level, number, width)) if width else b""
            if len(data) != width * SIZE:
                raise BadTile(f"{tile_path(level, number, width)} has {len(data)} bytes")
            self._tiles[level, number] = data
        return self._tiles[level, number]

    def leaf(self, index: int) -> bytes:
        """The hash of one leaf."""
        return self(0, index)

    def entries(self, number: int) -> tuple[bytes, ...]:
        """One bundle of entries. BadTile if it holds another number of them than this tree has there."""
        width = width_of(0, number, self.size)
        found = tuple(unbundle(self.fetch(tile_path("entries", number, width))))
        if len(found) != width:
            raise BadTile(f"{tile_path('entries', number, width)} holds {len(found)} entries")
        return found
