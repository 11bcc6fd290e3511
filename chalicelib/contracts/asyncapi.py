"""The events as an AsyncAPI 3.0 document: the topic, the registry's queue, every message with its schema and example.

Made from the same facts as the schemas, which it points to. What a machine cannot say (order, repeats, replay) it says in
words, the same that `docs/events.md` says at length.
"""

from typing import Any

from chalicelib.contracts.events import FACTS
from chalicelib.contracts.examples import example
from chalicelib.contracts.fact import Fact
from chalicelib.contracts.streams import stream_of, streams_of

ORDER = (
    "Entry n+1 of a stream is never published before entry n; streams are independent of each other. Every event may come more"
    " than once, for ever: drop what you dealt with by its id, in the transaction of its effect. A message that is not deleted"
    " lives 14 days in the queue, then 14 days in its dead-letter queue. To replay from any point, ask the office to publish"
    " the streams again (docs/events.md)."
)


def asyncapi(version: str) -> dict[str, Any]:
    """The document; `version` is the contract's."""
    messages = {fact.__name__: _message(fact) for fact in FACTS.values()}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:tra:events",
        "info": {
            "title": "Tra: facts of an intellectual-property office",
            "version": version,
            "description": ORDER,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "facts": {
                "address": "tra-{stage}-facts.fifo",
                "title": "The topic (SNS FIFO)",
                "description": "Group: the event's subject. Deduplication id: the event's id, for five minutes.",
                "parameters": {"stage": {"description": "the office's stage: local, office …"}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            },
            "registry": {
                "address": "tra-{stage}-registry.fifo",
                "title": "The registry's queue (SQS FIFO), raw: the body is the event",
                "description": "Every event. Three receives, then tra-{stage}-registry-dead.fifo.",
                "parameters": {"stage": {"description": "the office's stage: local, office …"}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            },
        },
        "operations": {
            "publishFacts": {"action": "send", "channel": {"$ref": "#/channels/facts"}, "summary": "The relay publishes."},
            "consumeFacts": {
                "action": "receive",
                "channel": {"$ref": "#/channels/registry"},
                "summary": "A registry takes them, in order for each filing, and acts on PackageReady.",
            },
        },
        "components": {"messages": messages},
    }


def _message(fact: type[Fact]) -> dict[str, Any]:
    said = " ".join((fact.__doc__ or "").split())
    return {
        "name": fact.TYPE,
        "title": fact.__name__,
        "summary": said.partition(". ")[0].rstrip(".") + ".",
        "description": f"{said} Ordered within its stream ({' or '.join(streams_of(fact))}).",
        "contentType": "application/json",
        "headers": {"type": "object", "properties": {"type": {"const": fact.TYPE, "type": "string"}}},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./events/{fact.TYPE}.json"},
        },
        "examples": [{"name": "example", "payload": example(fact, stream_of(fact))}],
    }
