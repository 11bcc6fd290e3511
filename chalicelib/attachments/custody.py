"""Custody: what was filed is copied, by version, from quarantine into the records, where nothing is ever changed.

Each digest is computed again from the bytes that lie in the records. Only when all files, the form, the manifest and the
signed receipt lie there are the files entered as secured, all in one commit; a repeat finds them and is done. Copies that we
made of a file (`derived`) are kept beside it, under names of their own. Later papers are taken so too, below their own place;
that their documents lie there is entered as well (`PaperSecured`), for a paper may have no files.

A file that no scanner has looked at yet is held instead: its version loses the tag by which drafts expire, and it is copied
when it is cleared. One that is refused after all stays where it is, held, and goes no further.
"""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.contracts import attachment, records
from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.draft import DRAFT, Draft
from chalicelib.contracts.events import AttachmentSecured, FilingSubmitted
from chalicelib.contracts.fact import Fact
from chalicelib.contracts.paper import PaperDraft
from chalicelib.contracts.paper_facts import PaperSecured, PaperSubmitted
from chalicelib.contracts.parts import FiledFile
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.log import log
from chalicelib.register.model import Register, Stream, StreamId, deciding
from chalicelib.register.papers import filing_of

ACTOR = "tra:take_custody"
HELD = {"state": "held"}
Submission = FilingSubmitted | PaperSubmitted


class Lying(Protocol):
    """An object as it lies in a bucket."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> Digest: ...


class Records(Protocol):
    """Where what is filed lies for ever."""

    def put_once(self, key: str, body: bytes, media_type: str) -> Lying:
        """Store unless the key is taken; answers what lies there."""

    def copy_from_quarantine(self, key: str, version: str, target: str) -> Lying:
        """Copy one version unless the key is taken; answers what lies there, digest recomputed."""


class Quarantine(Protocol):
    """Where uploads lie."""

    def retag(self, key: str, version: str, tags: dict[str, str]) -> None:
        """Set these tags of one version, and leave its others."""


class ReceiptSigner(Protocol):
    """Signs receipts; the same bytes give the same signature."""

    def sign_detached(self, payload: bytes) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class TakeCustody:
    """Secure one filing, or one later paper."""

    register: Register
    records: Records
    quarantine: Quarantine
    signer: ReceiptSigner
    clock: Clock

    def __call__(self, stream_id: StreamId) -> None:
        """Copy what is not secured yet. Corrupt if stored bytes are not what was filed."""
        stream = self._load(stream_id)
        submitted = _submission(stream)
        if submitted is None:
            log("custody-not-submitted", stream=str(stream_id))  # a file of a draft was cleared
            return
        open_files = _open_files(stream, submitted)
        if not open_files and not _papers_missing(stream) and (submitted.files or stream.id.kind == "PAPER"):
            return
        self._secure_documents(stream, submitted)
        files = [(file, _item(stream, file)) for file in open_files]
        for _, item in files:
            if item.state != "stored":
                self._hold(item)
        secured = [self._secure(stream, file, item) for file, item in files if item.state == "stored"]
        deciding(lambda: self._enter(stream_id, secured))

    def _hold(self, item: Attachment) -> None:
        """Keep it from expiring. A verdict that comes meanwhile changes nothing: held is not lost."""
        self.quarantine.retag(item.key, item.object_version or "", HELD)
        for made in item.derived:
            if made.what != attachment.PAGE:
                self.quarantine.retag(made.key, made.version, HELD)

    def _secure(self, stream: Stream, file: FiledFile, item: Attachment) -> AttachmentSecured:
        key = records.file(_place(stream), file.sha256)
        there = self.records.copy_from_quarantine(item.key, item.object_version or "", key)
        _same(key, there, file.sha256, file.size)
        for made in item.derived:
            if made.what != attachment.PAGE:
                beside = records.derived_file(_place(stream), made.sha256)
                copy = self.records.copy_from_quarantine(made.key, made.version, beside)
                _same(beside, copy, made.sha256, made.size)
        return AttachmentSecured(attachment=file.attachment, key=key, sha256=file.sha256, size=file.size)

    def _secure_documents(self, stream: Stream, submitted: Submission) -> None:
        kept, place = PaperDraft if stream.id.kind == "PAPER" else Draft, _place(stream)
        draft = kept.of(stream.items[DRAFT].version, stream.items[DRAFT].attributes)
        form, manifest, receipt = draft.form.to_bytes(), draft.manifest or "", draft.receipt or ""
        for key, body, sha256 in (
            (records.form(place, submitted.form_sha256), form, submitted.form_sha256),
            (records.manifest(place, submitted.manifest_sha256), manifest.encode(), submitted.manifest_sha256),
            (records.receipt(place, submitted.receipt_sha256), receipt.encode(), submitted.receipt_sha256),
        ):
            if Digest.of(body).hex != sha256:
                raise Corrupt(f"{key}: what is kept is not what was recorded")
            _same(key, self.records.put_once(key, body, "application/json"), sha256, len(body))
        signature = self.signer.sign_detached(receipt.encode())
        self.records.put_once(
            records.receipt(place, submitted.receipt_sha256) + ".p7s", signature, "application/pkcs7-signature"
        )

    def _enter(self, stream_id: StreamId, secured: list[AttachmentSecured]) -> None:
        stream = self._load(stream_id)
        done = {fact.attachment for fact in stream.facts(AttachmentSecured)}
        new: list[Fact] = [fact for fact in secured if fact.attachment not in done]
        if _papers_missing(stream) and (paper := stream.last(PaperSubmitted)):
            new.append(PaperSecured(filing=paper.filing, serial=paper.serial))
        if new:
            self.register.commit(stream.append(*new, by=ACTOR, at=self.clock()))

    def _load(self, stream_id: StreamId) -> Stream:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        return stream


def _submission(stream: Stream) -> Submission | None:
    return stream.last(PaperSubmitted) if stream.id.kind == "PAPER" else stream.last(FilingSubmitted)


def _papers_missing(stream: Stream) -> bool:
    return stream.id.kind == "PAPER" and stream.last(PaperSecured) is None


def _place(stream: Stream) -> str:
    """Where its objects go (`contracts/records.py`)."""
    return records.paper(filing_of(stream), stream.id.id) if stream.id.kind == "PAPER" else stream.id.id


def _open_files(stream: Stream, submitted: Submission) -> list[FiledFile]:
    done = {fact.attachment for fact in stream.facts(AttachmentSecured)}
    return [file for file in submitted.files if file.attachment not in done]


def _item(stream: Stream, file: FiledFile) -> Attachment:
    return Attachment.of(file.attachment, stream.items[attachment.PREFIX + file.attachment].attributes)


def _same(key: str, there: Lying, sha256: str, size: int) -> None:
    if (there.sha256.hex, there.size) != (sha256, size):
        raise Corrupt(f"{key}: stored bytes are not what was filed")
