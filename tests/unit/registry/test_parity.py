"""Parity: nothing to say of an office that is whole; each thing that is missing is named, with its age, once it is late."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.contracts.events import FeePaid, LetterIssued, OrderOpened, PaymentVerified
from chalicelib.contracts.events import Line as OrderLine
from chalicelib.kernel.clock import stamp
from chalicelib.register.model import StreamId, begin, order
from chalicelib.registry.parity import PATIENCE, Difference, Parity, lines
from tests.unit.registry.filings import InMemoryFilings


def office(*, order_too: bool = True) -> tuple[InMemoryFilings, StreamId]:
    """One filing, handed over and published, with the order that paid for it."""
    filings = InMemoryFilings.begin()
    stream = filings.handed_over()
    if order_too:
        pay(filings, stream)
    for entry in list(filings.register.entries.values()):
        filings.register.mark_published(entry)
    return filings, stream


def pay(filings: InMemoryFilings, stream: StreamId, amount: int = 320_000) -> None:
    """The order behind the filing's credit."""
    (credited,) = filings.load(stream).facts(FeePaid)
    due = (OrderLine(code="filing", amount=amount),)
    opened = OrderOpened(
        filing=stream.id, purpose="filing", lines=due, amount=amount, currency="KHR", schedule="2023-11-14"
    )
    verified = PaymentVerified(
        filing=stream.id, purpose="filing", reference="KH2611250001", rail="aba", bank_ref="1", amount=amount,
        currency="KHR", asked_at=stamp(filings.clock()), evidence_sha256="a" * 64,
    )  # fmt: skip
    filings.register.commit(
        begin(order(credited.order), opened, verified, by="tra:ask_bank", at=filings.clock(), owner="account:filer")
    )


def look(filings: InMemoryFilings, after: timedelta = PATIENCE * 2, **more: Any) -> list[Difference]:
    """A run, some time later."""
    now = filings.clock() + after
    return Parity(register=filings.register, records=filings.records, clock=lambda: now, **more)()


def codes(found: list[Difference]) -> list[str]:
    """What was found."""
    return [one.what for one in found]


def test_an_office_that_is_whole_has_no_difference() -> None:
    assert look(office()[0]) == []


def test_what_is_under_way_is_no_difference_and_what_is_late_has_an_age() -> None:
    filings = InMemoryFilings.begin()
    stream = filings.ready()
    pay(filings, stream)
    for entry in list(filings.register.entries.values()):
        filings.register.mark_published(entry)
    assert look(filings, timedelta(minutes=59)) == []
    (found,) = look(filings, timedelta(hours=3))
    assert (found.what, found.stream) == ("package-missing", str(stream))
    assert found.to_json(filings.clock() + timedelta(hours=3))["age_seconds"] == 3 * 3600
    assert "for 3.0 hours" in next(lines([found], filings.clock() + timedelta(hours=3)))


def unpublished(filings: InMemoryFilings, stream: StreamId) -> None:
    last = filings.load(stream).entries[-1]
    for key, entry in filings.register.entries.items():
        if entry.hash == last.hash:
            filings.register.entries[key] = replace(entry, pending=True)


def forged(filings: InMemoryFilings, stream: StreamId) -> None:
    filings.forge(filings.load(stream).entries[0], size=1)


def letter_lost(filings: InMemoryFilings, stream: StreamId) -> None:
    (letter,) = filings.load(stream).facts(LetterIssued)
    del filings.records.objects[letter.key]


def letter_changed(filings: InMemoryFilings, stream: StreamId) -> None:
    (letter,) = filings.load(stream).facts(LetterIssued)
    filings.overwrite(letter.key, b"shorter")


def part_lost(filings: InMemoryFilings, stream: StreamId) -> None:
    del filings.records.objects[next(key for key in filings.records.objects if key.endswith(".xml"))]


def package_lost(filings: InMemoryFilings, stream: StreamId) -> None:
    del filings.records.objects[filings.fact(stream).key]


def package_garbled(filings: InMemoryFilings, stream: StreamId) -> None:
    filings.overwrite(filings.fact(stream).key, b"x" * filings.fact(stream).size)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (unpublished, {"not-published"}),
        (forged, {"chain-broken"}),
        (letter_lost, {"object-missing"}),
        (letter_changed, {"object-differs"}),
        (part_lost, {"object-missing"}),
        (package_lost, {"object-missing"}),
        (package_garbled, {"package-unreadable"}),
    ],
)
def test_each_thing_that_is_missing_or_other_is_named(
    spoil: Callable[[InMemoryFilings, StreamId], None], what: set[str]
) -> None:
    filings, stream = office()
    spoil(filings, stream)
    assert set(codes(look(filings))) == what


def test_money_that_was_credited_and_not_paid_is_named() -> None:
    assert codes(look(office(order_too=False)[0])) == ["credited-and-not-paid"]


def test_a_credit_of_another_amount_is_named() -> None:
    filings, stream = office(order_too=False)
    pay(filings, stream, amount=1)
    for entry in list(filings.register.entries.values()):
        filings.register.mark_published(entry)
    assert codes(look(filings)) == ["credited-another-amount"]


def test_money_that_was_paid_and_not_credited_is_named_and_so_is_a_letter_that_never_came() -> None:
    filings = InMemoryFilings.begin()
    stream = filings.submit(files=())
    filings.pay(stream)
    found = codes(look(filings))
    assert "letter-missing" in found
    other = filings.submit(files=())
    opened = OrderOpened(filing=other.id, purpose="filing", lines=(), amount=1, currency="KHR", schedule="x")
    paid = PaymentVerified(
        filing=other.id, purpose="filing", reference="R", rail="aba", bank_ref="2", amount=1, currency="KHR",
        asked_at=stamp(filings.clock()), evidence_sha256="a" * 64,
    )  # fmt: skip
    at = filings.clock()
    filings.register.commit(begin(order("01J0000000000000000000000B"), opened, paid, by="tra:x", at=at, owner=""))
    assert "paid-and-not-credited" in codes(look(filings))


def test_files_that_custody_never_took_are_named() -> None:
    filings = InMemoryFilings.begin()
    filings.submit()
    assert "not-secured" in codes(look(filings))


def test_a_consumer_that_is_behind_or_ahead_is_named() -> None:
    filings, stream = office()
    heads = {str(one): (filings.load(one).head.version, "") for one in filings.register.every_stream()}
    assert look(filings, consumed=heads) == []
    version = heads[str(stream)][0]
    (behind,) = look(filings, consumed=heads | {str(stream): (version - 2, "")})
    assert (behind.what, behind.detail) == ("not-consumed", "2 entries")
    (ahead,) = look(filings, consumed=heads | {str(stream): (version + 1, "")})
    assert ahead.what == "consumed-and-not-entered"


def test_differences_come_oldest_first_and_name_no_person_and_no_file() -> None:
    filings, stream = office(order_too=False)
    letter_lost(filings, stream)
    found = look(filings)
    assert found == sorted(found)
    assert "drawing" not in str(found)
