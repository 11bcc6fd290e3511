"""Hostile files that are no PDF, picture or XML at all, and what fonts, archives and scripts hide in those that are.

Each is made here; numbers: rows of the security reference, section 6.
"""

import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.attachments.model import Verdict
from chalicelib.attachments.screening.eicar import EicarOnly
from chalicelib.attachments.screening.model import JPEG, PDF, PNG, XML
from chalicelib.attachments.screening.service import Screening
from chalicelib.contracts.attachment import Attachment
from tests.factories import cambodia
from tests.files import page, pdf, png, stream
from tests.integration.attachments.looking import asked, looked_at, refused

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def archive(*members: tuple[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as made:
        for name, body in members:
            made.writestr(name, body)
    return held.getvalue()


def screened(body: bytes, media_type: str) -> Verdict:
    """What the whole screening says, with the scanner of trials."""
    said = Attachment(id="1", document="other", name="n", media_type=media_type, size=len(body), key="k")

    def chunks() -> Iterator[bytes]:
        yield body

    return Screening(office=cambodia(), scanner=EicarOnly())(chunks(), said)


class TestMalware:
    @pytest.mark.parametrize(
        "body",
        [
            EICAR,
            archive(("a.txt", EICAR)),
            archive(("b.zip", archive(("a.txt", EICAR)))),
            page(stream(EICAR, b"/Type/EmbeddedFile")),
            page(stream(zlib.compress(EICAR), b"/Type/EmbeddedFile/Filter/FlateDecode")),
        ],
        ids=["24-plain", "24-zip", "24-zip-in-zip", "24-attachment", "24-attachment-packed"],
    )
    def test_24_the_test_string_is_called_malware_whatever_it_is_packed_in(self, body: bytes) -> None:
        assert screened(body, PDF).reason == "file.malware"
        assert screened(body, XML).reason == "file.malware"

    def test_24_a_bomb_of_archives_does_not_hold_up_the_scanner_of_trials(self) -> None:
        inner = archive(*[(str(number), bytes(4 << 20)) for number in range(50)])
        assert screened(archive(*[(f"{number}.zip", inner) for number in range(50)]), PDF).reason == "upload.type-differs"


def claims_many() -> bytes:
    """A ZIP with a million entries in its directory, all the same."""
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * 1_000_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), len(local), 0)
    return local + directory + end


def overlapping() -> bytes:
    """A ZIP whose hundred entries all unpack the same bytes."""
    data = zlib.compress(bytes(10 << 20), 9)[2:-4]
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(data), 10 << 20, 1, 0) + b"a" + data
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, 0, len(data), 10 << 20, 1, 0, 0, 0, 0, 0, 0)
    directory = (entry + b"a") * 100
    return local + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 100, 100, len(directory), len(local), 0)


MACRO = (("[Content_Types].xml", b"<Types/>"), ("word/vbaProject.bin", b"\xd0\xcf\x11\xe0"))
TEMPLATE = (("word/_rels/settings.xml.rels", b'<Relationship TargetMode="External" Target="http://x/t.dotm"/>'),)


class TestArchives:
    """No archive and no office file is taken, so none is ever unpacked: each is refused by its first bytes or its end."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda: archive(("flat", bytes(50 << 20))),
            lambda: archive(("n.zip", archive(("n.zip", archive(("flat", bytes(50 << 20))))))),
            overlapping,
            claims_many,
            lambda: archive(("../../x", b""), ("/etc/x", b""), ("C:\\x", b""), ("a\0b", b"")),
            lambda: archive(*MACRO),
            lambda: archive(*TEMPLATE),
            lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096),
        ],
        ids=["31-flat", "31-nested", "31-overlapping", "31-million", "32-paths", "33-macro", "33-template", "33-ole"],
    )
    @pytest.mark.parametrize("said", [PDF, JPEG, XML])
    def test_31_32_33_archives_and_office_files(self, make: Callable[[], bytes], said: str) -> None:
        assert refused(make(), asked(said)) == "upload.type-differs"

    def test_33_no_archive_may_be_announced_for_any_document(self) -> None:
        taken = {media for row in cambodia().documents for media in row.media_types}
        assert taken <= {PDF, JPEG, PNG, XML, "image/svg+xml"}

    def test_1_a_zip_behind_a_picture(self) -> None:
        assert refused(png() + archive(("a", b"b")), asked(PNG)) == "file.two-in-one"


def lettered(font: bytes, *more: bytes) -> bytes:
    """A page that writes one letter in this font."""
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        stream(b"BT /F 99 Tf 50 50 Td (a) Tj ET"),
        font,
        *more,
    )


TYPE3 = (
    b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix%s/CharProcs<</a 6 0 R>>/FirstChar 97/LastChar 97"
    b"/Widths[1000]/Encoding<</Type/Encoding/Differences[97/a]>>/Resources<</Font<</F 5 0 R>>>>>>"
)


class TestFonts:
    @pytest.mark.parametrize(
        "matrix",
        [b"[0.001 0 0 0.001 0 (1\\); alert\\(1)]", b"[(a)]", b"(x)", b"[0.001 0 0 0.001 0]", b"[0.001 0 0 /x 0 0]", b"7 0 R"],
        ids=["11-script", "11-text", "11-no-array", "11-five", "11-name", "11-elsewhere"],
    )
    def test_11_a_font_matrix_that_is_not_six_numbers(self, matrix: bytes) -> None:
        body = lettered(TYPE3 % matrix, stream(b"1000 0 d0 0 0 900 900 re f"), b"[0.001 0 0 0.001 0 (alert)]")
        assert refused(body) == "pdf.damaged"

    def test_a_font_drawn_by_the_page_language_passes(self) -> None:
        assert refused(lettered(TYPE3 % b"[0.001 0 0 0.001 0 0]", stream(b"1000 0 d0 0 0 900 900 re f"))) in {
            "",
            "pdf.shows-differently",
        }

    def test_18_a_letter_that_writes_itself(self) -> None:
        body = lettered(TYPE3 % b"[0.001 0 0 0.001 0 0]", stream(b"1000 0 d0 BT /F 1 Tf (a) Tj ET"))
        assert refused(body) in {"", "pdf.damaged", "file.unreadable", "pdf.shows-differently"}

    def test_17_an_object_stream_that_extends_itself(self) -> None:
        inside = b"1 0 <</Type/Catalog/Pages 9 0 R>>"
        body = page(stream(inside, b"/Type/ObjStm/N 1/First 4/Extends 5 0 R"))
        assert refused(body) in {"", "pdf.damaged"}

    def test_18_patterns_in_patterns_by_the_billion(self) -> None:
        def tile(number: int) -> bytes:
            inner = b"/Pattern cs /P scn 0 0 300 300 re f" if number < 14 else b"0 0 1 1 re f"
            return stream(
                inner,
                b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 300 300]/XStep 1/YStep 1"
                b"/Resources<</Pattern<</P %d 0 R>>>>" % (number + 1),
            )

        body = pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Pattern<</P 5 0 R>>>>>>",
            stream(b"/Pattern cs /P scn 0 0 300 300 re f"),
            *[tile(number) for number in range(5, 16)],
        )
        assert refused(body) in {"", "pdf.damaged", "file.unreadable", "pdf.shows-differently"}


class TestXmlSignatures:
    def test_35_a_signature_in_an_xml_is_neither_believed_nor_read_twice(self) -> None:
        """No rule of ours reads a signature of XML, so nothing can be wrapped: one parse, one root."""
        signed = b'<a xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Signature/><b Id="x"/><b Id="x"/></a>'
        report = looked_at(b"<?xml version='1.0'?>" + signed, asked(XML, listing=True))
        assert report.findings == ("xml.not-a-listing",)


def test_16_no_hostile_file_leaves_anything_behind() -> None:
    before = set(Path(tempfile.gettempdir()).glob("upload-*"))
    assert screened(page(stream(b"x", b"/Filter/FlateDecode")), PDF).accepted is not None
    assert screened(page(catalog=b"/OpenAction<</S/Launch/F(x)>>"), PDF).reason == "pdf.action"
    assert set(Path(tempfile.gettempdir()).glob("upload-*")) == before
