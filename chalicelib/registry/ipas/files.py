"""Receive a filing: FileReceive on the number that we gave, then PatentInsert with all data.

The number is proposed, so IPAS's own check keeps a second file away. Before the first FileReceive the number must be free; if
an answer was lost and the number is not free any more, PatentRead is asked whether the file is ours: it must have the document
number that we proposed, as far as it says one.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.kernel.clock import Clock, parse_stamp
from chalicelib.registry.ipas import content
from chalicelib.registry.ipas.asking import Answer, Once
from chalicelib.registry.ipas.dossier import Laid
from chalicelib.registry.ipas.journal import Journal
from chalicelib.registry.ipas.listing import checked, listed
from chalicelib.registry.ipas.maps import Maps
from chalicelib.registry.ipas.model import LOOK_AT_IT, FileNumber, Ipas, IpasFault, NeedsPerson, NoAnswer, Value, Work
from chalicelib.registry.ipas.values import DOCUMENT, same_document, same_file


@dataclass(frozen=True, kw_only=True)
class Files:
    """See `bring.Receipts`."""

    ipas: Ipas
    journal: Journal
    maps: Maps
    clock: Clock
    once: Once

    def ready(self, laid: Laid, document: Value) -> None:
        """See `bring.Receipts`."""
        self._patent(laid, document)
        content.receipt(laid, self.maps)

    def known(self, work: Work, laid: Laid) -> bool:
        """See `bring.Receipts`. NeedsPerson if IPAS has another file of our id."""
        if self._listed(laid) is None:
            return False
        file = self._read(self._number(laid))
        there = ((file.get("filingData") or {}).get("receptionDocument") or {}).get("documentId") or {}
        number = {name: there[name] for name in DOCUMENT if name in there}
        for step, answer in (("document", number), ("document-free", {}), ("receive", _kept(file)), ("insert", {})):
            self.journal.answered(work.id, step, answer, self.clock())
        return True

    def receive(self, work: Work, laid: Laid, document: Value) -> None:
        """See `bring.Receipts`."""
        received = self.once(
            work.id, "receive",
            first=lambda: self._must_be_free(laid), found=lambda: self._received(laid, document),
            send=lambda: self._receive(laid, document),
        )  # fmt: skip
        again = self.journal.step(work.id, "insert") is not None
        self.once(
            work.id, "insert", found=lambda: self._listed(laid),
            send=lambda: self._insert(laid, document, None if again else received.get("version")),
        )  # fmt: skip

    def _number(self, laid: Laid) -> FileNumber:
        return FileNumber.parse(laid.package.number, self.maps.file_types)

    def _patent(self, laid: Laid, document: Value) -> dict[str, Value]:
        if laid.form is None:
            raise NeedsPerson(f"{laid.package.number}: a package without an application", LOOK_AT_IT)
        return content.patent(laid, laid.form, self._number(laid), document, self.maps)

    def _must_be_free(self, laid: Laid) -> None:
        number = self._number(laid)
        if not checked(self.ipas, "FileCheckIntegrityForNewFileId", number.to_key()):
            raise NeedsPerson(f"{number} is taken in IPAS, and not by us", LOOK_AT_IT)

    def _received(self, laid: Laid, document: Value) -> Answer | None:
        """After a lost answer: what the reception gave, if it was done."""
        number = self._number(laid)
        if checked(self.ipas, "FileCheckIntegrityForNewFileId", number.to_key()):
            return None
        file = self._read(number)
        there = ((file.get("filingData") or {}).get("receptionDocument") or {}).get("documentId")
        if there and not same_document(there, document):
            raise NeedsPerson(f"{number} was taken in IPAS by another reception", LOOK_AT_IT)
        return _kept(file)

    def _receive(self, laid: Laid, document: Value) -> Answer:
        package, row = laid.package, self.maps.application(laid.package.kind, laid.package.route)
        number = self._number(laid)
        file = self.ipas.call(
            "FileReceive", self.maps.receiving.origin, row.type, row.subtype, None, parse_stamp(package.received_at),
            content.receipt(laid, self.maps), number.to_key(), document,
        )  # fmt: skip
        if not file:
            raise NoAnswer("FileReceive answered nothing")
        if not same_file(file.get("fileId"), number.to_key()):
            raise NeedsPerson(f"IPAS gave another number than {number}", LOOK_AT_IT)
        return _kept(file)

    def _insert(self, laid: Laid, document: Value, version: int | None) -> Answer:
        """`version` is None where it must be read anew: an insert was tried before."""
        patent = self._patent(laid, document)
        if version is None:
            version = self._read(self._number(laid)).get("rowVersion")
        if version is not None:
            patent["rowVersion"] = version
            patent["file"]["rowVersion"] = version
        done = self.ipas.call("PatentInsert", patent)
        if done is None:
            raise NoAnswer("PatentInsert answered nothing")
        if not done:
            raise IpasFault("PatentInsert answered no")
        return {}

    def _read(self, number: FileNumber) -> dict[str, Any]:
        there = self.ipas.call("PatentRead", number.to_key(), False, False)
        return dict((there or {}).get("file") or {})

    def _listed(self, laid: Laid) -> Answer | None:
        """Empty if IPAS lists the file under our id, that is, with its data. NeedsPerson if it lists another."""
        number = self._number(laid)
        for one in listed(self.ipas, laid.package.filing):
            if not same_file(one.get("fileId"), number.to_key()):
                raise NeedsPerson(f"IPAS lists another file than {number} under {laid.package.filing}", LOOK_AT_IT)
            return {}
        return None


def _kept(file: dict[str, Any]) -> Answer:
    return {"version": file.get("rowVersion"), "process": file.get("processId")}
