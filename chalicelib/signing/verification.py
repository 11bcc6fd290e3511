"""The first question about a letter, for anyone: is this file, byte for byte, one that the office issued?

The register of issued digests answers; the file itself never has to leave the asker's device. What a changed or foreign file
is, is a later and longer question; here it is only "not one of ours".
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.contracts.events import LetterArchived, LetterIssued, LetterStamped
from chalicelib.kernel.errors import Corrupt, Finding
from chalicelib.offices.messages import words
from chalicelib.offices.model import Office
from chalicelib.register.model import Key, Register, StreamId


@dataclass(frozen=True, kw_only=True)
class VerifyDigest:
    """Look a digest up."""

    register: Register
    office: Office

    def __call__(self, sha256: str) -> dict[str, Any]:
        """The verdict, in words, with the letter's number and time if it is ours."""
        item = self.register.item(Key(f"SHA256#{sha256}", "ISSUED"))
        if item is None:
            return {"verdict": "unknown", "sha256": sha256, **self._said("verification.unknown")}
        stream = self.register.load(StreamId.parse(item.attributes["stream"]))
        entries = stream.entries if stream else ()
        for entry in entries:
            fact = entry.fact
            if isinstance(fact, LetterIssued | LetterStamped | LetterArchived) and fact.sha256 == sha256:
                letter = {"number": fact.number, "code": fact.code, "level": fact.level, "issued_at": entry.at}
                return {"verdict": "issued", "sha256": sha256, "letter": letter, **self._said("verification.issued")}
        raise Corrupt(f"{sha256} is listed as issued, and no entry says so")

    def _said(self, code: str) -> dict[str, Any]:
        said = words(self.office, Finding(code=code))
        return {
            "message": {language: message for language, (message, _) in said.items()},
            "action": {language: action for language, (_, action) in said.items()},
        }
