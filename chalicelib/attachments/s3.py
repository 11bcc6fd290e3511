"""S3 as this room uses it: the records bucket with a way from quarantine, and quarantine's uploads in parts.

Every part carries its SHA-256, so S3 takes no other bytes; a presigned part address binds number, size and digest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.attachments.multipart import Part
from chalicelib.aws.errors import code_of, status_of, translated
from chalicelib.aws.s3 import Bucket, Stored
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

GONE = {404, 412}  # the upload is gone; the key is taken


@dataclass(frozen=True, kw_only=True)
class S3Records(Bucket):
    """See `attachments.custody.Records`."""

    quarantine: Bucket

    def copy_from_quarantine(self, key: str, version: str, target: str) -> Stored:
        """Copy one version unless the key is taken; answers what lies there, digest recomputed."""
        return self.copy_once(self.quarantine, key, version, target)


@dataclass(frozen=True, kw_only=True)
class S3Parts(Bucket):
    """See `attachments.multipart.PartStore`. Keys are unguessable, so whatever is under way for one is its attachment's."""

    def begin(self, key: str, *, media_type: str, tags: str) -> str:
        """The upload under way for this key; begun if there is none."""
        for upload in self._under_way(key):
            return upload
        with translated():
            answer = self.client.create_multipart_upload(
                Bucket=self.name, Key=key, ContentType=media_type, Tagging=tags, ChecksumAlgorithm="SHA256"
            )
        return answer["UploadId"]

    def parts(self, key: str, upload: str, *, after: int, limit: int) -> tuple[Part, ...] | None:
        """Up to `limit` parts with numbers above `after`; None if there is no such upload any more."""
        from botocore.exceptions import ClientError

        try:
            with translated():
                answer = self.client.list_parts(
                    Bucket=self.name, Key=key, UploadId=upload, PartNumberMarker=after, MaxParts=limit
                )
        except ClientError as error:
            if status_of(error) != 404:
                raise
            return None
        return tuple(_part(one) for one in answer.get("Parts", []))

    def part_address(self, key: str, upload: str, number: int, *, size: int, sha256: Digest, seconds: int) -> str:
        """An address that takes exactly this part. Size and digest are signed headers (Signature Version 4)."""
        url: str = self.client.generate_presigned_url(
            "upload_part",
            Params={
                "Bucket": self.name,
                "Key": key,
                "UploadId": upload,
                "PartNumber": number,
                "ContentLength": size,
                "ChecksumSHA256": sha256.base64,
            },
            ExpiresIn=seconds,
        )
        return url

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        """Make the object, unless the key is taken or the upload is gone. Unavailable if a part changed meanwhile."""
        from botocore.exceptions import ClientError

        try:
            with translated():
                self.client.complete_multipart_upload(
                    Bucket=self.name,
                    Key=key,
                    UploadId=upload,
                    MultipartUpload={"Parts": [_completed(part) for part in parts]},
                    IfNoneMatch="*",
                )
        except ClientError as error:
            if code_of(error) == "InvalidPart":
                raise Unavailable("a part was sent again while the parts were joined") from error
            if status_of(error) not in GONE:
                raise
            self.abandon(key, upload)

    def abandon(self, key: str, upload: str | None = None) -> None:
        """Give up this upload of the key, or whatever is under way for it. Safe to repeat."""
        from botocore.exceptions import ClientError

        for one in [upload] if upload else list(self._under_way(key)):
            try:
                with translated():
                    self.client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=one)
            except ClientError as error:
                if status_of(error) != 404:
                    raise

    def _under_way(self, key: str) -> Iterator[str]:
        with translated():
            answer = self.client.list_multipart_uploads(Bucket=self.name, Prefix=key)
        yield from (one["UploadId"] for one in answer.get("Uploads", []) if one["Key"] == key)


def _part(one: Any) -> Part:
    said = one.get("ChecksumSHA256")
    return Part(one["PartNumber"], one["Size"], one["ETag"], Digest.from_base64(said) if said else None)


def _completed(part: Part) -> "CompletedPartTypeDef":
    made: CompletedPartTypeDef = {"PartNumber": part.number, "ETag": part.etag}
    if part.sha256:
        made["ChecksumSHA256"] = part.sha256.base64
    return made
