"""Notices of objects to look at, as they come through the queue: S3's of a new one, GuardDuty's that it has scanned one.

A notice is a bell only. What it says of the object is not believed: the verdict is read from the object's own tag.
"""

import json
from collections.abc import Iterator
from urllib.parse import unquote_plus


def arrivals(body: str) -> Iterator[tuple[str, str | None]]:
    """Key and version of each object in a notice; none in the test message that S3 sends when a queue is attached."""
    notice = json.loads(body)
    if notice.get("source") == "aws.guardduty":
        scanned = notice["detail"]["s3ObjectDetails"]
        yield scanned["objectKey"], scanned.get("versionId")
    for record in notice.get("Records", []):
        thing = record["s3"]["object"]
        yield unquote_plus(thing["key"]), thing.get("versionId")
