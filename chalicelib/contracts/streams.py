"""Which kinds of stream an event lies on: said by the word after `int.tra.`, since a thing's facts lie on its stream.

Files, fees and packages are a filing's, or a later paper's. A letter's first level stands where the letter was asked for (its
filing, or a stream of its own); later levels, and what persons do with a letter, always on its own.
"""

from chalicelib.contracts.fact import Fact

STREAMS: dict[str, tuple[str, ...]] = {
    "attachment": ("FILING", "PAPER"),
    "filing": ("FILING",),
    "fee": ("FILING", "PAPER"),
    "letter": ("FILING", "LETTER"),
    "LetterPrepared": ("LETTER",),
    "LetterApproved": ("LETTER",),
    "LetterRejected": ("LETTER",),
    "LetterCancelled": ("LETTER",),
    "LetterStamped": ("LETTER",),
    "LetterArchived": ("LETTER",),
    "receipt": ("FILING",),
    "package": ("FILING", "PAPER"),
    "paper": ("PAPER",),
    "registry": ("FILING",),
    "order": ("ORDER",),
    "attempt": ("ORDER",),
    "payment": ("ORDER",),
    "case": ("CASE",),
    "refund": ("CASE",),
    "statement": ("STATEMENT",),
    "reconciliation": ("RECONCILIATION",),
}


def streams_of(fact: type[Fact]) -> tuple[str, ...]:
    """`("FILING",)`, `("FILING", "LETTER")` …: the first is the usual one. KeyError for words that are not in the table."""
    return STREAMS.get(fact.__name__) or STREAMS[fact.TYPE.split(".")[2]]
