"""An example of every event, made from the shape of its fact: true by construction, its `id` the hash of what it says.

Values are looked up by the field's name, else by its type. Required fields are shown, and the optional ones that `ALSO` names
for a fact (those that may stand together). A field that nothing here knows makes no example: ValueError, and the check of the
schemas says so.
"""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chalicelib.contracts import fact as words
from chalicelib.contracts.envelope import NO_PREVIOUS, Envelope
from chalicelib.contracts.fact import Fact
from chalicelib.kernel.digest import Digest, canonical

SOURCE = "urn:tra:xx-example"
ULIDS = {"FILING": "01JDJ0Z7Q8F0000000000000AA", "ORDER": "01JDJ1A2B3C0000000000000AB",
         "PAPER": "01JDJ3A2B3C0000000000000AD"}  # fmt: skip
OTHER_ULID = "01JDJ2A2B3C0000000000000AC"
ALSO: dict[str, tuple[str, ...]] = {
    "AttachmentReserved": ("sha256",),
    "AttachmentStored": ("pages", "findings", "derived", "signatures"),
    "SignatureSeen": ("revision", "revisions", "certificate_sha256", "claimed_at"),
    "FilingSubmitted": ("claims", "pages", "defects"),
    "FeePaid": ("paid_at",),
    "PaperSubmitted": ("answers", "defects"),
    "Answered": ("defect",),
    "PaymentVerified": ("paid_at",),
    "PaymentParked": ("amount", "currency"),
    "CaseOpened": ("order", "reference", "rail", "bank_ref", "amount", "currency", "evidence_sha256"),
    "CaseDecisionProposed": ("amount", "order"),
    "RegistryStatusChanged": ("st27", "due"),
    "RefundRequested": ("order", "reference", "rail", "bank_ref"),
    "CaseClosed": ("bank_ref",),
    "StatementLoaded": ("opening", "closing"),
    "DayReconciled": ("covered",),
    "Defect": ("due",),
    "StatementRecord": ("reference",),
}
BY_NAME: dict[str, Any] = {
    "account": "demo-bank-1",
    "amount": 320_000,
    "application": "XX/P/2026/1",
    "attempt": 1,
    "bank": "example-bank",
    "bank_ref": "1700000000000001",
    "code": "acknowledgement",
    "contents": "application",
    "counted_as": "1700000000000001",
    "covered": "example-bank",
    "currency": "XTS",
    "closing": 1_320_000,
    "day": "2026-11-25",
    "decision": "refund",
    "designs": 0,
    "document": "claims",
    "due": "2027-01-25",
    "findings": "pdf.fonts-not-embedded",
    "file_sha256": "a" * 64,
    "first": "2026-11-25",
    "form_size": 1_204,
    "filing_date": "2026-11-25",
    "filing": ULIDS["FILING"],
    "ground": "paid-twice",
    "key": f"filings/{ULIDS['FILING']}/files/x",
    "kind": "patent",
    "last": "2026-11-25",
    "index": 41,
    "joined": "1700000000000002",
    "level": "b-b",
    "manifest_size": 812,
    "media_type": "application/pdf",
    "number": "XX/P/2026/1",
    "opening": 1_000_000,
    "owner": "finance",
    "prepared_by": "account:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "proposed_by": "account:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "purpose": "filing",
    "qr_md5": "0" * 32,
    "rail": "example-bank",
    "reason": "paid-twice",
    "reference": "TR01JDJ1A2B3C000",
    "receipt_size": 2_310,
    "renew_by": "2031-11-25T00:00:00.000Z",
    "registry": "example",
    "result": "matched",
    "route": "national",
    "run": 1,
    "schedule": "2023-11-14",
    "serial": 1,
    "series": "P",
    "size": 48_213,
    "st27": "D10",
    "status": "examination",
    "tool": "pillow-12.2",
    "what": "smaller",
    "year": 2026,
}
BY_TYPE: dict[Any, Any] = {
    words.Id: OTHER_ULID, words.Sha256: "a" * 64, words.Stamp: "2026-11-25T02:33:30.123Z", words.Day: "2026-11-25",
    words.Count: 1, int: 1, bool: True,
}  # fmt: skip
BASE = f"filings/{ULIDS['FILING']}"
BY_FACT: dict[str, Any] = {
    "LetterPrepared.code": "request-documents.1",
    "LetterPrepared.number": "XX/P/2026/1-REQ1",
    "LetterApproved.code": "request-documents.1",
    "LetterRejected.code": "request-documents.1",
    "LetterRejected.ground": "wrong-date",
    "LetterCancelled.code": "request-documents.1",
    "LetterPrepared.document": "request-documents",
    "AttachmentRefused.reason": "file.unreadable",
    "AttachmentSecured.key": f"{BASE}/files/{'a' * 64}",
    "Defect.code": "document.missing",
    "DerivedCopy.media_type": "image/png",
    "LetterIntended.number": "XX/P/2026/1-ACK",
    "LetterIssued.key": f"{BASE}/letters/acknowledgement.b-b.pdf",
    "LetterIssued.number": "XX/P/2026/1-ACK",
    "LetterLogged.number": "XX/P/2026/1-ACK",
    "LetterStamped.number": "XX/P/2026/1-ACK",
    "LetterStamped.key": f"{BASE}/letters/acknowledgement.b-t.pdf",
    "LetterArchived.number": "XX/P/2026/1-ACK",
    "LetterArchived.key": f"{BASE}/letters/acknowledgement.b-lta.pdf",
    "After.stream": f"FILING#{ULIDS['FILING']}",
    "Answered.defect": "document.missing",
    "FeeOpen.code": "record-change",
    "Line.code": "filing",
    "OfficeLetterReceived.code": "office-action",
    "OfficeLetterReceived.key": f"{BASE}/office/{'a' * 64}.pdf",
    "PackageReady.key": f"{BASE}/package/{'a' * 64}.json",
    "PaperPackage.number": "XX/P/2026/1-P1",
    "PaperPackage.kind": "answer",
    "PaperSubmitted.kind": "answer",
    "PaperSubmitted.number": "XX/P/2026/1-P1",
    "RegistryRejected.reason": "registry-refused",
    "RegistryStatusChanged.due": "2027-01-25T00:00:00.000Z",
    "ReportSealed.key": "reconciliations/2026-11-25/0001.b-b.pdf",
    "StatementRefused.reason": "statement.gap",
}


def example(fact: type[Fact], stream: str) -> dict[str, Any]:
    """A whole message that carries `fact`, as it would come off a queue. `stream` is the kind of stream it lies on."""
    data = fact.model_validate(_values(fact)).to_data()
    said = {
        "stream": f"{stream}#{ULIDS.get(stream, OTHER_ULID)}", "seq": 1, "type": fact.__name__, "schema": fact.SCHEMA,
        "at": "2026-11-25T02:33:30.123Z", "by": "tra:example", "data": data, "previous": NO_PREVIOUS,
    }  # fmt: skip
    made = Envelope(
        id=Digest.of(canonical(said)).hex, source=SOURCE, type=fact.TYPE, subject=said["stream"], time=said["at"],
        sequence="000001", previous=NO_PREVIOUS, schemaversion=fact.SCHEMA, actor=said["by"], data=data,
    )  # fmt: skip
    plain: dict[str, Any] = made.model_dump(mode="json")
    return plain


def _values(model: type[BaseModel]) -> dict[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    shown = ALSO.get(model.__name__, ())
    return {
        name: _value(model.__name__, name, hints[name])
        for name, field in model.model_fields.items()
        if _required(field) or name in shown
    }


def _required(field: FieldInfo) -> bool:
    return field.is_required()


def _value(model: str, name: str, hint: Any) -> Any:
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _value(model, name, next(one for one in get_args(hint) if one is not type(None)))
    if origin is tuple:
        return [_value(model, name, get_args(hint)[0])]
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _values(hint)
    if f"{model}.{name}" in BY_FACT:
        return BY_FACT[f"{model}.{name}"]
    if origin is Literal:
        known = BY_NAME.get(name)
        return known if known in get_args(hint) else get_args(hint)[0]
    if name in BY_NAME:
        return BY_NAME[name]
    if hint in BY_TYPE:
        return BY_TYPE[hint]
    if origin is Annotated:
        return _value(model, name, get_args(hint)[0])
    raise ValueError(f"{model}.{name}: no example is known for it; add one to contracts/examples.py")
