"""Refusals as RFC 9457 problems, in the office's languages, with every finding and what to do."""

import inspect
import json
from typing import Any

import pytest
from chalice.app import Response

from chalicelib.kernel import errors
from chalicelib.kernel.errors import Finding, Invalid, LostRace, NotFound, Refused, TraError, Unavailable
from chalicelib.payment.fees import FeeUnknown
from chalicelib.payment.model import BadConfiguration, CreateRefused, HttpFailed
from chalicelib.web.problems import MAX_FINDINGS, answer, answering, problem
from tests.factories import cambodia


def said(error: TraError) -> tuple[int, dict[str, Any], dict[str, Any]]:
    response = problem(cambodia(), error)
    return response.status_code, json.loads(response.body), dict(response.headers)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Malformed", 400), ("Unauthenticated", 401), ("Forbidden", 403), ("NotFound", 404), ("Conflict", 409),
        ("Stale", 412), ("TooLarge", 413), ("Unsupported", 415), ("Invalid", 422), ("TooMany", 429),
    ],
)  # fmt: skip
def test_each_refusal_has_its_status(name: str, status: int) -> None:
    kind = getattr(errors, name)
    assert said(kind.because("filing.not-found"))[0] == status


def test_every_error_of_the_tree_has_an_answer() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, TraError)]
    for kind in kinds:
        error = kind.because("filing.not-found") if issubclass(kind, Refused) else kind("x")
        assert 400 <= said(error)[0] <= 503


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FeeUnknown("design-filing"), 409),
        (HttpFailed("bank"), 503),
        (LostRace("key"), 503),
        (CreateRefused("12"), 503),
        (BadConfiguration("rail"), 503),
        (errors.Corrupt("x"), 503),
    ],
)
def test_an_error_of_a_room_has_the_status_of_its_kind(error: TraError, status: int) -> None:
    assert said(error)[0] == status


def test_a_problem_says_what_is_wrong_and_what_to_do_in_every_language() -> None:
    status, body, headers = said(Invalid.because("document.too-large", "/size", limit="5"))
    assert headers["Content-Type"] == "application/problem+json"
    assert (body["status"], body["type"]) == (status, "urn:tra:problem:document.too-large")
    (finding,) = body["findings"]
    assert (finding["code"], finding["pointer"], finding["severity"]) == ("document.too-large", "/size", "blocks")
    assert set(finding["message"]) == set(finding["action"]) == {"km", "en"}
    assert all(finding["message"].values()) and all(finding["action"].values())
    assert "5" in finding["message"]["en"] + finding["action"]["en"]
    assert body["title"] == finding["message"]["en"]


def test_a_finding_says_its_rule_and_its_days_if_it_has_them() -> None:
    body = said(Invalid(Finding(code="title.missing", severity="defect", rule="Law, Art. 1", days=59)))[1]
    assert (body["findings"][0]["rule"], body["findings"][0]["days"]) == ("Law, Art. 1", 59)
    assert "rule" not in said(NotFound.because("filing.not-found"))[1]["findings"][0]


def test_what_a_caller_sent_cannot_break_out_of_the_words() -> None:
    body = said(Invalid.because("document.unknown", "/document", document="{0.__class__} {limit} <script>"))[1]
    assert "{0.__class__} {limit} <script>" in json.dumps(body["findings"][0]["message"])


def test_an_answer_stays_within_the_gateways_limit_however_much_is_wrong() -> None:
    many = Invalid(*(Finding(code="field.unknown", pointer=f"/{number:0200}") for number in range(30_000)))
    body = said(many)[1]
    assert len(body["findings"]) == MAX_FINDINGS
    assert body["omitted"] == 30_000 - MAX_FINDINGS
    assert len(problem(cambodia(), many).body) < 1_000_000


def test_who_may_come_again_is_told_when() -> None:
    assert said(Unavailable("x"))[2]["Retry-After"] == "5"


def test_nobody_is_sent_to_wait_where_waiting_cures_nothing() -> None:
    assert "Retry-After" not in said(errors.TooMany.because("attachment.too-many"))[2]


def test_who_is_unknown_is_told_how_to_say_who_he_is() -> None:
    assert said(errors.Unauthenticated.because("token.missing"))[2]["WWW-Authenticate"] == 'Bearer realm="tra"'


def test_our_own_faults_say_nothing_about_themselves() -> None:
    body = json.dumps(said(errors.Corrupt("FILING#01J secret path"))[1])
    assert "secret" not in body and "Corrupt" not in body


def guarded(raising: BaseException | None) -> Response:
    @answering(cambodia)
    def view() -> Response:
        if raising:
            raise raising
        return answer(200, {"a": "ខ"}, ETag='"1"')

    return view()


def test_a_good_answer_passes_with_the_headers_that_every_answer_has() -> None:
    response = guarded(None)
    assert (response.status_code, response.body) == (200, '{"a":"ខ"}')
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("private text"), RecursionError(), MemoryError()])
def test_a_defect_of_ours_is_answered_503_and_logged_without_its_text(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    response = guarded(error)
    assert response.status_code == 503
    log = json.loads(capsys.readouterr().err)
    assert (log["event"], log["error"]) == ("request-defect", type(error).__name__)
    assert log["where"].startswith("test_problems.py:")
    assert "private text" not in json.dumps(log) + response.body


def test_being_told_to_stop_is_not_a_defect() -> None:
    with pytest.raises(KeyboardInterrupt):
        guarded(KeyboardInterrupt())
