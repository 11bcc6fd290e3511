"""S3's notices of new objects, as they come through the queue."""

import json
from collections.abc import Iterator
from urllib.parse import unquote_plus


def arrivals(body: str) -> Iterator[tuple[str, str | None]]:
    """Key and version of each object in a notice; none in the test message that S3 sends when a queue is attached."""
    for record in json.loads(body).get("Records", []):
        thing = record["s3"]["object"]
        yield unquote_plus(thing["key"]), thing.get("versionId")
