"""Filings to hand over: made step by step over any register and bucket, as the other rooms make them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

from chalicelib.attachments.custody import TakeCustody
from chalicelib.aws.s3 import Stored, Weighed
from chalicelib.contracts import attachment, records
from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.draft import DRAFT
from chalicelib.contracts.events import (
    AttachmentReserved,
    AttachmentStored,
    FeePaid,
    FilingSubmitted,
    LetterIntended,
    LetterIssued,
    PackageReady,
)
from chalicelib.contracts.form import parse_form
from chalicelib.contracts.manifest import Manifest
from chalicelib.contracts.parts import FiledFile
from chalicelib.kernel import ids
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.offices.load import load_office
from chalicelib.register.model import Entry, Key, Put, Register, Stream, StreamId, begin, filing
from chalicelib.registry.model import Package
from chalicelib.registry.papers import Sealer
from chalicelib.registry.service import HandOver
from chalicelib.relay.service import envelope
from tests.fakes import FakeReceiptSigner, FixedClock, InMemoryBucket, InMemoryRegister

APPLICANT = {"names": {"km": "សុខ ចាន់ធី"}, "country": "KH"}
FORM = {"kind": "design", "title": {"en": "Bamboo chair"}, "applicants": [APPLICANT]}
FILES = (("drawing.pdf", b"%PDF drawing " * 300), ("រូបភាព កៅអី.pdf", b"%PDF picture"))
LETTER = b"%PDF sealed letter"
OFFICE = load_office("kh")


class AllRecords(Protocol):
    """The records bucket, as custody, the hand-over and the tests use it."""

    @property
    def name(self) -> str: ...
    def copy_from_quarantine(self, key: str, version: str, target: str) -> Stored: ...
    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None: ...
    def stored(self, key: str, version: str | None = None) -> Stored: ...
    def put_once(self, key: str, body: bytes, media_type: str) -> Stored: ...
    def weighed(self, key: str, version: str | None = None) -> Weighed: ...
    def read(self, key: str, version: str | None = None) -> bytes: ...


@dataclass
class Filings:
    """A register and its buckets, and the ways to get a filing along."""

    register: Register
    records: AllRecords
    upload: Callable[[str, bytes], tuple[str, str]]  # (key, body) → (key, version)
    clock: FixedClock = field(default_factory=FixedClock)
    serial: int = 0
    sealer: Sealer = field(default_factory=FakeReceiptSigner)

    def hand_over(self, stream: StreamId) -> None:
        """The use case under test."""
        self.use_case()(stream)

    def use_case(self, register: Register | None = None) -> HandOver:
        """The same, over another register if one is named."""
        return HandOver(
            register=register or self.register, records=self.records, office=OFFICE, sealer=self.sealer,
            clock=self.clock,
        )  # fmt: skip

    def submit(self, files: tuple[tuple[str, bytes], ...] = FILES) -> StreamId:
        """A draft with files, submitted and numbered."""
        self.serial += 1
        self.clock.advance(timedelta(seconds=1))
        stream = filing(ids.ulid(self.clock(), lambda size: self.serial.to_bytes(size, "big")))
        kept = [self._attachment(stream, number, *file) for number, file in enumerate(files)]
        form = parse_form(FORM)
        manifest = Manifest(filing=stream.id, form=form.to_bytes(), files=tuple(kept))
        receipt = canonical({"schema": "urn:tra:receipt:1", "number": self.number})
        announced = [
            AttachmentReserved(attachment=one.id, document=one.document, media_type=one.media_type, size=one.size)
            for one in kept
        ]
        arrived = [
            AttachmentStored(
                attachment=one.id,
                document=one.document,
                media_type=one.media_type,
                size=one.size,
                sha256=one.sha256 or "",
            )
            for one in kept
        ]
        submitted = FilingSubmitted(
            number=self.number, kind="design", route="national", series="D", year=2026, serial=self.serial,
            received_at=stamp(self.clock()), filing_date="2026-11-25", draft_version=1,
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
        )  # fmt: skip
        draft = {"form": manifest.form.decode(), "manifest": manifest.to_bytes().decode(), "receipt": receipt.decode()}
        self.register.commit(
            begin(
                stream, *announced, *arrived, submitted, by="account:filer", at=self.clock(), owner="account:filer",
                kind="design", number=self.number,
            ),
            Put(Key(str(stream), DRAFT), draft),
            *(Put(Key(str(stream), attachment.PREFIX + one.id), one.attributes()) for one in kept),
        )  # fmt: skip
        return stream

    def secure(self, stream: StreamId) -> None:
        """What custody does."""
        custody = TakeCustody(
            register=self.register,
            records=self.records,
            quarantine=InMemoryBucket("quarantine"),  # asked for held files only, and here are none
            signer=self.sealer,
            clock=self.clock,
        )
        custody(stream)

    def pay(self, stream: StreamId) -> None:
        """What payment does."""
        there = self.load(stream)
        fact = FeePaid(
            order=ids.ulid(self.clock(), lambda size: b"\x07" * size), purpose="filing", reference="KH2611250001",
            rail="aba", amount=320_000, currency="KHR", paid_at=stamp(self.clock()), demo=True,
        )  # fmt: skip
        self.register.commit(there.append(fact, by="tra:credit_filing", at=self.clock()))

    def acknowledge(self, stream: StreamId, letter: bytes = LETTER) -> None:
        """What sealing does."""
        there, key = self.load(stream), records.letter(stream.id, "acknowledgement", "b-b")
        self.records.put_once(key, letter, "application/pdf")
        intended = LetterIntended(
            code="acknowledgement", number="ACK/2026/10", content_sha256="a" * 64, intended_at=stamp(self.clock())
        )
        issued = LetterIssued(
            code="acknowledgement", number="ACK/2026/10", level="b-b", key=key, sha256=Digest.of(letter).hex,
            size=len(letter),
        )  # fmt: skip
        self.register.commit(there.append(intended, issued, by="tra:seal_letter", at=self.clock()))

    def ready(self, files: tuple[tuple[str, bytes], ...] = FILES) -> StreamId:
        """A filing of which everything is there."""
        stream = self.submit(files)
        self.secure(stream)
        self.pay(stream)
        self.acknowledge(stream)
        return stream

    def handed_over(self, files: tuple[tuple[str, bytes], ...] = FILES) -> StreamId:
        """A filing whose package is ready."""
        stream = self.ready(files)
        self.hand_over(stream)
        return stream

    def load(self, stream: StreamId) -> Stream:
        """As the register has it."""
        there = self.register.load(stream)
        assert there is not None
        return there

    def fact(self, stream: StreamId) -> PackageReady:
        """The one PackageReady."""
        (fact,) = self.load(stream).facts(PackageReady)
        return fact

    def package(self, stream: StreamId) -> Package:
        """The stored package."""
        return Package.model_validate_json(self.records.read(self.fact(stream).key))

    def messages(self, stream: StreamId) -> list[bytes]:
        """Every event of the stream, as published."""
        return [message(entry) for entry in self.load(stream).entries]

    @property
    def number(self) -> str:
        """The newest application number."""
        return f"KH/D/2026/{self.serial}"

    def _attachment(self, stream: StreamId, number: int, name: str, body: bytes) -> Attachment:
        identifier = ids.ulid(self.clock(), lambda size: bytes([number]) * size)
        key, version = self.upload(records.upload(stream.id, identifier, f"{number:032x}"), body)
        return Attachment(
            id=identifier, document="drawings", name=name, media_type="application/pdf", size=len(body), key=key,
            state="stored", sha256=Digest.of(body).hex, object_version=version,
        )  # fmt: skip


@dataclass
class InMemoryFilings(Filings):
    """Filings over the fakes, open for tampering."""

    register: InMemoryRegister
    records: InMemoryBucket

    @classmethod
    def begin(cls) -> "InMemoryFilings":
        """An empty office."""
        quarantine = InMemoryBucket("quarantine")

        def upload(key: str, body: bytes) -> tuple[str, str]:
            return key, quarantine.put(key, body).version

        return cls(register=InMemoryRegister(), records=InMemoryBucket("records", quarantine), upload=upload)

    def overwrite(self, key: str, body: bytes) -> None:
        """What nobody can do in the real bucket."""
        self.records.objects[key] = [("v1", body)]

    def forge(self, entry: Entry, **data: Any) -> None:
        """Change what an entry says without mending the chain."""
        for key, one in self.register.entries.items():
            if one.hash == entry.hash:
                self.register.entries[key] = replace(one, data={**one.data, **data})


def message(entry: Entry) -> bytes:
    """An entry as it reaches the queue."""
    return envelope(entry, "urn:tra:kh-test").to_json()
