"""PAdES B-B seals (ETSI EN 319 142-1): `revision.py` does the PDF, `cms.py` the signature, the `Signer` the key.

Steps of `PadesSealer.seal`, all in one revision of the file:
1. add one signature field with its visible panel on the last page, locked: no field and nothing else may change
   (certification, DocMDP 1; FieldMDP All);
2. enter the field into the structure tree, so that the file stays PDF/UA and PDF/A-3a;
3. keep room in /Contents for a time-stamp that a later level puts in, and take the digest of all the rest;
4. sign the CMS attributes over that digest, once, and fill the room.

The same input gives the same bytes: the time is given, the file's second /ID is made from what is sealed, metadata stay
as they were drawn, and RSASSA-PKCS1-v1_5 is deterministic.
"""

import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from chalicelib.kernel.clock import stamp
from chalicelib.signing import cms
from chalicelib.signing.model import Panel, Signer
from chalicelib.signing.revision import Drawn, Entries, NotDrawn, Revision, number_of, text, values, written
from chalicelib.signing.revision import entries as parse

FIELD_NAME = "OfficeSeal"
ROOM = 16_000  # hexadecimal digits: 8,000 bytes; a B-B takes about 3,400, with a time-stamp up to 5,300
_HOLE = b"/Contents <%b>" % (b"0" * ROOM)
_RANGE = b"/ByteRange [0 0000000000 0000000000 0000000000]"
_EXTENSION = b"<</ESIC<</Type/DeveloperExtensions/BaseVersion/1.7/ExtensionLevel 1>>>>"  # EN 319 142-1 clause 5.6


@dataclass(frozen=True, kw_only=True)
class PadesSealer:
    """Seals with `signer`, whose certificate stands first in `chain`."""

    signer: Signer
    chain: cms.Chain

    @cached_property
    def sealed_by(self) -> str:
        """The common name in the seal's certificate, for the panel."""
        from cryptography import x509
        from cryptography.x509.oid import NameOID

        subject = x509.load_der_x509_certificate(self.chain.certificates[0]).subject
        names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else subject.rfc4514_string()

    def seal(
        self,
        pdf: bytes,
        *,
        sealed_at: datetime,
        reason: str,
        location: str,
        panel: Panel | None = None,
        field_name: str = FIELD_NAME,
    ) -> bytes:
        """`pdf` with one more revision that seals all of it. ValueError if it carries a signature already, or if the
        signature does not fit the room kept for it. `reason` and `location` go into the file as they are."""
        try:
            drawn = Drawn.read(pdf)
            root = drawn.entries(drawn.root)
        except NotDrawn as error:
            raise ValueError("a letter is sealed once, as it was drawn") from error
        if b"/AcroForm" in root:
            raise ValueError("a letter is sealed once")
        seed = [pdf, stamp(sealed_at).encode(), reason.encode(), location.encode(), self.chain.certificates[0]]
        revision = Revision(drawn)
        seal_field = revision.reserve()
        entries = _field(revision, seal_field, field_name, panel)
        signature = revision.add(_placeholder(drawn.root, sealed_at, reason, location))
        revision.put(seal_field, entries | {b"/V": b"%d 0 R" % signature})
        form = revision.add(b"<</Fields[%d 0 R]/SigFlags 3>>" % seal_field)
        locks = {
            b"/AcroForm": b"%d 0 R" % form,
            b"/Perms": b"<</DocMDP %d 0 R>>" % signature,
            b"/Extensions": _EXTENSION,
        }
        revision.put(drawn.root, root | locks)
        whole = revision.whole(hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in seed)).digest()[:16])
        return self._filled(bytearray(whole), len(pdf))

    def _filled(self, sealed: bytearray, drawn: int) -> bytes:
        """The byte range told, its digest signed, the signature put into its room."""
        start = sealed.index(_HOLE + _RANGE, drawn) + len(b"/Contents ")
        end = start + ROOM + 2
        told = b"[0 %d %d %d]" % (start, end, len(sealed) - end)
        sealed[end : end + len(_RANGE)] = (b"/ByteRange " + told).ljust(len(_RANGE))
        view = memoryview(sealed)
        digest = hashlib.sha256(view[:start])
        digest.update(view[end:])
        signature = cms.sign(digest.digest(), chain=self.chain, signer=self.signer)
        if 2 * len(signature) > ROOM:
            raise ValueError(f"a signature of {len(signature)} bytes does not fit {ROOM // 2}")
        view[start + 1 : start + 1 + 2 * len(signature)] = signature.hex().upper().encode("ascii")
        return bytes(sealed)


def _placeholder(root: int, sealed_at: datetime, reason: str, location: str) -> bytes:
    """The signature dictionary with room for what it will hold (ISO 32000-1 section 12.8.1)."""
    return b"".join(
        (
            b"<<" + _HOLE + _RANGE,
            b"/Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached",
            b"/M" + text(f"D:{sealed_at.astimezone(UTC):%Y%m%d%H%M%S}Z"),
            b"/Location " + text(location) + b"/Reason " + text(reason),
            b"/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/V/1.2/P 1>>>>",
            b"<</Type/SigRef/TransformMethod/FieldMDP/Data %d 0 R" % root,
            b"/TransformParams<</Type/TransformParams/V/1.2/Action/All/P 1>>>>]>>",
        )
    )


def _field(revision: Revision, number: int, name: str, panel: Panel | None) -> Entries:
    """The signature field and its widget in one, on the last page; with a panel also its picture and its place in the
    structure tree."""
    page = revision.before.last_page
    entries = revision.before.entries(page)
    notes = entries.get(b"/Annots", b"[]")
    revision.put(page, entries | {b"/Annots": notes[: notes.rindex(b"]")] + b" %d 0 R]" % number})
    lock = revision.add(b"<</Type/SigFieldLock/Action/All/P 1>>")
    field = {
        b"/Type": b"/Annot", b"/Subtype": b"/Widget", b"/FT": b"/Sig", b"/T": text(name), b"/F": b"132",
        b"/Rect": b"[0 0 0 0]", b"/P": b"%d 0 R" % page, b"/Lock": b"%d 0 R" % lock,
    }  # fmt: skip
    if panel is None:
        return field
    field[b"/Rect"] = b"[%b]" % b" ".join(f"{edge:g}".encode() for edge in panel.box)
    field[b"/TU"] = text(panel.description)
    field[b"/AP"] = b"<</N %d 0 R>>" % _picture(revision, panel)
    return field | _placed(revision, number, page, panel.description)


def _picture(revision: Revision, panel: Panel) -> int:
    """The panel's page as a form (ISO 32000-1 section 8.10), with all it needs."""
    source = Drawn.read(panel.pdf)
    page = source.entries(source.last_page)
    resources = revision.copied(source, page[b"/Resources"], {})
    content = source.body(number_of(page[b"/Contents"]))
    told = b"<</Type/XObject/Subtype/Form/BBox%b/Resources %b" % (page[b"/MediaBox"], resources)
    return revision.add(told + content.removeprefix(b"<<"))


def _placed(revision: Revision, number: int, page: int, description: str) -> Entries:
    """What enters a field into the structure tree (ISO 14289-1 section 7.18.4). Nothing where there is no tree."""
    drawn = revision.before
    root = drawn.entries(drawn.root)
    if b"/StructTreeRoot" not in root:
        return {}
    tree_at = number_of(root[b"/StructTreeRoot"])
    tree = drawn.entries(tree_at)
    above = number_of(values(tree[b"/K"])[0] if tree[b"/K"].startswith(b"[") else tree[b"/K"])
    document, key = drawn.entries(above), int(tree[b"/ParentTreeNextKey"])
    element = revision.add(
        b"<</Type/StructElem/S/Form/P %d 0 R/Alt %b/Pg %d 0 R/K<</Type/OBJR/Obj %d 0 R>>>>"
        % (above, text(description), page, number)
    )
    children = document[b"/K"].removeprefix(b"[").removesuffix(b"]")
    revision.put(above, document | {b"/K": b"[%b %d 0 R]" % (children, element)})
    parents = parse(tree[b"/ParentTree"])
    listed = parents[b"/Nums"].removeprefix(b"[").removesuffix(b"]")
    parents[b"/Nums"] = b"[%b %d %d 0 R]" % (listed, key, element)
    tree |= {b"/ParentTree": written(parents), b"/ParentTreeNextKey": b"%d" % (key + 1)}
    revision.put(tree_at, tree)
    return {b"/StructParent": b"%d" % key}


def repeatable_writer(pdf: bytes, seed: bytes) -> Any:
    """A writer whose revision depends on nothing but what is written."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class RepeatableWriter(IncrementalPdfFileWriter):
        @classmethod
        def _handle_id(cls, prev: Any) -> Any:
            first, _ = prev.trailer["/ID"]
            return generic.ArrayObject([first, generic.ByteStringObject(hashlib.sha256(seed).digest()[:16])])

        def _update_meta(self) -> None:
            """Title, times and XMP stand as they were drawn."""

    return RepeatableWriter(io.BytesIO(pdf))
