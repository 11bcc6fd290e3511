"""Letters that two persons answer for, through the public API and the queues: from the desk to owner and log."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from chalicelib.kernel.digest import Digest
from chalicelib.signing.check import check_sealed
from tests.faults.stores import Stores
from tests.faults.world import Moment, World
from tests.integration.officers import desk, seen, staffed, wanted
from tests.integration.people import design, filer, quiet


@pytest.fixture(scope="module")
def filed(opened: World) -> tuple[Moment, str, str]:
    """An application whose receipt is sealed: the moment, the filing, its number."""
    opened.go_back(opened.first)
    anna = filer(opened)
    filing, _ = design(opened, anna)
    number = anna.submit(filing)["application_number"]
    quiet(opened)
    return opened.remember(), filing, number


@pytest.fixture
def office(world: World, filed: tuple[Moment, str, str]) -> tuple[World, str, str]:
    """The same, and officers."""
    moment, filing, number = filed
    world.go_back(moment)
    staffed(world)
    return world, filing, number


def stored(world: World, key: str) -> bytes:
    return world.clients.s3.get_object(Bucket=world.environment["TRA_RECORDS_BUCKET"], Key=key)["Body"].read()


def test_prepared_read_approved_sealed_raised_logged_and_fetched(office: tuple[World, str, str]) -> None:
    world, filing, number = office
    prepared = desk(world, "dara", "POST", "/letters", wanted(number, "poa"))
    assert (prepared.status, prepared.json["status"]) == (201, "prepared")
    letter = desk(world, "malis", "GET", f"/letters/{prepared.json['id']}").json
    draft = desk(world, "malis", "GET", f"/letters/{letter['id']}/draft", accept="application/pdf")
    assert (draft.status, draft.headers["content-type"]) == (200, "application/pdf")
    assert draft.headers["etag"] == f'"{letter["content_sha256"]}"' and b"/ByteRange" not in draft.body

    answer = desk(world, "malis", "POST", "/letter-approvals", seen(letter))
    assert [one["approved"] for one in answer.json["letters"]] == [True]
    quiet(world)
    world.clock.advance(timedelta(minutes=5))
    quiet(world)

    anna = filer(world)
    mine = anna.call("GET", f"/v1/filings/{filing}/letters").json["letters"]
    assert [one["document"] for one in mine] == ["receipt", "request-documents"]
    assert (mine[1]["number"], mine[1]["level"], mine[1]["available_on"]) == (f"{number}-REQ1", "b-lta", "2026-11-25")
    fetched = anna.call("GET", f"/v1/filings/{filing}/letters/{mine[1]['code']}").json
    pdf = stored(world, urlsplit(fetched["url"]).path.partition("/filings/")[2].join(["filings/", ""]))
    assert Digest.of(pdf).hex == mine[1]["sha256"] == fetched["sha256"]
    report = check_sealed(pdf, world.roots, at=world.clock())
    assert report.valid and report.level == "B-LTA"
    assert world.request("GET", fetched["proof"], subject="").status == 200

    said = world.request("POST", "/v1/verifications", {"sha256": fetched["sha256"]}, subject="").json
    assert (said["verdict"], said["letter"]["number"]) == ("exact", f"{number}-REQ1")
    assert desk(world, "dara", "GET", "/letters").json["letters"] == []


def test_many_are_approved_in_one_act_and_what_may_not_be_is_told_in_words(office: tuple[World, str, str]) -> None:
    world, _, number = office
    letters = [desk(world, "dara", "POST", "/letters", wanted(number, "a", "b")).json for _ in range(3)]
    own = desk(world, "malis", "POST", "/letters", {"number": number, "document": "completeness"}).json
    answer = desk(world, "malis", "POST", "/letter-approvals", seen(*letters, own), key="one-batch").json
    assert [one["approved"] for one in answer["letters"]] == [True, True, True, False]
    assert answer["letters"][3]["code"] == "letter.same-person" and answer["letters"][3]["action"]["km"]
    again = desk(world, "malis", "POST", "/letter-approvals", seen(*letters, own), key="one-batch").json
    assert again == answer
    quiet(world)
    facts = [data for _, data in Stores(world).facts("LetterIssued") if data["code"].startswith("request-documents")]
    assert sorted(one["number"] for one in facts) == [f"{number}-REQ{n}" for n in (1, 2, 3)]


def test_nobody_without_the_role_sees_or_does_anything(office: tuple[World, str, str]) -> None:
    world, _, number = office
    letter = desk(world, "dara", "POST", "/letters", wanted(number, "poa")).json
    for role in ("finance", "administrator"):
        for method, path, body in (
            ("GET", "/letters", None),
            ("GET", "/me", None),
            ("GET", f"/letters/{letter['id']}", None),
            ("GET", f"/letters/{letter['id']}/draft", None),
            ("POST", "/letters", wanted(number, "poa")),
            ("POST", f"/letters/{letter['id']}/content", {"content": {}}),
            ("POST", f"/letters/{letter['id']}/rejection", {"content_sha256": "a" * 64, "ground": "x"}),
            ("POST", f"/letters/{letter['id']}/cancellation", {}),
            ("POST", "/letter-approvals", seen(letter)),
        ):
            assert desk(world, "malis", method, path, body, role=role).status == 403, (role, path)


def test_the_role_alone_is_not_enough(office: tuple[World, str, str]) -> None:
    world, _, number = office
    assert desk(world, "rith", "GET", "/me").json["officer"] is None
    refused = desk(world, "rith", "POST", "/letters", wanted(number, "poa"))
    assert (refused.status, refused.json["findings"][0]["code"]) == (403, "officer.not-listed")


def test_sent_back_changed_given_up(office: tuple[World, str, str]) -> None:
    world, filing, number = office
    letter = desk(world, "dara", "POST", "/letters", wanted(number, "poa")).json
    path = f"/letters/{letter['id']}"
    no = {"content_sha256": letter["content_sha256"], "ground": "wrong-date"}
    assert desk(world, "dara", "POST", f"{path}/rejection", no).status == 403
    assert desk(world, "malis", "POST", f"{path}/rejection", no).json["status"] == "rejected"
    changed = desk(world, "dara", "POST", f"{path}/content", {"content": wanted(number, "other")["content"]}).json
    assert (changed["status"], changed["run"]) == ("prepared", 2)
    old = desk(world, "malis", "POST", "/letter-approvals", seen(letter)).json["letters"][0]
    assert (old["approved"], old["code"]) == (False, "letter.changed")
    assert desk(world, "malis", "POST", f"{path}/rejection", no).status == 412
    assert desk(world, "malis", "POST", f"{path}/cancellation", {}).json["status"] == "cancelled"
    quiet(world)
    assert [one["document"] for one in filer(world).call("GET", f"/v1/filings/{filing}/letters").json["letters"]] == ["receipt"]


@pytest.mark.parametrize(
    "body",
    [
        {"number": "KH/D/2026/1", "document": "receipt"},
        {"number": "KH/D/2026/1", "document": "../../x"},
        {"number": "KH/D/2026/1", "document": "request-documents", "content": {"points": [{"message": {"en": "\u202eevil"}}]}},
        {"number": "KH/D/2026/1", "document": "request-documents", "content": {"points": [{}] * 31}},
        {"number": "KH/D/2026/1", "document": "completeness", "status": "approved"},
        {"number": "KH/D/2026/1", "document": "completeness", "content": {"signatories": []}},
        {"number": 7, "document": "completeness"},
        {},
    ],
)
def test_hostile_requests_are_refused_with_words(office: tuple[World, str, str], body: object) -> None:
    world, _, _ = office
    refused = desk(world, "dara", "POST", "/letters", body)
    assert refused.status == 422 and all(one["action"]["km"] for one in refused.json["findings"])


def test_another_filer_s_letters_are_not_found(office: tuple[World, str, str]) -> None:
    world, filing, number = office
    letter = desk(world, "dara", "POST", "/letters", wanted(number, "poa")).json
    desk(world, "malis", "POST", "/letter-approvals", seen(letter))
    quiet(world)
    for path in (f"/v1/filings/{filing}/letters", f"/v1/filings/{filing}/letters/{letter['code']}"):
        assert world.request("GET", path, subject="bopha").status == 404
        assert world.request("GET", path, subject="").status == 401
