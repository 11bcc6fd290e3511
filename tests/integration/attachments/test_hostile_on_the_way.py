"""Hostile files on their whole way: announced, sent to storage, looked at by the real screening, told to the filer.

Numbers: rows of the security reference, section 6. Nothing fails on the way: a refusal is an entry and a text in each language.
"""

import hashlib
import json
from dataclasses import dataclass, field

import pytest

from chalicelib.attachments.screening.eicar import EicarOnly
from chalicelib.attachments.screening.scanner import Sample, Scan, Scanner, Unsure
from chalicelib.attachments.screening.service import Screening
from infra.local import samples
from infra.local.filer import File, Filer
from tests.faults.invariants import check
from tests.faults.pump import SWEEP, Invocation, Pump, scheduled
from tests.faults.world import World
from tests.files import chunk, page, png
from tests.integration.attachments.test_accept_then_repair import records
from tests.integration.attachments.test_hostile_others import EICAR
from tests.integration.people import filer

PDF = "application/pdf"


def looking(world: World, scanner: Scanner | None = None) -> None:
    """From now on the world looks at files for real."""
    world.screen = Screening(office=world.office, scanner=scanner or EicarOnly())
    world.cold()


def sent(world: World, body: bytes, media_type: str = PDF, name: str = "p.pdf") -> str:
    """A draft with one file that has arrived in quarantine, not yet looked at."""
    who = filer(world)
    filing = who.begin(samples.patent_form())
    who.attach(filing, File("other", name, media_type, body))
    return filing


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (EICAR, "file.malware"),
        (b"MZ" + bytes(400), "upload.type-differs"),
        (page(catalog=b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"), "pdf.script"),
        (page() + page(), "file.two-in-one"),
        (page()[:-40], "pdf.damaged"),
    ],
    ids=["24-test-string", "40-program", "script", "joined", "cut"],
)
def test_24_40_a_refused_file_is_told_in_each_language_and_nothing_fails(
    world: World, body: bytes, reason: str
) -> None:
    looking(world)
    filing = sent(world, body)
    pump = Pump(world)
    pump.quiet()
    assert pump.failures == [] and list(pump.dead()) == []
    (file,) = filer(world).view(filing)["attachments"]
    assert (file["state"], file["reason"]) == ("refused", reason)
    for language in ("km", "en"):
        assert file["message"][language] and file["action"][language]
    assert file["message"]["km"] != file["message"]["en"]
    assert filer(world).view(filing)["history"][-1]["type"] == "AttachmentRefused"


@dataclass
class Down:
    """A scanner that is out of order until `mended`."""

    mended: bool = False
    asked: list[str] = field(default_factory=list)

    def scan(self, sample: Sample) -> Scan:
        """See `Scanner.scan`."""
        self.asked.append(sample.version)
        return EicarOnly().scan(sample) if self.mended else Unsure("down")


def work(pump: Pump, scanner: Down) -> None:
    """Until nothing but the scanner is waited for: `uploads` is the last of the queues that is looked at."""
    for round_ in (1, 2):
        before = len(scanner.asked)
        while len(scanner.asked) < before + 3:
            invocation = pump.next()
            assert invocation is not None
            pump.run(invocation)
        if round_ == 1:
            pump.world.clock.advance(SWEEP)
            pump.run(Invocation("ask_due", scheduled()))


def filed_while_down(world: World, scanner: Down, body: bytes = b"") -> tuple[Filer, str]:
    """A design whose picture nobody could scan, submitted and paid all the same: who, and the filing."""
    looking(world, scanner)
    who = filer(world)
    picture = samples.design_files()[0]
    filing = who.begin(samples.design_form())
    attachment = who.attach(filing, File(picture.document, picture.name, picture.media_type, body or picture.body))
    pump = Pump(world)
    work(pump, scanner)
    (file,) = who.view(filing)["attachments"]
    assert (file["state"], len(set(scanner.asked)), list(pump.dead())) == ("held", 1, [])
    assert {one["code"] for one in file["findings"]} >= {"file.not-scanned"}
    who.edit(filing, samples.design_form((attachment,)), 1)
    receipt = who.submit(filing)
    assert receipt["filing_date"]
    assert "file.not-scanned" in {one["code"] for one in json.loads(receipt["receipt"])["findings"]}
    work(pump, scanner)
    order = who.order(filing)
    assert world.bank.pay(order["pay"]["reference"])
    work(pump, scanner)
    assert who.view(filing)["status"] == "acknowledged"
    return who, filing


def test_25_a_file_that_nobody_could_scan_keeps_the_date_is_held_and_handed_on_when_it_is_cleared(world: World) -> None:
    scanner = Down()
    who, filing = filed_while_down(world, scanner)
    bucket = world.environment["TRA_QUARANTINE_BUCKET"]
    (there,) = world.clients.s3.list_object_versions(Bucket=bucket, Prefix="uploads/")["Versions"]
    tags = world.clients.s3.get_object_tagging(Bucket=bucket, Key=there["Key"], VersionId=there["VersionId"])["TagSet"]
    assert tags == [{"Key": "state", "Value": "held"}]
    assert "AttachmentSecured" not in [one["type"] for one in who.view(filing)["history"]]
    check(world)
    scanner.mended = True
    pump = Pump(world)
    pump.quiet(sweeps=2)
    view = who.view(filing)
    assert (view["status"], view["attachments"][0]["state"]) == ("handed-over", "stored")
    check(world, final=True)


def test_25_malware_found_after_submission_costs_the_file_and_not_the_date(world: World) -> None:
    scanner = Down()
    hidden = png(600, 600)[:-12] + chunk(b"tEXt", b"Comment\0" + EICAR) + png()[-12:]
    who, filing = filed_while_down(world, scanner, hidden)
    number = who.view(filing)["number"]
    scanner.mended = True
    Pump(world).quiet(sweeps=2)
    view = who.view(filing)
    (file,) = view["attachments"]
    assert (view["status"], view["number"], file["state"]) == ("handed-over", number, "refused")
    assert number in file["action"]["en"]
    assert hidden not in records(world, filing).values()
    (package,) = (json.loads(body) for key, body in records(world, filing).items() if "/package/" in key)
    assert [one["reason"] for one in package["withheld"]] == ["file.malware"]
    assert [one for one in package["objects"] if one["role"] == "file"] == []
    check(world, final=True)


def test_26_bytes_that_replace_the_object_after_the_look_are_never_filed(world: World) -> None:
    looking(world)
    who = filer(world)
    files = samples.design_files()
    filing = who.begin(samples.design_form())
    attachment = who.attach(filing, files[0])
    Pump(world).drain()
    bucket = world.environment["TRA_QUARANTINE_BUCKET"]
    (there,) = world.clients.s3.list_object_versions(Bucket=bucket, Prefix="uploads/")["Versions"]
    world.clients.s3.put_object(Bucket=bucket, Key=there["Key"], Body=png(shade=1), ContentType="image/png")
    Pump(world).drain()
    who.edit(filing, samples.design_form((attachment,)), 1)
    who.submit(filing)
    Pump(world).quiet()
    records = world.environment["TRA_RECORDS_BUCKET"]
    bodies = [
        world.clients.s3.get_object(Bucket=records, Key=one["Key"])["Body"].read()
        for one in world.clients.s3.list_objects_v2(Bucket=records)["Contents"]
    ]
    assert files[0].body in bodies
    assert png(shade=1) not in bodies


def test_26_bytes_that_replace_the_object_before_the_look_are_never_taken_for_what_was_announced(world: World) -> None:
    looking(world)
    filing = sent(world, page())
    bucket = world.environment["TRA_QUARANTINE_BUCKET"]
    (there,) = world.clients.s3.list_object_versions(Bucket=bucket, Prefix="uploads/")["Versions"]
    world.clients.s3.put_object(Bucket=bucket, Key=there["Key"], Body=EICAR.ljust(len(page())), ContentType=PDF)
    Pump(world).quiet()
    (file,) = filer(world).view(filing)["attachments"]
    if file["state"] == "stored":  # notices come in any order
        assert file["sha256"] == hashlib.sha256(page()).hexdigest()
    else:
        assert file["reason"] in {"file.malware", "upload.digest-differs"}


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.pdf", "\u202efdp.exe", "=cmd|'/c calc'!A1.pdf", "a\r\nSet-Cookie: x.pdf"]
)
def test_79_a_name_is_data_in_the_answer_and_never_a_header_or_markup(world: World, name: str) -> None:
    looking(world)
    who = filer(world)
    filing = sent(world, page(), name=name)
    answer = who.call("GET", f"/v1/filings/{filing}/attachments")
    assert answer.headers["content-type"].startswith("application/json")
    assert not any("set-cookie" in header for header in answer.headers)
    (file,) = answer.json["attachments"]
    assert not set(file["name"]) & set("/\\\r\n\u202e")
