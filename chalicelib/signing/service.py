"""The acknowledgement: intended, sealed, stored once, entered. However often it is begun, one letter.

1. A filing that has its letter is done. One that is not paid yet, or whose receipt is not in the public log yet, waits: the
   fact that it waits for calls again.
2. The intent (number, digest of the content, time) is an entry before anything is signed. A later try uses the same time,
   so that it draws the same letter; if the office's data changed meanwhile, a new intent is entered, unless a letter is
   stored already.
3. The sealed letter is stored under its own key unless one lies there; what lies there is the letter.
4. Its digest is entered, with a lookup by which anyone can ask whether we issued it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol
from urllib.parse import quote as url_quote

from chalicelib.contracts import attachment, records
from chalicelib.contracts.draft import DRAFT, Draft
from chalicelib.contracts.events import FeePaid, FilingSubmitted, LetterIntended, LetterIssued, OrderOpened
from chalicelib.contracts.form import Form
from chalicelib.contracts.logged import ReceiptLogged
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock, parse_stamp, stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, Finding, NotFound
from chalicelib.kernel.money import Money
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.proof.entries import receipt_entry
from chalicelib.proof.paper import packed
from chalicelib.register import model as register_model
from chalicelib.register.model import Key, Put, Register, Stream, StreamId, deciding
from chalicelib.signing import model
from chalicelib.signing.model import LetterContent

CODE = "acknowledgement"
LEVEL: Literal["b-b"] = "b-b"
ACTOR = "tra:seal_letter"
LINK_SECONDS = 60


class Letters(Protocol):
    """Draws and seals."""

    def __call__(self, content: LetterContent, receipt: bytes) -> bytes:
        """The sealed PDF of this content, signed as of its time of issue, with the receipt embedded."""


class Proofs(Protocol):
    """The public log's receipts."""

    def __call__(self, entry: bytes) -> bytes:
        """The log's receipt (COSE) of an entry that is logged."""


class Lying(Protocol):
    """An object as it lies in a bucket."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> Digest: ...


class Records(Protocol):
    """Where letters lie for ever."""

    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None: ...

    def stored(self, key: str, version: str | None = None) -> Lying: ...

    def put_once(self, key: str, body: bytes, media_type: str) -> Lying: ...


class Links(Protocol):
    """Makes short-lived addresses."""

    def link(self, key: str, *, file_name: str, seconds: int) -> str: ...


@dataclass(frozen=True, kw_only=True)
class SealLetter:
    """Issue the acknowledgement of one filing."""

    register: Register
    office: Office
    records: Records
    letters: Letters
    proofs: Proofs
    public_url: str
    test_trust: bool
    clock: Clock

    def __call__(self, stream_id: StreamId) -> None:
        """Intend, seal, store, enter: whatever of it is not done yet."""
        stream = self._load(stream_id)
        if stream.last(LetterIssued) is not None or stream.last(FeePaid) is None or stream.last(ReceiptLogged) is None:
            return
        key = records.letter(stream_id.id, CODE, LEVEL)
        intended = stream.last(LetterIntended)
        if intended is None or self.records.head(key) is None:
            content, receipt, intended = deciding(lambda: self._intend(stream_id))
            lying = self.records.put_once(key, self.letters(content, receipt), "application/pdf")
        else:
            lying = self.records.stored(key)
        number = intended.number
        deciding(lambda: self._enter(stream_id, key, number, lying))

    def _intend(self, stream_id: StreamId) -> tuple[LetterContent, bytes, LetterIntended]:
        stream = self._load(stream_id)
        before = stream.last(LetterIntended)
        if before is not None:
            content, receipt = self._content(stream, parse_stamp(before.intended_at))
            if content.digest.hex == before.content_sha256:
                return content, receipt, before
        now = self.clock()
        content, receipt = self._content(stream, now)
        intended = LetterIntended(
            code=CODE, number=content.letter_number, content_sha256=content.digest.hex, intended_at=stamp(now)
        )
        if stream.last(LetterIssued) is None:
            self.register.commit(stream.append(intended, by=ACTOR, at=now))
        return content, receipt, intended

    def _enter(self, stream_id: StreamId, key: str, number: str, lying: Lying) -> None:
        stream = self._load(stream_id)
        if stream.last(LetterIssued) is not None:
            return
        fact = LetterIssued(code=CODE, number=number, level=LEVEL, key=key, sha256=lying.sha256.hex, size=lying.size)
        self.register.commit(
            stream.append(fact, by=ACTOR, at=self.clock()),
            Put(Key(f"SHA256#{lying.sha256}", "ISSUED"), {"stream": str(stream_id), "code": CODE, "level": LEVEL}),
        )

    def _content(self, stream: Stream, issued_at: datetime) -> tuple[LetterContent, bytes]:
        submitted, paid = stream.last(FilingSubmitted), stream.last(FeePaid)
        draft = Draft.of(stream.items[DRAFT].version, stream.items[DRAFT].attributes)
        if submitted is None or paid is None or draft.receipt is None:
            raise Corrupt(f"{stream.id}: no letter before submission and payment")
        receipt = draft.receipt.encode()
        if Digest.of(receipt).hex != submitted.receipt_sha256:
            raise Corrupt(f"{stream.id}: the kept receipt is not the recorded one")
        return self._letter(stream, submitted, paid, draft.form, receipt, issued_at), receipt

    def _letter(
        self, stream: Stream, submitted: FilingSubmitted, paid: FeePaid, form: Form, receipt: bytes, issued_at: datetime
    ) -> LetterContent:
        office, texts = self.office, self.office.letters[CODE]
        kind = office.kind(submitted.kind)
        route = kind.route(submitted.route) if kind else None
        if kind is None or route is None:
            raise Corrupt(f"{stream.id}: the office no longer knows its kind or route")
        names = {
            key.removeprefix(attachment.PREFIX): str(item.attributes["name"])
            for key, item in stream.items.items()
            if key.startswith(attachment.PREFIX)
        }
        number = submitted.number
        return LetterContent(
            languages=office.languages,
            office=model.Office(name=office.names, head=office.letterhead, contact=(office.contact,)),
            letter_code=CODE,
            letter_number=f"{number}-ACK",
            letter_title=texts.title,
            issued_at=issued_at,
            time_zone=office.time_zone,
            application_number=number,
            ipas_number=(office.code, submitted.series, str(submitted.year), str(submitted.serial)),
            st13_number=f"{kind.st13_type}{submitted.year:04d}{submitted.serial:09d}" if kind.st13_type else "",
            kind=kind.names,
            route=route.names,
            received_at=parse_stamp(submitted.received_at),
            filing_date=date.fromisoformat(submitted.filing_date),
            applicants=tuple(party.names for party in form.applicants),
            agent=form.agent.names if form.agent else None,
            reference=form.reference or "",
            title=form.title or (form.designs[0].product if form.designs else {}),
            files=tuple(
                model.ReceivedFile(
                    seq=seq,
                    role=document.names if (document := office.document(file.document, kind.code)) else {},
                    name=names[file.attachment],
                    media_type=file.media_type,
                    size=file.size,
                    sha256=Digest(file.sha256),
                )
                for seq, file in enumerate(submitted.files, start=1)
            ),
            form_sha256=Digest(submitted.form_sha256),
            manifest_sha256=Digest(submitted.manifest_sha256),
            receipt_sha256=Digest(submitted.receipt_sha256),
            payment=self._payment(stream, paid),
            defects=tuple(map(self._defect, json.loads(receipt)["findings"])),
            next_steps=texts.next_steps,
            words=texts.words,
            verification_url=f"{self.public_url}/verify?number={url_quote(number, safe='')}"
            f"#sha256={submitted.receipt_sha256}&at={submitted.received_at}",
            proof=packed(self.proofs(receipt_entry_of(submitted))),
            trust_label=self._said("trust.test") if self.test_trust else None,
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
        order = self._load(register_model.order(paid.order))
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

    def _said(self, code: str) -> Mapping[str, str]:
        return {language: said[0] for language, said in words(self.office, Finding(code=code)).items()}

    def _load(self, stream_id: StreamId) -> Stream:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        return stream


def receipt_entry_of(submitted: FilingSubmitted) -> bytes:
    """What the public log holds of a receipt."""
    return receipt_entry(
        number=submitted.number, received_at=submitted.received_at, receipt_sha256=submitted.receipt_sha256
    )


@dataclass(frozen=True, kw_only=True)
class FetchLetter:
    """Hand the acknowledgement to its owner."""

    register: Register
    links: Links

    def __call__(self, account: str, filing_id: str) -> tuple[LetterIssued, str]:
        """The letter and an address that serves it for a minute. NotFound for others, and before it is issued."""
        stream = self.register.load(register_model.filing(filing_id)) if ids.is_ulid(filing_id) else None
        if stream is None or stream.head.owner != account:
            raise NotFound.because("filing.not-found")
        letter = stream.last(LetterIssued)
        if letter is None:
            raise NotFound.because("letter.not-issued")
        name = f"{letter.number.replace('/', '-')}.pdf"
        return letter, self.links.link(letter.key, file_name=name, seconds=LINK_SECONDS)
