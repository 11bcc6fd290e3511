"""Ordinary files, as ordinary programs write them, are taken: each is made here in the manner of one program or another.

What a program is known by is its structure (object streams, tags, outlines, links, colour profiles, increments), so that is
what is made: with typst (text, Khmer, PDF/A), Pillow (scans) and pikepdf (everything that sits around a page).
"""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import typst
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageDraw

from chalicelib.wiring.ground import fonts_folder
from infra.local import samples
from tests.files import page
from tests.integration.attachments.looking import asked, looked_at

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
KHMER = "ឧបករណ៍ចម្រោះទឹកដោយថាមពលព្រះអាទិត្យ។ សិទ្ធិទាមទារ ១. ឧបករណ៍ដែលមានតម្រងសេរ៉ាមិច។"
LATIN = "1. A device for filtering water, comprising a ceramic element and a pump driven by the sun."


def written(source: str, **options: Any) -> bytes:
    made = typst.compile(source.encode(), format="pdf", font_paths=[str(fonts_folder())], **options)
    assert isinstance(made, bytes)
    return made


@cache
def text(pages: int = 2, body: str = LATIN) -> bytes:
    return written("#pagebreak()\n".join(f"= Page {number}\n{body * 8}\n" for number in range(pages)))


def changed(change: Callable[[pikepdf.Pdf], None] | None = None, body: bytes | None = None, **options: Any) -> bytes:
    with pikepdf.open(io.BytesIO(body or text())) as document:
        if change:
            change(document)
        held = io.BytesIO()
        document.save(held, **options)
    return held.getvalue()


def sheet(mode: str = "RGB", size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    """A scanned page: lines of writing on paper that is not quite white."""
    picture = Image.new("L", size, 246)
    draw = ImageDraw.Draw(picture)
    for line in range(60, size[1] - 60, 44):
        draw.rectangle((90, line, 90 + (line * 7) % (size[0] - 300) + 150, line + 12), fill=40)
    return picture.convert(mode)


def scan(mode: str = "RGB", **options: Any) -> bytes:
    held = io.BytesIO()
    sheet(mode).save(held, "PDF", resolution=150, **options)
    return held.getvalue()


def several_scans() -> bytes:
    held = io.BytesIO()
    sheet().save(held, "PDF", save_all=True, append_images=[sheet("L") for _ in range(5)], resolution=150)
    return held.getvalue()


def packed_with(filter_name: str, data: bytes, **entries: Any) -> bytes:
    """A page that is one picture."""

    def change(document: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(document, data)
        stream.stream_dict = Dictionary(
            Type=Name.XObject, Subtype=Name.Image, Width=620, Height=877, BitsPerComponent=8, Filter=Name("/" + filter_name),
            Length=len(data), **entries,
        )  # fmt: skip
        sheet_of = document.pages[0].obj
        sheet_of.Resources = Dictionary(XObject=Dictionary(X=document.make_indirect(stream)))
        sheet_of.Contents = document.make_stream(b"q 300 0 0 300 0 0 cm /X Do Q")

    return changed(change, page(), compress_streams=False)


def jpeg_2000() -> bytes:
    held = io.BytesIO()
    sheet("L", (620, 877)).save(held, "JPEG2000")
    return packed_with("JPXDecode", held.getvalue())


def cmyk_jpeg() -> bytes:
    held = io.BytesIO()
    sheet("RGB", (620, 877)).convert("CMYK").save(held, "JPEG")
    return packed_with("DCTDecode", held.getvalue(), ColorSpace=Name.DeviceCMYK, Decode=Array([1, 0] * 4))


def read_by_a_machine() -> bytes:
    """A scan with an invisible text layer over it, as programs for recognition write it."""

    def change(document: pikepdf.Pdf) -> None:
        font = document.make_indirect(
            Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
        )
        document.pages[0].obj.Resources.Font = Dictionary(F=font)
        lines = b"BT 3 Tr /F 9 Tf 50 780 Td (A device for filtering water) Tj ET"
        document.pages[0].contents_add(document.make_stream(lines))

    return changed(change, scan())


def with_outline_and_names(document: pikepdf.Pdf) -> None:
    """What LaTeX's hyperref and word processors add: outlines, named places, links within and to the web."""
    first = document.pages[0].obj
    with document.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Claims", 0, "Fit"))
    document.Root.OpenAction = Dictionary(S=Name.GoTo, D=Array([first, Name.Fit]))
    document.Root.PageMode = Name.UseOutlines
    document.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.D)]))
    places = Dictionary(Names=Array([String("cite.a"), Array([first, Name.XYZ, 0, 700, None])]))
    document.Root.Names = Dictionary(Dests=document.make_indirect(places))
    inner = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([10, 10, 40, 20]), Border=Array([0, 0, 1]),
                       A=Dictionary(S=Name.GoTo, D=String("cite.a")))  # fmt: skip
    outer = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([10, 30, 40, 40]),
                       A=Dictionary(S=Name.URI, URI=String("https://www.wipo.int/")))  # fmt: skip
    first.Annots = Array([document.make_indirect(inner), document.make_indirect(outer)])
    document.docinfo["/Creator"] = "LaTeX with hyperref"
    document.docinfo["/PTEX.Fullbanner"] = "This is pdfTeX"


def as_a_word_processor(document: pikepdf.Pdf) -> None:
    """Language, marks, XMP, viewer's wishes, a thumbnail-free page with a transparency group and tab order."""
    document.Root.Lang = String("km-KH")
    document.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    for one in document.pages:
        one.obj.Group = Dictionary(Type=Name.Group, S=Name.Transparency, CS=Name.DeviceRGB)
        one.obj.Tabs = Name.S
        one.obj.Rotate = 0
    with document.open_metadata() as xmp:
        xmp["dc:title"] = "សិទ្ធិទាមទារ"
        xmp["pdf:Producer"] = "A word processor"


def with_a_form(document: pikepdf.Pdf) -> None:
    """A form's text field, filled in, with its looks."""
    looks = document.make_stream(b"/Tx BMC q BT 0 g /H 9 Tf 2 4 Td (Anna) Tj ET Q EMC")
    looks.stream_dict = Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 90, 14]), Resources=Dictionary())
    field = document.make_indirect(
        Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("name"), V=String("Anna"), F=4,
                   Rect=Array([50, 700, 140, 714]), DA=String("/H 9 Tf 0 g"), AP=Dictionary(N=looks))
    )  # fmt: skip
    document.pages[0].obj.Annots = Array([field])
    document.Root.AcroForm = Dictionary(Fields=Array([field]), DA=String("/H 9 Tf 0 g"), NeedAppearances=False)


def turned(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.Rotate = 90
    document.pages[1].obj.CropBox = Array([30, 30, 500, 700])


def large_drawing() -> bytes:
    return written("#set page(width: 84cm, height: 119cm)\n#circle(radius: 20cm)\n#line(length: 70cm, stroke: 0.2pt)")


def added_to() -> bytes:
    """Saved again by appending, as annotating programs do: a second table, a second end."""
    body = page()
    at = int(re.findall(rb"startxref\n(\d+)", body)[-1])
    new = b"4 0 obj\n<</Length 27>>\nstream\n0 0 0 rg 50 50 99 199 re f \nendstream\nendobj\n".replace(
        b"/Length 27", b"/Length 26"
    )
    table = b"xref\n4 1\n%010d 00000 n \ntrailer\n<</Size 5/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(body), at, len(body) + len(new),
    )  # fmt: skip
    return body + new + table


BENIGN: dict[str, Callable[[], bytes]] = {
    "typst": text,
    "khmer": lambda: text(2, KHMER),
    "khmer-and-latin": lambda: text(2, KHMER + LATIN),
    "formula": lambda: written("$ integral_0^1 x^2 dif x = 1/3 $\n#table(columns: 3, [a], [b], [c], [1], [2], [3])"),
    "drawing": lambda: written("#rotate(20deg, rect(width: 5cm, height: 3cm, stroke: 0.4pt))\n#ellipse(width: 4cm)"),
    "gradient": lambda: written("#rect(width: 8cm, height: 5cm, fill: gradient.linear(red, blue))"),
    "pdf-a-1b": lambda: written(LATIN, pdf_standards=["a-1b"], timestamp=int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())),
    "pdf-a-2b": lambda: written(LATIN, pdf_standards=["a-2b"], timestamp=int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())),
    "pdf-a-2u-khmer": lambda: written(KHMER, pdf_standards=["a-2u"], timestamp=1_767_225_600),
    "pdf-1.4": lambda: written(LATIN, pdf_standards=["1.4"]),
    "pdf-2.0": lambda: written(LATIN, pdf_standards=["2.0"]),
    "sample-of-ours": lambda: samples.patent_files()[0].body,
    "latex-like": lambda: changed(with_outline_and_names),
    "latex-like-packed": lambda: changed(with_outline_and_names, object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "word-processor": lambda: changed(as_a_word_processor),
    "for-the-web": lambda: changed(as_a_word_processor, linearize=True),
    "unpacked": lambda: changed(compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized),
    "a-form": lambda: changed(with_a_form),
    "turned-and-cropped": lambda: changed(turned),
    "large-drawing": large_drawing,
    "added-to": added_to,
    "scan-colour": scan,
    "scan-grey": lambda: scan("L"),
    "scan-black-and-white": lambda: scan("1"),
    "scan-palette": lambda: scan("P"),
    "scans": several_scans,
    "scan-read": read_by_a_machine,
    "jpeg-2000": jpeg_2000,
    "cmyk": cmyk_jpeg,
    "forty-pages": lambda: text(40),
}


@pytest.mark.parametrize("name", sorted(BENIGN))
def test_an_ordinary_pdf_is_taken(name: str) -> None:
    report = looked_at(BENIGN[name]())
    assert not report.refused
    assert report.pages
    assert report.compared >= min(4, report.pages)


@pytest.mark.skipif(not DATA.is_dir(), reason="no real documents: ../shared/data is absent")
def test_every_real_pdf_that_we_have_is_taken() -> None:
    paths = sorted(DATA.rglob("*.pdf"))
    assert paths
    assert {path.name: looked_at(path.read_bytes()).refused for path in paths} == {path.name: "" for path in paths}


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_an_ordinary_picture_is_taken(form: str, mode: str) -> None:
    held = io.BytesIO()
    picture = sheet(mode)
    (picture.convert("L") if (form, mode) == ("JPEG", "1") else picture).save(held, form)
    assert looked_at(held.getvalue(), asked(f"image/{form.lower()}")).refused == ""
