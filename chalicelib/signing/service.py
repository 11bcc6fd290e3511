"""A letter about a submission: intended, sealed, stored once, entered. However often it is begun, one letter.

The receipt is due at submission and lives on a stream of its own; the acknowledgement is due once the fee is paid and the
receipt is in the public log, whose proof it carries. It is part of its filing's stream, where the registry waits for it.

1. A letter that is issued is done; one that is not due yet waits for the fact that it is due by: that one calls again.
2. The intent (number, digest of the content, time) is an entry before anything is signed. A later try uses the same time,
   so that it draws the same letter; if the office's data changed meanwhile, a new intent is entered, unless a letter is
   stored already.
3. The sealed letter is stored under its own key unless one lies there; what lies there is the letter.
4. Its digest is entered, with a lookup by which anyone can ask whether we issued it, and a mark that it waits for a
   time-stamp (`levels.py`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from chalicelib.contracts import records
from chalicelib.contracts.events import (
    FeePaid,
    FilingSubmitted,
    LetterArchived,
    LetterIntended,
    LetterIssued,
    LetterStamped,
)
from chalicelib.contracts.fact import Fact
from chalicelib.contracts.logged import ReceiptLogged
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock, parse_stamp, stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, NotFound
from chalicelib.offices.model import Office
from chalicelib.register import model as register_model
from chalicelib.register.model import Append, Key, Put, Register, Stream, StreamId, begin, deciding
from chalicelib.signing.contents import Contents, Proofs
from chalicelib.signing.documents import ACKNOWLEDGEMENT, RECEIPT, Writing
from chalicelib.signing.model import LetterContent

LEVEL: Literal["b-b"] = "b-b"
ACTOR = "tra:seal_letter"
DUE, MARK = "letters", "LEVEL"
OWNER = "tra:letters"  # nobody lists a letter by itself
LINK_SECONDS = 60


class Letters(Protocol):
    """Draws and seals."""

    def __call__(self, content: LetterContent, receipt: bytes) -> bytes:
        """The sealed PDF of this content, signed as of its time of issue, with the receipt embedded."""


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
    """Issue one letter about one filing: the one that `code` names."""

    register: Register
    office: Office
    records: Records
    letters: Letters
    proofs: Proofs
    public_url: str
    test_trust: bool
    clock: Clock
    code: str = ACKNOWLEDGEMENT

    def __call__(self, stream_id: StreamId) -> None:
        """Intend, seal, store, enter: whatever of it is due and not done yet."""
        if self.code not in self.office.letters:
            return
        filing, home = self._load(stream_id)
        if (home and home.last(LetterIssued)) or not self._due(filing):
            return
        key = records.letter(stream_id.id, self.code, LEVEL)
        intended = home.last(LetterIntended) if home else None
        if intended is None or self.records.head(key) is None:
            content, receipt, intended = deciding(lambda: self._intend(stream_id))
            lying = self.records.put_once(key, self.letters(content, receipt), "application/pdf")
        else:
            lying = self.records.stored(key)
        number = intended.number
        deciding(lambda: self._enter(stream_id, key, number, lying))

    def _due(self, filing: Stream) -> bool:
        wanted: tuple[type[Fact], ...] = (FeePaid, ReceiptLogged) if self.code == ACKNOWLEDGEMENT else (FilingSubmitted,)
        return all(filing.last(fact) for fact in wanted)

    def _intend(self, stream_id: StreamId) -> tuple[LetterContent, bytes, LetterIntended]:
        filing, home = self._load(stream_id)
        before = home.last(LetterIntended) if home else None
        if before is not None:
            content, receipt = self._contents(filing, self.code, parse_stamp(before.intended_at))
            if content.digest.hex == before.content_sha256:
                return content, receipt, before
        now = self.clock()
        content, receipt = self._contents(filing, self.code, now)
        intended = LetterIntended(
            code=self.code,
            number=content.letter_number,
            content_sha256=content.digest.hex,
            intended_at=stamp(now),
            filing=self._named(filing),
        )
        if home is None or home.last(LetterIssued) is None:
            self.register.commit(self._append(filing, home, intended, now))
        return content, receipt, intended

    def _enter(self, stream_id: StreamId, key: str, number: str, lying: Lying) -> None:
        filing, home = self._load(stream_id)
        if home and home.last(LetterIssued) is not None:
            return
        fact = LetterIssued(
            code=self.code,
            number=number,
            level=LEVEL,
            key=key,
            sha256=lying.sha256.hex,
            size=lying.size,
            filing=self._named(filing),
        )
        now = self.clock()
        self.register.commit(
            self._append(filing, home, fact, now),
            issued(lying.sha256, self._home(stream_id), self.code, LEVEL),
            mark(stream_id.id, self.code, now),
        )

    def _append(self, filing: Stream, home: Stream | None, fact: Fact, now: datetime) -> Append:
        if home is not None:
            return home.append(fact, by=ACTOR, at=now)
        return begin(self._home(filing.id), fact, by=ACTOR, at=now, owner=OWNER)

    def _home(self, filing: StreamId) -> StreamId:
        """The stream that this letter's facts stand on."""
        return filing if self.code == ACKNOWLEDGEMENT else register_model.letter(filing.id, self.code)

    def _named(self, filing: Stream) -> str | None:
        """The filing, where the stream does not say it."""
        return None if self.code == ACKNOWLEDGEMENT else filing.id.id

    @property
    def _contents(self) -> Contents:
        writing = Writing(office=self.office, public_url=self.public_url, test_trust=self.test_trust)
        return Contents(register=self.register, office=self.office, writing=writing, proofs=self.proofs)

    def _load(self, stream_id: StreamId) -> tuple[Stream, Stream | None]:
        filing = self.register.load(stream_id)
        if filing is None:
            raise Corrupt(f"{stream_id} does not exist")
        home = self._home(stream_id)
        return filing, filing if home == stream_id else self.register.load(home)


def mark(filing: str, code: str, due_at: datetime, *, expects: int | None = None) -> Put:
    """That a letter waits for its next level (`raising.py`), on the key of its own stream."""
    key = Key(str(register_model.letter(filing, code)), MARK)
    return Put(key, {"filing": filing, "code": code, "due": DUE, "due_at": stamp(due_at)}, expects=expects)


def issued(sha256: Digest, stream: StreamId, code: str, level: str) -> Put:
    """The lookup by which anyone can ask whether we issued a file."""
    return Put(Key(f"SHA256#{sha256}", "ISSUED"), {"stream": str(stream), "code": code, "level": level})


@dataclass(frozen=True, kw_only=True)
class FetchLetter:
    """Hand a letter to its owner, at the newest level that there is."""

    register: Register
    links: Links

    def __call__(
        self, account: str, filing_id: str, code: str = ACKNOWLEDGEMENT
    ) -> tuple[LetterIssued | LetterStamped | LetterArchived, str, LetterIssued]:
        """The newest level, an address that serves it for a minute, and the letter as issued, which is what the registry
        has. NotFound for others, and before it is issued."""
        stream = self.register.load(register_model.filing(filing_id)) if ids.is_ulid(filing_id) else None
        if stream is None or stream.head.owner != account:
            raise NotFound.because("filing.not-found")
        own = self.register.load(register_model.letter(filing_id, code))
        home = stream if code == ACKNOWLEDGEMENT else own
        first = home.last(LetterIssued) if home else None
        if first is None:
            raise NotFound.because("letter.not-issued" if code in {ACKNOWLEDGEMENT, RECEIPT} else "letter.not-found")
        letter = (own and (own.last(LetterArchived) or own.last(LetterStamped))) or first
        name = f"{letter.number.replace('/', '-')}.pdf"
        return letter, self.links.link(letter.key, file_name=name, seconds=LINK_SECONDS), first
