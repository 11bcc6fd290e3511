"""Further hostile files, of kinds that stand nowhere in the table: none hangs, none grows, none is an error of ours.

`refused` and `looked_at` hold each look to the bars (`looking.py`); here stands what becomes of the file.
"""

import io
import struct
import zlib

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image

from chalicelib.attachments.screening.model import JPEG, PNG, SVG, XML
from tests.files import chunk, page, pdf, png, stream
from tests.integration.attachments.looking import DESIGN, asked, found, looked_at, refused
from tests.integration.attachments.test_hostile_pdfs import made

TAKEN = ""
JBIG2 = struct.pack(">IBBIIIIIBH", 0, 48, 1, 19, 2**31 - 1, 2**31 - 1, 0, 0, 0, 0)  # one segment: a page of such sides
JPX = b"\xff\x4f\xff\x51" + struct.pack(">HHIIIIIIIIH", 41, 0, 2**31, 2**31, 0, 0, 1, 1, 0, 0, 1) + b"\x07\x01\x01"
DCT = b"\xff\xd8\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00\xff\xd9"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def header(width: int, height: int, depth: int = 8, colour: int = 0, interlaced: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def picture_pdf(filter_: bytes, data: bytes, width: int, height: int, more: bytes = b"") -> bytes:
    """One page that shows one picture."""
    image = stream(
        data, b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/%s %s"
        % (width, height, filter_, more),
    )  # fmt: skip
    return page(image, resources=b"/XObject<</I 5 0 R>>", draws=b"300 0 0 300 0 0 cm /I Do")


class TestPdf:
    def test_script_under_many_nodes_of_the_names_tree(self) -> None:
        def change(document: pikepdf.Pdf) -> None:
            script = document.make_indirect(Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)")))
            node = Dictionary(Names=Array([pikepdf.String("a"), script]))
            for _ in range(40):
                node = Dictionary(Kids=Array([document.make_indirect(node)]))
            document.Root.Names = Dictionary(Dests=document.make_indirect(node))

        assert refused(made(change)) == "pdf.script"

    def test_script_that_hangs_on_an_object_nobody_refers_to_by_a_known_key(self) -> None:
        def change(document: pikepdf.Pdf) -> None:
            script = document.make_indirect(Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)")))
            document.Root.Unheard = Array([Dictionary(Deep=Array([script]))])

        assert refused(made(change)) == "pdf.script"

    def test_script_in_a_stream_and_not_a_string(self) -> None:
        def change(document: pikepdf.Pdf) -> None:
            code = document.make_indirect(Stream(document, b"app.alert(1)"))
            document.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=code)

        assert refused(made(change)) == "pdf.script"

    @pytest.mark.parametrize(
        "body",
        [
            pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"),
            pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 1>>"),
            pdf(b"<</Type/Catalog/Pages 1 0 R>>"),
            pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count -1>>",
                b"<</Type/Page/Parent 3 0 R>>"),
            pdf(b"2 0 R", b"1 0 R"),
        ],
        ids=["17-own-kid", "17-parents-kid", "17-catalog-as-pages", "17-own-parent", "17-only-references"],
    )  # fmt: skip
    def test_page_trees_that_bite_their_tail(self, body: bytes) -> None:
        assert refused(body) in {"pdf.damaged", "pdf.no-pages", "pdf.page-size", "file.unreadable"}

    def test_a_length_that_is_the_stream_itself(self) -> None:
        body = page().replace(b"/Length 27 ", b"/Length 4 0 R")
        assert refused(body) in {"pdf.damaged", "file.unreadable"}

    def test_a_table_of_two_thousand_million_entries(self) -> None:
        body = page().replace(b"xref\n0 5\n", b"xref\n0 2147483647\n")
        assert refused(body) in {"pdf.damaged", "file.unreadable"}

    def test_a_size_in_the_trailer_that_lies(self) -> None:
        body = page()
        at = body.index(b"/Size")
        assert refused(body[:at] + b"/Size 9223372036854775807" + body[body.index(b"/Root", at) :]) in {
            TAKEN, "pdf.damaged", "file.unreadable"
        }  # fmt: skip

    def test_many_objects_that_are_nothing(self) -> None:
        assert refused(pdf(*[b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"], *[b"null"] * 20_000)) in {
            "pdf.no-pages", "file.unreadable"
        }  # fmt: skip

    def test_arrays_in_arrays_beyond_every_stack(self) -> None:
        body = page(entries=b"/Deep " + b"[" * 100_000 + b"]" * 100_000)
        assert refused(body) in {"pdf.no-pages", "pdf.damaged", "file.unreadable"}

    @pytest.mark.parametrize(
        "body",
        [
            picture_pdf(b"JBIG2Decode", JBIG2, 2**31 - 1, 2**31 - 1),
            picture_pdf(b"JPXDecode", JPX, 9, 9),
            picture_pdf(b"DCTDecode", DCT, 65535, 65535),
            picture_pdf(b"CCITTFaxDecode", bytes(50), 60000, 60000, b"/DecodeParms<</K -1/Columns 60000/Rows 60000>>"),
            picture_pdf(b"FlateDecode", zlib.compress(b"x"), 100000, 100000),
            picture_pdf(b"FlateDecode", zlib.compress(b"x"), 9, 9, b"/DecodeParms<</Predictor 15/Columns 2147483647>>"),
        ],
        ids=["jbig2", "jpx", "dct", "ccitt", "huge", "predictor"],
    )
    def test_16_pictures_in_a_page_that_claim_more_than_there_is(self, body: bytes) -> None:
        assert refused(body) in {
            TAKEN, "pdf.shows-differently", "pdf.damaged", "pdf.unknown-object", "file.unreadable"
        }  # fmt: skip

    def test_16_twenty_filters_one_after_another(self) -> None:
        data = b"0" * 100_000
        for _ in range(20):
            data = zlib.compress(data)
        filters = b"/Filter[" + b"/FlateDecode " * 20 + b"]"
        body = pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Resources<<>>/Contents 4 0 R>>",
            stream(data, filters),
        )
        assert refused(body) in {
            TAKEN, "pdf.shows-differently", "pdf.damaged", "file.unreadable"
        }  # fmt: skip

    def test_a_colour_profile_that_unpacks_without_end(self) -> None:
        profile = stream(zlib.compress(bytes(400_000_000), 9), b"/N 3/Filter/FlateDecode")
        body = page(
            profile,
            resources=b"/ColorSpace<</C[/ICCBased 5 0 R]>>",
            draws=b"/C cs 1 0 0 sc 50 50 100 100 re f",
        )
        assert refused(body) in {TAKEN, "pdf.shows-differently", "pdf.damaged", "file.unreadable"}

    def test_a_file_that_is_pdf_zip_and_html(self) -> None:
        ending = b"PK\x05\x06" + bytes(18)
        assert refused(page().replace(b"%\xe2\xe3\xcf\xd3", b"%<html><script>x</script>") + ending) == "file.two-in-one"
        assert refused(page() + b"<html><body>x</body></html>\n%%EOF") in {TAKEN, "pdf.damaged", "file.two-in-one"}

    def test_names_with_nothing_in_them(self) -> None:
        assert refused(page(entries=b"/A#00B /C#00D /OpenAction#00 1")) in {TAKEN, "pdf.damaged", "pdf.unknown-object"}

    def test_a_line_of_a_megabyte_and_more_where_a_header_is(self) -> None:
        assert refused(page(entries=b"/X (" + b"\\(" * 2_000_000 + b")")) in {TAKEN, "pdf.damaged"}


class TestPictures:
    @pytest.mark.parametrize("sides", [(2**31 - 1, 2**31 - 1), (2**32 - 1, 1), (1, 2**31), (0, 9), (100_000, 499)])
    def test_28_sides_that_no_picture_has(self, sides: tuple[int, int]) -> None:
        body = SIGNATURE + header(*sides) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
        assert refused(body, asked(PNG)) in {"image.too-many-pixels", "image.damaged"}

    def test_a_moving_picture_in_disguise(self) -> None:
        held = io.BytesIO()
        frames = [Image.new("L", (500, 500), shade) for shade in (0, 90, 200)]
        frames[0].save(held, "PNG", save_all=True, append_images=frames[1:])
        assert refused(held.getvalue(), asked(PNG)) == "image.two-pictures"

    def test_a_colour_profile_in_a_picture_that_unpacks_without_end(self) -> None:
        profile = chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(300_000_000), 9))
        body = png()
        assert refused(body[:33] + profile + body[33:], asked(PNG)) in {TAKEN, "image.damaged", "file.unreadable"}

    def test_a_hundred_thousand_chunks_of_text(self) -> None:
        body = png()
        text = b"".join(chunk(b"tEXt", b"k\0v") for _ in range(100_000))
        assert refused(body[:33] + text + body[33:], asked(PNG)) in {TAKEN, "image.damaged", "file.unreadable"}

    def test_27_another_format_behind_the_first_bytes_of_a_picture(self) -> None:
        gif = b"GIF89a" + bytes(600)
        for body in (gif, b"II*\0" + bytes(600), b"MM\0*" + bytes(600), b"\0" * 600, b"", b"\0"):
            assert refused(body, asked(PNG)) in {"upload.type-differs", "upload.empty"}
        assert refused(SIGNATURE + gif, asked(PNG)) == "image.damaged"
        assert refused(b"\xff\xd8\xff" + gif, asked(JPEG)) == "image.damaged"

    def test_a_photograph_with_two_headers_of_different_size(self) -> None:
        held = io.BytesIO()
        Image.new("RGB", (900, 900), "teal").save(held, "JPEG")
        body = held.getvalue()
        at = body.index(b"\xff\xc0")
        second = bytearray(body[at : at + 2 + int.from_bytes(body[at + 2 : at + 4], "big")])
        second[5:9] = b"\xff\xff\xff\xff"
        assert refused(body[:at] + body[at : at + len(second)] + bytes(second) + body[at + len(second) :], asked(JPEG)) in {
            "image.damaged", "image.two-pictures", "image.too-many-pixels"
        }  # fmt: skip

    def test_a_photograph_in_a_thousand_passes(self) -> None:
        held = io.BytesIO()
        Image.effect_noise((2000, 2000), 60).save(held, "JPEG", progressive=True)
        body = held.getvalue()
        start, end = body.rindex(b"\xff\xda"), body.rindex(b"\xff\xd9")
        assert refused(body[:start] + body[start:end] * 1000 + body[end:], asked(JPEG)) in {
            TAKEN, "image.damaged", "file.unreadable"
        }  # fmt: skip


SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="5cm" height="5cm"'


class TestMarkup:
    @pytest.mark.parametrize(
        "inside",
        [
            "<foreignObject><iframe xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>",
            "<use xlink:href='data:image/svg+xml;base64,PHN2Zy8+'/>",
            "<use xlink:href='\t\njavascript:alert(1)'/>",
            "<image xlink:href='data:image/png;base64,AAAA'/>",
            "<rect style='fill:url( &#104;ttp://x/)'/>",
            "<rect style='fill:u\\72l(http://x/)'/>",
            "<rect style='behavior:url(&quot;//x/&quot;)'/>",
            "<rect fill='url(  //x/y.svg#a)'/>",
            "<metadata><script xmlns='http://www.w3.org/1999/xhtml'>x</script></metadata>",
            "<a xlink:href='#x'><set attributeName='href' to='x'/></a>",
            "<g onLoad='x'/>",
        ],
        ids=["foreign", "data", "script", "image", "entity", "escape", "behavior", "protocol", "aside", "set", "event"],
    )  # fmt: skip
    def test_30_drawings_that_hold_more(self, inside: str) -> None:
        assert refused(f"<svg {SPACES}>{inside}</svg>".encode(), asked(SVG, picture=DESIGN)) == "svg.not-allowed"

    def test_30_uses_of_uses_by_the_billion(self) -> None:
        levels = "".join(
            f"<g id='l{level}'>" + f"<use xlink:href='#l{level - 1}'/>" * 10 + "</g>" for level in range(1, 12)
        )
        body = f"<svg {SPACES}><defs><g id='l0'><path d='M0 0h9'/></g>{levels}</defs><use xlink:href='#l11'/></svg>"
        assert refused(body.encode(), asked(SVG, picture=DESIGN)) in {"xml.too-complex", "svg.not-allowed", TAKEN}

    @pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"])
    def test_34_the_billion_laughs_in_another_coding(self, coding: str) -> None:
        laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
        body = f'<?xml version="1.0" encoding="{coding}"?><!DOCTYPE r [<!ENTITY l0 "ha">{laughs}]><r>&l9;</r>'
        said = refused(body.encode(coding), asked(XML))
        assert said in {"xml.reaches-out", "xml.damaged", "upload.type-differs"}

    def test_34_one_entity_used_a_million_times(self) -> None:
        body = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "{"a" * 100_000}">]><r>{"&a;" * 100_000}</r>'
        assert refused(body.encode(), asked(XML)) == "xml.reaches-out"

    def test_one_attribute_of_fifty_megabytes(self) -> None:
        assert refused(b"<?xml version='1.0'?><a b='" + b"x" * 50_000_000 + b"'/>", asked(XML)) in {
            TAKEN, "xml.damaged", "xml.too-complex", "file.unreadable"
        }  # fmt: skip

    def test_long_comments_are_read_in_time(self) -> None:
        comment = b"<!-- " + b"a" * (1 << 20) + b" -->\n"
        assert refused(b"<?xml version='1.0'?>\n<a>" + comment * 20 + b"</a>", asked(XML)) == TAKEN

    def test_a_million_attributes(self) -> None:
        many = b" ".join(b"a%d='1'" % number for number in range(1_000_000))
        assert refused(b"<?xml version='1.0'?><a " + many + b"/>", asked(XML)) in {"xml.too-complex", "file.unreadable"}


def test_what_is_taken_of_these_is_taken_for_what_it_shows() -> None:
    assert looked_at(page()).compared == 1
    assert "pdf.no-text" in found(page())
