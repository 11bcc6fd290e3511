"""One bucket, as the rooms use it: write once, read by version, never list.

`put_once` and `copy_once` never replace: an object that is there already is left, and what is stored is reported, so that
a repeat is harmless and a caller can compare digests.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from chalicelib.aws.errors import status_of, translated
from chalicelib.kernel.digest import Digest, of_stream

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK = 1 << 20


@dataclass(frozen=True)
class Stored:
    """An object as it lies there. `version` is empty where the bucket keeps none."""

    key: str
    version: str
    size: int
    sha256: Digest


@dataclass(frozen=True)
class Weighed(Stored):
    """The same, with SHA-512 in hexadecimal digits."""

    sha512: str


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket by name."""

    name: str
    client: "S3Client"

    def put_once(self, key: str, body: bytes, media_type: str, tags: str = "") -> Stored:
        """Store `body` unless the key is taken (`If-None-Match: *`); answers what lies there in either case. `tags` as in
        an address: `state=draft`."""
        from botocore.exceptions import ClientError

        digest = Digest.of(body)
        tagging: dict[str, Any] = {"Tagging": tags} if tags else {}
        try:
            with translated():
                answer = self.client.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=body,
                    ContentType=media_type,
                    ChecksumAlgorithm="SHA256",  # Object Lock asks for the header that this makes (S3 API, PutObject)
                    ChecksumSHA256=digest.base64,
                    IfNoneMatch="*",
                    **tagging,
                )
        except ClientError as error:
            if status_of(error) != 412:
                raise
            return self.stored(key)
        return Stored(key, answer.get("VersionId", ""), len(body), digest)

    def tagged(self, key: str) -> tuple[bytes, str] | None:
        """The whole object with its entity tag; None if there is none."""
        try:
            found = self._get(key, None)
        except FileNotFoundError:
            return None
        with translated():
            return bytes(found["Body"].read()), found["ETag"]

    def replace(self, key: str, body: bytes, media_type: str, *, tag: str | None) -> bool:
        """Write an object that changes, if it still has this entity tag (None: if there is none); whether it was."""
        from botocore.exceptions import ClientError

        condition: dict[str, Any] = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        try:
            with translated():
                self.client.put_object(
                    Bucket=self.name, Key=key, Body=body, ContentType=media_type, CacheControl="no-cache", **condition
                )
        except ClientError as error:
            if status_of(error) != 412:
                raise
            return False
        return True

    def stored(self, key: str, version: str | None = None) -> Stored:
        """Size and digest recomputed from the bytes that lie there. FileNotFoundError if nothing does."""
        body = self._get(key, version)
        with translated():
            digest, size = of_stream(body["Body"].iter_chunks(CHUNK))
        return Stored(key, body.get("VersionId", ""), size, digest)

    def weighed(self, key: str, version: str | None = None) -> Weighed:
        """Like `stored`, with SHA-512 too, in one reading."""
        body = self._get(key, version)
        sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
        with translated():
            for chunk in body["Body"].iter_chunks(CHUNK):
                sha256.update(chunk)
                sha512.update(chunk)
                size += len(chunk)
        return Weighed(key, body.get("VersionId", ""), size, Digest(sha256.hexdigest()), sha512.hexdigest())

    def read(self, key: str, version: str | None = None) -> bytes:
        """The whole object. FileNotFoundError if there is none."""
        body = self._get(key, version)["Body"]
        with translated():
            return bytes(body.read())

    def chunks(self, key: str, version: str | None = None) -> Iterator[bytes]:
        """The object in pieces. FileNotFoundError if there is none."""
        body = self._get(key, version)["Body"]
        with translated():
            yield from body.iter_chunks(CHUNK)

    def head(self, key: str, version: str | None = None) -> tuple[str, int] | None:
        """Version and size of what lies there; None if nothing does."""
        from botocore.exceptions import ClientError

        arguments: dict[str, Any] = {"VersionId": version} if version else {}
        try:
            with translated():
                answer = self.client.head_object(Bucket=self.name, Key=key, **arguments)
        except ClientError as error:
            if status_of(error) not in {404, 400}:
                raise
            return None
        return answer.get("VersionId", ""), answer["ContentLength"]

    def copy_once(self, source: "Bucket", key: str, version: str, target: str) -> Stored:
        """Copy one version from `source` unless `target` is taken; then read back and digest what lies there.

        `CopyObject` knows If-None-Match on AWS only (since October 2025; both emulators ignore it), so look first too.
        """
        from botocore.exceptions import ClientError

        if self.head(target) is None:
            try:
                with translated():
                    self.client.copy_object(
                        Bucket=self.name,
                        Key=target,
                        CopySource={"Bucket": source.name, "Key": key, "VersionId": version},
                        TaggingDirective="REPLACE",
                        Tagging="",
                        IfNoneMatch="*",
                    )
            except ClientError as error:
                if status_of(error) != 412:
                    raise
        return self.stored(target)

    def link(self, key: str, *, file_name: str, seconds: int) -> str:
        """A short-lived address that downloads the object as an attachment (RFC 6266 and 8187 name)."""
        url: str = self.client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.name,
                "Key": key,
                "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(file_name, safe='')}",
                "ResponseCacheControl": "no-store",
            },
            ExpiresIn=seconds,
        )
        return url

    def form(
        self, key: str, *, size: int, media_type: str, tags: str, sha256: Digest | None, seconds: int
    ) -> tuple[str, dict[str, str]]:
        """Address and fields of a presigned POST that takes exactly this key, size, type, tags and, if named, digest."""
        fields = {"Content-Type": media_type, "tagging": tags, "success_action_status": "201"}
        if sha256 is not None:
            fields |= {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": sha256.base64}
        answer = self.client.generate_presigned_post(
            Bucket=self.name,
            Key=key,
            Fields=dict(fields),
            Conditions=[*({name: value} for name, value in fields.items()), ["content-length-range", size, size]],
            ExpiresIn=seconds,
        )
        return answer["url"], dict(answer["fields"])

    def retag(self, key: str, version: str, tags: dict[str, str]) -> None:
        """Set these tags of one version (lifecycle rules look at them), and leave its others. Two writers at once may cost one
        of them its tag: what a scanner's verdict would lose so is missing, never "clean"."""
        with translated():
            there = self.client.get_object_tagging(Bucket=self.name, Key=key, VersionId=version)["TagSet"]
            before = {one["Key"]: one["Value"] for one in there}
            if before | tags != before:
                self.client.put_object_tagging(
                    Bucket=self.name,
                    Key=key,
                    VersionId=version,
                    Tagging={"TagSet": [{"Key": name, "Value": value} for name, value in (before | tags).items()]},
                )

    def _get(self, key: str, version: str | None) -> "GetObjectOutputTypeDef":
        from botocore.exceptions import ClientError

        arguments: dict[str, Any] = {"VersionId": version} if version else {}
        try:
            with translated():
                return self.client.get_object(Bucket=self.name, Key=key, **arguments)
        except ClientError as error:
            if status_of(error) == 404:
                raise FileNotFoundError(key) from error
            raise


if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef
