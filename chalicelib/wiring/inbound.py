"""Joins the way in: what the registry tells us, its letters looked at as uploads are."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.log import gauge
from chalicelib.wiring.attachments import Attachments

if TYPE_CHECKING:
    from chalicelib.registry.inbound.fetch import FetchOfficeLetter
    from chalicelib.registry.inbound.service import TakeInbound


class Inbound(Attachments):
    """6 hand over, the other way: what the registry answers."""

    @cached_property
    def take_inbound(self) -> "TakeInbound":
        from chalicelib.registry.inbound.letters import KeepLetter
        from chalicelib.registry.inbound.service import TakeInbound

        keep = KeepLetter(inbox=self.quarantine, records=self.records, look=self.look_at_letter)

        def alarm() -> None:
            gauge("InboundParked", 1, unit="Count", stage=self.settings.stage, at=self.clock())

        return TakeInbound(register=self.register, office=self.office, keep=keep, clock=self.clock, alarm=alarm)

    @cached_property
    def fetch_office_letter(self) -> "FetchOfficeLetter":
        from chalicelib.registry.inbound.fetch import FetchOfficeLetter

        return FetchOfficeLetter(register=self.register, links=self.records)
