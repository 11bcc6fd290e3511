"""Hand over: when a filing is acknowledged and everything lies in the records, list it in one package and say so.

1. The chain of entries verifies; a filing that was handed over is done.
2. Ready: submitted, acknowledged, every filed file secured, or refused since (it is named, and not handed over). Not ready
   is no fault: the entry still missing rings again.
3. Every object is read where it lies, and both digests are computed (`contents`). Anything else than recorded is Corrupt.
4. ST.96 documents are written from the form, checked by our own rules and, where the office has them, by WIPO's schemas; tag
   files of a bag list everything; a detached seal is made over the tag manifest (`papers`).
5. All that was made is stored under its digest, then the package, then the entry. Killed anywhere, the next run makes the same.
"""

from dataclasses import dataclass

from chalicelib.contracts import records
from chalicelib.contracts.events import PackageReady
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.log import log
from chalicelib.offices.model import Office
from chalicelib.register.model import Register, StreamId, deciding, verify_chain
from chalicelib.registry import papers
from chalicelib.registry.bag import TAG_MANIFEST
from chalicelib.registry.contents import JSON, Contents, Records
from chalicelib.registry.model import Basis, Package, PackageObject, Payment, Withheld
from chalicelib.registry.papers import Made, Official, Sealer
from chalicelib.registry.ready import Ready

ACTOR = "tra:hand_over"


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """Hand one filing over to the registry. `official` are WIPO's schemas, where the office has them."""

    register: Register
    records: Records
    office: Office
    sealer: Sealer
    clock: Clock
    official: Official | None = None

    def __call__(self, stream_id: StreamId) -> None:
        """Store the package and enter PackageReady, once. Does nothing while the filing is not ready.

        Unavailable if the papers of a ready filing are not stored yet (ask again); Corrupt if what lies in the records is not
        what was entered; NotHandedOver if a document breaks a rule.
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
        submitted, contents = ready.submitted, Contents(self.records, ready)
        form, objects = contents.draft().form, contents.objects()
        objects += tuple(
            self._store(ready, one) for one in papers.documents(ready, form, objects, self.office, self.official)
        )
        objects += tuple(self._store(ready, one) for one in papers.signatures(ready))
        objects += (self._store(ready, papers.captured(ready, objects, self.office)),)
        tags = papers.tags(ready, objects, self.office)
        objects += tuple(self._store(ready, one) for one in tags)
        objects += (self._sealed(ready, tags),)
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
            objects=objects,
            withheld=tuple(
                Withheld(**file.model_dump(), reason=ready.refused[file.attachment].reason)
                for file in ready.submitted.files
                if file.attachment in ready.refused
            )
            or None,
        )

    def _store(self, ready: Ready, made: Made) -> PackageObject:
        digest = Digest.of(made.body)
        key = records.part(ready.stream.id.id, digest, made.ending)
        there = self.records.put_once(key, made.body, made.media_type)
        if (there.sha256, there.size) != (digest, len(made.body)):
            raise Corrupt(f"{key}: stored bytes are not what was made")
        return made.pointer(self.records.name, key, there.version)

    def _sealed(self, ready: Ready, tags: list[Made]) -> PackageObject:
        """The seal lies under the digest of what it seals: were the certificate changed between two runs, the first stays."""
        (manifest,) = [one.body for one in tags if one.name == TAG_MANIFEST]
        made = papers.seal(tags, self.sealer)
        key = records.part(ready.stream.id.id, Digest.of(manifest), made.ending)
        self.records.put_once(key, made.body, made.media_type)
        there = self.records.weighed(key)
        return made.pointer(self.records.name, key, there.version).model_copy(
            update={"sha256": there.sha256.hex, "sha512": there.sha512, "size": there.size}
        )
