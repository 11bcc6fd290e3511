"""Parity: entries, publication, objects, letters, packages, consumers and money against each other; differences with their age.

A difference is something that should follow from an entry and has not, for longer than `patience`: work under way is none.
Nothing is mended here and nothing is deleted anywhere: a person, or the next run of the function that was late, does. Reads
every stream, and asks for each object only whether it lies there in its size; bytes are compared by whoever hands over or
consumes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.contracts import records
from chalicelib.contracts.events import (
    AttachmentRefused,
    AttachmentSecured,
    FeePaid,
    FilingSubmitted,
    LetterIssued,
    OrderOpened,
    PackageReady,
    PaymentVerified,
)
from chalicelib.contracts.paper import rows_of
from chalicelib.contracts.paper_facts import PaperSecured, PaperSubmitted
from chalicelib.contracts.registered import OfficeLetterReceived
from chalicelib.kernel.clock import Clock, parse_stamp
from chalicelib.kernel.errors import Corrupt
from chalicelib.register import model as register_model
from chalicelib.register.model import Entry, Stream, StreamId, verify_chain
from chalicelib.registry.layout import read_package
from chalicelib.registry.model import Unreadable
from chalicelib.registry.ready import Ready

PATIENCE = timedelta(hours=1)


class Streams(Protocol):
    """The register, read only."""

    def every_stream(self) -> Iterator[StreamId]: ...

    def load(self, stream: StreamId) -> Stream | None: ...


class Records(Protocol):
    """The records bucket, read only."""

    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None: ...

    def read(self, key: str, version: str | None = None) -> bytes: ...


@dataclass(frozen=True, order=True)
class Difference:
    """What should be and is not, and since when. `what` is a code, `detail` ids, keys and numbers only."""

    since: datetime
    stream: str
    what: str
    detail: str = ""

    def to_json(self, now: datetime) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "stream": self.stream,
            "what": self.what,
            "detail": self.detail,
            "age_seconds": int((now - self.since).total_seconds()),
        }


@dataclass(frozen=True, kw_only=True)
class Parity:
    """Compare everything. `consumed` says how far a consumer is in each stream, where somebody asked it."""

    register: Streams
    records: Records
    clock: Clock
    consumed: Mapping[str, tuple[int, str]] | None = None
    patience: timedelta = PATIENCE

    def __call__(self) -> list[Difference]:
        """Every difference, oldest first."""
        now, found = self.clock(), []
        for identifier in self.register.every_stream():
            stream = self.register.load(identifier)
            if stream is not None:
                found += [one for one in self._of(stream) if now - one.since > self.patience]
        return sorted(found)

    def _of(self, stream: Stream) -> Iterator[Difference]:
        yield from self._chain(stream)
        yield from self._published(stream)
        yield from self._consumed(stream)
        match stream.id.kind:
            case "FILING":
                yield from self._objects(stream)
                yield from self._followed(stream)
                yield from self._paid(stream)
            case "PAPER":
                yield from self._objects(stream)
                yield from self._paper(stream)
                yield from self._paid(stream)
            case "ORDER":
                yield from self._credited(stream)

    def _chain(self, stream: Stream) -> Iterator[Difference]:
        try:
            verify_chain(stream.entries)
        except Corrupt:
            yield _since(stream.entries[0], "chain-broken")

    def _published(self, stream: Stream) -> Iterator[Difference]:
        for entry in stream.entries:
            if entry.pending:
                yield _since(entry, "not-published", str(entry.seq))

    def _consumed(self, stream: Stream) -> Iterator[Difference]:
        if self.consumed is None:
            return
        seq, _ = self.consumed.get(str(stream.id), (0, ""))
        behind = [entry for entry in stream.entries if entry.seq > seq and not entry.pending]
        if behind:
            yield _since(behind[0], "not-consumed", f"{len(behind)} entries")
        if seq > stream.head.version:
            yield _since(stream.entries[-1], "consumed-and-not-entered", str(seq))

    def _objects(self, stream: Stream) -> Iterator[Difference]:
        for entry in stream.entries:
            match entry.fact:
                case (AttachmentSecured() | LetterIssued() | PackageReady() | OfficeLetterReceived()) as fact:
                    yield from self._object(entry, fact.key, fact.size)
                    if isinstance(fact, PackageReady):
                        yield from self._package(entry, fact)

    def _object(self, entry: Entry, key: str, size: int, version: str | None = None) -> Iterator[Difference]:
        there = self.records.head(key, version)
        if there is None:
            yield _since(entry, "object-missing", key)
        elif there[1] != size:
            yield _since(entry, "object-differs", key)

    def _package(self, entry: Entry, fact: PackageReady) -> Iterator[Difference]:
        try:
            package = read_package(self.records.read(fact.key))
        except FileNotFoundError:
            return  # said already
        except Unreadable:
            yield _since(entry, "package-unreadable", fact.key)
            return
        for one in package.objects:
            yield from self._object(entry, one.key, one.size, one.version or None)

    def _followed(self, stream: Stream) -> Iterator[Difference]:
        """What each step should have led to."""
        submitted, paid = _first(stream, FilingSubmitted), _first(stream, FeePaid)
        letter, package = _first(stream, LetterIssued), _first(stream, PackageReady)
        if submitted is not None:
            secured = {fact.attachment for fact in stream.facts(AttachmentSecured)}
            refused = {
                fact.attachment for fact in stream.facts(AttachmentRefused)
            }  # after submission: malware in a held file
            wanted = {file.attachment for fact in stream.facts(FilingSubmitted) for file in fact.files}
            if missing := wanted - secured - refused:
                yield _since(submitted, "not-secured", f"{len(missing)} files")
        if paid is not None and letter is None:
            yield _since(paid, "letter-missing")
        ready = Ready.of(stream)
        if ready is not None and package is None:
            yield _since(ready.last, "package-missing")

    def _paper(self, stream: Stream) -> Iterator[Difference]:
        """What the submission of a later paper should have led to. One that waits behind another is named too; one that waits
        for its filing to be paid and acknowledged waits rightly, and so do those behind it."""
        submitted, kept = _first(stream, PaperSubmitted), _first(stream, PaperSecured)
        fact = stream.last(PaperSubmitted)
        if submitted is None or fact is None:
            return
        secured = {one.attachment for one in stream.facts(AttachmentSecured)}
        refused = {one.attachment for one in stream.facts(AttachmentRefused)}  # after submission: malware in a held file
        missing = {file.attachment for file in fact.files} - secured - refused
        if missing or kept is None:
            yield _since(submitted, "not-secured", f"{len(missing)} files" if missing else "its documents")
        if kept is not None:
            place = records.paper(fact.filing, stream.id.id)
            yield from self._object(kept, records.form(place, fact.form_sha256), fact.form_size)
            yield from self._object(kept, records.manifest(place, fact.manifest_sha256), fact.manifest_size)
            yield from self._object(kept, records.receipt(place, fact.receipt_sha256), fact.receipt_size)
        if kept is None or missing or stream.last(PackageReady) is not None:
            return
        application = self.register.load(register_model.filing(fact.filing))
        before = self._before(application, fact.serial) if application else None
        if application is None or before is None:
            yield _since(submitted, "paper-of-nothing", fact.filing)
        elif Ready.of(application) is None:
            return
        elif before.last(PackageReady) is None:
            yield _since(stream.entries[-1], "paper-waits", str(before.id))
        else:
            yield _since(stream.entries[-1], "package-missing")

    def _before(self, application: Stream, serial: int) -> Stream | None:
        """The filing, for its first paper; the paper before, for another."""
        if serial == 1:
            return application
        row = next((row for row, _ in rows_of(application.items) if row.serial == serial - 1), None)
        return self.register.load(register_model.paper(row.id)) if row else None

    def _paid(self, stream: Stream) -> Iterator[Difference]:
        """A filing counts as paid only if its order is, with what was due for it."""
        for entry in stream.entries:
            if isinstance(fact := entry.fact, FeePaid):
                order = self.register.load(register_model.order(fact.order))
                opened = order.last(OrderOpened) if order else None
                part = opened.part(stream.id.id) if opened else None
                if order is None or order.last(PaymentVerified) is None:
                    yield _since(entry, "credited-and-not-paid", fact.order)
                elif part is None or part.amount != fact.amount:
                    yield _since(entry, "credited-another-amount", fact.order)

    def _credited(self, stream: Stream) -> Iterator[Difference]:
        """A paid order is credited to each of its filings."""
        paid, opened = _first(stream, PaymentVerified), stream.last(OrderOpened)
        for part in opened.parts if paid is not None and opened is not None else ():
            of = register_model.paper(part.paper) if part.paper else register_model.filing(part.filing)
            credited = self.register.load(of)
            if credited is None or stream.id.id not in {fact.order for fact in credited.facts(FeePaid)}:
                yield _since(paid, "paid-and-not-credited", of.id)


def lines(found: Iterable[Difference], now: datetime) -> Iterator[str]:
    """For people."""
    for one in found:
        hours = (now - one.since).total_seconds() / 3600
        yield f"differs   {one.what:<26} {one.stream} {one.detail}  for {hours:.1f} hours".replace("  for", " for")


def _first(stream: Stream, kind: type[Any]) -> Entry | None:
    return next((entry for entry in stream.entries if entry.type == kind.__name__), None)


def _since(entry: Entry | None, what: str, detail: str = "") -> Difference:
    if entry is None:
        raise Corrupt(what)
    return Difference(parse_stamp(entry.at), str(entry.stream), what, detail)
