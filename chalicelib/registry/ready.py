"""A filing of which everything is there: what its entries say, and when they said it."""

from dataclasses import dataclass

from chalicelib.contracts.events import (
    AttachmentRefused,
    AttachmentSecured,
    FeePaid,
    FiledFile,
    FilingSubmitted,
    LetterIssued,
)
from chalicelib.register.model import Entry, Stream
from chalicelib.registry.model import ACKNOWLEDGEMENT


@dataclass(frozen=True)
class Ready:
    """A filing of which everything is there. `last` is the entry that completed it, whatever was entered since."""

    stream: Stream
    submitted: FilingSubmitted
    letter: LetterIssued
    secured: dict[str, AttachmentSecured]
    refused: dict[str, AttachmentRefused]  # after submission: malware in a file that was held
    payments: tuple[FeePaid, ...]
    last: Entry

    @property
    def handed_over(self) -> tuple[FiledFile, ...]:
        """The filed files that go along: all but what was refused since."""
        return tuple(file for file in self.submitted.files if file.attachment not in self.refused)

    @classmethod
    def of(cls, stream: Stream) -> "Ready | None":
        """What the entries say; None while something is missing."""
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
            decided = secured.keys() | refused.keys()
            if submitted and letter and decided >= {file.attachment for file in submitted.files}:
                return cls(stream, submitted, letter, secured, refused, tuple(payments), entry)
        return None
