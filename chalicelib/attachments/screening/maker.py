"""The process that makes pictures of pages and copies within the rules, of a file that was looked at and taken.

`python -m chalicelib.attachments.screening.maker PATH TASK`, bounded like the one that looks. Each thing is written to
`made-N` beside the file, then one line says what it is; whoever reads believes whole lines only. The file itself is only read.

Pictures show what PDFium shows of the stored bytes, notes and fields included. Copies carry no EXIF, place or comment. The copy
as PDF/A-2b (`archive`) is of such pictures, each page in its size, written by typst: it shows what the file shows, and holds no
text to search. (What could keep the text of any PDF is under the AGPL: Ghostscript, MuPDF; typst embeds no PDF in a PDF/A.) It
is made of whole files only, and of none with more pages than `ARCHIVE_PAGES`.
"""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from chalicelib.attachments.screening import cell
from chalicelib.attachments.screening.child import bound
from chalicelib.attachments.screening.model import ARCHIVE, JPEG, PDF, PNG, SMALLER, SVG, Task
from chalicelib.contracts.attachment import PAGE

PAGES = 12
SIDE = 1000  # pixels: a page of A4 at 85 dpi
ARCHIVE_PAGES = 40  # what can be drawn in the time that a process has
ARCHIVE_DPI = 150
Thing = tuple[str, int, str, str, Any]  # what, page, media type, tool, picture or bytes


def main(path: Path, task: Task) -> None:
    """Make, within limits."""
    bound(cell.MADE_BYTES)
    make = _maker(task)
    _say(cell.READY)
    for number, (what, page, media_type, tool, picture) in enumerate(make(path, task)):
        to = path.with_name(f"made-{number}")
        if isinstance(picture, bytes):
            to.write_bytes(picture)
        else:
            options: dict[str, Any] = {"quality": 92} if media_type == JPEG else {"optimize": True}
            picture.save(to, media_type.removeprefix("image/").upper(), **options)
        _say(json.dumps({"what": what, "page": page, "media_type": media_type, "tool": tool}) + "\n")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _maker(task: Task) -> Callable[[Path, Task], Iterator[Thing]]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the file was taken: its sides are known to be within bounds
    if task.media_type == PDF:
        import pypdfium2  # type: ignore[import-untyped]  # noqa: F401 - loaded before the file is opened
        import typst  # noqa: F401 - likewise

        return _pages
    if task.media_type in {JPEG, PNG}:
        return _picture
    if task.media_type == SVG:
        from chalicelib.attachments.screening import pdf_pages  # noqa: F401 - loads typst, likewise

        return _drawing
    return _nothing


def _nothing(path: Path, task: Task) -> Iterator[Thing]:  # noqa: ARG001 - as the others
    return iter(())


def _pages(path: Path, task: Task) -> Iterator[Thing]:
    import pypdfium2

    tool = f"pdfium-{pypdfium2.PDFIUM_INFO.build}"
    with pypdfium2.PdfDocument(path) as document:
        document.init_forms()
        for number in range(min(len(document), PAGES)):
            page = document[number]
            scale = SIDE / max(page.get_size())
            yield PAGE, number + 1, PNG, tool, page.render(scale=min(scale, 2.0)).to_pil().convert("RGB").quantize(64)
            page.close()
        if task.archive and len(document) <= ARCHIVE_PAGES:
            yield _archived(path, document, tool, date.fromisoformat(task.archive))


def _archived(path: Path, document: Any, tool: str, day: date) -> Thing:
    """A PDF/A-2b of pictures of all pages, each in its size. It must bear a day."""
    from importlib.metadata import version

    import typst

    pages = []
    for number in range(len(document)):
        page = document[number]
        width, height = page.get_size()
        scale = min(ARCHIVE_DPI / 72, 4 * SIDE / max(width, height))
        picture = page.render(scale=scale).to_pil().convert("RGB")
        picture.save(path.with_name(f"archive-{number}.jpg"), "JPEG", quality=80)
        page.close()
        pages.append(
            f"#page(width: {width}pt, height: {height}pt, margin: 0pt, "
            f'image("archive-{number}.jpg", width: 100%, height: 100%, fit: "stretch", alt: "{number + 1}"))'
        )
    dated = f"#set document(date: datetime(year: {day.year}, month: {day.month}, day: {day.day}))"
    source: Any = "\n".join([dated, *pages]).encode()
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False)
    body = typst.compile(source, root=path.parent, format="pdf", pdf_standards=["a-2b"], font_paths=fonts)
    return ARCHIVE, 0, PDF, f"{tool}-typst-{version('typst')}", body


def _picture(path: Path, task: Task) -> Iterator[Thing]:
    import PIL
    from PIL import Image, ImageOps

    tool = f"pillow-{PIL.__version__}"
    with Image.open(path, formats=[task.media_type.removeprefix("image/").upper()]) as opened:
        upright = ImageOps.exif_transpose(opened)
        bare = Image.new(upright.mode, upright.size)
        bare.paste(upright)
        if upright.mode == "P":
            bare.putpalette(upright.getpalette() or [])
    shown = bare.convert("RGB")
    shown.thumbnail((SIDE, SIDE))
    yield PAGE, 1, PNG, tool, shown
    most = task.picture.max_side if task.picture else 0
    if most and max(bare.size) > most:
        smaller = bare.convert("RGB") if bare.mode in {"P", "1", "CMYK"} else bare
        smaller.thumbnail((most, most), Image.Resampling.LANCZOS)
        yield SMALLER, 0, task.media_type, tool, smaller


def _drawing(path: Path, task: Task) -> Iterator[Thing]:  # noqa: ARG001 - as the others
    from chalicelib.attachments.screening.pdf_pages import drawing

    picture, tool = drawing(path, SIDE)
    yield PAGE, 1, PNG, tool, picture


if __name__ == "__main__":
    main(Path(sys.argv[1]), Task.from_json(sys.argv[2]))
