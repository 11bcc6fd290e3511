"""Check letters, folders, papers and the log itself, with public keys only and without the office.

    tra-verify letter FILE.pdf [--proof FILE.proof.json] [--filed A.pdf B.png …] --trust trust.json
    tra-verify folder DIR [--report build/verify.json] --trust trust.json
    tra-verify paper 'https://…/verify?number=…#sha256=…&at=…&proof=…' --trust trust.json
    tra-verify monitor URL-or-DIR [--state seen.json] [--seen HEAD …] --trust trust.json

Exit status: 0 all is well, 1 something is not, 2 it could not be looked at. `python -m chalicelib.proof` is the same program.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.proof.monitor import Visit
from chalicelib.proof.paper import from_qr
from chalicelib.proof.tiles import Fetch
from chalicelib.proof.verify import BadTrust, Result, Trust, filed, letter

MAX_FILE = 64_000_000
SECONDS = 20


def source(place: str) -> Fetch:
    """Public files of a log, from a folder or an address."""
    if "://" not in place:
        folder = Path(place)
        return lambda name: (folder / name).read_bytes()
    if not place.startswith(("https://", "http://")):
        raise ValueError("an address begins with https://")

    def fetch(name: str) -> bytes:
        try:
            with urllib.request.urlopen(f"{place.rstrip('/')}/{name}", timeout=SECONDS) as answer:  # noqa: S310 - see above
                body: bytes = answer.read(MAX_FILE)
        except urllib.error.HTTPError as error:
            error.close()
            raise FileNotFoundError(f"{name}: {error.code}") from error
        return body

    return fetch


def one(path: Path, trust: Trust, proof: Path | None = None) -> Result:
    """One letter, with the proof that lies beside it."""
    beside = proof or path.with_name(f"{path.name}.proof.json")
    return letter(path.read_bytes()[:MAX_FILE], trust, beside.read_bytes() if beside.is_file() else None)


def letter_command(asked: argparse.Namespace, trust: Trust) -> int:
    """A letter, and files that were filed."""
    result = one(asked.file, trust, asked.proof)
    said = [result.verdict, *(f"  {reason}" for reason in result.reasons)]
    if result.sealed_by:
        said.append(f"  sealed by {result.sealed_by}, {result.sealed_at}")
    listed = filed(result.receipt, [path.read_bytes() for path in asked.filed]) if result.receipt else []
    said += [f"  {path.name}: {'filed exactly so' if right else 'NOT filed so'}"
             for path, right in zip(asked.filed, listed, strict=False)]  # fmt: skip
    if asked.filed and not result.receipt:
        said.append("  no receipt to compare files with")
    print("\n".join(said))
    return 0 if result.verdict == "valid" and all(listed) and len(listed) == len(asked.filed) else 1


def folder_command(asked: argparse.Namespace, trust: Trust) -> int:
    """Every PDF in a folder; a report for each."""
    rows = []
    for path in sorted(asked.folder.rglob("*.pdf")):
        began = time.perf_counter()
        result = one(path, trust)
        spent = round((time.perf_counter() - began) * 1000, 2)
        rows.append({"file": str(path.relative_to(asked.folder)), "ms": spent, **{k: v for k, v in asdict(result).items()
                     if k != "receipt"}})  # fmt: skip
        print(f"{result.verdict:<10} {spent:>8.1f} ms  {path.name}  {'; '.join(result.reasons)}")
    asked.report.parent.mkdir(parents=True, exist_ok=True)
    asked.report.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(f"{len(rows)} files; {asked.report}")
    return 0 if rows and all(row["verdict"] == "valid" for row in rows) else 1


def paper_command(asked: argparse.Namespace, trust: Trust) -> int:
    """The text of a QR code on paper."""
    found = from_qr(asked.text, trust)
    print(f"{found.number}: received {found.received_at}, receipt {found.receipt_sha256}, leaf {found.index} of the log"
          if found.proved else f"NOT proved: {found.problem}")  # fmt: skip
    return 0 if found.proved else 1


def monitor_command(asked: argparse.Namespace, trust: Trust) -> int:
    """The whole log."""
    kept = json.loads(asked.state.read_text("utf-8")) if asked.state and asked.state.is_file() else []
    seen = (*(head.encode() for head in kept), *(path.read_bytes() for path in asked.seen))
    visit = Visit(source(asked.place), trust.origin, trust.log_key, datetime.now(UTC), seen)
    found = list(visit.findings())
    for finding in found:
        print(f"{finding.code}: {finding.text}")
    if visit.head and asked.state and not any(one.code in {"equivocation", "shrunk"} for one in found):
        asked.state.write_text(json.dumps([visit.signed.decode()]) + "\n", "utf-8")
    print(f"{visit.head.size if visit.head else 0} leaves, {len(found)} findings")
    return 1 if found else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status as above."""
    parser = argparse.ArgumentParser("tra-verify", description="Check letters and the log with public keys only.")
    parser.add_argument("--trust", type=Path, required=True, help="public keys: what the office serves as /v1/trust")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("letter", help="one letter")
    command.add_argument("file", type=Path)
    command.add_argument("--proof", type=Path, help="the log's proof; <file>.proof.json if it lies there")
    command.add_argument("--filed", type=Path, nargs="*", default=[], help="files to compare with the receipt")
    command.set_defaults(run=letter_command)
    command = commands.add_parser("folder", help="every letter in a folder")
    command.add_argument("folder", type=Path)
    command.add_argument("--report", type=Path, default=Path("build/verify.json"))
    command.set_defaults(run=folder_command)
    command = commands.add_parser("paper", help="the text of a printed letter's QR code")
    command.add_argument("text")
    command.set_defaults(run=paper_command)
    command = commands.add_parser("monitor", help="the whole log")
    command.add_argument("place", help="address or folder with `checkpoint` and `tile/`")
    command.add_argument("--state", type=Path, help="the head seen last, kept from visit to visit")
    command.add_argument("--seen", type=Path, nargs="*", default=[], help="heads that others saw")
    command.set_defaults(run=monitor_command)
    asked = parser.parse_args(arguments)
    try:
        trust = Trust.from_json(asked.trust.read_bytes())
        status: int = asked.run(asked, trust)
    except (OSError, BadTrust, ValueError) as error:
        print(f"it could not be looked at: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    raise SystemExit(main())
