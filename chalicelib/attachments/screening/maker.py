"""The process that makes pictures of pages and copies within the rules, of a file that was looked at and taken.

`python -m chalicelib.attachments.screening.maker PATH TASK`, bounded like the one that looks. Each thing is written to
`made-N` beside the file, then one line says what it is; whoever reads believes whole lines only. The file itself is only read.

Pictures show what PDFium shows of the stored bytes, notes and fields included. Copies carry no EXIF, place or comment. There
is no copy as PDF/A: what could make one of any PDF is under the AGPL (Ghostscript, MuPDF), and typst cannot embed a PDF in one.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chalicelib.attachments.screening import cell
from chalicelib.attachments.screening.child import bound
from chalicelib.attachments.screening.model import JPEG, PDF, PNG, SMALLER, SVG, Task
from chalicelib.contracts.attachment import PAGE

PAGES = 12
SIDE = 1000  # pixels: a page of A4 at 85 dpi
Thing = tuple[str, int, str, str, Any]  # what, page, media type, tool, picture


def main(path: Path, task: Task) -> None:
    """Make, within limits."""
    bound(cell.MADE_BYTES)
    make = _maker(task)
    _say(cell.READY)
    for number, (what, page, media_type, tool, picture) in enumerate(make(path, task)):
        options: dict[str, Any] = {"quality": 92} if media_type == JPEG else {"optimize": True}
        picture.save(path.with_name(f"made-{number}"), media_type.removeprefix("image/").upper(), **options)
        _say(json.dumps({"what": what, "page": page, "media_type": media_type, "tool": tool}) + "\n")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _maker(task: Task) -> Callable[[Path, Task], Iterator[Thing]]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the file was taken: its sides are known to be within bounds
    if task.media_type == PDF:
        import pypdfium2  # type: ignore[import-untyped]  # noqa: F401 - loaded before the file is opened

        return _pages
    if task.media_type in {JPEG, PNG}:
        return _picture
    if task.media_type == SVG:
        from chalicelib.attachments.screening import pdf_pages  # noqa: F401 - loads typst, likewise

        return _drawing
    return _nothing


def _nothing(path: Path, task: Task) -> Iterator[Thing]:  # noqa: ARG001 - as the others
    return iter(())


def _pages(path: Path, task: Task) -> Iterator[Thing]:  # noqa: ARG001 - as the others
    import pypdfium2

    tool = f"pdfium-{pypdfium2.PDFIUM_INFO.build}"
    with pypdfium2.PdfDocument(path) as document:
        document.init_forms()
        for number in range(min(len(document), PAGES)):
            page = document[number]
            scale = SIDE / max(page.get_size())
            yield PAGE, number + 1, PNG, tool, page.render(scale=min(scale, 2.0)).to_pil().convert("RGB").quantize(64)
            page.close()


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
