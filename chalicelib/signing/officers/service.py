"""What officers do with letters that persons answer for. Every act is an entry that names who did it, by account.

1. One officer prepares: the kind, and what it says. What it says is kept whole (`frozen.py`) and named by its digest.
2. Another approves that very digest, or sends the letter back. Whoever prepared it, first or later, may do neither.
3. Whoever changes it prepares it again: an approval given before is void, since it names another digest.
4. An approved letter is sealed by the queue (`sealing.py`). Once that has begun nobody changes it any more.
A batch is one approval of many letters, each for itself: one that was changed meanwhile holds up no other.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.contracts.events import FilingSubmitted
from chalicelib.contracts.letters import LetterApproved, LetterCancelled, LetterPrepared, LetterRejected
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock
from chalicelib.kernel.digest import canonical
from chalicelib.kernel.errors import Conflict, Finding, Forbidden, Invalid, NotFound, Refused, Stale, TooLarge
from chalicelib.offices.model import Office
from chalicelib.offices.officers import Officer
from chalicelib.register import model as register_model
from chalicelib.register.idempotency import Repeat
from chalicelib.register.model import Key, Operation, Put, Register, Stream, StreamId, begin, deciding
from chalicelib.signing.contents import Contents
from chalicelib.signing.documents import numbered
from chalicelib.signing.issued import codes_key
from chalicelib.signing.model import LetterContent, Signatory
from chalicelib.signing.officers import frozen
from chalicelib.signing.officers.asked import WANTS, Content, Preparation, Rejection, Seen
from chalicelib.signing.officers.model import CONTENT, PreparedLetter, on_the_list, person
from chalicelib.signing.service import OWNER

MAX_CONTENT = 200_000  # bytes; an item of the register holds 400 KB
MAX_LETTERS = 500  # of one filing


@dataclass(frozen=True, kw_only=True)
class LetterDesk:
    """Prepare, change, approve, reject, cancel."""

    register: Register
    office: Office
    contents: Contents
    clock: Clock

    def prepare(self, actor: str, asked: Preparation, repeat: Repeat) -> str:
        """Begin a letter. Its identifier. NotFound for a number that is no application's; Invalid for a kind of letter that
        persons do not prepare, or that says something else."""
        return deciding(lambda: self._prepare(actor, asked, repeat))

    def change(self, actor: str, identifier: str, asked: Content, repeat: Repeat) -> None:
        """Prepare it again. Conflict once it is being sealed, or was cancelled."""
        deciding(lambda: self._change(actor, identifier, asked, repeat))

    def approve(self, actor: str, seen: tuple[Seen, ...], repeat: Repeat) -> tuple[str, list[tuple[Seen, Refused | None]]]:
        """Approve each letter as it was read; the batch, and for each letter why not, if not. Forbidden for who may not
        approve at all. A repeat goes on with what is not approved yet, in the same batch."""
        person(self.office, actor, "approve", self.clock())
        batch = deciding(lambda: self._batch(repeat))
        return batch, [(one, self._refusal(actor, one, batch)) for one in seen]

    def reject(self, actor: str, identifier: str, asked: Rejection, repeat: Repeat) -> None:
        """Send it back. Forbidden for whoever prepared it; Stale if it says something else now."""
        deciding(lambda: self._reject(actor, identifier, asked, repeat))

    def cancel(self, actor: str, identifier: str, repeat: Repeat) -> None:
        """Give it up, whoever prepared it. Conflict once it is being sealed."""
        deciding(lambda: self._cancel(actor, identifier, repeat))

    def _refusal(self, actor: str, seen: Seen, batch: str) -> Refused | None:
        try:
            deciding(lambda: self._approve(actor, seen, batch))
        except Refused as refused:
            return refused
        return None

    # ------------------------------------------------------------------ each act: read, decide, commit

    def _prepare(self, actor: str, asked: Preparation, repeat: Repeat) -> str:
        if earlier := repeat.earlier(self.register):
            return str(earlier["letter"])
        now = self.clock()
        officer = person(self.office, actor, "prepare", now)
        texts = self.office.letters.get(asked.document)
        if texts is None or not texts.persons or asked.document not in WANTS:
            kinds = ", ".join(code for code, one in self.office.letters.items() if one.persons and code in WANTS)
            raise Invalid.because("letter.kind", "/document", kinds=kinds)
        content, filing = asked.content.fitting(asked.document, self.office.languages), self._filing(asked.number)
        listed = self.register.item(codes_key(filing.id.id))
        codes = list(listed.attributes["codes"]) if listed else []
        if len(codes) >= MAX_LETTERS:
            raise Conflict.because("letter.too-many", "", limit=str(MAX_LETTERS))
        serial = 1 + sum(code.rpartition(".")[0] == asked.document for code in codes)
        code = f"{asked.document}.{serial}"
        stream_id = register_model.letter(filing.id.id, code)
        said = self._said(filing, asked.document, serial, content, now)
        fact = LetterPrepared(
            filing=filing.id.id, document=asked.document, code=code, number=said.letter_number, run=1,
            content_sha256=said.digest.hex,
        )  # fmt: skip
        item = {"content": frozen.text(said), "prepared": frozen.text(_named(officer, "prepared", now)), **on_the_list(now)}
        self.register.commit(
            begin(stream_id, fact, by=actor, at=now, owner=OWNER),
            Put(Key(str(stream_id), CONTENT), item),
            Put(codes_key(filing.id.id), {"codes": [*codes, code]}, expects=listed.version if listed else None),
            repeat.kept(letter=stream_id.id),
        )
        return stream_id.id

    def _change(self, actor: str, identifier: str, asked: Content, repeat: Repeat) -> None:
        if repeat.earlier(self.register):
            return
        now = self.clock()
        officer = person(self.office, actor, "prepare", now)
        letter = self.one(identifier, "prepared", "rejected", "approved")
        filing = self.register.load(register_model.filing(letter.fact.filing))
        if filing is None:
            raise NotFound.because("filing.not-found")
        content = asked.fitting(letter.fact.document, self.office.languages)
        serial = int(letter.fact.code.rpartition(".")[2])
        said = self._said(filing, letter.fact.document, serial, content, now)
        fact = letter.fact.model_copy(update={"run": letter.fact.run + 1, "content_sha256": said.digest.hex})
        kept = {"content": frozen.text(said), "prepared": frozen.text(_named(officer, "prepared", now)), **on_the_list(now)}
        self._commit(letter, actor, fact, now, Put(letter.item.key, kept, expects=letter.item.version), repeat)

    def _batch(self, repeat: Repeat) -> str:
        if earlier := repeat.earlier(self.register):
            return str(earlier["batch"])
        batch = ids.ulid(self.clock())
        self.register.commit(repeat.kept(batch=batch))
        return batch

    def _approve(self, actor: str, seen: Seen, batch: str) -> None:
        letter = self._load(seen.letter)
        done = letter.approval
        if done and done[1].content_sha256 == seen.content_sha256 and done[1].batch == batch:
            return  # by the same act, before
        _must_be(letter, "prepared")
        self._as_another(actor, letter, seen.content_sha256)
        now = self.clock()
        officer = person(self.office, actor, "approve", now)
        fact = LetterApproved(
            filing=letter.fact.filing, code=letter.fact.code, content_sha256=letter.fact.content_sha256,
            prepared_by=letter.prepared.by, batch=batch,
        )  # fmt: skip
        named = letter.kept(waiting=True, approved=frozen.text(_named(officer, "approved", now)))
        self.register.commit(letter.stream.append(fact, by=actor, at=now), named)

    def _reject(self, actor: str, identifier: str, asked: Rejection, repeat: Repeat) -> None:
        if repeat.earlier(self.register):
            return
        letter, now = self.one(identifier, "prepared"), self.clock()
        person(self.office, actor, "approve", now)
        self._as_another(actor, letter, asked.content_sha256)
        fact = LetterRejected(
            filing=letter.fact.filing, code=letter.fact.code, content_sha256=asked.content_sha256, ground=asked.ground
        )
        self._commit(letter, actor, fact, now, letter.kept(waiting=True), repeat)

    def _cancel(self, actor: str, identifier: str, repeat: Repeat) -> None:
        if repeat.earlier(self.register):
            return
        now = self.clock()
        person(self.office, actor, "prepare", now)
        letter = self.one(identifier, "prepared", "rejected", "approved")
        fact = LetterCancelled(filing=letter.fact.filing, code=letter.fact.code)
        self._commit(letter, actor, fact, now, letter.kept(waiting=False), repeat)

    # ------------------------------------------------------------------ what they rest on

    def one(self, identifier: str, *states: str) -> PreparedLetter:
        """A letter, in one of these states (any, if none is named). NotFound; Conflict in another state."""
        letter = self._load(identifier)
        if states:
            _must_be(letter, *states)
        return letter

    def _load(self, identifier: str) -> PreparedLetter:
        stream = self.register.load(StreamId("LETTER", identifier)) if ids.is_ulid(identifier) else None
        letter = PreparedLetter.of(stream) if stream else None
        if letter is None:
            raise NotFound.because("letter.not-found")
        return letter

    def _filing(self, number: str) -> Stream:
        item = self.register.item(Key(f"NUMBER#{number}", "NUMBER"))
        stream = self.register.load(StreamId.parse(item.attributes["stream"])) if item else None
        if stream is None or stream.last(FilingSubmitted) is None:
            raise NotFound.because("letter.no-application", "/number", number=number)
        return stream

    def _said(self, filing: Stream, document: str, serial: int, content: Content, now: datetime) -> LetterContent:
        """The content, without date of issue, signatories and mark of trust: these come when it is sealed."""
        case, _, _ = self.contents.filed(filing)
        said = self.contents.writing.about(
            case,
            document,
            number=numbered(case.number, document, serial),
            issued_at=now,
            defects=tuple(point.to_letter() for point in content.points),
            particulars=tuple(line.to_letter() for line in content.particulars),
        )
        said = replace(said, trust_label=None)
        if len(canonical(said.to_json())) > MAX_CONTENT:
            raise TooLarge.because("letter.too-large", "/content", limit=str(MAX_CONTENT))
        return said

    @staticmethod
    def _as_another(actor: str, letter: PreparedLetter, seen_sha256: str) -> None:
        if actor in letter.preparers:
            raise Forbidden.because("letter.same-person")
        if seen_sha256 != letter.fact.content_sha256:
            raise Stale(Finding(code="letter.changed", params={"current": letter.fact.content_sha256}))

    def _commit(
        self, letter: PreparedLetter, actor: str, fact: Any, now: datetime, item: Operation, repeat: Repeat
    ) -> None:
        self.register.commit(
            letter.stream.append(fact, by=actor, at=now), item, repeat.kept(letter=letter.stream.id.id)
        )


def _must_be(letter: PreparedLetter, *states: str) -> None:
    if letter.status not in states:
        raise Conflict.because("letter.state", "", status=letter.status)


def _named(officer: Officer, did: Any, at: datetime) -> Signatory:
    return Signatory(did=did, name=officer.names, title=officer.title, at=at)
