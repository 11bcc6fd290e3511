"""An upload's address takes exactly the announced file and nothing else (security.md 6, rows 42 and 43)."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.attachments.screening.eicar import EicarOnly
from chalicelib.attachments.screening.service import Screening
from infra.local import samples
from infra.local.filer import Filer
from tests.faults.pump import Pump
from tests.faults.world import World
from tests.integration.people import filer
from tests.integration.storage import Storage

BODY = b"\x89PNG\r\n\x1a\n" + b"a bowl" * 20
SAID = {
    "document": "design-views", "name": "bowl.png", "media_type": "image/png", "size": len(BODY),
    "sha256": hashlib.sha256(BODY).hexdigest(),
}  # fmt: skip

Fields = dict[str, str]


def reserved(world: World, who: Filer | None = None, **said: Any) -> tuple[str, str, Fields]:
    """A draft, and address and fields for one file of it."""
    who = who or filer(world)
    filing = who.begin(samples.design_form())
    announced = {name: value for name, value in {**SAID, **said}.items() if value is not None}
    answer = who.call("POST", f"/v1/filings/{filing}/attachments", announced, Idempotency_Key=who.keys()).json
    assert answer["upload"]["method"] == "POST"
    return filing, answer["upload"]["url"], answer["upload"]["fields"]


def state(world: World, filing: str) -> tuple[str, str | None]:
    (file,) = filer(world).view(filing)["attachments"]
    return file["state"], file.get("reason")


def test_the_announced_file_is_taken_and_then_confirmed(world: World) -> None:
    filing, url, fields = reserved(world)
    assert Storage(world.clients)(url, fields, BODY).status == 201
    assert state(world, filing) == ("reserved", None)
    Pump(world).drain()
    assert state(world, filing) == ("stored", None)


def test_the_object_is_tagged_as_a_draft_so_that_it_expires_if_nobody_files_it(world: World) -> None:
    _, url, fields = reserved(world)
    Storage(world.clients)(url, fields, BODY)
    tags = world.clients.s3.get_object_tagging(Bucket=world.environment["TRA_QUARANTINE_BUCKET"], Key=fields["key"])
    assert tags["TagSet"] == [{"Key": "state", "Value": "draft"}]


def changed(**fields: str) -> Callable[[Fields], Mapping[str, str]]:
    return lambda given: {**given, **fields}


def other_filing(given: Fields) -> Mapping[str, str]:
    top, _, rest = given["key"].split("/", 2)
    return {**given, "key": f"{top}/01JDT0000000000000000000AA/{rest}"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed(key="uploads/mine"), "Policy Condition failed: key"),
        (changed(key="filings/x/letters/acknowledgement.b-b.pdf"), "Policy Condition failed: key"),
        (other_filing, "Policy Condition failed: key"),
        (changed(tagging="<Tagging><TagSet/></Tagging>"), "Policy Condition failed: tagging"),
        (changed(acl="public-read"), "Extra input fields: ['acl']"),
        (changed(**{"x-amz-meta-a": "b"}), "Extra input fields: ['x-amz-meta-a']"),
        (changed(**{"x-amz-website-redirect-location": "https://evil"}), "Extra input fields"),
        (changed(**{"Content-Type": "text/html"}), "Policy Condition failed: Content-Type"),
        (changed(success_action_redirect="https://evil"), "Extra input fields"),
        (changed(**{"x-amz-checksum-sha256": base64.b64encode(b"0" * 32).decode()}), "Policy Condition failed"),
        (
            changed(policy=base64.b64encode(b'{"expiration":"2999-01-01T00:00:00Z","conditions":[]}').decode()),
            "Signature",
        ),
        (changed(**{"x-amz-signature": "0" * 64}), "SignatureDoesNotMatch"),
        (changed(**{"x-amz-credential": "AKIA/20261125/eu-west-1/s3/aws4_request"}), "403"),
    ],
)
def test_a_changed_or_added_field_is_refused(
    world: World, change: Callable[[Fields], Mapping[str, str]], reason: str
) -> None:
    _, url, fields = reserved(world)
    answer = Storage(world.clients)(url, change(fields), BODY)
    assert (answer.status, reason in f"{answer.status} {answer.body.decode()}") == (403, True), answer.body


@pytest.mark.parametrize(
    "missing", ["key", "Content-Type", "tagging", "x-amz-checksum-sha256", "x-amz-checksum-algorithm"]
)
def test_a_field_left_out_is_refused(world: World, missing: str) -> None:
    _, url, fields = reserved(world)
    left = {name: value for name, value in fields.items() if name != missing}
    assert Storage(world.clients)(url, left, BODY).status == 403


@pytest.mark.parametrize(
    ("body", "reason"), [(BODY + b"x", "EntityTooLarge"), (BODY[:-1], "EntityTooSmall"), (b"", "EntityTooSmall")]
)
def test_another_size_is_refused(world: World, body: bytes, reason: str) -> None:
    _, url, fields = reserved(world)
    answer = Storage(world.clients)(url, fields, body)
    assert (answer.status, answer.body.decode()) == (403, reason)


def test_other_bytes_than_the_announced_digest_are_refused_at_the_door(world: World) -> None:
    _, url, fields = reserved(world)
    assert Storage(world.clients)(url, fields, BODY[:-1] + b"x").body == b"BadDigest"


def test_other_bytes_without_an_announced_digest_are_found_by_their_content(world: World) -> None:
    world.screen = Screening(office=world.office, scanner=EicarOnly())
    world.cold()
    page = b"<html>" + b" " * (len(BODY) - 6)
    filing, url, fields = reserved(world, sha256=None)
    assert Storage(world.clients)(url, fields, page).status == 201
    Pump(world).drain()
    assert state(world, filing) == ("refused", "upload.type-differs")


def test_the_address_of_one_file_does_not_serve_for_another(world: World) -> None:
    who = filer(world)
    _, url, fields = reserved(world, who)
    _, _, others = reserved(world, who)
    assert Storage(world.clients)(url, {**fields, "key": others["key"]}, BODY).status == 403


def test_an_address_lives_a_quarter_of_an_hour(world: World) -> None:
    _, url, fields = reserved(world)
    now = datetime.now(UTC)
    policy = json.loads(base64.b64decode(fields["policy"]))
    ends = datetime.strptime(policy["expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert ends - now <= timedelta(minutes=15)
    late = Storage(world.clients, now=ends + timedelta(seconds=1))
    assert b"expired" in late(url, fields, BODY).body


def test_a_repeat_of_the_announcement_gives_an_address_for_the_same_attachment(world: World) -> None:
    who = filer(world)
    filing = who.begin(samples.design_form())
    path = f"/v1/filings/{filing}/attachments"
    first, again = (who.call("POST", path, SAID, Idempotency_Key="file-0001").json for _ in range(2))
    assert first["id"] == again["id"]
    assert first["upload"]["fields"]["key"] == again["upload"]["fields"]["key"]
    assert Storage(world.clients)(again["upload"]["url"], again["upload"]["fields"], BODY).status == 201
    assert len(who.view(filing)["attachments"]) == 1


def test_what_is_sent_again_after_confirmation_is_not_what_is_filed(world: World) -> None:
    who = filer(world)
    filing, url, fields = reserved(world, who, sha256=None)
    send = Storage(world.clients)
    assert send(url, fields, BODY).status == 201
    Pump(world).drain()
    assert send(url, fields, b"\x89PNG\r\n\x1a\n" + b"A BOWL" * 20).status == 201
    Pump(world).drain()
    (file,) = who.view(filing)["attachments"]
    assert file["sha256"] == SAID["sha256"]


def test_the_test_message_of_s3_passes_quietly(world: World) -> None:
    world.clients.sqs.send_message(
        QueueUrl=world.queues["uploads"], MessageBody='{"Service":"Amazon S3","Event":"s3:TestEvent"}'
    )
    pump = Pump(world)
    pump.drain()
    assert pump.failures == [] and list(pump.dead()) == []


@pytest.mark.parametrize(
    "name", ["../../x", "C:\\con.pdf", "a\u0000\n.png", "\u202egnp.exe", "x" * 900, "-rf", "ចានបាយ.png"]
)
def test_a_strange_file_name_is_a_label_and_nothing_more(world: World, name: str) -> None:
    filing, _, fields = reserved(world, name=name)
    (file,) = filer(world).view(filing)["attachments"]
    assert not set(file["name"]) & set("/\\\x00\n\u202e") and len(file["name"]) <= 200
    assert file["name"] not in fields["key"]
