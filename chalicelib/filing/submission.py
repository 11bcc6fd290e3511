"""Submission: one press of the button, one number, one receipt, however often it is pressed or killed.

1. A repeat (same key and body) gets the first answer; so does the same confirmation under a new key.
2. The request names the draft version and the manifest digest that the filer saw; another state is Stale.
3. Every stored file is looked at again, in the version that was checked.
4. All rules run; anything that blocks refuses with all findings, and nothing was changed.
5. One transaction: entry, head, counter, number, frozen draft, idempotency row. A lost race starts again at 1, with the
   time at which the complete request was received (never earlier than the last number's).
6. The receipt follows from what was committed; it is signed after, with a deterministic signature, and can be made again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chalicelib.contracts.attachment import Attachment
from chalicelib.contracts.draft import Draft
from chalicelib.contracts.events import FilingSubmitted
from chalicelib.contracts.parts import Defect, FiledFile
from chalicelib.filing.drafts import attachments_of, draft_key, draft_of, manifest_of, owned_stream
from chalicelib.filing.model import Dossier, receipt
from chalicelib.filing.rules import due_day, findings
from chalicelib.kernel.clock import local, parse_stamp, stamp
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Conflict, Corrupt, Finding, Invalid, Stale
from chalicelib.offices.model import Kind, Office
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Key, Put, Register, Stream, deciding


class Quarantine(Protocol):
    """Where uploads lie."""

    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None:
        """Version and size of what lies there; None if nothing does."""


class ReceiptSigner(Protocol):
    """Signs receipts. The same bytes give the same signature."""

    def sign_detached(self, payload: bytes) -> bytes:
        """A detached CMS signature (RFC 5652), DER."""


@dataclass(frozen=True)
class Confirmation:
    """What the filer saw and confirmed."""

    draft_version: int
    manifest_sha256: str


@dataclass(frozen=True)
class Submitted:
    """The answer: the number, and the receipt as exact bytes with its signature."""

    filing: str
    fact: FilingSubmitted
    receipt: bytes
    signature: bytes


@dataclass(frozen=True, kw_only=True)
class Submit:
    """Submit a draft."""

    register: Register
    office: Office
    quarantine: Quarantine
    signer: ReceiptSigner

    def __call__(
        self, account: str, identifier: str, confirmed: Confirmation, repeat: Repeat, *, received_at: datetime
    ) -> Submitted:
        """Submit, or answer what was answered before."""
        stream = deciding(lambda: self._decide(account, identifier, confirmed, repeat, received_at))
        return self.answer(stream)

    def answer(self, stream: Stream) -> Submitted:
        """The answer to a submission that stands."""
        fact, draft = stream.last(FilingSubmitted), draft_of(stream)
        if fact is None or draft.receipt is None:
            raise Corrupt(f"{stream.id} has no submission")
        body = draft.receipt.encode()
        if Digest.of(body).hex != fact.receipt_sha256:
            raise Corrupt(f"{stream.id}: the kept receipt is not the recorded one")
        return Submitted(stream.id.id, fact, body, self.signer.sign_detached(body))

    def _decide(
        self, account: str, identifier: str, confirmed: Confirmation, repeat: Repeat, received_at: datetime
    ) -> Stream:
        earlier = repeat.earlier(self.register)
        stream = owned_stream(self.register, account, identifier)
        if earlier:
            return stream
        if (fact := stream.last(FilingSubmitted)) is not None:
            if confirmed == Confirmation(fact.draft_version, fact.manifest_sha256):
                return stream
            raise Conflict.because("filing.submitted-already", number=fact.number)
        draft = draft_of(stream)
        self._same_state(stream, draft, confirmed)
        kind = self.office.kind(draft.form.kind)
        if kind is None:
            raise Corrupt(f"{stream.id}: the office no longer knows its kind")
        self._commit(account, stream, draft, kind, repeat, received_at)
        return owned_stream(self.register, account, identifier)

    def _same_state(self, stream: Stream, draft: Draft, confirmed: Confirmation) -> None:
        if stale := differing(Confirmation(draft.version, manifest_of(stream, draft).sha256.hex), confirmed):
            raise Stale(*stale)

    def _commit(
        self, account: str, stream: Stream, draft: Draft, kind: Kind, repeat: Repeat, received_at: datetime
    ) -> None:
        manifest = manifest_of(stream, draft)
        counter_key, counter = self._counter(kind, received_at)
        at = max(received_at, parse_stamp(counter["last_at"])) if counter else received_at
        serial = counter["version"] + 1 if counter else 1
        day = local(at, self.office.time_zone).date()
        dossier = Dossier(office=self.office, kind=kind, form=draft.form, attachments=attachments_of(stream), today=at)
        found = [*findings(dossier), *missing(self.quarantine, manifest.files)]
        if any(finding.severity == "blocks" for finding in found):
            raise Invalid(*found)
        number = self.office.application_number(kind, day.year, serial)
        defects = [(finding, due_day(dossier, finding)) for finding in found]
        body = canonical(
            receipt(
                office=self.office, kind=kind, form=draft.form, manifest=manifest, number=number,
                year=day.year, serial=serial, received_at=at, defects=defects,
            )
        )  # fmt: skip
        fact = FilingSubmitted(
            number=number,
            kind=kind.code,
            route=draft.form.route,
            series=kind.series,
            year=day.year,
            serial=serial,
            received_at=stamp(at),
            filing_date=day.isoformat(),
            draft_version=draft.version,
            form_sha256=Digest.of(manifest.form).hex,
            form_size=len(manifest.form),
            manifest_sha256=manifest.sha256.hex,
            manifest_size=len(manifest.to_bytes()),
            receipt_sha256=Digest.of(body).hex,
            receipt_size=len(body),
            files=tuple(
                FiledFile(
                    attachment=file.id,
                    document=file.document,
                    media_type=file.media_type,
                    size=file.size,
                    sha256=file.sha256 or "",
                )
                for file in manifest.files
            ),
            claims=draft.form.claim_count,
            designs=len(draft.form.designs),
            pages=draft.form.page_count,
            defects=tuple(Defect(code=finding.code, due=due.isoformat() if due else None) for finding, due in defects),
        )
        self.register.commit(
            stream.append(fact, by=account, at=at, number=number, route=fact.route, filing_date=fact.filing_date),
            Put(counter_key, {"last_at": stamp(at)}, expects=counter["version"] if counter else None),
            Put(Key(f"NUMBER#{number}", "NUMBER"), {"stream": str(stream.id)}),
            Put(
                draft_key(stream.id.id),
                {
                    "form": manifest.form.decode(),
                    "manifest": manifest.to_bytes().decode(),
                    "receipt": body.decode(),
                },
                expects=draft.version,
            ),
            repeat.kept(filing=stream.id.id),
        )

    def _counter(self, kind: Kind, received_at: datetime) -> tuple[Key, Mapping[str, Any] | None]:
        """The counter of the year in which the filing will be dated. At the turn of the year a number may push the time,
        never into another year: the next year's counter starts its own times."""
        year = local(received_at, self.office.time_zone).year
        key = Key(f"COUNTER#{kind.series}#{year}", "COUNTER")
        item = self.register.item(key)
        return key, {**item.attributes, "version": item.version} if item else None


def differing(seen: Confirmation, confirmed: Confirmation) -> list[Finding]:
    """What of `confirmed` is not what stands there."""
    stale = []
    if seen.draft_version != confirmed.draft_version:
        stale.append(Finding(code="draft.stale", pointer="/draft_version", params={"current": str(seen.draft_version)}))
    if seen.manifest_sha256 != confirmed.manifest_sha256:
        stale.append(
            Finding(code="manifest.stale", pointer="/manifest_sha256", params={"current": seen.manifest_sha256})
        )
    return stale


def missing(quarantine: Quarantine, files: tuple[Attachment, ...]) -> list[Finding]:
    """Files that were checked and do not lie there any more."""
    return [
        Finding(code="attachment.lost", pointer=f"/attachments/{file.id}", params={"name": file.name})
        for file in files
        if not _lies_there(quarantine, file)
    ]


def _lies_there(quarantine: Quarantine, file: Attachment) -> bool:
    """Whether the version that was checked is still there, and not already expired (then a delete marker hides it, and
    soon it is gone for good)."""
    now = quarantine.head(file.key)
    if now is not None and now[0] != file.object_version:
        now = quarantine.head(file.key, file.object_version)  # something was sent to the same key later
    return now is not None and now[1] == file.size
