"""Later papers handed over: packages of their own, after the package that comes before, and taken in that order only."""

import json
from typing import Any

import pytest

from chalicelib.attachments.custody import TakeCustody
from chalicelib.contracts.events import AttachmentRefused, PackageReady
from chalicelib.contracts.paper_facts import FeeOpen, PaperSecured, PaperSubmitted
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Corrupt, Unavailable
from chalicelib.register.model import StreamId
from chalicelib.registry.bag import TAG_MANIFEST, read_manifest
from chalicelib.registry.consumer import Outcome
from chalicelib.registry.layout import dossier, placed
from chalicelib.registry.parity import PATIENCE
from tests.fakes import InMemoryBucket
from tests.unit.registry import papers
from tests.unit.registry.filings import InMemoryFilings
from tests.unit.registry.test_consumer import Registry
from tests.unit.registry.test_parity import codes, look, office


@pytest.fixture
def filings() -> InMemoryFilings:
    """An empty office."""
    return InMemoryFilings.begin()


def after(filings: InMemoryFilings, stream: StreamId) -> StreamId:
    """The stream whose package a paper's package follows."""
    fact = filings.fact(stream)
    assert fact.paper is not None
    there = StreamId.parse(fact.paper.after.stream)
    (entry,) = [one for one in filings.load(there).entries if one.type == PackageReady.__name__]
    assert (entry.seq, entry.hash) == (fact.paper.after.seq, fact.paper.after.hash)
    return there


class TestCustody:
    def test_everything_of_it_lies_below_its_own_place(self, filings: InMemoryFilings) -> None:
        application = filings.submit()
        stream = papers.secured(filings, application)
        place = f"filings/{application.id}/papers/{stream.id}/"
        kinds = sorted(key.removeprefix(place).split("/")[0] for key in filings.records.objects)
        assert all(key.startswith(place) for key in filings.records.objects)
        assert kinds == ["files", "form", "manifest", "receipt", "receipt"]

    def test_documents_and_files_are_entered_in_one_commit_and_once(self, filings: InMemoryFilings) -> None:
        stream = papers.secured(filings, filings.submit())
        before = filings.load(stream)
        filings.secure(stream)
        assert [entry.type for entry in before.entries[-2:]] == ["AttachmentSecured", "PaperSecured"]
        assert filings.load(stream) == before

    def test_a_paper_without_files_is_secured_too(self, filings: InMemoryFilings) -> None:
        stream = papers.secured(filings, filings.submit(), files=())
        assert filings.load(stream).head.status == "secured"

    def test_changed_bytes_are_found(self, filings: InMemoryFilings) -> None:
        stream = papers.submitted(filings, filings.submit())
        quarantine = filings.records.quarantine
        assert quarantine is not None
        for key, versions in quarantine.objects.items():
            if key.startswith("uploads/papers/"):
                quarantine.objects[key] = [(versions[0][0], b"other bytes")]
        with pytest.raises(Corrupt):
            filings.secure(stream)
        assert filings.load(stream).last(PaperSecured) is None


class TestPackage:
    def test_it_is_a_sealed_bag_of_what_was_sent_and_nothing_invented(self, filings: InMemoryFilings) -> None:
        application = filings.handed_over()
        stream = papers.handed_over(filings, application)
        package = filings.package(stream)
        paths = [path for _, path in placed(package.objects)]
        assert paths[:6] == [
            "data/form.json", "data/manifest.json", "data/receipt.json", "data/receipt.json.p7s",
            f"data/files/01-{papers.NAME}", "data/edms.json",
        ]  # fmt: skip
        assert {one.role for one in package.objects} == {
            "form", "manifest", "receipt", "receipt-signature", "file", "edms", "tag", "seal",
        }  # fmt: skip
        assert all(one.key.startswith(package.place) for one in package.objects)
        (tags,) = [one for one in package.objects if one.name == TAG_MANIFEST]
        assert len(read_manifest(filings.records.read(tags.key))) == 4

    def test_event_and_package_say_which_paper_of_which_application(self, filings: InMemoryFilings) -> None:
        application = filings.handed_over()
        stream = papers.handed_over(filings, application)
        fact, package = filings.fact(stream), filings.package(stream)
        assert (fact.contents, fact.number, fact.kind, fact.paid) == ("paper", "KH/D/2026/1", "design", True)
        assert fact.paper is not None
        assert package.paper is not None
        assert (fact.paper.filing, fact.paper.number, fact.paper.serial) == (application.id, "KH/D/2026/1-P1", 1)
        assert (package.filing, package.number, package.name) == (application.id, "KH/D/2026/1", "KH/D/2026/1-P1")
        assert package.paper.received_on == "2026-11-25"
        assert [one.letter for one in package.paper.answers] == ["OA/2026/17"]
        assert filings.fact(application).contents == "application"

    def test_what_is_asked_for_goes_along_as_data(self, filings: InMemoryFilings) -> None:
        stream = papers.handed_over(filings, filings.handed_over())
        (form,) = [one for one in filings.package(stream).objects if one.role == "form"]
        assert json.loads(filings.records.read(form.key))["note"] == papers.FORM["note"]

    def test_the_capture_data_name_the_dossier_and_the_paper(self, filings: InMemoryFilings) -> None:
        stream = papers.handed_over(filings, filings.handed_over())
        (edms,) = [one for one in filings.package(stream).objects if one.role == "edms"]
        said = json.loads(filings.records.read(edms.key))
        assert said["dossier"]["display"] == "KH/D/2026/1"
        assert said["document"] == {"kind": "answer", "display": "KH/D/2026/1-P1", "of_dossier": 1}
        assert said["certified"]["by"] == "tra:take_custody"
        assert said["sections"] == []

    def test_an_open_fee_is_said_and_it_does_not_pass_as_paid(self, filings: InMemoryFilings) -> None:
        application = filings.handed_over()
        stream = papers.submitted(filings, application, fee=FeeOpen(code="extension-of-time", currency="KHR"))
        filings.secure(stream)
        filings.hand_over(stream)
        package = filings.package(stream)
        assert package.paper is not None
        assert package.paper.fee is not None
        assert (filings.fact(stream).paid, package.paid, package.paper.fee.amount) == (False, False, None)

    def test_the_same_again_gives_the_same_bytes(self, filings: InMemoryFilings) -> None:
        stream = papers.handed_over(filings, filings.handed_over())
        before, objects = filings.load(stream), dict(filings.records.objects)
        filings.hand_over(stream)
        assert (filings.load(stream), filings.records.objects) == (before, objects)

    def test_a_refused_file_is_named_and_not_handed_on(self, filings: InMemoryFilings) -> None:
        application = filings.handed_over()
        stream = papers.submitted(filings, application, held=True)
        filings.register.commit(
            (there := filings.load(stream)).append(
                AttachmentRefused(
                    attachment=there.facts(PaperSubmitted)[0].files[0].attachment, document="statement",
                    reason="file.malware",
                ),
                by="tra:receive_upload", at=filings.clock(),
            )
        )  # fmt: skip
        quarantine = filings.records.quarantine
        assert quarantine is not None
        TakeCustody(
            register=filings.register, records=filings.records, quarantine=quarantine, signer=filings.sealer,
            clock=filings.clock,
        )(stream)  # fmt: skip
        filings.hand_over(stream)
        package = filings.package(stream)
        assert [one.reason for one in package.withheld or ()] == ["file.malware"]
        assert "file" not in {one.role for one in package.objects}

    def test_a_receipt_that_custody_has_not_stored_is_waited_for(self, filings: InMemoryFilings) -> None:
        stream = papers.secured(filings, filings.handed_over())
        bucket: InMemoryBucket = filings.records
        for key in [key for key in bucket.objects if "/receipt/" in key and stream.id in key]:
            del bucket.objects[key]
        with pytest.raises(Unavailable):
            filings.hand_over(stream)


class TestOrder:
    def test_a_paper_waits_for_its_filing_and_goes_with_it(self, filings: InMemoryFilings) -> None:
        application = filings.submit()
        filings.secure(application)
        stream = papers.secured(filings, application)
        filings.hand_over(stream)
        assert filings.load(stream).last(PackageReady) is None
        filings.pay(application)
        filings.acknowledge(application)
        filings.hand_over(application)
        assert filings.load(application).last(PackageReady)
        assert after(filings, stream) == application

    def test_papers_go_in_order_of_receipt_whichever_is_ready_first(self, filings: InMemoryFilings) -> None:
        application = filings.handed_over()
        first, second = papers.submitted(filings, application), papers.secured(filings, application)
        filings.hand_over(second)
        assert filings.load(second).last(PackageReady) is None
        filings.secure(first)
        filings.hand_over(first)
        assert (after(filings, first), after(filings, second)) == (application, first)

    def test_a_draft_keeps_nobody_waiting(self, filings: InMemoryFilings) -> None:
        application = filings.handed_over()
        first = papers.handed_over(filings, application)
        assert after(filings, papers.handed_over(filings, application)) == first


class TestConsumer:
    @pytest.fixture
    def registry(self) -> Registry:
        """An empty registry beside an empty office."""
        return Registry()

    def test_a_paper_is_laid_out_under_its_own_number(self, registry: Registry) -> None:
        application = registry.filings.handed_over()
        stream = papers.handed_over(registry.filings, application)
        registry.send(application)
        registry.send(stream)
        registry.until_empty()
        assert registry.shelf.laid == ["KH-D-2026-1", "KH-D-2026-1-P1"]
        assert registry.said[-1].startswith("laid      KH/D/2026/1-P1  answer, paid, filed 2026-11-25: 12 objects")
        assert registry.marks.last(stream) == registry.head(stream)

    def test_it_is_parked_until_the_package_before_it_was_taken(self, registry: Registry) -> None:
        application = registry.filings.handed_over()
        stream = papers.handed_over(registry.filings, application)
        registry.send(stream)
        assert registry.until_empty()[-1] is Outcome.PARKED
        assert "has not come" in registry.marks.parked[stream]
        registry.send(application)
        registry.until_empty()
        registry.queue.now += 60
        assert registry.until_empty() == [Outcome.LAID]
        assert registry.shelf.laid == ["KH-D-2026-1", "KH-D-2026-1-P1"]
        assert registry.marks.parked == {}

    def test_a_later_one_is_parked_while_an_earlier_one_is_a_dead_letter(self, registry: Registry) -> None:
        application = registry.filings.handed_over()
        first = papers.handed_over(registry.filings, application)
        second = papers.handed_over(registry.filings, application)
        registry.send(application)
        registry.send(second)
        assert registry.until_empty()[-1] is Outcome.PARKED
        registry.send(first)  # redriven
        registry.until_empty()
        registry.queue.now += 60
        registry.until_empty()
        assert registry.shelf.laid == ["KH-D-2026-1", "KH-D-2026-1-P1", "KH-D-2026-1-P2"]

    def test_another_past_of_the_package_before_is_parked(self, registry: Registry) -> None:
        application = registry.filings.handed_over()
        stream = papers.handed_over(registry.filings, application)
        registry.send(application)
        registry.until_empty()
        mark = registry.marks.marks[application]
        registry.marks.marks[application] = type(mark)(mark.seq, "f" * 64)
        registry.send(stream)
        assert registry.until_empty()[-1] is Outcome.PARKED
        assert "as it was seen" in registry.said[-1]

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"contents": "journal"}, "a package of journal"),
            ({"contents": "application"}, "a package of application"),
            ({"paper": {"serial": 2}}, "different things"),
            ({"paper": {"number": "KH/D/2026/9-P1"}}, "different things"),
            ({"number": "KH/D/2026/9"}, "different things"),
        ],
    )
    def test_an_event_that_says_otherwise_than_its_package_is_left(
        self, registry: Registry, change: dict[str, Any], why: str
    ) -> None:
        application = registry.filings.handed_over()
        stream = papers.handed_over(registry.filings, application)
        registry.send(application)
        registry.send(stream, *forged(registry.filings, stream, change))
        assert registry.until_empty()[-1] is Outcome.LEFT
        assert why in registry.said[-1]
        assert registry.shelf.laid == ["KH-D-2026-1"]

    def test_a_pointer_out_of_the_papers_place_is_left(self, registry: Registry) -> None:
        filings = registry.filings
        application = filings.handed_over()
        stream = papers.handed_over(filings, application)
        body = json.loads(filings.records.read(filings.fact(stream).key))
        letter = next(one for one in filings.package(application).objects if one.role == "letter")
        body["objects"].append(letter.model_dump(mode="json"))
        package = canonical(body)
        key = f"filings/{application.id}/papers/{stream.id}/package/{Digest.of(package).hex}.json"
        filings.records.put_once(key, package, "application/json")
        registry.send(application)
        said = {"key": key, "sha256": Digest.of(package).hex, "size": len(package)}
        registry.send(stream, *forged(filings, stream, said))
        assert registry.until_empty()[-1] is Outcome.LEFT
        assert "outside its filing" in registry.said[-1]


def forged(filings: InMemoryFilings, stream: StreamId, change: dict[str, Any]) -> list[bytes]:
    """The paper's messages, the last of them saying something else under a hash that fits."""
    from chalicelib.register.model import entry_hash

    *before, last = filings.messages(stream)
    said = json.loads(last)
    for name, value in change.items():
        said["data"][name] = {**said["data"][name], **value} if isinstance(value, dict) else value
    said["id"] = entry_hash(
        stream, int(said["sequence"]), "PackageReady", said["schemaversion"], said["time"], said["actor"], said["data"],
        said["previous"],
    )  # fmt: skip
    return [*before, canonical(said)]


class TestParity:
    def late(self, filings: InMemoryFilings) -> list[str]:
        """What is late of papers, everything published."""
        for entry in list(filings.register.entries.values()):
            filings.register.mark_published(entry)
        return codes(look(filings, PATIENCE * 2))

    def test_a_paper_that_went_the_whole_way_is_no_difference(self) -> None:
        filings, application = office()
        papers.handed_over(filings, application)
        papers.handed_over(filings, application, files=())
        assert self.late(filings) == []

    def test_what_stands_still_is_named(self) -> None:
        filings, application = office()
        papers.submitted(filings, application)
        assert self.late(filings) == ["not-secured"]

    def test_one_without_a_package_and_one_behind_it(self) -> None:
        filings, application = office()
        papers.secured(filings, application)
        papers.secured(filings, application)
        assert self.late(filings) == ["package-missing", "paper-waits"]

    def test_a_lost_receipt_and_a_lost_object_of_the_package_are_named(self) -> None:
        filings, application = office()
        stream = papers.handed_over(filings, application)
        for key in [key for key in filings.records.objects if stream.id in key and "/receipt/" in key]:
            del filings.records.objects[key]
        assert set(self.late(filings)) == {"object-missing"}


def test_the_dossier_of_a_paper_has_its_own_name() -> None:
    filings = InMemoryFilings.begin()
    stream = papers.handed_over(filings, filings.handed_over())
    package = filings.package(stream)
    laid = dossier(package, b"{}", lambda one: [filings.records.read(one.key)])
    assert laid.name == "KH-D-2026-1-P1"
