"""The item beside a filing's stream that holds what the entries may not: an attachment's label, address and version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "ATTACHMENT#"  # sort key of the item: ATTACHMENT#<id>


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One announced file. `state` is reserved, stored, refused or removed; digest and version once stored."""

    id: str
    document: str
    name: str  # a cleaned label: never a key, never in an entry
    media_type: str
    size: int
    key: str
    state: str = "reserved"
    sha256: str | None = None
    object_version: str | None = None
    reason: str | None = None
    findings: tuple[str, ...] = ()  # codes of what a look at it found; it was accepted all the same

    @classmethod
    def of(cls, identifier: str, attributes: Mapping[str, Any]) -> "Attachment":
        """From the item beside the stream."""
        return cls(id=identifier, **{**attributes, "findings": tuple(attributes.get("findings", ()))})

    def attributes(self) -> dict[str, Any]:
        """As kept in the item beside the stream."""
        return {name: value for name, value in self.__dict__.items() if name != "id" and (value or name != "findings")}
