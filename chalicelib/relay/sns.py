"""The topic `facts` on SNS FIFO."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.aws.errors import translated
from chalicelib.contracts.envelope import Envelope

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


@dataclass(frozen=True, kw_only=True)
class SnsTopic:
    """See `relay.service.Topic`."""

    arn: str
    client: "SNSClient"

    def publish(self, envelope: Envelope) -> None:
        """One Publish; `type` goes along as attribute, for the subscriptions' filters."""
        with translated():
            self.client.publish(
                TopicArn=self.arn,
                Message=envelope.to_json().decode(),
                MessageGroupId=envelope.subject,
                MessageDeduplicationId=envelope.id,
                MessageAttributes={"type": {"DataType": "String", "StringValue": envelope.type}},
            )
