"""A registry that sends messages about one filing, and the office that takes them, over the fakes."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from chalicelib.contracts.fact import Fact
from chalicelib.contracts.inbound import (
    FilingAccepted,
    FilingRejected,
    LetterIssued,
    Said,
    StatusChanged,
    example,
    inbox_key,
)
from chalicelib.kernel.errors import Unavailable
from chalicelib.register.model import Stream, StreamId
from chalicelib.registry.inbound.desk import InboundDesk
from chalicelib.registry.inbound.letters import KeepLetter
from chalicelib.registry.inbound.model import Parked
from chalicelib.registry.inbound.service import TakeInbound
from tests.fakes import InMemoryBucket
from tests.unit.registry.filings import OFFICE, InMemoryFilings

SOURCE = "urn:registry:ipas"
LETTER = b"%PDF-1.7 an office action"
SAYS = ("RegistryAccepted", "RegistryRejected", "RegistryStatusChanged", "OfficeLetterReceived")


@dataclass
class FakeLook:
    """`registry.inbound.letters.Look` that says `reason` of every letter, or cannot say anything."""

    reason: str = ""
    down: bool = False

    def __call__(self, body: bytes, *, filing: str, key: str, version: str, media_type: str) -> str:
        """See `Look`."""
        if self.down:
            raise Unavailable("no scanner")
        return self.reason


@dataclass
class Correspondence:
    """The office, its registry, and one filing that was handed over."""

    filings: InMemoryFilings = field(default_factory=InMemoryFilings.begin)
    inbox: InMemoryBucket = field(default_factory=lambda: InMemoryBucket("quarantine"))
    look: FakeLook = field(default_factory=FakeLook)
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    alarms: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stream = self.filings.handed_over()

    @property
    def take(self) -> TakeInbound:
        """The use case under test."""
        keep = KeepLetter(inbox=self.inbox, records=self.filings.records, look=self.look)
        return TakeInbound(
            register=self.filings.register, office=OFFICE, keep=keep, clock=self.filings.clock,
            alarm=lambda: self.alarms.append(1),
        )  # fmt: skip

    @property
    def desk(self) -> InboundDesk:
        """The staff's."""
        return InboundDesk(
            register=self.filings.register, send=lambda *one: self.sent.append(one), clock=self.filings.clock
        )

    def message(self, place: int, kind: type[Said] = StatusChanged, **changes: Any) -> str:
        """A message about the filing. `data` replaces fields of the example's data; other words those of the envelope."""
        whole = example(kind)
        data = {**whole["data"], **changes.pop("data", {})}
        whole |= {
            "id": f"m-{place}", "source": SOURCE, "subject": str(self.stream), "sequence": f"{place:06d}",
            "data": data, **changes,
        }  # fmt: skip
        return json.dumps(whole)

    def letter(self, place: int, body: bytes = LETTER, *, laid: bool = True, **data: Any) -> str:
        """A message about a letter whose bytes lie in the inbox."""
        sha256 = hashlib.sha256(body).hexdigest()
        key = inbox_key(SOURCE, sha256)
        if laid:
            self.inbox.put_once(key, body, "application/pdf")
        return self.message(place, LetterIssued, data={"sha256": sha256, "size": len(body), "key": key, **data})

    def accepted(self, place: int = 1) -> str:
        """The usual first message."""
        return self.message(place, FilingAccepted, data={"number": "KH/D/2026/1"})

    def rejected(self, place: int = 1) -> str:
        """A refusal of the filing."""
        return self.message(place, FilingRejected, data={"number": "KH/D/2026/1", "reason": "ipas-refused"})

    def status(self, place: int, code: str = "published") -> str:
        """A status."""
        return self.message(place, StatusChanged, data={"status": code})

    def loaded(self, stream: StreamId | None = None) -> Stream:
        """The filing as it stands."""
        return self.filings.load(stream or self.stream)

    def said(self) -> list[str]:
        """Types of what was entered of the registry, oldest first."""
        return [entry.type for entry in self.loaded().entries if entry.type in SAYS]

    def facts(self) -> list[Fact]:
        """The same, whole."""
        return [entry.fact for entry in self.loaded().entries if entry.type in SAYS]

    def parked(self) -> list[Parked]:
        """What is parked."""
        return self.desk.parked()

    def reasons(self) -> list[tuple[int, str]]:
        """Place and reason of what is parked."""
        return [(one.place, one.reason) for one in sorted(self.parked(), key=lambda one: (one.place, one.reason))]
