"""The package: made once, when all is there, out of what the entries say and the records hold."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.contracts import attachment, records
from chalicelib.contracts.draft import DRAFT
from chalicelib.contracts.events import (
    AttachmentRefused,
    AttachmentSecured,
    FilingSubmitted,
    LetterIssued,
    PackageReady,
)
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Corrupt, Unavailable
from chalicelib.register.model import Entry, Key, Operation, Put, Stream, StreamId, filing, verify_chain
from chalicelib.registry.layout import placed, read_package
from chalicelib.registry.model import NotHandedOver
from chalicelib.registry.st96.tree import NotSt96
from tests.fakes import InMemoryRegister
from tests.unit.registry.filings import FILES, LETTER, InMemoryFilings


@pytest.fixture
def filings() -> InMemoryFilings:
    """An empty office."""
    return InMemoryFilings.begin()


def packages(filings: InMemoryFilings) -> list[str]:
    """Keys of stored packages."""
    return [key for key in filings.records.objects if "/package/" in key]


def test_a_complete_filing_is_handed_over_with_pointers_to_every_object(filings: InMemoryFilings) -> None:
    stream = filings.handed_over()
    package, fact = filings.package(stream), filings.fact(stream)
    assert [one.role for one in package.objects] == [
        "form", "manifest", "receipt", "receipt-signature", "file", "file", "letter", "st96", "edms",
        "tag", "tag", "tag", "tag", "tag", "seal",
    ]  # fmt: skip
    assert [one.name for one in package.objects if one.role == "file"] == [name for name, _ in FILES]
    for one in package.objects:
        there = filings.records.stored(one.key, one.version)
        assert (one.bucket, one.sha256, one.size) == ("records", there.sha256.hex, there.size)
    assert (package.number, package.paid, package.payments[0].reference) == (fact.number, True, "KH2611250001")
    assert package.payments[0].demo
    assert filings.load(stream).head.status == "handed-over"
    verify_chain(filings.load(stream).entries)


def test_the_package_is_canonical_named_by_its_digest_and_readable_by_the_consumer(filings: InMemoryFilings) -> None:
    fact = filings.fact(filings.handed_over())
    body = filings.records.read(fact.key)
    assert canonical(json.loads(body)) == body
    assert json.loads(body)["schema"] == "urn:tra:package:2"
    assert (fact.sha256, fact.size) == (Digest.of(body).hex, len(body))
    assert fact.key.endswith(f"/package/{fact.sha256}.json")
    assert read_package(body).to_bytes() == body


def test_the_package_says_at_which_entry_it_was_complete(filings: InMemoryFilings) -> None:
    stream = filings.handed_over()
    entries = filings.load(stream).entries
    assert filings.package(stream).entries.hash == entries[-2].hash
    assert filings.package(stream).entries.seq == entries[-2].seq
    assert entries[-1].type == "PackageReady"


def test_nothing_happens_until_letter_and_files_are_there_in_whichever_order(filings: InMemoryFilings) -> None:
    stream = filings.submit()
    filings.hand_over(stream)
    filings.pay(stream)
    filings.hand_over(stream)
    filings.acknowledge(stream)
    filings.hand_over(stream)
    assert packages(filings) == []
    filings.secure(stream)
    filings.hand_over(stream)
    assert filings.package(stream).entries.seq == filings.load(stream).head.version - 1


def test_a_filing_without_files_waits_for_custody_of_its_papers(filings: InMemoryFilings) -> None:
    stream = filings.submit(files=())
    filings.pay(stream)
    filings.acknowledge(stream)
    with pytest.raises(Unavailable):
        filings.hand_over(stream)
    filings.secure(stream)
    filings.hand_over(stream)
    assert len(filings.package(stream).objects) == 13


def test_a_repeat_changes_nothing(filings: InMemoryFilings) -> None:
    stream = filings.handed_over()
    before = filings.load(stream), dict(filings.records.objects)
    filings.hand_over(stream)
    assert (filings.load(stream), dict(filings.records.objects)) == before


def test_killed_after_storing_the_next_run_stores_no_second_package(filings: InMemoryFilings) -> None:
    stream = filings.ready()

    class Dying(InMemoryRegister):
        def commit(self, *operations: Operation) -> tuple[Entry, ...]:
            raise KeyboardInterrupt

    dying = Dying(filings.register.entries, filings.register.heads, filings.register.items)
    with pytest.raises(KeyboardInterrupt):
        filings.use_case(dying)(stream)
    (stored,) = packages(filings)
    filings.clock.advance(timedelta(minutes=5))
    filings.hand_over(stream)
    assert packages(filings) == [stored] == [filings.fact(stream).key]


def test_two_at_once_enter_one_package(filings: InMemoryFilings) -> None:
    stream = filings.ready()

    class Overtaken(InMemoryRegister):
        overtaken = False

        def load(self, wanted: StreamId) -> Stream | None:
            there = super().load(wanted)
            if not self.overtaken:
                self.overtaken = True
                filings.hand_over(wanted)
            return there

    slow = Overtaken(filings.register.entries, filings.register.heads, filings.register.items)
    filings.use_case(slow)(stream)
    assert len(filings.load(stream).facts(PackageReady)) == len(packages(filings)) == 1


@pytest.mark.parametrize("paper", ["form", "manifest", "receipt", "signature"])
def test_a_paper_that_is_not_stored_yet_is_asked_for_again(filings: InMemoryFilings, paper: str) -> None:
    stream = filings.ready()
    del filings.records.objects[paper_key(filings, stream, paper)]
    with pytest.raises(Unavailable):
        filings.hand_over(stream)
    assert packages(filings) == []


@pytest.mark.parametrize("paper", ["form", "manifest", "receipt", "letter", "file"])
def test_stored_bytes_that_are_not_what_was_entered_are_never_handed_over(filings: InMemoryFilings, paper: str) -> None:
    stream = filings.ready()
    filings.overwrite(paper_key(filings, stream, paper), b"something else")
    with pytest.raises(Corrupt):
        filings.hand_over(stream)
    assert packages(filings) == []


@pytest.mark.parametrize("paper", ["letter", "file"])
def test_what_was_entered_as_stored_and_is_gone_needs_a_person(filings: InMemoryFilings, paper: str) -> None:
    stream = filings.ready()
    del filings.records.objects[paper_key(filings, stream, paper)]
    with pytest.raises(Corrupt):
        filings.hand_over(stream)


def test_a_package_key_taken_by_other_bytes_needs_a_person(filings: InMemoryFilings) -> None:
    stream = filings.handed_over()
    other = InMemoryFilings.begin()
    again = other.ready()
    other.overwrite(records.package(again.id, filings.fact(stream).sha256), b"other")
    with pytest.raises(Corrupt, match="not the package"):
        other.hand_over(again)


def test_names_that_were_not_confirmed_are_not_handed_over(filings: InMemoryFilings) -> None:
    stream = filings.ready()
    key = Key(str(stream), DRAFT)
    draft = filings.register.items[key]
    changed = {**draft.attributes, "manifest": draft.attributes["manifest"].replace("drawing.pdf", "drawinG.pdf")}
    filings.register.commit(Put(key, changed, expects=draft.version))
    with pytest.raises(Corrupt, match="kept manifest"):
        filings.hand_over(stream)


def test_a_broken_chain_is_not_handed_over(filings: InMemoryFilings) -> None:
    stream = filings.ready()
    entry = next(entry for entry in filings.load(stream).entries if entry.type == "FilingSubmitted")
    filings.forge(entry, number="KH/D/2026/99")
    with pytest.raises(Corrupt, match="chain broken"):
        filings.hand_over(stream)


def test_a_filing_that_does_not_exist_needs_a_person(filings: InMemoryFilings) -> None:
    with pytest.raises(Corrupt):
        filings.hand_over(filing("01J0000000000000000000000A"))


def test_the_entry_holds_no_name_of_a_person_or_file(filings: InMemoryFilings) -> None:
    stream = filings.handed_over()
    said = json.dumps(filings.load(stream).entries[-1].data, ensure_ascii=False)
    assert "drawing.pdf" not in said
    assert "កៅអី" not in said


def paper_key(filings: InMemoryFilings, stream: StreamId, paper: str) -> str:
    """Where a paper of the filing lies."""
    there = filings.load(stream)
    submitted, letter, secured = there.last(FilingSubmitted), there.last(LetterIssued), there.last(AttachmentSecured)
    assert submitted is not None
    assert letter is not None
    assert secured is not None
    return {
        "form": records.form(stream.id, submitted.form_sha256),
        "manifest": records.manifest(stream.id, submitted.manifest_sha256),
        "receipt": records.receipt(stream.id, submitted.receipt_sha256),
        "signature": records.receipt(stream.id, submitted.receipt_sha256) + ".p7s",
        "letter": letter.key,
        "file": secured.key,
    }[paper]


def test_the_letter_is_the_one_that_was_sealed(filings: InMemoryFilings) -> None:
    stream = filings.handed_over()
    (letter,) = [one for one in filings.package(stream).objects if one.role == "letter"]
    assert (filings.records.read(letter.key, letter.version), letter.document) == (LETTER, "acknowledgement")


def test_a_file_that_was_refused_after_filing_is_named_and_not_handed_over(filings: InMemoryFilings) -> None:
    stream = filings.submit()
    submitted = filings.load(stream).last(FilingSubmitted)
    assert submitted is not None
    bad, good = submitted.files
    there = filings.load(stream)
    secured = AttachmentSecured(
        attachment=good.attachment, key=records.file(stream.id, good.sha256), sha256=good.sha256, size=good.size
    )
    filings.records.put(
        secured.key, dict(FILES)[next(name for name, body in FILES if Digest.of(body).hex == good.sha256)]
    )
    filings.register.commit(there.append(secured, by="tra:take_custody", at=filings.clock()))
    for key, body in _papers(filings, stream):
        filings.records.put(key, body)
    filings.pay(stream)
    filings.acknowledge(stream)
    filings.hand_over(stream)
    assert "PackageReady" not in [entry.type for entry in filings.load(stream).entries]  # it waits for a verdict
    refused = AttachmentRefused(attachment=bad.attachment, document=bad.document, reason="file.malware")
    filings.register.commit(filings.load(stream).append(refused, by="tra:receive_upload", at=filings.clock()))
    filings.hand_over(stream)
    package = filings.package(stream)
    assert [one.attachment for one in package.objects if one.role == "file"] == [good.attachment]
    (withheld,) = package.withheld or ()
    assert (withheld.attachment, withheld.sha256, withheld.reason) == (bad.attachment, bad.sha256, "file.malware")
    assert read_package(package.to_bytes()) == package


def _papers(filings: InMemoryFilings, stream: StreamId) -> list[tuple[str, bytes]]:
    fact, item = filings.load(stream).last(FilingSubmitted), filings.load(stream).items[DRAFT].attributes
    assert fact is not None
    receipt = records.receipt(stream.id, fact.receipt_sha256)
    return [
        (records.form(stream.id, fact.form_sha256), item["form"].encode()),
        (records.manifest(stream.id, fact.manifest_sha256), item["manifest"].encode()),
        (receipt, item["receipt"].encode()),
        (receipt + ".p7s", b"signature"),
    ]


def with_a_copy(filings: InMemoryFilings, stored: bytes = b"smaller picture") -> StreamId:
    """A filing of whose first file a copy was made, and a picture of its page."""
    stream = filings.ready()
    file = filings.load(stream).last(FilingSubmitted)
    assert file is not None
    key = Key(str(stream), attachment.PREFIX + file.files[0].attachment)
    item = filings.register.items[key]
    copy = {"what": "smaller", "page": 0, "key": "q", "version": "v1", "media_type": "image/png", "tool": "pillow-12.2"}
    body = b"smaller picture"
    page = copy | {"what": "page", "page": 1, "size": 1, "sha256": "a" * 64}
    made = [copy | {"size": len(body), "sha256": Digest.of(body).hex}, page]
    filings.register.commit(Put(key, {**item.attributes, "derived": made}, expects=item.version))
    filings.overwrite(records.derived_file(stream.id, Digest.of(body)), stored)
    return stream


def test_a_copy_that_we_made_of_a_file_goes_along_apart_and_a_picture_of_a_page_does_not(filings: InMemoryFilings) -> None:
    stream = with_a_copy(filings)
    filings.hand_over(stream)
    (copy,) = [(one, path) for one, path in placed(filings.package(stream).objects) if one.role == "derived"]
    assert copy[1] == "data/derived/01-smaller.png"
    assert (copy[0].name, filings.records.read(copy[0].key)) == ("pillow-12.2", b"smaller picture")
    files = [path for one, path in placed(filings.package(stream).objects) if one.role == "file"]
    assert len(files) == len(FILES)


def test_a_copy_that_is_not_what_was_entered_needs_a_person(filings: InMemoryFilings) -> None:
    with pytest.raises(Corrupt):
        filings.hand_over(with_a_copy(filings, b"another picture"))


def test_a_form_that_breaks_a_rule_of_the_standard_is_not_handed_over_and_no_text_is_told(filings: InMemoryFilings) -> None:
    stream = filings.ready()

    def refuse(body: bytes) -> None:
        raise NotSt96("BibliographicData_V6_0: line 3")

    with pytest.raises(NotHandedOver, match="line 3"):
        replace(filings.use_case(), official=refuse)(stream)
    assert packages(filings) == []


def test_the_seal_of_the_first_run_stays_if_the_key_changed_in_between(filings: InMemoryFilings) -> None:
    stream = filings.ready()

    class Other:
        def sign_detached(self, payload: bytes) -> bytes:
            return b"by another certificate"

    class Dying(InMemoryRegister):
        def commit(self, *operations: Operation) -> tuple[Entry, ...]:
            raise KeyboardInterrupt

    dying = Dying(filings.register.entries, filings.register.heads, filings.register.items)
    with pytest.raises(KeyboardInterrupt):
        replace(filings.use_case(dying), sealer=Other())(stream)
    filings.hand_over(stream)
    (seal,) = [one for one in filings.package(stream).objects if one.role == "seal"]
    assert filings.records.read(seal.key) == b"by another certificate"
