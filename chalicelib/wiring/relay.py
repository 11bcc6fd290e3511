"""Joins room 5 emit: pending entries to the topic."""

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.aws import clients
from chalicelib.log import gauge
from chalicelib.wiring.ground import Ground

if TYPE_CHECKING:
    from chalicelib.relay.service import Relay


class Relaying(Ground):
    """5 emit: pending entries to the topic."""

    @cached_property
    def relay(self) -> "Relay":
        from chalicelib.relay.service import Relay
        from chalicelib.relay.sns import SnsTopic

        topic = SnsTopic(arn=self.settings.facts_topic_arn, client=clients.sns())

        def waiting(seconds: float, at: datetime) -> None:
            gauge("OldestPendingSeconds", seconds, unit="Seconds", stage=self.settings.stage, at=at)

        return Relay(outbox=self.register, topic=topic, source=self.settings.source, clock=self.clock, waiting=waiting)
