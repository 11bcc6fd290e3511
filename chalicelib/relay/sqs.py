"""One consumer's FIFO queue, written to by a replay."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.aws.errors import translated
from chalicelib.contracts.envelope import Envelope
from chalicelib.kernel.digest import Digest

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, kw_only=True)
class SqsInbox:
    """See `relay.replay.Inbox`."""

    url: str
    client: "SQSClient"

    def send(self, envelope: Envelope, *, run: str) -> None:
        """One SendMessage, as the topic would deliver it."""
        with translated():
            self.client.send_message(
                QueueUrl=self.url,
                MessageBody=envelope.to_json().decode(),
                MessageGroupId=envelope.subject,
                MessageDeduplicationId=Digest.of(f"{run} {envelope.id}".encode()).hex,
            )
