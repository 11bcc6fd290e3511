"""What an emulator has, read back through its APIs and said in the template's own words."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.local.apply import Ground
from infra.local.clients import ACCOUNT, REGION, Clients
from infra.local.template import Resolver

Properties = dict[str, Any]


def resolver(template: Mapping[str, Any], parameters: Mapping[str, str], ground: Ground) -> Resolver:
    """Works out what the template says about a world that is there."""

    def attribute(logical: str, name: str) -> str:
        physical = ground.names[logical]
        match template["Resources"][logical]["Type"], name:
            case "AWS::SQS::Queue", "Arn":
                return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{physical.rsplit('/', 1)[1]}"
            case "AWS::SQS::Queue", "QueueName":
                return physical.rsplit("/", 1)[1]
            case "AWS::DynamoDB::Table", "Arn":
                return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{physical}"
            case "AWS::DynamoDB::Table", "StreamArn":
                return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{physical}/stream/now"
            case "AWS::S3::Bucket", "Arn":
                return f"arn:aws:s3:::{physical}"
            case "AWS::KMS::Key", "Arn":
                return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{physical}"
        raise AssertionError((logical, name))

    return Resolver(
        template=template,
        parameters=parameters,
        region=REGION,
        account=ACCOUNT,
        ref=lambda name: ground.names[name],
        attribute=attribute,
    )


def table(clients: Clients, name: str) -> Properties:
    described: Any = clients.dynamodb.describe_table(TableName=name)["Table"]
    backups: Any = clients.dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    expiry = clients.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    return {
        "TableName": described["TableName"],
        "BillingMode": described["BillingModeSummary"]["BillingMode"],
        "DeletionProtectionEnabled": described["DeletionProtectionEnabled"],
        "AttributeDefinitions": _sorted(described["AttributeDefinitions"]),
        "KeySchema": described["KeySchema"],
        "GlobalSecondaryIndexes": _sorted(
            {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
            for index in described["GlobalSecondaryIndexes"]
        ),
        "StreamSpecification": {"StreamViewType": described["StreamSpecification"]["StreamViewType"]},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovery == "ENABLED"},
        "TimeToLiveSpecification": {
            "AttributeName": expiry["AttributeName"],
            "Enabled": expiry["TimeToLiveStatus"] == "ENABLED",
        },
        "SSESpecification": described["SSEDescription"]["Status"] == "ENABLED",
    }


def bucket(clients: Clients, name: str) -> Properties:
    s3 = clients.s3
    encryption: Any = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    found: Properties = {
        "BucketName": name,
        "VersioningConfiguration": {"Status": s3.get_bucket_versioning(Bucket=name)["Status"]},
        "OwnershipControls": {"Rules": s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]},
        "PublicAccessBlockConfiguration": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "BucketEncryption": [rule["ApplyServerSideEncryptionByDefault"] for rule in encryption],
    }
    optional: dict[str, Callable[[], Any]] = {
        "ObjectLockConfiguration": lambda: _lock(s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]),
        "CorsConfiguration": lambda: s3.get_bucket_cors(Bucket=name)["CORSRules"],
        "LifecycleConfiguration": lambda: s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"],
    }
    for key, read in optional.items():
        try:
            found[key] = read()
        except s3.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
    notices: Any = s3.get_bucket_notification_configuration(Bucket=name).get("QueueConfigurations")
    if notices:
        found["NotificationConfiguration"] = [
            (one["QueueArn"], one["Events"], [rule["Value"] for rule in one["Filter"]["Key"]["FilterRules"]])
            for one in notices
        ]
    return found


def bucket_policy(clients: Clients, name: str) -> Properties:
    return {"PolicyDocument": json.loads(clients.s3.get_bucket_policy(Bucket=name)["Policy"])}


def queue(clients: Clients, url: str) -> Properties:
    found: Any = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return dict(found)


def topic(clients: Clients, arn: str) -> Properties:
    return dict(clients.sns.get_topic_attributes(TopicArn=arn)["Attributes"])


def subscriptions(clients: Clients, arn: str) -> dict[str, Properties]:
    """By endpoint."""
    listed = clients.sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    return {
        one["Endpoint"]: dict(
            clients.sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
        )
        for one in listed
    }


def key(clients: Clients, key_id: str) -> Properties:
    described = clients.kms.describe_key(KeyId=key_id)["KeyMetadata"]
    found: Properties = {name: described.get(name) for name in ("Description", "KeySpec", "KeyUsage")}
    if described.get("KeySpec") == "SYMMETRIC_DEFAULT":
        found["EnableKeyRotation"] = clients.kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]
    return found


def alarms(clients: Clients) -> dict[str, Mapping[str, Any]]:
    """By name."""
    pages = clients.cloudwatch.get_paginator("describe_alarms").paginate()
    return {one["AlarmName"]: dict(one) for page in pages for one in page["MetricAlarms"]}


def _lock(found: Any) -> Any:
    """moto says `Days: 0` beside the years."""
    retention = found["Rule"]["DefaultRetention"]
    return {**found, "Rule": {"DefaultRetention": {key: value for key, value in retention.items() if value != 0}}}


def _sorted(values: Any) -> list[Any]:
    return sorted(values, key=lambda one: json.dumps(one, sort_keys=True))
