"""The routes of filing: versions, repeats, places, and what their answers carry."""

import json
from typing import Any

import pytest

from infra.local import samples
from infra.local.filer import File, Filer, Refusal
from tests.faults.world import World
from tests.integration.people import begun, filer

PNG = File("design-views", "bowl.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"a bowl" * 20)
OTHER = File("design-views", "bowl top.png", "image/png", PNG.body + b"from above")


def refused(who: Filer, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, list[str]]:
    with pytest.raises(Refusal) as error:
        who.call(method, path, body, **headers)
    answer = error.value.answer
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status, [finding["code"] for finding in answer.json["findings"]]


def test_a_new_draft_is_created_with_place_and_version(world: World) -> None:
    who = filer(world)
    answer = who.call("POST", "/v1/filings", samples.design_form(), Idempotency_Key="draft-0001")
    assert answer.status == 201
    assert answer.headers["location"] == f"/v1/filings/{answer.json['id']}"
    assert answer.headers["etag"] == '"1"'
    assert answer.json["status"] == "draft"


def test_every_answer_is_private_and_plain(world: World) -> None:
    who = filer(world)
    answer = who.call("POST", "/v1/filings", samples.design_form(), Idempotency_Key="draft-0001")
    for headers in (answer.headers, who.call("GET", "/v1/filings").headers):
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["content-type"] == "application/json"
        assert "access-control-allow-origin" not in headers


def test_a_repeat_is_answered_with_the_same_draft(world: World) -> None:
    who = filer(world)
    first = who.call("POST", "/v1/filings", samples.design_form(), Idempotency_Key="draft-0001")
    again = who.call("POST", "/v1/filings", samples.design_form(), Idempotency_Key="draft-0001")
    assert (again.status, again.body) == (first.status, first.body)
    assert len(who.call("GET", "/v1/filings").json["filings"]) == 1


def test_one_key_for_another_body_is_409(world: World) -> None:
    who = filer(world)
    who.call("POST", "/v1/filings", samples.design_form(), Idempotency_Key="draft-0001")
    answer = refused(who, "POST", "/v1/filings", samples.patent_form(), Idempotency_Key="draft-0001")
    assert answer == (409, ["idempotency.other-request"])


def test_one_key_for_the_same_body_at_another_filing_is_409(world: World) -> None:
    who = filer(world)
    one, other = who.begin(samples.design_form()), who.begin(samples.design_form())
    said = {"document": "design-views", "name": "a.png", "media_type": "image/png", "size": 9}
    who.call("POST", f"/v1/filings/{one}/attachments", said, Idempotency_Key="file-0001")
    answer = refused(who, "POST", f"/v1/filings/{other}/attachments", said, Idempotency_Key="file-0001")
    assert answer == (409, ["idempotency.other-request"])
    assert who.view(other)["attachments"] == []


def test_anothers_key_is_independent(world: World) -> None:
    first = filer(world).call("POST", "/v1/filings", samples.design_form(), Idempotency_Key="draft-0001")
    second = filer(world, "bopha").call("POST", "/v1/filings", samples.design_form(), Idempotency_Key="draft-0001")
    assert first.json["id"] != second.json["id"]


@pytest.mark.parametrize("key", [None, "short", "x" * 101, "with a space"])
def test_what_changes_something_needs_a_key(world: World, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency_Key": key}
    who = filer(world)
    filing = who.begin(samples.design_form())
    for path in ("", f"/{filing}/attachments", f"/{filing}/submission", f"/{filing}/payment-orders"):
        body = {
            "attachments": {"document": "design-views", "name": "a", "media_type": "image/png", "size": 1},
            "submission": {"draft_version": 1, "manifest_sha256": "0" * 64},
            "payment-orders": {"rail": "aba"},
        }.get(path.rpartition("/")[2], samples.design_form())
        assert refused(who, "POST", f"/v1/filings{path}", body, **headers) == (400, ["idempotency.missing"])


def test_an_edit_needs_the_version_it_changes(world: World) -> None:
    who = filer(world)
    path = f"/v1/filings/{who.begin(samples.design_form())}"
    changed = {**samples.design_form(), "reference": "new"}
    assert refused(who, "PUT", path, changed) == (400, ["if-match.missing"])
    for tag in ("*", "1", 'W/"1"'):
        assert refused(who, "PUT", path, changed, If_Match=tag) == (400, ["if-match.missing"])
    answer = who.call("PUT", path, changed, If_Match='"1"')
    assert (answer.status, answer.headers["etag"]) == (200, '"2"')
    assert refused(who, "PUT", path, samples.design_form(), If_Match='"1"') == (412, ["draft.stale"])


def test_a_submission_of_another_state_is_412_and_says_which_part(world: World) -> None:
    who = filer(world)
    filing = who.begin(samples.design_form())
    path = f"/v1/filings/{filing}/submission"
    body = {"draft_version": 7, "manifest_sha256": "0" * 64}
    assert refused(who, "POST", path, body, Idempotency_Key="press-0001") == (412, ["draft.stale", "manifest.stale"])


def test_everything_wrong_is_said_at_once_with_rule_and_words(world: World) -> None:
    who = filer(world)
    filing = who.begin({"kind": "patent"})
    with pytest.raises(Refusal) as error:
        who.submit(filing)
    answer = error.value.answer
    assert answer.status == 422
    found = {finding["code"]: finding for finding in answer.json["findings"]}
    assert {"applicant.missing", "document.missing", "title.missing"} <= found.keys()
    assert {finding["severity"] for finding in found.values()} == {"blocks", "defect"}
    for finding in found.values():
        assert finding["rule"]
        assert set(finding["message"]) == set(finding["action"]) == {"km", "en"}
        assert all(finding["action"].values())


def test_the_list_is_paged_and_its_place_is_checked(world: World) -> None:
    who = filer(world)
    who.begin(samples.design_form())
    assert len(who.call("GET", "/v1/filings").json["filings"]) == 1
    place = "2020-01-01T00:00:00.000Z_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert who.call("GET", f"/v1/filings?before={place}").json == {"filings": [], "next": None}
    for place in ("x", "x" * 5000, "2020", "2020-01-01T00:00:00.000Z", "%00", "%27%20OR%201=1"):
        assert refused(who, "GET", f"/v1/filings?before={place}") == (400, ["query.before"])
    twice = "before=2020-01-01T00:00:00.000Z_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert refused(who, "GET", f"/v1/filings?{twice}&{twice}") == (400, ["query.twice"])


def test_a_file_taken_back_is_gone_from_the_manifest(world: World) -> None:
    who = filer(world)
    filing, (one, other) = begun(world, who, samples.design_form(), (PNG, OTHER))
    for _ in range(2):
        answer = who.call("DELETE", f"/v1/filings/{filing}/attachments/{one}")
        assert answer.json == {"id": one, "state": "removed"}
    assert [file["attachment"] for file in who.view(filing)["manifest"]["files"]] == [other]


def test_a_submitted_filing_can_be_looked_at_and_not_changed(world: World) -> None:
    who = filer(world)
    filing, (one,) = begun(world, who, samples.design_form(), (PNG,))
    who.edit(filing, samples.design_form((one,)), 1)
    who.submit(filing)
    view = who.view(filing)
    path = f"/v1/filings/{filing}"
    said = {"document": "design-views", "name": "a", "media_type": "image/png", "size": 1}
    submitted = (409, ["filing.submitted-already"])
    assert refused(who, "PUT", path, samples.design_form(), If_Match='"3"') == submitted
    assert refused(who, "POST", f"{path}/attachments", said, Idempotency_Key="file-0002") == submitted
    assert refused(who, "DELETE", f"{path}/attachments/{one}") == submitted
    other = {"draft_version": 1, "manifest_sha256": "0" * 64}
    assert refused(who, "POST", f"{path}/submission", other, Idempotency_Key="press-0009") == submitted
    assert who.view(filing) == view


def test_what_is_answered_names_no_address_of_storage(world: World) -> None:
    who = filer(world)
    filing, _ = begun(world, who, samples.design_form(), (PNG,))
    shown = json.dumps(who.view(filing))
    assert world.environment["TRA_QUARANTINE_BUCKET"] not in shown and "uploads/" not in shown
