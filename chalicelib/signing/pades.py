"""PAdES B-B seals (ETSI EN 319 142-1): pyHanko does the PDF, `cms.py` the signature, the `Signer` the key.

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
from datetime import datetime
from functools import cached_property
from typing import Any

from chalicelib.kernel.clock import stamp
from chalicelib.signing import cms
from chalicelib.signing.model import Panel, Signer

FIELD_NAME = "OfficeSeal"
ROOM = 16_000  # hexadecimal digits: 8,000 bytes; a B-B takes about 3,400, with a time-stamp up to 5,300


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
        from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, SigSeedSubFilter
        from pyhanko.sign.signers import constants
        from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
        from pyhanko.sign.signers.pdf_byterange import SignatureObject

        seed = [pdf, stamp(sealed_at).encode(), reason.encode(), location.encode(), self.chain.certificates[0]]
        writer: Any = repeatable_writer(pdf, b"".join(hashlib.sha256(part).digest() for part in seed))
        if writer.prev.embedded_signatures:
            raise ValueError("a letter is sealed once")
        everything = FieldMDPSpec(FieldMDPAction.ALL)
        box: Any = panel.box if panel else None  # declared in whole points; fractions are written as they are
        steps = PdfCMSEmbedder(
            new_field_spec=SigFieldSpec(
                sig_field_name=field_name,
                on_page=-1,
                box=box,
                field_mdp_spec=everything,
                doc_mdp_update_value=MDPPerm.NO_CHANGES,
                readable_field_name=panel.description if panel else None,
            )
        ).write_cms(field_name, writer)
        seal_field = next(steps)
        if panel:
            _show(writer, seal_field, panel)
        writer.ensure_output_version((1, 7))
        writer.register_extension(constants.ESIC_EXTENSION_1)
        placeholder = SignatureObject(
            timestamp=sealed_at,
            subfilter=SigSeedSubFilter.PADES,
            location=location,
            reason=reason,
            bytes_reserved=ROOM,
        )
        locks = SigMDPSetup(md_algorithm="sha256", certify=True, field_lock=everything, docmdp_perms=MDPPerm.NO_CHANGES)
        steps.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=locks))
        prepared, sealed = steps.send(SigIOSetup(md_algorithm="sha256"))
        signature = cms.sign(prepared.document_digest, chain=self.chain, signer=self.signer)
        if 2 * len(signature) > ROOM:
            raise ValueError(f"a signature of {len(signature)} bytes does not fit {ROOM // 2}")
        steps.send(signature)
        return bytes(sealed.getvalue())


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


def _show(writer: Any, seal_field: Any, panel: Panel) -> None:
    """Give the field its picture, and its place in the structure tree (ISO 14289-1 section 7.18.4)."""
    from pyhanko.pdf_utils import generic as typed
    from pyhanko.pdf_utils.generic import pdf_name
    from pyhanko.pdf_utils.reader import PdfFileReader

    generic: Any = typed  # its classes carry no types
    field = seal_field.get_object()
    picture = writer.import_page_as_xobject(PdfFileReader(io.BytesIO(panel.pdf)))
    field["/AP"] = generic.DictionaryObject({pdf_name("/N"): picture})
    if "/StructTreeRoot" not in writer.root:
        return
    tree = writer.root["/StructTreeRoot"]
    document = tree["/K"]
    document = document[0] if isinstance(document, generic.ArrayObject) else document
    next_key = int(tree["/ParentTreeNextKey"])
    element = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/StructElem"),
            pdf_name("/S"): pdf_name("/Form"),
            pdf_name("/P"): generic.IndirectObject(*_reference(document), pdf=writer),
            pdf_name("/Alt"): generic.pdf_string(panel.description),
            pdf_name("/Pg"): field.raw_get("/P"),
            pdf_name("/K"): generic.DictionaryObject(
                {
                    pdf_name("/Type"): pdf_name("/OBJR"),
                    pdf_name("/Obj"): seal_field,
                }
            ),
        }
    )
    placed = writer.add_object(element)
    children = document["/K"]
    children.append(placed)
    parents = tree["/ParentTree"]
    parents["/Nums"].extend([generic.NumberObject(next_key), placed])
    tree[pdf_name("/ParentTreeNextKey")] = generic.NumberObject(next_key + 1)
    field[pdf_name("/StructParent")] = generic.NumberObject(next_key)
    for touched in (children, parents["/Nums"], tree):
        writer.update_container(touched)


def _reference(value: Any) -> tuple[int, int]:
    place = value.container_ref
    return place.idnum, place.generation
