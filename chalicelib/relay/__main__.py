"""Replay, as an operator's program: `python -m chalicelib.relay --help`. It reads the table and writes to one queue."""

import argparse
import sys
from collections.abc import Sequence

from chalicelib.aws import clients
from chalicelib.kernel.clock import stamp, system_clock
from chalicelib.register.dynamodb import DynamoRegister
from chalicelib.register.model import StreamId
from chalicelib.relay.replay import Replay
from chalicelib.relay.sqs import SqsInbox


def main(arguments: Sequence[str]) -> int:
    """Replay; says how many entries were sent."""
    words = argparse.ArgumentParser(prog="python -m chalicelib.relay", description="Send entries again to one queue.")
    words.add_argument("--table", required=True, help="the register")
    words.add_argument("--queue-url", required=True, help="the consumer's queue")
    words.add_argument("--source", required=True, help="who speaks: urn:tra:<office>-<stage>")
    which = words.add_mutually_exclusive_group(required=True)
    which.add_argument("--stream", action="append", type=StreamId.parse, help="FILING#…; may be given several times")
    which.add_argument("--all", action="store_true", help="every stream (reads the whole table)")
    words.add_argument("--from-seq", type=int, default=1, help="first entry of each stream to send (1)")
    words.add_argument("--since", default="", help="only what was entered at this time or later: 2026-11-25T00:00:00.000Z")
    chosen = words.parse_args(arguments)
    register = DynamoRegister(table=chosen.table, client=clients.dynamodb())
    replay = Replay(
        register=register, inbox=SqsInbox(url=chosen.queue_url, client=clients.sqs()), source=chosen.source
    )
    streams = register.every_stream() if chosen.all else chosen.stream
    sent = replay(streams, run=stamp(system_clock()), from_seq=chosen.from_seq, since=chosen.since)
    print(f"done      {sent} sent again")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
