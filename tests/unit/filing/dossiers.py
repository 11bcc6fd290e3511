"""Dossiers for tests of rules: an office with exactly the requirements of the test, and an application with nothing wrong."""

from datetime import UTC, datetime
from typing import Any

from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.form import Form, parse_form
from chalicelib.filing.model import Dossier
from chalicelib.offices.model import Office

NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # 12:00 in Phnom Penh
RULE = "Test Act, s. 1"


def text(word: str) -> dict[str, str]:
    """A text in both languages of the test's office."""
    return {"km": word, "en": word}


def requirement(check: str, **fields: Any) -> dict[str, Any]:
    """A requirement that blocks, unless said otherwise."""
    return {"check": check, "severity": "blocks", "rule": RULE, "certainty": "sure", **fields}


def office_data(*requirements: dict[str, Any]) -> dict[str, Any]:
    """The plain data of a small office."""

    def document(code: str, **fields: Any) -> dict[str, Any]:
        basis = {"media_types": ["application/pdf"], "max_bytes": 1000, "rule": RULE, "certainty": "sure"}
        return {"code": code, "names": text(code), **basis, **fields}

    return {
        "code": "KH",
        "names": text("Office"),
        "letterhead": [text("Head")],
        "contact": text("Contact"),
        "languages": ["km", "en"],
        "time_zone": "Asia/Phnom_Penh",
        "currency": "KHR",
        "reference_prefix": "TR",
        "records_years": 1,
        "kinds": [
            {
                "code": code,
                "names": text(code),
                "series": series,
                "routes": [{"code": "national", "names": text("National")}, {"code": "other", "names": text("Other")}],
                "rule": RULE,
                "certainty": "sure",
            }
            for code, series in (("patent", "P"), ("design", "D"))
        ],
        "documents": [
            document("claims", names={"km": "ចំណុចទាមទារ", "en": "Claims"}),
            document("views", repeatable=True, kinds=["design"]),
        ],
        "requirements": list(requirements),
        "letters": {
            "acknowledgement": {
                "title": text("Title"), "next_steps": [text("Next")], "reason": text("R"), "location": text("L"),
            }
        },
        "fees": {
            "code": "test",
            "currency": "KHR",
            "rows": [
                {
                    "code": "filing", "names": text("Filing"), "amount": 1, "valid_from": "2020-01-01",
                    "rule": RULE, "certainty": "sure",
                }
            ],
        },
    }  # fmt: skip


def office(*requirements: dict[str, Any]) -> Office:
    """A small office with these requirements and no other."""
    return Office.model_validate(office_data(*requirements))


def party(country: str = "KH", **fields: Any) -> dict[str, Any]:
    """Somebody with a name and an address."""
    return {"names": {"km": "សុខ", "en": "Sok"}, "country": country, "address": {"en": "Street 1"}, **fields}


def form(**fields: Any) -> Form:
    """A patent application with all that a rule may ask of it; `fields` replace."""
    return parse_form(
        {
            "kind": "patent",
            "title": {"km": "ចំណងជើង", "en": "Title"},
            "applicants": [party()],
            "agent": party(),
            "inventors": [party()],
            "claim_count": 3,
            **fields,
        }
    )


def attachment(number: int = 1, document: str = "claims", state: str = "stored", name: str = "file.pdf") -> Attachment:
    """One attached file."""
    return Attachment(
        id=f"{number:026d}",
        document=document,
        name=name,
        media_type="application/pdf",
        size=10,
        key=f"uploads/{number}",
        state=state,
        sha256="0" * 64,
    )


def dossier(
    *requirements: dict[str, Any], attachments: tuple[Attachment, ...] = (), today: datetime = NOON, **fields: Any
) -> Dossier:
    """An application before the office with these requirements."""
    own, filled = office(*requirements), form(**fields)
    kind = own.kind(filled.kind)
    assert kind is not None
    return Dossier(office=own, kind=kind, form=filled, attachments=attachments, today=today)
