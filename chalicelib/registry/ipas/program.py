"""`python -m chalicelib.registry ipas …`: run the connector, check it against the office's WSDL, see how it stands, try again.

One look of `run`: a message off the queue, then one package into IPAS, one open file looked at, what is to be told sent.
"""

import tomllib
from argparse import Namespace
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from chalicelib.aws import clients
from chalicelib.aws.s3 import Bucket
from chalicelib.kernel.clock import system_clock
from chalicelib.kernel.errors import Unavailable
from chalicelib.offices.load import load_office
from chalicelib.registry.consumer import Consumer
from chalicelib.registry.folder import Folder
from chalicelib.registry.health import Book, HealthFile
from chalicelib.registry.ipas.bring import Bring
from chalicelib.registry.ipas.check import check_maps, check_wsdl
from chalicelib.registry.ipas.drop import FolderDrop
from chalicelib.registry.ipas.intake import Intake
from chalicelib.registry.ipas.journal import Journal
from chalicelib.registry.ipas.maps import Maps, load_maps
from chalicelib.registry.ipas.poll import Poll
from chalicelib.registry.ipas.send import Send
from chalicelib.registry.ipas.soap import NoWsdl, Soap, read_wsdl
from chalicelib.registry.seal import TrustedSeals
from chalicelib.registry.sqlite import SqliteMarks
from chalicelib.registry.sqs import SqsQueue

if TYPE_CHECKING:
    from chalicelib.registry.ipas.model import Ipas

DONE, WRONG, LEFT, UNREACHABLE = 0, 2, 3, 4
MARKS = ".consumer.sqlite3"
REST = 30  # seconds until AWS is asked again after it could not be reached
Say = Callable[[str], None]


@dataclass(frozen=True)
class Stands:
    """The state of queue and works, for the health file: a work that waits for a person is told like a parked stream."""

    marks: SqliteMarks
    journal: Journal

    def streams(self) -> dict[str, tuple[int, str]]:
        """See `health.Book`."""
        return self.marks.streams()

    def parked(self) -> dict[str, str]:
        """See `health.Book`. Of a work only how it stands: why may name people."""
        works = {f"{one.kind.upper()}#{one.id}": one.state for one in self.journal.works()}
        return self.marks.parked() | {of: state for of, state in works.items() if state in {"waiting", "refused"}}


Health = Callable[[Namespace, Book], HealthFile | None]


def main(chosen: Namespace, say: Say, sleep: Callable[[float], None], health: Health) -> int:
    """Run what was chosen; answers the exit code."""
    try:
        match chosen.what:
            case "run":
                return run(chosen, load_maps(chosen.config), say, sleep, health)
            case "check":
                return check(load_maps(chosen.config), chosen.office, say)
            case "status":
                return status(chosen.into, say)
            case _:
                return retry(chosen.into, chosen.id, say)
    except (ValidationError, tomllib.TOMLDecodeError, OSError) as error:
        say(f"wrong     {chosen.config}: {error}")
        return WRONG
    except NoWsdl as error:
        say(f"wrong     {error}  →  is the address right, and does IPAS run?")
        return UNREACHABLE


def check(maps: Maps, office: str, say: Say) -> int:
    """Hold the WSDL and the configuration against what the connector needs."""
    client = read_wsdl(maps.service.wsdl, timeout=maps.service.timeout_seconds)
    found = check_wsdl(client) + check_maps(maps, load_office(office))
    for one in sorted(found, key=lambda one: one.weight, reverse=True):
        say(str(one))
    wrong = sum(one.weight == "wrong" for one in found)
    say(f"done      {wrong} wrong, {len(found) - wrong} to look at")
    return LEFT if wrong else DONE


def run(chosen: Namespace, maps: Maps, say: Say, sleep: Callable[[float], None], health: Health) -> int:
    """The connector, until stopped, or until nothing is left to do now."""
    settings = maps.service
    ipas = Soap.open(settings.wsdl, zone=settings.time_zone, timeout=settings.timeout_seconds, address=settings.address)
    for folder in (chosen.into, chosen.edms):
        folder.mkdir(parents=True, exist_ok=True)
    with closing(SqliteMarks.open(chosen.into / MARKS)) as marks:
        journal = Journal.over(marks.connection)
        file = health(chosen, Stands(marks, journal))
        look = _look(chosen, maps, ipas, marks, journal, say)
        try:
            while True:
                try:
                    busy = look()
                    if file is not None:
                        file.now_and_then()
                except Unavailable as error:
                    if chosen.until_empty:
                        raise
                    say(f"waiting   AWS could not be reached: {error}")
                    sleep(REST)
                    continue
                if chosen.until_empty and not busy:
                    break
        except KeyboardInterrupt:
            pass  # being stopped by hand is an ordinary end
        if file is not None:
            file.write()
        return _stands(journal, say)


def status(into: Path, say: Say) -> int:
    """How the works stand. The connector must not run: it holds its file alone."""
    with closing(SqliteMarks.open(into / MARKS)) as marks:
        return _stands(Journal.over(marks.connection), say)


def retry(into: Path, work: str | None, say: Say) -> int:
    """A person has looked: open one, or all that wait or were refused, again."""
    with closing(SqliteMarks.open(into / MARKS)) as marks:
        journal = Journal.over(marks.connection)
        opened = [one for one in journal.works() if work in {None, one.id} and journal.retry(one.id)]
        for one in opened:
            say(f"opened    {one.number} ({one.id})")
        return DONE if opened or work is None else LEFT


def _look(
    chosen: Namespace, maps: Maps, ipas: "Ipas", marks: SqliteMarks, journal: Journal, say: Say
) -> Callable[[], bool]:
    shelf, drop = Folder(chosen.into), FolderDrop(chosen.edms)
    shelf.sweep()
    drop.sweep()
    consumer = Consumer(
        queue=SqsQueue(url=chosen.queue_url, client=clients.sqs()),
        objects=Bucket(name=chosen.bucket, client=clients.s3()),
        marks=marks,
        shelf=Intake(shelf, journal),
        seals=TrustedSeals(chosen.trust.read_bytes()),
        say=say,
    )
    bring = Bring(
        ipas=ipas, journal=journal, maps=maps, dossiers=chosen.into, edms=drop, clock=system_clock, say=say,
    )  # fmt: skip
    poll = Poll(ipas=ipas, journal=journal, maps=maps, clock=system_clock, say=say)
    send = Send.to(chosen, maps.service.source, journal, say)

    def look() -> bool:
        busy = [consumer.step(wait=chosen.wait) is not None, bring.step(), poll.step()]
        return any([*busy, send is not None and send.step()])

    return look


def _stands(journal: Journal, say: Say) -> int:
    works = journal.works()
    for one in works:
        if one.state != "done":
            say(f"{one.state:<9} {one.number} ({one.id}): {one.why or 'not begun'}")
    told = journal.told()
    since = max((one.at for one in told), default=datetime.min.replace(tzinfo=UTC).isoformat())
    left = sum(one.state != "done" for one in works)
    say(f"done      {len(works) - left} in IPAS, {left} not, {len(told)} told, last {since}")
    return LEFT if left else DONE
