"""The demo: `make demo`. Two applications go from a form to sealed letters to dossiers at the registry, on this machine.

1. Open the local office (the very template and package that AWS would get, in an emulator).
2. File a complete design and a complete patent application through the public API; the files go straight to storage.
3. Pay each at the bank's simulator, which rings our doorbell; we ask the bank, and settle.
4. Fetch the sealed letters; check each seal, and the digests in it against the files sent.
5. Run the registry's consumer; check that its dossiers hold the very bytes.
6. Print what happened when. Letters and dossiers lie in `build/demo`.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.kernel.clock import parse_stamp
from chalicelib.signing.check import check_sealed
from chalicelib.signing.levels import sealed_bytes
from infra.local import samples
from infra.local.filer import File, Filer, all_stored, http_transport
from infra.local.office import LocalOffice
from infra.local.sam import ROOT

OUT = ROOT / "build" / "demo"


class DemoFailed(RuntimeError):
    """Something did not hold; says what."""


@dataclass(frozen=True)
class Filed:
    """One application that went all the way."""

    title: str
    files: tuple[File, ...]
    view: Mapping[str, Any]
    letter: Path


def file_and_pay(office: LocalOffice, filer: Filer, title: str, form: Any, files: tuple[File, ...]) -> str:
    """File one application and pay for it; its id."""
    filing = filer.begin(form(()) if callable(form) else form)
    sent = tuple(filer.attach(filing, file) for file in files)
    filer.wait(filing, all_stored)
    if callable(form):
        filer.edit(filing, form(sent), version=1)
    receipt = filer.submit(filing)
    say(f"{title}: received as {receipt['application_number']}, {receipt['received_at']}")
    order = filer.order(filing)
    total = order["quote"]["total"]
    say(
        f"{title}: {total['text']} {total['currency']} due{' (demonstration amount)' if order['quote']['demo'] else ''}"
    )
    if not office.bank.pay(order["pay"]["reference"]):
        raise DemoFailed(f"the bank took no payment for {order['pay']['reference']}")
    return filing


def fetch(office: LocalOffice, filer: Filer, title: str, filing: str, files: tuple[File, ...]) -> Filed:
    """Wait for the end of the way, fetch the letter, and check seal and digests."""
    view = filer.wait(filing, lambda seen: seen["status"] == "handed-over")
    letter = filer.acknowledgement(filing)
    sealed = filer.send("GET", letter["url"], {}, b"").body
    path = OUT / f"{letter['number'].replace('/', '-')}.pdf"
    path.write_bytes(sealed)
    if hashlib.sha256(sealed).hexdigest() != letter["sha256"]:
        raise DemoFailed(f"{path.name} is not the letter that was issued")
    report = check_sealed(sealed, office.trust.roots())
    if not report.valid:
        raise DemoFailed(f"{path.name}: {report}")
    listed = {line["sha256"] for line in json.loads(dict(report.attachments)["receipt.json"])["files"]}
    if listed != {hashlib.sha256(file.body).hexdigest() for file in files}:
        raise DemoFailed(f"{path.name} does not list the files that were sent")
    say(f"{title}: letter {letter['number']} sealed and valid ({report.level}), digests are those of the files sent")
    return Filed(title, files, view, path)


def consume(office: LocalOffice) -> None:
    """Run the registry's consumer until its queue is empty, as a program of its own."""
    roots = OUT / "roots.pem"
    roots.write_bytes(office.trust.roots())
    command = [
        sys.executable, "-m", "chalicelib.registry", "consume", "--until-empty", "--wait", "1",
        "--queue-url", office.ground.outputs["RegistryQueueUrl"],
        "--bucket", office.environment["TRA_RECORDS_BUCKET"],
        "--trust", str(roots),
        "--into", str(OUT / "registry"),
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, **office.environment})  # noqa: S603 - our own words


def compare(filed: Filed) -> None:
    """The dossier at the registry holds the very bytes that were sent, and the letter: as issued, so at its first level."""
    dossier = OUT / "registry" / filed.view["number"].replace("/", "-")
    there = {hashlib.sha256(path.read_bytes()).hexdigest() for path in dossier.rglob("*") if path.is_file()}
    wanted = {hashlib.sha256(file.body).hexdigest() for file in filed.files}
    if not wanted <= there:
        raise DemoFailed(f"{dossier} lacks {len(wanted - there)} of {len(wanted)} files")
    issued, newest = (dossier / "data" / "letters" / "acknowledgement.pdf").read_bytes(), filed.letter.read_bytes()
    if sealed_bytes(issued) != sealed_bytes(newest):
        raise DemoFailed(f"{dossier} holds another letter than {filed.letter}")
    say(f"{filed.title}: the registry holds all {len(wanted)} files byte for byte, and the letter")


def timeline(filed: Filed) -> str:
    """The filing's events as an officer reads them, with seconds since the first."""
    events = filed.view["history"]
    began = parse_stamp(events[0]["at"])
    lines = [f"\n{filed.view['number']} ({filed.title}): {filed.view['status']}"]
    for event in events:
        at = parse_stamp(event["at"])
        said = event["description"]["en"]
        lines.append(
            f"  {event['seq']:>3}  {event['at']}  +{(at - began).total_seconds():6.2f} s  {event['by']:<20.20}"
            f"  {said:<48.48}  {event['hash'][:12]}"
        )
    lines.append(f"  the chain of hashes verifies: {filed.view['chain']['verified']}")
    return "\n".join(lines)


def waited(filed: Filed) -> float:
    """Seconds from the verified payment to the letter that can be had."""
    at = {event["type"]: parse_stamp(event["at"]) for event in filed.view["history"]}
    return (at["LetterIssued"] - at["FeePaid"]).total_seconds()


def say(text: str) -> None:
    """One line, at once."""
    print(f"{time.monotonic() - BEGAN:7.2f} s  {text}", flush=True)


BEGAN = time.monotonic()


def main(_: Sequence[str] = ()) -> int:
    """Run the demo; 0 if everything held."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    with LocalOffice() as office:
        say(f"the office is open: {office.api_url}/v1/filings")
        send, upload = http_transport(office.api_url)
        filer = Filer(send, upload, office.token("demo-filer"))
        applications = (
            ("design", samples.design_form, samples.design_files()),
            ("patent", samples.patent_form(), samples.patent_files()),
        )
        begun = [(title, file_and_pay(office, filer, title, form, files), files) for title, form, files in applications]
        filed = [fetch(office, filer, title, filing, files) for title, filing, files in begun]
        consume(office)
        for one in filed:
            compare(one)
        for one in filed:
            print(timeline(one))
        print(f"\nfrom verified payment to the letter: {', '.join(f'{waited(one):.2f} s' for one in filed)}")
        print(f"letters: {', '.join(str(one.letter.relative_to(ROOT)) for one in filed)}")
        print(f"dossiers: {(OUT / 'registry').relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
