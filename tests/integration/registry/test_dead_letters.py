"""Dead letters on SQS: seen without harm, sent back as the same bytes and in order, as often as anybody likes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws import clients
from chalicelib.register.model import StreamId
from chalicelib.registry.__main__ import DONE, LEFT, main
from chalicelib.registry.deadletters import DeadLetters
from chalicelib.relay.__main__ import main as replay
from tests.faults.strict import strict
from tests.integration.registry.test_registry import Ground
from tests.world import moto_world


@pytest.fixture
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """An office with nothing in it yet."""
    with moto_world() as made, strict():
        yield Ground(made, tmp_path_factory.mktemp("trust") / "roots.pem")


def died(ground: Ground, stream: StreamId) -> list[bytes]:
    """All events of a filing, as dead letters of the registry's queue; answers their bodies."""
    bodies = ground.filings.messages(stream)
    for number, body in enumerate(bodies):
        clients.sqs().send_message(
            QueueUrl=ground.dead, MessageBody=body.decode(), MessageGroupId=str(stream),
            MessageDeduplicationId=f"{stream}-{number}",
            MessageAttributes={"type": {"DataType": "String", "StringValue": "int.tra.x.y.v1"}},
        )  # fmt: skip
    return bodies


def dead(ground: Ground, *words: str) -> int:
    """The program."""
    return main(["dead", *words, "--queue-url", ground.queue])


def test_looking_names_stream_place_and_type_shows_no_data_and_takes_nothing(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = ground.filings.submit(files=())
    died(ground, stream)
    for _ in range(2):
        assert dead(ground, "list") == LEFT
    first, *_ = capsys.readouterr().out.splitlines()
    assert f"{stream} 000001 int.tra.filing.submitted.v1" in first
    assert "KH/D/2026/1" not in first
    assert ground.lying(ground.dead) == 1


def test_one_is_shown_whole(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    (body,) = died(ground, ground.filings.submit(files=()))
    (one,) = DeadLetters.of(ground.queue, clients.sqs()).look()
    assert dead(ground, "show", "--id", one.id) == LEFT
    assert capsys.readouterr().out.splitlines()[0].encode() == body
    assert dead(ground, "show", "--id", "nobody") == LEFT


def test_all_go_back_as_the_same_bytes_in_order_and_the_filing_is_laid(ground: Ground, tmp_path: Path) -> None:
    stream = ground.filings.handed_over()
    died(ground, stream)
    assert dead(ground, "redrive") == DONE
    assert ground.lying(ground.dead) == 0
    assert ground.consume(tmp_path) == DONE
    assert (tmp_path / "KH-D-2026-1").is_dir()


def test_redriving_twice_does_no_harm(ground: Ground, tmp_path: Path) -> None:
    stream = ground.filings.handed_over()
    died(ground, stream)
    assert dead(ground, "redrive") == dead(ground, "redrive") == DONE
    assert ground.consume(tmp_path) == DONE
    died(ground, stream)
    assert dead(ground, "redrive") == DONE
    assert ground.consume(tmp_path) == DONE
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["KH-D-2026-1"]


def test_killed_between_sending_and_deleting_nothing_is_lost_and_nothing_stands_twice(ground: Ground) -> None:
    died(ground, ground.filings.submit(files=()))

    class Death(BaseException):
        pass

    def die(**_: object) -> None:
        raise Death

    client = clients.sqs()
    client.meta.events.register("before-call.sqs.DeleteMessage", die)
    try:
        with pytest.raises(Death):
            dead(ground, "redrive")
    finally:
        client.meta.events.unregister("before-call.sqs.DeleteMessage", die)
    assert (ground.lying(ground.queue), ground.lying(ground.dead)) == (1, 1)
    for one in client.receive_message(QueueUrl=ground.dead, VisibilityTimeout=0).get("Messages", []):
        client.change_message_visibility(QueueUrl=ground.dead, ReceiptHandle=one["ReceiptHandle"], VisibilityTimeout=0)


def test_one_goes_back_alone_with_its_attributes(ground: Ground) -> None:
    stream = ground.filings.handed_over()
    died(ground, stream)
    letters = DeadLetters.of(ground.queue, clients.sqs())
    first = letters.look()[0]
    assert dead(ground, "redrive", "--id", first.id) == LEFT
    answer = clients.sqs().receive_message(QueueUrl=ground.queue, MessageAttributeNames=["All"])
    (back,) = answer["Messages"]
    assert (back["Body"], back["MessageAttributes"]["type"]["StringValue"]) == (first.body, "int.tra.x.y.v1")
    assert ground.lying(ground.dead) == ground.filings.load(stream).head.version - 1


def test_what_is_no_event_is_told_by_its_size(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    clients.sqs().send_message(QueueUrl=ground.dead, MessageBody="secret", MessageGroupId="a", MessageDeduplicationId="b")
    dead(ground, "list")
    said = capsys.readouterr().out
    assert "6 bytes that are no event" in said
    assert "secret" not in said


def test_a_queue_without_dead_letters_is_told(ground: Ground) -> None:
    with pytest.raises(LookupError):
        DeadLetters.of(ground.dead, clients.sqs())


def test_the_consumer_tells_how_it_stands(ground: Ground, tmp_path: Path) -> None:
    broken, sound = ground.filings.handed_over(), ground.filings.handed_over()
    ground.register.mark_published(ground.filings.load(broken).entries[2])  # as if dead-lettered
    ground.publish(broken, sound)
    file = tmp_path / "health.json"
    assert ground.consume(tmp_path / "into", "--until-empty", "--health", str(file)) == LEFT
    said = json.loads(file.read_text("utf-8"))
    assert (said["healthy"], said["streams"]) == (False, 2)
    assert said["parked"] == {str(broken): f"{broken} 4: entry 3 has not come"}
    assert said["waiting"] + said["in_flight"] > 0
    assert said["lag_seconds"] >= 0


def test_a_consumer_that_lost_its_memory_gets_everything_again(ground: Ground, tmp_path: Path) -> None:
    stream = ground.filings.handed_over()
    ground.publish(stream)
    assert ground.consume(tmp_path / "first") == DONE
    words = ("--table", ground.outputs["RegisterTable"], "--queue-url", ground.queue, "--source", ground.source)
    assert replay([*words, "--all"]) == 0
    assert ground.consume(tmp_path / "second") == DONE
    assert (tmp_path / "second" / "KH-D-2026-1").is_dir()
    assert replay([*words, "--stream", str(stream), "--from-seq", "3"]) == 0
    assert ground.consume(tmp_path / "second") == DONE


def test_parity_over_the_real_stores_names_what_is_late(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = ground.filings.handed_over()
    ground.publish(stream)
    words = ("parity", "--table", ground.outputs["RegisterTable"], "--bucket", ground.bucket, "--into", str(tmp_path))
    assert ground.consume(tmp_path) == DONE
    capsys.readouterr()
    assert main([*words, "--json", str(tmp_path / "found.json")]) == LEFT  # the fakes' filing has no order behind its credit
    said = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert [(one["what"], one["stream"]) for one in said] == [("credited-and-not-paid", str(stream))]
    assert f"differs   credited-and-not-paid      {stream}" in capsys.readouterr().out


def test_the_consumers_policy_allows_what_it_calls_and_no_action_by_pattern(ground: Ground, tmp_path: Path) -> None:
    policy = json.loads((Path(__file__).parents[3] / "infra" / "consumer" / "policy.json").read_text("utf-8"))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert not [action for action in allowed if "*" in action]
    called: set[str] = set()

    def note(model: Any, **_: object) -> None:
        called.add(f"{model.service_model.service_name}:{model.name}")

    ground.publish(ground.filings.handed_over())
    for client in (clients.sqs(), clients.s3()):
        client.meta.events.register("before-call.*", note, unique_id="note")
    try:
        assert ground.consume(tmp_path, "--until-empty", "--health", str(tmp_path / "health.json")) == DONE
    finally:
        for client in (clients.sqs(), clients.s3()):
            client.meta.events.unregister("before-call.*", unique_id="note")
    assert called
    assert called <= allowed
