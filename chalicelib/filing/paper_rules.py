"""The rules of a later paper: what its kind needs (the office's data), and what holds for every office. Nothing reads a clock.

`blocks` refuses the paper; `defect` is accepted, to be mended by a day; `notice` is said before submission and goes no further.
"""

from collections.abc import Iterator

from chalicelib.contracts.attachment import ARRIVED
from chalicelib.contracts.paper import Answer, Change
from chalicelib.filing.paper_model import PaperDossier
from chalicelib.filing.rules import found_in_files, refused_files
from chalicelib.kernel.errors import Finding

PARTS = {"change": "changes", "withdrawal": "withdrawal", "extension": "extension"}  # need → field of the form


def findings(dossier: PaperDossier) -> tuple[Finding, ...]:
    """Everything wrong with the paper, graver first."""
    found = [
        *_state(dossier), *_needs(dossier), *_answers(dossier), *_changes(dossier), *_withdrawal(dossier), *_files(dossier),
        *_fee(dossier),
    ]  # fmt: skip
    order = ("blocks", "defect", "notice")
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def _state(dossier: PaperDossier) -> Iterator[Finding]:
    """The filing is in a state in which such a paper may come, and has none yet where it may have one only."""
    if dossier.state not in dossier.kind.states:
        yield Finding(code="paper.not-in-state", pointer="/kind", params={"number": dossier.application.number})
    same = next((row for row in dossier.others if row.kind == dossier.kind.code), None)
    if dossier.kind.once and same is not None:
        yield Finding(code="paper.once", pointer="/kind", params={"number": same.number})


def _needs(dossier: PaperDossier) -> Iterator[Finding]:
    """What the kind cannot be without is there; what belongs to another kind is not."""
    rule = dossier.kind.rule
    if "file" in dossier.kind.needs and not any(file.state in ARRIVED for file in dossier.attachments):
        allowed = dossier.office.documents_of_paper(dossier.kind, dossier.application.kind)
        names = "; ".join(" / ".join(row.names.values()) for row in allowed)
        yield Finding(code="paper.file-missing", pointer="/attachments", params={"allowed": names}, rule=rule)
    for need, name in PARTS.items():
        there = bool(getattr(dossier.form, name))
        if need in dossier.kind.needs and not there:
            yield Finding(code=MISSING[need], pointer=f"/{name}", rule=rule)
        elif there and need not in dossier.kind.needs:
            yield Finding(code="paper.part-not-here", pointer=f"/{name}")


MISSING = {
    "change": "paper.change-missing",
    "withdrawal": "paper.withdrawal-missing",
    "extension": "paper.extension-missing",
}


def _answers(dossier: PaperDossier) -> Iterator[Finding]:
    """It names what it answers where it must, and nothing that is not there."""
    given, kind = dossier.form.answers, dossier.kind
    if kind.answers == "must" and not given:
        yield Finding(code="paper.answers-missing", pointer="/answers", rule=kind.rule)
    if kind.answers == "no" and given:
        yield Finding(code="paper.answers-not-here", pointer="/answers")
    for place, one in enumerate(given):
        yield from _answer(dossier, f"/answers/{place}", one)


def _answer(dossier: PaperDossier, pointer: str, one: Answer) -> Iterator[Finding]:
    known = {defect.code for defect in dossier.application.defects}
    if (one.letter is None) == (one.defect is None) or (one.dated and one.letter is None):
        yield Finding(code="paper.answer-one", pointer=pointer)
    if one.defect is not None and one.defect not in known:
        params = {"defect": one.defect, "known": ", ".join(sorted(known)) or "–"}
        yield Finding(code="paper.defect-unknown", pointer=f"{pointer}/defect", params=params)
    if one.dated is not None and one.dated > dossier.day.isoformat():
        yield Finding(code="date.future", pointer=f"{pointer}/dated")


def _changes(dossier: PaperDossier) -> Iterator[Finding]:
    """Each change is of somebody who stands in the application, and says what changes."""
    for place, one in enumerate(dossier.form.changes):
        yield from _change(dossier, f"/changes/{place}", one)
        if one.since is not None and one.since > dossier.day.isoformat():
            yield Finding(code="date.future", pointer=f"/changes/{place}/since")


def _change(dossier: PaperDossier, pointer: str, one: Change) -> Iterator[Finding]:
    said = one.names, one.country, one.address, one.email, one.agent_number
    anything = any(value is not None for value in said)
    agent = one.who == "agent"
    if one.remove and (not agent or anything):
        yield Finding(code="paper.remove-alone", pointer=f"{pointer}/remove")
    elif not one.remove and not anything:
        yield Finding(code="paper.change-empty", pointer=pointer)
    applied = dossier.applied
    there = {"applicant": len(applied.applicants), "inventor": len(applied.inventors), "agent": int(bool(applied.agent))}
    new_agent = agent and not one.remove and one.position == 0  # there need not have been one
    if one.position >= there[one.who] and not new_agent:
        params = {"who": one.who, "count": str(there[one.who])}
        yield Finding(code="paper.party-unknown", pointer=f"{pointer}/position", params=params)
    elif new_agent and applied.agent is None and (one.names is None or one.country is None):
        yield Finding(code="paper.agent-incomplete", pointer=pointer)


def _withdrawal(dossier: PaperDossier) -> Iterator[Finding]:
    """Nobody gives an application up by mistake: the number is written out, and the question answered."""
    said, number = dossier.form.withdrawal, dossier.application.number
    if said is None:
        return
    if said.application_number != number:
        yield Finding(code="paper.withdrawal-number", pointer="/withdrawal/application_number", params={"number": number})
    if not said.confirmed:
        yield Finding(code="paper.withdrawal-unconfirmed", pointer="/withdrawal/confirmed", params={"number": number})


def _files(dossier: PaperDossier) -> Iterator[Finding]:
    """As with an application: announced files have arrived; what was refused or is outside a rule is said."""
    for file in dossier.attachments:
        if file.state == "reserved":
            yield Finding(
                code="attachment.not-arrived", pointer=f"/attachments/{file.id}", params={"name": file.name}
            )
    yield from refused_files(dossier)
    yield from found_in_files(dossier)


def _fee(dossier: PaperDossier) -> Iterator[Finding]:
    """A fee is open: the paper waits until it is paid, or comes in with the fee marked as open. Never silently."""
    fee, number = dossier.fee, dossier.application.number
    if fee is None:
        return
    row = next(one for one in dossier.office.fees.rows if one.code == fee.code)
    names = " / ".join(row.names.values())
    if dossier.kind.unpaid == "refused" and fee.amount is not None:
        amount = f"{fee.amount:,} {fee.currency}"
        params = {"fee": names, "amount": amount, "number": number}
        yield Finding(code="paper.fee-first", pointer="/kind", params=params, rule=row.rule)
    elif dossier.kind.unpaid == "refused":
        params = {"fee": names, "number": number}
        yield Finding(code="paper.fee-unknown", pointer="/kind", params=params, rule=row.rule)
    else:
        params = {"fee": names, "number": number}
        yield Finding(code="paper.fee-open", pointer="/kind", severity="notice", params=params, rule=row.rule)
