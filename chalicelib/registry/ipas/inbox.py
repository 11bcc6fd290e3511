"""The front's inbox on S3: the registry may put letters into it, and read nothing there.

A key follows from the letter's digest, so a key that is taken holds the same letter: that is success, and is not looked at.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.aws.errors import status_of, translated
from chalicelib.kernel.digest import Digest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, kw_only=True)
class S3Inbox:
    """See `send.Inbox`."""

    name: str
    client: "S3Client"

    def put_once(self, key: str, body: bytes, media_type: str) -> None:
        """See `send.Inbox`."""
        from botocore.exceptions import ClientError

        try:
            with translated():
                self.client.put_object(
                    Bucket=self.name, Key=key, Body=body, ContentType=media_type, ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=Digest.of(body).base64, IfNoneMatch="*",
                )  # fmt: skip
        except ClientError as error:
            if status_of(error) != 412:
                raise
