"""Nouns of filing: what the rules look at, and the receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.form import Form
from chalicelib.contracts.manifest import Manifest
from chalicelib.kernel.clock import local
from chalicelib.kernel.errors import Finding
from chalicelib.offices.model import Kind, Office

RECEIPT_SCHEMA = "urn:tra:receipt:1"


class WithFiles(Protocol):
    """Something with files: an application, or a later paper."""

    @property
    def office(self) -> Office: ...
    @property
    def attachments(self) -> tuple[Attachment, ...]: ...


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """What the rules look at: the form, its attachments, the office's data and the day."""

    office: Office
    kind: Kind
    form: Form
    attachments: tuple[Attachment, ...]
    today: datetime


def receipt(
    *,
    office: Office,
    kind: Kind,
    form: Form,
    manifest: Manifest,
    number: str,
    year: int,
    serial: int,
    received_at: datetime,
    defects: Sequence[tuple[Finding, date | None]],
) -> dict[str, Any]:
    """The receipt as a plain JSON value (PCT Administrative Instructions s.704(a): office, time of complete receipt, number,
    digest made by the office). Every value follows from what the commit records, so it can be made again, byte for byte."""
    here = local(received_at, office.time_zone)
    body: dict[str, Any] = {
        "schema": RECEIPT_SCHEMA,
        "office": {"code": office.code, "names": dict(office.names)},
        "filing": manifest.filing,
        "application_number": {"display": number, "series": kind.series, "year": year, "serial": serial},
        "kind": kind.code,
        "route": form.route,
        "received_at": here.isoformat(timespec="milliseconds"),
        "time_zone": office.time_zone,
        "filing_date": here.date().isoformat(),
        "manifest_sha256": manifest.sha256.hex,
        "form": manifest.to_json()["form"],
        "files": manifest.to_json()["files"],
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
    if kind.st13_type:
        body["application_number"]["st13"] = f"{kind.st13_type}{year:04d}{serial:09d}"
    if form.reference:
        body["reference"] = form.reference
    return body
