"""An approved letter: intended, sealed, stored once, entered. However often it is begun, wherever it is killed, one letter.

As `signing/service.py`, and this:
1. What is sealed is the content that was approved, as it was kept; only its date, its two signatories and the mark of test
   trust are put in. Nothing is worked out again: no change of the office's data after the approval can change the letter.
2. Corrupt, and nothing is sealed, unless the digest of what is kept is the approved one, another account approved it than any
   that prepared it, and both persons are named.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.contracts import records
from chalicelib.contracts.events import LetterIntended, LetterIssued
from chalicelib.kernel.clock import Clock, parse_stamp, stamp
from chalicelib.kernel.errors import Corrupt
from chalicelib.log import log
from chalicelib.register import model as register_model
from chalicelib.register.model import Register, StreamId, deciding
from chalicelib.signing.contents import Contents
from chalicelib.signing.model import LetterContent
from chalicelib.signing.officers.model import PreparedLetter
from chalicelib.signing.service import LEVEL, Letters, Lying, Records, issued, mark

ACTOR = "tra:seal_letter"
PDF = "application/pdf"


@dataclass(frozen=True, kw_only=True)
class SealApproved:
    """Issue one letter that was approved."""

    register: Register
    contents: Contents
    records: Records
    letters: Letters
    clock: Clock

    def __call__(self, stream_id: StreamId) -> tuple[str, str] | None:
        """Whatever is due and not done yet. The filing and the letter's code; None if nothing is to be sealed now: it was
        changed, sent back or cancelled since."""
        letter = self._load(stream_id)
        if letter is None or letter.status in {"prepared", "rejected", "cancelled"}:
            log("letter-not-approved", stream=str(stream_id))
            return None
        named = letter.fact.filing, letter.fact.code
        if letter.issued is not None:
            return named
        key = records.letter(*named, LEVEL)
        intended = letter.stream.last(LetterIntended)
        if intended is None or self.records.head(key) is None:
            drawn = deciding(lambda: self._intend(stream_id))
            if drawn is None:
                return None
            lying = self.records.put_once(key, self.letters(*drawn), PDF)
        else:
            lying = self.records.stored(key)
        deciding(lambda: self._enter(stream_id, key, lying))
        return named

    def _intend(self, stream_id: StreamId) -> tuple[LetterContent, bytes] | None:
        letter = self._load(stream_id)
        if letter is None or letter.approval is None:
            return None  # changed while we looked
        before = letter.stream.last(LetterIntended)
        at = parse_stamp(before.intended_at) if before else self.clock()
        content = self._whole(letter, at)
        if before is None or before.content_sha256 != content.digest.hex:  # another seal's trust, if there was an intent
            fact = LetterIntended(
                code=letter.fact.code, number=letter.fact.number, content_sha256=content.digest.hex,
                intended_at=stamp(at), filing=letter.fact.filing,
            )  # fmt: skip
            self.register.commit(letter.stream.append(fact, by=ACTOR, at=self.clock()))
        filing = self.register.load(register_model.filing(letter.fact.filing))
        if filing is None:
            raise Corrupt(f"{stream_id}: a letter about no filing")
        _, _, receipt = self.contents.filed(filing)
        return content, receipt

    def _whole(self, letter: PreparedLetter, at: datetime) -> LetterContent:
        """What is sealed. Corrupt unless another person approved exactly what is kept, and both are named."""
        approval, persons = letter.approval, letter.signatories
        if approval is None or approval[1].content_sha256 != letter.content.digest.hex:
            raise Corrupt(f"{letter.stream.id}: not approved as it is kept")
        if approval[0].by in letter.preparers or [one.did for one in persons] != ["prepared", "approved"]:
            raise Corrupt(f"{letter.stream.id}: not two persons")
        return replace(
            letter.content, issued_at=at, signatories=persons, trust_label=self.contents.writing.trust_label
        )

    def _enter(self, stream_id: StreamId, key: str, lying: Lying) -> None:
        letter = self._load(stream_id)
        if letter is None or letter.issued is not None:
            return
        fact = LetterIssued(
            code=letter.fact.code, number=letter.fact.number, level=LEVEL, key=key, sha256=lying.sha256.hex,
            size=lying.size, filing=letter.fact.filing,
        )  # fmt: skip
        now = self.clock()
        self.register.commit(
            letter.stream.append(fact, by=ACTOR, at=now),
            letter.kept(waiting=False),
            issued(lying.sha256, stream_id, letter.fact.code, LEVEL),
            mark(letter.fact.filing, letter.fact.code, now),
        )

    def _load(self, stream_id: StreamId) -> PreparedLetter | None:
        stream = self.register.load(stream_id)
        if stream is None:
            raise Corrupt(f"{stream_id} does not exist")
        return PreparedLetter.of(stream)
