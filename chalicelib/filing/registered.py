"""What the registry said of a filing, as its owner reads it: folded from the entries, every code in words beside itself."""

from collections.abc import Mapping
from typing import Any

from chalicelib.contracts import shown
from chalicelib.contracts.registered import (
    OfficeLetterReceived,
    RegistryAccepted,
    RegistryRejected,
    RegistryStatusChanged,
)
from chalicelib.kernel.errors import Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.register.model import Entry, Stream


def view(office: Office, stream: Stream) -> dict[str, Any]:
    """`registry` and `office_letters`, each if there is anything to say."""
    said: dict[str, Any] = {}
    letters: list[dict[str, Any]] = []
    for entry in stream.entries:
        match entry.fact:
            case RegistryAccepted(paper=None) as accepted:
                said |= {"registry": accepted.registry, "number": accepted.number, "accepted_at": entry.at}
                said.pop("rejected", None)
            case RegistryRejected(paper=None):
                said["rejected"] = {"at": entry.at, **shown.told(office, "registry.rejected")}
            case RegistryStatusChanged() as changed:
                said["status"] = _status(office, changed)
            case OfficeLetterReceived() as letter:
                letters.append(_letter(office, stream, entry, letter))
    return {**({"registry": said} if said else {}), **({"office_letters": letters} if letters else {})}


def _status(office: Office, changed: RegistryStatusChanged) -> dict[str, Any]:
    known = office.registries.status(changed.status)
    told = {"code": changed.status, "st27": changed.st27, "since": changed.since, "due": changed.due}
    return {
        **{name: value for name, value in told.items() if value},
        "message": _words(office, known, Finding(code="registry.status-unknown", params={"code": changed.status})),
    }


def _letter(office: Office, stream: Stream, entry: Entry, letter: OfficeLetterReceived) -> dict[str, Any]:
    known = office.registries.letter(letter.code)
    kept = ("code", "number", "issued_at", "sha256", "size", "media_type")
    return {
        **{name: value for name, value in letter.to_data().items() if name in kept},
        "available_at": entry.at,
        "title": _words(office, known, Finding(code="registry.letter-unknown", params={"code": letter.code})),
        "link": f"/v1/filings/{stream.id.id}/office-letters/{letter.sha256}",
    }


def _words(office: Office, known: Mapping[str, str] | None, otherwise: Finding) -> dict[str, str]:
    general = {language: text for language, (text, _) in words(office, otherwise).items()}
    return {language: (known or general).get(language, text) for language, text in general.items()}
