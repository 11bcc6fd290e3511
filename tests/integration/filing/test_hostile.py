"""Hostile requests are answered 4xx, as problems that a person can act on, and change nothing (security.md 6).

Every route of the app is tried with every body; the list of routes is the app's own.
"""

import json
import re
from typing import Any

import pytest

from infra.local import samples
from infra.local.filer import Answer, Filer
from tests.faults.pump import Pump
from tests.faults.world import World
from tests.integration.people import filer

DEEP = b"[" * 100_000
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no json": b"<xml/>",
    "deep": DEEP,
    "deep objects": b'{"a":' * 20_000,
    "duplicate": b'{"kind":"patent","kind":"industrial-design"}',
    "nan": b'{"kind":"patent","claim_count":NaN}',
    "infinity": b'{"kind":"patent","claim_count":-Infinity}',
    "1e400": b'{"kind":"patent","claim_count":1e400}',
    "huge integer": b'{"kind":"patent","claim_count":' + b"9" * 100_000 + b"}",
    "float": b'{"kind":"patent","claim_count":1.0}',
    "surrogate": b'{"kind":"patent","reference":"\\ud800"}',
    "surrogate in a list": b'{"kind":"patent","declarations":["\\udfff"]}',
    "not utf-8": b'{"kind":"\xff\xfe"}',
    "utf-16": '{"kind":"patent"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"kind":"patent"}',
    "nul": b'{"kind":"pat\x00ent"}',
    "list": b"[]",
    "null": b"null",
    "number": b"7",
    "string": b'"patent"',
    "two values": b"{}{}",
    "__proto__": b'{"__proto__":{"kind":"patent"},"constructor":1}',
    "extra": b'{"kind":"patent","status":"paid","number":"KH/P/2026/1","owner":"account:x","fee":0}',
    "pollution": b'{"kind":{"$ne":null},"rail":{"$gt":""},"document":["x"],"draft_version":{"a":1}}',
    "one megabyte": b'{"kind":"' + b"x" * 1_000_000 + b'"}',
    "forty thousand fields": b"{" + b",".join(b'"f%d":0' % number for number in range(25_000)) + b"}",
    "many faults": json.dumps({"kind": "patent", "applicants": [{"x": 1}] * 10_000}).encode(),
}
JSON = {"Content-Type": "application/json"}


def routes_with_a_body() -> list[tuple[str, str]]:
    """Every route that reads a body, but the banks' doorbell."""
    import app

    return sorted(
        (path, method)
        for path, methods in app.app.routes.items()
        for method in methods
        if method in {"POST", "PUT", "PATCH"} and not path.startswith("/v1/payments/")
    )


def place(path: str, filing: str) -> str:
    """A path of the route, with the filing's id wherever it wants one."""
    return re.sub(r"{\w+}", filing, path)


def send(who: Filer, method: str, path: str, raw: bytes, **headers: str) -> Answer:
    sent = {"Authorization": f"Bearer {who.token}", "Idempotency-Key": "hostile-01", "If-Match": '"1"', **JSON}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return who.send(method, path, sent, raw)


def rows(world: World) -> list[dict[str, Any]]:
    return Pump(world).rows()


def a_problem(answer: Answer) -> None:
    """What every refusal is: a problem with code, pointer, and words with what to do, in Khmer and English."""
    assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.body) < 1_000_000
    body = answer.json
    assert body["status"] == answer.status and body["type"].startswith("urn:tra:problem:") and body["title"]
    assert body["findings"]
    for finding in body["findings"]:
        assert finding["code"] and isinstance(finding["pointer"], str)
        assert set(finding["message"]) == set(finding["action"]) == {"km", "en"}
        assert all(finding["message"].values()) and all(finding["action"].values()), finding


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_refused_by_every_route_and_changes_nothing(world: World, name: str) -> None:
    who = filer(world)
    filing = who.begin(samples.design_form())
    before = rows(world)
    routes = routes_with_a_body()
    assert len(routes) >= 5
    for path, method in routes:
        a_problem(send(who, method, place(path, filing), BODIES[name]))
    assert rows(world) == before


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "*/*", "a\tb"]
)
def test_another_media_type_is_unsupported(world: World, kind: str) -> None:
    who = filer(world)
    filing = who.begin(samples.design_form())
    for path, method in routes_with_a_body():
        answer = send(who, method, place(path, filing), b"{}", **{"Content-Type": kind})
        a_problem(answer)
        if path.startswith("/v1/desk/") or "{attachment}" in path or path.endswith("/bell"):
            assert answer.status in {403, 404, 415}  # who is no officer, or names no file or order, is told that first
        elif path in {"/verify", "/v1/verifications"} and kind == "multipart/form-data":
            assert answer.status == 400  # they take it, but not without its boundary
        else:
            assert answer.status == 415


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("deep", 400),
        ("duplicate", 400),
        ("nan", 400),
        ("1e400", 400),
        ("surrogate", 400),
        ("extra", 422),
        ("one megabyte", 413),
    ],
)
def test_the_status_says_what_kind_of_wrong_it_is(world: World, name: str, status: int) -> None:
    assert send(filer(world), "POST", "/v1/filings", BODIES[name]).status == status


def test_every_extra_field_is_named(world: World) -> None:
    answer = send(filer(world), "POST", "/v1/filings", BODIES["extra"])
    pointers = {finding["pointer"] for finding in answer.json["findings"]}
    assert pointers == {"/status", "/number", "/owner", "/fee"}


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Idempotency-Key", "x" * 5000),
        ("Idempotency-Key", "key\r\nX-Evil: 1"),
        ("Idempotency-Key", "IDEMPOTENCY#account#key\u0000"),
    ],
)
def test_a_hostile_header_is_refused(world: World, header: str, value: str) -> None:
    body = json.dumps(samples.design_form()).encode()
    a_problem(send(filer(world), "POST", "/v1/filings", body, **{header: value}))


@pytest.mark.parametrize("tag", ["*", '"1"; DROP', '"99999999999999999999"', '"-1"', '"1", "2"'])
def test_a_hostile_version_is_refused(world: World, tag: str) -> None:
    who = filer(world)
    filing = who.begin(samples.design_form())
    body = json.dumps({**samples.design_form(), "reference": "x"}).encode()
    answer = send(who, "PUT", f"/v1/filings/{filing}", body, If_Match=tag)
    a_problem(answer)
    assert answer.status == 400


def test_no_header_chooses_another_method_or_host(world: World) -> None:
    who = filer(world)
    filing = who.begin(samples.design_form())
    before = rows(world)
    hostile = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "PUT", "Host": "evil.example"}
    answer = who.call("GET", f"/v1/filings/{filing}", None, **{k.replace("-", "_"): v for k, v in hostile.items()})
    assert answer.json == who.view(filing) and "evil" not in answer.body.decode()
    assert rows(world) == before


def test_money_is_never_taken_from_a_request(world: World) -> None:
    who = filer(world)
    filing = who.begin(samples.design_form())
    for amount in (0, -1, 1.5, "1e3", None):
        body = json.dumps({"rail": "aba", "amount": amount}).encode()
        a_problem(send(who, "POST", f"/v1/filings/{filing}/payment-orders", body))


@pytest.mark.parametrize("name", BODIES)
def test_the_banks_doorbell_refuses_what_no_bank_sent(world: World, name: str) -> None:
    before = rows(world)
    answer = world.request("POST", "/v1/payments/aba/notifications", subject="", headers=JSON, raw=BODIES[name])
    assert answer.status == 401
    assert rows(world) == before


@pytest.mark.parametrize("rail", ["wing", "ABA", "..", "%00", "x" * 1000])
def test_the_doorbell_of_a_rail_we_do_not_have_is_not_found(world: World, rail: str) -> None:
    answer = world.request("POST", f"/v1/payments/{rail}/notifications", subject="", headers=JSON, raw=b"{}")
    assert answer.status == 404


def test_nothing_of_a_refused_request_is_in_the_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    who = filer(world)
    secret = json.dumps({"kind": "patent", "reference": "a private word", "status": "x"}).encode()
    send(who, "POST", "/v1/filings", secret)
    send(who, "POST", "/v1/filings", b'{"a private word": ')
    said = capsys.readouterr()
    assert "private word" not in said.err + said.out and who.token not in said.err + said.out
