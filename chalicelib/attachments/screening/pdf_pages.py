"""What pages show, by two renderers of different lineage: PDFium (C++, Chrome's) and typst's own (Rust). They must agree.

A page that two programs draw differently is not evidence of anything, so such a file is refused. Drawings are small (72 dpi,
at most 1,000 pixels a side) and compared by structure: a pixel counts only if it lies outside the range of the other drawing
within two pixels around it, and only a patch of such pixels makes a difference. That forgives smoothing and hinting; over the
real documents we have it never passed 21 of 255 where the pages were the same, while a removed word or another line of text
gives 55 and more. One changed digit is below what it sees; the strict parser before it stands against what makes that possible.

At most twelve pages are drawn: the first six, the last, and others chosen by lot, in an order by lot, so that nobody knows
which are not looked at; fewer, but four, if they take long (what takes longer still is ended by the limits of the process). A
report says how many were compared.
Notes and form fields are not drawn, because typst draws none: they are a finding of `pdf_objects`.
"""

import io
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]
import typst
from PIL import Image, ImageChops

from chalicelib.attachments.screening.model import Refusal

DPI = 72.0
MAX_SIDE = 1000  # pixels
MAX_DRAWN, ALWAYS = 12, 6
AT_ONCE, AT_LEAST = 4, 4
ENOUGH = 3.0  # seconds of the processor since the process began: half of what it has
NEIGHBOURS = 5  # pixels: the square within which a difference is forgiven
PATCH = 6  # pixels a side of a patch
LIMIT = 36  # of 255, the mean over one patch
SIZE_SLACK = 2  # pixels
FLAT = 12  # of 255: a picture of text that varies less shows nothing
MIN_TEXT = 4.0  # points: smaller boxes hold no word
_FLAGS = 0  # neither notes nor fields


def compare(path: Path, pages: int) -> tuple[int, list[str]]:
    """How many pages were compared, and what was found. Refusal if the renderers differ, or one cannot draw the file."""
    chosen, done, seen = choose(pages), 0, Seen()
    while done < len(chosen) and (done < AT_LEAST or time.process_time() < ENOUGH):
        some = sorted(chosen[done : done + AT_ONCE])
        seen = _draw_twice(path, some, seen)
        done += len(some)
    return done, seen.findings()


@dataclass(frozen=True)
class Seen:
    """What the pages drawn so far have shown."""

    text: bool = False
    hidden: bool = False

    def findings(self) -> list[str]:
        """As codes."""
        return [*([] if self.text else ["pdf.no-text"]), *(["pdf.hidden-text"] if self.hidden else [])]


def _draw_twice(path: Path, some: list[int], seen: Seen) -> Seen:
    try:
        drawn, seen = _pdfium(path, some, seen, times=1)
        others = _typst(path, some, [picture.width for picture in drawn])
        doubtful = [
            number for number, one, other in zip(some, drawn, others, strict=True) if difference(one, other) > LIMIT
        ]
        if doubtful:
            _closer(path, doubtful)
    except pypdfium2.PdfiumError as error:
        raise Refusal("pdf.damaged") from error
    return seen


def _closer(path: Path, doubtful: list[int]) -> None:
    """A second look at twice the scale, brought back to the first: thin slanted lines may differ at the one only."""
    drawn, _ = _pdfium(path, doubtful, Seen(), times=2)
    for one, other in zip(drawn, _typst(path, doubtful, [picture.width for picture in drawn]), strict=True):
        if difference(one.reduce(2), other.reduce(2)) > LIMIT:
            raise Refusal("pdf.shows-differently")


def choose(pages: int) -> list[int]:
    """Which pages are drawn, counted from 0, in the order in which they are: the first page, then as the lot falls."""
    lot = secrets.SystemRandom()
    if pages <= MAX_DRAWN:
        return [0, *lot.sample(range(1, pages), pages - 1)]
    by_lot = lot.sample(range(ALWAYS, pages - 1), MAX_DRAWN - ALWAYS - 1)
    others = [*range(1, ALWAYS), *by_lot, pages - 1]
    return [0, *lot.sample(others, len(others))]


def difference(one: Image.Image, other: Image.Image) -> int:
    """0 to 255: the worst patch. 255 if the sizes differ."""
    if any(abs(a - b) > SIZE_SLACK for a, b in zip(one.size, other.size, strict=True)):
        return 255
    box = (0, 0, min(one.width, other.width), min(one.height, other.height))
    a, b = one.crop(box), other.crop(box)
    apart = ImageChops.lighter(_outside(a, b), _outside(b, a))
    patches = apart.resize((max(1, box[2] // PATCH), max(1, box[3] // PATCH)), Image.Resampling.BOX)
    return int(patches.getextrema()[1])  # type: ignore[arg-type]  # one band


def _outside(a: Image.Image, b: Image.Image) -> Image.Image:
    """By how much each pixel of `a` lies outside the range of `b` around it."""
    low, high = _extreme(b, ImageChops.darker, 255), _extreme(b, ImageChops.lighter, 0)
    return ImageChops.lighter(ImageChops.subtract(low, a), ImageChops.subtract(a, high))


def _extreme(b: Image.Image, choose_between: Callable[[Image.Image, Image.Image], Image.Image], beyond: int) -> Image.Image:
    """The darkest or lightest of the square around each pixel: along the lines, then along the columns (Pillow's own filter
    sorts every square, and takes ten times as long)."""
    width, height = b.size
    padded = Image.new("L", (width + NEIGHBOURS - 1, height + NEIGHBOURS - 1), beyond)
    padded.paste(b, (NEIGHBOURS // 2, NEIGHBOURS // 2))
    along = [padded.crop((at, 0, at + width, padded.height)) for at in range(NEIGHBOURS)]
    lines = reduce(choose_between, along)
    return reduce(choose_between, [lines.crop((0, at, width, at + height)) for at in range(NEIGHBOURS)])


def _pdfium(path: Path, chosen: list[int], seen: Seen, *, times: int) -> tuple[list[Image.Image], Seen]:
    drawn: list[Image.Image] = []
    hidden, with_text = seen.hidden, seen.text
    with pypdfium2.PdfDocument(path) as document:
        for number in chosen:
            page = document[number]
            picture, scale = _draw(page, times)
            drawn.append(picture)
            text, unseen = _text(page, picture, scale)
            with_text, hidden = with_text or text, hidden or unseen
            page.close()
    return drawn, Seen(with_text, hidden)


def _draw(page: Any, times: int) -> tuple[Image.Image, float]:
    """The page in grey, at an exact scale: the ready-made call stretches it to whole pixels, which blurs the comparison."""
    width, height = page.get_size()
    scale = times * min(DPI / 72.0, MAX_SIDE / max(width, height))
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    bitmap = pypdfium2.PdfBitmap.new_native(wide, high, pdfium.FPDFBitmap_BGRx)
    pdfium.FPDFBitmap_FillRect(bitmap.raw, 0, 0, wide, high, 0xFFFFFFFF)
    whole = max(1, int(width)), max(1, int(height))  # PDFium's own matrix maps the page to whole points
    matrix = pdfium.FS_MATRIX(scale * width / whole[0], 0, 0, scale * height / whole[1], 0, 0)
    pdfium.FPDF_RenderPageBitmapWithMatrix(bitmap.raw, page.raw, matrix, pdfium.FS_RECTF(0, 0, wide, high), _FLAGS)
    return bitmap.to_pil().convert("L"), scale


def _text(page: Any, picture: Image.Image, scale: float) -> tuple[bool, bool]:
    """Whether the page has text, and whether some of it cannot be seen (under a black box, white on white)."""
    layer = page.get_textpage()
    try:
        if not layer.get_text_range(count=min(layer.count_chars(), 2000)).strip():
            return False, False
        if page.get_rotation():
            return True, False
        left, bottom, _, top = page.get_bbox()
        for at in range(min(layer.count_rects(), 400)):
            x1, y1, x2, y2 = layer.get_rect(at)
            if x2 - x1 < MIN_TEXT or y2 - y1 < MIN_TEXT or not layer.get_text_bounded(x1, y1, x2, y2).strip():
                continue
            box = tuple(round(value * scale) for value in (x1 - left, top - y2, x2 - left, top - y1))
            if box[0] < 0 or box[1] < 0 or box[2] > picture.width or box[3] > picture.height or y1 < bottom:
                continue
            shades: Any = picture.crop(box).getextrema()
            if shades[1] - shades[0] < FLAT:
                return True, True
        return True, False
    finally:
        layer.close()


def _typst(path: Path, chosen: list[int], widths: list[int]) -> list[Image.Image]:
    pages = "\n#pagebreak()\n".join(
        f'#image("{path.name}", format: "pdf", page: {number + 1}, width: {width}pt)'
        for number, width in zip(chosen, widths, strict=True)
    )
    source: Any = f"#set page(width: auto, height: auto, margin: 0pt)\n{pages}".encode()
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False)
    try:
        made: Any = typst.compile(source, root=path.parent, format="png", ppi=DPI, font_paths=fonts)
    except typst.TypstError as error:
        raise Refusal("pdf.damaged") from error
    return [_on_white(one) for one in (made if isinstance(made, list) else [made])]


def drawing(path: Path, side: int) -> tuple[Image.Image, str]:
    """A vector drawing within a square of `side` pixels, and what drew it. Refusal if it cannot be drawn."""
    from importlib.metadata import version

    source: Any = (
        "#set page(width: auto, height: auto, margin: 0pt)\n"
        f'#box(width: {side}pt, height: {side}pt, '
        f'image("{path.name}", format: "svg", width: 100%, height: 100%, fit: "contain"))'
    ).encode()
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False)
    try:
        made: Any = typst.compile(source, root=path.parent, format="png", ppi=DPI, font_paths=fonts)
    except typst.TypstError as error:
        raise Refusal("svg.not-allowed") from error
    return _on_white(made), f"typst-{version('typst')}"


def _on_white(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        shown = picture.convert("RGBA")
    white = Image.new("RGBA", shown.size, "white")
    white.alpha_composite(shown)
    return white.convert("L")
