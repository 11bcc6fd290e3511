"""The pump: what AWS does between our functions. It takes messages from the queues and entries from the table to the real
handlers of `app.py`, shaped as AWS shapes them, one invocation at a time, until everything is quiet.

Like AWS it deletes a message only after its function returned, and lets it come again if not; a function that was killed
(`Crash`) or failed leaves its message where it was. What fails too often ends in the dead-letter queue. The table's stream
is played from the entries that are pending, so a killed relay is rung again, as the stream's retries do.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from infra.local.clients import REGION
from tests.faults.ground import let_time_pass_for_queues, rows
from tests.faults.world import World

FUNCTIONS = {  # queue → function; the outside reads `registry` itself
    "uploads": "receive_upload",
    "custody": "take_custody",
    "bells": "ask_bank",
    "credits": "credit_filing",
    "sealing": "seal_letter",
    "logging": "log_facts",
    "handover": "hand_over",
    "inbound": "take_inbound",
}
SCHEDULES = ("ask_due", "raise_letters", "relay_sweep")
WORKFLOWS = {
    "receive_upload": "upload", "take_custody": "custody", "ask_bank": "pay", "ask_due": "pay", "credit_filing": "pay",
    "seal_letter": "seal", "raise_letters": "seal", "log_facts": "log", "hand_over": "hand_over", "relay": "relay",
    "relay_sweep": "relay", "take_inbound": "inbound",
}  # fmt: skip
SWEEP = timedelta(minutes=3)  # longer than the patience of any sweep
MAX_INVOCATIONS = 400


class NeverQuiet(AssertionError):
    """The functions keep each other busy for ever."""


@dataclass(frozen=True)
class Invocation:
    """One piece of work: which function, with which event, from which message of which queue."""

    function: str
    event: dict[str, Any]
    queue: str = ""
    message: dict[str, Any] | None = None

    @property
    def workflow(self) -> str:
        """Which workflow it belongs to."""
        return WORKFLOWS[self.function]


@dataclass
class Pump:
    """Moves things. `failures` lists what functions raised, for people to read when something breaks."""

    world: World
    bell: bool = True  # whether the table's stream rings the relay; if not, only the sweep publishes
    failures: list[str] = field(default_factory=list)
    choose: Callable[[list[str]], list[str]] = sorted  # in which order queues are looked at

    def quiet(self, *, sweeps: int = 1) -> None:
        """Work until there is none left; then let time pass, run the schedules, and work again, `sweeps` times."""
        self.drain()
        for _ in range(sweeps):
            self.sweep()

    def sweep(self) -> None:
        """Time passes: messages come again, schedules run, and what follows from it is done."""
        self.world.clock.advance(SWEEP)
        let_time_pass_for_queues()
        for schedule in SCHEDULES:
            self.run(Invocation(schedule, scheduled()))
        self.drain()

    def drain(self) -> None:
        """Work until there is none left."""
        for _ in range(MAX_INVOCATIONS):
            invocation = self.next()
            if invocation is None:
                return
            self.run(invocation)
        raise NeverQuiet("; ".join(self.failures[-5:]) or "no failure, and yet no end")

    def next(self) -> Invocation | None:
        """The next piece of work, if there is any. The message of a queue is then out, as on AWS."""
        if self.bell and (waiting := self.pending()):
            return Invocation("relay", inserted(waiting))
        for queue in self.choose(list(FUNCTIONS)):
            if message := self.receive(queue):
                return Invocation(FUNCTIONS[queue], as_lambda_sees(message, queue), queue, message)
        return None

    def run(self, invocation: Invocation) -> None:
        """Invoke. A message whose function failed comes again at once; one whose function was killed stays out, as it
        does until its time is over, and the kill goes on to who armed it."""
        try:
            self.world.invoke(invocation.function, invocation.event)
        except Exception as error:  # noqa: BLE001 - AWS does not care why a function failed
            self.failures.append(f"{invocation.function}: {_whole(error)}")
            self._give_back(invocation, done=False)
        else:
            self._give_back(invocation, done=True)

    def pending(self) -> list[dict[str, Any]]:
        """Rows of entries not yet published, in the order of their streams."""
        return [row for row in self.rows() if "pending" in row]

    def rows(self) -> list[dict[str, Any]]:
        """The whole table."""
        return rows(self.world.environment["TRA_REGISTER_TABLE"])

    def receive(self, queue: str) -> dict[str, Any] | None:
        """One message, out for an hour."""
        answer = self.world.clients.sqs.receive_message(
            QueueUrl=self.world.queues[queue],
            MaxNumberOfMessages=1,
            VisibilityTimeout=3600,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        return dict(messages[0]) if messages else None

    def dead(self) -> Iterator[tuple[str, str]]:
        """What lies in dead-letter queues: queue and body."""
        for queue, url in self.dead_letter_queues().items():
            answer = self.world.clients.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, AttributeNames=["All"]
            )
            yield from ((queue, message["Body"]) for message in answer.get("Messages", []))

    def redrive(self) -> int:
        """Send every dead letter back to its queue, the same bytes; answers how many."""
        moved = 0
        sqs = self.world.clients.sqs
        for queue, url in self.dead_letter_queues().items():
            while messages := sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=1, VisibilityTimeout=3600, AttributeNames=["All"]
            ).get("Messages"):
                message = messages[0]
                moved += 1
                group = message["Attributes"].get("MessageGroupId")
                fifo = {"MessageGroupId": group, "MessageDeduplicationId": f"redrive-{message['MessageId']}"}
                sqs.send_message(
                    QueueUrl=self.world.queues[queue],
                    MessageBody=message["Body"],
                    **(fifo if group else {}),  # type: ignore[arg-type]
                )
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return moved

    def dead_letter_queues(self) -> dict[str, str]:
        """Queue → address of its dead-letter queue."""
        return {
            queue: self.world.ground.names[f"{queue.capitalize()}Dead"]
            for queue in (*FUNCTIONS, "registry")
            if f"{queue.capitalize()}Dead" in self.world.ground.names
        }

    def _give_back(self, invocation: Invocation, *, done: bool) -> None:
        message = invocation.message
        if message is None:
            return
        sqs, url = self.world.clients.sqs, self.world.queues[invocation.queue]
        if done:
            self.world.memory.handled.append((invocation.queue, message))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        else:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)


def _whole(error: BaseException | None) -> str:
    """An error with what it came from."""
    said = []
    while error is not None:
        said.append(f"{type(error).__name__}: {error}")
        error = error.__cause__
    return " ← ".join(said)


def as_lambda_sees(message: dict[str, Any], queue: str) -> dict[str, Any]:
    """An SQS event with one record."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message.get("Attributes", {}),
                "messageAttributes": {},
                "md5OfBody": message.get("MD5OfBody", ""),
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:tra-test-{queue}",
                "awsRegion": REGION,
            }
        ]
    }


def inserted(waiting: list[dict[str, Any]]) -> dict[str, Any]:
    """A DynamoDB stream event: one INSERT for each row."""
    return {
        "Records": [
            {
                "eventID": f"{number:032x}",
                "eventName": "INSERT",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": REGION,
                "dynamodb": {
                    "ApproximateCreationDateTime": 1_795_582_800,
                    "Keys": {"pk": row["pk"], "sk": row["sk"]},
                    "NewImage": row,
                    "SequenceNumber": str(number),
                    "SizeBytes": len(json.dumps(row)),
                    "StreamViewType": "NEW_IMAGE",
                },
                "eventSourceARN": f"arn:aws:dynamodb:{REGION}:123456789012:table/register/stream/label",
            }
            for number, row in enumerate(waiting, start=1)
        ]
    }


def scheduled() -> dict[str, Any]:
    """A schedule's event."""
    return {
        "id": "00000000-0000-0000-0000-000000000000",
        "version": "0",
        "account": "123456789012",
        "region": REGION,
        "time": "2026-11-25T05:00:00Z",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "detail": {},
        "resources": [],
    }
