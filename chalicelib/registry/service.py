"""Hand over: when a filing is acknowledged and everything lies in the records, list it in one package and say so.

1. The chain of entries verifies; a filing that was handed over is done.
2. Ready: submitted, acknowledged, every filed file secured, or refused since (it is named, and not handed over). Not ready
   is no fault: the entry still missing rings again.
3. Every object is looked at where it lies. Form, manifest, receipt, signature and letter are read and digested again;
   of files, which custody digested in the records, the size is compared. Anything else than recorded is Corrupt.
4. The package is stored once under its digest, then entered. Killed in between, the next run makes the same bytes.
"""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.contracts import records
from chalicelib.contracts.draft import DRAFT
from chalicelib.contracts.events import (
    AttachmentRefused,
    AttachmentSecured,
    FeePaid,
    FiledFile,
    FilingSubmitted,
    LetterIssued,
    PackageReady,
)
from chalicelib.kernel import strict
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, Unavailable
from chalicelib.log import log
from chalicelib.offices.model import Office
from chalicelib.register.model import Entry, Register, Stream, StreamId, deciding, verify_chain
from chalicelib.registry.model import ACKNOWLEDGEMENT, Basis, Package, PackageObject, Payment, Role, Withheld

ACTOR = "tra:hand_over"
MAX_MANIFEST = 400_000  # bytes: the item that holds it is no larger
JSON, PDF, PKCS7 = "application/json", "application/pdf", "application/pkcs7-signature"


class Lying(Protocol):
    """An object as it lies in a bucket."""

    @property
    def version(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> Digest: ...


class Records(Protocol):
    """Where what is filed lies for ever."""

    @property
    def name(self) -> str:
        """The bucket's name, for pointers."""

    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None:
        """Version and size of what lies there; None if nothing does."""

    def stored(self, key: str, version: str | None = None) -> Lying:
        """What lies there, digest recomputed. FileNotFoundError if nothing does."""

    def put_once(self, key: str, body: bytes, media_type: str) -> Lying:
        """Store unless the key is taken; answers what lies there."""


@dataclass(frozen=True)
class Ready:
    """A filing of which everything is there. `last` is the entry that completed it, whatever was entered since."""

    stream: Stream
    submitted: FilingSubmitted
    letter: LetterIssued
    secured: dict[str, AttachmentSecured]
    refused: dict[str, AttachmentRefused]
    payments: tuple[FeePaid, ...]
    last: Entry

    @classmethod
    def of(cls, stream: Stream) -> "Ready | None":
        """What the entries say; None while something is missing."""
        submitted: FilingSubmitted | None = None
        letter: LetterIssued | None = None
        secured: dict[str, AttachmentSecured] = {}
        refused: dict[str, AttachmentRefused] = {}
        payments: list[FeePaid] = []
        for entry in stream.entries:
            match entry.fact:
                case FilingSubmitted() as submission:
                    submitted = submission
                case AttachmentSecured() as file:
                    secured[file.attachment] = file
                case AttachmentRefused() as file:
                    refused[file.attachment] = file
                case FeePaid() as payment:
                    payments.append(payment)
                case LetterIssued(code=code) as issued if code == ACKNOWLEDGEMENT:
                    letter = issued
                case _:
                    continue
            decided = secured.keys() | refused.keys()
            if submitted and letter and decided >= {file.attachment for file in submitted.files}:
                return cls(stream, submitted, letter, secured, refused, tuple(payments), entry)
        return None


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """Hand one filing over to the registry."""

    register: Register
    records: Records
    office: Office
    clock: Clock

    def __call__(self, stream_id: StreamId) -> None:
        """Store the package and enter PackageReady, once. Does nothing while the filing is not ready.

        Unavailable if the papers of a ready filing are not stored yet (ask again); Corrupt if what lies in the records
        is not what was entered.
        """
        deciding(lambda: self._decide(stream_id))

    def _decide(self, stream_id: StreamId) -> None:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        verify_chain(stream.entries)
        if stream.last(PackageReady) is not None:
            return
        ready = Ready.of(stream)
        if ready is None:
            log("hand-over-not-ready", stream=str(stream_id), status=stream.head.status)
            return
        body = self._package(ready).to_bytes()
        digest = Digest.of(body)
        key = records.package(stream_id.id, digest)
        there = self.records.put_once(key, body, JSON)
        if (there.sha256, there.size) != (digest, len(body)):
            raise Corrupt(f"{key}: stored bytes are not the package")
        fact = PackageReady(
            number=ready.submitted.number,
            kind=ready.submitted.kind,
            route=ready.submitted.route,
            paid=bool(ready.payments),
            key=key,
            sha256=digest.hex,
            size=len(body),
        )
        self.register.commit(stream.append(fact, by=ACTOR, at=self.clock()))

    def _package(self, ready: Ready) -> Package:
        submitted = ready.submitted
        return Package(
            office=self.office.code,
            filing=ready.stream.id.id,
            number=submitted.number,
            kind=submitted.kind,
            route=submitted.route,
            filing_date=submitted.filing_date,
            received_at=submitted.received_at,
            paid=bool(ready.payments),
            payments=tuple(Payment.model_validate(fact.to_data()) for fact in ready.payments),
            entries=Basis(seq=ready.last.seq, hash=ready.last.hash),
            objects=(*self._papers(ready), *self._files(ready), self._letter(ready.letter)),
            withheld=tuple(
                Withheld(**file.model_dump(), reason=ready.refused[file.attachment].reason)
                for file in ready.submitted.files
                if file.attachment in ready.refused
            )
            or None,
        )

    def _papers(self, ready: Ready) -> list[PackageObject]:
        filing, fact = ready.stream.id.id, ready.submitted
        receipt = records.receipt(filing, fact.receipt_sha256)
        papers: tuple[tuple[Role, str, str, str, tuple[str, int] | None], ...] = (
            ("form", "form.json", records.form(filing, fact.form_sha256), JSON, (fact.form_sha256, fact.form_size)),
            ("manifest", "manifest.json", records.manifest(filing, fact.manifest_sha256), JSON,
             (fact.manifest_sha256, fact.manifest_size)),
            ("receipt", "receipt.json", receipt, JSON, (fact.receipt_sha256, fact.receipt_size)),
            ("receipt-signature", "receipt.json.p7s", receipt + ".p7s", PKCS7, None),
        )  # fmt: skip
        found = []
        for role, name, key, media_type, recorded in papers:
            try:
                there = self.records.stored(key)
            except FileNotFoundError as error:
                raise Unavailable(f"{key} is not stored yet") from error
            found.append(self._pointer(role, name, role, media_type, key, there, recorded))
        return found

    def _files(self, ready: Ready) -> list[PackageObject]:
        labels, found = _labels(ready), []
        for file in ready.submitted.files:
            if file.attachment in ready.refused:
                continue
            secured = ready.secured[file.attachment]
            there = self.records.head(secured.key)
            if there is None:
                raise Corrupt(f"{secured.key}: secured, and not there")
            version, size = there
            if not (secured.sha256 == file.sha256 and secured.size == file.size == size):
                raise Corrupt(f"{secured.key}: what lies there is not what was filed")
            found.append(
                PackageObject(
                    role="file",
                    name=labels[file.attachment],
                    document=file.document,
                    media_type=file.media_type,
                    bucket=self.records.name,
                    key=secured.key,
                    version=version,
                    sha256=file.sha256,
                    size=size,
                    attachment=file.attachment,
                )
            )
        return found

    def _letter(self, letter: LetterIssued) -> PackageObject:
        try:
            there = self.records.stored(letter.key)
        except FileNotFoundError as error:
            raise Corrupt(f"{letter.key}: issued, and not there") from error
        recorded = (letter.sha256, letter.size)
        return self._pointer("letter", f"{letter.code}.pdf", letter.code, PDF, letter.key, there, recorded)

    def _pointer(
        self, role: Role, name: str, document: str, media_type: str, key: str, there: Lying,
        recorded: tuple[str, int] | None,
    ) -> PackageObject:  # fmt: skip
        if recorded is not None and (there.sha256.hex, there.size) != recorded:
            raise Corrupt(f"{key}: stored bytes are not what was entered")
        return PackageObject(
            role=role,
            name=name,
            document=document,
            media_type=media_type,
            bucket=self.records.name,
            key=key,
            version=there.version,
            sha256=there.sha256.hex,
            size=there.size,
        )


def _labels(ready: Ready) -> dict[str, str]:
    """The filer's names of files, by attachment, from the manifest that was confirmed. Corrupt if it is another one."""
    item = ready.stream.items.get(DRAFT)
    body = str(item.attributes.get("manifest") or "").encode() if item else b""
    if Digest.of(body).hex != ready.submitted.manifest_sha256:
        raise Corrupt(f"{ready.stream.id}: the kept manifest is not the recorded one")
    lines = strict.loads(body, max_bytes=MAX_MANIFEST)["files"]
    if [_as_filed(line) for line in lines] != [file.model_dump() for file in ready.submitted.files]:
        raise Corrupt(f"{ready.stream.id}: manifest and entry list other files")
    return {line["attachment"]: line["name"] for line in lines}


def _as_filed(line: dict[str, object]) -> dict[str, object]:
    return {name: line.get(name) for name in FiledFile.model_fields}
