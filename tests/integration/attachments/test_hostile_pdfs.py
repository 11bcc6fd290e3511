"""Hostile PDFs, each made here: row numbers are those of the table in the security reference, section 6."""

import io
import zipfile
import zlib

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from tests.files import page, pdf, stream
from tests.integration.attachments.looking import asked, found, looked_at, refused

PLAIN = page()


def made(change: object = None, **options: object) -> bytes:
    """A page, changed by `change(document)` and saved."""
    with pikepdf.open(io.BytesIO(PLAIN)) as document:
        if callable(change):
            change(document)
        held = io.BytesIO()
        document.save(held, **options)  # type: ignore[arg-type]
    return held.getvalue()


def action(name: str, **more: object) -> Dictionary:
    return Dictionary(S=Name("/" + name), **more)  # type: ignore[arg-type]


def on_open(thing: Dictionary) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = thing

    return made(change)


def link(thing: Dictionary, *, compressed: bool = False) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        annotation = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 50, 50]), A=thing)
        document.pages[0].obj.Annots = Array([document.make_indirect(annotation)])

    streams = pikepdf.ObjectStreamMode.generate if compressed else pikepdf.ObjectStreamMode.preserve
    return made(change, object_stream_mode=streams)


def test_a_plain_page_is_taken_and_both_renderers_saw_it() -> None:
    report = looked_at(PLAIN)
    assert (report.refused, report.pages, report.compared) == ("", 1, 1)


class TestWhatItIs:
    def test_1_a_zip_behind_it(self) -> None:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("Main.class", b"\xca\xfe\xba\xbe")
        assert refused(PLAIN + held.getvalue()) == "file.two-in-one"
        assert refused(PLAIN + held.getvalue() + b"\n%%EOF\n") == "file.two-in-one"

    def test_2_html_in_its_head(self) -> None:
        body = page()[:9] + b"%<html><script>alert(1)</script></html>\n" + page()[9:]
        assert refused(body) == "file.two-in-one"

    @pytest.mark.parametrize(
        "body",
        [b"MZ\x90" + PLAIN, b"junk\n" + PLAIN, b"<!DOCTYPE html><title>502</title>", b"", b"%", b"\x7fELF" * 99],
        ids=["4-program", "5-junk-before", "41-error-page", "40-empty", "40-one-byte", "4-elf"],
    )
    def test_it_does_not_begin_as_one(self, body: bytes) -> None:
        assert refused(body) == "upload.type-differs"

    def test_the_end_is_not_near_the_end(self) -> None:
        assert refused(PLAIN + b"x" * 2000) == "pdf.damaged"

    def test_6_two_joined(self) -> None:
        other = page(draws=b"1 0 0 rg 10 10 280 280 re f")
        assert refused(PLAIN + other) == "file.two-in-one"

    def test_7_lengths_of_streams_that_lie(self) -> None:
        for lie in (b"/Length 12", b"/Length 99"):
            changed = PLAIN.replace(b"/Length 27", lie)
            assert changed != PLAIN
            assert refused(changed) == "pdf.damaged"

    def test_7_an_object_that_stands_twice_shows_what_the_table_says(self) -> None:
        """The table decides, for both renderers; the other one is not seen by anybody."""
        decoy = b"4 0 obj\n" + stream(b"1 0 0 rg 0 0 300 300 re f") + b"\nendobj\n"
        at = PLAIN.index(b"xref\n0")
        body = PLAIN[:at] + decoy + PLAIN[at:].replace(b"startxref\n%d" % at, b"startxref\n%d" % (at + len(decoy)))
        assert not refused(body)

    @pytest.mark.parametrize(
        ("draws", "catalog", "more"),
        [
            (
                b"/OC /P BDC 0 0 0 rg 50 50 200 200 re f EMC",
                b"/OCProperties<</OCGs[5 0 R]/D<</AS[<</Event/View/OCGs[5 0 R]/Category[/View]>>]>>>>",
                (b"<</Type/OCG/Name(a)/Usage<</View<</ViewState/OFF>>>>>>", b"null"),
            ),
            (
                b"/OC /Q BDC 0 0 0 rg 50 50 200 200 re f EMC",
                b"/OCProperties<</OCGs[5 0 R]/D<<>>>>",
                (b"<</Type/OCG/Name(a)>>", b"<</Type/OCMD/OCGs[5 0 R]/VE[/Not 5 0 R]>>"),
            ),
            (b"0 0 0 rg 50 50 2.0.0 200 re f", b"", (b"null", b"null")),
        ],
        ids=["usage-of-a-layer", "expression-over-layers", "number-with-two-points"],
    )
    def test_7_pages_that_two_renderers_draw_differently(
        self, draws: bytes, catalog: bytes, more: tuple[bytes, bytes]
    ) -> None:
        body = pdf(
            b"<</Type/Catalog/Pages 2 0 R %s>>" % catalog,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R"
            b"/Resources<</Properties<</P 5 0 R/Q 6 0 R>>>>>>",
            stream(draws),
            *more,
        )
        assert refused(body) == "pdf.shows-differently"


class TestActions:
    def test_8_script_on_opening(self) -> None:
        assert refused(on_open(action("JavaScript", JS=String("app.alert(1)")))) == "pdf.script"

    def test_8_script_in_the_names_tree(self) -> None:
        def change(document: pikepdf.Pdf) -> None:
            names = Array([String("x"), action("JavaScript", JS=String("1"))])
            document.Root.Names = Dictionary(JavaScript=Dictionary(Names=names))

        assert refused(made(change)) == "pdf.script"

    @pytest.mark.parametrize("event", ["/O", "/C", "/PV", "/WC"])
    def test_8_script_on_events(self, event: str) -> None:
        def change(document: pikepdf.Pdf) -> None:
            document.pages[0].obj.AA = Dictionary({event: action("JavaScript", JS=String("1"))})

        assert refused(made(change)) == "pdf.script"

    def test_8_script_deep_in_direct_dictionaries(self) -> None:
        thing = Dictionary(X=Array([Dictionary(Y=Dictionary(Z=action("JavaScript", JS=String("1"))))]))

        def change(document: pikepdf.Pdf) -> None:
            document.pages[0].obj.PieceInfo = thing

        assert refused(made(change)) == "pdf.script"

    def test_8_script_that_comes_next(self) -> None:
        thing = action(
            "GoTo",
            D=Array([0, Name.Fit]),
            Next=Array([action("Named", N=Name.NextPage, Next=action("JavaScript", JS=String("1")))]),
        )
        assert refused(on_open(thing)) == "pdf.script"

    def test_10_script_by_an_escaped_name(self) -> None:
        body = page(catalog=b"/OpenAction<</S/#4aava#53cript/J#53(app.alert(1))>>")
        assert refused(body) == "pdf.script"

    def test_10_script_in_an_object_stream(self) -> None:
        assert refused(link(action("JavaScript", JS=String("1")), compressed=True)) == "pdf.script"

    @pytest.mark.parametrize(
        "name",
        ["Launch", "SubmitForm", "ImportData", "ResetForm", "GoToR", "GoToE", "Thread", "Rendition", "Movie", "Sound",
         "Hide", "SetOCGState", "RichMediaExecute", "Unheard", "GoTo3DView", "Trans"],
    )  # fmt: skip
    def test_9_actions_that_are_not_going_somewhere_in_the_file(self, name: str) -> None:
        assert refused(link(action(name, F=String("x")))) == "pdf.action"

    @pytest.mark.parametrize("name", ["Launch", "GoToR"])
    def test_10_actions_in_an_object_stream(self, name: str) -> None:
        assert refused(link(action(name, F=String("x")), compressed=True)) == "pdf.action"

    @pytest.mark.parametrize(
        "address",
        ["file:///etc/passwd", "FILE://server/x", "\\\\server\\share", "//server/share", "javascript:alert(1)", "smb://x/y",
         "data:text/html,x", "../x.exe", "C:\\x.exe", " file:x", "ms-word:ofe|u|x"],
    )  # fmt: skip
    def test_9_links_that_leave_the_web(self, address: str) -> None:
        assert refused(link(action("URI", URI=String(address)))) == "pdf.file-link"

    @pytest.mark.parametrize(
        "address", ["https://www.wipo.int/", "http://x.example", "mailto:a@b.example", "www.wipo.int"]
    )
    def test_links_to_the_web_pass(self, address: str) -> None:
        assert "pdf.file-link" not in found(link(action("URI", URI=String(address))))

    @pytest.mark.parametrize(
        "thing",
        [Array([0, Name.Fit]), action("GoTo", D=Array([0, Name.Fit])), action("Named", N=Name.NextPage)],
        ids=["destination", "goto", "named"],
    )
    def test_opening_at_a_page_passes(self, thing: Dictionary) -> None:
        assert not refused(on_open(thing))


class TestCarried:
    def attached(self, content: bytes = b"x") -> bytes:
        def change(document: pikepdf.Pdf) -> None:
            document.attachments["a.txt"] = content

        return made(change)

    def test_12_embedded_files(self) -> None:
        assert refused(self.attached()) == "pdf.embedded-files"

    def test_12_embedded_files_pass_where_the_form_allows_them(self) -> None:
        assert not refused(self.attached(), asked(embedded_files=True))

    def test_12_a_file_pinned_to_a_page(self) -> None:
        body = page(b"<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]>>", entries=b"/Annots[5 0 R]")
        assert refused(body) == "pdf.embedded-files"

    def test_12_a_portfolio(self) -> None:
        assert refused(page(catalog=b"/Collection<</Type/Collection>>")) == "pdf.embedded-files"

    def test_13_an_xfa_form(self) -> None:
        body = page(stream(b"<xdp/>"), catalog=b"/AcroForm<</Fields[]/XFA 5 0 R>>")
        assert refused(body) == "pdf.xfa"

    @pytest.mark.parametrize("entries", [b"/F(other.bin)", b"/F 6 0 R", b"/FFilter/FlateDecode"])
    def test_22_a_stream_kept_elsewhere(self, entries: bytes) -> None:
        body = page(stream(b"", entries), b"(other.bin)")
        assert refused(body) == "pdf.external"

    def test_22_a_page_of_another_file(self) -> None:
        form = stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Ref<</F(o.pdf)/Page 0>>")
        assert refused(page(form, entries=b"/Group<</S/Transparency>>")) == "pdf.external"

    @pytest.mark.parametrize("subtype", [b"Screen", b"Movie", b"Sound", b"3D", b"RichMedia", b"Projection", b"Unheard"])
    def test_things_that_play(self, subtype: bytes) -> None:
        body = page(b"<</Type/Annot/Subtype/%s/Rect[0 0 9 9]>>" % subtype, entries=b"/Annots[5 0 R]")
        assert refused(body) == "pdf.unknown-object"

    @pytest.mark.parametrize("kind", [b"Rendition", b"MediaClip", b"SlideShow", b"3D", b"EncryptedPayload", b"Unheard"])
    def test_types_that_a_document_does_not_hold(self, kind: bytes) -> None:
        assert refused(page(b"<</Type/%s>>" % kind)) == "pdf.unknown-object"


class TestLocked:
    def test_14_a_password_to_open_it(self) -> None:
        assert refused(made(encryption=pikepdf.Encryption(owner="o", user="u"))) == "pdf.password"

    @pytest.mark.parametrize("revision", [3, 4, 6])
    def test_15_an_owners_password_only_is_taken_as_it_is_and_said(self, revision: int) -> None:
        lock = pikepdf.Encryption(owner="o", user="", R=revision, aes=revision > 3, metadata=revision > 3)  # type: ignore[arg-type]
        assert "pdf.locked" in found(made(encryption=lock))

    def test_21_signed_before_is_said_and_left_alone(self) -> None:
        signature = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 9 9 9]/Contents<00>>>"
        field = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(s)/V 5 0 R/Rect[0 0 0 0]/F 132>>"
        body = page(signature, field, catalog=b"/AcroForm<</Fields[6 0 R]/SigFlags 3>>", entries=b"/Annots[6 0 R]")
        assert "pdf.signed" in found(body)


def bomb(layers: int) -> bytes:
    """Zeros, packed again and again."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(1 << 20)) for _ in range(1024)) + packer.flush()
    for _ in range(layers - 1):
        data = zlib.compress(data, 9)
    return stream(data, b"/Filter[%s]" % (b"/FlateDecode" * layers))


class TestTooMuch:
    def test_16_a_bomb_in_what_a_page_shows(self) -> None:
        body = pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R>>",
            bomb(2),
        )
        assert len(body) < 20_000
        assert refused(body) in {"pdf.damaged", "file.unreadable"}

    def test_16_a_bomb_in_a_picture(self) -> None:
        picture = bomb(2).replace(b"<<", b"<</Type/XObject/Subtype/Image/Width 32768/Height 32768/BitsPerComponent 8"
                                  b"/ColorSpace/DeviceGray ", 1)  # fmt: skip
        body = page(picture, entries=b"", draws=b"q 300 0 0 300 0 0 cm /X Do Q")
        body = pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
            stream(b"q 300 0 0 300 0 0 cm /X Do Q"),
            picture,
        )
        assert refused(body) in {"file.unreadable", "pdf.shows-differently"}

    def test_17_a_loop_in_the_page_tree(self) -> None:
        body = pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 1>>")
        assert refused(body) in {"pdf.damaged", "pdf.no-pages"}

    def test_17_a_loop_of_forms(self) -> None:
        form = stream(b"/X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>")
        body = pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
            stream(b"/X Do"),
            form,
        )
        assert refused(body) in {"", "pdf.damaged", "file.unreadable"}

    def test_17_a_loop_in_outlines(self) -> None:
        body = page(b"<</Title(a)/Parent 6 0 R/Next 5 0 R/Prev 5 0 R>>", b"<</Type/Outlines/First 5 0 R/Last 5 0 R>>",
                    catalog=b"/Outlines 6 0 R")  # fmt: skip
        assert not refused(body)

    @pytest.mark.parametrize(
        "body",
        [
            b"%PDF-1.7\nstartxref\n9\n%%EOF",
            b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF",
            b"%PDF-1.4\n" + b"[" * 100_000 + b"\n%%EOF",
            b"%PDF-1.4\nxref\n0 99999999\ntrailer<</Size 99999999/Root 1 0 R>>\nstartxref\n9\n%%EOF",
        ],
        ids=["17-itself", "17-prev-loop", "deep", "huge-xref"],
    )
    def test_cross_references_that_lead_nowhere(self, body: bytes) -> None:
        assert refused(body) in {"pdf.damaged", "pdf.no-pages", "file.unreadable"}

    def test_18_a_calculator_that_never_stops(self) -> None:
        """A shading whose function is long, over a grid that is large."""
        program = b"{ " + b"dup mul sin " * 20_000 + b"}"
        shading = b"<</ShadingType 1/ColorSpace/DeviceGray/Domain[0 1 0 1]/Matrix[300 0 0 300 0 0]/Function 6 0 R>>"
        body = pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Shading<</S 5 0 R>>>>>>",
            stream(b"/S sh " * 200),
            shading,
            stream(program, b"/FunctionType 4/Domain[0 1 0 1]/Range[0 1]"),
        )
        assert refused(body) in {"", "file.unreadable", "pdf.damaged", "pdf.shows-differently"}

    @pytest.mark.parametrize("cut", [0.2, 0.9, 0.97])
    def test_19_cut_off(self, cut: float) -> None:
        body = made()
        assert refused(body[: int(len(body) * cut)]) == "pdf.damaged"
        assert refused(body[: int(len(body) * cut)] + b"\n%%EOF") == "pdf.damaged"

    def test_19_a_wrong_table_is_not_mended(self) -> None:
        at = PLAIN.rindex(b"startxref")
        assert refused(PLAIN[:at] + b"startxref\n7\n%%EOF\n") == "pdf.damaged"
        assert refused(PLAIN.replace(b"0000000015 00000 n", b"0000000016 00000 n")) == "pdf.damaged"

    def test_20_no_pages(self) -> None:
        assert refused(pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>")) == "pdf.no-pages"

    def test_20_a_hundred_thousand_pages(self) -> None:
        kids = b" ".join(b"3 0 R" for _ in range(100_000))
        body = pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[%s]/Count 100000>>" % kids,
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]>>",
        )
        assert refused(body) in {"pdf.too-many-pages", "pdf.damaged", "file.unreadable"}

    def test_20_more_pages_than_the_office_takes(self) -> None:
        def change(document: pikepdf.Pdf) -> None:
            for _ in range(3):
                document.add_blank_page()

        assert refused(made(change), asked(max_pages=3)) == "pdf.too-many-pages"
        assert not refused(made(change), asked(max_pages=4))

    @pytest.mark.parametrize("box", [b"[0 0 90000 90000]", b"[0 0 1 1]", b"[0 0 300]", b"[0 0 (a) 9]", b"[0 0 0 0]"])
    def test_20_boxes(self, box: bytes) -> None:
        assert refused(PLAIN.replace(b"[0 0 300 300]", box.ljust(13))) in {"pdf.page-size", "pdf.damaged"}
