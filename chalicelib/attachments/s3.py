"""The records bucket as custody uses it: with a way from quarantine."""

from dataclasses import dataclass

from chalicelib.aws.s3 import Bucket, Stored


@dataclass(frozen=True, kw_only=True)
class S3Records(Bucket):
    """See `attachments.custody.Records`."""

    quarantine: Bucket

    def copy_from_quarantine(self, key: str, version: str, target: str) -> Stored:
        """Copy one version unless the key is taken; answers what lies there, digest recomputed."""
        return self.copy_once(self.quarantine, key, version, target)
