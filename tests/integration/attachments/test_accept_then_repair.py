"""A file outside the rules that can be read keeps the filer's date: kept as sent, its defect said with what to do and by when.

What we make of it (pictures of its pages, a copy within the rules) stands beside it, names its tool, and never replaces it.
"""

import hashlib
import io
import json
from datetime import date

import pytest
from PIL import Image

from chalicelib.attachments.screening.eicar import EicarOnly
from chalicelib.attachments.screening.service import Screening
from infra.local import samples
from infra.local.filer import File, Refusal
from tests.faults.pump import Pump
from tests.faults.world import World
from tests.files import page, png
from tests.integration.people import filer, quiet

LARGE = png(4000, 2000)


@pytest.fixture
def looking(world: World) -> World:
    world.screen = Screening(office=world.office, scanner=EicarOnly())
    world.cold()
    return world


def design_with(world: World, body: bytes) -> tuple[str, str]:
    """Anna's design with one picture, looked at: filing and attachment."""
    anna = filer(world)
    filing = anna.begin(samples.design_form())
    attachment = anna.attach(filing, File("design-views", "bowl.png", "image/png", body))
    Pump(world).drain()
    anna.edit(filing, samples.design_form((attachment,)), 1)
    return filing, attachment


def records(world: World, filing: str) -> dict[str, bytes]:
    s3, bucket = world.clients.s3, world.environment["TRA_RECORDS_BUCKET"]
    there = s3.list_objects_v2(Bucket=bucket, Prefix=f"filings/{filing}/")["Contents"]
    return {one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in there}


def test_a_picture_that_is_too_large_is_filed_as_it_is_with_a_defect_and_a_smaller_copy_beside_it(
    looking: World,
) -> None:
    filing, _ = design_with(looking, LARGE)
    (file,) = filer(looking).view(filing)["attachments"]
    (found,) = file["findings"]
    assert (found["code"], found["severity"], found["days"]) == ("image.too-large", "defect", 59)
    assert set(found["message"]) == set(found["action"]) == {"km", "en"}

    filer(looking).submit(filing)
    quiet(looking)

    there = records(looking, filing)
    assert there[f"filings/{filing}/files/{hashlib.sha256(LARGE).hexdigest()}"] == LARGE
    (copy,) = [body for key, body in there.items() if "/derived/" in key]
    with Image.open(io.BytesIO(copy)) as picture:
        assert picture.size == (3780, 1890)
    (receipt,) = [json.loads(body) for key, body in there.items() if "/receipt/" in key and key.endswith(".json")]
    (defect,) = [one for one in receipt["findings"] if one["code"] == "image.too-large"]
    assert date.fromisoformat(defect["due"]) > looking.clock().date()
    assert [one["sha256"] for one in receipt["files"]] == [hashlib.sha256(LARGE).hexdigest()]


def test_the_owner_sees_what_was_made_each_with_digest_and_tool_and_nobody_else_does(looking: World) -> None:
    filing, attachment = design_with(looking, LARGE)
    path = f"/v1/filings/{filing}/attachments/{attachment}/derived"
    answer = filer(looking).call("GET", path).json
    assert answer["of"]["sha256"] == hashlib.sha256(LARGE).hexdigest()
    assert [(one["what"], one.get("page"), one["media_type"]) for one in answer["derived"]] == [
        ("page", 1, "image/png"),
        ("smaller-copy", None, "image/png"),
    ]
    bucket = looking.environment["TRA_QUARANTINE_BUCKET"]
    for one in answer["derived"]:
        key = f"derived/{filing}/{attachment}/{one['sha256']}"
        assert key in one["url"] and "X-Amz-Expires=60" in one["url"] and "attachment" in one["url"]
        body = looking.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert (len(body), hashlib.sha256(body).hexdigest()) == (one["size"], one["sha256"])
        assert one["tool"].startswith("pillow-")
        tags = looking.clients.s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        assert tags == [{"Key": "state", "Value": "draft"}]  # what nobody files expires
    with pytest.raises(Refusal) as error:
        filer(looking, "bopha").call("GET", path)
    assert error.value.answer.status == 404


def test_the_picture_of_a_page_shows_what_the_stored_bytes_show(looking: World) -> None:
    anna = filer(looking)
    filing = anna.begin(samples.patent_form())
    attachment = anna.attach(filing, File("other", "p.pdf", "application/pdf", page()))
    Pump(looking).drain()
    (made,) = anna.call("GET", f"/v1/filings/{filing}/attachments/{attachment}/derived").json["derived"]
    body = looking.clients.s3.get_object(
        Bucket=looking.environment["TRA_QUARANTINE_BUCKET"], Key=f"derived/{filing}/{attachment}/{made['sha256']}"
    )["Body"].read()
    with Image.open(io.BytesIO(body)) as picture:
        grey = picture.convert("L")
        assert grey.size == (600, 600)
        assert grey.getpixel((200, 400)) == 0 and grey.getpixel((20, 20)) == 255  # the square, and paper


def test_what_we_made_carries_no_place_and_the_file_keeps_its_own(looking: World) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (11.0, 33.0, 0.0)
    held = io.BytesIO()
    Image.new("RGB", (4000, 3000), "white").save(held, "JPEG", exif=exif, comment=b"made at home")
    anna = filer(looking)
    filing = anna.begin(samples.design_form())
    attachment = anna.attach(filing, File("design-views", "bowl.jpg", "image/jpeg", held.getvalue()))
    Pump(looking).drain()
    (file,) = anna.view(filing)["attachments"]
    assert {one["code"] for one in file["findings"]} == {"image.gps", "image.too-large"}
    made = anna.call("GET", f"/v1/filings/{filing}/attachments/{attachment}/derived").json["derived"]
    assert len(made) == 2
    for one in made:
        body = looking.clients.s3.get_object(
            Bucket=looking.environment["TRA_QUARANTINE_BUCKET"], Key=f"derived/{filing}/{attachment}/{one['sha256']}"
        )["Body"].read()
        with Image.open(io.BytesIO(body)) as picture:
            assert not picture.getexif() and b"made at home" not in body


def test_a_repeat_of_the_notice_makes_nothing_twice(looking: World) -> None:
    design_with(looking, LARGE)
    bucket = looking.environment["TRA_QUARANTINE_BUCKET"]
    before = looking.clients.s3.list_object_versions(Bucket=bucket)["Versions"]
    (upload,) = [one for one in before if one["Key"].startswith("uploads/")]
    looking.rooms.confirm_upload(upload["Key"], upload["VersionId"])
    after = looking.clients.s3.list_object_versions(Bucket=bucket)["Versions"]
    assert len(after) == len(before)
