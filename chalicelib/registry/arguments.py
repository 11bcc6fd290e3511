"""The words of the registry's program, and where its PostgreSQL is."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from chalicelib.registry.inbound import program as inbound

if TYPE_CHECKING:
    from chalicelib.registry.postgres import PostgresRegistry

MAX_WAIT = 15  # seconds of one long poll: below the time after which our client gives up an answer
SOCKET = ".s.PGSQL.5432"


def parser() -> argparse.ArgumentParser:
    """Every command and its words."""
    words = argparse.ArgumentParser(
        prog="python -m chalicelib.registry",
        description="Take filings over from Tra.",
        epilog="Exit codes: 0 all dealt with; 2 wrong arguments; 3 something was parked or left in the queue, or lies dead;"
        " 4 AWS could not be reached; 5 another consumer works in this folder.",
    )
    commands = words.add_subparsers(dest="command", required=True)
    _consume(
        commands.add_parser(
            "consume", help="take facts off the registry's queue, check them, and lay each filing out as a dossier"
        )
    )
    dead = commands.add_parser("dead", help="dead letters of a queue: list them, show one, send one or all back")
    dead.add_argument("what", choices=["list", "show", "redrive"])
    dead.add_argument("--queue-url", required=True, help="the queue (not its dead letters')")
    dead.add_argument("--id", help="one message; without it, redrive sends all back, oldest first")
    parity = commands.add_parser("parity", help="hold register, objects, money and a consumer against each other")
    parity.add_argument("--table", required=True, help="the register")
    parity.add_argument("--bucket", required=True, help="the records bucket")
    parity.add_argument("--json", type=Path, help="file to write the differences to as well")
    whom = parity.add_mutually_exclusive_group()
    whom.add_argument("--into", type=Path, help="folder of a consumer that does not run now, to ask how far it is")
    whom.add_argument("--postgres", help="database of a consumer, to ask how far it is")
    _ipas(commands.add_parser("ipas", help="the connector to IPAS: run it, check it, see how it stands, try again"))
    inbound.words(commands)
    _exits(commands)
    return words


def postgres(url: str) -> "PostgresRegistry":
    """`postgresql://user@host:port/database`, or `…@/database?host=/folder/of/socket`. The password is in PGPASSWORD."""
    from chalicelib.registry.postgres import PostgresRegistry

    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host", [""])[0]
    where = {"unix_sock": f"{folder}/{SOCKET}"} if folder else {"host": parts.hostname, "port": parts.port or 5432}
    return PostgresRegistry.open(
        user=unquote(parts.username or ""), database=parts.path.removeprefix("/"),
        password=os.environ.get("PGPASSWORD"), **where,
    )  # fmt: skip


def _queue(one: argparse.ArgumentParser) -> None:
    one.add_argument("--queue-url", required=True, help="the registry's FIFO queue")
    one.add_argument("--bucket", required=True, help="the records bucket; pointers into any other are refused")
    one.add_argument("--trust", required=True, type=Path, help="the roots (PEM) under which the office's seals are believed")
    one.add_argument("--wait", type=_seconds, default=10, help=f"seconds to wait for a message, 0 to {MAX_WAIT} (10)")


def _consume(consume: argparse.ArgumentParser) -> None:
    _queue(consume)
    where = consume.add_mutually_exclusive_group(required=True)
    where.add_argument("--into", type=Path, help="folder of the dossiers and of the consumer's marks")
    where.add_argument("--postgres", help="database of dossiers and marks: postgresql://user@host/database")
    consume.add_argument("--health", type=Path, help="file to write the consumer's state to, every ten seconds")
    until = consume.add_mutually_exclusive_group()
    until.add_argument("--once", action="store_true", help="stop after one look at the queue")
    until.add_argument("--until-empty", action="store_true", help="stop when a look finds nothing")


def _ipas(ipas: argparse.ArgumentParser) -> None:
    what = ipas.add_subparsers(dest="what", required=True)
    run = what.add_parser("run", help="take packages off the queue, bring them into IPAS, tell what IPAS does with them")
    check = what.add_parser("check", help="hold the office's WSDL and the configuration against what the connector needs")
    status = what.add_parser("status", help="what is in IPAS, and what is not and why (while the connector does not run)")
    retry = what.add_parser("retry", help="a person has looked: try again what waits or was refused")
    for one in (run, check, status, retry):
        one.add_argument("--config", type=Path, required=one in (run, check), help="as infra/ipas/example.toml")
    for one in (run, status, retry):
        one.add_argument("--into", required=True, type=Path, help="folder of the dossiers and of the connector's journal")
    check.add_argument("--office", default="kh", help="the office whose kinds and routes must be mapped (kh)")
    retry.add_argument("--id", help="one filing or paper; without it, all")
    _queue(run)
    run.add_argument("--edms", required=True, type=Path, help="folder that the office's document system takes files from")
    run.add_argument("--inbound-url", help="the office's inbound FIFO queue; without it, what is to be told waits")
    run.add_argument("--inbox", help="the bucket (the office's quarantine) for letters, with --inbound-url")
    run.add_argument("--health", type=Path, help="file to write the connector's state to, every ten seconds")
    run.add_argument("--until-empty", action="store_true", help="stop when nothing is left to do now")


def _exits(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = commands.add_parser("export", help="write the whole register and its records into a folder, as a bag")
    verify = commands.add_parser("verify", help="prove an export, offline")
    restore = commands.add_parser("restore", help="prove an export, and put it into an empty office")
    for one in (export, verify, restore):
        one.add_argument("--folder", required=True, type=Path, help="the export")
    for one in (verify, restore):
        one.add_argument("--trust", required=True, type=Path, help="the roots (PEM) under which seals are believed")
    for one in (export, restore):
        one.add_argument("--table", required=True, help="the register")
        one.add_argument("--bucket", required=True, help="the records bucket")
    restore.add_argument(
        "--receipts",
        type=Path,
        help="folder of further receipts (.json and .json.p7s): no number of theirs is given again",
    )


def _seconds(text: str) -> int:
    seconds = int(text)
    if not 0 <= seconds <= MAX_WAIT:
        raise argparse.ArgumentTypeError(f"0 to {MAX_WAIT}")
    return seconds
