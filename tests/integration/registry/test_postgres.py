"""A registry in a real PostgreSQL: mark and effect stand together, whatever happens in between."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.contracts.events import FeePaid
from chalicelib.kernel.errors import Corrupt
from chalicelib.register.model import filing
from chalicelib.registry.arguments import postgres
from chalicelib.registry.chain import Event, Mark
from chalicelib.registry.consumer import PAUSE, Consumer, Outcome
from chalicelib.registry.layout import dossier
from chalicelib.registry.model import Dossier, DossierDiffers
from chalicelib.registry.postgres import PostgresRegistry
from tests.fakes import fake_seals
from tests.integration.registry.server import USER, server
from tests.unit.registry import papers
from tests.unit.registry.fakes import InMemoryQueue, Killed
from tests.unit.registry.filings import InMemoryFilings

STREAM, AT = filing("01J0000000000000000000000A"), "2026-11-25T05:00:00.000Z"
FILINGS = InMemoryFilings.begin()
HANDED = FILINGS.handed_over()


@pytest.fixture(scope="module")
def socket() -> Iterator[str]:
    """One server for all."""
    with server() as folder:
        yield folder


@pytest.fixture
def url(socket: str) -> str:
    """An empty database."""
    admin = postgres(f"postgresql://{USER}@/postgres?host={socket}")
    admin.connection.run("DROP SCHEMA public CASCADE")
    admin.connection.run("CREATE SCHEMA public")
    admin.close()
    return f"postgresql://{USER}@/postgres?host={socket}"


@pytest.fixture
def registry(url: str) -> Iterator[PostgresRegistry]:
    """A registry in it."""
    there = postgres(url)
    yield there
    there.close()


def plan() -> Dossier:
    """What a filing's package lays."""
    package = FILINGS.package(HANDED)
    return dossier(package, package.to_bytes(), lambda one: FILINGS.records.chunks(one.key, one.version))


def consumer(registry: PostgresRegistry, **more: Any) -> Consumer:
    """The consumer, with all of one filing's events waiting."""
    queue = InMemoryQueue()
    for body in FILINGS.messages(HANDED):
        queue.send(body, str(HANDED))
    return Consumer(
        queue=queue, objects=FILINGS.records, marks=registry, shelf=registry, seals=fake_seals, say=lambda _: None, **more
    )


def outcomes(one: Consumer) -> list[Outcome]:
    """What became of each message."""
    came = []
    while (outcome := one.step(wait=0)) is not None:
        came.append(outcome)
    return came


def count(registry: PostgresRegistry, table: str) -> int:
    """Rows of a table."""
    rows: Any = registry.connection.run(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
    return int(rows[0][0])


def test_marks_are_kept_move_forward_and_leave_parking(registry: PostgresRegistry, url: str) -> None:
    assert registry.last(STREAM) == Mark()
    registry.park(STREAM, "entry 1 has not come")
    assert registry.parked() == {str(STREAM): "entry 1 has not come"}
    registry.set(STREAM, Mark(2, "b" * 64), AT)
    registry.set(STREAM, Mark(1, "a" * 64), AT)
    other = postgres(url)
    assert (other.last(STREAM), other.parked()) == (Mark(2, "b" * 64), {})
    assert other.streams() == {str(STREAM): (2, AT)}
    other.close()


def test_a_filing_lies_there_with_every_byte(registry: PostgresRegistry) -> None:
    assert outcomes(consumer(registry))[-1] is Outcome.LAID
    rows: Any = registry.connection.run("SELECT path, body FROM tra_part WHERE number = 'KH-D-2026-1' ORDER BY path")
    assert {path: bytes(body) for path, body in rows} == {
        part.path: b"".join(part.chunks()) for part in plan().parts
    }


def test_a_second_delivery_changes_nothing(registry: PostgresRegistry) -> None:
    outcomes(consumer(registry))
    assert set(outcomes(consumer(registry))) == {Outcome.REPEAT}
    assert count(registry, "tra_dossier") == 1


def test_killed_between_effect_and_mark_neither_stands_and_the_next_run_does_both(registry: PostgresRegistry) -> None:
    class Dying(PostgresRegistry):
        def set(self, stream: Any, mark: Mark, at: str) -> None:
            if count(self, "tra_dossier"):
                raise Killed
            super().set(stream, mark, at)

    with pytest.raises(Killed):
        outcomes(consumer(Dying(registry.connection)))
    assert (count(registry, "tra_dossier"), count(registry, "tra_part")) == (0, 0)
    assert registry.last(HANDED).seq == FILINGS.load(HANDED).head.version - 1
    assert outcomes(consumer(registry))[-1] is Outcome.LAID


def test_a_handler_of_ones_own_writes_with_the_mark_or_not_at_all(registry: PostgresRegistry) -> None:
    registry.connection.run("CREATE TABLE fee (amount integer)")

    def paid(event: Event) -> None:
        assert isinstance(event.fact, FeePaid)
        registry.connection.run("INSERT INTO fee VALUES (:amount)", amount=event.fact.amount)
        if dying:
            raise Killed

    dying = True
    with pytest.raises(Killed):
        outcomes(consumer(registry, handlers={FeePaid: paid}))
    assert count(registry, "fee") == 0
    dying = False
    outcomes(consumer(registry, handlers={FeePaid: paid}))
    outcomes(consumer(registry, handlers={FeePaid: paid}))
    assert count(registry, "fee") == 1


def test_another_dossier_under_a_number_is_for_a_person(registry: PostgresRegistry) -> None:
    registry.lay(plan())
    registry.lay(plan())
    with pytest.raises(DossierDiffers):
        registry.lay(replace(plan(), digest="f" * 64))


@pytest.mark.parametrize("bytes_", [b"", b"other", b"x" * 100_000])
def test_bytes_that_are_not_the_packages_lay_nothing(registry: PostgresRegistry, bytes_: bytes) -> None:
    whole = plan()
    wrong = replace(whole, parts=(*whole.parts[:-1], replace(whole.parts[-1], chunks=lambda: [bytes_])))
    with pytest.raises(Corrupt), registry.turn(HANDED):
        registry.lay(wrong)
    assert count(registry, "tra_dossier") == 0


def test_two_consumers_of_one_stream_wait_for_each_other(registry: PostgresRegistry, url: str) -> None:
    other = postgres(url)
    with registry.turn(STREAM):
        other.connection.run("SET lock_timeout = '50ms'")
        with pytest.raises(Exception, match="lock timeout"), other.turn(STREAM):
            pass
        with other.turn(HANDED):
            pass
    with other.turn(STREAM):
        pass
    other.close()


def test_a_later_paper_is_taken_after_its_filing_and_lies_beside_it(registry: PostgresRegistry) -> None:
    filings, queue = InMemoryFilings.begin(), InMemoryQueue()
    application = filings.handed_over()
    paper = papers.handed_over(filings, application)
    taking = Consumer(
        queue=queue, objects=filings.records, marks=registry, shelf=registry, seals=fake_seals, say=print
    )
    for stream in (paper, application):
        for body in filings.messages(stream):
            queue.send(body, str(stream))
    outcomes = []
    while (outcome := taking.step(wait=PAUSE)) is not None or queue.held:
        outcomes.append(outcome)
    assert Outcome.PARKED in outcomes
    rows = registry.connection.run("SELECT number FROM tra_dossier ORDER BY came")
    assert [number for (number,) in rows or []] == ["KH-D-2026-1", "KH-D-2026-1-P1"]
    assert registry.parked() == {}
    assert queue.dead == []
