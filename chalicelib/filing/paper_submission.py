"""Submission of a later paper: one press of the button, one number, one receipt, however often it is pressed or killed.

1. A repeat (same key and body) gets the first answer; so does the same confirmation under a new key.
2. The request names the draft version and the manifest digest that the filer saw; another state is Stale.
3. Every stored file is looked at again, in the version that was checked.
4. All rules run; anything that blocks refuses with all findings, and nothing was changed.
5. One transaction: entry, head, the filing's count of papers, its row, number, frozen draft, idempotency row. A lost race
   starts again at 1. The count gives serials 1 to n in order of receipt: a time is never earlier than the last paper's.
6. The receipt follows from what was committed; it is signed after, with a deterministic signature, and can be made again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.contracts.events import FilingSubmitted
from chalicelib.contracts.paper import COUNT, rows_of
from chalicelib.contracts.paper_facts import Answered, PaperSubmitted
from chalicelib.contracts.parts import Defect, FiledFile
from chalicelib.filing.paper_model import PaperDossier, receipt
from chalicelib.filing.paper_rules import findings
from chalicelib.filing.papers import (
    paper_dossier,
    paper_draft_key,
    paper_draft_of,
    paper_manifest_of,
    row_key,
    submitted_row,
)
from chalicelib.filing.submission import Confirmation, Quarantine, ReceiptSigner, differing, missing
from chalicelib.kernel.clock import local, parse_stamp, stamp
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Conflict, Corrupt, Finding, Invalid, Stale
from chalicelib.offices.model import Office
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Key, Put, Register, Stream, deciding, paper
from chalicelib.register.papers import owned_paper


@dataclass(frozen=True)
class PaperReceived:
    """The answer: the number, and the receipt as exact bytes with its signature."""

    paper: str
    fact: PaperSubmitted
    receipt: bytes
    signature: bytes


@dataclass(frozen=True, kw_only=True)
class SubmitPaper:
    """Submit a later paper."""

    register: Register
    office: Office
    quarantine: Quarantine
    signer: ReceiptSigner

    def __call__(
        self, account: str, identifier: str, confirmed: Confirmation, repeat: Repeat, *, received_at: datetime
    ) -> PaperReceived:
        """Submit, or answer what was answered before."""
        stream = deciding(lambda: self._decide(account, identifier, confirmed, repeat, received_at))
        return self.answer(stream)

    def answer(self, stream: Stream) -> PaperReceived:
        """The answer to a submission that stands."""
        fact, draft = stream.last(PaperSubmitted), paper_draft_of(stream)
        if fact is None or draft.receipt is None:
            raise Corrupt(f"{stream.id} has no submission")
        body = draft.receipt.encode()
        if Digest.of(body).hex != fact.receipt_sha256:
            raise Corrupt(f"{stream.id}: the kept receipt is not the recorded one")
        return PaperReceived(stream.id.id, fact, body, self.signer.sign_detached(body))

    def _decide(
        self, account: str, identifier: str, confirmed: Confirmation, repeat: Repeat, received_at: datetime
    ) -> Stream:
        earlier = repeat.earlier(self.register)
        stream, application = owned_paper(self.register, account, identifier)
        if earlier:
            return stream
        if (fact := stream.last(PaperSubmitted)) is not None:
            if confirmed == Confirmation(fact.draft_version, fact.manifest_sha256):
                return stream
            raise Conflict.because("paper.submitted-already", number=fact.number)
        draft = paper_draft_of(stream)
        seen = Confirmation(draft.version, paper_manifest_of(stream, draft).sha256.hex)
        if stale := differing(seen, confirmed):
            raise Stale(*stale)
        self._commit(account, stream, application, repeat, received_at)
        again = self.register.load(paper(identifier))
        if again is None:
            raise Corrupt(f"{stream.id} is gone")
        return again

    def _commit(
        self, account: str, stream: Stream, application: Stream, repeat: Repeat, received_at: datetime
    ) -> None:
        draft = paper_draft_of(stream)
        manifest = paper_manifest_of(stream, draft)
        count = application.items.get(COUNT)
        submitted = application.last(FilingSubmitted)
        if submitted is None:
            raise Corrupt(f"{stream.id} is for a filing that was never submitted")
        serial = (count.version if count else 0) + 1
        last = str(count.attributes["last_at"]) if count else submitted.received_at
        at = max(received_at, parse_stamp(last))
        dossier = paper_dossier(self.office, stream, application, draft, at)
        found = [*findings(dossier), *missing(self.quarantine, manifest.files)]
        if any(finding.severity == "blocks" for finding in found):
            raise Invalid(*found)
        fact, body = self._received(dossier, stream, draft.version, serial, at, found)
        row, version = next((one, seen) for one, seen in rows_of(application.items) if one.id == stream.id.id)
        filed: Mapping[str, Any] = {
            "form": manifest.form.decode(),
            "manifest": manifest.to_bytes().decode(),
            "receipt": body.decode(),
        }
        self.register.commit(
            stream.append(fact, by=account, at=at, number=fact.number, received_on=fact.received_on),
            Put(Key(str(application.id), COUNT), {"last_at": stamp(at)}, expects=count.version if count else None),
            Put(row_key(application.id.id, stream.id.id), submitted_row(row, fact).attributes(), expects=version),
            Put(Key(f"NUMBER#{fact.number}", "NUMBER"), {"stream": str(stream.id)}),
            Put(paper_draft_key(stream.id.id), filed, expects=draft.version),
            repeat.kept(paper=stream.id.id),
        )

    def _received(
        self, dossier: PaperDossier, stream: Stream, version: int, serial: int, at: datetime, found: list[Finding]
    ) -> tuple[PaperSubmitted, bytes]:
        """The entry, and the receipt that it names."""
        manifest = paper_manifest_of(stream, paper_draft_of(stream))
        number = self.office.paper_number(dossier.application.number, serial)
        day = local(at, self.office.time_zone).date()
        defects = [(one, dossier.due(one)) for one in found if one.severity == "defect"]
        body = canonical(
            receipt(dossier=dossier, manifest=manifest, number=number, serial=serial, received_at=at, defects=defects)
        )
        fact = PaperSubmitted(
            filing=manifest.filing,
            application=dossier.application.number,
            number=number,
            serial=serial,
            kind=dossier.kind.code,
            received_at=stamp(at),
            received_on=day.isoformat(),
            draft_version=version,
            form_sha256=Digest.of(manifest.form).hex,
            form_size=len(manifest.form),
            manifest_sha256=manifest.sha256.hex,
            manifest_size=len(manifest.to_bytes()),
            receipt_sha256=Digest.of(body).hex,
            receipt_size=len(body),
            files=tuple(
                FiledFile(
                    attachment=file.id, document=file.document, media_type=file.media_type, size=file.size,
                    sha256=file.sha256 or "",
                )
                for file in manifest.files
            ),
            answers=tuple(Answered(letter=one.letter, defect=one.defect) for one in dossier.form.answers),
            fee=dossier.fee,
            defects=tuple(Defect(code=one.code, due=due.isoformat() if due else None) for one, due in defects),
        )  # fmt: skip
        return fact, body
