"""A letter that persons answer for, as its stream and the item beside it tell; who they are, as the office's data say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.contracts.events import LetterIssued
from chalicelib.contracts.letters import LetterApproved, LetterPrepared
from chalicelib.kernel.clock import local, parse_stamp, stamp
from chalicelib.kernel.errors import Corrupt, Forbidden
from chalicelib.offices.model import Office
from chalicelib.offices.officers import Act, Officer
from chalicelib.register.model import Entry, Item, Put, Stream
from chalicelib.register.timeline import status
from chalicelib.signing.model import LetterContent, Signatory
from chalicelib.signing.officers import frozen

ROLE = "officer"
CONTENT = "CONTENT"  # sort key of the item that holds what entries may not: texts and names
WAITING = "letter-desk"  # what it is due for while somebody has to act on it
SOON = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class PreparedLetter:
    """One letter: its content as prepared last, and who prepared and approved it."""

    stream: Stream
    item: Item
    fact: LetterPrepared
    prepared: Entry

    @classmethod
    def of(cls, stream: Stream) -> "PreparedLetter | None":
        """None for a letter that nobody prepares. Corrupt if the kept content is not the one that was entered."""
        entry = next((one for one in reversed(stream.entries) if one.type == LetterPrepared.__name__), None)
        if entry is None:
            return None
        fact, item = entry.fact, stream.items.get(CONTENT)
        if not isinstance(fact, LetterPrepared) or item is None:
            raise Corrupt(f"{stream.id}: prepared, and its content is not there")
        letter = cls(stream=stream, item=item, fact=fact, prepared=entry)
        if letter.content.digest.hex != fact.content_sha256:
            raise Corrupt(f"{stream.id}: the kept content is not the one that was prepared")
        return letter

    @property
    def status(self) -> str:
        """prepared, approved, rejected, cancelled, intended, issued, stamped or archived."""
        return status("LETTER", (entry.type for entry in self.stream.entries))

    @property
    def content(self) -> LetterContent:
        """What was prepared: dated when it was, with no signatories."""
        return frozen.content(str(self.item.attributes["content"]))

    @property
    def preparers(self) -> frozenset[str]:
        """Everybody who ever prepared it."""
        return frozenset(entry.by for entry in self.stream.entries if entry.type == LetterPrepared.__name__)

    @property
    def approval(self) -> tuple[Entry, LetterApproved] | None:
        """The approval of what it says now; None if there is none, or only of what it said before."""
        for entry in reversed(self.stream.entries):
            if isinstance(fact := entry.fact, LetterApproved) and entry.seq > self.prepared.seq:
                return entry, fact
        return None

    @property
    def signatories(self) -> tuple[Signatory, ...]:
        """Those who are named in it by now: who prepared it, then who approved it."""
        kept = [self.item.attributes["prepared"], self.item.attributes.get("approved")]
        return tuple(frozen.signatory(str(one)) for one in kept if one)

    @property
    def issued(self) -> LetterIssued | None:
        """The sealed letter, once there is one."""
        return self.stream.last(LetterIssued)

    def kept(self, *, waiting: bool, **changes: str) -> Put:
        """The item, changed; off the desk's list unless it still waits there."""
        named = {name: value for name, value in self.item.attributes.items() if name not in {"due", "due_at"}}
        more = on_the_list(parse_stamp(self.prepared.at)) if waiting else {}
        return Put(self.item.key, {**named, **changes, **more}, expects=self.item.version)


def on_the_list(since: datetime) -> Mapping[str, Any]:
    """What puts a letter on the desk's list."""
    return {"due": WAITING, "due_at": stamp(since)}


def person(office: Office, account: str, act: Act, at: datetime) -> Officer:
    """Who acts. Forbidden unless the office has the person on its list for this, today."""
    found = office.officer(account, act, local(at, office.time_zone).date())
    if found is None:
        raise Forbidden.because("officer.not-listed", "", act=act)
    return found
