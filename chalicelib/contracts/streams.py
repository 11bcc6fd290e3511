"""Which kind of stream an event lies on: said by the second word after `int.tra.`, since a thing's facts lie on its stream.

Files and packages are a filing's, or a later paper's (`ALSO`): their facts lie on the stream of whichever they belong to.
"""

from chalicelib.contracts.fact import Fact

STREAMS = {
    "attachment": "FILING",
    "filing": "FILING",
    "fee": "FILING",
    "letter": "FILING",
    "package": "FILING",
    "paper": "PAPER",
    "order": "ORDER",
    "attempt": "ORDER",
    "payment": "ORDER",
    "case": "CASE",
    "refund": "CASE",
    "statement": "STATEMENT",
    "reconciliation": "RECONCILIATION",
}
ALSO = {"attachment": ("PAPER",), "package": ("PAPER",)}


def stream_of(fact: type[Fact]) -> str:
    """`FILING`, `ORDER` … KeyError for a word that is not in the table."""
    return STREAMS[fact.TYPE.split(".")[2]]


def streams_of(fact: type[Fact]) -> tuple[str, ...]:
    """Every kind of stream that the fact may lie on, the usual one first."""
    return (stream_of(fact), *ALSO.get(fact.TYPE.split(".")[2], ()))
