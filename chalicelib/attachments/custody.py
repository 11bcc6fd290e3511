"""Custody: what was filed is copied, by version, from quarantine into the records, where nothing is ever changed.

Each digest is computed again from the bytes that lie in the records. Only when all files, the form, the manifest and the
signed receipt lie there are the files entered as secured, all in one commit; a repeat finds them and is done. Copies that we
made of a file (`derived`) are kept beside it, under names of their own.
"""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.contracts import attachment, records
from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.draft import DRAFT, Draft
from chalicelib.contracts.events import AttachmentSecured, FiledFile, FilingSubmitted
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.register.model import Register, Stream, StreamId, deciding

ACTOR = "tra:take_custody"


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


class ReceiptSigner(Protocol):
    """Signs receipts; the same bytes give the same signature."""

    def sign_detached(self, payload: bytes) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class TakeCustody:
    """Secure one filing."""

    register: Register
    records: Records
    signer: ReceiptSigner
    clock: Clock

    def __call__(self, stream_id: StreamId) -> None:
        """Copy what is not secured yet. Corrupt if stored bytes are not what was filed."""
        stream = self._load(stream_id)
        submitted = stream.last(FilingSubmitted)
        if submitted is None:
            raise Corrupt(f"{stream_id} was not submitted")
        open_files = _open_files(stream, submitted)
        if submitted.files and not open_files:
            return
        self._secure_documents(stream, submitted)
        secured = [self._secure(stream, file) for file in open_files]
        deciding(lambda: self._enter(stream_id, secured))

    def _secure(self, stream: Stream, file: FiledFile) -> AttachmentSecured:
        item = stream.items[attachment.PREFIX + file.attachment].attributes
        key = records.file(stream.id.id, file.sha256)
        there = self.records.copy_from_quarantine(item["key"], item["object_version"], key)
        _same(key, there, file.sha256, file.size)
        for made in Attachment.of(file.attachment, item).derived:
            if made.what != attachment.PAGE:
                beside = records.derived_file(stream.id.id, made.sha256)
                copy = self.records.copy_from_quarantine(made.key, made.version, beside)
                _same(beside, copy, made.sha256, made.size)
        return AttachmentSecured(attachment=file.attachment, key=key, sha256=file.sha256, size=file.size)

    def _secure_documents(self, stream: Stream, submitted: FilingSubmitted) -> None:
        draft = Draft.of(stream.items[DRAFT].version, stream.items[DRAFT].attributes)
        form, manifest, receipt = draft.form.to_bytes(), draft.manifest or "", draft.receipt or ""
        for key, body, sha256 in (
            (records.form(stream.id.id, submitted.form_sha256), form, submitted.form_sha256),
            (records.manifest(stream.id.id, submitted.manifest_sha256), manifest.encode(), submitted.manifest_sha256),
            (records.receipt(stream.id.id, submitted.receipt_sha256), receipt.encode(), submitted.receipt_sha256),
        ):
            if Digest.of(body).hex != sha256:
                raise Corrupt(f"{key}: what is kept is not what was recorded")
            _same(key, self.records.put_once(key, body, "application/json"), sha256, len(body))
        signature = self.signer.sign_detached(receipt.encode())
        self.records.put_once(
            records.receipt(stream.id.id, submitted.receipt_sha256) + ".p7s", signature, "application/pkcs7-signature"
        )

    def _enter(self, stream_id: StreamId, secured: list[AttachmentSecured]) -> None:
        stream = self._load(stream_id)
        done = {fact.attachment for fact in stream.facts(AttachmentSecured)}
        new = [fact for fact in secured if fact.attachment not in done]
        if new:
            self.register.commit(stream.append(*new, by=ACTOR, at=self.clock()))

    def _load(self, stream_id: StreamId) -> Stream:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        return stream


def _open_files(stream: Stream, submitted: FilingSubmitted) -> list[FiledFile]:
    done = {fact.attachment for fact in stream.facts(AttachmentSecured)}
    return [file for file in submitted.files if file.attachment not in done]


def _same(key: str, there: Lying, sha256: str, size: int) -> None:
    if (there.sha256.hex, there.size) != (sha256, size):
        raise Corrupt(f"{key}: stored bytes are not what was filed")
