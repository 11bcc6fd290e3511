"""Take one message of the registry: once, in order, all of it in one commit, or park it with a reason.

1. It is read as hostile input. What cannot be read is parked; nothing is guessed, and nothing is retried for ever.
2. Each registry counts its messages about a filing from 1. The next one is taken; an earlier one is a repeat if it says the
   same, and a contradiction, parked, if not; a later one is parked, and taken when its turn comes.
3. The fact, the cursor, the mark by which a repeat is known, the case that a refusal opens, and the end of the parking are one
   commit: killed anywhere, the same message again ends in the same state.
4. A message that cannot be taken holds up those behind it: a person redrives or drops it (`desk.py`).
Only what passes by itself (AWS, the scanner) fails the function, so that the queue brings it again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.contracts import inbound
from chalicelib.contracts.cases import CaseOpened
from chalicelib.contracts.fact import Fact
from chalicelib.contracts.inbound import Envelope, Said, Unreadable, read_envelope, read_said
from chalicelib.contracts.registered import (
    OfficeLetterReceived,
    RegistryAccepted,
    RegistryRejected,
    RegistryStatusChanged,
)
from chalicelib.kernel import ids
from chalicelib.kernel.clock import Clock
from chalicelib.log import log
from chalicelib.offices.model import Office
from chalicelib.register import model as register_model
from chalicelib.register.cases import opening
from chalicelib.register.model import Delete, Operation, Stream, deciding
from chalicelib.register.timeline import FILED
from chalicelib.registry.inbound.letters import KeepLetter
from chalicelib.registry.inbound.model import (
    CONFLICT,
    GAP,
    PASSING,
    TAKEN,
    Box,
    Boxes,
    Parked,
    Refusal,
    box_of,
    parked_bytes,
    parked_message,
    unreadable_key,
)

ACTOR = "tra:take_inbound"
OWNER = "registry"  # whose the cases are
REJECTED = "registry-rejected"


@dataclass(frozen=True, kw_only=True)
class TakeInbound:
    """See the module."""

    register: Boxes
    office: Office
    keep: KeepLetter
    clock: Clock
    alarm: Callable[[], None]  # a message was parked: a person has to look

    def __call__(self, body: str) -> None:
        """Take or park. Unavailable if neither can be done now."""
        raw = body.encode("utf-8", "surrogatepass")
        try:
            message = read_envelope(raw)
        except Unreadable as error:
            code = error.code
            deciding(lambda: self._set_aside(raw, code))
            return
        deciding(lambda: self._take(message, raw))
        while (waiting := Box.read(self.register, box_of(message)).next()) is not None:
            if not self._follow(waiting):
                return

    def _follow(self, waiting: Parked) -> bool:
        raw = waiting.body.encode()
        message = read_envelope(raw)
        return deciding(lambda: self._take(message, raw))

    def _take(self, message: Envelope, raw: bytes) -> bool:
        """Whether the box moved on."""
        box = Box.read(self.register, box_of(message))
        if box.marks.get(message.sequence) == message.sha256:
            log("inbound-repeat", registry=message.registry, filing=message.filing, place=message.sequence)
            return False
        stream = self.register.load(register_model.filing(message.filing))
        try:
            if stream is None:
                raise Refusal("filing-unknown")
            operations = self._operations(box, message, stream)
        except Refusal as refusal:
            self._park(box, message, raw, refusal.code)
            return False
        self.register.commit(*operations)
        log(
            "inbound-taken", registry=message.registry, filing=message.filing, place=message.sequence, type=message.type
        )
        return True

    def _operations(self, box: Box, message: Envelope, stream: Stream) -> tuple[Operation, ...]:
        if message.registry not in self.office.registries.names:
            raise Refusal("source-unknown")
        if message.sequence <= box.at:
            raise Refusal(CONFLICT)
        if stream.head.status not in FILED:
            raise Refusal("filing-not-submitted")
        if message.sequence > box.at + 1:
            raise Refusal(_early(box, message))
        try:
            said = read_said(message)
        except Unreadable as error:
            raise Refusal(error.code) from error
        now = self.clock()
        fact, case = self._meant(message, said)
        there = box.find(message.sequence, message.sha256)
        return (
            stream.append(fact, by=ACTOR, at=now),
            box.moved(message.sequence),
            box.mark(message.sequence, message.sha256, TAKEN, now),
            *(opening(_about(message), case, by=ACTOR, at=now, identifier=_case_id(message)) if case else ()),
            *((Delete(there.key, expects=there.version),) if there else ()),
        )

    def _meant(self, message: Envelope, said: Said) -> tuple[Fact, CaseOpened | None]:
        of = {"registry": message.registry, "message": message.sequence}
        match said:
            case inbound.FilingAccepted() | inbound.PaperAccepted():
                return RegistryAccepted.model_validate({**of, **said.to_data()}), None
            case inbound.FilingRejected() | inbound.PaperRejected():
                case = CaseOpened(reason=REJECTED, owner=OWNER, filing=message.filing, evidence_sha256=message.sha256)
                return RegistryRejected.model_validate({**of, **said.to_data(), "case": _case_id(message)}), case
            case inbound.StatusChanged():
                data = said.to_data()
                since = data.pop("at")
                return RegistryStatusChanged.model_validate({**of, **data, "since": since}), None
            case inbound.LetterIssued():
                key = self.keep(message.filing, said)
                return OfficeLetterReceived.model_validate({**of, **said.to_data(), "key": key}), None
        raise Refusal("type-unknown")

    def _park(self, box: Box, message: Envelope, raw: bytes, reason: str) -> None:
        log("inbound-parked", registry=message.registry, filing=message.filing, place=message.sequence, reason=reason)
        there = box.find(message.sequence, message.sha256)
        if there is None or there.reason != reason:
            row = parked_message(message, raw, reason, self.clock(), there)
            self.register.commit(row, box.moved(box.at))  # loses if the box went on meanwhile: then it may be a repeat
            self.alarm()

    def _set_aside(self, raw: bytes, reason: str) -> None:
        log("inbound-unreadable", reason=reason, size=len(raw))
        row = self.register.item(unreadable_key(raw))
        there = Parked.of(row) if row else None
        if there is None or there.reason != reason:
            self.register.commit(parked_bytes(raw, reason, self.clock(), there))
            self.alarm()


def _early(box: Box, message: Envelope) -> str:
    """Why a message with a gap before it is parked: of two that claim one place, the second contradicts."""
    others = [one for one in box.parked if one.place == message.sequence and one.sha256 != message.sha256]
    return CONFLICT if any(one.reason in PASSING for one in others) else GAP


def _about(message: Envelope) -> str:
    return f"registry#{message.registry}#{message.filing}#{message.sequence}"


def _case_id(message: Envelope) -> str:
    """Follows from the message, so that the fact can name it."""
    return ids.derived("case", _about(message))
