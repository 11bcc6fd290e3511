"""A file as its owner sees it, wherever it is shown: its state, and in words what was found and what to do next.

A code never goes out alone: beside it stand message and action in the office's languages.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.contracts.attachment import NOT_SCANNED, Attachment
from chalicelib.kernel.errors import Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office

REFUSED_AFTER_FILING = "file.refused-after-filing"
_SHOWN = ("id", "document", "name", "media_type", "size", "state", "sha256", "reason")


def file(office: Office, one: Attachment, *, number: str | None = None) -> dict[str, Any]:
    """The file. `number` is that of the application with which it was filed; None while it is in a draft."""
    shown = {name: value for name in _SHOWN if (value := getattr(one, name)) is not None}
    if one.reason:
        shown |= told(office, one.reason, name=one.name)
    if one.reason and number is not None:  # what is to be done is another thing now; what was found is not
        shown["action"] = told(office, REFUSED_AFTER_FILING, name=one.name, number=number)["action"]
    if one.signatures:
        shown["signatures"] = [
            {**signature.told(), **told(office, f"signature.{signature.result}")} for signature in one.signatures
        ]
    if one.noted:
        shown["findings"] = [_noted(office, one, code) for code in one.noted]
    return shown


def told(office: Office, code: str, **params: str) -> dict[str, Mapping[str, str]]:
    """A code in words: what is wrong, and what to do."""
    said = words(office, Finding(code=code, params=params))
    return {
        "message": {language: message for language, (message, _) in said.items()},
        "action": {language: action for language, (_, action) in said.items()},
    }


def severity(office: Office, code: str, document: str) -> str:
    """How grave a finding is: what the office says; a file that nobody has scanned is never a mere notice."""
    row = office.file_finding(code, document)
    return row.severity if row else "defect" if code == NOT_SCANNED else "notice"


def _noted(office: Office, one: Attachment, code: str) -> dict[str, Any]:
    row = office.file_finding(code, one.document)
    return {
        "code": code,
        "severity": severity(office, code, one.document),
        **told(office, code, name=one.name),
        **({"rule": row.rule, "days": row.days} if row and row.days else {}),
    }
