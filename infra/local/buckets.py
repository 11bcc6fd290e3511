"""A bucket as the template describes it: made if missing, then every property set, each by its own call."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.local.template import TemplateError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Properties = dict[str, Any]
FIRST_REGION = "us-east-1"  # the one that must not be named


def make(s3: "S3Client", logical: str, wanted: Properties) -> None:
    """TemplateError if the bucket has a property that nobody here sets."""
    unknown = wanted.keys() - SETTERS.keys() - {"BucketName", "ObjectLockEnabled"}
    if unknown:
        raise TemplateError(f"{logical}: nobody here sets {sorted(unknown)}")
    name = wanted["BucketName"]
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        region = s3.meta.region_name
        place: Any = {} if region == FIRST_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=bool(wanted.get("ObjectLockEnabled")), **place)
    for key, put in SETTERS.items():
        if key in wanted:
            put(s3, name, wanted[key])


def _versioning(s3: "S3Client", bucket: str, wanted: Properties) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": wanted["Status"]})


def _ownership(s3: "S3Client", bucket: str, wanted: Properties) -> None:
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": wanted["Rules"]})


def _public_access(s3: "S3Client", bucket: str, wanted: Properties) -> None:
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=wanted)  # type: ignore[arg-type]


def _encryption(s3: "S3Client", bucket: str, wanted: Properties) -> None:
    rules: list[Any] = [
        {
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
            "BucketKeyEnabled": rule["BucketKeyEnabled"],
        }
        for rule in wanted["ServerSideEncryptionConfiguration"]
    ]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def _cors(s3: "S3Client", bucket: str, wanted: Properties) -> None:
    other = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}
    rules: list[Any] = [{other.get(key, key): value for key, value in rule.items()} for rule in wanted["CorsRules"]]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})


def lifecycle_rule(rule: Properties) -> Properties:
    """A lifecycle rule of the template → as the API wants it."""
    made: Properties = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if tags := rule.get("TagFilters"):
        made["Filter"] = {"Tag": tags[0]} if len(tags) == 1 else {"And": {"Tags": tags}}
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": rule["ExpirationInDays"]}
    if "ExpiredObjectDeleteMarker" in rule:
        made["Expiration"] = {"ExpiredObjectDeleteMarker": rule["ExpiredObjectDeleteMarker"]}
    for same in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if same in rule:
            made[same] = rule[same]
    return made


def _lifecycle(s3: "S3Client", bucket: str, wanted: Properties) -> None:
    rules: list[Any] = [lifecycle_rule(rule) for rule in wanted["Rules"]]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def _lock(s3: "S3Client", bucket: str, wanted: Properties) -> None:
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=wanted)  # type: ignore[arg-type]


def _notifications(s3: "S3Client", bucket: str, wanted: Properties) -> None:
    queues: list[Any] = [
        {
            "QueueArn": one["Queue"],
            "Events": [one["Event"]],
            "Filter": {"Key": {"FilterRules": one["Filter"]["S3Key"]["Rules"]}},
        }
        for one in wanted["QueueConfigurations"]
    ]
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": queues}, SkipDestinationValidation=True
    )


SETTERS: dict[str, Callable[["S3Client", str, Properties], None]] = {  # versioning before the lock that needs it
    "VersioningConfiguration": _versioning,
    "OwnershipControls": _ownership,
    "PublicAccessBlockConfiguration": _public_access,
    "BucketEncryption": _encryption,
    "CorsConfiguration": _cors,
    "LifecycleConfiguration": _lifecycle,
    "ObjectLockConfiguration": _lock,
    "NotificationConfiguration": _notifications,
}
