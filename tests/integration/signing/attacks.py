"""Attacks on a sealed letter, each a way from its bytes to other bytes. All are made here, on our own letters.

Classes after the published attacks on PDF signatures (incremental saving, wrapping, universal forgery, shadow content,
overlays, certification attacks), and what we met ourselves: metadata, padding, stripped and foreign seals, swapped
attachments, bombs.
"""

import io
import re
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from chalicelib.proof.der import read
from chalicelib.signing.cms import Chain, sign, tlv
from chalicelib.signing.pades import PadesSealer
from infra.local.trust import TestTrust
from tests.fakes import NOON
from tests.unit.signing.keys import LocalSigner

Attack = Callable[[bytes], bytes]
SHOW = b"q 1 0 0 1 60 700 cm BT /F1 30 Tf (OTHER) Tj ET Q"
typed: Any = generic


def _incremental(change: Callable[[Any], None]) -> Attack:
    def attack(pdf: bytes) -> bytes:
        writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
        change(writer)
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()

    return attack


def _page(writer: Any) -> Any:
    return writer.root["/Pages"]["/Kids"][0].get_object()


def _replace_content(writer: Any) -> None:
    page = _page(writer)
    page["/Contents"] = writer.add_object(typed.StreamObject(stream_data=SHOW))
    writer.update_container(page)


def _swap_content_object(writer: Any) -> None:
    """The very object of the content stream gets another value: content that was there all along is shown no more."""
    contents = _page(writer).raw_get("/Contents")
    reference = contents[0] if isinstance(contents, list) else contents
    writer.objects[reference.generation, reference.idnum] = typed.StreamObject(stream_data=SHOW)


def _overlay(writer: Any) -> None:
    page = _page(writer)
    form = typed.StreamObject(
        {pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form"),
         pdf_name("/BBox"): typed.ArrayObject(map(typed.NumberObject, (0, 0, 400, 400)))},
        stream_data=b"1 1 1 rg 0 0 400 400 re f",
    )  # fmt: skip
    note = typed.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Stamp"),
            pdf_name("/Rect"): typed.ArrayObject(map(typed.NumberObject, (50, 400, 450, 800))),
            pdf_name("/AP"): typed.DictionaryObject({pdf_name("/N"): writer.add_object(form)}),
            pdf_name("/F"): typed.NumberObject(4),
        }
    )
    placed = writer.add_object(note)
    if "/Annots" in page:
        page["/Annots"].append(placed)
        writer.update_container(page["/Annots"])
    else:
        page[pdf_name("/Annots")] = typed.ArrayObject([placed])
    writer.update_container(page)


def _field(writer: Any) -> None:
    _overlay(writer)
    form = writer.root["/AcroForm"]
    field = typed.DictionaryObject(
        {
            pdf_name("/FT"): pdf_name("/Tx"),
            pdf_name("/T"): typed.pdf_string("applicant"),
            pdf_name("/V"): typed.pdf_string("Somebody Else"),
        }
    )
    form["/Fields"].append(writer.add_object(field))
    writer.update_container(form["/Fields"])


def _more_pages(writer: Any) -> None:
    kids = writer.root["/Pages"]["/Kids"]
    kids.append(kids.raw_get(0))
    writer.root["/Pages"]["/Count"] = typed.NumberObject(len(kids))
    writer.update_container(kids)
    writer.update_container(writer.root["/Pages"])


def _no_pages(writer: Any) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"] = typed.ArrayObject(list(pages["/Kids"])[:0])
    pages["/Count"] = typed.NumberObject(0)
    writer.update_container(pages)


def _metadata(writer: Any) -> None:
    writer.set_info(writer.add_object(typed.DictionaryObject({pdf_name("/Title"): typed.pdf_string("Grant of patent")})))


def _xmp(writer: Any) -> None:
    writer.root["/Metadata"] = writer.add_object(typed.StreamObject(stream_data=b"<x:xmpmeta/>"))
    writer.update_root()


def _receipt(writer: Any) -> None:
    entry = writer.root["/AF"][0].get_object()
    old = entry["/EF"]["/F"].get_object().data
    entry["/EF"]["/F"] = writer.add_object(typed.StreamObject(stream_data=old.replace(b"2026", b"2020")))
    writer.update_container(entry)


def _second_attachment(writer: Any) -> None:
    specification = typed.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Filespec"),
            pdf_name("/UF"): typed.pdf_string("claims.pdf"),
            pdf_name("/EF"): typed.DictionaryObject(
                {pdf_name("/F"): writer.add_object(typed.StreamObject(stream_data=b"%PDF-"))}
            ),
        }
    )
    writer.root["/AF"].append(writer.add_object(specification))
    writer.update_container(writer.root["/AF"])
    writer.update_root()


def _script(writer: Any) -> None:
    action = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): typed.pdf_string("app.alert(1)")}
    writer.root[pdf_name("/OpenAction")] = typed.DictionaryObject(action)
    writer.update_root()


def _archive(writer: Any) -> None:
    writer.root[pdf_name("/DSS")] = writer.add_object(typed.DictionaryObject({pdf_name("/Type"): pdf_name("/DSS")}))
    writer.update_root()


def _locks_gone(writer: Any) -> None:
    writer.root.pop("/Perms", None)
    writer.update_root()


def _stranger() -> PadesSealer:
    """Another authority's seal, under our office's very name."""
    signer = LocalSigner()
    chain = Chain.from_pem(TestTrust(now=NOON).issue_seal_certificate(signer.public_key_pem(), "Tra local office"))
    return PadesSealer(signer=signer, chain=chain)


def _second_seal(pdf: bytes) -> bytes:
    """A stranger's seal over all of it, its field as large as the page. pyHanko's signer refuses to add one to a certified
    file; its embedder asks nobody."""
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
    from pyhanko.sign.signers.pdf_byterange import SignatureObject

    stranger, writer = _stranger(), IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    field = SigFieldSpec("Other", on_page=0, box=(0, 0, 600, 800), empty_field_appearance=True)
    steps: Any = PdfCMSEmbedder(new_field_spec=field).write_cms("Other", writer)
    next(steps)
    empty = SignatureObject(timestamp=NOON, subfilter=SigSeedSubFilter.PADES, bytes_reserved=16_000)
    steps.send(SigObjSetup(sig_placeholder=empty))
    prepared, out = steps.send(SigIOSetup(md_algorithm="sha256"))
    steps.send(sign(prepared.document_digest, chain=stranger.chain, signer=stranger.signer))
    return bytes(out.getvalue())


def _unsealed(pdf: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for name in ("/AcroForm", "/Perms"):
            if name in opened.Root:
                del opened.Root[name]
        for page in opened.pages:
            if "/Annots" in page:
                del page["/Annots"]
        out = io.BytesIO()
        opened.save(out)
    return out.getvalue()


def _sealed_by_a_stranger(pdf: bytes) -> bytes:
    return _stranger().seal(_unsealed(pdf), sealed_at=NOON, reason="Acknowledgement", location="Phnom Penh")


def _saved_anew(pdf: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        out = io.BytesIO()
        opened.save(out)
    return out.getvalue()


def _range(new: bytes) -> Attack:
    """Another /ByteRange of the same length."""

    def attack(pdf: bytes) -> bytes:
        match = re.search(rb"/ByteRange\s*\[[^\]]*\]", pdf)
        assert match
        return pdf[: match.start()] + new.ljust(len(match[0]))[: max(len(new), len(match[0]))] + pdf[match.end() :]

    return attack


def _cms(change: Callable[[bytes], bytes]) -> Attack:
    """Another value of the same length in /Contents."""

    def attack(pdf: bytes) -> bytes:
        match = re.search(rb"/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)", pdf)
        assert match
        start, end = int(match[1]) + 1, int(match[2]) - 1
        der = bytes.fromhex(pdf[start:end].decode())
        return pdf[:start] + change(der)[: len(der)].ljust(len(der), b"\0").hex().encode() + pdf[end:]

    return attack


def _two_signers(der: bytes) -> bytes:
    _, content, _ = next(read(der))
    (_, _, kind), (_, wrapped, _) = read(content)
    parts = list(read(next(read(wrapped))[1]))
    signers = parts[-1][1]
    fields = [whole for _, _, whole in parts[:-1]]
    return tlv(0x30, kind, tlv(0xA0, tlv(0x30, *fields, tlv(0x31, signers, signers))))


def _wrapped(pdf: bytes) -> bytes:
    """The sealed tail is moved behind new content, and the range points there."""
    match = re.search(rb"/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)
    assert match
    first, second, rest = (int(one) for one in match.groups())
    evil = b"\n9999 0 obj\n<< /Length %d >>\nstream\n" % len(SHOW) + SHOW + b"\nendstream\nendobj\n"
    new = b"/ByteRange [0 %d %d %d]" % (first, second + len(evil), rest)
    moved = pdf[: match.start()] + new.ljust(len(match[0])) + pdf[match.end() : second] + evil + pdf[second:]
    return bytes(moved)


def _bomb(pdf: bytes) -> bytes:
    packed = zlib.compress(b"\0" * 30_000_000)
    return pdf + b"\n9998 0 obj\n<</Filter/FlateDecode/Length %d>>\nstream\n" % len(packed) + packed + b"\nendstream\nendobj\n"


ATTACKS: dict[str, Attack] = {
    # incremental saving, shadow content
    "content replaced": _incremental(_replace_content),
    "content object swapped": _incremental(_swap_content_object),
    "page repeated": _incremental(_more_pages),
    "pages removed": _incremental(_no_pages),
    "body without a table": lambda pdf: pdf + b"\n3 0 obj\n<< /Type /Page >>\nendobj\n",
    "empty revision": _incremental(lambda writer: writer.update_root()),
    "lock removed": _incremental(_locks_gone),
    # overlays
    "stamp laid over": _incremental(_overlay),
    "form field laid over": _incremental(_field),
    "second seal that covers": _second_seal,
    # what is beside the pages
    "title changed": _incremental(_metadata),
    "XMP changed": _incremental(_xmp),
    "receipt swapped": _incremental(_receipt),
    "attachment added": _incremental(_second_attachment),
    "script added": _incremental(_script),
    "archive data added": _incremental(_archive),
    # bytes
    "a newline at the end": lambda pdf: pdf + b"\n",
    "bytes at the end": lambda pdf: pdf + b"\x00" * 100,
    "bytes at the start": lambda pdf: b"GIF89a" + pdf,
    "cut short": lambda pdf: pdf[:-200],
    "cut in half": lambda pdf: pdf[: len(pdf) // 2],
    "one byte in the sealed part": lambda pdf: pdf[:3000] + bytes([pdf[3000] ^ 1]) + pdf[3001:],
    "two letters in one file": lambda pdf: pdf + pdf,
    "saved anew": _saved_anew,
    # wrapping, universal forgery
    "range moved": _wrapped,
    "range missing": _range(b"/BiteRange [0 1 2 3]"),
    "range null": _range(b"/ByteRange null"),
    "range of nothing": _range(b"/ByteRange [0 0 0 0]"),
    "range beyond the end": _range(b"/ByteRange [0 9 99999999 9]"),
    "range negative": _range(b"/ByteRange [0 -1 5 -9]"),
    "range of texts": _range(b"/ByteRange [(a)(b)]"),
    # the signature itself
    "signature of zeros": _cms(lambda der: b""),
    "signature cut short": _cms(lambda der: der[:500]),
    "signature that is no DER": _cms(lambda der: b"\xff" * 500),
    "a bit of the signature": _cms(lambda der: der[:300] + bytes([der[300] ^ 1]) + der[301:]),
    "something in the padding": _cms(lambda der: der[:-10] + b"0123456789"),
    "two signers": _cms(_two_signers),
    "endless length": _cms(lambda der: b"\x30\x84\xff\xff\xff\xff" + der[6:]),
    # other seals
    "unsealed": _unsealed,
    "sealed by a stranger of our name": _sealed_by_a_stranger,
    # bombs and loops
    "deflate bomb behind": _bomb,
    "table that points at itself": lambda pdf: pdf + b"\nxref\n0 0\ntrailer\n<</Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
    % (len(pdf) + 1, len(pdf) + 1),
    "deep nesting behind": lambda pdf: pdf + b"\n1 0 obj\n" + b"[" * 50_000 + b"\n%%EOF\n",
}  # fmt: skip
