"""The item beside a filing's stream that holds what the entries may not: an attachment's label, address and version."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

PAGE = "page"  # what is derived: a picture of a page
PREFIX = "ATTACHMENT#"  # sort key of the item: ATTACHMENT#<id>


@dataclass(frozen=True, kw_only=True)
class Derived:
    """Something that we made of a file: `what` is page (a picture of page `page`, from 1) or the name of a copy. It lies in
    quarantine under a key of its own, and `tool` says what made it, with its version."""

    what: str
    page: int
    key: str
    version: str
    media_type: str
    size: int
    sha256: str
    tool: str


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
    derived: tuple[Derived, ...] = ()  # what we made of it

    @classmethod
    def of(cls, identifier: str, attributes: Mapping[str, Any]) -> "Attachment":
        """From the item beside the stream."""
        made = tuple(
            Derived(**{**one, "page": int(one["page"]), "size": int(one["size"])})
            for one in attributes.get("derived", ())
        )
        findings = tuple(attributes.get("findings", ()))
        return cls(id=identifier, **{**attributes, "findings": findings, "derived": made})

    def attributes(self) -> dict[str, Any]:
        """As kept in the item beside the stream."""
        kept = {name: value for name, value in self.__dict__.items() if name not in {"id", "findings", "derived"}}
        if self.findings:
            kept["findings"] = list(self.findings)
        if self.derived:
            kept["derived"] = [asdict(one) for one in self.derived]
        return kept
