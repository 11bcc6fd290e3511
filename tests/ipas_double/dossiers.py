"""Dossiers as the consumer lays them, with everything that the connector looks at: a patent, a design, a later paper."""

import hashlib
import json
from pathlib import Path
from typing import Any

from chalicelib.contracts.form import parse_form
from chalicelib.kernel.digest import canonical
from chalicelib.registry.ipas.model import Work
from chalicelib.registry.layout import folder_name

PATENT_ID, DESIGN_ID, PAPER_ID = (
    "01KB0000000000000000000001",
    "01KB0000000000000000000002",
    "01KB0000000000000000000003",
)
AT = "2026-11-25T03:00:00.000Z"
PERSON = {
    "names": {"km": "សុខ ចាន់ធី", "en": "Sok Chanthy"},
    "country": "KH",
    "address": {"km": "ភ្នំពេញ", "en": "Phnom Penh"},
}
ABROAD = {"names": {"en": "Acme Ltd"}, "country": "JP", "kind": "organisation", "email": "ip@acme.example"}
AGENT = {"names": {"en": "Agent Co", "km": "ភ្នាក់ងារ"}, "country": "KH", "kind": "organisation", "agent_number": "17"}
PATENT = {
    "kind": "patent", "route": "national", "title": {"km": "កៅអី", "en": "Chair"}, "applicants": [ABROAD], "agent": AGENT,
    "inventors": [PERSON], "priorities": [{"office": "JP", "number": "2026-1", "date": "2026-01-05"}],
    "classifications": ["A47C 7/02"], "claim_count": 7,
}  # fmt: skip
DESIGN = {
    "kind": "industrial-design", "title": {"en": "Bamboo chair"}, "applicants": [{"names": {"km": "សុខ"}, "country": "KH"}],
    "designs": [{"product": {"en": "Chair"}, "locarno": "06-01"}, {"product": {"en": "Stool"}, "locarno": "06-01"}],
}  # fmt: skip
ANSWER = canonical({"kind": "answer", "note": "The missing page.", "answers": [{"letter": "1/2026/1"}]})


def lay_patent(root: Path, form: dict[str, Any] | None = None) -> Work:
    """`KH/P/2026/7` with description and power of attorney, paid."""
    files = {"description": b"%PDF description", "power-of-attorney": b"%PDF power"}
    return _lay(root, PATENT_ID, "KH/P/2026/7", form or PATENT, files)


def lay_design(root: Path) -> Work:
    """`KH/D/2026/10`, two designs of one class, by a person with a Khmer name only."""
    return _lay(root, DESIGN_ID, "KH/D/2026/10", DESIGN, {"design-views": b"\x89PNG view"})


def lay_paper(root: Path) -> Work:
    """An answer to the patent."""
    paper = {
        "id": PAPER_ID, "number": "KH/P/2026/7-P1", "serial": 1, "kind": "answer", "received_at": "2026-11-25T08:00:00.000Z",
        "received_on": "2026-11-25", "answers": [{"letter": "1/2026/1"}],
        "after": {"stream": f"FILING#{PATENT_ID}", "seq": 9, "hash": "a" * 64},
    }  # fmt: skip
    return _lay(root, PATENT_ID, "KH/P/2026/7", PATENT, {"statement": b"%PDF answer"}, paper)


def _lay(
    root: Path,
    filing: str,
    number: str,
    form: dict[str, Any],
    files: dict[str, bytes],
    paper: dict[str, Any] | None = None,
) -> Work:
    name = paper["number"] if paper else number
    folder = root / folder_name(name)
    written = ANSWER if paper else parse_form(form).to_bytes()
    edms = canonical({"schema": "urn:tra:edms:1", "dossier": {"display": number}, "files": [], "sections": []})
    objects = [_object("form", "form", "form.json", written, folder / "data" / "form.json"),
               _object("edms", "edms", "edms.json", edms, folder / "data" / "edms.json")]  # fmt: skip
    for at, (document, body) in enumerate(files.items(), 1):
        objects.append(
            _object("file", document, f"{document}.pdf", body, folder / "data" / "files" / f"{at:02d}-{document}.pdf")
        )
    payment = {"order": filing, "purpose": "filing", "reference": "KH2611250001", "rail": "aba", "amount": 320_000,
               "currency": "KHR", "paid_at": AT}  # fmt: skip
    said: dict[str, Any] = {
        "schema": "urn:tra:package:2", "office": "KH", "filing": filing, "number": number, "kind": form["kind"],
        "route": form.get("route", "national"), "filing_date": "2026-11-25", "received_at": AT, "paid": True,
        "payments": [] if paper else [payment], "entries": {"seq": 9, "hash": "a" * 64}, "objects": objects,
        **({"paper": paper} if paper else {}),
    }  # fmt: skip
    (folder / "package.json").write_bytes(json.dumps(said).encode())
    return Work(
        id=paper["id"] if paper else filing,
        filing=filing,
        kind="paper" if paper else "filing",
        number=name,
        folder=folder.name,
    )


def _object(role: str, document: str, name: str, body: bytes, path: Path) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return {
        "role": role, "name": name, "document": document, "media_type": "application/pdf", "bucket": "records",
        "key": f"filings/{name}", "version": "v1", "sha256": hashlib.sha256(body).hexdigest(),
        "sha512": hashlib.sha512(body).hexdigest(), "size": len(body),
    }  # fmt: skip
