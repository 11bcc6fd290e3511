"""Joins room 6 hand over: the package."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.wiring.ground import ROOT, Ground

if TYPE_CHECKING:
    from chalicelib.registry.service import HandOver
    from chalicelib.registry.st96.xsd import OfficialSchemas


class Registry(Ground):
    """6 hand over: the package."""

    @cached_property
    def hand_over(self) -> "HandOver":
        from chalicelib.registry.service import HandOver

        return HandOver(
            register=self.register, records=self.records, office=self.office, sealer=self.receipts, clock=self.clock,
            official=self.official_schemas,
        )  # fmt: skip

    @cached_property
    def official_schemas(self) -> "OfficialSchemas | None":
        """WIPO's schemas, where the office has put them: `vendor/st96` in the tree, `st96` in a Lambda. None elsewhere."""
        from chalicelib.registry.st96.xsd import OfficialSchemas

        folder = next((path for path in (ROOT / "st96", ROOT / "vendor" / "st96") if path.is_dir()), None)
        return OfficialSchemas(folder) if folder else None
