"""The registry's side of the hand-over, as a program: `python -m chalicelib.registry consume --help`.

Exit codes: 0 everything that came was dealt with; 2 wrong arguments; 3 something was parked or left in the queue (each
said in a line of its own); 4 AWS could not be reached; 5 another consumer works in this folder. Anything else that goes
wrong (no space, no right) ends the program with what Python says, 1; what was begun is safe to begin again.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chalicelib.aws import clients
from chalicelib.aws.s3 import Bucket
from chalicelib.kernel.errors import Unavailable
from chalicelib.registry.consumer import Consumer, Outcome
from chalicelib.registry.folder import Folder
from chalicelib.registry.sqlite import InUse, SqliteMarks
from chalicelib.registry.sqs import SqsQueue

DONE, LEFT, UNREACHABLE, IN_USE = 0, 3, 4, 5
MARKS = ".consumer.sqlite3"  # in the folder, beside the dossiers
MAX_WAIT = 15  # seconds of one long poll: below the time after which our client gives up an answer
REST = 30  # seconds until AWS is asked again after it could not be reached


def main(arguments: Sequence[str]) -> int:
    """Run the program; answers its exit code."""
    chosen = _parser().parse_args(arguments)
    chosen.into.mkdir(parents=True, exist_ok=True)
    try:
        marks = SqliteMarks.open(chosen.into / MARKS)
    except InUse as error:
        _say(f"stopped   {error}")
        return IN_USE
    try:
        folder = Folder(chosen.into)
        folder.sweep()
        consumer = Consumer(
            queue=SqsQueue(url=chosen.queue_url, client=clients.sqs()),
            objects=Bucket(name=chosen.bucket, client=clients.s3()),
            marks=marks,
            shelf=folder,
            say=_say,
        )
        return _run(consumer, wait=chosen.wait, once=chosen.once, until_empty=chosen.until_empty)
    finally:
        marks.close()


def _run(consumer: Consumer, *, wait: int, once: bool, until_empty: bool) -> int:
    came: Counter[Outcome] = Counter()
    try:
        while True:
            try:
                outcome = consumer.step(wait=wait)
            except Unavailable as error:
                _say(f"waiting   AWS could not be reached: {error}")
                if once or until_empty:
                    return UNREACHABLE
                time.sleep(REST)
                continue
            if outcome is not None:
                came[outcome] += 1
            if once or (until_empty and outcome is None):
                break
    except KeyboardInterrupt:
        pass  # being stopped by hand is an ordinary end
    _say("done      " + ", ".join(f"{came[outcome]} {outcome.value}" for outcome in Outcome))
    return LEFT if came[Outcome.PARKED] or came[Outcome.LEFT] else DONE


def _say(line: str) -> None:
    print(line, flush=True)


def _seconds(text: str) -> int:
    seconds = int(text)
    if not 0 <= seconds <= MAX_WAIT:
        raise argparse.ArgumentTypeError(f"0 to {MAX_WAIT}")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chalicelib.registry",
        description="Take filings over from Tra.",
        epilog="Exit codes: 0 all dealt with; 2 wrong arguments; 3 something was parked or left in the queue;"
        " 4 AWS could not be reached; 5 another consumer works in this folder.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    consume = commands.add_parser(
        "consume", help="take facts off the registry's queue, check them, and lay each filing out as a dossier"
    )
    consume.add_argument("--queue-url", required=True, help="the registry's FIFO queue")
    consume.add_argument("--bucket", required=True, help="the records bucket; pointers into any other are refused")
    consume.add_argument("--into", required=True, type=Path, help="folder of the dossiers and of the consumer's marks")
    consume.add_argument(
        "--wait", type=_seconds, default=10, help=f"seconds to wait for a message, 0 to {MAX_WAIT} (10)"
    )
    until = consume.add_mutually_exclusive_group()
    until.add_argument("--once", action="store_true", help="stop after one look at the queue")
    until.add_argument("--until-empty", action="store_true", help="stop when a look finds nothing")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
