"""A registry that answers: its messages into the inbound queue, its letters into the inbox, as the connector sends them."""

import hashlib
import json
from typing import Any

from chalicelib.contracts.inbound import inbox_key
from tests.faults.journey import pdf
from tests.faults.world import World

SOURCE = "urn:registry:ipas"
LETTER = pdf("an office action")
AT = "2026-11-25T02:33:30.123Z"


def message(world: World, place: int, type_: str, data: dict[str, Any], **changes: Any) -> str:
    """One message about the journey's filing."""
    whole = {
        "specversion": "1.0", "id": f"ipas-{place}", "source": SOURCE, "type": f"int.registry.{type_}.v1",
        "subject": f"FILING#{world.memory.journey['filing']}", "time": AT, "sequence": f"{place:06d}",
        "datacontenttype": "application/json", "data": data,
    }  # fmt: skip
    return json.dumps({**whole, **changes})


def accepted(world: World, place: int) -> str:
    """The filing is in the registry."""
    return message(world, place, "filing.accepted", {"number": "KH/D/2026/1"})


def rejected(world: World, place: int) -> str:
    """The registry does not take it."""
    return message(world, place, "filing.rejected", {"number": "KH/D/2026/1", "reason": "ipas-refused"})


def status(world: World, place: int, code: str = "published") -> str:
    """The file's status."""
    return message(world, place, "status.changed", {"status": code, "st27": "D10", "at": AT})


def letter(world: World, place: int, body: bytes = LETTER, code: str = "office-action", *, laid: bool = True) -> str:
    """A letter, which is laid into the inbox now, unless it is forgotten."""
    sha256 = hashlib.sha256(body).hexdigest()
    key = inbox_key(SOURCE, sha256)
    bucket = world.environment["TRA_QUARANTINE_BUCKET"]
    if laid:
        world.clients.s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/pdf")
    return message(
        world, place, "letter.issued",
        {"code": code, "number": "OA-1", "issued_at": AT, "sha256": sha256, "size": len(body),
         "media_type": "application/pdf", "key": key},
    )  # fmt: skip


def send(world: World, body: str, once: str = "") -> None:
    """Into the queue. `once` distinguishes what is sent again on purpose."""
    world.clients.sqs.send_message(
        QueueUrl=world.queues["inbound"],
        MessageBody=body,
        MessageGroupId=f"FILING#{world.memory.journey['filing']}",
        MessageDeduplicationId=hashlib.sha256(f"{once}{body}".encode("utf-8", "surrogatepass")).hexdigest(),
    )
