"""Letters as the register knows them: every level of a letter is a file of its own, and each of them was issued by us.

`OF_A_FILING` are the letters that Tra issues by itself, in the order in which they are due. Letters that persons answer for are
listed beside the filing (`codes_key`), in the order in which they were begun: `request-documents.1`, `request-documents.2` …

The acknowledgement is issued on its filing's stream; what comes after (B-T, B-LTA, renewals), and every other letter, stands on
the letter's own stream. Its facts name the filing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.contracts.events import LetterArchived, LetterIssued, LetterStamped
from chalicelib.kernel.errors import Corrupt
from chalicelib.register import model as register_model
from chalicelib.register.model import Entry, Key, Register, Stream, StreamId
from chalicelib.signing.documents import ACKNOWLEDGEMENT, RECEIPT

Level = LetterIssued | LetterStamped | LetterArchived
OF_A_FILING = (RECEIPT, ACKNOWLEDGEMENT)


@dataclass(frozen=True, kw_only=True)
class Issued:
    """One level of a letter: the filing it is about, the entry that says it was made, and the newest level of that letter."""

    filing: Stream
    entry: Entry
    fact: Level
    newest: Level

    @property
    def newer(self) -> Level | None:
        """The newest level of the same letter, if this is not it."""
        return None if self.newest.sha256 == self.fact.sha256 else self.newest


def levels_on(stream: Stream) -> Iterator[tuple[Entry, Level]]:
    """The levels that a stream's entries tell of, in their order."""
    for entry in stream.entries:
        if isinstance(fact := entry.fact, Level):
            yield entry, fact


def filing_of(register: Register, stream: Stream) -> Stream:
    """The filing that a stream's letters are about: itself, or the one that its facts name. Corrupt if there is none."""
    if stream.id.kind == "FILING":
        return stream
    named = next((fact.filing for _, fact in levels_on(stream)), None)
    filing = register.load(register_model.filing(named)) if named else None
    if filing is None:
        raise Corrupt(f"{stream.id}: a letter about no filing")
    return filing


def issued_as(register: Register, sha256: str) -> Issued | None:
    """The level with this digest; None if we issued no such file. Corrupt if a digest is listed and no entry says so."""
    item = register.item(Key(f"SHA256#{sha256}", "ISSUED"))
    stream = register.load(StreamId.parse(item.attributes["stream"])) if item else None
    for entry, fact in levels_on(stream) if stream else ():
        if stream and fact.sha256 == sha256:
            filing = filing_of(register, stream)
            return Issued(filing=filing, entry=entry, fact=fact, newest=_levels(register, filing, fact.code)[-1][1])
    if item:
        raise Corrupt(f"{sha256} is listed as issued, and no entry says so")
    return None


def letters_about(register: Register, filing: Stream) -> Iterator[Issued]:
    """Each letter about a filing, as it was issued first."""
    listed = register.item(codes_key(filing.id.id))
    for code in (*OF_A_FILING, *(listed.attributes["codes"] if listed else ())):
        levels = _levels(register, filing, code)
        if levels:
            (entry, fact), (_, newest) = levels[0], levels[-1]
            yield Issued(filing=filing, entry=entry, fact=fact, newest=newest)


def codes_key(filing: str) -> Key:
    """Where it is listed which letters persons have begun about a filing."""
    return Key(f"LETTERS#{filing}", "LETTERS")


def _levels(register: Register, filing: Stream, code: str) -> list[tuple[Entry, Level]]:
    own = register.load(register_model.letter(filing.id.id, code))
    streams = (filing, own) if own else (filing,)
    return [(entry, fact) for stream in streams for entry, fact in levels_on(stream) if fact.code == code]
