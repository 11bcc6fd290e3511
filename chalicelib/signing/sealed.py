"""Draws a letter and seals it: where the drawing (typst) and the seal (pyHanko) are joined."""

from dataclasses import dataclass

from chalicelib.offices.model import Office
from chalicelib.signing.letter import TypstLetters
from chalicelib.signing.model import LetterContent
from chalicelib.signing.pades import PadesSealer
from chalicelib.signing.report import CODE as REPORT
from chalicelib.signing.report_content import ReportContent


@dataclass(frozen=True, kw_only=True)
class SealedLetters:
    """See `signing.service.Letters` and `signing.report.Reports`."""

    office: Office
    letters: TypstLetters
    sealer: PadesSealer

    def report(self, content: ReportContent, rows: bytes) -> bytes:
        """The sealed report of a day, PAdES B-B."""
        texts = self.office.letters[REPORT]
        return self.sealer.seal(
            self.letters.report(content, rows=rows),
            sealed_at=content.made_at,
            reason=" / ".join(texts.reason[language] for language in content.languages),
            location=" / ".join(texts.location[language] for language in content.languages),
            panel=self.letters.panel(content, sealed_by=self.sealer.sealed_by, sealed_at=content.made_at),
        )

    def __call__(self, content: LetterContent, receipt: bytes) -> bytes:
        """The sealed PDF, PAdES B-B."""
        texts = self.office.letters[content.letter_code]
        return self.sealer.seal(
            self.letters.render(content, receipt=receipt),
            sealed_at=content.issued_at,
            reason=" / ".join(texts.reason[language] for language in content.languages),
            location=" / ".join(texts.location[language] for language in content.languages),
            panel=self.letters.panel(content, sealed_by=self.sealer.sealed_by, sealed_at=content.issued_at),
        )
