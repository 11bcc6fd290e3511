"""For each row of the shim: it answers as AWS does, and moto alone does not (when it does, the row has done its time)."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clients
from chalicelib.aws.s3 import Bucket
from chalicelib.register.dynamodb import DynamoRegister
from chalicelib.register.model import Key, Put
from tests.faults.calls import watching
from tests.faults.ground import create_register, moto
from tests.faults.strict import strict

TABLE, BUCKET, OTHER = "tra-strict-register", "tra-strict-records", "tra-strict-quarantine"
WHERE = {"LocationConstraint": "eu-west-1"}


@pytest.fixture
def lax() -> Iterator[None]:
    """moto alone."""
    with moto():
        create_register(TABLE)
        for bucket in (BUCKET, OTHER):
            clients.s3().create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration=WHERE,  # type: ignore[arg-type]
                ObjectLockEnabledForBucket=bucket == BUCKET,
            )
        yield


@pytest.fixture
def as_aws(lax: None) -> Iterator[None]:
    """moto behind the shim."""
    with strict():
        yield


def retain() -> None:
    """A default retention on the records bucket."""
    clients.s3().put_object_lock_configuration(
        Bucket=BUCKET,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 1}},
        },
    )


def copy_over() -> None:
    """Copy onto a key that is taken, with If-None-Match."""
    s3 = clients.s3()
    s3.put_object(Bucket=BUCKET, Key="target", Body=b"first", ChecksumAlgorithm="SHA256")
    s3.put_object(Bucket=OTHER, Key="source", Body=b"second")
    s3.copy_object(Bucket=BUCKET, Key="target", CopySource={"Bucket": OTHER, "Key": "source"}, IfNoneMatch="*")


def put_wrong_sha256() -> None:
    """Store bytes under the digest of others."""
    wrong = base64.b64encode(hashlib.sha256(b"others").digest()).decode()
    clients.s3().put_object(Bucket=OTHER, Key="k", Body=b"bytes", ChecksumSHA256=wrong)


def put_wrong_md5() -> None:
    """The same with MD5."""
    wrong = base64.b64encode(hashlib.md5(b"others", usedforsecurity=False).digest()).decode()
    clients.s3().put_object(Bucket=OTHER, Key="k", Body=b"bytes", ContentMD5=wrong)


def commit_much() -> None:
    """A transaction of 4.2 MB in items that are each small enough."""
    register = DynamoRegister(table=TABLE, client=clients.dynamodb())
    register.commit(*(Put(Key(f"BIG#{number}", "BIG"), {"text": "x" * 350_000}) for number in range(12)))


def leave_a_value_unused() -> None:
    """A value that no expression names."""
    clients.dynamodb().transact_write_items(
        TransactItems=[
            {
                "Put": {
                    "TableName": TABLE,
                    "Item": {"pk": {"S": "A"}, "sk": {"S": "A"}},
                    "ConditionExpression": "attribute_not_exists(pk)",
                    "ExpressionAttributeValues": {":unused": {"N": "1"}},
                }
            }
        ]
    )


def sign_much() -> None:
    """A raw message over KMS's limit."""
    kms = clients.kms()
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    kms.sign(KeyId=key, Message=b"x" * 4097, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")


LAX: tuple[tuple[Callable[[], None], int, str], ...] = (
    (copy_over, 412, "PreconditionFailed"),
    (put_wrong_sha256, 400, "BadDigest"),
    (put_wrong_md5, 400, "BadDigest"),
    (commit_much, 400, "ValidationException"),
    (leave_a_value_unused, 400, "ValidationException"),
    (sign_much, 400, "ValidationException"),
)


@pytest.mark.parametrize(("act", "status", "code"), LAX, ids=[act.__name__ for act, _, _ in LAX])
@pytest.mark.usefixtures("as_aws")
def test_the_shim_answers_as_aws_does(act: Callable[[], None], status: int, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        act()
    answer: Any = refused.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (status, code)


@pytest.mark.parametrize("act", [act for act, _, _ in LAX], ids=[act.__name__ for act, _, _ in LAX])
@pytest.mark.usefixtures("lax")
def test_moto_alone_still_lets_it_pass_else_take_the_row_out(act: Callable[[], None]) -> None:
    act()


@pytest.mark.usefixtures("lax")
def test_moto_alone_still_wants_a_header_of_a_copy_else_take_the_row_out() -> None:
    retain()
    clients.s3().put_object(Bucket=OTHER, Key="source", Body=b"bytes")
    with pytest.raises(ClientError) as refused:
        clients.s3().copy_object(Bucket=BUCKET, Key="target", CopySource={"Bucket": OTHER, "Key": "source"})
    assert refused.value.response["Error"]["Code"] == "MissingUploadObjectWithObjectLockHeaders"


@pytest.mark.usefixtures("as_aws")
def test_a_copy_into_a_bucket_with_retention_needs_no_checksum() -> None:
    retain()
    clients.s3().put_object(Bucket=OTHER, Key="source", Body=b"bytes")
    clients.s3().copy_object(Bucket=BUCKET, Key="target", CopySource={"Bucket": OTHER, "Key": "source"})


@pytest.mark.usefixtures("as_aws")
def test_our_copy_never_replaces_and_says_what_lies_there() -> None:
    source = Bucket(name=OTHER, client=clients.s3())
    target = Bucket(name=BUCKET, client=clients.s3())
    target.put_once("target", b"first", "text/plain")
    clients.s3().put_object(Bucket=OTHER, Key="source", Body=b"second")
    there = target.copy_once(source, "source", "null", "target")
    assert target.read("target") == b"first"
    assert there.size == len(b"first")


@pytest.mark.usefixtures("as_aws")
def test_whoever_signs_a_digest_is_told_loudly() -> None:
    with pytest.raises(AssertionError, match="DIGEST"):
        clients.kms().sign(
            KeyId="any", Message=b"x" * 32, MessageType="DIGEST", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256"
        )


@pytest.mark.usefixtures("as_aws")
def test_what_is_right_passes() -> None:
    bucket = Bucket(name=BUCKET, client=clients.s3())
    assert bucket.put_once("k", b"bytes", "text/plain").size == len(b"bytes")
    register = DynamoRegister(table=TABLE, client=clients.dynamodb())
    register.commit(Put(Key("A", "A"), {}))
    register.commit(Put(Key("A", "A"), {"text": "x"}, expects=1))


@pytest.mark.usefixtures("as_aws")
def test_the_shim_comes_after_those_who_count_and_choose() -> None:
    seen: list[str] = []
    with watching(before=seen.append), pytest.raises(ClientError):
        copy_over()
    assert seen == ["s3.PutObject", "s3.PutObject", "s3.CopyObject"]
