"""Sends what is in the outbox, once and in order: letters into the inbox by digest, then the message into the queue.

The messages are those of `contracts/inbound.py`. The group is the filing; the id of a message follows from source, filing and
sequence. Killed between sending and remembering, the same message goes again under the same id, and whoever takes it knows it.
"""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chalicelib.aws import clients
from chalicelib.aws.errors import translated
from chalicelib.contracts.inbound import Envelope, LetterIssued
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.registry.ipas.inbox import S3Inbox
from chalicelib.registry.ipas.journal import Journal, Told


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
    def to(cls, chosen: Namespace, source: str, journal: Journal, say: Callable[[str], None]) -> "Send | None":
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

        inbox = S3Inbox(name=chosen.inbox, client=clients.s3())
        return cls(journal=journal, inbox=inbox, outlet=outlet, source=source, say=say)

    def step(self) -> bool:
        """Send one message, if one waits; answers whether one did."""
        told = self.journal.unsent()
        if told is None:
            return False
        if told.type == LetterIssued.TYPE:
            letter = LetterIssued.model_validate(told.data)
            self.inbox.put_once(letter.key, self.journal.kept(letter.sha256), letter.media_type)
        message = self.message(told)
        self.outlet(message.subject, message.id, canonical(message.model_dump(mode="json")).decode())
        self.journal.sent(told.n)
        self.say(f"told      {told.filing} {told.sequence}: {told.type}")
        return True

    def message(self, told: Told) -> Envelope:
        """The CloudEvent."""
        return Envelope(
            specversion="1.0",
            id=Digest.of(f"{self.source} {told.filing} {told.sequence}".encode()).hex,
            source=self.source,
            type=told.type,
            subject=f"FILING#{told.filing}",
            time=told.at,
            sequence=told.sequence,
            data=told.data,
        )
