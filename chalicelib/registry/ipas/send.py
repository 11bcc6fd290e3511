"""Sends what is in the outbox, once and in order: letters into the inbox bucket by digest, then the message into the queue.

The group is the filing, and the id of a message follows from source, filing and sequence: killed between sending and
remembering, the same message goes again under the same id, and whoever takes it knows it.
"""

import json
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from chalicelib.aws import clients
from chalicelib.aws.errors import translated
from chalicelib.aws.s3 import Bucket
from chalicelib.registry.ipas.journal import LETTER, Journal, Told

PREFIX = "int.registry."


class Inbox(Protocol):
    """Where letters are laid for the front."""

    def put_once(self, key: str, body: bytes, media_type: str) -> object:
        """Store unless the key is taken."""


Outlet = Callable[[str, str, str], None]  # group, id, body: into the FIFO queue


@dataclass(frozen=True, kw_only=True)
class Send:
    """See the module. `source` names this registry, and stands in every message."""

    journal: Journal
    inbox: Inbox
    outlet: Outlet
    source: str
    say: Callable[[str], None]

    @classmethod
    def to(cls, chosen: Namespace, journal: Journal, say: Callable[[str], None]) -> "Send | None":
        """As the program was told; None if it was told no queue: then the outbox fills, and nothing is lost."""
        if not chosen.inbound_url:
            return None
        client = clients.sqs()

        def outlet(group: str, identifier: str, body: str) -> None:
            with translated():
                client.send_message(
                    QueueUrl=chosen.inbound_url,
                    MessageBody=body,
                    MessageGroupId=group,
                    MessageDeduplicationId=identifier,
                )

        inbox = Bucket(name=chosen.inbox, client=clients.s3())
        return cls(journal=journal, inbox=inbox, outlet=outlet, source=chosen.source, say=say)

    def step(self) -> bool:
        """Send one message, if one waits; answers whether one did."""
        told = self.journal.unsent()
        if told is None:
            return False
        if told.type == LETTER:
            media_type, body = self.journal.kept(told.data["sha256"])
            self.inbox.put_once(letter_key(told), body, media_type)
        message = self.message(told)
        self.outlet(told.filing, message["id"], json.dumps(message, ensure_ascii=False, sort_keys=True))
        self.journal.sent(told.n)
        self.say(f"told      {told.filing} {told.sequence}: {told.type}")
        return True

    def message(self, told: Told) -> dict[str, Any]:
        """The CloudEvent."""
        return {
            "specversion": "1.0",
            "id": sha256(f"{self.source} {told.filing} {told.sequence}".encode()).hexdigest(),
            "source": self.source,
            "type": f"{PREFIX}{told.type}.v1",
            "subject": f"FILING#{told.filing}",
            "time": told.at,
            "sequence": told.sequence,
            "datacontenttype": "application/json",
            "data": told.data,
        }


def letter_key(told: Told) -> str:
    """Where the bytes of a letter lie in the inbox bucket."""
    return f"{told.filing}/{told.data['sha256']}.pdf"
