"""Which kinds of stream an event lies on: said by the word after `int.tra.`, since a thing's facts lie on its stream.

A letter's first level stands where the letter was asked for (its filing, or a stream of its own); later ones on its own.
"""

from chalicelib.contracts.fact import Fact

STREAMS: dict[str, tuple[str, ...]] = {
    "attachment": ("FILING",),
    "filing": ("FILING",),
    "fee": ("FILING",),
    "letter": ("FILING", "LETTER"),
    "LetterStamped": ("LETTER",),
    "LetterArchived": ("LETTER",),
    "receipt": ("FILING",),
    "package": ("FILING",),
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
