"""Bring in one package: from a dossier in the folder to one file, or one user document, in IPAS. One at a time.

1. Everything that we would send is made first: a code that is not mapped stops the work before IPAS hears of it.
2. Document number (of this connector's own log and origin), daily log, reception, data, EDMS, log closed if so set, done.
3. Each call is written down before and after (`asking`). Killed anywhere, or left without an answer, the next run asks IPAS
   first (FileGetList by our id, the integrity checks, PatentRead) and says nothing twice that was done.
4. No answer: left alone for a while, then asked about. A fault: tried again some times, then the registry is said to refuse.
5. Done, and the message that says so, are one transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from chalicelib.kernel.clock import Clock, local, parse_stamp
from chalicelib.kernel.errors import Corrupt, Refused
from chalicelib.registry.ipas import messages
from chalicelib.registry.ipas.asking import Once
from chalicelib.registry.ipas.dossier import Laid, load
from chalicelib.registry.ipas.files import Files
from chalicelib.registry.ipas.journal import Journal, later
from chalicelib.registry.ipas.listing import checked
from chalicelib.registry.ipas.maps import Maps
from chalicelib.registry.ipas.model import (
    LOOK_AT_IT,
    DoesNotFit,
    FileNumber,
    Ipas,
    IpasFault,
    NeedsPerson,
    NoAnswer,
    Value,
    Work,
)
from chalicelib.registry.ipas.papers import CHECK, Papers

WAITS = "[km] ត្រូវការមនុស្សពិនិត្យ  [en] waits for a person"


class Edms(Protocol):
    """The office's document system."""

    def drop(self, laid: Laid, file: FileNumber, document: Value) -> None:
        """Give it the files with their capture data. The same again is success."""


class Receipts(Protocol):
    """How a kind of package is received: `Files` or `Papers`."""

    def ready(self, laid: Laid, document: Value) -> None:
        """Make all that would be sent. NeedsPerson or DoesNotFit if that cannot be done."""

    def known(self, work: Work, laid: Laid) -> bool:
        """Whether IPAS has it whole already, from a time that this journal does not remember."""

    def receive(self, work: Work, laid: Laid, document: Value) -> None:
        """The reception, and then the data."""


@dataclass(frozen=True, kw_only=True)
class Bring:
    """See the module. `say` gets a line for people about each thing worth knowing."""

    ipas: Ipas
    journal: Journal
    maps: Maps
    dossiers: Path
    edms: Edms
    clock: Clock
    say: Callable[[str], None]

    def step(self) -> bool:
        """Deal with one work, if one is due; answers whether one was."""
        work = self.journal.next(self.clock())
        if work is None:
            return False
        settings, now = self.maps.service, self.clock()
        try:
            self._bring(work)
        except NoAnswer as error:
            until = later(now, settings.settle_seconds)
            self.journal.leave(work, "open", str(error), attempts=work.attempts, after=until)
            self.say(f"unknown   {work.number}: {error}; asked again in {settings.settle_seconds} s")
        except IpasFault as error:
            self._refused(work, error)
        except (NeedsPerson, DoesNotFit, Corrupt, Refused) as error:
            self.journal.leave(work, "waiting", str(error), attempts=work.attempts)
            self.say(f"waiting   {work.number} ({work.id}): {WAITS}: {error}")
        return True

    def _bring(self, work: Work) -> None:
        laid = load(self.dossiers / work.folder)
        said = laid.paper.received_at if laid.paper else laid.package.received_at
        day = local(parse_stamp(said), self.maps.service.time_zone)
        kind = self._kind(laid)
        number = FileNumber.parse(laid.package.number, self.maps.file_types)
        key = (self.maps.receiving.doc_log, self.maps.receiving.doc_origin, day.year)
        kind.ready(laid, {"docLog": key[0], "docOrigin": key[1], "docSeries": key[2], "docNbr": 1})
        if self.journal.step(work.id, "receive") is None and kind.known(work, laid):
            self.say(f"known     {work.number}: IPAS has it already")
        document = self._document(work, key)
        if not self._answered(work, "receive"):
            self._open(day)
        kind.receive(work, laid, document)
        self.edms.drop(laid, number, document)
        self._close(day)
        self._finish(work, laid, number)
        self.say(
            f"brought   {work.number}  →  {number}, document {key[0]}/{key[1]}/{key[2]}/{document.get('docNbr', '?')}"
        )

    def _kind(self, laid: Laid) -> Receipts:
        once = Once(journal=self.journal, clock=self.clock)
        maker = Papers if laid.paper else Files
        return maker(ipas=self.ipas, journal=self.journal, maps=self.maps, clock=self.clock, once=once)

    def _answered(self, work: Work, step: str) -> bool:
        there = self.journal.step(work.id, step)
        return there is not None and there.answer is not None

    def _document(self, work: Work, key: tuple[str, str, int]) -> Value:
        """A number of our own that IPAS says is free; asked about only before it is first used."""
        there = self.journal.step(work.id, "document")
        number = there.answer if there else None
        while not self._answered(work, "document-free"):
            if number is None:
                number = self.journal.document(
                    work.id, "document", key, self.maps.receiving.first_document, self.clock()
                )
            if checked(self.ipas, CHECK, number):
                self.journal.answered(work.id, "document-free", {}, self.clock())
            else:
                self.say(f"taken     document {number['docNbr']}: somebody else numbers in this log and origin")
                number = None
        return number

    def _open(self, day: datetime) -> None:
        """Whether a log can be opened twice is not known: a fault here is said, and the reception tells."""
        name = day.date().isoformat()
        if self.journal.log(name) == "open":
            return
        try:
            opened = self.ipas.call("DailyLogOpen", self._log_id(day))
        except IpasFault as error:
            self.say(f"log       {name}: {error}")
        else:
            self.journal.set_log(name, "open" if opened else "unknown")

    def _close(self, day: datetime) -> None:
        name = day.date().isoformat()
        if not self.maps.receiving.close_log or self.journal.log(name) == "closed":
            return
        self.journal.set_log(name, "unknown")
        try:
            self.ipas.call("DailyLogClose", self._log_id(day))
        except IpasFault as error:
            self.say(f"log       {name}: {error}")
        self.journal.set_log(name, "closed")

    def _log_id(self, day: datetime) -> Value:
        receiving = self.maps.receiving
        return {"dailyLogDate": day.date(), "docLog": receiving.doc_log, "docOrigin": receiving.doc_origin}

    def _finish(self, work: Work, laid: Laid, number: FileNumber) -> None:
        received = self.journal.step(work.id, "receive")
        process = (received.answer if received and received.answer else {}).get("process")
        if process is None and laid.paper is None:
            there = self.ipas.call("PatentRead", number.to_key(), False, False) or {}
            process = (there.get("file") or {}).get("processId")
        now = self.clock()
        with self.journal.turn():
            self.journal.leave(work, "done", "", attempts=work.attempts)
            if process and laid.paper is None:
                self.journal.follow(work.filing, work.number, process)
            messages.accepted(self.journal, work, laid, number, now)

    def _refused(self, work: Work, error: IpasFault) -> None:
        settings, now, attempts = self.maps.service, self.clock(), work.attempts + 1
        with self.journal.turn():
            self.journal.forget_logs()
            if not self._answered(work, "receive"):  # somebody may have taken the document's number since it was free
                self.journal.forget(work.id, "document-free")
            if attempts < settings.attempts:
                until = later(now, settings.retry_seconds)
                self.journal.leave(work, "open", str(error), attempts=attempts, after=until)
            else:
                self.journal.leave(work, "refused", str(error), attempts=attempts)
                messages.rejected(self.journal, work, now)
        what = f"again in {settings.retry_seconds} s" if attempts < settings.attempts else LOOK_AT_IT["en"]
        self.say(f"refused   {work.number} ({work.id}), {attempts} of {settings.attempts}: {error}; {what}")
