"""The hand-over as a program: `python -m chalicelib.registry consume --help`; for operators `dead`, `parity`, `inbound` …

Exit codes: 0 everything that came was dealt with; 2 wrong arguments; 3 something was parked or left in the queue, lies dead
or differs (each said in a line of its own); 4 AWS could not be reached; 5 another consumer works in this folder. Anything
else that goes wrong (no space, no right) ends the program with what Python says, 1; what was begun is safe to begin again.
"""

import json
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.aws.s3 import Bucket
from chalicelib.kernel.clock import system_clock
from chalicelib.kernel.errors import Unavailable
from chalicelib.register.dynamodb import DynamoRegister
from chalicelib.registry import exits
from chalicelib.registry.arguments import parser, postgres
from chalicelib.registry.consumer import Consumer, Outcome
from chalicelib.registry.deadletters import DeadLetters, waiting
from chalicelib.registry.folder import Folder
from chalicelib.registry.health import Book, HealthFile
from chalicelib.registry.inbound import program as inbound
from chalicelib.registry.parity import Parity, lines
from chalicelib.registry.seal import TrustedSeals
from chalicelib.registry.sqlite import InUse, SqliteMarks
from chalicelib.registry.sqs import SqsQueue

if TYPE_CHECKING:
    from chalicelib.registry.postgres import PostgresRegistry

DONE, LEFT, UNREACHABLE, IN_USE = 0, 3, 4, 5
MARKS = ".consumer.sqlite3"  # in the folder, beside the dossiers
REST = 30  # seconds until AWS is asked again after it could not be reached


def main(arguments: Sequence[str]) -> int:
    """Run the program; answers its exit code."""
    chosen = parser().parse_args(arguments)
    try:
        return COMMANDS[chosen.command](chosen)
    except Unavailable as error:
        _say(f"waiting   AWS could not be reached: {error}")
        return UNREACHABLE
    except InUse as error:
        _say(f"stopped   {error}")
        return IN_USE


def _consume(chosen: Namespace) -> int:
    marks: SqliteMarks | PostgresRegistry
    shelf: Folder | PostgresRegistry
    if chosen.postgres:
        marks = shelf = postgres(chosen.postgres)
    else:
        chosen.into.mkdir(parents=True, exist_ok=True)
        marks = SqliteMarks.open(chosen.into / MARKS)
        shelf = Folder(chosen.into)
        shelf.sweep()
    try:
        consumer = Consumer(
            queue=SqsQueue(url=chosen.queue_url, client=clients.sqs()),
            objects=Bucket(name=chosen.bucket, client=clients.s3()),
            marks=marks,
            shelf=shelf,
            seals=TrustedSeals(chosen.trust.read_bytes()),
            say=_say,
        )
        return _run(consumer, chosen, _health(chosen, marks))
    finally:
        marks.close()


def _health(chosen: Namespace, book: Book) -> HealthFile | None:
    if chosen.health is None:
        return None
    client = clients.sqs()
    dead = DeadLetters.of(chosen.queue_url, client)

    def counts() -> tuple[int, int, int]:
        return (*waiting(client, chosen.queue_url), dead.count())

    return HealthFile(path=chosen.health, book=book, counts=counts, clock=system_clock, monotonic=time.monotonic)


def _run(consumer: Consumer, chosen: Namespace, health: HealthFile | None) -> int:
    came: Counter[Outcome] = Counter()
    try:
        while True:
            try:
                outcome = consumer.step(wait=chosen.wait)
                if health is not None:
                    health.now_and_then()
            except Unavailable as error:
                if chosen.once or chosen.until_empty:
                    raise
                _say(f"waiting   AWS could not be reached: {error}")
                time.sleep(REST)
                continue
            if outcome is not None:
                came[outcome] += 1
            if chosen.once or (chosen.until_empty and outcome is None):
                break
    except KeyboardInterrupt:
        pass  # being stopped by hand is an ordinary end
    if health is not None:
        health.write()
    _say("done      " + ", ".join(f"{came[outcome]} {outcome.value}" for outcome in Outcome))
    return LEFT if came[Outcome.PARKED] or came[Outcome.LEFT] else DONE


def _dead(chosen: Namespace) -> int:
    letters = DeadLetters.of(chosen.queue_url, clients.sqs())
    try:
        match chosen.what:
            case "list":
                for one in letters.look():
                    _say(f"dead      {one.id}  {one.what}  received {one.receives} times")
            case "show":
                found = next((one for one in letters.look() if one.id == chosen.id), None)
                if found is None:
                    raise LookupError(f"{chosen.id} is not to be seen")
                _say(found.body)
            case _:
                for one in letters.redrive(chosen.id):
                    _say(f"redriven  {one.id}  {one.what}")
    except LookupError as error:
        _say(f"left      {error}")
        return LEFT
    left = letters.count()
    _say(f"done      {left} dead")
    return LEFT if left else DONE


def _parity(chosen: Namespace) -> int:
    now = system_clock()
    parity = Parity(
        register=DynamoRegister(table=chosen.table, client=clients.dynamodb()),
        records=Bucket(name=chosen.bucket, client=clients.s3()),
        clock=lambda: now,
        consumed=_consumed(chosen),
    )
    found = parity()
    for line in lines(found, now):
        _say(line)
    if chosen.json:
        chosen.json.write_text(json.dumps([one.to_json(now) for one in found], indent=2) + "\n", "utf-8")
    _say(f"done      {len(found)} differences")
    return LEFT if found else DONE


def _consumed(chosen: Namespace) -> dict[str, tuple[int, str]] | None:
    if not (chosen.into or chosen.postgres):
        return None
    book = postgres(chosen.postgres) if chosen.postgres else SqliteMarks.open(chosen.into / MARKS)
    try:
        return book.streams()
    finally:
        book.close()


def _ipas(chosen: Namespace) -> int:
    from chalicelib.registry.ipas import program

    return program.main(chosen, _say, time.sleep, _health)


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "consume": _consume,
    "dead": _dead,
    "parity": _parity,
    "ipas": _ipas,
    "inbound": lambda chosen: inbound.run(chosen, _say),
    "export": lambda chosen: exits.export(chosen, _say),
    "verify": lambda chosen: exits.verify(chosen, _say),
    "restore": lambda chosen: exits.restore(chosen, _say),
}


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
