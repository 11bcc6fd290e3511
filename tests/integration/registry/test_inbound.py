"""The registry's answers, through the queue and the function to what the applicant sees, on moto."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.registry.__main__ import DONE, LEFT, main
from tests.faults import correspondence
from tests.faults.correspondence import LETTER, SOURCE, accepted, letter, rejected, status
from tests.faults.invariants import check
from tests.faults.journey import PRIVATE, begin, edit, reserve, submit, wanted
from tests.faults.journey import send as upload
from tests.faults.pump import Pump
from tests.faults.world import World


@pytest.fixture
def office(world: World) -> World:
    """An office in which one filing was submitted."""
    for step in (begin, reserve(0), upload(0)):
        step(world)
    Pump(world).drain()
    edit(world)
    submit(world)
    Pump(world).drain()
    return world


def send(office: World, *bodies: str) -> None:
    for body in bodies:
        correspondence.send(office, body)
    Pump(office).drain()


def path(office: World) -> str:
    return f"/v1/filings/{office.memory.journey['filing']}"


def inbound(office: World, *words: str) -> int:
    """The operators' program."""
    table, queue = office.environment["TRA_REGISTER_TABLE"], office.queues["inbound"]
    return main(["inbound", *words, "--table", table, "--queue-url", queue])


def test_the_applicant_sees_number_status_in_words_and_the_letter_with_its_day(office: World) -> None:
    send(office, accepted(office, 1), status(office, 2, "published"), letter(office, 3))

    view = wanted(office.request("GET", path(office)), 200).json

    assert view["registry"]["number"] == "KH/D/2026/1" and view["registry"]["registry"] == "ipas"
    assert view["registry"]["status"]["message"] == {"km": "បានផ្សព្វផ្សាយ", "en": "Published"}
    assert view["registry"]["status"]["st27"] == "D10"
    (shown,) = view["office_letters"]
    assert shown["title"]["en"] == "Office action" and shown["number"] == "OA-1"
    assert shown["available_at"] == view["history"][-1]["at"]
    assert [one["type"] for one in view["history"]][-3:] == [
        "RegistryAccepted", "RegistryStatusChanged", "OfficeLetterReceived",
    ]  # fmt: skip
    assert view["history"][-1]["description"]["en"] == "A letter of the office is there for you"
    assert view["chain"]["verified"] is True and view["status"] == "submitted"
    check(office, private=PRIVATE)


def test_the_owner_downloads_the_letter_and_nobody_else(office: World) -> None:
    send(office, letter(office, 1))
    (shown,) = wanted(office.request("GET", path(office)), 200).json["office_letters"]

    got = wanted(office.request("GET", shown["link"]), 200).json

    address = urlsplit(got["url"])
    assert got["sha256"] == shown["sha256"] and got["seconds"] == 60
    assert "OA-1.pdf" in parse_qs(address.query)["response-content-disposition"][0]
    bucket, key = (
        office.environment["TRA_RECORDS_BUCKET"],
        address.path.lstrip("/").removeprefix(office.environment["TRA_RECORDS_BUCKET"] + "/"),
    )
    assert office.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == LETTER
    assert office.request("GET", shown["link"], subject="boris").status == 404
    assert office.request("GET", shown["link"], subject="").status == 401
    assert office.request("GET", f"{path(office)}/office-letters/{'0' * 64}").status == 404
    assert office.request("GET", f"{path(office)}/office-letters/..%2Freceipt").status == 404


def test_a_code_without_words_is_shown_in_general_words_with_the_code(office: World) -> None:
    send(office, status(office, 1, "X17"), letter(office, 2, code="x-17"))

    view = wanted(office.request("GET", path(office)), 200).json

    assert view["registry"]["status"]["message"]["en"] == "The status in the registry is X17."
    assert "X17" in view["registry"]["status"]["message"]["km"]
    assert view["office_letters"][0]["title"]["en"] == "This is a letter of the office (x-17)."


def test_a_refusal_says_what_it_means_and_an_acceptance_afterwards_takes_it_back(office: World) -> None:
    send(office, rejected(office, 1))
    said = wanted(office.request("GET", path(office)), 200).json["registry"]
    assert said["rejected"]["message"]["en"].startswith("The registry has not taken this application yet.")
    assert said["rejected"]["action"]["km"]
    check(office, private=PRIVATE)

    send(office, accepted(office, 2))
    said = wanted(office.request("GET", path(office)), 200).json["registry"]
    assert "rejected" not in said and said["number"] == "KH/D/2026/1"


def test_what_cannot_be_taken_lies_parked_in_no_dead_letters_and_staff_see_and_mend_it(
    office: World, capsys: pytest.CaptureFixture[str]
) -> None:
    late = letter(office, 1, laid=False)
    send(office, "no json", late, status(office, 2))
    assert list(Pump(office).dead()) == []
    assert inbound(office, "list") == LEFT
    said = capsys.readouterr().out
    for reason in ("json.not-json", "letter-missing", "sequence-gap"):
        assert reason in said

    letter(office, 1)  # it is laid after all
    (blocked,) = [line.split()[1] for line in said.splitlines() if "letter-missing" in line]
    (unreadable,) = [line.split()[1] for line in said.splitlines() if "json.not-json" in line]
    inbound(office, "redrive", "--id", blocked)
    inbound(office, "drop", "--id", unreadable)
    Pump(office).drain()

    assert inbound(office, "list") == DONE
    history = wanted(office.request("GET", path(office)), 200).json["history"]
    assert [one["type"] for one in history][-2:] == ["OfficeLetterReceived", "RegistryStatusChanged"]
    check(office, private=PRIVATE)


def test_every_hostile_body_is_parked_and_nothing_of_it_reaches_an_entry_or_an_event(office: World) -> None:
    before = wanted(office.request("GET", path(office)), 200).json["history"]
    hostile = [
        "{", "[]", '{"a":1,"a":2}', '{"sequence":NaN}', '{"a":' * 200 + "1" + "}" * 200, "x" * 200_000,
        correspondence.message(office, 1, "status.changed", {"status": "Sok Sokha", "at": correspondence.AT}),
        correspondence.message(office, 1, "status.changed", {}, source="urn:registry:stranger"),
        correspondence.message(office, 1, "fee.doubled", {}),
        correspondence.message(office, 1, "filing.accepted", {"number": "1"}, subject="FILING#" + "0" * 26),
        correspondence.message(office, 1, "filing.accepted", {"number": "1"}, subject="ORDER#" + "0" * 26),
    ]  # fmt: skip
    send(office, *hostile)

    assert wanted(office.request("GET", path(office)), 200).json["history"] == before
    assert list(Pump(office).dead()) == []
    check(office, private=("Sok Sokha",))


def test_a_letter_that_names_another_registrys_object_is_not_fetched(office: World) -> None:
    said = json.loads(letter(office, 1))
    said["data"]["key"] = said["data"]["key"].replace(SOURCE, "urn:registry:other")
    send(office, json.dumps(said))
    assert "office_letters" not in wanted(office.request("GET", path(office)), 200).json


def test_the_functions_own_look_turns_away_what_is_no_pdf(office: World) -> None:
    from chalicelib.attachments.screening.scanner import Clean
    from chalicelib.attachments.screening.service import Screening

    class NothingFound:
        def scan(self, sample: object) -> Clean:
            return Clean()

    office.screen = Screening(office=office.rooms.office, scanner=NothingFound())
    send(office, letter(office, 1, b"<html>not a letter</html>"), letter(office, 2))

    view = wanted(office.request("GET", path(office)), 200).json
    assert "office_letters" not in view

    send(office, letter(office, 1))  # the registry sends the right one in its place
    shown = wanted(office.request("GET", path(office)), 200).json["office_letters"]
    assert len(shown) == 2
