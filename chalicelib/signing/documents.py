"""The office's documents: each code its typed content, all drawn by one template. What they say in words is the office's data.

- A document is made from a `Case` and what is its own; nothing here reads the register or knows a country.
- `Writing` adds what stands on every letter: head, texts of the document's code, the address of verification, the mark of
  test trust.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote as url_quote

from chalicelib.kernel.errors import Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.signing import model
from chalicelib.signing.model import AmountDue, Defect, LetterContent, Particular, Table, Texts

RECEIPT, ACKNOWLEDGEMENT = "receipt", "acknowledgement"
SUFFIXES = {  # what follows a case's number in its letter's number
    RECEIPT: "RCP",
    ACKNOWLEDGEMENT: "ACK",
    "request-documents": "REQ",
    "invitation-to-pay": "INV",
    "annuity-invoice": "ANN",
    "completeness": "CPL",
    "certificate-draft": "CRT",
    "journal": "JNL",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """What every letter about one application says of it."""

    number: str
    ipas_number: tuple[str, str, str, str] | None
    st13_number: str
    kind_code: str
    kind: Texts
    route: Texts
    received_at: datetime | None
    filing_date: date | None
    applicants: tuple[Texts, ...]
    agent: Texts | None
    reference: str
    title: Texts


@dataclass(frozen=True, kw_only=True)
class Writing:
    """Writes the letters of one office."""

    office: Office
    public_url: str
    test_trust: bool

    def about(
        self, case: Case, code: str, *, number: str, issued_at: datetime, anchor: str = "", **parts: Any
    ) -> LetterContent:
        """The letter `code` about `case`; `parts` are fields of `LetterContent`. KeyError if the office has no such letter."""
        return LetterContent(
            **self._always(code, number, issued_at, f"{self._verify(case.number)}{anchor}"),
            application_number=case.number,
            ipas_number=case.ipas_number,
            st13_number=case.st13_number,
            kind=case.kind,
            route=case.route,
            received_at=case.received_at,
            filing_date=case.filing_date,
            applicants=case.applicants,
            agent=case.agent,
            reference=case.reference,
            title=case.title,
            **{**_NOTHING, **parts},
        )

    def request_documents(
        self, case: Case, points: tuple[Defect, ...], *, serial: int, issued_at: datetime
    ) -> LetterContent:
        """A request for additional documents: each point with what to do and by when."""
        return self._to(case, "request-documents", serial, issued_at, defects=points)

    def invitation_to_pay(self, case: Case, due: AmountDue, *, serial: int, issued_at: datetime) -> LetterContent:
        """An invitation to pay the registration fees."""
        return self._to(case, "invitation-to-pay", serial, issued_at, due=due)

    def annuity_invoice(
        self, case: Case, due: AmountDue, *, years: Particular, serial: int, issued_at: datetime
    ) -> LetterContent:
        """An invoice for annuities; `years` says for which."""
        return self._to(case, "annuity-invoice", serial, issued_at, due=due, particulars=(years,))

    def completeness(self, case: Case, *, serial: int, issued_at: datetime) -> LetterContent:
        """The notice that an application is complete."""
        return self._to(case, "completeness", serial, issued_at)

    def certificate_draft(
        self, case: Case, particulars: tuple[Particular, ...], *, serial: int, issued_at: datetime
    ) -> LetterContent:
        """What the certificate will say, for the applicant to check."""
        return self._to(case, "certificate-draft", serial, issued_at, particulars=particulars)

    def journal(self, issue: str, *, label: Texts, tables: tuple[Table, ...], issued_at: datetime) -> LetterContent:
        """An issue of a journal, e.g. `D-2026/11`. `label` says what kind of number that is."""
        return LetterContent(
            **self._always("journal", f"{issue}-{SUFFIXES['journal']}", issued_at, self._verify(issue)),
            application_number=issue,
            ipas_number=None,
            st13_number="",
            kind={},
            route={},
            received_at=None,
            filing_date=None,
            applicants=(),
            agent=None,
            reference="",
            title={},
            **{**_NOTHING, "number_label": label, "tables": tables},
        )

    def _to(self, case: Case, code: str, serial: int, issued_at: datetime, **parts: Any) -> LetterContent:
        return self.about(case, code, number=numbered(case.number, code, serial), issued_at=issued_at, **parts)

    def _verify(self, number: str) -> str:
        return f"{self.public_url}/verify?number={url_quote(number, safe='')}"

    def _always(self, code: str, number: str, issued_at: datetime, verification_url: str) -> dict[str, Any]:
        office, texts = self.office, self.office.letters[code]
        return {
            "languages": office.languages,
            "office": model.Office(name=office.names, head=office.letterhead, contact=(office.contact,)),
            "letter_code": code,
            "letter_number": number,
            "letter_title": texts.title,
            "issued_at": issued_at,
            "time_zone": office.time_zone,
            "next_steps": texts.next_steps,
            "opening": texts.opening,
            "warning": texts.warning,
            "words": {**office.letters[ACKNOWLEDGEMENT].words, **texts.words},
            "verification_url": verification_url,
            "trust_label": self.trust_label,
        }

    @property
    def trust_label(self) -> Texts | None:
        """What a letter says of a seal that is not for use; nothing of one that is."""
        return self._trust() if self.test_trust else None

    def _trust(self) -> Mapping[str, str]:
        said = words(self.office, Finding(code="trust.test"))
        return {language: message for language, (message, _) in said.items()}


def numbered(case: str, code: str, serial: int) -> str:
    """The number of a letter of which a case may have several."""
    return f"{case}-{SUFFIXES[code]}{serial}"


_NOTHING: dict[str, Any] = {
    "files": (), "form_sha256": None, "manifest_sha256": None, "receipt_sha256": None, "payment": None, "defects": (),
}  # fmt: skip
