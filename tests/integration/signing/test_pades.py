"""The seal: accepted by pyHanko and OpenSSL as it is, refused by the strict check after any change."""

import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from chalicelib.signing.check import check_sealed
from chalicelib.signing.cms import Chain
from chalicelib.signing.pades import FIELD_NAME, PadesSealer
from infra.local.trust import TestTrust
from tests.integration.signing.conftest import Room
from tests.unit.signing.keys import LocalSigner, openssl_accepts
from tests.unit.signing.letters import ISSUED, RECEIPT, file, full_letter, second_office_letter


def parts_of(pdf: bytes) -> tuple[bytes, bytes]:
    """The sealed bytes and the CMS, cut out by /ByteRange."""
    first, length, second, rest = (int(n) for n in re.findall(rb"/ByteRange\s*\[([\d\s]+)\]", pdf)[-1].split())
    contents = bytes.fromhex(pdf[first + length + 1 : second - 1].decode())
    size = 4 + int.from_bytes(contents[2:4], "big")
    return pdf[first : first + length] + pdf[second : second + rest], contents[:size]


def test_a_sealed_letter_is_intact_trusted_whole_and_locked_at_b_b(room: Room) -> None:
    report = check_sealed(room.sealed, room.trust.roots())

    assert report.valid, report
    assert report.level == "B-B"
    assert report.sealed_by == room.sealer.sealed_by
    assert report.sealed_at == ISSUED.replace(microsecond=0)
    assert report.attachments == (("receipt.json", RECEIPT),)


def test_openssl_accepts_the_signature_over_the_byte_range(room: Room, tmp_path: Path) -> None:
    content, signature = parts_of(room.sealed)

    assert openssl_accepts(signature, content, room.trust.roots(), tmp_path)


def test_a_repeat_gives_the_same_bytes(room: Room) -> None:
    assert room.seal(room.letters.render(full_letter(), receipt=RECEIPT)) == room.sealed


def test_the_drawn_letter_stands_unchanged_before_the_seal(room: Room) -> None:
    assert room.sealed.startswith(room.drawn)


def test_one_signature_costs_the_key_one_call(room: Room) -> None:
    signer = LocalSigner()
    chain = Chain.from_pem(room.trust.issue_seal_certificate(signer.public_key_pem(), "Test Office"))

    PadesSealer(signer=signer, chain=chain).seal(room.drawn, sealed_at=ISSUED, reason="r", location="l")

    assert len(signer.signed) == 1


def test_the_room_kept_is_enough_for_a_time_stamp_later(room: Room) -> None:
    reserved = re.search(rb"/Contents <([0-9a-fA-F]+)>", room.sealed)

    assert reserved is not None
    assert len(reserved[1]) == 16_000
    assert len(parts_of(room.sealed)[1]) < 4_000


def test_the_panel_stands_on_the_last_page_and_in_the_structure_tree(room: Room) -> None:
    with pikepdf.open(io.BytesIO(room.sealed)) as pdf:
        (widget,) = pdf.pages[-1].Annots
        element = pdf.Root.StructTreeRoot.ParentTree.Nums[-1]

        assert str(widget.T) == FIELD_NAME
        assert widget.F == 132  # print, locked
        assert [float(edge) for edge in widget.Rect] == pytest.approx([300.47, 68.03, 538.58, 170.08])
        assert str(widget.TU) == "ត្រាអេឡិចត្រូនិករបស់នាយកដ្ឋានកម្មសិទ្ធិឧស្សាហកម្ម"
        assert str(element.S) == "/Form"
        assert element.K.Obj.objgen == widget.objgen
        assert element.objgen in [child.objgen for child in pdf.Root.StructTreeRoot.K[0].K]
        assert pdf.check_pdf_syntax() == []


def test_nothing_may_be_changed_after_the_seal(room: Room) -> None:
    with pikepdf.open(io.BytesIO(room.sealed)) as pdf:
        seal = pdf.Root.Perms.DocMDP

        assert [str(reference.TransformMethod) for reference in seal.Reference] == ["/DocMDP", "/FieldMDP"]
        assert seal.Reference[0].TransformParams.P == 1
        assert str(seal.Reference[1].TransformParams.Action) == "/All"
        assert str(seal.SubFilter) == "/ETSI.CAdES.detached"


def test_long_letters_and_other_offices_are_sealed_alike(room: Room) -> None:
    for content in (
        full_letter(files=tuple(file(seq, "រូប", "Picture", f"n{seq}.png") for seq in range(100))),
        second_office_letter(),
    ):
        sealed = room.seal(room.letters.render(content, receipt=RECEIPT), content)
        assert check_sealed(sealed, room.trust.roots()).valid


def test_a_letter_is_sealed_once(room: Room) -> None:
    with pytest.raises(ValueError, match="once"):
        room.seal(room.sealed)


def test_another_root_is_not_trusted(room: Room) -> None:
    report = check_sealed(room.sealed, TestTrust().roots())

    assert report.intact
    assert not report.trusted
    assert not report.valid


def test_a_seal_from_after_its_certificate_is_not_trusted(room: Room) -> None:
    late = room.trust.now + timedelta(days=room.trust.days + 1)

    assert not check_sealed(room.sealed, room.trust.roots(), at=late).valid


@pytest.mark.parametrize("place", [0.02, 0.3, 0.6, 0.75, 0.999])
def test_one_changed_byte_is_found_wherever_it_is(room: Room, place: float) -> None:
    at = int(len(room.sealed) * place)
    changed = room.sealed[:at] + bytes((room.sealed[at] ^ 1,)) + room.sealed[at + 1 :]

    assert not check_sealed(changed, room.trust.roots()).valid


def test_a_changed_signature_value_is_found(room: Room) -> None:
    signature = parts_of(room.sealed)[1].hex().upper().encode()
    changed = room.sealed.replace(signature, signature[:-1] + (b"0" if signature[-1:] != b"0" else b"1"))

    assert changed != room.sealed
    report = check_sealed(changed, room.trust.roots())
    assert not report.valid


def test_what_is_hidden_in_the_room_kept_for_a_time_stamp_is_found(room: Room) -> None:
    hexadecimal = parts_of(room.sealed)[1].hex().upper().encode()
    end = room.sealed.index(hexadecimal) + len(hexadecimal) + 1_000
    changed = room.sealed[:end] + b"2F" + room.sealed[end + 2 :]

    assert check_sealed(changed, room.trust.roots()).problem == "padding"


def test_bytes_after_the_end_are_found(room: Room) -> None:
    assert not check_sealed(room.sealed + b"\n% more\n", room.trust.roots()).valid


@pytest.mark.parametrize("what", ["metadata", "page", "attachment"])
def test_a_later_revision_is_found_even_one_that_readers_call_valid(room: Room, what: str) -> None:
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(room.sealed))
    if what == "page":
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Rotate"] = page["/MediaBox"][0].__class__(90)
        writer.update_container(page)
    elif what == "attachment":
        del writer.root["/AF"]
        writer.update_root()
    else:
        writer.update_root()
    changed = io.BytesIO()
    writer.write(changed)

    assert not check_sealed(changed.getvalue(), room.trust.roots()).valid


def test_an_unsealed_letter_and_what_is_no_letter_are_not_valid_and_raise_nothing(room: Room) -> None:
    for data in (room.drawn, b"", b"%PDF-1.7\n", b"\x00" * 500, room.sealed[: len(room.sealed) // 2]):
        report = check_sealed(data, room.trust.roots())
        assert not report.valid
        assert report.problem


def test_the_seal_of_another_letter_does_not_fit_this_one(room: Room) -> None:
    other = room.seal(room.letters.render(full_letter(reference="other"), receipt=RECEIPT))
    moved = room.sealed.replace(
        parts_of(room.sealed)[1].hex().upper().encode(), parts_of(other)[1].hex().upper().encode()
    )

    assert moved != room.sealed
    assert not check_sealed(moved, room.trust.roots()).valid


@pytest.mark.parametrize(
    "said", ["ត្រា", "(a) \\ >> endobj", "/Contents <000> /ByteRange [0 0000000000 0000000000 0000000000]"]
)
def test_whatever_is_said_in_a_seal_it_is_said_as_text(room: Room, said: str) -> None:
    panel = replace(room.letters.panel(full_letter(), sealed_by="x", sealed_at=ISSUED), description=said)

    sealed = room.sealer.seal(room.drawn, sealed_at=ISSUED, reason=said, location=said, panel=panel)

    assert check_sealed(sealed, room.trust.roots()).valid
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        (widget,) = pdf.pages[-1].Annots
        assert [str(text) for text in (widget.V.Reason, widget.V.Location, widget.TU)] == [said] * 3


def test_what_was_not_drawn_here_is_not_sealed(room: Room) -> None:
    rewritten = io.BytesIO()
    with pikepdf.open(io.BytesIO(room.drawn)) as pdf:
        pdf.save(rewritten, object_stream_mode=pikepdf.ObjectStreamMode.generate)

    with pytest.raises(ValueError, match="as it was drawn"):
        room.seal(rewritten.getvalue())


def test_the_field_is_the_only_one(room: Room) -> None:
    reader = PdfFileReader(io.BytesIO(room.sealed))

    assert [signature.field_name for signature in reader.embedded_signatures] == [FIELD_NAME]
