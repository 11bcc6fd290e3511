"""What an owner sees of a filing: status folded from the entries, and its history as an officer reads a file's events."""

from dataclasses import dataclass
from typing import Any

from chalicelib.contracts import shown
from chalicelib.contracts.events import FilingSubmitted, LetterIssued, PackageReady
from chalicelib.contracts.paper import PaperRow, rows_of
from chalicelib.filing import registered
from chalicelib.filing.deadlines import deadlines
from chalicelib.filing.drafts import attachments_of, draft_of, manifest_of, owned_stream
from chalicelib.filing.history import chain, events, timeline
from chalicelib.offices.model import Office
from chalicelib.register.model import Place, Register, Stream, paper
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
            "history": events(self.office, stream),
            "chain": chain(stream),
        }
        if submitted:
            rows = tuple(row for row, _ in rows_of(stream.items))
            view["papers"] = [self._paper(row) for row in rows]
            view["deadlines"] = deadlines(self.office, draft, rows)
            view["timeline"] = timeline(self.office, stream, self._papers(rows))
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

    def _paper(self, row: PaperRow) -> dict[str, Any]:
        kind = self.office.paper(row.kind)
        state = "submitted" if row.serial else "draft"
        return {"id": row.id, "state": state, "names": dict(kind.names) if kind else {}, **row.attributes()}

    def _papers(self, rows: tuple[PaperRow, ...]) -> tuple[Stream, ...]:
        """The streams of those that were submitted."""
        return tuple(stream for row in rows if row.serial and (stream := self.register.load(paper(row.id))) is not None)
