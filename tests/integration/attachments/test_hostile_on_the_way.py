"""Hostile files on their whole way: announced, sent to storage, looked at by the real screening, told to the filer.

Numbers: rows of the security reference, section 6. Nothing fails on the way: a refusal is an entry and a text in each language.
"""

import hashlib
from dataclasses import dataclass, field

import pytest

from chalicelib.attachments.screening.eicar import EicarOnly
from chalicelib.attachments.screening.scanner import Sample, Scan, Scanner, Unsure
from chalicelib.attachments.screening.service import Screening
from infra.local import samples
from infra.local.filer import File, Refusal
from tests.faults.pump import Pump
from tests.faults.world import World
from tests.files import page, png
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


def test_25_without_a_verdict_the_file_waits_in_quarantine_and_is_taken_when_the_scanner_is_back(world: World) -> None:
    scanner = Down()
    looking(world, scanner)
    filing = sent(world, page())
    pump = Pump(world)
    while len(scanner.asked) < 8:
        waiting = pump.next()
        while waiting is not None and waiting.function != "receive_upload":
            pump.run(waiting)
            waiting = pump.next()
        assert waiting is not None
        pump.run(waiting)
    (file,) = filer(world).view(filing)["attachments"]
    assert file["state"] == "reserved"
    assert len(set(scanner.asked)) == 1
    assert list(pump.dead()) == []
    with pytest.raises(Refusal):
        filer(world).submit(filing)
    scanner.mended = True
    pump.quiet()
    (file,) = filer(world).view(filing)["attachments"]
    assert (file["state"], file["sha256"]) == ("stored", hashlib.sha256(page()).hexdigest())


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
