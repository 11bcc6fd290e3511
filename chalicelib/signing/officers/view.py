"""What officers see of letters: those that wait for somebody, each as it stands, who did what, and the draft as a PDF.

The names and texts here come from the item beside the stream: they are shown to officers, and stand in no entry.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.kernel.clock import Clock
from chalicelib.kernel.errors import Corrupt, Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.register import model as register_model
from chalicelib.register.model import Due, Register, StreamId
from chalicelib.signing.contents import Contents
from chalicelib.signing.officers.drawing import Drawer, as_draft
from chalicelib.signing.officers.model import WAITING, PreparedLetter
from chalicelib.signing.officers.service import LetterDesk

PAGE = 50
MOST = 10_000
STILL = ("prepared", "approved", "rejected", "intended")  # states in which somebody, or the queue, has to act


@dataclass(frozen=True, kw_only=True)
class LetterView:
    """Read letters at the desk."""

    register: Register
    waiting: Due
    office: Office
    contents: Contents
    desk: LetterDesk
    drawer: Drawer
    clock: Clock

    def listed(self, *, after: str | None = None) -> dict[str, Any]:
        """Letters that are not sealed yet, the longest waiting first. `after` continues from a letter of the last page."""
        keys = self.waiting.due(WAITING, until=self.clock() + timedelta(minutes=1), limit=MOST)
        names = [StreamId.parse(key.pk).id for key in keys]
        if after in names:
            names = names[names.index(after) + 1 :]
        page = [self.desk.one(name) for name in names[:PAGE]]
        return {
            "letters": [self._summary(one) for one in page if one.status in STILL],  # the list lags behind
            "waiting": len(keys),
            "next": page[-1].stream.id.id if len(names) > PAGE else None,
        }

    def one(self, identifier: str) -> dict[str, Any]:
        """One letter, with what it says and who did what. NotFound."""
        letter = self.desk.one(identifier)
        return {**self._summary(letter), "content": letter.content.to_json(), "history": self._history(letter)}

    def draft(self, identifier: str) -> tuple[bytes, str]:
        """The letter as it stands, as a PDF that says that it is none yet; and the digest to approve."""
        letter = self.desk.one(identifier)
        filing = self.register.load(register_model.filing(letter.fact.filing))
        if filing is None:
            raise Corrupt(f"{letter.stream.id}: a letter about no filing")
        _, _, receipt = self.contents.filed(filing)
        shown = as_draft(letter, self.office, self.contents.writing.trust_label)
        return self.drawer(shown, receipt), letter.fact.content_sha256

    def _summary(self, letter: PreparedLetter) -> dict[str, Any]:
        fact, issued = letter.fact, letter.issued
        said = {
            "id": letter.stream.id.id,
            "status": letter.status,
            "document": fact.document,
            "code": fact.code,
            "title": dict(letter.content.letter_title),
            "number": fact.number,
            "application_number": letter.content.application_number,
            "filing": fact.filing,
            "run": fact.run,
            "content_sha256": fact.content_sha256,
            "prepared_at": letter.prepared.at,
            "prepared_by": letter.prepared.by,
            "persons": [
                {"did": one.did, "name": dict(one.name), "title": dict(one.title)} for one in letter.signatories
            ],
        }
        if letter.approval:
            entry, approved = letter.approval
            said |= {"approved_at": entry.at, "approved_by": entry.by, "batch": approved.batch}
        if issued:
            said["issued"] = {"sha256": issued.sha256, "size": issued.size}
        return said

    def _history(self, letter: PreparedLetter) -> list[dict[str, Any]]:
        return [
            {
                "seq": entry.seq,
                "at": entry.at,
                "by": entry.by,
                "type": entry.type,
                "description": {
                    language: text
                    for language, (text, _) in words(self.office, Finding(code=f"entry.{entry.type}")).items()
                },
                "data": dict(entry.data),
            }
            for entry in letter.stream.entries
        ]
