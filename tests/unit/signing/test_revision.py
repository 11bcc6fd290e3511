"""What is put after a drawn PDF: read back by other programs as it was meant; what was not drawn by us is refused."""

import io

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.signing.revision import Drawn, NotDrawn, Revision, entries, text, values, written
from infra.local.samples import patent_files

PDF = patent_files()[0].body


def test_values_are_told_apart_whatever_stands_in_strings() -> None:
    said = rb"<</A(a >> \) (b) /C)/B<41>/D 12 0 R/E[1 2 0 R(])]/F<</G/H>>/I -1.5/J true>>"

    found = entries(said)

    assert found == {
        b"/A": rb"(a >> \) (b) /C)", b"/B": b"<41>", b"/D": b"12 0 R", b"/E": b"[1 2 0 R(])]", b"/F": b"<</G/H>>",
        b"/I": b"-1.5", b"/J": b"true",
    }  # fmt: skip
    assert values(found[b"/E"]) == [b"1", b"2 0 R", b"(])"]
    assert entries(written(found)) == found


@pytest.mark.parametrize("cut", [b"", b"[1]", b"<<", b"<</A", b"<</A(b", b"<</A[1 2", b"<</A<</B 1>>"])
def test_what_is_cut_short_is_refused(cut: bytes) -> None:
    with pytest.raises(NotDrawn):
        entries(cut)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_every_text_is_read_back_as_it_was(said: str) -> None:
    assert str(pikepdf.Object.parse(text(said))) == said


def test_a_revision_is_read_by_others_and_leaves_what_was_before() -> None:
    drawn = Drawn.read(PDF)
    revision = Revision(drawn)
    added = revision.add({b"/Said": text("ត្រា (1)"), b"/Of": b"[1 2]"})
    revision.put(drawn.root, drawn.entries(drawn.root) | {b"/Added": b"%d 0 R" % added})

    whole = revision.whole(b"\x01" * 16)

    assert whole.startswith(PDF)
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert str(pdf.Root.Added.Said) == "ត្រា (1)"
        assert bytes(pdf.trailer.ID[1]) == b"\x01" * 16
        assert bytes(pdf.trailer.ID[0]) == bytes(pikepdf.open(io.BytesIO(PDF)).trailer.ID[0])


def test_what_is_copied_from_another_file_is_whole_and_there_once() -> None:
    drawn = Drawn.read(PDF)
    revision = Revision(drawn)
    known: dict[int, int] = {}
    page = b"%d 0 R" % drawn.last_page
    first, second = (revision.copied(drawn, page, known) for _ in range(2))
    revision.put(drawn.root, drawn.entries(drawn.root) | {b"/Copy": first})

    assert first == second
    with pikepdf.open(io.BytesIO(revision.whole(b"\0" * 16))) as pdf:
        assert pdf.Root.Copy.Contents.read_bytes() == pdf.pages[-1].Contents.read_bytes()
        assert pdf.Root.Copy.objgen != pdf.pages[-1].objgen


def other(change: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(PDF)) as pdf:
        if change == "streams":
            pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        elif change == "encrypted":
            pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


@pytest.mark.parametrize(
    "pdf",
    [
        b"", b"%PDF-1.7\n", PDF[:-200], PDF + b"more", PDF.replace(b"\nxref", b"\nxreg"), PDF.replace(b"29 0 obj", b"92 0 obj"),
        other("streams"), other("encrypted"),
    ],
)  # fmt: skip
def test_what_typst_did_not_draw_is_refused(pdf: bytes) -> None:
    with pytest.raises(NotDrawn):
        Drawn.read(pdf).entries(29)


def test_a_file_that_has_a_second_revision_is_refused() -> None:
    drawn = Drawn.read(PDF)
    revision = Revision(drawn)
    revision.add(b"null")

    with pytest.raises(NotDrawn, match="one plain revision"):
        Drawn.read(revision.whole(b"\0" * 16))
