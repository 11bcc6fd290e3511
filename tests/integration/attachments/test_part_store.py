"""What every store of parts must do: one class of tests, run on the fake, on moto and on the emulator."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from chalicelib.attachments.items import PART_SIZE
from chalicelib.attachments.multipart import Part, PartStore
from chalicelib.attachments.s3 import S3Parts
from chalicelib.kernel.digest import Digest
from infra.local.clients import REGION, Clients, clients
from infra.local.emulator import Emulator
from tests.fakes import InMemoryBucket, InMemoryParts
from tests.faults.ground import moto
from tests.integration.part_storage import PartStorage

BUCKET, KEY = "tra-quarantine", "uploads/filing/attachment/" + "0" * 32
FIRST, LAST = b"a" * PART_SIZE, b"the rest"


@dataclass(frozen=True)
class Place:
    """A store, how a browser sends to it, and its bytes."""

    store: PartStore
    send: Callable[[str, int, bytes], int]  # upload, number, bytes → status
    read: Callable[[], bytes]
    under_way: Callable[[], int]
    put: Callable[[str, dict[str, str], bytes], int] | None = None  # an address as it came, headers, bytes → status
    tags: Callable[[], dict[str, str]] | None = None


@cache
def made(url: str | None = None) -> Clients:
    return clients(url)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    running = Emulator().start()
    yield running
    running.stop()


FAKE, MOTO, MINISTACK = "fake", "moto", pytest.param("ministack", marks=pytest.mark.ministack)


@pytest.fixture(params=[FAKE, MOTO, MINISTACK])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "fake":
        store = InMemoryParts(InMemoryBucket("quarantine"))
        yield Place(
            store,
            lambda upload, number, body: 200 if store.send(_address(store, upload, number, body), body) else 403,
            lambda: store.bucket.read(KEY),
            lambda: len(store.under_way),
        )
    elif request.param == "moto":
        with moto():
            yield on_s3(made(), tags=True)
    else:
        emulator: Emulator = request.getfixturevalue("emulator")
        emulator.reset()
        yield on_s3(made(emulator.url), tags=False)  # the emulator forgets the tags of an upload in parts


def on_s3(own: Any, *, tags: bool) -> Place:
    own.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    own.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    store, storage = S3Parts(name=BUCKET, client=own.s3), PartStorage(own)

    def send(upload: str, number: int, body: bytes) -> int:
        headers = {"x-amz-checksum-sha256": Digest.of(body).base64}
        return storage(_address(store, upload, number, body), headers, body).status

    def labels() -> dict[str, str]:
        found = own.s3.get_object_tagging(Bucket=BUCKET, Key=KEY)["TagSet"]
        return {one["Key"]: one["Value"] for one in found}

    return Place(
        store,
        send,
        lambda: store.read(KEY),
        lambda: len(own.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])),
        lambda url, headers, body: storage(url, headers, body).status,
        labels if tags else None,
    )


def _address(store: PartStore, upload: str, number: int, body: bytes) -> str:
    return store.part_address(KEY, upload, number, size=len(body), sha256=Digest.of(body), seconds=60)


def begun(place: Place) -> str:
    return place.store.begin(KEY, media_type="application/pdf", tags="state=draft")


def listed(place: Place, upload: str, *, after: int = 0, limit: int = 1000) -> list[tuple[int, int]] | None:
    found = place.store.parts(KEY, upload, after=after, limit=limit)
    return None if found is None else [(part.number, part.size) for part in found]


def said(place: Place, upload: str) -> list[Part]:
    """The parts with their digests, as the use case completes them where storage does not tell."""
    found = place.store.parts(KEY, upload, after=0, limit=1000) or ()
    known = {1: Digest.of(FIRST), 2: Digest.of(LAST)}
    return [Part(part.number, part.size, part.etag, part.sha256 or known[part.number]) for part in found]


class TestPartStore:
    def test_parts_sent_in_any_order_become_the_file_under_the_draft_tag(self, place: Place) -> None:
        upload = begun(place)
        assert place.send(upload, 2, LAST) == 200
        assert place.send(upload, 1, FIRST) == 200
        assert listed(place, upload) == [(1, len(FIRST)), (2, len(LAST))]
        assert place.store.head(KEY) is None
        place.store.complete(KEY, upload, said(place, upload))
        there = place.store.head(KEY)
        assert there is not None and there[1] == len(FIRST + LAST)
        assert hashlib.sha256(place.read()).digest() == hashlib.sha256(FIRST + LAST).digest()
        assert place.under_way() == 0
        if place.tags:
            assert place.tags() == {"state": "draft"}

    def test_the_upload_of_a_key_is_begun_once(self, place: Place) -> None:
        assert begun(place) == begun(place)
        assert place.under_way() == 1

    def test_the_list_comes_in_pages(self, place: Place) -> None:
        upload = begun(place)
        for number in (1, 2, 4):
            place.send(upload, number, b"%d" % number)
        assert listed(place, upload, limit=2) == [(1, 1), (2, 1)]
        assert listed(place, upload, after=2, limit=2) == [(4, 1)]
        assert listed(place, upload, after=4, limit=2) == []

    def test_a_part_may_be_sent_again(self, place: Place) -> None:
        upload = begun(place)
        place.send(upload, 1, LAST)
        place.send(upload, 1, LAST)
        assert listed(place, upload) == [(1, len(LAST))]

    def test_given_up_it_is_gone_and_giving_up_again_does_no_harm(self, place: Place) -> None:
        upload = begun(place)
        place.send(upload, 1, LAST)
        place.store.abandon(KEY)
        place.store.abandon(KEY)
        place.store.abandon(KEY, upload)
        assert listed(place, upload) is None
        assert place.under_way() == 0

    def test_giving_up_one_upload_leaves_that_of_another_key(self, place: Place) -> None:
        upload = begun(place)
        place.store.begin(KEY + "0", media_type="application/pdf", tags="state=draft")
        place.store.abandon(KEY)
        assert listed(place, upload) is None
        assert place.under_way() == 1

    @pytest.mark.parametrize("place", [FAKE, MINISTACK], indirect=True)  # moto 5.2.5 falls over where AWS answers 404
    def test_completing_what_is_gone_changes_nothing(self, place: Place) -> None:
        upload = begun(place)
        place.send(upload, 1, LAST)
        parts = said(place, upload)
        place.store.abandon(KEY)
        place.store.complete(KEY, upload, parts)
        assert place.store.head(KEY) is None

    def test_completing_twice_makes_one_version(self, place: Place) -> None:
        upload = begun(place)
        place.send(upload, 1, LAST)
        parts = [Part(1, len(LAST), one.etag, Digest.of(LAST)) for one in said(place, upload)]
        place.store.complete(KEY, upload, parts)
        first = place.store.head(KEY)
        place.store.complete(KEY, upload, parts)
        assert place.store.head(KEY) == first

    def test_a_key_that_is_taken_is_never_replaced_and_nothing_stays_under_way(self, place: Place) -> None:
        upload = begun(place)
        place.send(upload, 1, LAST)
        parts = [Part(1, len(LAST), one.etag, Digest.of(LAST)) for one in said(place, upload)]
        place.store.complete(KEY, upload, parts)
        first, second = place.store.head(KEY), begun(place)
        place.send(second, 1, b"another")
        other = [Part(1, 7, one.etag, Digest.of(b"another")) for one in said(place, second)]
        place.store.complete(KEY, second, other)
        assert place.store.head(KEY) == first
        assert place.read() == LAST
        assert place.under_way() == 0

    @pytest.mark.parametrize("place", [MOTO, MINISTACK], indirect=True)  # the fake's sender cannot lie
    def test_other_bytes_than_the_address_says_are_refused(self, place: Place) -> None:
        assert place.put is not None
        upload = begun(place)
        address = _address(place.store, upload, 1, b"right")
        right = {"x-amz-checksum-sha256": Digest.of(b"right").base64}
        assert place.put(address, right, b"wrong") == 400  # same length
        assert place.put(address, right, b"longer than said") == 403
        assert place.put(address, {"x-amz-checksum-sha256": Digest.of(b"wrong").base64}, b"wrong") == 403
        assert place.put(address, {}, b"right") == 403
        assert place.put(address.replace("partNumber=1", "partNumber=2"), right, b"right") == 403
        assert place.put(address.replace(upload, "another"), right, b"right") == 403
        assert listed(place, upload) == []
