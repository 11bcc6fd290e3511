"""Hand over: when a filing is acknowledged and all of it lies in the records, list it in one package and say so. So its papers.

1. The chain of entries verifies; what was handed over is done.
2. Ready: submitted, acknowledged, every filed file secured, or refused since (it is named, and not handed over). A later
   paper: submitted, its own documents and files secured, and the package before it entered: the filing's own for the first,
   the paper before for the next. Not ready is no fault: the entry still missing rings again.
3. Every object is read where it lies, and both digests are computed (`contents`). Anything else than recorded is Corrupt.
4. What has to be made is made and stored under its digest, with tag files of a bag that list everything, and a detached seal
   over them (`packing`).
5. Then the package is stored, then the entry is made. Killed anywhere, the next run makes the same.

A filing's papers are handed over in order of receipt, one after the other: one that waits keeps those behind it waiting.
"""

from dataclasses import dataclass

from chalicelib.contracts import records
from chalicelib.contracts.events import PackageReady
from chalicelib.contracts.paper import rows_of
from chalicelib.contracts.paper_facts import PaperPackage
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.log import log
from chalicelib.offices.model import Office
from chalicelib.register.model import Register, Stream, StreamId, deciding, filing, paper, verify_chain
from chalicelib.registry.contents import JSON, Records
from chalicelib.registry.packing import Packing
from chalicelib.registry.papers import Official, Sealer
from chalicelib.registry.ready import Ready

ACTOR = "tra:hand_over"


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """Hand one filing over to the registry, and its papers. `official` are WIPO's schemas, where the office has them."""

    register: Register
    records: Records
    office: Office
    sealer: Sealer
    clock: Clock
    official: Official | None = None

    def __call__(self, stream_id: StreamId) -> None:
        """Store what is ready and not handed over yet, of the filing, or of the filing that a paper is for; PackageReady, once
        for each. Does nothing while nothing is ready.

        Unavailable if the papers of a ready filing are not stored yet (ask again); Corrupt if what lies in the records is not
        what was entered; NotHandedOver if a document breaks a rule.
        """
        stream = self._load(stream_id)
        application = filing(str(stream.head.attributes["filing"])) if stream_id.kind == "PAPER" else stream_id
        if not deciding(lambda: self._decide(application)):
            return
        before = application
        for row, _ in rows_of(self._load(application).items):
            if not row.serial or not self._next(paper(row.id), application, before):
                return
            before = paper(row.id)

    def _next(self, one: StreamId, application: StreamId, before: StreamId) -> bool:
        return deciding(lambda: self._decide(one, application, before))

    def _decide(self, stream_id: StreamId, application: StreamId | None = None, before: StreamId | None = None) -> bool:
        """Whether it is handed over now."""
        stream = self._load(stream_id)
        verify_chain(stream.entries)
        if stream.last(PackageReady) is not None:
            return True
        if application is None or before is None:
            ready = Ready.of(stream)
        else:
            ready = Ready.of_paper(stream, self._load(application), self._load(before))
        if ready is None:
            log("hand-over-not-ready", stream=str(stream_id), status=stream.head.status)
            return False
        body = self._packing(ready).to_bytes()
        digest = Digest.of(body)
        key = records.package(ready.place, digest)
        there = self.records.put_once(key, body, JSON)
        if (there.sha256, there.size) != (digest, len(body)):
            raise Corrupt(f"{key}: stored bytes are not the package")
        fact = PackageReady(
            contents="paper" if ready.paper else "application",
            number=ready.submitted.number,
            kind=ready.submitted.kind,
            route=ready.submitted.route,
            paid=ready.paid,
            key=key,
            sha256=digest.hex,
            size=len(body),
            paper=_paper(ready),
        )
        self.register.commit(stream.append(fact, by=ACTOR, at=self.clock()))
        return True

    @property
    def _packing(self) -> Packing:
        return Packing(records=self.records, office=self.office, sealer=self.sealer, official=self.official)

    def _load(self, stream_id: StreamId) -> Stream:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        return stream


def _paper(ready: Ready) -> PaperPackage | None:
    fact = ready.paper
    if fact is None or ready.after is None:
        return None
    return PaperPackage(filing=fact.filing, number=fact.number, serial=fact.serial, kind=fact.kind, after=ready.after)
