"""Messages of the registry: taken once and in order, whatever comes, however often, in whatever order."""

import itertools
import json
from datetime import timedelta

import pytest

from chalicelib.contracts.cases import CaseOpened
from chalicelib.contracts.inbound import MAX_BYTES, PaperAccepted, PaperRejected
from chalicelib.contracts.registered import (
    OfficeLetterReceived,
    RegistryAccepted,
    RegistryRejected,
    RegistryStatusChanged,
)
from chalicelib.kernel.errors import Unavailable
from chalicelib.register.cases import OPEN, case_of
from chalicelib.register.model import case, filing, verify_chain
from tests.unit.registry.inbound.registry import LETTER, Correspondence


@pytest.fixture
def registry() -> Correspondence:
    return Correspondence()


def test_an_answer_becomes_an_entry_and_the_filings_state_stays(registry: Correspondence) -> None:
    registry.take(registry.accepted())

    assert registry.facts() == [RegistryAccepted(registry="ipas", message=1, number="KH/D/2026/1")]
    assert registry.loaded().head.status == "handed-over"
    assert registry.loaded().entries[-1].by == "tra:take_inbound"
    verify_chain(registry.loaded().entries)
    assert registry.parked() == [] and registry.alarms == []


def test_a_status_keeps_its_code_its_key_event_and_its_dates(registry: Correspondence) -> None:
    registry.take(registry.status(1, "published"))

    (fact,) = registry.facts()
    assert fact == RegistryStatusChanged(
        registry="ipas", message=1, status="published", st27="D10", since="2026-11-25T02:33:30.123Z",
        due="2027-01-25T00:00:00.000Z",
    )  # fmt: skip


def test_a_refusal_opens_one_case_for_the_registrys_people_in_the_same_commit(registry: Correspondence) -> None:
    registry.take(registry.rejected())
    registry.take(registry.rejected())

    (fact,) = registry.facts()
    assert isinstance(fact, RegistryRejected) and fact.reason == "ipas-refused"
    opened = registry.loaded(case(fact.case)).facts(CaseOpened)
    assert [(one.reason, one.owner, one.filing) for one in opened] == [
        ("registry-rejected", "registry", registry.stream.id)
    ]
    register = registry.filings.register
    assert register.item(case_of(f"registry#ipas#{registry.stream.id}#1")) is not None
    assert len(register.due(OPEN, until=registry.filings.clock() + timedelta(minutes=1), limit=9)) == 1


def test_of_a_paper_the_answer_names_the_paper(registry: Correspondence) -> None:
    registry.take(registry.message(1, PaperAccepted))
    registry.take(registry.message(2, PaperRejected))

    accepted, rejected = registry.facts()
    assert isinstance(accepted, RegistryAccepted) and isinstance(rejected, RegistryRejected)
    assert accepted.paper == rejected.paper == "01JDJ2A2B3C0000000000000AC"


def test_the_same_message_again_changes_nothing_however_it_is_written(registry: Correspondence) -> None:
    body = registry.accepted()
    registry.take(body)
    before = registry.loaded()

    registry.take(body)
    registry.take(json.dumps({**json.loads(body), "sequence": 1}, indent=2))

    assert registry.loaded() == before
    assert registry.parked() == []


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3, 4])))
def test_in_whatever_order_four_messages_come_they_are_entered_in_theirs(
    registry: Correspondence, order: tuple[int, ...]
) -> None:
    bodies = {
        1: registry.accepted(), 2: registry.status(2, "received"), 3: registry.letter(3), 4: registry.status(4, "published"),
    }  # fmt: skip
    for place in order:
        registry.take(bodies[place])

    assert [fact.to_data()["message"] for fact in registry.facts()] == [1, 2, 3, 4]
    assert registry.parked() == []


def test_what_comes_early_waits_parked_until_the_missing_one_comes(registry: Correspondence) -> None:
    registry.take(registry.status(3))
    registry.take(registry.status(2))
    registry.take(registry.status(2))
    assert registry.said() == []
    assert registry.reasons() == [(2, "sequence-gap"), (3, "sequence-gap")]

    registry.take(registry.accepted(1))

    assert registry.said() == ["RegistryAccepted", "RegistryStatusChanged", "RegistryStatusChanged"]
    assert registry.parked() == []


def test_another_message_in_a_place_that_is_taken_is_parked_as_a_contradiction(registry: Correspondence) -> None:
    registry.take(registry.accepted(1))

    registry.take(registry.rejected(1))
    registry.take(registry.message(1, PaperAccepted))

    assert registry.said() == ["RegistryAccepted"]
    assert registry.reasons() == [(1, "sequence-conflict"), (1, "sequence-conflict")]
    assert len(registry.alarms) == 2


def test_the_same_words_under_another_id_are_another_message(registry: Correspondence) -> None:
    registry.take(registry.status(1))
    registry.take(registry.message(1, id="another", data={"status": "published"}))
    assert registry.reasons() == [(1, "sequence-conflict")]


def test_of_two_that_wait_for_one_place_the_first_is_taken_and_the_second_contradicts(registry: Correspondence) -> None:
    registry.take(registry.status(2, "published"))
    registry.filings.clock.advance(timedelta(seconds=1))
    registry.take(registry.status(2, "refused"))

    registry.take(registry.accepted(1))

    statuses = [fact.status for fact in registry.facts() if isinstance(fact, RegistryStatusChanged)]
    assert statuses == ["published"]
    assert registry.reasons() == [(2, "sequence-conflict")]


def test_registries_count_apart_and_so_do_filings(registry: Correspondence) -> None:
    other = registry.filings.handed_over()

    registry.take(registry.accepted(1))
    registry.take(registry.message(1, source="urn:registry:desk"))
    registry.take(registry.message(1, subject=str(other)))

    assert registry.said() == ["RegistryAccepted", "RegistryStatusChanged"]
    assert [entry.type for entry in registry.loaded(other).entries][-1] == "RegistryStatusChanged"
    assert registry.parked() == []


def test_a_filing_that_nobody_knows_parks_and_is_taken_once_it_is_there(registry: Correspondence) -> None:
    body = registry.message(1, subject="FILING#01J0000000000000000000000Z")
    registry.take(body)
    registry.take(body)
    assert registry.reasons() == [(1, "filing-unknown")]
    assert len(registry.alarms) == 1, "the same again tells nobody anything new"


def test_a_draft_is_nothing_that_a_registry_knows(registry: Correspondence) -> None:
    from chalicelib.register.model import begin

    stream = filing("01J0000000000000000000000D")
    registry.filings.register.commit(
        begin(stream, by="account:filer", at=registry.filings.clock(), owner="account:filer")
    )
    registry.take(registry.message(1, subject=str(stream)))
    assert registry.reasons() == [(1, "filing-not-submitted")]


def test_a_registry_that_the_office_does_not_name_is_not_believed(registry: Correspondence) -> None:
    registry.take(registry.message(1, source="urn:registry:stranger"))
    assert registry.said() == []
    assert registry.reasons() == [(1, "source-unknown")]


def test_a_type_that_nobody_knows_holds_up_those_behind_it(registry: Correspondence) -> None:
    registry.take(registry.message(1, type="int.registry.fee.doubled.v1"))
    registry.take(registry.status(2))
    assert registry.said() == []
    assert registry.reasons() == [(1, "type-unknown"), (2, "sequence-gap")]


def test_data_with_a_name_in_it_never_reach_an_entry(registry: Correspondence) -> None:
    registry.take(registry.message(1, data={"note": "Sok Sokha"}))
    registry.take(registry.message(2, data={"status": "Sok Sokha"}))
    assert registry.reasons() == [(1, "data-malformed"), (2, "sequence-gap")]
    assert registry.said() == []


HOSTILE = {
    "": "json.not-json",
    "{": "json.not-json",
    "[]": "message-malformed",
    '{"a":1,"a":2}': "json.duplicate-key",
    '{"sequence":NaN}': "json.not-a-number",
    '{"a":' * 100 + "1" + "}" * 100: "json.too-deep",
    '{"id":"\\ud800"}': "json.surrogate",
    "\ud800": "json.not-utf8",
    "x" * (MAX_BYTES + 1): "body.too-large",
}


@pytest.mark.parametrize("body", HOSTILE, ids=HOSTILE.values())
def test_what_cannot_be_read_is_parked_once_with_its_bytes_and_never_fails_the_function(
    registry: Correspondence, body: str
) -> None:
    registry.take(body)
    registry.take(body)

    (one,) = registry.parked()
    assert (one.place, one.reason, one.box) == (0, HOSTILE[body], "unreadable")
    assert one.size == len(body.encode("utf-8", "surrogatepass"))
    assert len(one.body) <= MAX_BYTES
    assert registry.said() == []


def test_a_letter_is_kept_once_under_a_name_of_its_own_and_entered(registry: Correspondence) -> None:
    body = registry.letter(1)
    registry.take(body)
    registry.take(body)

    (fact,) = registry.facts()
    assert isinstance(fact, OfficeLetterReceived)
    assert fact.key == f"filings/{registry.stream.id}/office/{fact.sha256}.pdf"
    assert registry.filings.records.read(fact.key) == LETTER


def test_a_letter_whose_bytes_are_not_there_or_are_others_is_parked_and_kept_nowhere(registry: Correspondence) -> None:
    registry.take(registry.letter(1, b"%PDF never laid", laid=False))
    assert registry.reasons() == [(1, "letter-missing")]

    registry = Correspondence()
    registry.take(registry.letter(1, size=len(LETTER) + 1))
    assert registry.reasons() == [(1, "letter-size-differs")]

    registry = Correspondence()
    body = registry.letter(1, laid=False)
    registry.inbox.put_once(json.loads(body)["data"]["key"], bytes(reversed(LETTER)), "application/pdf")
    registry.take(body)
    assert registry.reasons() == [(1, "letter-digest-differs")]
    assert not [key for key in registry.filings.records.objects if "/office/" in key]


def test_a_letter_that_is_refused_by_the_look_at_it_is_parked_with_what_was_found(registry: Correspondence) -> None:
    registry.look.reason = "file.malware"
    registry.take(registry.letter(1))
    assert registry.reasons() == [(1, "file.malware")]
    assert registry.said() == []


def test_a_letter_that_no_scanner_has_looked_at_comes_again(registry: Correspondence) -> None:
    registry.look.down = True
    body = registry.letter(1)
    with pytest.raises(Unavailable):
        registry.take(body)
    assert registry.said() == [] and registry.parked() == []

    registry.look.down = False
    registry.take(body)
    assert registry.said() == ["OfficeLetterReceived"]


def test_a_letter_that_was_laid_too_late_is_taken_when_it_is_sent_again(registry: Correspondence) -> None:
    registry.take(registry.letter(1, laid=False))
    registry.take(registry.status(2))
    registry.take(registry.letter(1))
    assert registry.said() == ["OfficeLetterReceived", "RegistryStatusChanged"]
    assert registry.parked() == []
