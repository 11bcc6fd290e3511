"""A made-up office with other kinds, numbers, languages, currency, clock and fees files an application: data only, no code.

The same use cases as everywhere, on fakes: draft, uploads, submission, quote, and the content of the letter.
"""

import io
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pikepdf
import pytest

from chalicelib.attachments.multipart import PartUploads
from chalicelib.attachments.service import ConfirmUpload
from chalicelib.attachments.uploads import Uploads
from chalicelib.contracts.events import FeePaid, FilingSubmitted, OrderOpened
from chalicelib.filing.drafts import Drafts
from chalicelib.filing.submission import Confirmation, Submit, Submitted
from chalicelib.filing.view import Filings
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Invalid
from chalicelib.offices.load import load_office
from chalicelib.offices.messages import words
from chalicelib.payment.fees import FilingFacts, quote
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import begin, filing, order
from chalicelib.signing.model import LetterContent
from chalicelib.signing.service import SealLetter
from chalicelib.signing.transparency.service import LoggedReceipts
from chalicelib.signing.wording import present
from tests.factories import log_facts, sight
from tests.fakes import FakeReceiptSigner, FixedClock, InMemoryBucket, InMemoryParts, InMemoryRegister
from tests.offices import RURITANIA

OFFICE = load_office(RURITANIA)
ME = "account:me"
NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight on 1 January in the office
RUPERT = {"names": {"fr": "Rupert de Hentzau"}, "country": "ZZ", "address": {"fr": "1, rue du Château\nStrelsau"}}


def pdf() -> bytes:
    """A PDF of one page."""
    out = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(out)
    return out.getvalue()


@dataclass
class Ground:
    """One office with its stores."""

    clock: FixedClock = field(default_factory=lambda: FixedClock(NEW_YEAR))
    register: InMemoryRegister = field(default_factory=InMemoryRegister)
    quarantine: InMemoryBucket = field(default_factory=InMemoryBucket)
    asked: int = 0

    def repeat(self) -> Repeat:
        """A request not seen before."""
        self.asked += 1
        return Repeat(ME, f"key-{self.asked:04d}", Digest.of(str(self.asked).encode()))

    def draft(self, **form: Any) -> str:
        """A new draft."""
        return Drafts(register=self.register, office=OFFICE, clock=self.clock).begin(ME, form, self.repeat())

    def upload(self, identifier: str, document: str, name: str, body: bytes, media_type: str) -> str:
        """Announce a file, send it, have it confirmed."""
        said = {"document": document, "name": name, "media_type": media_type, "size": len(body)}
        parts = PartUploads(register=self.register, store=InMemoryParts(self.quarantine))
        uploads = Uploads(
            register=self.register, office=OFFICE, quarantine=self.quarantine, parts=parts, clock=self.clock
        )
        attachment = uploads.reserve(ME, identifier, said, self.repeat()).attachment
        self.quarantine.put(attachment.key, body)
        ConfirmUpload(register=self.register, quarantine=self.quarantine, screen=sight, clock=self.clock)(
            attachment.key, None
        )
        return attachment.id

    def edit(self, identifier: str, version: int, **form: Any) -> None:
        """Replace the draft."""
        Drafts(register=self.register, office=OFFICE, clock=self.clock).edit(ME, identifier, version, form)

    def view(self, identifier: str) -> tuple[int, dict[str, Any]]:
        """What the owner sees."""
        return Filings(register=self.register, office=OFFICE).one(ME, identifier)

    def submit(self, identifier: str) -> Submitted:
        """Submit what is there now."""
        version, view = self.view(identifier)
        submit = Submit(
            register=self.register, office=OFFICE, quarantine=self.quarantine, signer=FakeReceiptSigner()
        )
        confirmed = Confirmation(version, view["manifest"]["sha256"])
        return submit(ME, identifier, confirmed, self.repeat(), received_at=self.clock())

    def pay(self, identifier: str, submitted: FilingSubmitted) -> None:
        """Enter that what is due was paid."""
        asked = quote(OFFICE.fees, FilingFacts(kind=submitted.kind, route=submitted.route, on=date(2027, 1, 1)))
        order_id = identifier[:-1] + "Z"
        opened = OrderOpened(
            filing=identifier, purpose="filing", lines=tuple(line.line for line in asked.lines),
            amount=asked.total.minor, currency=asked.total.currency, schedule=asked.schedule,
        )  # fmt: skip
        paid = FeePaid(
            order=order_id, purpose="filing", reference="RZ00000000000000", rail="test",
            amount=asked.total.minor, currency=asked.total.currency,
        )  # fmt: skip
        stream = self.register.load(filing(identifier))
        assert stream is not None
        self.register.commit(
            begin(order(order_id), opened, by="test", at=self.clock(), owner=str(stream.id)),
            stream.append(paid, by="test", at=self.clock()),
        )

    def letter(self, identifier: str) -> LetterContent:
        """The content of the acknowledgement."""
        drawn: list[LetterContent] = []

        def draw(content: LetterContent, receipt: bytes) -> bytes:
            drawn.append(content)
            return receipt

        public = InMemoryBucket()
        log_facts(self.register, public, self.clock)(filing(identifier))
        SealLetter(
            register=self.register, office=OFFICE, records=InMemoryBucket(), letters=draw, proofs=LoggedReceipts(public=public),
            public_url="https://orpi.example", test_trust=True, clock=self.clock,
        )(filing(identifier))  # fmt: skip
        (content,) = drawn
        return content


def variety(**fields: Any) -> dict[str, Any]:
    """A complete application for a plant variety."""
    return {
        "kind": "plant-variety",
        "language": "fr",
        "title": {"fr": "Rosa ‘Flavia’"},
        "applicants": [RUPERT],
        "declarations": ["new-variety"],
        **fields,
    }


class TestFiling:
    def test_a_plant_variety_from_draft_to_letter(self) -> None:
        # given
        ground = Ground()
        identifier = ground.draft(**variety())
        ground.upload(identifier, "botanical-description", "rose.pdf", pdf(), "application/pdf")
        # when
        submitted = ground.submit(identifier)
        ground.pay(identifier, submitted.fact)
        content = ground.letter(identifier)
        # then: number and day by the office's own clock and form
        assert submitted.fact.number == "OV2027-00001"
        assert submitted.fact.filing_date == "2027-01-01"
        assert submitted.fact.defects == ()
        receipt = json.loads(submitted.receipt)
        assert receipt["office"]["code"] == "ZZ"
        assert receipt["received_at"] == "2027-01-01T00:30:00.000+01:00"
        assert "st13" not in receipt["application_number"]
        # then: the letter in its languages and money
        letter = present(content)
        assert letter["languages"] == ["fr", "en"]
        assert letter["letter_title"][0] == {"lang": "fr", "text": "Accusé de réception"}
        assert letter["received"][0]["text"] == "01 janvier 2027, 00:30:00 (UTC+01:00)"
        assert letter["payment"]["total"] == "250,00 EUR"
        assert "Khmer" not in json.dumps(letter) and "\\u17" not in json.dumps(letter)
        # then: the history in its languages
        history = ground.view(identifier)[1]["history"]
        assert history[0]["description"] == {"fr": "Fichier annoncé, adresse de dépôt donnée",
                                             "en": "File announced, upload address given"}  # fmt: skip
        assert ground.view(identifier)[1]["chain"]["verified"] is True

    def test_designs_count_on_their_own_and_are_numbered_in_another_form(self) -> None:
        # given
        ground = Ground()
        numbers = []
        for name in ("lamp", "chair"):
            identifier = ground.draft(kind="design", applicants=[RUPERT])
            picture = ground.upload(identifier, "picture", f"{name}.png", b"\x89PNG\r\n\x1a\n" + name.encode(), "image/png")
            design = {"product": {"fr": name}, "views": [{"attachment": picture}]}
            ground.edit(identifier, 1, kind="design", applicants=[RUPERT], designs=[design])
            # when
            numbers.append(ground.submit(identifier).fact.number)
        # then
        assert numbers == ["ZZ.DM.2027.001", "ZZ.DM.2027.002"]

    def test_everything_wrong_is_said_at_once_in_the_offices_languages(self) -> None:
        # given
        ground = Ground()
        identifier = ground.draft(kind="plant-variety", route="extension", language="en", applicants=[
            {"names": {"en": "Rudolf Rassendyll"}, "country": "GB"},
        ])  # fmt: skip
        # when
        with pytest.raises(Invalid) as refused:
            ground.submit(identifier)
        # then
        assert [(finding.code, finding.severity) for finding in refused.value.findings] == [
            ("applicant.address", "blocks"),
            ("document.missing", "blocks"),
            ("declaration.missing", "blocks"),
            ("basis.missing", "blocks"),
            ("title.language", "defect"),
            ("applicant.name-language", "defect"),
            ("agent.missing", "defect"),
            ("document.missing", "defect"),
        ]
        said = words(OFFICE, refused.value.findings[1])
        assert said["fr"][0] == "Un document manque : Description botanique / Botanical description."
        assert list(said) == ["fr", "en"]

    def test_what_this_office_does_not_know_is_refused(self) -> None:
        ground = Ground()
        with pytest.raises(Invalid, match=r"kind\.unknown"):
            ground.draft(kind="patent")
        identifier = ground.draft(**variety())
        with pytest.raises(Invalid, match=r"document\.unknown"):
            ground.upload(identifier, "picture", "a.png", b"\x89PNG\r\n\x1a\n", "image/png")
        with pytest.raises(Invalid, match=r"document\.media-type"):
            ground.upload(identifier, "photograph", "a.png", b"\x89PNG\r\n\x1a\n", "image/png")


class TestFees:
    @pytest.mark.parametrize(("designs", "total"), [(1, "90.50"), (2, "103.25"), (10, "205.25")])
    def test_each_further_design_costs_more(self, designs: int, total: str) -> None:
        asked = quote(OFFICE.fees, FilingFacts(kind="design", route="national", on=date(2027, 1, 1), designs=designs))
        assert (asked.total.decimal, asked.total.currency, asked.demo) == (total, "EUR", False)

    def test_every_amount_is_known(self) -> None:
        for kind in OFFICE.kinds:
            for route in kind.routes:
                facts = FilingFacts(
                    kind=kind.code, route=route.code, on=date(2027, 1, 1), claims=20, designs=3, pages=50
                )
                assert quote(OFFICE.fees, facts).total.minor > 0
