"""The AWS clients of the local office and the tests' world. The product makes its own (`chalicelib/aws`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

REGION: Final = "eu-west-1"
ACCOUNT: Final = "123456789012"
ENVIRONMENT: Mapping[str, str] = {  # what boto3 reads; any key will do, but twelve digits would become the account
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, kw_only=True)
class Clients:
    """One client for each service."""

    dynamodb: "DynamoDBClient"
    s3: "S3Client"
    sns: "SNSClient"
    sqs: "SQSClient"
    kms: "KMSClient"
    ssm: "SSMClient"
    cloudwatch: "CloudWatchClient"
    cloudformation: "CloudFormationClient"
    functions: "LambdaClient"


def clients(endpoint_url: str | None = None) -> Clients:
    """Clients for an emulator at `endpoint_url`, or for moto in this process if None."""
    session = boto3.Session(
        aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    config = Config(signature_version="s3v4", retries={"max_attempts": 2}, account_id_endpoint_mode="disabled")

    def make(service: str) -> Any:
        own = config if service == "s3" else config.merge(Config(signature_version="v4"))
        return session.client(service, endpoint_url=endpoint_url, config=own)  # type: ignore[call-overload]

    return Clients(
        dynamodb=make("dynamodb"),
        s3=make("s3"),
        sns=make("sns"),
        sqs=make("sqs"),
        kms=make("kms"),
        ssm=make("ssm"),
        cloudwatch=make("cloudwatch"),
        cloudformation=make("cloudformation"),
        functions=make("lambda"),
    )
