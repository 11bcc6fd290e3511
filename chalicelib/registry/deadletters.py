"""Dead letters of any of our queues: seen, and sent back to where they came from, as the same bytes.

A message is sent to its queue before it is deleted here, under a deduplication id that is its own id here: killed in
between, the next run sends it again and SQS drops it, or the consumer does, which knows what it dealt with. Order within a
stream is kept: the oldest goes first. A run sends back no more than lay there when it began, so a message that dies again at
once ends it. What is looked at is hidden from others for a moment, and of a stream only the first ten are shown: a FIFO
queue gives no more.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from chalicelib.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LOOK = 30  # seconds for which what is looked at is hidden
AT_ONCE = 10


@dataclass(frozen=True)
class DeadLetter:
    """One message as it lies there."""

    id: str
    handle: str
    group: str
    sent_ms: int
    receives: int
    body: str
    attributes: dict[str, Any]

    @property
    def what(self) -> str:
        """Stream, place and type if it is an event of ours; never its data."""
        try:
            said = json.loads(self.body)
            return f"{said['subject']} {said['sequence']} {said['type']}"
        except (ValueError, KeyError, TypeError):
            return f"{len(self.body)} bytes that are no event"


@dataclass(frozen=True, kw_only=True)
class DeadLetters:
    """The dead letters of the queue `live`."""

    live: str
    dead: str
    client: "SQSClient"

    @classmethod
    def of(cls, live: str, client: "SQSClient") -> "DeadLetters":
        """Found through the queue's own redrive policy. LookupError if it has none."""
        with translated():
            said = client.get_queue_attributes(QueueUrl=live, AttributeNames=["RedrivePolicy"]).get("Attributes", {})
        if "RedrivePolicy" not in said:
            raise LookupError("the queue has no dead letters")
        name = json.loads(said["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
        with translated():
            return cls(live=live, dead=client.get_queue_url(QueueName=name)["QueueUrl"], client=client)

    def count(self) -> int:
        """How many lie there, about."""
        return sum(waiting(self.client, self.dead))

    def look(self) -> list[DeadLetter]:
        """What can be seen, oldest first; given back at once."""
        found = list(self._receive())
        self._give_back(found)
        return found

    def redrive(self, identifier: str | None = None) -> list[DeadLetter]:
        """Send back the message with this id, or all. LookupError if the one is not to be seen."""
        if identifier is not None:
            return [self._redrive_one(identifier)]
        sent = []
        for _ in range(self.count()):
            there = self._some(1)
            if not there:
                break
            self._send_back(there[0])
            sent += there
        return sent

    def _redrive_one(self, identifier: str) -> DeadLetter:
        found = list(self._receive())
        wanted = next((one for one in found if one.id == identifier), None)
        if wanted is not None:
            self._send_back(wanted)
        self._give_back([one for one in found if one is not wanted])
        if wanted is None:
            raise LookupError(f"{identifier} is not to be seen")
        return wanted

    def _send_back(self, one: DeadLetter) -> None:
        order = {"MessageGroupId": one.group, "MessageDeduplicationId": one.id} if one.group else {}
        attributes = {name: _attribute(value) for name, value in one.attributes.items()}
        with translated():
            self.client.send_message(
                QueueUrl=self.live, MessageBody=one.body, MessageAttributes=attributes, **cast(Any, order)
            )
            self.client.delete_message(QueueUrl=self.dead, ReceiptHandle=one.handle)

    def _receive(self) -> Iterator[DeadLetter]:
        while there := self._some(AT_ONCE):
            yield from there

    def _some(self, limit: int) -> list[DeadLetter]:
        with translated():
            answer = self.client.receive_message(
                QueueUrl=self.dead, MaxNumberOfMessages=limit, VisibilityTimeout=LOOK, WaitTimeSeconds=0,
                AttributeNames=["All"], MessageAttributeNames=["All"],
            )  # fmt: skip
        return [_letter(one) for one in answer.get("Messages", [])]

    def _give_back(self, letters: list[DeadLetter]) -> None:
        for one in reversed(letters):
            with translated():
                self.client.change_message_visibility(QueueUrl=self.dead, ReceiptHandle=one.handle, VisibilityTimeout=0)


def waiting(client: "SQSClient", url: str) -> tuple[int, int]:
    """How many messages a queue holds, about: to be had, and out with somebody."""
    with translated():
        said = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})
    return int(said.get("ApproximateNumberOfMessages", "0")), int(said.get("ApproximateNumberOfMessagesNotVisible", "0"))


def _letter(one: Any) -> DeadLetter:
    about = one.get("Attributes", {})
    return DeadLetter(
        id=one["MessageId"],
        handle=one["ReceiptHandle"],
        group=about.get("MessageGroupId", ""),
        sent_ms=int(about.get("SentTimestamp", 0)),
        receives=int(about.get("ApproximateReceiveCount", 0)),
        body=one["Body"],
        attributes=one.get("MessageAttributes", {}),
    )


def _attribute(value: Any) -> Any:
    return {name: value[name] for name in ("DataType", "StringValue", "BinaryValue") if name in value}
