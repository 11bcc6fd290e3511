"""Raise letters to the levels that last: B-T as soon as an authority answers, B-LTA later, and again before it ends.

A letter that is issued leaves a mark in the register (`mark`): what is due, and when. The mark moves with each level, in the
commit that enters it, and is never removed: the last one says when the archive time-stamp must be renewed. So nothing is
forgotten, however long an authority is down; the applicant always has the newest valid level.

1. B-B → B-T: a time-stamp over the signature. Asked for right after sealing; if nobody answers, again every few minutes.
2. B-T → B-LTA: once the state of the seal's certificate was produced after that time-stamp. One answer serves a whole run.
3. B-LTA → renewed, some time before the certificate of the newest time-stamp ends.
Each level is stored under its own key unless one lies there; what lies there is the level. Its digest is entered with the same
lookup as the letter's. Before a level is entered, its signed bytes are held against those of the issued letter.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.contracts import records
from chalicelib.contracts.events import LetterArchived, LetterIssued, LetterStamped
from chalicelib.contracts.fact import Fact
from chalicelib.kernel.clock import Clock, parse_stamp, stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt, LostRace, Unavailable
from chalicelib.log import log
from chalicelib.register import model as register_model
from chalicelib.register.model import Item, Key, Register, Stream, StreamId, begin, deciding
from chalicelib.signing import cms, levels
from chalicelib.signing.answers import Status
from chalicelib.signing.authorities import States, TimeStamps
from chalicelib.signing.documents import ACKNOWLEDGEMENT
from chalicelib.signing.levels import Evidence
from chalicelib.signing.service import DUE, MARK, OWNER, Lying, issued, mark

ACTOR = "tra:raise_letters"
AGAIN = timedelta(minutes=5)  # until an authority that failed is asked again
BROKEN_AGAIN = timedelta(hours=1)  # until a letter is tried again that a person must look at: the alarm goes each time
RENEW_BEFORE = timedelta(days=90)  # before the newest time-stamp's certificate ends
BATCH = 40  # letters that are looked up at once
RUN = timedelta(seconds=40)  # of the function's 60, then no further batch is begun: the next run takes it


class Waiting(Protocol):
    """What is due."""

    def due(self, what: str, *, until: datetime, limit: int) -> tuple[Key, ...]:
        """Keys of items that wait, the longest waiting first."""


class Records(Protocol):
    """Where letters lie for ever."""

    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None: ...

    def stored(self, key: str, version: str | None = None) -> Lying: ...

    def read(self, key: str, version: str | None = None) -> bytes: ...

    def put_once(self, key: str, body: bytes, media_type: str) -> Lying: ...


@dataclass(frozen=True, kw_only=True)
class Trust:
    """The seal's chain (DER, its own certificate first, the root last) and the roots of the time-stamps."""

    chain: tuple[bytes, ...]
    roots: tuple[bytes, ...]
    settle: timedelta  # how long after a time-stamp a responder needs to tell of that time


@dataclass(frozen=True, kw_only=True)
class RaiseLetters:
    """Raise what is due. Every collaborator may fail: what is not done stays marked."""

    register: Register
    waiting: Waiting
    records: Records
    stamps: TimeStamps
    states: States
    trust: Callable[[], Trust]
    clock: Clock
    batch: int = BATCH

    def __call__(self) -> int:
        """Batch after batch, until nothing rises or the time is up; trust, the seal's state and the lists are asked for once.
        Answers how many letters rose. Unavailable if none could; Corrupt, once the others rose, if one is not what the
        register says."""
        run, began = _Run(self), self.clock()
        risen, more = 0, True
        failed: Unavailable | None = None
        broken: Corrupt | None = None
        while more:
            rose = 0
            for key in self.waiting.due(DUE, until=began, limit=self.batch):
                try:
                    rose += self._raise(key, run)
                except Unavailable as error:
                    failed = error
                    log("letter-waits", stream=key.pk, reason=type(error).__name__)
                    self._later(key, AGAIN)
                except Corrupt as error:  # a person must look; the letters behind it need not wait for that
                    broken = error
                    log("letter-broken", stream=key.pk, reason=str(error))
                    self._later(key, BROKEN_AGAIN)
            risen += rose
            more = rose > 0 and self.clock() < began + RUN
        if broken is not None:
            raise broken
        if failed is not None and not risen:
            raise failed
        return risen

    def at_once(self, filing: str, code: str) -> bool:
        """The time-stamp right after sealing, if an authority answers; if not, the mark stays and a later run does it."""
        key = Key(str(register_model.letter(filing, code)), MARK)
        try:
            return bool(self._raise(key, _Run(self)))
        except Unavailable as error:
            log("letter-without-time-stamp", stream=key.pk, reason=type(error).__name__)
            return False

    def _raise(self, key: Key, run: "_Run") -> int:
        return deciding(lambda: self._step(key, run))

    def _step(self, key: Key, run: "_Run") -> int:
        item = self.register.item(key)
        if item is None or str(item.attributes["due_at"]) > stamp(self.clock()):
            return 0  # not issued yet; or somebody else was faster
        letter = _Letter.of(self.register, item)
        fact, due_at = self._stamp(letter, run) if letter.stamped is None else self._archive(letter, letter.stamped, run)
        self.register.commit(
            self._append(letter, fact),
            issued(Digest(fact.sha256), letter.id, letter.issued.code, fact.level),
            mark(letter.filing, letter.issued.code, due_at, expects=item.version),
        )
        return 1

    def _stamp(self, letter: "_Letter", run: "_Run") -> tuple[LetterStamped, datetime]:
        key = records.letter(letter.filing, letter.issued.code, "b-t")

        def make() -> bytes:
            sealed = self.records.read(letter.issued.key)
            value = cms.signature_value(levels.seal_cms(sealed))
            return levels.stamped(sealed, self.stamps.stamp(hashlib.sha256(value).digest()).token)

        lying, body = self._lay(letter, key, make)
        at = levels.stamped_at(body)
        fact = LetterStamped(
            filing=letter.filing, code=letter.issued.code, number=letter.issued.number, key=key,
            sha256=lying.sha256.hex, size=lying.size, stamped_at=stamp(at),
        )  # fmt: skip
        return fact, self.clock() + run.trust.settle

    def _archive(self, letter: "_Letter", stamped: LetterStamped, run: "_Run") -> tuple[LetterArchived, datetime]:
        number = letter.archived.run + 1 if letter.archived else 1
        key = records.letter(letter.filing, letter.issued.code, "b-lta" if number == 1 else f"b-lta.{number}")

        def make() -> bytes:
            before = self.records.read(letter.archived.key if letter.archived else stamped.key)
            newest = levels.newest_stamp(before)
            return levels.archived(before, run.evidence(newest), self.stamps, run=number)

        lying, body = self._lay(letter, key, make)
        fact = LetterArchived(
            filing=letter.filing, code=letter.issued.code, number=letter.issued.number, run=number, key=key,
            sha256=lying.sha256.hex, size=lying.size, renew_by=stamp(levels.newest_stamp(body).ends),
        )  # fmt: skip
        return fact, _renewal(fact)

    def _lay(self, letter: "_Letter", key: str, make: Callable[[], bytes]) -> tuple[Lying, bytes]:
        """What lies under `key`, made if nothing does. Corrupt unless it seals the very bytes of the issued letter."""
        if self.records.head(key) is None:
            self.records.put_once(key, make(), "application/pdf")
        body = self.records.read(key)
        if levels.sealed_bytes(body) != levels.sealed_bytes(self.records.read(letter.issued.key)):
            raise Corrupt(f"{key} seals other bytes than the letter that was issued")
        return self.records.stored(key), body

    def _append(self, letter: "_Letter", fact: Fact) -> register_model.Append:
        now = self.clock()
        if letter.stream is None:
            return begin(letter.id, fact, by=ACTOR, at=now, owner=OWNER)
        return letter.stream.append(fact, by=ACTOR, at=now)

    def _later(self, key: Key, wait: timedelta) -> None:
        item = self.register.item(key)
        if item is not None and str(item.attributes["due_at"]) <= stamp(self.clock()):
            filing, code = str(item.attributes["filing"]), str(item.attributes["code"])
            try:
                self.register.commit(mark(filing, code, self.clock() + wait, expects=item.version))
            except LostRace:
                log("letter-raised-meanwhile", stream=key.pk)


def _renewal(archived: LetterArchived) -> datetime:
    return parse_stamp(archived.renew_by) - RENEW_BEFORE


@dataclass(frozen=True, kw_only=True)
class _Letter:
    """One letter as the register knows it."""

    id: StreamId
    filing: str
    stream: Stream | None
    issued: LetterIssued
    stamped: LetterStamped | None
    archived: LetterArchived | None

    @classmethod
    def of(cls, register: Register, item: Item) -> "_Letter":
        filing, code = str(item.attributes["filing"]), str(item.attributes["code"])
        own = register_model.letter(filing, code)
        stream = register.load(own)
        home = register.load(register_model.filing(filing)) if code == ACKNOWLEDGEMENT else stream
        fact = home.last(LetterIssued) if home else None
        if fact is None:
            raise Corrupt(f"{own} is marked, and no letter was issued")
        stamped = stream.last(LetterStamped) if stream else None
        archived = stream.last(LetterArchived) if stream else None
        return cls(id=own, filing=filing, stream=stream, issued=fact, stamped=stamped, archived=archived)


class _Run:
    """What one run asks once for all its letters."""

    def __init__(self, room: RaiseLetters) -> None:
        self._room = room
        self._trust: Trust | None = None
        self._status: Status | None = None
        self._lists: tuple[bytes, ...] = ()

    @property
    def trust(self) -> Trust:
        """Chain and roots as they are configured now. (No `cached_property`: its lock is one for all runs.)"""
        self._trust = self._trust or self._room.trust()
        return self._trust

    def evidence(self, newest: levels.Newest) -> Evidence:
        """For a letter whose newest time-stamp is `newest`. Unavailable while the responder tells of an earlier time."""
        chain, roots = self.trust.chain, self.trust.roots
        if self._status is None:
            self._lists = self._room.states.lists()
            self._status = self._room.states.status(chain[0], chain[1])
        if self._status.as_of <= newest.at:
            raise Unavailable("the responder still tells of a time before the time-stamp")
        certificates = [*chain, *newest.certificates, *self._status.certificates, *roots]
        return Evidence(certificates=certificates, ocsps=[self._status.response], lists=self._lists)
