"""Later papers as a filer sends them: forms to begin with, and whoever sends them at a desk of fakes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.attachments.holders import PAPERS
from chalicelib.attachments.model import Upload
from chalicelib.attachments.multipart import PartUploads
from chalicelib.attachments.uploads import Uploads
from chalicelib.contracts.attachment import Attachment
from chalicelib.filing.paper_submission import PaperReceived, SubmitPaper
from chalicelib.filing.papers import Papers
from chalicelib.filing.submission import Confirmation
from chalicelib.register.model import Stream, paper
from tests.factories import ANNA, Desk
from tests.fakes import FakeReceiptSigner

PDF = b"%PDF-1.7 a letter of the filer" * 9
LETTER = "OA/2026/17"
ANSWER: Mapping[str, Any] = {"kind": "answer", "answers": [{"letter": LETTER, "dated": "2026-11-20"}], "note": "As asked."}
OTHER: Mapping[str, Any] = {"kind": "other", "subject": "A word about the drawings"}


def withdrawal(number: str, *, confirmed: bool = True) -> dict[str, Any]:
    """The application is given up."""
    return {"kind": "withdrawal", "withdrawal": {"application_number": number, "confirmed": confirmed}}


def change(**said: Any) -> dict[str, Any]:
    """The first applicant has another address."""
    return {"kind": "change", "changes": [{"who": "applicant", "address": {"en": "7 Street 9, Siem Reap"}} | said]}


def extension(months: int = 2) -> dict[str, Any]:
    """More time to answer a letter."""
    return {"kind": "extension", "answers": [{"letter": LETTER}], "extension": {"months": months}}


@dataclass
class Counter:
    """Where later papers are sent: a desk, and what it needs for them."""

    desk: Desk

    @property
    def papers(self) -> Papers:
        return Papers(register=self.desk.register, office=self.desk.office, clock=self.desk.clock)

    @property
    def parts(self) -> PartUploads:
        return PartUploads(register=self.desk.register, store=self.desk.in_parts, holder=PAPERS)

    @property
    def uploads(self) -> Uploads:
        desk = self.desk
        return Uploads(
            register=desk.register, office=desk.office, quarantine=desk.quarantine, parts=self.parts, clock=desk.clock,
            holder=PAPERS,
        )  # fmt: skip

    @property
    def submit(self) -> SubmitPaper:
        desk = self.desk
        return SubmitPaper(
            register=desk.register, office=desk.office, quarantine=desk.quarantine, signer=FakeReceiptSigner()
        )

    def begun(self, filing: str, form: Mapping[str, Any] = OTHER, account: str = ANNA) -> str:
        """A draft."""
        return self.papers.begin(account, filing, form, self.desk.repeat(account))

    def reserve(self, identifier: str, body: bytes = PDF, account: str = ANNA, **said: Any) -> Upload:
        """Announce a letter, unless said otherwise."""
        announced = {"document": "statement", "name": "letter.pdf", "media_type": "application/pdf", "size": len(body)}
        return self.uploads.reserve(account, identifier, announced | said, self.desk.repeat(account))

    def attach(self, identifier: str, body: bytes = PDF, account: str = ANNA, **said: Any) -> Attachment:
        """Announce, send, and have it looked at."""
        upload = self.reserve(identifier, body, account, **said)
        self.desk.send(upload, body)
        return upload.attachment

    def complete(self, filing: str, form: Mapping[str, Any] = OTHER) -> str:
        """A draft with a letter, which may be submitted."""
        identifier = self.begun(filing, form)
        self.attach(identifier)
        return identifier

    def seen(self, identifier: str) -> Confirmation:
        """What the filer sees now."""
        _, view = self.papers.one(ANNA, identifier)
        return Confirmation(view["draft"]["version"], view["manifest"]["sha256"])

    def send(self, identifier: str, account: str = ANNA, *, received_at: datetime | None = None) -> PaperReceived:
        """Submit what is seen."""
        at = received_at or self.desk.clock()
        return self.submit(account, identifier, self.seen(identifier), self.desk.repeat(account), received_at=at)

    def sent(self, filing: str, form: Mapping[str, Any] = OTHER) -> PaperReceived:
        """A paper with a letter, submitted."""
        return self.send(self.complete(filing, form))

    def stream(self, identifier: str) -> Stream:
        """A paper's stream."""
        return self.desk.load(paper(identifier))

    def codes(self, identifier: str) -> list[str]:
        """What a dry check finds."""
        return [finding.code for finding in self.papers.check(ANNA, identifier)[3]]
