"""Joins room 6 hand over: the package."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.wiring.ground import Ground

if TYPE_CHECKING:
    from chalicelib.registry.service import HandOver


class Registry(Ground):
    """6 hand over: the package."""

    @cached_property
    def hand_over(self) -> "HandOver":
        from chalicelib.registry.service import HandOver

        return HandOver(register=self.register, records=self.records, office=self.office, clock=self.clock)
