"""A filing, or a later paper, of which everything is there: what its entries say, and when they said it."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.contracts import records
from chalicelib.contracts.events import (
    AttachmentRefused,
    AttachmentSecured,
    FeePaid,
    FilingSubmitted,
    LetterIssued,
    PackageReady,
)
from chalicelib.contracts.paper_facts import After, PaperSecured, PaperSubmitted
from chalicelib.contracts.parts import FiledFile
from chalicelib.register.model import Entry, Stream
from chalicelib.registry.model import ACKNOWLEDGEMENT


@dataclass(frozen=True)
class Ready:
    """What one package is made of. `stream` is the filing's, or the paper's; `submitted` is the application's in both. `last`
    is the entry that completed it, whatever was entered since. `after` is the package that comes before a paper's."""

    stream: Stream
    submitted: FilingSubmitted
    letters: tuple[LetterIssued, ...]
    secured: dict[str, AttachmentSecured]
    refused: dict[str, AttachmentRefused]  # after submission: malware in a file that was held
    payments: tuple[FeePaid, ...]
    last: Entry
    paper: PaperSubmitted | None = None
    after: After | None = None

    @property
    def filed(self) -> FilingSubmitted | PaperSubmitted:
        """What was submitted: the paper, where it is one's."""
        return self.paper or self.submitted

    @property
    def number(self) -> str:
        """The number of what was submitted."""
        return self.filed.number

    @property
    def place(self) -> str:
        """Where its objects lie (`contracts/records.py`)."""
        return records.paper(self.paper.filing, self.stream.id.id) if self.paper else self.stream.id.id

    @property
    def handed_over(self) -> tuple[FiledFile, ...]:
        """The filed files that go along: all but what was refused since."""
        return tuple(file for file in self.filed.files if file.attachment not in self.refused)

    @property
    def paid(self) -> bool:
        """Whether nothing is open for it."""
        return self.paper.fee is None if self.paper else bool(self.payments)

    @classmethod
    def of(cls, stream: Stream) -> "Ready | None":
        """A filing, by its entries; None while something is missing."""
        submitted: FilingSubmitted | None = None
        letter: LetterIssued | None = None
        secured: dict[str, AttachmentSecured] = {}
        refused: dict[str, AttachmentRefused] = {}
        payments: list[FeePaid] = []
        for entry in stream.entries:
            match entry.fact:
                case FilingSubmitted() as submission:
                    submitted = submission
                case AttachmentSecured() as file:
                    secured[file.attachment] = file
                case AttachmentRefused() as file:
                    refused[file.attachment] = file
                case FeePaid() as payment:
                    payments.append(payment)
                case LetterIssued(code=code) as issued if code == ACKNOWLEDGEMENT:
                    letter = issued
                case _:
                    continue
            if submitted and letter and _decided(submitted.files, secured, refused):
                return cls(stream, submitted, (letter,), secured, refused, tuple(payments), entry)
        return None

    @classmethod
    def of_paper(cls, stream: Stream, application: Stream, before: Stream) -> "Ready | None":
        """A paper, by its entries; None while something of it is missing, or `before` (its filing, or the paper before it)
        has no package yet."""
        submitted, previous = application.last(FilingSubmitted), _package(before)
        paper: PaperSubmitted | None = None
        kept = False
        secured: dict[str, AttachmentSecured] = {}
        refused: dict[str, AttachmentRefused] = {}
        for entry in stream.entries:
            match entry.fact:
                case PaperSubmitted() as submission:
                    paper = submission
                case PaperSecured():
                    kept = True
                case AttachmentSecured() as file:
                    secured[file.attachment] = file
                case AttachmentRefused() as file:
                    refused[file.attachment] = file
                case _:
                    continue
            if submitted and previous and paper and kept and _decided(paper.files, secured, refused):
                after = After(stream=str(before.id), seq=previous.seq, hash=previous.hash)
                return cls(stream, submitted, (), secured, refused, (), entry, paper, after)
        return None


def _decided(
    files: Iterable[FiledFile], secured: dict[str, AttachmentSecured], refused: dict[str, AttachmentRefused]
) -> bool:
    return secured.keys() | refused.keys() >= {file.attachment for file in files}


def _package(stream: Stream) -> Entry | None:
    return next((entry for entry in stream.entries if entry.type == PackageReady.__name__), None)
