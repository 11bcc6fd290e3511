"""Which kind of stream an event lies on: said by the second word after `int.tra.`, since a thing's facts lie on its stream."""

from chalicelib.contracts.fact import Fact

STREAMS = {
    "attachment": "FILING",
    "filing": "FILING",
    "fee": "FILING",
    "letter": "FILING",
    "package": "FILING",
    "order": "ORDER",
    "attempt": "ORDER",
    "payment": "ORDER",
    "case": "CASE",
    "refund": "CASE",
    "statement": "STATEMENT",
    "reconciliation": "RECONCILIATION",
}


def stream_of(fact: type[Fact]) -> str:
    """`FILING`, `ORDER` … KeyError for a word that is not in the table."""
    return STREAMS[fact.TYPE.split(".")[2]]
