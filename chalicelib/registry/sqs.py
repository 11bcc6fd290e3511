"""The registry's queue on SQS FIFO, one message at a time.

One, because messages received together are counted together: those behind one that cannot be handled would be given up
with it, out of order. The queue holds a group back while one of its messages is out, so other streams go on.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.aws.errors import code_of, translated
from chalicelib.registry.consumer import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_TOO_LATE = {
    "InvalidParameterValue", "MessageNotInflight", "ReceiptHandleIsInvalid",
    "AWS.SimpleQueueService.MessageNotInflight",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SqsQueue:
    """See `registry.consumer.Queue`."""

    url: str
    client: "SQSClient"

    def receive(self, *, wait: int) -> Message | None:
        """One ReceiveMessage, waiting up to `wait` seconds."""
        with translated():
            answer = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=1, WaitTimeSeconds=wait)
        for message in answer.get("Messages", []):
            return Message(message["MessageId"], message["ReceiptHandle"], message["Body"].encode())
        return None

    def hide(self, message: Message, seconds: int) -> None:
        """Keep it from coming again for `seconds` from now. If our time with it ran out, it comes again anyway."""
        self._unless_late(
            self.client.change_message_visibility, ReceiptHandle=message.handle, VisibilityTimeout=seconds
        )

    def delete(self, message: Message) -> None:
        """Done with it. If our time with it ran out, it comes again and is a repeat."""
        self._unless_late(self.client.delete_message, ReceiptHandle=message.handle)

    def _unless_late(self, call: Any, **arguments: Any) -> None:
        from botocore.exceptions import ClientError

        try:
            with translated():
                call(QueueUrl=self.url, **arguments)
        except ClientError as error:
            if code_of(error) not in _TOO_LATE:
                raise
