"""The topic on SNS FIFO: group, deduplication, and the attribute by which subscriptions filter."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws import clients
from chalicelib.contracts.envelope import Envelope
from chalicelib.kernel.errors import TraError
from chalicelib.relay.service import envelope
from chalicelib.relay.sns import SnsTopic
from tests.fakes import InMemoryRegister
from tests.faults.ground import moto
from tests.integration.register.contract import born, loaded, removed, reserved


class Ears:
    """A topic with one queue that hears everything and one that hears removals only."""

    def __init__(self) -> None:
        sns, sqs = clients.sns(), clients.sqs()
        arn = sns.create_topic(Name="facts.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
        self.topic, self.sqs, self.urls = SnsTopic(arn=arn, client=sns), sqs, {}
        for name, policy in (("all", {}), ("removed", {"type": ["int.tra.attachment.removed.v1"]})):
            url = sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
            queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            attributes = {"RawMessageDelivery": "true"} | ({"FilterPolicy": json.dumps(policy)} if policy else {})
            sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes=attributes)
            self.urls[name] = url

    def hears(self, name: str) -> list[dict[str, Any]]:
        """What lies in a queue."""
        answer = self.sqs.receive_message(QueueUrl=self.urls[name], MaxNumberOfMessages=10, AttributeNames=["All"])
        return [dict(message) for message in answer.get("Messages", [])]


@pytest.fixture
def ears() -> Iterator[Ears]:
    """A topic that is listened to."""
    with moto():
        yield Ears()


def events() -> list[Envelope]:
    """Two events of one stream."""
    register = InMemoryRegister()
    stream = born(register, reserved(), removed("01J0000000000000000000000A"))
    return [envelope(entry, "urn:tra:kh-test") for entry in loaded(register, stream).entries]


def test_events_arrive_raw_in_order_with_the_stream_as_group(ears: Ears) -> None:
    sent = events()
    for event in sent:
        ears.topic.publish(event)
    heard = ears.hears("all")
    assert [message["Body"].encode() for message in heard] == [event.to_json() for event in sent]
    assert {message["Attributes"]["MessageGroupId"] for message in heard} == {sent[0].subject}


def test_the_same_event_twice_arrives_once(ears: Ears) -> None:
    first, _ = events()
    ears.topic.publish(first)
    ears.topic.publish(first)
    assert len(ears.hears("all")) == 1


def test_a_queue_hears_only_the_types_it_asked_for(ears: Ears) -> None:
    for event in events():
        ears.topic.publish(event)
    assert [json.loads(message["Body"])["type"] for message in ears.hears("removed")] == [
        "int.tra.attachment.removed.v1"
    ]


def test_a_topic_that_is_not_there_raises_and_is_never_silent(ears: Ears) -> None:
    from botocore.exceptions import ClientError

    gone = SnsTopic(arn=ears.topic.arn + "x", client=ears.topic.client)
    with pytest.raises((ClientError, TraError)):
        gone.publish(events()[0])
