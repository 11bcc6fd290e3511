"""The only maker of boto3 clients: one per service and process, made when first asked for.

Region, credentials and endpoint come from boto3's own environment. S3 is told to presign with Signature Version 4.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient


@cache
def _client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        signature_version="s3v4" if service == "s3" else None,
        connect_timeout=3,
        read_timeout=20,
        retries={"mode": "standard", "max_attempts": 3},
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def dynamodb() -> "DynamoDBClient":
    """The DynamoDB client."""
    client: DynamoDBClient = _client("dynamodb")
    return client


def s3() -> "S3Client":
    """The S3 client."""
    client: S3Client = _client("s3")
    return client


def sns() -> "SNSClient":
    """The SNS client."""
    client: SNSClient = _client("sns")
    return client


def sqs() -> "SQSClient":
    """The SQS client."""
    client: SQSClient = _client("sqs")
    return client


def kms() -> "KMSClient":
    """The KMS client."""
    client: KMSClient = _client("kms")
    return client


def ssm() -> "SSMClient":
    """The Systems Manager client, for parameters."""
    client: SSMClient = _client("ssm")
    return client


def functions() -> "LambdaClient":
    """The Lambda client, for the one function that another one calls."""
    client: LambdaClient = _client("lambda")
    return client
