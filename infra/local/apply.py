"""Bring an emulator to the state that the template describes: make what is missing, then set every property.

The one adapter between the template and the emulators. After a stack it mends what their CloudFormation silently drops
(topic attributes, subscriptions, Object Lock, lifecycle, expiry of items, recovery, alarms ...); on an empty emulator it
builds the whole world, functions excepted. It may run again at any time. A resource is found by its name, a key by its
alias; a property that is not known here is an error, so that nothing is dropped a second time.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


from infra.local import buckets
from infra.local.clients import ACCOUNT, REGION, Clients
from infra.local.template import Resolver, TemplateError, load, resources

Properties = dict[str, Any]
FUNCTION = "AWS::Serverless::Function"
NOT_BUILT = {FUNCTION, "AWS::Serverless::LayerVersion", "AWS::Serverless::Api", "AWS::IAM::Role", "AWS::Lambda::Permission"}


@dataclass(frozen=True)
class Ground:
    """The world as built: physical name of every resource (what `Ref` gives), outputs, and the functions' environment."""

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
        outputs = {name: resolver.resolve(o["Value"]) for name, o in self.template["Outputs"].items() if self.known(o)}
        variables = self.template["Globals"]["Function"]["Environment"]["Variables"]
        return Ground(dict(self.names), outputs, {k: str(v) for k, v in resolver.resolve(variables).items()})

    def resolver(self) -> Resolver:
        return Resolver(
            template=self.template,
            parameters=self.parameters,
            region=REGION,
            account=ACCOUNT,
            ref=lambda name: self.names[name],
            attribute=lambda name, attribute: self.attributes[name, attribute],
        )

    def known(self, output: Properties) -> bool:
        """Whether an output is about something built here (Chalice adds outputs about functions)."""
        value = output["Value"]
        target = value.get("Ref") or (value.get("Fn::GetAtt") or [None])[0]
        return target is None and "RestAPI" not in str(value) or target in self.names

    # ---------------------------------------------------------------- keys
    def key(self, logical: str, wanted: Properties) -> None:
        _only(logical, wanted, {"Description", "KeyPolicy", "KeySpec", "KeyUsage", "EnableKeyRotation", "PendingWindowInDays"})
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
        later = {"PointInTimeRecoverySpecification", "TimeToLiveSpecification", "SSESpecification", "StreamSpecification"}
        own = {key: value for key, value in wanted.items() if key not in later}
        sse = dict(wanted["SSESpecification"])
        sse["Enabled"] = sse.pop("SSEEnabled")
        sse["KMSMasterKeyId"] = sse.pop("KMSMasterKeyId")
        stream = {"StreamEnabled": True, **wanted["StreamSpecification"]}
        try:
            table = dynamodb.describe_table(TableName=name)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            table = dynamodb.create_table(**own, SSESpecification=sse, StreamSpecification=stream)["TableDescription"]
        if table.get("SSEDescription", {}).get("Status") != "ENABLED":
            dynamodb.update_table(TableName=name, SSESpecification=sse)
        ttl = dict(wanted["TimeToLiveSpecification"])
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
        if attributes.get("FifoQueue") != "true":
            attributes.pop("FifoQueue", None)
        try:
            url = sqs.get_queue_url(QueueName=wanted["QueueName"])["QueueUrl"]
            settable = {key: value for key, value in attributes.items() if key != "FifoQueue"}
            sqs.set_queue_attributes(QueueUrl=url, Attributes=settable)  # type: ignore[arg-type]  # keys checked by AWS
        except sqs.exceptions.QueueDoesNotExist:
            url = sqs.create_queue(QueueName=wanted["QueueName"], Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]
        self.names[logical] = url
        self.attributes[logical, "Arn"] = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{wanted['QueueName']}"
        self.attributes[logical, "QueueName"] = wanted["QueueName"]

    def topic(self, logical: str, wanted: Properties) -> None:
        sns = self.clients.sns
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{wanted['TopicName']}"
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
            arn = sns.subscribe(
                TopicArn=wanted["TopicArn"], Protocol=wanted["Protocol"], Endpoint=wanted["Endpoint"], Attributes=filtered
            )["SubscriptionArn"]
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


