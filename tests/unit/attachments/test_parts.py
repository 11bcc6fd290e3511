"""Files in parts: resumed, never mixed, completed once; over fakes. Parts are 8 MiB, so bodies here are mostly zeros."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from chalicelib.attachments.items import PART_SIZE
from chalicelib.attachments.model import Upload
from chalicelib.attachments.multipart import Address
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict, Invalid, NotFound
from tests.factories import ANNA, BOPHA, Desk, lose

FILE = b"%PDF-1.7\n" + bytes(2 * PART_SIZE) + b"the end"  # three parts
OTHER = FILE.replace(b"the end", b"an  end")


def parts_of(body: bytes) -> list[bytes]:
    return [body[at : at + PART_SIZE] for at in range(0, len(body), PART_SIZE)]


@dataclass
class Sender:
    """Somebody with a file on a bad line."""

    body: bytes = FILE
    desk: Desk = field(default_factory=Desk)
    filing: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        self.filing = self.filing or self.desk.begin()

    def announce(self, account: str = ANNA, **said: object) -> Upload:
        digest = {"sha256": Digest.of(self.body).hex}
        pdf = {"document": "power-of-attorney", "name": "a.pdf", "media_type": "application/pdf"}
        upload = self.desk.reserve(self.filing, self.body, account, **{**pdf, **digest, **said})
        self.id = upload.attachment.id
        return upload

    def ask(self, *numbers: int, body: bytes | None = None, account: str = ANNA) -> tuple[Address, ...]:
        parts = parts_of(body or self.body)
        asked = [{"number": number, "sha256": Digest.of(parts[number - 1]).hex} for number in numbers]
        return self.desk.part_uploads.addresses(account, self.filing, self.id, {"parts": asked})

    def send(self, *numbers: int) -> None:
        for address in self.ask(*numbers):
            assert self.desk.in_parts.send(address.url, parts_of(self.body)[address.number - 1])

    def arrived(self) -> tuple[str, list[int]]:
        listing = self.desk.part_uploads.listing(ANNA, self.filing, self.id)
        return listing.state, [part.number for part, _ in listing.parts]

    def complete(self) -> None:
        self.desk.part_uploads.complete(ANNA, self.filing, self.id)

    def look(self) -> str:
        """Storage rings, and the file is looked at; its state."""
        key = self.desk.stream(self.filing).items["ATTACHMENT#" + self.id].attributes["key"]
        self.desk.confirm_upload(key, None)
        return str(self.desk.stream(self.filing).items["ATTACHMENT#" + self.id].attributes["state"])


def codes(refused: Sequence[object] | BaseException) -> list[tuple[str, str]]:
    assert isinstance(refused, Conflict | Invalid)
    return [(finding.code, finding.pointer) for finding in refused.findings]


def test_a_large_file_goes_in_parts_and_a_small_one_by_form() -> None:
    sender = Sender()
    upload = sender.announce()
    assert upload.in_parts and not upload.url
    assert (upload.in_parts.part_size, upload.in_parts.count(len(FILE))) == (PART_SIZE, 3)
    small = Sender(body=b"%PDF-1.7 small").announce()
    assert small.url and small.in_parts is None


def test_a_small_file_goes_in_parts_if_one_asks() -> None:
    sender = Sender(body=b"%PDF-1.7 small")
    assert sender.announce(parts=True).in_parts
    sender.send(1)
    sender.complete()
    assert sender.look() == "stored"


def test_the_file_is_stored_with_the_digest_of_its_bytes() -> None:
    sender = Sender()
    sender.announce()
    sender.send(1, 2, 3)
    assert sender.arrived() == ("open", [1, 2, 3])
    sender.complete()
    assert sender.arrived() == ("arrived", [])
    assert sender.look() == "stored"
    assert sender.desk.stream(sender.filing).entries[-1].data["sha256"] == Digest.of(FILE).hex
    assert sender.arrived() == ("stored", [])
    assert sender.desk.in_parts.under_way == {}


def test_an_address_is_bound_to_number_size_and_digest() -> None:
    sender = Sender()
    sender.announce()
    first, last = sender.ask(1, 3)
    assert (first.size, last.size) == (PART_SIZE, len(FILE) - 2 * PART_SIZE)
    assert last.headers == {"x-amz-checksum-sha256": Digest.of(parts_of(FILE)[2]).base64}
    assert not sender.desk.in_parts.send(last.url, b"other bytes")


def test_another_device_goes_on_where_the_first_stopped() -> None:
    first = Sender()
    first.announce()
    first.send(1)
    second = Sender(desk=first.desk, filing=first.filing)
    upload = second.announce(name="the same file under another name.pdf")
    assert second.id == first.id and upload.in_parts
    assert second.arrived() == ("open", [1])
    second.send(2, 3)
    second.complete()
    assert second.look() == "stored"
    assert first.desk.types(first.filing) == ["AttachmentReserved", "AttachmentStored"]


def test_what_is_stored_is_not_sent_again() -> None:
    first = Sender()
    first.announce()
    first.send(1, 2, 3)
    first.complete()
    first.look()
    again = Sender(desk=first.desk, filing=first.filing)
    upload = again.announce()
    assert (upload.attachment.id, upload.attachment.state) == (first.id, "stored")
    assert not upload.url and upload.in_parts is None
    assert first.desk.types(first.filing) == ["AttachmentReserved", "AttachmentStored"]


def test_the_same_bytes_under_another_kind_of_document_are_another_file() -> None:
    first = Sender()
    first.announce()
    other = Sender(desk=first.desk, filing=first.filing)
    other.announce(document="other")
    assert other.id != first.id


def test_what_was_taken_back_is_sent_anew() -> None:
    first = Sender()
    first.announce()
    first.desk.uploads.remove(ANNA, first.filing, first.id)
    again = Sender(desk=first.desk, filing=first.filing)
    assert again.announce().attachment.id != first.id


@pytest.mark.parametrize("tells", [True, False], ids=["storage tells digests", "storage does not"])
def test_the_list_says_the_digest_of_each_part_so_that_a_file_can_be_compared(tells: bool) -> None:
    sender = Sender()
    sender.desk.in_parts.tells_digests = tells
    sender.announce()
    sender.send(3)
    ((part, sha256),) = sender.desk.part_uploads.listing(ANNA, sender.filing, sender.id).parts
    assert (part.number, part.size) == (3, len(parts_of(FILE)[2]))
    assert sha256 == Digest.of(parts_of(FILE)[2]).hex
    sender.send(1, 2)
    sender.complete()
    assert sender.look() == "stored"


def test_a_wrong_file_is_known_by_the_part_that_differs() -> None:
    sender = Sender()
    sender.announce()
    sender.send(1, 3)
    sender.ask(1, 2, body=OTHER)  # these are the same in both
    with pytest.raises(Conflict) as refused:
        sender.ask(2, 3, body=OTHER)
    assert codes(refused.value) == [("upload.other-file", "/parts/1/sha256")]
    assert refused.value.findings[0].params == {"number": "3"}


def test_a_file_of_one_part_is_held_to_the_digest_it_was_announced_with() -> None:
    sender = Sender(body=b"%PDF-1.7 small")
    sender.announce(parts=True)
    with pytest.raises(Conflict, match=r"upload.other-file"):
        sender.ask(1, body=b"%PDF-1.7 other")


@pytest.mark.parametrize("numbers", [(4,), (1, 1)], ids=["there is no such part", "twice"])
def test_only_parts_that_there_are_have_addresses(numbers: tuple[int, ...]) -> None:
    sender = Sender()
    sender.announce()
    asked = [{"number": number, "sha256": "0" * 64} for number in numbers]
    with pytest.raises(Invalid, match=r"upload.no-such-part"):
        sender.desk.part_uploads.addresses(ANNA, sender.filing, sender.id, {"parts": asked})


def test_an_upload_is_not_completed_while_parts_are_missing() -> None:
    sender = Sender()
    sender.announce()
    with pytest.raises(Conflict) as none_there:
        sender.complete()
    assert none_there.value.findings[0].params == {"missing": "1, 2, 3"}
    sender.send(2)
    with pytest.raises(Conflict) as refused:
        sender.complete()
    assert refused.value.findings[0].params == {"missing": "1, 3"}
    sender.send(1, 3)
    sender.complete()


def test_many_missing_parts_are_named_shortly() -> None:
    sender = Sender()
    sender.desk.office = sender.desk.office.model_copy(
        update={"documents": tuple(r.model_copy(update={"max_bytes": 10**9}) for r in sender.desk.office.documents)}
    )
    said = {"document": "other", "name": "a", "media_type": "application/pdf", "size": 30 * PART_SIZE}
    sender.id = sender.desk.uploads.reserve(ANNA, sender.filing, said, sender.desk.repeat()).attachment.id
    with pytest.raises(Conflict) as refused:
        sender.complete()
    assert refused.value.findings[0].params["missing"].endswith("19, 20 …")


def test_completing_again_is_done_already_before_and_after_the_look() -> None:
    sender = Sender()
    sender.announce()
    sender.send(1, 2, 3)
    for _ in range(2):
        sender.complete()
    sender.look()
    sender.complete()
    assert len(sender.desk.quarantine.objects) == 1
    assert [len(versions) for versions in sender.desk.quarantine.objects.values()] == [1]


def test_what_storage_gave_up_is_begun_again_and_all_parts_are_sent_again() -> None:
    sender = Sender()
    sender.announce()
    sender.send(1, 2)
    sender.desk.in_parts.under_way.clear()  # the lifecycle, after a day
    assert sender.arrived() == ("expired", [])
    with pytest.raises(Conflict, match=r"upload.expired"):
        sender.complete()
    sender.send(1)
    assert sender.arrived() == ("open", [1])
    with pytest.raises(Conflict, match=r"upload.other-file"):
        sender.ask(3, 2, body=b"x" * len(FILE))  # it is still the same file
    sender.send(2, 3)
    sender.complete()
    assert sender.look() == "stored"


def test_nothing_is_sent_to_what_has_arrived_or_was_taken_back() -> None:
    sender = Sender()
    sender.announce()
    sender.send(1, 2, 3)
    sender.complete()
    with pytest.raises(Conflict, match=r"upload.closed"):
        sender.ask(1)
    sender.desk.uploads.remove(ANNA, sender.filing, sender.id)
    with pytest.raises(Conflict, match=r"upload.closed"):
        sender.ask(1)
    with pytest.raises(Conflict, match=r"upload.closed"):
        sender.complete()
    assert sender.arrived()[0] == "removed"


def test_taking_back_gives_up_what_is_under_way() -> None:
    sender = Sender()
    sender.announce()
    sender.send(1)
    sender.desk.uploads.remove(ANNA, sender.filing, sender.id)
    sender.desk.uploads.remove(ANNA, sender.filing, sender.id)
    assert sender.desk.in_parts.under_way == {}


def test_whoever_asks_while_the_file_is_taken_back_begins_nothing_new() -> None:
    sender = Sender()
    sender.announce()
    sender.desk.in_parts.under_way.clear()
    sender.desk.register.rivals = [lambda: sender.desk.uploads.remove(ANNA, sender.filing, sender.id)]
    with pytest.raises(Conflict, match=r"upload.closed"):
        sender.ask(1)
    assert sender.desk.in_parts.under_way == {}


def test_two_who_begin_at_once_share_one_upload() -> None:
    sender = Sender()
    sender.desk.register.rivals = [lambda: None, lambda: Sender(desk=sender.desk, filing=sender.filing).announce()]
    sender.announce()
    sender.send(1, 2, 3)
    sender.complete()
    assert sender.desk.in_parts.under_way == {}
    assert sender.desk.types(sender.filing) == ["AttachmentReserved"]


def test_a_lost_race_while_beginning_leaves_no_second_upload() -> None:
    sender = Sender()
    sender.desk.register.rivals = [lambda: None, lose]
    sender.announce()
    assert len(sender.desk.in_parts.under_way) == 1
    sender.send(1, 2, 3)
    sender.complete()


def test_a_filing_that_is_anothers_does_not_exist() -> None:
    sender = Sender()
    sender.announce()
    with pytest.raises(NotFound, match=r"filing.not-found"):
        sender.ask(1, account=BOPHA)
    with pytest.raises(NotFound, match=r"filing.not-found"):
        sender.desk.part_uploads.listing(BOPHA, sender.filing, sender.id)
    with pytest.raises(NotFound, match=r"filing.not-found"):
        sender.desk.part_uploads.complete(BOPHA, sender.filing, sender.id)


def test_a_file_that_is_sent_by_form_has_no_parts() -> None:
    sender = Sender(body=b"%PDF-1.7 small")
    sender.announce()
    with pytest.raises(Conflict, match=r"upload.not-in-parts"):
        sender.ask(1)
    with pytest.raises(NotFound, match=r"attachment.not-found"):
        sender.desk.part_uploads.listing(ANNA, sender.filing, "01JDT0000000000000000000AA")
