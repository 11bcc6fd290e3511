"""Letters rise from B-B to B-T to B-LTA and are renewed, whatever is down, killed, repeated or raced on the way."""

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509

from chalicelib.contracts.events import FilingSubmitted, LetterArchived, LetterIssued, LetterStamped
from chalicelib.contracts.logged import LetterLogged
from chalicelib.kernel.clock import parse_stamp
from chalicelib.kernel.errors import Corrupt, Unavailable
from chalicelib.register.model import Key, filing, letter
from chalicelib.signing.answers import Revoked
from chalicelib.signing.authorities import FAILURES, REST, Breaker
from chalicelib.signing.check import check_sealed
from chalicelib.signing.cms import Chain
from chalicelib.signing.levels import sealed_bytes
from chalicelib.signing.model import LetterContent
from chalicelib.signing.pades import PadesSealer
from chalicelib.signing.raising import BROKEN_AGAIN, RENEW_BEFORE, RUN, RaiseLetters, Trust
from chalicelib.signing.service import FetchLetter, SealLetter
from chalicelib.signing.transparency.service import LoggedReceipts
from chalicelib.signing.verification.model import Inspection
from chalicelib.signing.verification.service import CODE_LENGTH, Asked, Verify
from infra.local.authority import TestAuthority
from infra.local.samples import patent_files
from infra.local.trust import TestTrust
from tests.factories import ANNA, Desk, lose
from tests.fakes import NOON
from tests.unit.signing.keys import LocalSigner

SETTLE = timedelta(minutes=15)


class Killed(BaseException):
    """The process ends."""


def kill() -> None:
    raise Killed


@dataclass
class Tower:
    """A desk with a sealed receipt letter, and the authorities that raise it."""

    trust: TestTrust
    sealer: PadesSealer
    desk: Desk = field(default_factory=Desk)

    def __post_init__(self) -> None:
        self.authority = TestAuthority(trust=self.trust, clock=self.desk.clock)
        self.filing = self.desk.filed().filing
        self.issue()

    def issue(self) -> None:
        """Seal the receipt letter of the filing."""
        SealLetter(
            register=self.desk.register, office=self.desk.office, records=self.desk.records,
            letters=self.press, proofs=LoggedReceipts(public=self.desk.public), public_url="https://tra.example",
            test_trust=True, clock=self.desk.clock, code="receipt",
        )(filing(self.filing))  # fmt: skip

    def press(self, content: LetterContent, receipt: bytes) -> bytes:
        """Some PDF, sealed for this letter."""
        number = content.letter_number
        return self.sealer.seal(patent_files()[0].body, sealed_at=NOON, reason=number, location="here")

    def room(self, **changes: Any) -> RaiseLetters:
        values: dict[str, Any] = {
            "register": self.desk.register, "waiting": self.desk.register, "records": self.desk.records,
            "stamps": self.authority, "states": self.authority, "clock": self.desk.clock,
            "trust": lambda: Trust(chain=self.sealer.chain.certificates, roots=self.authority.roots, settle=SETTLE),
        }  # fmt: skip
        return RaiseLetters(**{**values, **changes})

    def later(self, by: timedelta) -> None:
        self.desk.clock.advance(by)

    @property
    def types(self) -> list[str]:
        stream = self.desk.register.load(letter(self.filing, "receipt"))
        return [entry.type for entry in stream.entries] if stream else []

    def fact(self, kind: Any) -> Any:
        stream = self.desk.register.load(letter(self.filing, "receipt"))
        return stream.last(kind) if stream else None

    def body(self, kind: Any) -> bytes:
        return self.desk.records.read(self.fact(kind).key)


@pytest.fixture(scope="module")
def parts() -> tuple[TestTrust, PadesSealer]:
    trust, signer = TestTrust(now=NOON), LocalSigner()
    chain = Chain.from_pem(trust.issue_seal_certificate(signer.public_key_pem(), "Test Office"))
    return trust, PadesSealer(signer=signer, chain=chain)


@pytest.fixture
def tower(parts: tuple[TestTrust, PadesSealer]) -> Tower:
    return Tower(*parts)


def verifying(tower: Tower) -> Verify:
    """Verification that has nobody to open a file: the register alone has to know."""

    def nobody(pdf: bytes, *, chain_pem: str, stamp_roots_pem: str, issued: int | None) -> Inspection:
        raise Unavailable("nobody opens files here")

    return Verify(register=tower.desk.register, office=tower.desk.office, inspector=nobody, chain_pem="", stamp_roots_pem="")


ALL = ["LetterIntended", "LetterIssued", "LetterStamped", "LetterArchived"]


def test_right_after_sealing_the_letter_gets_its_time_stamp_and_later_its_archive(tower: Tower) -> None:
    assert tower.room().at_once(tower.filing, "receipt")
    assert tower.types == ALL[:3]
    tower.later(SETTLE)
    assert tower.room()() == 1
    assert tower.types == ALL
    bodies = [tower.body(kind) for kind in (LetterIssued, LetterStamped, LetterArchived)]
    assert len({sealed_bytes(body) for body in bodies}) == 1
    assert len(bodies[0]) == len(bodies[1]) < len(bodies[2])
    reports = [check_sealed(body, tower.trust.roots(), at=NOON) for body in bodies]
    assert [(report.valid, report.level) for report in reports] == [(True, "B-B"), (True, "B-T"), (True, "B-LTA")]


def test_every_level_can_be_looked_up_and_the_owner_gets_the_newest(tower: Tower) -> None:
    fetch = FetchLetter(register=tower.desk.register, links=tower.desk.records)
    verify, seen = verifying(tower), []
    for step in (lambda: None, lambda: tower.room().at_once(tower.filing, "receipt"), tower.room()):
        step()
        tower.later(SETTLE)
        found, _, first = fetch(ANNA, tower.filing, "receipt")
        said = [verify.digest(fact.sha256, Asked()) for fact in dict.fromkeys((first, found))]
        assert first == tower.fact(LetterIssued)
        seen.append((found.level, [(one["verdict"], one["letter"]["level"]) for one in said]))
        assert all(one["letter"].get("newer", {"level": found.level})["level"] == found.level for one in said)
    assert seen == [
        ("b-b", [("exact", "b-b")]),
        ("b-t", [("superseded", "b-b"), ("exact", "b-t")]),
        ("b-lta", [("superseded", "b-b"), ("exact", "b-lta")]),
    ]


def test_by_number_and_code_the_letter_is_found_once_with_its_newest_level(tower: Tower) -> None:
    tower.room().at_once(tower.filing, "receipt")
    submitted = tower.desk.stream(tower.filing).last(FilingSubmitted)
    assert submitted is not None

    said = verifying(tower).number(submitted.number, submitted.receipt_sha256[:CODE_LENGTH])

    assert said["verdict"] == "registered"
    assert [(one["code"], one["level"], one["newer"]["level"]) for one in said["letters"]] == [("receipt", "b-b", "b-t")]


def test_every_level_of_a_letter_gets_a_leaf_of_its_own_beside_its_filings_receipt(tower: Tower) -> None:
    tower.room().at_once(tower.filing, "receipt")
    own = letter(tower.filing, "receipt")
    for stream in (filing(tower.filing), own, own):
        tower.desk.log_facts(stream)
    tower.later(SETTLE)
    tower.room()()
    tower.desk.log_facts(own)

    assert tower.types == [*ALL[:3], "LetterLogged", "LetterLogged", "LetterArchived", "LetterLogged"]
    its = tower.desk.register.load(own)
    assert its is not None
    facts = its.facts(LetterLogged)
    assert [fact.index for fact in facts] == [1, 2, 3]
    assert [fact.letter_sha256 for fact in facts] == [
        tower.fact(kind).sha256 for kind in (LetterIssued, LetterStamped, LetterArchived)
    ]


def test_an_authority_that_is_down_leaves_the_letter_valid_and_is_asked_again_later(tower: Tower) -> None:
    tower.authority.down = True
    assert not tower.room().at_once(tower.filing, "receipt")
    with pytest.raises(Unavailable):
        tower.room()()
    assert tower.types == ALL[:2]
    tower.authority.down = False
    assert tower.room()() == 0
    tower.later(timedelta(minutes=5))
    assert tower.room()() == 1
    assert tower.types == ALL[:3]


def test_an_old_answer_of_the_responder_archives_nothing(tower: Tower) -> None:
    tower.room().at_once(tower.filing, "receipt")
    tower.authority.cached_at = NOON - timedelta(hours=1)
    tower.later(SETTLE)
    with pytest.raises(Unavailable):
        tower.room()()
    tower.authority.cached_at = None
    tower.later(SETTLE)
    assert tower.room()() == 1
    assert tower.types == ALL


def test_a_revoked_seal_stops_everything_loudly(tower: Tower) -> None:
    tower.room().at_once(tower.filing, "receipt")
    tower.authority.revoked.add(x509.load_der_x509_certificate(tower.sealer.chain.certificates[0]).serial_number)
    tower.later(SETTLE)
    with pytest.raises(Revoked):
        tower.room()()
    assert tower.types == ALL[:3]


def test_before_its_time_nothing_is_asked(tower: Tower) -> None:
    tower.room().at_once(tower.filing, "receipt")
    asked = list(tower.authority.asked)
    assert tower.room()() == 0
    assert tower.authority.asked == asked


def test_a_run_takes_batch_after_batch_and_asks_for_trust_state_and_lists_once(tower: Tower) -> None:
    for _ in range(4):
        tower.filing = tower.desk.filed().filing
        tower.issue()
    asked = []

    def trust() -> Trust:
        asked.append("trust")
        return Trust(chain=tower.sealer.chain.certificates, roots=tower.authority.roots, settle=SETTLE)

    assert tower.room(batch=2)() == 5
    tower.later(SETTLE)
    tower.authority.asked.clear()
    assert tower.room(batch=2, trust=trust)() == 5
    assert [tower.authority.asked.count(what) for what in ("ocsp", "crl", "stamp")] == [1, 1, 5]
    assert asked == ["trust"]


def test_a_run_ends_with_its_time_and_the_next_goes_on(tower: Tower) -> None:
    for _ in range(2):
        tower.filing = tower.desk.filed().filing
        tower.issue()

    def slow(digest: bytes) -> Any:
        tower.later(RUN)
        return tower.authority.stamp(digest)

    stamps = SimpleNamespace(stamp=slow)
    assert [tower.room(batch=2, stamps=stamps)() for _ in range(3)] == [2, 1, 0]


def test_what_cannot_rise_does_not_hold_up_the_batches_behind_it(tower: Tower) -> None:
    for _ in range(4):
        tower.filing = tower.desk.filed().filing
        tower.issue()
    first: list[bytes] = []

    def picky(digest: bytes) -> Any:
        first.append(digest)
        if digest == first[0]:
            raise Unavailable("not this one")
        return tower.authority.stamp(digest)

    assert tower.room(batch=2, stamps=SimpleNamespace(stamp=picky))() == 4


def test_an_archive_is_renewed_before_its_time_stamp_ends_and_nothing_is_asked_until_then(tower: Tower) -> None:
    tower.room().at_once(tower.filing, "receipt")
    tower.later(SETTLE)
    tower.room()()
    ends = parse_stamp(tower.fact(LetterArchived).renew_by)
    tower.later(ends - RENEW_BEFORE - tower.desk.clock() - timedelta(seconds=1))
    assert tower.room()() == 0
    tower.later(timedelta(seconds=1))
    first = tower.body(LetterArchived)
    assert tower.room()() == 1
    assert (tower.types, tower.fact(LetterArchived).run) == ([*ALL, "LetterArchived"], 2)
    assert tower.body(LetterArchived).startswith(first)
    assert check_sealed(tower.body(LetterArchived), tower.trust.roots(), at=NOON).level == "B-LTA"


@pytest.mark.parametrize("after", [0, 1])
def test_killed_after_the_object_was_stored_what_lies_there_is_the_level(tower: Tower, after: int) -> None:
    tower.later(SETTLE)
    if after:
        tower.room()()
        tower.later(SETTLE)
    tower.desk.register.rivals = [kill]
    with pytest.raises(Killed):
        tower.room()()
    stored = {key: body for key, ((_, body),) in tower.desk.records.objects.items()}
    tower.later(SETTLE)
    assert tower.room()() == 1
    assert {key: body for key, ((_, body),) in tower.desk.records.objects.items()} == stored
    assert tower.types == ALL[: 3 + after]


def test_two_at_once_make_one_level(tower: Tower) -> None:
    tower.desk.register.rivals = [tower.room()]
    tower.room()()
    assert tower.types == ALL[:3]


def test_a_lost_race_is_tried_again(tower: Tower) -> None:
    tower.desk.register.rivals = [lose, lose]
    assert tower.room()() == 1


def test_an_object_that_seals_other_bytes_is_never_entered(tower: Tower) -> None:
    key = f"filings/{tower.filing}/letters/receipt.b-t.pdf"
    other = bytearray(tower.body(LetterIssued))
    other[100] ^= 1
    tower.desk.records.put_once(key, bytes(other), "application/pdf")
    with pytest.raises(Corrupt, match="other bytes"):
        tower.room()()
    assert tower.types == ALL[:2]


def test_a_letter_that_a_person_must_look_at_holds_up_no_other_and_is_tried_again(tower: Tower) -> None:
    broken = tower.filing
    key = f"filings/{broken}/letters/receipt.b-t.pdf"
    tower.desk.records.put_once(key, tower.body(LetterIssued).replace(b"%PDF-1", b"%PDF-2", 1), "application/pdf")
    tower.later(timedelta(seconds=1))
    tower.filing = tower.desk.filed().filing
    tower.issue()
    with pytest.raises(Corrupt, match="other bytes"):
        tower.room()()
    assert tower.types == ALL[:3]
    assert tower.room()() == 0  # not before its time
    tower.later(BROKEN_AGAIN)
    with pytest.raises(Corrupt, match="other bytes"):
        tower.room()()
    tower.filing = broken
    assert tower.types == ALL[:2]


def test_the_mark_never_goes(tower: Tower) -> None:
    key = Key(str(letter(tower.filing, "receipt")), "LEVEL")
    for _ in range(3):
        assert tower.desk.register.items[key].attributes["due"] == "letters"
        tower.room()()
        tower.later(SETTLE)


def test_a_breaker_spares_an_authority_that_fails(tower: Tower) -> None:
    breaker = Breaker(authority=tower.authority, clock=tower.desk.clock)
    tower.authority.down = True
    for _ in range(FAILURES + 3):
        with pytest.raises(Unavailable):
            breaker.stamp(b"\0" * 32)
    assert tower.authority.asked.count("stamp") == FAILURES
    tower.authority.down = False
    tower.later(REST)
    assert breaker.stamp(b"\0" * 32).token
