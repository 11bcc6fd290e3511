"""What an owner sees of a filing: status folded from the entries, and its history as an officer reads a file's events."""

from dataclasses import dataclass
from typing import Any

from chalicelib.contracts import shown
from chalicelib.contracts.events import FilingSubmitted, LetterIssued, PackageReady
from chalicelib.filing import registered
from chalicelib.filing.drafts import attachments_of, draft_of, manifest_of, owned_stream
from chalicelib.kernel.errors import Corrupt, Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.register.model import Place, Register, Stream, verify_chain
from chalicelib.register.timeline import status

PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Filings:
    """Read filings."""

    register: Register
    office: Office

    def one(self, account: str, identifier: str) -> tuple[int, dict[str, Any]]:
        """Draft version (for the ETag) and the whole view."""
        stream = owned_stream(self.register, account, identifier)
        draft = draft_of(stream)
        submitted = stream.last(FilingSubmitted)
        manifest = manifest_of(stream, draft)
        view: dict[str, Any] = {
            **self._summary(stream),
            "route": draft.form.route,
            "draft": {"version": draft.version, "form": draft.form.model_dump(mode="json", exclude_none=True)},
            "attachments": [
                shown.file(self.office, file, number=submitted.number if submitted else None)
                for file in attachments_of(stream)
            ],
            "manifest": {"sha256": manifest.sha256.hex, **manifest.to_json()},
            "history": [self._event(entry.type, entry) for entry in stream.entries],
            "chain": _chain(stream),
        }
        if submitted:
            view["received_at"] = submitted.received_at
            view["defects"] = [defect.model_dump(exclude_none=True) for defect in submitted.defects]
            view["receipt"] = {"sha256": submitted.receipt_sha256}
        if letter := stream.last(LetterIssued):
            view["acknowledgement"] = {"number": letter.number, "level": letter.level, "sha256": letter.sha256}
        if package := stream.last(PackageReady):
            view["package"] = {"sha256": package.sha256}
        return draft.version, {**view, **registered.view(self.office, stream)}

    def mine(self, account: str, *, after: Place | None = None) -> dict[str, Any]:
        """A page of this account's filings, newest first; `next` continues."""
        heads = self.register.owned(account, limit=PAGE, after=after)
        return {
            "filings": [
                {"id": head.stream.id, "status": head.status, "updated": head.updated, **head.attributes}
                for head in heads
            ],
            "next": f"{heads[-1].updated}_{heads[-1].stream.id}" if len(heads) == PAGE else None,
        }

    def _summary(self, stream: Stream) -> dict[str, Any]:
        state = status("FILING", (entry.type for entry in stream.entries))
        return {"id": stream.id.id, "status": state, "updated": stream.head.updated, **stream.head.attributes}

    def _event(self, type_: str, entry: Any) -> dict[str, Any]:
        said = words(self.office, Finding(code=f"entry.{type_}"))
        return {
            "seq": entry.seq,
            "at": entry.at,
            "by": entry.by,
            "type": type_,
            "description": {language: text for language, (text, _) in said.items()},
            "data": dict(entry.data),
            "hash": entry.hash,
        }


def _chain(stream: Stream) -> dict[str, Any]:
    try:
        verify_chain(stream.entries)
    except Corrupt:
        return {"verified": False, "head": stream.head.hash}
    return {"verified": True, "head": stream.head.hash}
