"""Receive a later paper: UserdocReceive on a document number of ours, then UserdocUpdate with its data.

The document number comes from this connector's own log and origin, and was free when it was chosen. If an answer was lost and
the number is not free any more, the document is ours; what the file's list tells of it (row version, process) is taken over.
"""

from dataclasses import dataclass

from chalicelib.kernel.clock import Clock, parse_stamp
from chalicelib.registry.ipas import content
from chalicelib.registry.ipas.asking import Answer, Once
from chalicelib.registry.ipas.dossier import Laid
from chalicelib.registry.ipas.journal import Journal
from chalicelib.registry.ipas.listing import checked, userdoc
from chalicelib.registry.ipas.maps import Maps
from chalicelib.registry.ipas.model import LOOK_AT_IT, FileNumber, Ipas, IpasFault, NeedsPerson, NoAnswer, Value, Work
from chalicelib.registry.ipas.values import DOCUMENT, same_document
from chalicelib.registry.model import Paper

CHECK = "UserdocCheckIntegrityForNewDocId"


@dataclass(frozen=True, kw_only=True)
class Papers:
    """See `bring.Receipts`."""

    ipas: Ipas
    journal: Journal
    maps: Maps
    clock: Clock
    once: Once

    def ready(self, laid: Laid, document: Value) -> None:
        """See `bring.Receipts`."""
        content.userdoc(laid, _paper(laid), self._number(laid), {"documentId": document}, self._letter(laid), self.maps)

    def known(self, work: Work, laid: Laid) -> bool:
        """See `bring.Receipts`."""
        there = userdoc(self.ipas, laid.package.filing, paper=_paper(laid).id)
        if there is None:
            return False
        number = {name: (there.get("documentId") or {}).get(name) for name in DOCUMENT}
        for step, answer in (("document", number), ("document-free", {}), ("receive", {}), ("update", {})):
            self.journal.answered(work.id, step, answer, self.clock())
        return True

    def receive(self, work: Work, laid: Laid, document: Value) -> None:
        """See `bring.Receipts`."""
        received = self.once(
            work.id, "receive", found=lambda: self._received(laid, document),
            send=lambda: self._receive(laid, document),
        )  # fmt: skip
        again = self.journal.step(work.id, "update") is not None
        self.once(
            work.id, "update", found=lambda: self._updated(laid),
            send=lambda: self._update(laid, document, None if again else received),
        )  # fmt: skip

    def _number(self, laid: Laid) -> FileNumber:
        return FileNumber.parse(laid.package.number, self.maps.file_types)

    def _letter(self, laid: Laid) -> Value:
        """The office's letter that the paper answers, if it is one that we told of."""
        for one in _paper(laid).answers:
            if one.letter and (key := self.journal.letter(laid.package.filing, one.letter)):
                return key
        return None

    def _received(self, laid: Laid, document: Value) -> Answer | None:
        there = userdoc(self.ipas, laid.package.filing, document=document)
        if there is not None:
            return _kept(there)
        return None if checked(self.ipas, CHECK, document) else {}

    def _receive(self, laid: Laid, document: Value) -> Answer:
        paper = _paper(laid)
        row = self.maps.paper(paper.kind)
        there = self.ipas.call(
            "UserdocReceive", row.origin or self.maps.receiving.origin, row.type, [self._number(laid).to_key()], False,
            self._letter(laid), None, parse_stamp(paper.received_at), content.receipt(laid, self.maps), None, None, document,
        )  # fmt: skip
        if not there:
            raise NoAnswer("UserdocReceive answered nothing")
        if not same_document(there.get("documentId"), document):
            raise NeedsPerson(f"IPAS gave another document number than {document['docNbr']}", LOOK_AT_IT)
        return _kept(there)

    def _updated(self, laid: Laid) -> Answer | None:
        return None if userdoc(self.ipas, laid.package.filing, paper=_paper(laid).id) is None else {}

    def _update(self, laid: Laid, document: Value, received: Answer | None) -> Answer:
        """`received` is None where it must be read anew: an update was tried before."""
        there = received or _kept(userdoc(self.ipas, laid.package.filing, document=document) or {})
        data = {"documentId": document, "rowVersion": there.get("version"), "userdocProcessId": there.get("process")}
        done = self.ipas.call(
            "UserdocUpdate",
            content.userdoc(laid, _paper(laid), self._number(laid), data, self._letter(laid), self.maps),
        )
        if done is None:
            raise NoAnswer("UserdocUpdate answered nothing")
        if not done:
            raise IpasFault("UserdocUpdate answered no")
        return {}


def _paper(laid: Laid) -> Paper:
    if laid.paper is None:
        raise NeedsPerson(f"{laid.package.number}: not a later paper", LOOK_AT_IT)
    return laid.paper


def _kept(there: Answer) -> Answer:
    return {"version": there.get("rowVersion"), "process": there.get("userdocProcessId")}
