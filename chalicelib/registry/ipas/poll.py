"""Look at one open file in IPAS, and tell of what is new: statuses in their order, and the office's letters.

There is no push. (eventProcessId, eventActionId, eventDate, eventTypeCode) tells a new event from a known one. Secret and
deleted events are not told of; one that was told of and is deleted or revised since is said to people, and the status that the
process has now is told. A letter is told of once it is signed, if its kind stands in [[letters]]. A status that stands in no
row of [[statuses]] is said to people, and told of once it does. Nothing is changed in IPAS; what was read is kept in one
transaction with what is told, so a look that was cut off is a look that never was.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from chalicelib.kernel.clock import Clock, stamp
from chalicelib.registry.ipas import messages
from chalicelib.registry.ipas.journal import Journal, OpenFile, later
from chalicelib.registry.ipas.maps import Letter, Maps
from chalicelib.registry.ipas.model import Ipas, IpasError

HIDDEN, PENDING, TOLD, GONE = "hidden", "pending", "told", "gone"
PDF = b"%PDF"


@dataclass(frozen=True)
class _Change:
    """A status, as of when."""

    code: str
    at: datetime


@dataclass(frozen=True)
class Issued:
    """A letter of the office, with its bytes."""

    row: Letter
    number: str
    at: datetime
    body: bytes

    @property
    def sha256(self) -> str:
        """Of the bytes."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass
class _Seen:
    """What one look found."""

    known: dict[str, str] = field(default_factory=dict)
    news: list[_Change | Issued] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Poll:
    """See the module."""

    ipas: Ipas
    journal: Journal
    maps: Maps
    clock: Clock
    say: Callable[[str], None]

    def step(self) -> bool:
        """Look at one file, if one is due; answers whether one was."""
        now = self.clock()
        file = self.journal.due(now)
        if file is None:
            return False
        next_at = later(now, self.maps.service.poll_seconds)
        try:
            self._look(file, now, next_at)
        except IpasError as error:
            self.say(f"not read  {file.number}: {error}")
            self.journal.looked(file, file.status, next_at, final=False)
        return True

    def _look(self, file: OpenFile, now: datetime, next_at: datetime) -> None:
        events = self.ipas.call("ProcessReadEventList", file.process) or []
        known = self.journal.events(file.filing)
        seen = _Seen()
        for event in sorted(
            (one for one in events if one), key=lambda one: (str(one.get("eventDate") or ""), _nbr(one))
        ):
            self._event(file, event, known, seen, now)
        process = self.ipas.call("ProcessRead", file.process, False, False) or {}
        code = _code(process.get("status"))
        last = next((one.code for one in reversed(seen.news) if isinstance(one, _Change)), file.status)
        if code and code != last:
            seen.news.append(_Change(code, process.get("statusDate") or now))
        with self.journal.turn():
            for key, said in seen.known.items():
                self.journal.know(file.filing, key, said)
            status = file.status
            for one in seen.news:
                status = self._tell(file, one, status, process.get("dueDate"), now)
            row = self.maps.status(status)
            self.journal.looked(file, status, next_at, final=bool(row and row.final))

    def _event(self, file: OpenFile, event: dict[str, Any], known: dict[str, str], seen: _Seen, now: datetime) -> None:
        key = _key(event)
        before = seen.known.get(key) or known.get(key)
        if any(event.get(name) for name in ("indEventIsDeleted", "isEventDeleted", "isEventRevised")):
            if before == TOLD:
                self.say(f"gone      {file.number}: event {key} was told of and is deleted or revised in IPAS")
            seen.known[key] = GONE if before in {TOLD, GONE} else HIDDEN
        elif event.get("isSecret"):
            seen.known[key] = before or HIDDEN
        elif before != TOLD:
            seen.known[key] = self._action(event, seen, now)

    def _action(self, event: dict[str, Any], seen: _Seen, now: datetime) -> str:
        if not event.get("eventActionId"):
            return TOLD
        action = self.ipas.call("ProcessReadAction", event["eventActionId"]) or {}
        if action.get("isDeleted") or action.get("indCancelled"):
            return HIDDEN
        row = self.maps.letter(event.get("eventOfficedocTypeCode"))
        key = action.get("generatedOfficedocId")
        at = event.get("eventDate") or action.get("actionDate") or now
        if row and key:
            if action.get("indSignaturePending"):
                return PENDING
            letter = self._letter(row, key, at)
            if letter is None:
                return PENDING
            seen.news.append(letter)
        if code := _code(action.get("newStatus")):
            seen.news.append(_Change(code, at))
        return TOLD

    def _letter(self, row: Letter, key: dict[str, Any], at: datetime) -> Issued | None:
        """The letter, with its bytes; None while it has none."""
        there = self.ipas.call("OfficedocRead", key) or {}
        body = there.get("contentData") or b""
        if not body.startswith(PDF):
            self.say(
                f"left      office document {_number(key)}: {len(body)} bytes that are no PDF: attach the signed PDF in IPAS"
            )
            return None
        issued = Issued(row, _number(key), at, body)
        try:
            messages.letter(issued, self.maps.service.source)
        except ValidationError as error:
            fields = ", ".join(str(fault["loc"][0]) for fault in error.errors())
            self.say(
                f"left      office document {_number(key)}: {fields} is not as the front takes it: send the letter by hand"
            )
            return None
        return issued

    def _tell(self, file: OpenFile, one: "_Change | Issued", status: str, due: datetime | None, now: datetime) -> str:
        """Answers the last status told of."""
        if isinstance(one, Issued):
            self.journal.keep(one.sha256, one.body)
            messages.letter_issued(self.journal, file, one, self.maps.service.source, now)
            self.say(f"letter    {file.number}: {one.row.code}, {len(one.body):,} bytes")
            return status
        if one.code == status:
            return status
        row = self.maps.status(one.code)
        if row is None:
            self.say(f"unmapped  {file.number}: status {one.code} stands in no row of [[statuses]]; add it")
            return status
        messages.status(self.journal, file, row, one.at, due, now)
        self.say(f"status    {file.number}: {one.code}")
        return one.code


def _key(event: dict[str, Any]) -> str:
    process, action = event.get("eventProcessId") or {}, event.get("eventActionId") or {}
    at = event.get("eventDate")
    return (
        f"{process.get('processType')}/{process.get('processNbr')}/{action.get('actionNbr')}"
        f"/{stamp(at) if at else None}/{event.get('eventTypeCode')}"
    )


def _nbr(event: dict[str, Any]) -> int:
    return int((event.get("eventActionId") or {}).get("actionNbr") or 0)


def _code(status: dict[str, Any] | None) -> str | None:
    return ((status or {}).get("statusId") or {}).get("statusCode")


def _number(key: dict[str, Any]) -> str:
    return f"{key.get('offidocOrigin')}/{key.get('offidocSeries')}/{key.get('offidocNbr')}"
