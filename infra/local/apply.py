"""Bring an emulator to the state that the template describes: make what is missing, then set every property.

The one adapter between the template and the emulators. After a stack it mends what their CloudFormation drops
(topic attributes, subscriptions, Object Lock, lifecycle, expiry of items, recovery, alarms); on an empty emulator it
builds the whole world except functions. It may run again at any time. A resource is found by its name, a key by its
alias; a property that is not known here is an error, so that nothing is dropped a second time.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infra.local import buckets
from infra.local.clients import ACCOUNT, Clients
from infra.local.template import Resolver, TemplateError, load, resources

Properties = dict[str, Any]
TABLE_PROPERTIES = {
    *("TableName", "BillingMode", "DeletionProtectionEnabled", "AttributeDefinitions", "KeySchema"),
    *("GlobalSecondaryIndexes", "StreamSpecification", "PointInTimeRecoverySpecification", "SSESpecification"),
    "TimeToLiveSpecification",
}
KEY_PROPERTIES = {"Description", "KeyPolicy", "KeySpec", "KeyUsage", "EnableKeyRotation", "PendingWindowInDays"}
FUNCTION = "AWS::Serverless::Function"
NOT_BUILT = {"AWS::Serverless::Api", FUNCTION, "AWS::Serverless::LayerVersion", "AWS::Events::Rule"}  # no GuardDuty here


@dataclass(frozen=True)
class Ground:
    """The world as built: each resource's physical name (what `Ref` gives), outputs, the functions' environment."""

    names: Mapping[str, str]
    outputs: Mapping[str, str]
    environment: Mapping[str, str]


def apply(
    clients: Clients,
    template: Mapping[str, Any] | None = None,
    *,
    parameters: Mapping[str, str] | None = None,
    functions: Mapping[str, str] | None = None,
) -> Ground:
    """Make and set everything. `functions`: logical → physical names of functions, where a stack has made them."""
    return _Builder(clients, template or load(), parameters or {}, functions or {}).build()


@dataclass
class _Builder:
    clients: Clients
    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    functions: Mapping[str, str]
    names: dict[str, str] = field(default_factory=dict)
    attributes: dict[tuple[str, str], str] = field(default_factory=dict)

    def build(self) -> Ground:
        for logical, _ in resources(self.template, FUNCTION):
            self.names[logical] = self.functions.get(logical, logical)
        makers: dict[str, Callable[[str, Properties], None]] = {
            "AWS::KMS::Key": self.key,
            "AWS::KMS::Alias": self.alias,
            "AWS::DynamoDB::Table": self.table,
            "AWS::SQS::Queue": self.queue,
            "AWS::SNS::Topic": self.topic,
            "AWS::SQS::QueuePolicy": self.queue_policy,
            "AWS::S3::Bucket": self.bucket,
            "AWS::S3::BucketPolicy": self.bucket_policy,
            "AWS::SNS::Subscription": self.subscription,
            "AWS::CloudWatch::Alarm": self.alarm,
        }
        unknown = {r["Type"] for r in self.template["Resources"].values()} - makers.keys() - NOT_BUILT
        if unknown:
            raise TemplateError(f"nobody here knows how to build {sorted(unknown)}")
        resolver = self.resolver()
        for kind, make in makers.items():
            for logical, properties in resources(self.template, kind):
                make(logical, resolver.resolve(properties))
        outputs = {name: resolver.resolve(output["Value"]) for name, output in self.template["Outputs"].items()}
        variables = self.template["Globals"]["Function"]["Environment"]["Variables"]
        return Ground(dict(self.names), outputs, {k: str(v) for k, v in resolver.resolve(variables).items()})

    @cached_property
    def queues(self) -> dict[str, str]:
        """The queues that are there: name → address."""
        pages = self.clients.sqs.get_paginator("list_queues").paginate()
        return {url.rsplit("/", 1)[1]: url for page in pages for url in page.get("QueueUrls", [])}

    @property
    def region(self) -> str:
        """Where the clients build."""
        return self.clients.sqs.meta.region_name

    def resolver(self) -> Resolver:
        return Resolver(
            template=self.template,
            parameters=self.parameters,
            region=self.region,
            account=ACCOUNT,
            ref=lambda name: self.names[name],
            attribute=lambda name, attribute: self.attributes[name, attribute],
        )

    # ---------------------------------------------------------------- keys
    def key(self, logical: str, wanted: Properties) -> None:
        _only(logical, wanted, KEY_PROPERTIES)
        kms = self.clients.kms
        resolver = self.resolver()
        (alias,) = (
            resolver.resolve(p["AliasName"])
            for _, p in resources(self.template, "AWS::KMS::Alias")
            if p["TargetKeyId"] == {"Ref": logical}
        )
        policy = json.dumps(wanted["KeyPolicy"])
        try:
            found = kms.describe_key(KeyId=alias)["KeyMetadata"]
            kms.put_key_policy(KeyId=found["KeyId"], PolicyName="default", Policy=policy)
        except kms.exceptions.NotFoundException:
            found = kms.create_key(
                Description=wanted["Description"],
                KeySpec=wanted.get("KeySpec", "SYMMETRIC_DEFAULT"),
                KeyUsage=wanted.get("KeyUsage", "ENCRYPT_DECRYPT"),
                Policy=policy,
            )["KeyMetadata"]
        if wanted.get("EnableKeyRotation"):
            kms.enable_key_rotation(KeyId=found["KeyId"])
        self.names[logical] = found["KeyId"]
        self.attributes[logical, "Arn"] = found["Arn"]

    def alias(self, logical: str, wanted: Properties) -> None:
        kms = self.clients.kms
        try:
            kms.describe_key(KeyId=wanted["AliasName"])
        except kms.exceptions.NotFoundException:
            kms.create_alias(AliasName=wanted["AliasName"], TargetKeyId=wanted["TargetKeyId"])
        self.names[logical] = wanted["AliasName"]

    # ---------------------------------------------------------------- the register
    def table(self, logical: str, wanted: Properties) -> None:
        dynamodb = self.clients.dynamodb
        name = self.names[logical] = wanted["TableName"]
        own = {key: value for key, value in wanted.items() if not key.endswith("Specification")}
        asked = wanted["SSESpecification"]
        sse: Any = {"Enabled": asked["SSEEnabled"], **{k: v for k, v in asked.items() if k != "SSEEnabled"}}
        stream: Any = {"StreamEnabled": True, **wanted["StreamSpecification"]}
        _only(logical, wanted, TABLE_PROPERTIES)
        try:
            table = dynamodb.describe_table(TableName=name)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            table = dynamodb.create_table(**own, SSESpecification=sse, StreamSpecification=stream)["TableDescription"]
        if table.get("SSEDescription", {}).get("Status") != "ENABLED":
            dynamodb.update_table(TableName=name, SSESpecification=sse)
        ttl: Any = wanted["TimeToLiveSpecification"]
        if dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get("AttributeName") is None:
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification=wanted["PointInTimeRecoverySpecification"]
        )
        self.attributes[logical, "Arn"] = table["TableArn"]
        self.attributes[logical, "StreamArn"] = table["LatestStreamArn"]

    # ---------------------------------------------------------------- queues and the topic
    def queue(self, logical: str, wanted: Properties) -> None:
        sqs = self.clients.sqs
        attributes = {key: _text(value) for key, value in wanted.items() if key != "QueueName"}
        url = self.queues.get(wanted["QueueName"])
        if url is None:
            made: Any = {"QueueName": wanted["QueueName"], "Attributes": attributes}
            url = sqs.create_queue(**made)["QueueUrl"]
        else:
            settable: Any = {key: value for key, value in attributes.items() if key != "FifoQueue"}
            sqs.set_queue_attributes(QueueUrl=url, Attributes=settable)
        self.names[logical] = url
        self.attributes[logical, "Arn"] = f"arn:aws:sqs:{self.region}:{ACCOUNT}:{wanted['QueueName']}"
        self.attributes[logical, "QueueName"] = wanted["QueueName"]

    def topic(self, logical: str, wanted: Properties) -> None:
        sns = self.clients.sns
        arn = f"arn:aws:sns:{self.region}:{ACCOUNT}:{wanted['TopicName']}"
        attributes = {key: _text(value) for key, value in wanted.items() if key != "TopicName"}
        try:
            present = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        except sns.exceptions.NotFoundException:
            sns.create_topic(Name=wanted["TopicName"], Attributes=attributes)
            present = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        for key, value in attributes.items():
            if present.get(key) != value:
                sns.set_topic_attributes(TopicArn=arn, AttributeName=key, AttributeValue=value)
        self.names[logical] = arn

    def queue_policy(self, logical: str, wanted: Properties) -> None:
        policy = json.dumps(wanted["PolicyDocument"])
        for url in wanted["Queues"]:
            self.clients.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        self.names[logical] = logical

    def subscription(self, logical: str, wanted: Properties) -> None:
        sns = self.clients.sns
        apart = {"TopicArn", "Protocol", "Endpoint"}
        attributes = {key: _text(value) for key, value in wanted.items() if key not in apart}
        attributes.setdefault("FilterPolicy", "{}")
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=wanted["TopicArn"])
        there = {s["Endpoint"]: s["SubscriptionArn"] for page in pages for s in page["Subscriptions"]}
        arn = there.get(wanted["Endpoint"])
        if arn is None:
            filtered = {key: value for key, value in attributes.items() if value != "{}"}
            where = {key: wanted[key] for key in apart}
            arn = sns.subscribe(**where, Attributes=filtered)["SubscriptionArn"]
        else:
            for key, value in attributes.items():
                sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=key, AttributeValue=value)
        self.names[logical] = arn

    # ---------------------------------------------------------------- files and alarms
    def bucket(self, logical: str, wanted: Properties) -> None:
        name = self.names[logical] = wanted["BucketName"]
        self.attributes[logical, "Arn"] = f"arn:aws:s3:::{name}"
        buckets.make(self.clients.s3, logical, wanted)

    def bucket_policy(self, logical: str, wanted: Properties) -> None:
        self.clients.s3.put_bucket_policy(Bucket=wanted["Bucket"], Policy=json.dumps(wanted["PolicyDocument"]))
        self.names[logical] = wanted["Bucket"]

    def alarm(self, logical: str, wanted: Properties) -> None:
        self.clients.cloudwatch.put_metric_alarm(**wanted)
        self.names[logical] = wanted["AlarmName"]


def _text(value: object) -> str:
    """A property as the query APIs want it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else str(value)


def _only(logical: str, wanted: Properties, known: Iterable[str]) -> None:
    """TemplateError if a resource has a property that its maker does not set."""
    unknown = wanted.keys() - set(known)
    if unknown:
        raise TemplateError(f"{logical}: nobody here sets {sorted(unknown)}")


