"""The letters of a filing, to its owner: which there are, and the day on which each was made available (PCT AI section 709).

A letter is available from the moment at which it is entered as issued: from then on its owner can fetch it.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.kernel import ids
from chalicelib.kernel.clock import local, parse_stamp
from chalicelib.kernel.errors import NotFound
from chalicelib.offices.model import Office
from chalicelib.register import model as register_model
from chalicelib.register.model import Register
from chalicelib.signing.issued import Issued, letters_about


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """Lists letters."""

    register: Register
    office: Office

    def __call__(self, account: str, filing_id: str) -> list[dict[str, Any]]:
        """Every letter about a filing, in the order in which they were begun. NotFound for others."""
        stream = self.register.load(register_model.filing(filing_id)) if ids.is_ulid(filing_id) else None
        if stream is None or stream.head.owner != account:
            raise NotFound.because("filing.not-found")
        return [self._shown(letter) for letter in letters_about(self.register, stream)]

    def _shown(self, letter: Issued) -> dict[str, Any]:
        fact, at = letter.fact, letter.entry.at
        document = fact.code.partition(".")[0]
        texts = self.office.letters.get(document)
        return {
            "code": fact.code,
            "document": document,
            "title": dict(texts.title) if texts else {},
            "number": fact.number,
            "level": letter.newest.level,
            "sha256": letter.newest.sha256,
            "available_at": at,
            "available_on": local(parse_stamp(at), self.office.time_zone).date().isoformat(),
        }
