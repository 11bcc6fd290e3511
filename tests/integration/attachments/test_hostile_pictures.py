"""Hostile and merely unsuitable pictures, SVG and XML, each made here; numbers: rows of the security reference, section 6."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from chalicelib.attachments.screening.model import JPEG, PNG, SVG, XML
from tests.files import chunk, png
from tests.integration.attachments.looking import DESIGN, asked, found, looked_at, refused

EUROPEAN = Path(__file__).resolve().parents[4] / "shared" / "data" / "ep"


def jpeg(width: int = 900, height: int = 900, **options: object) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(held, "JPEG", **options)
    return held.getvalue()


class TestPictures:
    def test_plain_ones_are_taken(self) -> None:
        assert found(png(), asked(PNG, picture=DESIGN)) == ()
        assert found(jpeg(), asked(JPEG)) == ()
        assert found(jpeg(progressive=True), asked(JPEG)) == ()

    @pytest.mark.parametrize("behind", [b"%PDF-1.7", b"<script>", b"PK\x03\x04", b"GIF89a", b"\n"])
    def test_3_something_behind_the_picture(self, behind: bytes) -> None:
        assert refused(png() + behind, asked(PNG)) == "file.two-in-one"
        assert refused(jpeg() + behind, asked(JPEG)) == "file.two-in-one"

    def test_3_a_pdf_or_script_in_a_comment_at_its_head(self) -> None:
        for inside in (b"%PDF-1.7 1 0 obj", b"<script>alert(1)</script>"):
            assert refused(jpeg(comment=inside), asked(JPEG)) == "file.two-in-one"

    def test_a_telephones_second_picture_behind_the_first_passes(self) -> None:
        assert not refused(jpeg() + jpeg(100, 100), asked(JPEG))

    def test_zeros_behind_a_photograph_pass(self) -> None:
        assert not refused(jpeg() + bytes(512), asked(JPEG))

    @pytest.mark.parametrize(
        ("first", "said"),
        [
            (b"II*\0", JPEG),
            (b"\0\0\0\x0cjP  ", JPEG),
            (b"8BPS\0\1", PNG),
            (b"BLP2", PNG),
            (b"GIF89a", PNG),
            (b"<svg>", PNG),
        ],
        ids=["27-tiff", "27-jpeg2000", "27-psd", "27-blp", "28-gif", "30-svg"],
    )
    def test_27_other_formats_are_not_opened(self, first: bytes, said: str) -> None:
        assert refused(first + bytes(500), asked(said)) == "upload.type-differs"

    def test_28_a_flood_of_pixels_is_refused_by_its_header(self) -> None:
        header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
        body = (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(bytes(99)))
            + chunk(b"IEND", b"")
        )
        report = looked_at(body, asked(PNG))
        assert report.refused == "image.too-many-pixels"
        assert report.peak_mb < 100
        wide = jpeg(64, 64).replace(struct.pack(">HH", 64, 64), struct.pack(">HH", 65_000, 65_000), 1)
        assert refused(wide, asked(JPEG)) == "image.too-many-pixels"

    def test_28_a_bomb_in_a_text_of_a_picture(self) -> None:
        text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(300 << 20), 9))
        body = png()
        assert refused(body[:33] + text + body[33:], asked(PNG)) in {"image.damaged", "file.unreadable"}

    def test_28_more_data_than_pixels(self) -> None:
        header = struct.pack(">IIBBBBB", 900, 900, 8, 0, 0, 0, 0)
        data = zlib.compress(bytes(200 << 20), 9)
        body = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
        assert looked_at(body, asked(PNG)).peak_mb <= 256

    def test_a_picture_that_moves(self) -> None:
        body = png()
        moving = body[:33] + chunk(b"acTL", struct.pack(">II", 2, 0)) + body[33:]
        assert refused(moving, asked(PNG)) == "image.two-pictures"

    @pytest.mark.parametrize(
        "spoil", [lambda body: body[:-20], lambda body: body[: len(body) // 2]], ids=["end", "half"]
    )
    def test_cut_off(self, spoil: Callable[[bytes], bytes]) -> None:
        assert refused(spoil(png()), asked(PNG)) == "image.damaged"
        assert refused(spoil(jpeg()), asked(JPEG)) == "image.damaged"

    def test_a_sum_that_does_not_hold(self) -> None:
        body = bytearray(png())
        body[40] ^= 1
        assert refused(bytes(body), asked(PNG)) == "image.damaged"

    def test_29_a_photograph_that_says_where(self) -> None:
        exif = Image.Exif()
        exif.get_ifd(0x8825)[1] = "N"
        exif.get_ifd(0x8825)[2] = (11.0, 33.0, 0.0)
        assert found(jpeg(exif=exif), asked(JPEG)) == ("image.gps",)

    def test_outside_the_profile_is_found_and_taken(self) -> None:
        assert found(png(399, 500), asked(PNG, picture=DESIGN)) == ("image.too-small",)
        assert found(png(3781, 500), asked(PNG, picture=DESIGN)) == ("image.too-large",)
        assert found(png(400, 3780), asked(PNG, picture=DESIGN)) == ()

    def test_a_small_scan_is_said(self) -> None:
        assert found(png(600, 700), asked(PNG)) == ("image.low-resolution",)


def drawing(inside: str = '<path d="M0 0h9"/>', size: str = 'width="5cm" height="5cm"', before: str = "") -> bytes:
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"{before}<svg {spaces} {size}>{inside}</svg>".encode()


class TestSvg:
    def test_a_drawing_is_taken(self) -> None:
        inside = '<defs><linearGradient id="g"/></defs><g fill="url(#g)" style="stroke:#000"><use xlink:href="#g"/></g>'
        assert found(drawing(inside), asked(SVG, picture=DESIGN)) == ()
        assert found(drawing(before="<?xml version='1.0'?><!-- made by hand -->"), asked(SVG)) == ()

    @pytest.mark.parametrize(
        "inside",
        [
            "<script>alert(1)</script>", "<g onload='x()'/>", "<image href='#a'/>", "<style>*{}</style>",
            "<animate attributeName='x'/>", "<set/>", "<foreignObject/>", "<a href='#x'/>", "<use xlink:href='b.svg#a'/>",
            "<use href='http://x/#a'/>", "<g fill='url(http://x/#a)'/>", "<g style='fill:url( &quot;//x&quot;)'/>",
            "<g xml:base='http://x'/>", "<handler/>", "<iframe xmlns='http://www.w3.org/1999/xhtml'/>", "<filter/>",
            "<metadata><script xmlns='http://www.w3.org/1999/xhtml'/></metadata>", "<g style='behavior:url(x)'/>",
        ],
    )  # fmt: skip
    def test_30_more_than_a_drawing(self, inside: str) -> None:
        assert refused(drawing(inside), asked(SVG)) == "svg.not-allowed"

    def test_30_a_style_sheet_from_outside_or_entities(self) -> None:
        assert refused(drawing(before="<?xml-stylesheet href='x'?>"), asked(SVG)) == "svg.not-allowed"
        entity = "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'x'>]>"
        assert refused(drawing(before=entity), asked(XML)) == "xml.reaches-out"

    def test_its_size_is_in_centimetres_and_within_the_profile(self) -> None:
        assert found(drawing(size="width='500' height='5cm'"), asked(SVG, picture=DESIGN)) == ("svg.not-in-cm",)
        assert found(drawing(size="width='11cm' height='5cm'"), asked(SVG, picture=DESIGN)) == ("svg.too-large",)


ROOT = b"<?xml version='1.0' encoding='UTF-8'?>"


class TestXml:
    def test_a_listing_is_known_by_its_root(self) -> None:
        named = b'<!DOCTYPE ST26SequenceListing PUBLIC "-//WIPO//DTD Sequence Listing 1.3//EN" "ST26SequenceListing_V1_3.dtd">'
        assert found(ROOT + named + b"<ST26SequenceListing/>", asked(XML, listing=True)) == ()
        assert found(ROOT + b"<other/>", asked(XML, listing=True)) == ("xml.not-a-listing",)
        assert found(ROOT + b"<other/>", asked(XML)) == ()

    @pytest.mark.parametrize(
        "body",
        [
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
            b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;&x;&x;&x;">]><a>&z;</a>',
            b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://x/x.dtd"> %x;]><a/>',
            b'<!DOCTYPE a SYSTEM "http://x/x.dtd"><a/>',
            b'<!DOCTYPE a SYSTEM "../x.dtd"><a/>',
            b'<!DOCTYPE a PUBLIC "p" "x.dtd"><a>&undeclared;</a>',
            b'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="file:///etc/passwd"/></a>',
            b'<?xml-stylesheet href="http://x"?><a/>',
        ],
        ids=["xxe", "bomb", "parameter", "web-dtd", "path-dtd", "undeclared", "xinclude", "style"],
    )
    def test_34_what_reaches_out_or_grows(self, body: bytes) -> None:
        assert refused(ROOT + body, asked(XML)) == "xml.reaches-out"

    @pytest.mark.parametrize("body", [b"<a>", b"<a></b>", b"<a b='1' b='2'/>", b"<a/><a/>", b"<a>\xff</a>", b"x"])
    def test_not_well_formed(self, body: bytes) -> None:
        assert refused(ROOT + body, asked(XML)) == "xml.damaged"

    def test_a_million_levels(self) -> None:
        assert refused(ROOT + b"<a>" * 1_000_000, asked(XML)) == "xml.too-complex"

    @pytest.mark.parametrize(
        "body",
        [
            b'<a><b><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/></b></a>',
            b'<a><b x:y="" xmlns:x="http://www.w3.org/2001/XI&#110;clude"/></a>',
        ],
        ids=["34-deep", "34-spelt-otherwise"],
    )
    def test_34_an_inclusion_anywhere(self, body: bytes) -> None:
        assert refused(ROOT + body, asked(XML)) == "xml.reaches-out"

    def test_a_listing_of_many_elements_is_read_in_time(self) -> None:
        one = b'<INSDQualifier id="q"><INSDQualifier_name>mol_type</INSDQualifier_name></INSDQualifier>\n'
        body = ROOT + b"<ST26SequenceListing>" + one * (100_000_000 // len(one)) + b"</ST26SequenceListing>"
        report = looked_at(body, asked(XML, listing=True))
        assert (report.refused, report.findings) == ("", ())
        assert report.peak_mb < 100

    def test_another_coding(self) -> None:
        assert refused(b"<?xml version='1.0' encoding='utf-7'?><a/>", asked(XML)) == "xml.damaged"

    @pytest.mark.skipif(not EUROPEAN.is_dir(), reason="no real documents: ../shared/data/ep is absent")
    def test_real_european_documents_pass(self) -> None:
        for path in sorted(EUROPEAN.glob("*.xml")):
            body = path.read_bytes()
            if b"autoconsent" in body:  # saved by a browser, which spoiled it
                assert refused(body, asked(XML)) == "xml.damaged"
            else:
                assert found(body, asked(XML)) == (), path.name
