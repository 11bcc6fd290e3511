"""Makes one package: every object weighed where it lies, what has to be made for it made and stored, all of it listed.

An application's package holds ST.96 documents, checked by our own rules and, where the office has them, by WIPO's schemas. For
a later paper that standard has no document: what the filer asks for is in its form, as data, and nothing is invented.
Everything made is stored under its digest, so that whoever is killed here makes the same again.
"""

from dataclasses import dataclass

from chalicelib.contracts import records
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.offices.model import Office
from chalicelib.registry import papers
from chalicelib.registry.bag import TAG_MANIFEST
from chalicelib.registry.contents import Contents, Records
from chalicelib.registry.model import After, Answered, Basis, FeeOpen, Package, PackageObject, Paper, Payment, Withheld
from chalicelib.registry.papers import Made, Official, Sealer
from chalicelib.registry.ready import Ready


@dataclass(frozen=True, kw_only=True)
class Packing:
    """Make packages. `official` are WIPO's schemas, where the office has them."""

    records: Records
    office: Office
    sealer: Sealer
    official: Official | None = None

    def __call__(self, ready: Ready) -> Package:
        """The package. Corrupt, Unavailable or NotHandedOver as `HandOver` says."""
        submitted, contents = ready.submitted, Contents(self.records, ready)
        objects = contents.objects()
        if ready.paper is None:
            made = papers.documents(ready, contents.draft().form, objects, self.office, self.official)
            objects += tuple(self._store(ready, one) for one in made)
        objects += (self._store(ready, papers.captured(ready, objects, self.office)),)
        tags = papers.tags(ready, objects, self.office)
        objects += tuple(self._store(ready, one) for one in tags)
        objects += (self._sealed(ready, tags),)
        return Package(
            office=self.office.code,
            filing=ready.paper.filing if ready.paper else ready.stream.id.id,
            number=submitted.number,
            kind=submitted.kind,
            route=submitted.route,
            filing_date=submitted.filing_date,
            received_at=submitted.received_at,
            paid=ready.paid,
            payments=tuple(Payment.model_validate(fact.to_data()) for fact in ready.payments),
            entries=Basis(seq=ready.last.seq, hash=ready.last.hash),
            objects=objects,
            withheld=tuple(
                Withheld(**file.model_dump(), reason=ready.refused[file.attachment].reason)
                for file in ready.filed.files
                if file.attachment in ready.refused
            )
            or None,
            paper=_paper(ready),
        )

    def _store(self, ready: Ready, made: Made) -> PackageObject:
        digest = Digest.of(made.body)
        key = records.part(ready.place, digest, made.ending)
        there = self.records.put_once(key, made.body, made.media_type)
        if (there.sha256, there.size) != (digest, len(made.body)):
            raise Corrupt(f"{key}: stored bytes are not what was made")
        return made.pointer(self.records.name, key, there.version)

    def _sealed(self, ready: Ready, tags: list[Made]) -> PackageObject:
        """The seal lies under the digest of what it seals: were the certificate changed between two runs, the first stays."""
        (manifest,) = [one.body for one in tags if one.name == TAG_MANIFEST]
        made = papers.seal(tags, self.sealer)
        key = records.part(ready.place, Digest.of(manifest), made.ending)
        self.records.put_once(key, made.body, made.media_type)
        there = self.records.weighed(key)
        return made.pointer(self.records.name, key, there.version).model_copy(
            update={"sha256": there.sha256.hex, "sha512": there.sha512, "size": there.size}
        )


def _paper(ready: Ready) -> Paper | None:
    fact = ready.paper
    if fact is None or ready.after is None:
        return None
    return Paper(
        id=ready.stream.id.id,
        number=fact.number,
        serial=fact.serial,
        kind=fact.kind,
        received_at=fact.received_at,
        received_on=fact.received_on,
        answers=tuple(Answered(**one.model_dump()) for one in fact.answers),
        fee=FeeOpen(**fact.fee.model_dump()) if fact.fee else None,
        after=After(**ready.after.model_dump()),
    )
