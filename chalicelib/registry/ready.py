"""A filing of which everything is there: what its entries say, and when they said it."""

from dataclasses import dataclass

from chalicelib.contracts.events import (
    AttachmentSecured,
    FeePaid,
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
    payments: tuple[FeePaid, ...]
    last: Entry

    @classmethod
    def of(cls, stream: Stream) -> "Ready | None":
        """What the entries say; None while something is missing."""
        submitted: FilingSubmitted | None = None
        letter: LetterIssued | None = None
        secured: dict[str, AttachmentSecured] = {}
        payments: list[FeePaid] = []
        for entry in stream.entries:
            match entry.fact:
                case FilingSubmitted() as submission:
                    submitted = submission
                case AttachmentSecured() as file:
                    secured[file.attachment] = file
                case FeePaid() as payment:
                    payments.append(payment)
                case LetterIssued(code=code) as issued if code == ACKNOWLEDGEMENT:
                    letter = issued
                case _:
                    continue
            if submitted and letter and secured.keys() >= {file.attachment for file in submitted.files}:
                return cls(stream, submitted, letter, secured, tuple(payments), entry)
        return None
