"""An upload in parts, killed before and after every AWS call and begun again: one file, one object, nothing under way.

Killed is the service's function; the filer's software asks again, as it does. The filer's own end is killed in
`tests/integration/attachments/test_resumed_upload.py`.
"""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict
from chalicelib.register.idempotency import Repeat
from tests.faults import figures
from tests.faults.crash import crash_points
from tests.faults.ground import objects, uploads_in_parts
from tests.faults.interleave import Run, interleavings
from tests.faults.invariants import check
from tests.faults.journey import form, pdf, wanted
from tests.faults.pump import Pump
from tests.faults.stores import Stores
from tests.faults.world import Moment, World, world
from tests.integration.part_storage import PartStorage

FILE = pdf("a long one")  # one part: every call that there is is made, and nothing is slow
SHA256 = hashlib.sha256(FILE).hexdigest()
ASKED = {"parts": [{"number": 1, "sha256": SHA256}]}
SAID = {
    "document": "power-of-attorney", "name": "long.pdf", "media_type": "application/pdf", "size": len(FILE),
    "sha256": SHA256, "parts": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def office() -> Iterator[World]:
    """The office, made once."""
    with world() as made:
        yield made


@pytest.fixture
def fresh(office: World) -> Callable[[], World]:
    """Back to the first moment, with a draft begun."""
    office.go_back(office.first)
    reply = office.request("POST", "/v1/filings", form(), headers={"Idempotency-Key": "parts-begin"})
    filing = wanted(reply, 201).json["id"]
    office.memory.journey["filing"] = filing
    return again(office, office.remember())


def again(office: World, moment: Moment) -> Callable[[], World]:
    def back() -> World:
        office.go_back(moment)
        return office

    return back


def announce(office: World) -> dict[str, Any]:
    path = f"/v1/filings/{office.memory.journey['filing']}/attachments"
    found: dict[str, Any] = wanted(
        office.request("POST", path, SAID, headers={"Idempotency-Key": "parts-file"}), 201
    ).json
    return found


def put(office: World, path: str) -> None:
    """Ask for an address, and send."""
    (address,) = wanted(office.request("POST", path, ASKED), 200).json["parts"]
    sent = PartStorage(office.clients)(address["url"], address["headers"], FILE)
    assert sent.status == 200, sent.body


def send(office: World) -> None:
    """What the filer's software does, from the beginning: it asks what is there, sends the rest, and completes."""
    upload = announce(office)["upload"]
    if upload is None:
        return
    listing = wanted(office.request("GET", upload["parts"]), 200).json
    if listing["state"] == "open" and not listing["parts"]:
        put(office, upload["parts"])
    wanted(office.request("POST", upload["completion"], {}), 200)


def take_back(office: World) -> None:
    """Begin, send a part, think better of it."""
    announced = announce(office)
    path = f"/v1/filings/{office.memory.journey['filing']}/attachments/{announced['id']}"
    if announced["upload"] is not None:
        put(office, f"{path}/parts")
    wanted(office.request("DELETE", path), 200)


def settle(office: World) -> None:
    Pump(office).drain()


def types(office: World) -> list[str]:
    """The types of the filing's entries."""
    streams = Stores(office).streams
    return [entry["type"] for pk, rows in streams.items() if pk.startswith("FILING#") for entry in rows]


def one_file(office: World) -> None:
    check(office, final=True, private=("long.pdf",))
    stores = Stores(office)
    assert types(office) == ["AttachmentReserved", "AttachmentStored"]
    (versions,) = stores.quarantine.values()
    assert [hashlib.sha256(body).hexdigest() for body in versions.values()] == [SAID["sha256"]]
    bucket = office.environment["TRA_QUARANTINE_BUCKET"]
    assert uploads_in_parts(bucket) == []
    (key,) = objects(bucket)
    tags = office.clients.s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    assert tags == [{"Key": "state", "Value": "draft"}]


def nothing(office: World) -> None:
    check(office, final=True)
    stores = Stores(office)
    assert types(office) == ["AttachmentReserved", "AttachmentRemoved"]
    assert stores.quarantine == {}
    assert uploads_in_parts(office.environment["TRA_QUARANTINE_BUCKET"]) == []


@pytest.mark.timeout(600)
def test_killed_at_any_call_and_begun_again_it_is_one_file(fresh: Callable[[], World]) -> None:
    tried = crash_points(world=fresh, act=send, settle=settle, check=one_file)
    figures.count("upload", "crash_points", tried.tried)
    figures.count("upload", "broken", len(tried.broken))
    assert {"s3.CreateMultipartUpload", "s3.ListParts", "s3.CompleteMultipartUpload"} <= set(tried.calls)
    assert not tried.broken, "\n".join(map(str, tried.broken))


@pytest.mark.timeout(600)
def test_killed_while_it_is_taken_back_nothing_stays_under_way(fresh: Callable[[], World]) -> None:
    def act(office: World) -> None:
        path = f"/v1/filings/{office.memory.journey['filing']}"
        files = wanted(office.request("GET", f"{path}/attachments"), 200).json["attachments"]
        if [file for file in files if file["state"] == "removed"]:  # killed after it stood: ask for the same once more
            wanted(office.request("DELETE", f"{path}/attachments/{files[0]['id']}"), 200)
        else:
            take_back(office)

    tried = crash_points(world=fresh, act=act, settle=settle, check=nothing)
    figures.count("upload", "crash_points", tried.tried)
    figures.count("upload", "broken", len(tried.broken))
    assert {"s3.AbortMultipartUpload"} <= set(tried.calls)
    assert not tried.broken, "\n".join(map(str, tried.broken))


def owner(office: World) -> str:
    return str(Stores(office).heads[f"FILING#{office.memory.journey['filing']}"]["owner"])


def judged(tried: int, broken: tuple[tuple[Run, str], ...]) -> None:
    figures.count("upload", "interleavings", tried)
    figures.count("upload", "broken_interleavings", len(broken))
    assert not broken, "\n\n".join(f"{why}\n{run}" for run, why in broken[:3])


def test_two_devices_that_begin_the_same_file_at_once_share_one_upload(fresh: Callable[[], World]) -> None:
    def devices(office: World) -> list[Callable[[], None]]:
        account, filing = owner(office), office.memory.journey["filing"]

        def begin(key: str) -> None:
            repeat = Repeat(account, key, Digest.of(key.encode()))
            upload = office.rooms.uploads.reserve(account, filing, SAID, repeat)
            assert upload.in_parts and upload.in_parts.upload

        return [partial(begin, key) for key in ("device-one", "device-two", "device-two")]

    def check_one(office: World, run: Run) -> None:
        assert not run.failed
        check(office)
        assert len(uploads_in_parts(office.environment["TRA_QUARANTINE_BUCKET"])) == 1
        assert types(office) == ["AttachmentReserved"]

    played = interleavings(range(16), world=fresh, actors=devices, check=check_one)
    judged(played.tried, played.broken)


def test_whoever_asks_for_addresses_while_the_file_is_taken_back_leaves_nothing_under_way(
    fresh: Callable[[], World],
) -> None:
    def actors(office: World) -> list[Callable[[], None]]:
        account, filing = owner(office), office.memory.journey["filing"]
        identifier = announce(office)["id"]
        (key,) = uploads_in_parts(office.environment["TRA_QUARANTINE_BUCKET"])
        office.rooms.part_uploads.store.abandon(key)  # as the lifecycle did, so that asking begins another
        office.rooms.uploads.parts  # noqa: B018 - rooms are made before the actors run
        return [
            lambda: (office.rooms.part_uploads.addresses(account, filing, identifier, ASKED), None)[1],
            partial(office.rooms.uploads.remove, account, filing, identifier),
        ]

    def check_none(office: World, run: Run) -> None:
        assert all(isinstance(error, Conflict) for error in run.failed.values()), run.failed
        check(office, final=False)
        assert uploads_in_parts(office.environment["TRA_QUARANTINE_BUCKET"]) == []

    played = interleavings(range(16), world=fresh, actors=actors, check=check_none)
    judged(played.tried, played.broken)
