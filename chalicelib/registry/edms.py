"""Capture data for the office's document system (EDMS): what a scanner's operator would otherwise type, as facts that we have.

A born-digital application, or later paper, arrives as a certified e-document: dossier and document number (a new
application's are the same), who took it into custody and when, each file with its digest, and where each section of an
application's text begins and ends. So nothing is left to scan and nothing to index by hand. What is not known is not said: a
file whose pages nobody counted has no page range, and the EDMS's own type codes stand there only if the office's data names
them (`edms_type`).
"""

from typing import Any

from chalicelib.contracts.events import AttachmentSecured, AttachmentStored
from chalicelib.contracts.paper_facts import PaperSecured
from chalicelib.kernel.digest import canonical
from chalicelib.offices.model import Kind, Office, PaperKind
from chalicelib.registry.layout import placed
from chalicelib.registry.model import PackageObject
from chalicelib.registry.ready import Ready

SCHEMA = "urn:tra:edms:1"
SECURED = {AttachmentSecured.__name__, PaperSecured.__name__}


def capture(ready: Ready, objects: tuple[PackageObject, ...], office: Office) -> bytes:
    """The capture data of one filing, canonical JSON. Paths are those in the bag."""
    submitted = ready.submitted
    named: Kind | PaperKind | None = office.kind(submitted.kind)
    number = {"series": str(submitted.year), "number": submitted.serial}
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "dossier": {"office": office.code, "type": submitted.series, **number, "display": submitted.number},
        "document": {"kind": submitted.kind, "route": submitted.route, **number},
        "received_at": ready.filed.received_at,
        "files": [],
        "sections": [],
    }
    if paper := ready.paper:
        named = office.paper(paper.kind)
        said["document"] = {"kind": paper.kind, "display": paper.number, "of_dossier": paper.serial}
    if named is not None and named.edms_type:
        said["document"]["edms_type"] = named.edms_type
    if certified := _certified(ready):
        said["certified"] = certified
    pages = {fact.attachment: fact.pages for fact in ready.stream.facts(AttachmentStored)}
    for one, path in placed(objects):
        if one.role == "file":
            counted = pages.get(one.attachment or "")
            line = {"path": path, "document": one.document, "media_type": one.media_type, "sha256": one.sha256}
            said["files"].append(line | ({"pages": counted} if counted else {}))
            document = office.document(one.document, submitted.kind)
            if document is not None and document.body and ready.paper is None:
                span = {"first_page": 1, "last_page": counted} if counted else {}
                said["sections"].append({"section": one.document, "path": path, **span})
    return canonical(said)


def _certified(ready: Ready) -> dict[str, str] | None:
    """When the last of it was secured, digests compared with what the filer confirmed, and by which function."""
    last = next((entry for entry in reversed(ready.stream.entries) if entry.type in SECURED), None)
    return {"at": last.at, "by": last.by} if last else None
