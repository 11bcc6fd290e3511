"""The JSON Schema (2020-12) of each event's whole message: shape, meaning, an example, and where personal data may stand.

Every object in `data`, however deep, is open: a later minor version may add fields, and a consumer that checks messages
against the schema it was built with must not stumble over them.
"""

from typing import Any

from chalicelib.contracts.envelope import Envelope
from chalicelib.contracts.events import FACTS
from chalicelib.contracts.examples import example
from chalicelib.contracts.fact import Fact
from chalicelib.contracts.personal import allowed
from chalicelib.contracts.streams import stream_of, streams_of

BASE = "urn:tra:schema:"


def schema(fact: type[Fact]) -> dict[str, Any]:
    """The JSON Schema of the whole message that carries `fact`."""
    document = Envelope.model_json_schema()
    data = fact.model_json_schema()
    document["$defs"] = {**document.get("$defs", {}), **data.pop("$defs", {})}
    for part in (data, *document["$defs"].values()):
        if part.get("type") == "object":
            part["additionalProperties"] = True  # consumers accept what a later minor version adds
    document["properties"]["type"] = {"const": fact.TYPE, "type": "string"}
    document["properties"]["data"] = data
    document["required"] = sorted({*document["required"], "specversion", "datacontenttype", "data"})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": BASE + fact.TYPE,
        **document,
        "title": fact.__name__,
        "description": (fact.__doc__ or "").strip(),
        "examples": [example(fact, stream_of(fact))],
        "x-stream": ", ".join(streams_of(fact)),
        "x-personal-data": allowed(fact),
    }


def all_schemas() -> dict[str, dict[str, Any]]:
    """Event type → schema."""
    return {fact.TYPE: schema(fact) for fact in FACTS.values()}
