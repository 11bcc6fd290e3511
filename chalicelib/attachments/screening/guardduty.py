"""GuardDuty Malware Protection for S3: it scans each new version by itself and tags it with what it found.

The tag is read for exactly the version that was looked at. Nobody else can set it: an upload's own tags are bound by its
policy. No tag yet means no verdict yet: the notice comes again through the queue until there is one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.attachments.screening.scanner import Clean, Infected, Sample, Scan, Unsure

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TAG = "GuardDutyMalwareScanStatus"


def verdict(status: str) -> Scan:
    """From a scan result status, as in the tag and in the EventBridge event (`scanResultDetails.scanResultStatus`)."""
    if status == "NO_THREATS_FOUND":
        return Clean()
    return Infected("GuardDuty") if status == "THREATS_FOUND" else Unsure(status or "not scanned yet")


@dataclass(frozen=True, kw_only=True)
class GuardDuty:
    """What GuardDuty said of a version in this bucket."""

    bucket: str
    client: "S3Client"

    def scan(self, sample: Sample) -> Scan:
        """See `Scanner.scan`."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            tags = self.client.get_object_tagging(Bucket=self.bucket, Key=sample.key, VersionId=sample.version)[
                "TagSet"
            ]
        except (BotoCoreError, ClientError) as error:
            return Unsure(type(error).__name__)
        return verdict(next((tag["Value"] for tag in tags if tag["Key"] == TAG), ""))
