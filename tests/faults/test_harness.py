"""The harnesses themselves: they kill where told, repeat exactly, and find what is wrong with what is done wrong.

The naive ways here are the usual ones: save a row, then send to a queue; read a counter, then write it back.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.aws import clients
from chalicelib.register.dynamodb import DynamoRegister
from chalicelib.register.model import Key, Put, deciding
from tests.faults.crash import Crash, crash_points, killing
from tests.faults.ground import Snapshot, create_register, moto
from tests.faults.interleave import Run, interleave, interleavings

TABLE = "tra-harness-register"
COUNTER, WISH = Key("COUNTER#X#2026", "COUNTER"), Key("WISH#1", "WISH")


class Place:
    """A table, a queue, and a way back to when they were empty."""

    def __init__(self) -> None:
        create_register(TABLE)
        self.register = DynamoRegister(table=TABLE, client=clients.dynamodb())
        self.queue = clients.sqs().create_queue(QueueName="wishes")["QueueUrl"]
        self.first = Snapshot()

    def fresh(self) -> "Place":
        """Empty again."""
        self.first.restore()
        return self

    def sent(self) -> int:
        """How many messages lie in the queue."""
        answer = clients.sqs().get_queue_attributes(QueueUrl=self.queue, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])


@pytest.fixture
def place() -> Iterator[Place]:
    """Somewhere to try things."""
    with moto():
        yield Place()


# ------------------------------------------------------------------------------------------------ kills


def save_and_send(place: Place) -> None:
    """The usual dual write: a row, then a message; the row says that it was done."""
    if place.register.item(WISH) is None:
        place.register.commit(Put(WISH, {}))
        clients.sqs().send_message(QueueUrl=place.queue, MessageBody="wish")


def save_both(place: Place) -> None:
    """One commit."""
    if place.register.item(WISH) is None:
        place.register.commit(Put(WISH, {}), Put(Key("OUTBOX#1", "OUTBOX"), {}))


def nothing(place: Place) -> None:
    """No sweepers here."""


def one_message_for_the_row(place: Place) -> None:
    """What must hold."""
    assert (place.register.item(WISH) is not None) == (place.sent() == 1)


def both_rows(place: Place) -> None:
    """What must hold."""
    assert (place.register.item(WISH) is None) == (place.register.item(Key("OUTBOX#1", "OUTBOX")) is None)


def test_a_dual_write_is_found_out(place: Place) -> None:
    found = crash_points(world=place.fresh, act=save_and_send, settle=nothing, check=one_message_for_the_row)
    assert found.calls == ("dynamodb.GetItem", "dynamodb.TransactWriteItems", "sqs.SendMessage")
    assert found.tried == 6
    assert [(broken.at, broken.side) for broken in found.broken] == [(2, "after"), (3, "before")]


def test_one_commit_stands_every_kill(place: Place) -> None:
    found = crash_points(world=place.fresh, act=save_both, settle=nothing, check=both_rows)
    assert (found.tried, found.broken) == (4, ())


def test_a_kill_is_not_hidden_by_a_handler_and_nothing_is_called_while_dying(place: Place) -> None:
    def act() -> None:
        try:
            place.register.item(WISH)
        except Exception:  # noqa: BLE001 - what a careless handler does
            pytest.fail("the kill was caught")
        finally:
            place.register.commit(Put(WISH, {}))

    with killing() as killer:
        killer.arm(1, "after")
        with pytest.raises(Crash, match="still calling"):
            act()
        killer.disarm()
        assert place.register.item(WISH) is None


def test_after_means_that_aws_did_it(place: Place) -> None:
    for side, there in (("before", False), ("after", True)):
        place.fresh()
        with killing() as killer:
            killer.arm(1, side)  # type: ignore[arg-type]
            with pytest.raises(Crash):
                place.register.commit(Put(WISH, {}))
            killer.disarm()
        assert (place.register.item(WISH) is not None) == there


def test_a_run_that_takes_another_way_counts_as_broken(place: Place) -> None:
    ways = iter([3, 1, 1, 1, 1, 1, 1])

    def act(there: Place) -> None:
        for _ in range(next(ways, 1)):
            there.register.item(WISH)

    found = crash_points(world=place.fresh, act=act, settle=nothing, check=nothing)
    assert [broken.at for broken in found.broken if "not repeatable" in broken.why] == [2, 2, 3, 3]


# ------------------------------------------------------------------------------------------------ interleavings


def count_unguarded(place: Place) -> Callable[[], None]:
    """Reads the counter and writes it back, without a condition."""

    def act() -> None:
        item = place.register.item(COUNTER)
        number = (item.attributes["given"] if item else 0) + 1
        row: Any = {
            "pk": {"S": COUNTER.pk},
            "sk": {"S": COUNTER.sk},
            "version": {"N": "1"},
            "given": {"N": str(number)},
        }
        place.register.client.put_item(TableName=TABLE, Item=row)

    return act


def count_guarded(place: Place) -> Callable[[], None]:
    """Reads, and writes if nobody else did; else again."""

    def decide() -> None:
        item = place.register.item(COUNTER)
        given, version = (item.attributes["given"], item.version) if item else (0, None)
        place.register.commit(Put(COUNTER, {"given": given + 1}, expects=version))

    return lambda: deciding(decide, pause=lambda _: None)


def counted(number: int) -> Callable[[Place, Run], None]:
    """Everybody was counted."""

    def judge(place: Place, run: Run) -> None:
        item = place.register.item(COUNTER)
        assert not run.failed, run
        assert item is not None
        assert item.attributes["given"] == number, run

    return judge


@pytest.mark.parametrize("actors", [2, 3, 4])
def test_an_unguarded_counter_is_found_out(place: Place, actors: int) -> None:
    found = interleavings(
        range(20), world=place.fresh, actors=lambda there: [count_unguarded(there)] * actors, check=counted(actors)
    )
    assert found.tried == 20
    assert len(found.broken) > 5
    run, _ = found.broken[0]
    assert f"seed {run.seed}" in str(run)
    assert "dynamodb.PutItem" in str(run)


@pytest.mark.parametrize("actors", [2, 3, 4])
def test_a_guarded_counter_counts_everybody_under_every_seed(place: Place, actors: int) -> None:
    found = interleavings(
        range(20), world=place.fresh, actors=lambda there: [count_guarded(there)] * actors, check=counted(actors)
    )
    assert found.broken == ()


def test_a_seed_repeats_a_run_exactly_and_others_run_otherwise(place: Place) -> None:
    def log(seed: int) -> tuple[tuple[str, str], ...]:
        place.fresh()
        return interleave(seed, [count_guarded(place)] * 3).log

    assert [log(seed) for seed in range(8)] == [log(seed) for seed in range(8)]
    assert len({log(seed) for seed in range(8)}) > 3


def test_an_actor_that_fails_does_not_hold_the_others(place: Place) -> None:
    def fail() -> None:
        place.register.item(COUNTER)
        raise RuntimeError("of its own")

    run = interleave(1, [fail, count_guarded(place), count_guarded(place)])
    assert [type(error) for error in run.failed.values()] == [RuntimeError]
    item = place.register.item(COUNTER)
    assert item is not None
    assert item.attributes["given"] == 2


# ------------------------------------------------------------------------------------------------ snapshots


def test_a_snapshot_brings_everything_back_any_number_of_times(place: Place) -> None:
    s3 = clients.s3()
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put_object(Bucket="bucket", Key="k", Body=body)["VersionId"] for body in (b"one", b"two")]
    place.register.commit(Put(WISH, {"kept": True}))
    clients.sqs().send_message(QueueUrl=place.queue, MessageBody="kept")
    moment = Snapshot()
    for _ in range(2):
        place.register.commit(Put(WISH, {"kept": False}, expects=1))
        s3.put_object(Bucket="bucket", Key="k", Body=b"three")
        s3.put_object(Bucket="bucket", Key="other", Body=b"x")
        clients.sqs().send_message(QueueUrl=place.queue, MessageBody="lost")
        moment.restore()
        item = place.register.item(WISH)
        assert item is not None
        assert item.attributes == {"kept": True}
        assert place.sent() == 1
        listed = s3.list_object_versions(Bucket="bucket")["Versions"]
        assert sorted(one["VersionId"] for one in listed) == sorted(versions)
        assert s3.get_object(Bucket="bucket", Key="k", VersionId=versions[0])["Body"].read() == b"one"
        assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"two"
