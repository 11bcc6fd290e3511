"""Later papers: begun for a filing that was submitted, edited under a version, looked at. Like a filing's draft, a paper's is
not part of the log until it is submitted.

A paper belongs to whoever owns the filing. Beside the filing lies a row for each (`contracts/paper.py`); how many may be open
at once, and how many a filing may have at all, is bounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.contracts import shown
from chalicelib.contracts.attachment import ARRIVED
from chalicelib.contracts.draft import DRAFT, Draft
from chalicelib.contracts.events import FilingSubmitted, PackageReady
from chalicelib.contracts.form import parsed
from chalicelib.contracts.manifest import Manifest
from chalicelib.contracts.paper import ROW, PaperDraft, PaperForm, PaperRow, rows_of
from chalicelib.contracts.paper_facts import PaperSubmitted
from chalicelib.filing.drafts import MAX_FORM, attachments_of, owned_stream
from chalicelib.filing.history import chain, events
from chalicelib.filing.paper_model import PaperDossier
from chalicelib.filing.paper_rules import findings
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock, stamp
from chalicelib.kernel.errors import Conflict, Corrupt, Finding, Invalid, LostRace, Stale, TooMany
from chalicelib.offices.model import Office, PaperKind
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Key, Put, Register, Stream, begin, deciding, filing, paper
from chalicelib.register.papers import filing_of, owned_paper

MAX_PAPERS = 300  # of one filing, drafts too: their rows are read with it
MAX_OPEN = 20  # drafts of one filing whose uploads are still kept


def row_key(filing_id: str, paper_id: str) -> Key:
    """Where the row of a paper lies, beside its filing."""
    return Key(str(filing(filing_id)), ROW + paper_id)


def paper_draft_key(identifier: str) -> Key:
    """Where a paper's draft lies."""
    return Key(str(paper(identifier)), DRAFT)


def paper_draft_of(stream: Stream) -> PaperDraft:
    """The paper's draft (or what was submitted)."""
    return PaperDraft.of(stream.items[DRAFT].version, stream.items[DRAFT].attributes)


def paper_manifest_of(stream: Stream, draft: PaperDraft) -> Manifest:
    """What would be submitted now: the paper and every file that arrived. Of what was submitted: as it was."""
    submitted = stream.last(PaperSubmitted)
    filed = {file.attachment for file in submitted.files} if submitted else None
    files = tuple(
        file for file in attachments_of(stream) if (file.state in ARRIVED if filed is None else file.id in filed)
    )
    return Manifest(filing=filing_of(stream), form=draft.form.to_bytes(), files=files, paper=stream.id.id)


def paper_dossier(office: Office, stream: Stream, application: Stream, draft: PaperDraft, today: datetime) -> PaperDossier:
    """What the rules look at. Corrupt if the office no longer knows its kind."""
    kind, submitted, form = office.paper(draft.form.kind), application.last(FilingSubmitted), application.items[DRAFT]
    if kind is None or submitted is None:
        raise Corrupt(f"{stream.id}: the office no longer knows its kind, or its filing was never submitted")
    return PaperDossier(
        office=office,
        kind=kind,
        form=draft.form,
        attachments=attachments_of(stream),
        application=submitted,
        applied=Draft.of(form.version, form.attributes).form,
        state=application.head.status,
        others=tuple(row for row, _ in rows_of(application.items) if row.serial and row.id != stream.id.id),
        today=today,
    )


@dataclass(frozen=True, kw_only=True)
class Papers:
    """Begin, edit and read later papers."""

    register: Register
    office: Office
    clock: Clock

    def begin(self, account: str, filing_id: str, body: Mapping[str, Any], repeat: Repeat) -> str:
        """A new paper's id. Conflict while the application is a draft itself; Invalid with every finding."""
        owned_stream(self.register, account, filing_id)  # whose it is comes before what is asked
        form = self._form(body)

        def decide() -> str:
            if earlier := repeat.earlier(self.register):
                return str(earlier["paper"])
            application, now = owned_stream(self.register, account, filing_id), self.clock()
            submitted = application.last(FilingSubmitted)
            if submitted is None:
                raise Conflict.because("paper.not-submitted-yet")
            self._within_bounds(application, now)
            identifier = ids.ulid(now)
            row = PaperRow(id=identifier, kind=form.kind, begun_at=stamp(now))
            self.register.commit(
                begin(
                    paper(identifier), by=account, at=now, owner=str(application.id), kind=form.kind, filing=filing_id,
                    of_kind=submitted.kind, route=submitted.route, application=submitted.number,
                ),
                Put(paper_draft_key(identifier), {"form": form.to_bytes().decode()}),
                Put(row_key(filing_id, identifier), row.attributes()),
                repeat.kept(paper=identifier),
            )  # fmt: skip
            return identifier

        return deciding(decide)

    def edit(self, account: str, identifier: str, version: int, body: Mapping[str, Any]) -> PaperDraft:
        """Replace the draft that has `version`. Stale if it has another, Conflict once it is submitted."""
        stream, _ = owned_paper(self.register, account, identifier)
        form, draft = self._form(body), paper_draft_of(stream)
        if stream.head.status != "draft":
            raise Conflict.because("paper.submitted-already", number=stream.head.attributes["number"])
        if form.kind != stream.head.attributes["kind"]:
            raise Invalid.because("paper.kind-fixed", "/kind", kind=stream.head.attributes["kind"])
        if draft.form == form and draft.version in {version, version + 1}:
            return draft  # nothing to change, or our own answer was lost on the way
        if draft.version != version:
            raise Stale.because("draft.stale", "", current=str(draft.version))
        try:
            self.register.commit(Put(paper_draft_key(identifier), {"form": form.to_bytes().decode()}, expects=version))
        except LostRace as error:
            raise Stale.because("draft.stale", "", current="?") from error
        return PaperDraft(version + 1, form)

    def check(self, account: str, identifier: str) -> tuple[PaperDossier, Manifest, PaperDraft, tuple[Finding, ...]]:
        """What would be found if it were submitted now. Nothing is kept."""
        stream, application = owned_paper(self.register, account, identifier)
        draft = paper_draft_of(stream)
        if stream.head.status != "draft":
            raise Conflict.because("paper.submitted-already", number=stream.head.attributes["number"])
        dossier = paper_dossier(self.office, stream, application, draft, self.clock())
        return dossier, paper_manifest_of(stream, draft), draft, findings(dossier)

    def one(self, account: str, identifier: str) -> tuple[int, dict[str, Any]]:
        """Draft version (for the ETag) and the whole view."""
        stream, _ = owned_paper(self.register, account, identifier)
        draft, submitted = paper_draft_of(stream), stream.last(PaperSubmitted)
        manifest = paper_manifest_of(stream, draft)
        number = stream.head.attributes.get("number")
        view: dict[str, Any] = {
            **self._summary(stream),
            "draft": {"version": draft.version, "form": draft.form.model_dump(mode="json", exclude_none=True)},
            "attachments": [shown.file(self.office, file, number=number) for file in attachments_of(stream)],
            "manifest": {"sha256": manifest.sha256.hex, **manifest.to_json()},
            "history": events(self.office, stream),
            "chain": chain(stream),
        }
        if submitted:
            view["defects"] = [defect.model_dump(exclude_none=True) for defect in submitted.defects]
            view["receipt"] = {"sha256": submitted.receipt_sha256}
        if package := stream.last(PackageReady):
            view["package"] = {"sha256": package.sha256}
        return draft.version, view

    def of(self, account: str, filing_id: str) -> dict[str, Any]:
        """A filing's papers, in order of receipt and then drafts, and the kinds that may be sent to it."""
        application = owned_stream(self.register, account, filing_id)
        papers = []
        for row, _ in rows_of(application.items):
            stream = self.register.load(paper(row.id))
            if stream is None:
                raise Corrupt(f"{application.id} has a paper {row.id} that does not exist")
            papers.append(self._summary(stream))
        state = application.head.status
        kind = application.head.attributes["kind"]
        kinds = [kind_shown(self.office, one, kind) for one in self.office.papers if state in one.states]
        return {"filing": filing_id, "papers": papers, "kinds": kinds}

    def _summary(self, stream: Stream) -> dict[str, Any]:
        attributes, kind = stream.head.attributes, self.office.paper(stream.head.attributes["kind"])
        body: dict[str, Any] = {
            "id": stream.id.id,
            "filing": attributes["filing"],
            "application_number": attributes["application"],
            "kind": attributes["kind"],
            "names": dict(kind.names) if kind else {},
            "status": stream.head.status,
            "updated": stream.head.updated,
        }
        if submitted := stream.last(PaperSubmitted):
            body |= {
                "number": submitted.number,
                "received_at": submitted.received_at,
                "received_on": submitted.received_on,
                "answers": [one.model_dump(exclude_none=True) for one in submitted.answers],
            }
            if submitted.fee:
                body["fee"] = {**submitted.fee.model_dump(exclude_none=True), "paid": False}
        return body

    def _within_bounds(self, application: Stream, now: datetime) -> None:
        rows = [row for row, _ in rows_of(application.items)]
        since = stamp(now - timedelta(days=self.office.uploads.draft_days))
        if len(rows) >= MAX_PAPERS or sum(not row.serial and row.begun_at > since for row in rows) >= MAX_OPEN:
            raise TooMany.because("quota.papers", "", limit=str(MAX_OPEN), all=str(MAX_PAPERS))

    def _form(self, body: Mapping[str, Any]) -> PaperForm:
        form = parsed(PaperForm, body)
        if self.office.paper(form.kind) is None:
            raise Invalid.because("paper.kind-unknown", "/kind", kinds=", ".join(one.code for one in self.office.papers))
        if len(form.to_bytes()) > MAX_FORM:
            raise Invalid.because("form.too-large", "", limit=str(MAX_FORM))
        return form


def kind_shown(office: Office, one: PaperKind, kind: str) -> dict[str, Any]:
    """A kind of later paper as the API answers it."""
    body: dict[str, Any] = {
        "kind": one.code,
        "names": dict(one.names),
        "explained": dict(one.explained),
        "documents": [row.code for row in office.documents_of_paper(one, kind)],
        "needs": list(one.needs),
        "answers": one.answers,
        "once": one.once,
        "rule": one.rule,
        "certainty": one.certainty,
    }
    fee = next((row for row in office.fees.rows if row.purpose == one.fee), None)
    if fee is not None:
        amount = {} if fee.amount == "unknown" else {"amount": fee.amount}
        said = {"code": fee.code, **amount, "currency": fee.currency or office.fees.currency, "unpaid": one.unpaid}
        body["fee"] = {**said, "rule": fee.rule, "certainty": fee.certainty}
    return body


def submitted_row(row: PaperRow, fact: PaperSubmitted) -> PaperRow:
    """The row once the paper is submitted."""
    answered = tuple(one.defect for one in fact.answers if one.defect)
    return replace(row, serial=fact.serial, number=fact.number, received_at=fact.received_at, defects=answered)
