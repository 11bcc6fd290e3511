"""The queue of bells on SQS."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, kw_only=True)
class SqsBells:
    """See `payment.service.Bells`."""

    queue_url: str
    client: "SQSClient"

    def ring(self, reference: str, *, rung: bool, delay: timedelta = timedelta()) -> None:
        """One SendMessage."""
        with translated():
            self.client.send_message(
                QueueUrl=self.queue_url,
                MessageBody=json.dumps({"reference": reference, "rung": rung}),
                DelaySeconds=int(delay.total_seconds()),
            )
