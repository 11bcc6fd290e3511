"""The rules of an application: one check, one function. The office's data says which apply, how grave, and by what law.

`findings` runs every applicable requirement and reports all that it finds; each is `blocks` (no filing date can be given)
or `defect` (accepted, to be mended by a day). Nothing here reads a clock or a store.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import cast

from chalicelib.contracts import shown
from chalicelib.contracts.attachment import ARRIVED, Attachment
from chalicelib.contracts.form import Form
from chalicelib.filing.model import Dossier, WithFiles
from chalicelib.kernel.clock import local, months_after
from chalicelib.kernel.errors import Finding, Severity
from chalicelib.offices.model import Check, Requirement, When

Found = Iterator[tuple[str, str, dict[str, str]]]  # code, pointer, params


def findings(dossier: Dossier) -> tuple[Finding, ...]:
    """Everything wrong with the application, graver first, in the order of the office's data."""
    found = [
        Finding(code=code, pointer=pointer, params=params, severity=row.severity, rule=row.rule, days=row.days)
        for row in dossier.office.requirements
        if row.applies(dossier.kind.code, dossier.form.route) and WHEN[row.when](dossier.form)
        for code, pointer, params in CHECKS[row.check](dossier, row)
    ]
    found += structural(dossier)
    return tuple(sorted(found, key=lambda finding: finding.severity != "blocks"))


def due_day(dossier: Dossier, finding: Finding) -> date | None:
    """The last day to mend a defect, on the office's calendar. How the office counts over holidays is not published."""
    if finding.days is None:
        return None
    return local(dossier.today, dossier.office.time_zone).date() + timedelta(days=finding.days)


def structural(dossier: Dossier) -> Iterator[Finding]:
    """What holds for every office, whatever its data ask for."""
    if dossier.kind.route(dossier.form.route) is None:
        code, params = dossier.kind.not_taken(dossier.form.route)
        yield Finding(code=code, pointer="/route", params=params)
    yield from _files(dossier)
    yield from refused_files(dossier)
    yield from _pictures(dossier)
    yield from found_in_files(dossier)
    today = local(dossier.today, dossier.office.time_zone).date()
    for position, priority in enumerate(dossier.form.priorities):
        if date.fromisoformat(priority.date) > today:
            yield Finding(code="date.future", pointer=f"/priorities/{position}/date")


def _files(dossier: Dossier) -> Iterator[Finding]:
    """Announced files have arrived; one that does not belong here, or is one too many of its kind, is filed with a defect."""
    seen: set[str] = set()
    for file in dossier.attachments:
        row = dossier.office.document(file.document, dossier.kind.code)
        belongs = row is not None and row.allowed(dossier.kind.code, dossier.form.route)
        code = None
        if file.state == "reserved":
            code = "attachment.not-arrived"
        elif file.state in ARRIVED and not belongs:
            code = "attachment.not-for-kind"
        elif file.state in ARRIVED and row and not row.repeatable and file.document in seen:
            code = "attachment.twice"
        if file.state in ARRIVED:
            seen.add(file.document)
        if code:
            severity: Severity = "blocks" if file.state == "reserved" else "defect"
            yield Finding(code=code, severity=severity, pointer=f"/attachments/{file.id}", params={"name": file.name})


def refused_files(dossier: WithFiles) -> Iterator[Finding]:
    """A file that was refused, and for which no other of its kind came since: it is not part of the application. The date
    does not hang on it, but the filer must not learn it too late."""
    for place, file in enumerate(dossier.attachments):
        later = dossier.attachments[place + 1 :]
        if file.state == "refused" and not any(
            one.document == file.document and one.state in ARRIVED for one in later
        ):
            yield Finding(
                code="attachment.refused",
                pointer=f"/attachments/{file.id}",
                severity="defect",
                params={"name": file.name, "reason": file.reason or ""},
            )


def _pictures(dossier: Dossier) -> Iterator[Finding]:
    """The pictures that a design names are there."""
    there = {file.id for file in _stored(dossier)}
    for position, design in enumerate(dossier.form.designs):
        for place, view in enumerate(design.views):
            if view.attachment not in there:
                yield Finding(code="view.not-there", pointer=f"/designs/{position}/views/{place}/attachment")


def found_in_files(dossier: WithFiles) -> Iterator[Finding]:
    """What a look at a file found, where the office makes it a defect: the file is kept as it is, and is to be mended."""
    for file in _stored(dossier):
        for code in file.noted:
            row = dossier.office.file_finding(code, file.document)
            if shown.severity(dossier.office, code, file.document) == "defect":
                yield Finding(
                    code=code,
                    pointer=f"/attachments/{file.id}",
                    severity="defect",
                    params={"name": file.name},
                    rule=row.rule if row else "",
                    days=row.days if row else None,
                )


def document(dossier: Dossier, row: Requirement) -> Found:
    """A document of this kind is attached. A translation into the application's own language is not needed."""
    if row.language is not None and row.language == dossier.form.language:
        return
    if not any(file.document == row.document for file in _stored(dossier)):
        names = next(kind.names for kind in dossier.office.documents if kind.code == row.document)
        yield "document.missing", "/attachments", {"document": " / ".join(names.values())}


def title(dossier: Dossier, row: Requirement) -> Found:
    """There is a title (in the row's language, if it names one)."""
    if row.language and row.language not in dossier.form.title:
        yield "title.language", "/title", {"language": row.language}
    elif not dossier.form.title:
        yield "title.missing", "/title", {}


def applicant(dossier: Dossier, row: Requirement) -> Found:
    """Somebody applies."""
    if not dossier.form.applicants:
        yield "applicant.missing", "/applicants", {}


def applicant_address(dossier: Dossier, row: Requirement) -> Found:
    """Each applicant can be written to."""
    for position, party in enumerate(dossier.form.applicants):
        if not party.address:
            yield "applicant.address", f"/applicants/{position}/address", {}


def applicant_name(dossier: Dossier, row: Requirement) -> Found:
    """Each applicant is named in the row's language."""
    for position, party in enumerate(dossier.form.applicants):
        if row.language not in party.names:
            yield "applicant.name-language", f"/applicants/{position}/names", {"language": str(row.language)}


def agent_when_abroad(dossier: Dossier, row: Requirement) -> Found:
    """An applicant from abroad is represented by an agent here."""
    if all(party.country == dossier.office.code for party in dossier.form.applicants):
        return
    if dossier.form.agent is None:
        yield "agent.missing", "/agent", {}
    elif dossier.form.agent.country != dossier.office.code:
        yield "agent.abroad", "/agent/country", {}


def inventor(dossier: Dossier, row: Requirement) -> Found:
    """The inventor (or creator) is named."""
    if not dossier.form.inventors:
        yield "inventor.missing", "/inventors", {}


def designs(dossier: Dossier, row: Requirement) -> Found:
    """At least one design is described."""
    if not dossier.form.designs:
        yield "design.missing", "/designs", {}


def views(dossier: Dossier, row: Requirement) -> Found:
    """Each design is shown."""
    for position, design in enumerate(dossier.form.designs):
        if not design.views:
            yield "design.no-view", f"/designs/{position}/views", {}


def one_image_format(dossier: Dossier, row: Requirement) -> Found:
    """All pictures of this kind of document are of one media type."""
    found = sorted({file.media_type for file in _stored(dossier) if file.document == row.document})
    if len(found) > 1:
        yield "image.one-format", "/attachments", {"formats": ", ".join(found)}


def claims_counted(dossier: Dossier, row: Requirement) -> Found:
    """The number of claims is said: fees may depend on it."""
    if dossier.form.claim_count < 1:
        yield "claims.missing", "/claim_count", {}


def basis(dossier: Dossier, row: Requirement) -> Found:
    """The earlier application or patent is identified."""
    if dossier.form.basis is None:
        yield "basis.missing", "/basis", {}


def priority_period(dossier: Dossier, row: Requirement) -> Found:
    """Each priority lies within the row's months before the day of filing."""
    today = local(dossier.today, dossier.office.time_zone).date()
    for position, priority in enumerate(dossier.form.priorities):
        if months_after(date.fromisoformat(priority.date), cast(int, row.months)) < today:
            yield "priority.late", f"/priorities/{position}/date", {"months": str(row.months)}


def declaration(dossier: Dossier, row: Requirement) -> Found:
    """The declaration is made."""
    if row.declaration not in dossier.form.declarations:
        yield "declaration.missing", "/declarations", {"declaration": str(row.declaration)}


CHECKS: dict[Check, Callable[[Dossier, Requirement], Found]] = {
    "document": document,
    "title": title,
    "applicant": applicant,
    "applicant-address": applicant_address,
    "applicant-name": applicant_name,
    "agent-when-abroad": agent_when_abroad,
    "inventor": inventor,
    "designs": designs,
    "views": views,
    "one-image-format": one_image_format,
    "claims-counted": claims_counted,
    "basis": basis,
    "priority-period": priority_period,
    "declaration": declaration,
}

WHEN: dict[When, Callable[[Form], bool]] = {
    "always": lambda _: True,
    "with-agent": lambda form: form.agent is not None,
    "with-priority": lambda form: bool(form.priorities),
}


def _stored(dossier: WithFiles) -> tuple[Attachment, ...]:
    """What arrived and would be filed; a held file too."""
    return tuple(file for file in dossier.attachments if file.state in ARRIVED)
