"""Another person's filing, file, order or letter: 404, word for word as if it did not exist (security.md 6, row 45)."""

from typing import Any

import pytest

from chalicelib.kernel.ids import ulid
from infra.local import samples
from infra.local.filer import Filer, Refusal
from tests.fakes import NOON
from tests.faults.world import Moment, World
from tests.integration.filing.test_routes import PNG
from tests.integration.people import begun, filer, finished_design

NOBODYS = ulid(NOON, lambda size: b"\x01" * size)
BODIES: dict[str, Any] = {
    "/v1/filings/{identifier}": samples.design_form(),
    "/v1/filings/{identifier}/attachments": {
        "document": "design-views", "name": "a.png", "media_type": "image/png", "size": 9,
    },
    "/v1/filings/{identifier}/attachments/{attachment}/parts": {"parts": [{"number": 1, "sha256": "0" * 64}]},
    "/v1/filings/{identifier}/attachments/{attachment}/completion": {},
    "/v1/filings/{identifier}/submission": {"draft_version": 1, "manifest_sha256": "0" * 64},
    "/v1/filings/{identifier}/papers": {"kind": "other"},
    "/v1/filings/{identifier}/payment-orders": {"rail": "aba"},
    "/v1/filings/{identifier}/payment-orders/bell": {},
}  # fmt: skip


def routes_with_an_identifier() -> list[tuple[str, str]]:
    """Every route of the app that names a filing, with every method it has."""
    import app

    return sorted(
        (path, method)
        for path, methods in app.app.routes.items()
        for method in methods
        if path.startswith("/v1/filings/{identifier}")
    )


def asked(who: Filer, method: str, path: str, filing: str, attachment: str) -> tuple[int, bytes]:
    headers = {"Idempotency_Key": "guess-0001", "If_Match": '"1"'}
    body = BODIES[path] if method in {"POST", "PUT"} else None
    place = path.format(identifier=filing, attachment=attachment, code="receipt", sha256="0" * 64)
    with pytest.raises(Refusal) as error:
        who.call(method, place, body, **headers)
    return error.value.answer.status, error.value.answer.body


@pytest.fixture(scope="module")
def finished(opened: World) -> tuple[Moment, str, str]:
    """The moment at which Anna has everything there is to have: her filing and one of its attachments."""
    opened.go_back(opened.first)
    filing = finished_design(opened)
    return opened.remember(), filing, filer(opened).view(filing)["attachments"][0]["id"]


@pytest.fixture
def annas(world: World, finished: tuple[Moment, str, str]) -> tuple[str, str]:
    world.go_back(finished[0])
    assert filer(world).acknowledgement(finished[1])
    return finished[1], finished[2]


@pytest.fixture
def annas_draft(world: World) -> tuple[str, str]:
    filing, (file,) = begun(world, filer(world), samples.design_form(), (PNG,))
    return filing, file


def test_no_route_tells_another_that_a_filing_exists(world: World, annas: tuple[str, str]) -> None:
    bopha, before = filer(world, "bopha"), filer(world).view(annas[0])
    routes = routes_with_an_identifier()
    assert len(routes) >= 9
    for path, method in routes:
        others = asked(bopha, method, path, *annas)
        assert others == asked(bopha, method, path, NOBODYS, annas[1]), f"{method} {path}"
        assert others[0] == 404
    assert filer(world).view(annas[0]) == before


def test_no_route_tells_another_that_a_draft_exists(world: World, annas_draft: tuple[str, str]) -> None:
    bopha, before = filer(world, "bopha"), filer(world).view(annas_draft[0])
    for path, method in routes_with_an_identifier():
        assert asked(bopha, method, path, *annas_draft) == asked(bopha, method, path, NOBODYS, annas_draft[1])
    assert filer(world).view(annas_draft[0]) == before


@pytest.mark.parametrize("identifier", ["x", "%00", "..", "FILING%231", "0" * 26, "%E1%9E%80", "x" * 2000, "%7B%7D"])
def test_what_is_no_identifier_is_answered_alike(world: World, identifier: str) -> None:
    who = filer(world)
    for path, method in routes_with_an_identifier():
        assert asked(who, method, path, identifier, NOBODYS) == asked(who, method, path, NOBODYS, NOBODYS)


def test_anothers_list_is_empty(world: World, annas: tuple[str, str]) -> None:
    assert filer(world, "bopha").call("GET", "/v1/filings").json == {"filings": [], "next": None}


def test_a_number_is_no_identifier(world: World, annas: tuple[str, str]) -> None:
    assert asked(filer(world, "bopha"), "GET", "/v1/filings/{identifier}", "KH%2FD%2F2026%2F1", "")[0] == 404


def papers_routes() -> list[tuple[str, str]]:
    """Every route of the app that names a later paper, with every method it has."""
    import app

    found = [(path, method) for path, methods in app.app.routes.items() for method in methods]
    return sorted(one for one in found if one[0].startswith("/v1/papers/{identifier}"))


PAPER_BODIES: dict[str, Any] = {
    "/v1/papers/{identifier}": {"kind": "other"},
    "/v1/papers/{identifier}/attachments": {
        "document": "statement", "name": "a.pdf", "media_type": "application/pdf", "size": 9,
    },
    "/v1/papers/{identifier}/attachments/{attachment}/parts": {"parts": [{"number": 1, "sha256": "0" * 64}]},
    "/v1/papers/{identifier}/attachments/{attachment}/completion": {},
    "/v1/papers/{identifier}/payment-orders": {"rail": "aba"},
    "/v1/papers/{identifier}/payment-orders/bell": {},
    "/v1/papers/{identifier}/submission": {"draft_version": 1, "manifest_sha256": "0" * 64},
}  # fmt: skip


def test_no_route_tells_another_that_a_later_paper_exists(world: World, annas: tuple[str, str]) -> None:
    anna, bopha = filer(world), filer(world, "bopha")
    paper = anna.begin_paper(annas[0], {"kind": "other"})
    file = anna.attach(paper, samples.letter(), to="papers")
    routes = papers_routes()
    assert len(routes) >= 10
    for path, method in routes:
        body = PAPER_BODIES[path] if method in {"POST", "PUT"} else None
        headers, answers = {"Idempotency_Key": "guess-0001", "If_Match": '"1"'}, set()
        for who, one in ((bopha, paper), (bopha, NOBODYS), (anna, NOBODYS), (anna, annas[0]), (anna, "..")):
            with pytest.raises(Refusal) as error:
                who.call(method, path.format(identifier=one, attachment=file), body, **headers)
            answers.add((error.value.answer.status, error.value.answer.body))
        assert len(answers) == 1, f"{method} {path}"
        assert answers.pop()[0] == 404
    assert anna.view_paper(paper)["attachments"][0]["state"] == "reserved"
