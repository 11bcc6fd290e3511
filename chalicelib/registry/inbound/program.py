"""Parked messages, for operators: `python -m chalicelib.registry inbound list | show | redrive | drop`."""

import argparse
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.aws.errors import translated
from chalicelib.kernel.clock import system_clock
from chalicelib.register.dynamodb import DynamoRegister
from chalicelib.registry.inbound.desk import SHORT, InboundDesk, Send
from chalicelib.registry.inbound.model import Parked

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DONE, LEFT = 0, 3


def words(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command and its words."""
    inbound = commands.add_parser("inbound", help="messages of the registry that are parked: list, show, redrive, drop")
    inbound.add_argument("what", choices=["list", "show", "redrive", "drop"])
    inbound.add_argument("--table", required=True, help="the register")
    inbound.add_argument("--queue-url", required=True, help="the inbound queue, into which messages are sent again")
    inbound.add_argument("--id", default="", help=f"one message, by {SHORT} or more characters of its digest")
    inbound.add_argument(
        "--over-gap", action="store_true", help="with redrive: those before it will never come; do not wait for them"
    )


def run(chosen: Namespace, say: Callable[[str], None]) -> int:
    """Exit code: 0 nothing is parked any more; 3 something is, or was not found."""
    desk = InboundDesk(
        register=DynamoRegister(table=chosen.table, client=clients.dynamodb()),
        send=sending(chosen.queue_url, clients.sqs()),
        clock=system_clock,
    )
    return command(desk, chosen, say)


def command(desk: InboundDesk, chosen: Namespace, say: Callable[[str], None]) -> int:
    """The same, at a desk."""
    try:
        match chosen.what:
            case "list":
                for one in desk.parked():
                    say(f"parked    {_line(one)}")
            case "show":
                one = desk.one(chosen.id)
                say(f"parked    {_line(one)}")
                say(one.body)
            case "redrive":
                say(f"redriven  {_line(desk.redrive(chosen.id, over_gap=chosen.over_gap))}")
            case _:
                say(f"dropped   {_line(desk.drop(chosen.id))}")
    except LookupError as error:
        say(f"left      {error}")
        return LEFT
    left = len(desk.parked())
    say(f"done      {left} parked")
    return LEFT if left else DONE


def sending(url: str, client: "SQSClient") -> Send:
    """Into this queue."""

    def send(group: str, once: str, body: str) -> None:
        with translated():
            client.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=once)

    return send


def _line(one: Parked) -> str:
    place = f"{one.place:06d} {one.type}" if one.place else f"{one.size} bytes"
    return f"{one.sha256[:SHORT]}  {one.parked_at}  {one.reason}  {one.box}  {place}"
