"""Later papers to hand over: made step by step over any register and bucket, as the other rooms make them."""

from datetime import timedelta

from chalicelib.contracts import attachment, records
from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.draft import DRAFT
from chalicelib.contracts.events import AttachmentHeld, AttachmentReserved, AttachmentStored
from chalicelib.contracts.form import parsed
from chalicelib.contracts.manifest import Manifest
from chalicelib.contracts.paper import COUNT, RECEIPT_SCHEMA, ROW, PaperForm, PaperRow
from chalicelib.contracts.paper_facts import Answered, FeeOpen, PaperSubmitted
from chalicelib.contracts.parts import FiledFile
from chalicelib.kernel import ids
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.register.model import Key, Put, StreamId, begin, paper
from tests.unit.registry.filings import Filings

NAME = "ចម្លើយ answer.pdf"
FILES = ((NAME, b"%PDF an answer " * 40),)
FORM = {"kind": "answer", "answers": [{"letter": "OA/2026/17"}], "note": "ជូនការិយាល័យ"}


def submitted(
    filings: Filings,
    application: StreamId,
    files: tuple[tuple[str, bytes], ...] = FILES,
    *,
    held: bool = False,
    fee: FeeOpen | None = None,
) -> StreamId:
    """A paper with files, submitted and numbered. `held`: no scanner has looked at them."""
    filings.clock.advance(timedelta(seconds=1))
    filings.serial += 1
    now = filings.clock()
    stream = paper(ids.ulid(now, lambda size: filings.serial.to_bytes(size, "big")))
    there = filings.load(application)
    count = there.items.get(COUNT)
    serial = (count.version if count else 0) + 1
    number = f"{there.head.attributes['number']}-P{serial}"
    kept = [_attachment(filings, stream, place, *file, held=held) for place, file in enumerate(files)]
    form = parsed(PaperForm, FORM)
    manifest = Manifest(filing=application.id, form=form.to_bytes(), files=tuple(kept), paper=stream.id)
    receipt = canonical(
        {"schema": RECEIPT_SCHEMA, "filing": application.id, "serial": serial, "received_at": now.isoformat()}
    )
    announced = [
        AttachmentReserved(attachment=one.id, document=one.document, media_type=one.media_type, size=one.size)
        for one in kept
    ]
    arrived = [
        (AttachmentHeld if held else AttachmentStored)(
            attachment=one.id, document=one.document, media_type=one.media_type, size=one.size, sha256=one.sha256 or ""
        )
        for one in kept
    ]
    fact = PaperSubmitted(
        filing=application.id, application=there.head.attributes["number"], number=number, serial=serial, kind="answer",
        received_at=stamp(now), received_on="2026-11-25", draft_version=1,
        form_sha256=Digest.of(manifest.form).hex, form_size=len(manifest.form),
        manifest_sha256=manifest.sha256.hex, manifest_size=len(manifest.to_bytes()),
        receipt_sha256=Digest.of(receipt).hex, receipt_size=len(receipt),
        files=tuple(
            FiledFile(
                attachment=one.id, document=one.document, media_type=one.media_type, size=one.size,
                sha256=one.sha256 or "",
            )
            for one in kept
        ),
        answers=(Answered(letter="OA/2026/17"),),
        fee=fee,
    )  # fmt: skip
    row = PaperRow(id=stream.id, kind="answer", begun_at=stamp(now), serial=serial, number=number, received_at=stamp(now))
    draft = {"form": manifest.form.decode(), "manifest": manifest.to_bytes().decode(), "receipt": receipt.decode()}
    filings.register.commit(
        begin(
            stream, *announced, *arrived, fact, by="account:filer", at=now, owner=str(application), kind="answer",
            filing=application.id, of_kind="design", route="national", application=fact.application, number=number,
        ),
        Put(Key(str(application), COUNT), {"last_at": stamp(now)}, expects=count.version if count else None),
        Put(Key(str(application), ROW + stream.id), row.attributes()),
        Put(Key(f"NUMBER#{number}", "NUMBER"), {"stream": str(stream)}),
        Put(Key(str(stream), DRAFT), draft),
        *(Put(Key(str(stream), attachment.PREFIX + one.id), one.attributes()) for one in kept),
    )  # fmt: skip
    return stream


def secured(filings: Filings, application: StreamId, files: tuple[tuple[str, bytes], ...] = FILES) -> StreamId:
    """A paper of which everything lies in the records."""
    stream = submitted(filings, application, files)
    filings.secure(stream)
    return stream


def handed_over(filings: Filings, application: StreamId, files: tuple[tuple[str, bytes], ...] = FILES) -> StreamId:
    """A paper whose package is ready."""
    stream = secured(filings, application, files)
    filings.hand_over(stream)
    return stream


def _attachment(filings: Filings, stream: StreamId, number: int, name: str, body: bytes, *, held: bool) -> Attachment:
    identifier = ids.ulid(filings.clock(), lambda size: bytes([number]) * size)
    key, version = filings.upload(records.upload_of_paper(stream.id, identifier, f"{number:032x}"), body)
    return Attachment(
        id=identifier, document="statement", name=name, media_type="application/pdf", size=len(body), key=key,
        state="held" if held else "stored", sha256=Digest.of(body).hex, object_version=version,
    )  # fmt: skip
