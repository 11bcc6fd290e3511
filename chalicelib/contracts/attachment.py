"""The item beside a filing's stream that holds what the entries may not: an attachment's label, address and version."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

PAGE = "page"  # what is derived: a picture of a page
PREFIX = "ATTACHMENT#"  # sort key of the item: ATTACHMENT#<id>
ARRIVED = frozenset({"stored", "held"})  # states of a file that is filed with a submission
_LISTS = ("findings", "derived", "signatures")
NOT_SCANNED = "file.not-scanned"  # noted of a file as long as it is held


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
class Signature:
    """A signature that was found in a file: `signatures.SignatureSeen`, and the name in its certificate."""

    result: str
    level: str
    covers: str
    revision: int = 0
    revisions: int = 0
    certificate_sha256: str | None = None
    claimed_at: str | None = None
    stamped_at: str | None = None
    signer: str = ""  # never in an entry

    def told(self) -> dict[str, Any]:
        """Plain JSON values, what is not known left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One announced file. `state` is reserved, held (it can be read, no scanner has said a word), stored, refused or removed;
    digest and version once held or stored."""

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
    signatures: tuple[Signature, ...] = ()  # what it was signed with, as it came

    @classmethod
    def of(cls, identifier: str, attributes: Mapping[str, Any]) -> "Attachment":
        """From the item beside the stream."""
        made = tuple(
            Derived(**{**one, "page": int(one["page"]), "size": int(one["size"])})
            for one in attributes.get("derived", ())
        )
        findings = tuple(attributes.get("findings", ()))
        signed = tuple(
            Signature(**{**one, "revision": int(one.get("revision", 0)), "revisions": int(one.get("revisions", 0))})
            for one in attributes.get("signatures", ())
        )
        more = {"findings": findings, "derived": made, "signatures": signed}
        return cls(id=identifier, **{**attributes, **more})

    @property
    def noted(self) -> tuple[str, ...]:
        """Codes of what is to be said of it: the findings, and that no scanner has looked at it yet."""
        return (*self.findings, *([NOT_SCANNED] if self.state == "held" else []))

    def attributes(self) -> dict[str, Any]:
        """As kept in the item beside the stream."""
        kept = {name: value for name, value in self.__dict__.items() if name not in {"id", *_LISTS}}
        if self.findings:
            kept["findings"] = list(self.findings)
        if self.derived:
            kept["derived"] = [asdict(one) for one in self.derived]
        if self.signatures:
            kept["signatures"] = [one.told() for one in self.signatures]
        return kept
