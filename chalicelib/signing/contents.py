"""What the letters about one submission say, worked out from the register: the receipt and the acknowledgement."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from chalicelib.contracts import attachment
from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.draft import DRAFT, Draft
from chalicelib.contracts.events import FeePaid, FilingSubmitted, OrderOpened
from chalicelib.contracts.form import Form
from chalicelib.kernel.clock import parse_stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, Finding
from chalicelib.kernel.money import Money
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.proof.entries import receipt_entry
from chalicelib.proof.paper import packed
from chalicelib.register import model as register_model
from chalicelib.register.model import Register, Stream
from chalicelib.signing import model
from chalicelib.signing.documents import ACKNOWLEDGEMENT, SUFFIXES, Case, Writing
from chalicelib.signing.model import LetterContent


class Proofs(Protocol):
    """The public log's receipts."""

    def __call__(self, entry: bytes) -> bytes:
        """The log's receipt (COSE) of an entry that is logged."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Reads a filing and says what its letter says."""

    register: Register
    office: Office
    writing: Writing
    proofs: Proofs

    def __call__(self, stream: Stream, code: str, issued_at: datetime) -> tuple[LetterContent, bytes]:
        """The content of the letter `code`, and the receipt. Corrupt if the register does not hold what it should."""
        submitted, paid = stream.last(FilingSubmitted), stream.last(FeePaid)
        draft = Draft.of(stream.items[DRAFT].version, stream.items[DRAFT].attributes)
        if submitted is None or draft.receipt is None:
            raise Corrupt(f"{stream.id}: no letter before submission")
        receipt = draft.receipt.encode()
        if Digest.of(receipt).hex != submitted.receipt_sha256:
            raise Corrupt(f"{stream.id}: the kept receipt is not the recorded one")
        case = self._case(stream, submitted, draft.form)
        letter = self.writing.about(
            case,
            code,
            number=f"{submitted.number}-{SUFFIXES[code]}",
            issued_at=issued_at,
            anchor=f"#sha256={submitted.receipt_sha256}&at={submitted.received_at}",
            files=self._files(stream, submitted, case.kind_code),
            derived=self._derived(stream, submitted),
            form_sha256=Digest(submitted.form_sha256),
            manifest_sha256=Digest(submitted.manifest_sha256),
            receipt_sha256=Digest(submitted.receipt_sha256),
            payment=self._payment(stream, paid) if paid and code == ACKNOWLEDGEMENT else None,
            proof=packed(self.proofs(receipt_entry_of(submitted))) if code == ACKNOWLEDGEMENT else "",
            defects=tuple(map(self._defect, json.loads(receipt)["findings"])),
        )
        return letter, receipt

    def _case(self, stream: Stream, submitted: FilingSubmitted, form: Form) -> Case:
        office = self.office
        kind = office.kind(submitted.kind)
        route = kind.route(submitted.route) if kind else None
        if kind is None or route is None:
            raise Corrupt(f"{stream.id}: the office no longer knows its kind or route")
        return Case(
            number=submitted.number,
            ipas_number=(office.code, submitted.series, str(submitted.year), str(submitted.serial)),
            st13_number=f"{kind.st13_type}{submitted.year:04d}{submitted.serial:09d}" if kind.st13_type else "",
            kind_code=kind.code,
            kind=kind.names,
            route=route.names,
            received_at=parse_stamp(submitted.received_at),
            filing_date=date.fromisoformat(submitted.filing_date),
            applicants=tuple(party.names for party in form.applicants),
            agent=form.agent.names if form.agent else None,
            reference=form.reference or "",
            title=form.title or (form.designs[0].product if form.designs else {}),
        )

    def _files(self, stream: Stream, submitted: FilingSubmitted, kind: str) -> tuple[model.ReceivedFile, ...]:
        names = {
            key.removeprefix(attachment.PREFIX): str(item.attributes["name"])
            for key, item in stream.items.items()
            if key.startswith(attachment.PREFIX)
        }
        return tuple(
            model.ReceivedFile(
                seq=seq,
                role=document.names if (document := self.office.document(file.document, kind)) else {},
                name=names[file.attachment],
                media_type=file.media_type,
                size=file.size,
                sha256=Digest(file.sha256),
            )
            for seq, file in enumerate(submitted.files, start=1)
        )

    @staticmethod
    def _derived(stream: Stream, submitted: FilingSubmitted) -> tuple[model.DerivedFile, ...]:
        """Copies that we made of the files, within the rules where a file is not; pictures of pages are for the filer only."""
        items = [stream.items.get(attachment.PREFIX + file.attachment) for file in submitted.files]
        return tuple(
            model.DerivedFile(from_seq=seq, what=made.what, tool=made.tool, size=made.size, sha256=Digest(made.sha256))
            for seq, (file, item) in enumerate(zip(submitted.files, items, strict=True), start=1)
            for made in (Attachment.of(file.attachment, item.attributes).derived if item else ())
            if made.what != attachment.PAGE
        )

    def _defect(self, found: Mapping[str, Any]) -> model.Defect:
        """A finding as the receipt lists it, in words."""
        said = words(self.office, Finding(code=found["code"], params=found["params"]))
        return model.Defect(
            code=found["code"],
            message={language: message for language, (message, _) in said.items()},
            what_to_do={language: action for language, (_, action) in said.items()},
            by=date.fromisoformat(found["due"]) if found["due"] else None,
        )

    def _payment(self, stream: Stream, paid: FeePaid) -> model.Payment:
        order = self.register.load(register_model.order(paid.order))
        if order is None:
            raise Corrupt(f"order {paid.order} does not exist")
        opened = order.last(OrderOpened)
        part = opened.part(stream.id.id) if opened else None
        if part is None:
            raise Corrupt(f"{order.id} was not opened for {stream.id}")
        labels = {row.code: row.names for row in self.office.fees.rows}
        entered = next(entry.at for entry in stream.entries if entry.type == FeePaid.__name__)
        return model.Payment(
            lines=tuple(
                model.FeeLine(code=line.code, label=labels[line.code], amount=Money(line.amount, paid.currency))
                for line in part.lines
            ),
            total=Money(paid.amount, paid.currency),
            paid_at=parse_stamp(paid.paid_at or entered),
            reference=paid.reference,
            demo=paid.demo,
        )


def receipt_entry_of(submitted: FilingSubmitted) -> bytes:
    """What the public log holds of a receipt."""
    return receipt_entry(
        number=submitted.number, received_at=submitted.received_at, receipt_sha256=submitted.receipt_sha256
    )
