"""Status is a fold; what the graph does not allow is refused."""

import itertools
from collections import Counter

import pytest

from chalicelib.contracts.events import FACTS
from chalicelib.register.timeline import DRAFTED, GRAPHS, NotAllowed, after, status

FILING_WAY = (
    "AttachmentReserved", "AttachmentStored", "FilingSubmitted", "AttachmentSecured", "FeePaid",
    "LetterIntended", "LetterIssued", "PackageReady",
)  # fmt: skip


def test_a_filing_goes_its_way() -> None:
    states = [status("FILING", FILING_WAY[:length]) for length in range(len(FILING_WAY) + 1)]
    assert states == ["draft"] * 3 + ["submitted"] * 2 + ["paid"] * 2 + ["acknowledged", "handed-over"]


def test_payment_may_come_before_custody() -> None:
    way = ["FilingSubmitted", "FeePaid", "LetterIntended", "AttachmentSecured", "LetterIssued", "PackageReady"]
    assert status("FILING", way) == "handed-over"


@pytest.mark.parametrize(
    "way",
    [
        ["FilingSubmitted", "FilingSubmitted"],
        ["FilingSubmitted", "AttachmentStored"],
        ["FeePaid"],
        ["FilingSubmitted", "FeePaid", "FeePaid"],
        ["FilingSubmitted", "LetterIssued"],
        ["FilingSubmitted", "FeePaid", "LetterIssued", "LetterIntended"],
        ["FilingSubmitted", "FeePaid", "LetterIssued", "LetterIssued"],
        ["FilingSubmitted", "FeePaid", "LetterIssued", "PackageReady", "PackageReady"],
    ],
)
def test_a_filing_does_nothing_twice_and_nothing_too_early(way: list[str]) -> None:
    with pytest.raises(NotAllowed):
        status("FILING", way)


def test_an_order_is_paid_once() -> None:
    assert status("ORDER", ["OrderOpened", "AttemptOpened", "AttemptIssued", "PaymentVerified"]) == "paid"
    with pytest.raises(NotAllowed):
        after("ORDER", "paid", ["PaymentVerified"])


def test_every_fact_has_a_place_and_only_files_and_packages_have_two() -> None:
    placed = Counter(name for graph in GRAPHS.values() for name in graph)
    assert sorted(placed) == sorted(FACTS)
    assert {name for name, count in placed.items() if count > 1} == {
        "AttachmentReserved", "AttachmentStored", "AttachmentHeld", "AttachmentCleared", "AttachmentRefused",
        "AttachmentRemoved", "AttachmentSecured", "PackageReady",
    }  # fmt: skip


@pytest.mark.parametrize(
    "way",
    [
        ["PaperSubmitted", "PaperSubmitted"],
        ["PaperSubmitted", "AttachmentReserved"],
        ["PaperSecured"],
        ["PaperSubmitted", "PackageReady"],
        ["PaperSubmitted", "PaperSecured", "PaperSecured"],
        ["PaperSubmitted", "PaperSecured", "PackageReady", "PackageReady"],
    ],
)
def test_a_later_paper_does_nothing_twice_and_nothing_too_early(way: list[str]) -> None:
    with pytest.raises(NotAllowed):
        status("PAPER", way)


def test_a_later_papers_files_are_secured_before_its_documents_or_after() -> None:
    for way in (["AttachmentSecured", "PaperSecured"], ["PaperSecured", "AttachmentSecured"]):
        assert status("PAPER", ["AttachmentReserved", "AttachmentStored", "PaperSubmitted", *way]) == "secured"


def test_every_state_that_a_graph_names_can_be_reached() -> None:
    for kind, graph in GRAPHS.items():
        reached = {"draft" if kind in DRAFTED else ""}
        for _ in graph:
            reached |= {then for allowed, then in graph.values() if then and allowed & reached}
        assert set(itertools.chain.from_iterable(allowed for allowed, _ in graph.values())) <= reached
