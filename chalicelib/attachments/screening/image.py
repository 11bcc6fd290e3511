"""A JPEG or PNG, in the cell: size by its header, the file walked to its end, then decoded once, in full.

Nothing may follow the picture: what another program could read there is refused. A telephone's further JPEGs behind the first
(CIPA DC-007) are pictures, and pass. Outside the office's profile is a finding. The file is kept as it was sent; what it says
beside the picture (place, comments) is taken off derived copies only.
"""

import struct
import zlib
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from chalicelib.attachments.screening.model import JPEG, Refusal, Task

MAX_PIXELS = 50_000_000  # decoded in 150 to 200 MB; the cell has 480
LOW_RESOLUTION = 800  # pixels on the longer side: a page of A4 at 68 dpi
_GPS = 0x8825  # EXIF 2.32: pointer to the directory of places
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_PNG_SIGNATURE = 8


def look(path: Path, task: Task) -> tuple[str, ...]:
    """Findings. Refusal if it cannot be taken."""
    body = path.read_bytes()
    try:
        width, height = _jpeg(body) if task.media_type == JPEG else _png(body)
    except (IndexError, struct.error) as error:
        raise Refusal("image.damaged") from error
    findings = _sides(width, height, task)
    Image.MAX_IMAGE_PIXELS = None  # ours, from the header, stood before
    try:
        with Image.open(path, formats=["JPEG" if task.media_type == JPEG else "PNG"]) as picture:
            if picture.size != (width, height) or getattr(picture, "is_animated", False):
                raise Refusal("image.two-pictures")
            exif = picture.getexif()
            if _GPS in exif and exif.get_ifd(_GPS):
                findings.append("image.gps")
            picture.load()
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        TypeError,
        KeyError,
        struct.error,
        zlib.error,
        UnidentifiedImageError,
    ) as error:
        raise Refusal("image.damaged") from error
    return tuple(findings)


def _sides(width: int, height: int, task: Task) -> list[str]:
    if width < 1 or height < 1:
        raise Refusal("image.damaged")
    if width * height > MAX_PIXELS:
        raise Refusal("image.too-many-pixels")
    if task.picture is None:
        return ["image.low-resolution"] if max(width, height) < LOW_RESOLUTION else []
    found = ["image.too-small"] if min(width, height) < task.picture.min_side else []
    return found + (["image.too-large"] if max(width, height) > task.picture.max_side else [])


def _png(body: bytes) -> tuple[int, int]:
    """Sides, from the first chunk; every chunk's sum holds, and nothing follows the last."""
    at, size = _PNG_SIGNATURE, (0, 0)
    while True:
        length, kind = struct.unpack_from(">I4s", body, at)
        data = memoryview(body)[at + 8 : at + 8 + length]
        (crc,) = struct.unpack_from(">I", body, at + 8 + length)
        if zlib.crc32(data, zlib.crc32(kind)) != crc:
            raise Refusal("image.damaged")
        if at == _PNG_SIGNATURE:
            if kind != b"IHDR" or length != 13:
                raise Refusal("image.damaged")
            size = struct.unpack_from(">II", data)
            if size[0] * size[1] > MAX_PIXELS:
                return size
        elif kind == b"acTL":
            raise Refusal("image.two-pictures")
        at += 12 + length
        if kind == b"IEND":
            break
    if at != len(body):
        raise Refusal("file.two-in-one")
    return size


def _jpeg(body: bytes) -> tuple[int, int]:
    """Sides, from the first frame header; after the first picture's end come more JPEGs, zeros, or nothing."""
    size, end = _one_jpeg(body, 0)
    while True:
        while end < len(body) and body[end] == 0:
            end += 1
        if end == len(body):
            return size
        if body[end : end + 3] != b"\xff\xd8\xff":
            raise Refusal("file.two-in-one")
        end = _one_jpeg(body, end)[1]


def _one_jpeg(body: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Sides, and where it ends (ITU-T T.81 annex B)."""
    at += 2
    size = (0, 0)
    while True:
        marker, at = _marker(body, at)
        if marker == 0xD9:
            if size == (0, 0):
                raise Refusal("image.damaged")
            return size, at
        if marker in _ALONE:
            continue
        (length,) = struct.unpack_from(">H", body, at)
        if length < 2:
            raise Refusal("image.damaged")
        if marker in _FRAMES and size == (0, 0):
            height, width = struct.unpack_from(">HH", body, at + 3)
            size = (width, height)
            if width * height > MAX_PIXELS:
                raise Refusal("image.too-many-pixels")
        at += length
        if marker == 0xDA:
            at = _after_scan(body, at)


def _marker(body: bytes, at: int) -> tuple[int, int]:
    """The marker here, and where its segment begins."""
    if body[at] != 0xFF:
        raise Refusal("image.damaged")
    while body[at] == 0xFF:
        at += 1
    return body[at], at + 1


def _after_scan(body: bytes, at: int) -> int:
    """Where the coded data end: at the first marker that is neither stuffing nor a restart."""
    while True:
        at = body.find(b"\xff", at)
        if at < 0:
            raise Refusal("image.damaged")
        if body[at + 1] != 0 and not 0xD0 <= body[at + 1] <= 0xD7 and body[at + 1] != 0xFF:
            return at
        at += 1 if body[at + 1] == 0xFF else 2
