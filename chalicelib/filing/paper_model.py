"""Nouns of later papers: what their rules look at, what is open for them, and the receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.events import FilingSubmitted
from chalicelib.contracts.form import Form
from chalicelib.contracts.manifest import Manifest
from chalicelib.contracts.paper import RECEIPT_SCHEMA, PaperForm, PaperRow
from chalicelib.contracts.paper_facts import FeeOpen
from chalicelib.kernel.clock import local
from chalicelib.kernel.errors import Finding
from chalicelib.offices.model import Office, PaperKind


@dataclass(frozen=True, kw_only=True)
class PaperDossier:
    """What the rules look at: the paper, its files, the application that it is for and its other papers, the office's data,
    the day."""

    office: Office
    kind: PaperKind
    form: PaperForm
    attachments: tuple[Attachment, ...]
    application: FilingSubmitted
    applied: Form
    state: str  # of the filing
    others: tuple[PaperRow, ...]  # papers of the filing that were submitted
    today: datetime

    @property
    def day(self) -> date:
        """The day on the office's calendar."""
        return local(self.today, self.office.time_zone).date()

    def due(self, finding: Finding) -> date | None:
        """The last day to mend a defect, on the office's calendar."""
        return None if finding.days is None else self.day + timedelta(days=finding.days)

    @property
    def fee(self) -> FeeOpen | None:
        """The fee that such a paper has on that day; without an amount where the office's schedule knows none."""
        if self.kind.fee is None:
            return None
        fees, application = self.office.fees, self.application
        for row in fees.rows:
            if row.applies(self.kind.fee, application.kind, application.route, self.day):
                known = fees.demo_amount(row.code) if row.amount == "unknown" else row.amount
                return FeeOpen(code=row.code, amount=known, currency=row.currency or fees.currency)
        return None


def receipt(
    *, dossier: PaperDossier, manifest: Manifest, number: str, serial: int, received_at: datetime,
    defects: Sequence[tuple[Finding, date | None]],
) -> dict[str, Any]:  # fmt: skip
    """The receipt of a later paper as a plain JSON value: who, when with zone, under which number, for which application, what.
    Every value follows from what the commit records, so it can be made again, byte for byte."""
    office, form, fee = dossier.office, dossier.form, dossier.fee
    here = local(received_at, office.time_zone)
    body: dict[str, Any] = {
        "schema": RECEIPT_SCHEMA,
        "office": {"code": office.code, "names": dict(office.names)},
        "filing": manifest.filing,
        "application_number": {"display": dossier.application.number},
        "paper": manifest.paper,
        "paper_number": number,
        "serial": serial,
        "kind": form.kind,
        "names": dict(dossier.kind.names),
        "received_at": here.isoformat(timespec="milliseconds"),
        "time_zone": office.time_zone,
        "received_on": here.date().isoformat(),
        "manifest_sha256": manifest.sha256.hex,
        "form": manifest.to_json()["form"],
        "files": manifest.to_json()["files"],
        "answers": [one.model_dump(mode="json", exclude_none=True) for one in form.answers],
        "findings": [
            {
                "code": finding.code,
                "pointer": finding.pointer,
                "params": dict(finding.params),
                "rule": finding.rule,
                "due": due.isoformat() if due else None,
            }
            for finding, due in defects
        ],
    }
    if fee is not None:
        body["fee"] = {**fee.model_dump(exclude_none=True), "paid": False}
    if form.reference:
        body["reference"] = form.reference
    return body
