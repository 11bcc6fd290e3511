"""A file that no scanner has looked at: held, filed, cleared or refused, killed at every AWS call and repeated."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest

from chalicelib.attachments.model import Verdict
from chalicelib.contracts.attachment import Attachment
from chalicelib.kernel.errors import Unavailable
from chalicelib.register.model import filing
from tests.factories import sight_and_hand
from tests.faults import figures
from tests.faults.crash import crash_points
from tests.faults.invariants import check
from tests.faults.journey import PRIVATE, begin, edit, reserve, send, submit
from tests.faults.pump import Pump
from tests.faults.stores import Stores
from tests.faults.world import Moment, World, world


@dataclass(frozen=True)
class Eyes:
    """A `Screen` whose scanner is `down`, or finds malware."""

    down: bool = False
    malware: bool = False

    def __call__(self, chunks: Iterator[bytes], announced: Attachment) -> Verdict:
        """See `attachments.service.Screen`."""
        seen = sight_and_hand(chunks, announced)
        if self.down and announced.state == "held":
            raise Unavailable("no scanner")
        if self.down and seen.accepted:
            return Verdict(replace(seen.accepted, scanned=False))
        return Verdict(reason="file.malware") if self.malware else seen


@pytest.fixture(scope="module")
def office() -> Iterator[World]:
    """The office, made once."""
    with world() as made:
        yield made


def arrived(office: World) -> Moment:
    """A draft whose picture lies in quarantine; nobody has looked at it."""
    office.go_back(office.first)
    for step in (begin, reserve(0), send(0)):
        step(office)
    return office.remember()


def filed(office: World) -> Moment:
    """The same, held and submitted; nothing has followed from it yet."""
    office.go_back(arrived(office))
    look(Eyes(down=True))(office)
    edit(office)
    submit(office)
    return office.remember()


def look(eyes: Eyes) -> Callable[[World], None]:
    """The notice of the picture comes, once."""

    def act(office: World) -> None:
        office.screen = eyes
        office.cold()
        with suppress(Unavailable):
            office.rooms.confirm_upload(office.memory.journey["key 0"], None)

    return act


def custody(office: World) -> None:
    """Custody is rung."""
    office.rooms.take_custody(filing(office.memory.journey["filing"]))


def at(office: World, moment: Moment) -> Callable[[], World]:
    def back() -> World:
        office.go_back(moment)
        return office

    return back


def tags(office: World) -> dict[str, str]:
    """Of the picture as it lies in quarantine."""
    bucket, key = office.environment["TRA_QUARANTINE_BUCKET"], office.memory.journey["key 0"]
    there = office.clients.s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return {one["Key"]: one["Value"] for one in there}


def entries(*wanted: str) -> Callable[[World], None]:
    """The world is sound, and the filing's entries are these; that of the public log aside, which comes when it comes."""

    def judge(office: World) -> None:
        check(office, private=PRIVATE)
        pk = f"FILING#{office.memory.journey['filing']}"
        types = [entry["type"] for entry in Stores(office).streams[pk] if entry["type"] != "ReceiptLogged"]
        assert types == ["AttachmentReserved", *wanted]

    return judge


def tried(
    start: Callable[[], World], act: Callable[[World], None], settle: Callable[[World], None], judge: Callable[[World], None]
) -> set[str]:
    """Every crash point; the calls that were made."""
    found = crash_points(world=start, act=act, settle=settle, check=judge)
    figures.count("upload", "crash_points", found.tried)
    figures.count("upload", "broken", len(found.broken))
    assert not found.broken, "\n".join(map(str, found.broken))
    return set(found.calls)


def nothing_more(office: World) -> None:
    """What was done is all that is wanted."""


@pytest.mark.timeout(900)
def test_killed_while_it_is_held_it_is_held_once(office: World) -> None:
    tried(at(office, arrived(office)), look(Eyes(down=True)), nothing_more, entries("AttachmentHeld"))


@pytest.mark.timeout(900)
def test_killed_while_custody_keeps_it_from_expiring_it_is_kept_and_not_secured(office: World) -> None:
    def judge(office: World) -> None:
        entries("AttachmentHeld", "FilingSubmitted")(office)
        assert tags(office) == {"state": "held"}

    assert "s3.PutObjectTagging" in tried(at(office, filed(office)), custody, nothing_more, judge)


@pytest.mark.timeout(900)
def test_killed_while_it_is_cleared_after_submission_it_is_secured_in_the_end(office: World) -> None:
    judge = entries("AttachmentHeld", "FilingSubmitted", "AttachmentCleared", "AttachmentSecured")
    tried(at(office, filed(office)), look(Eyes()), custody, judge)


@pytest.mark.timeout(900)
def test_killed_while_it_is_refused_after_submission_the_filing_stands_without_it(office: World) -> None:
    judge = entries("AttachmentHeld", "FilingSubmitted", "AttachmentRefused")
    tried(at(office, filed(office)), look(Eyes(malware=True)), custody, judge)


def test_the_queue_brings_it_again_and_what_follows_follows(office: World) -> None:
    office.go_back(filed(office))
    office.screen = Eyes()
    office.cold()
    Pump(office).quiet(sweeps=2)
    entries("AttachmentHeld", "FilingSubmitted", "AttachmentCleared", "AttachmentSecured")(office)
