"""The deployed world is the template's, property by property, on both emulators; everything is read back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.apply import Ground, apply
from infra.local.buckets import lifecycle_rule
from infra.local.clients import Clients, clients
from infra.local.emulator import PROGRAM, Emulator
from infra.local.template import load, resources
from tests.integration.infra import reading
from tests.world import PARAMETERS, moto_world, template


class Deployed:
    """One emulator's world beside what the template wants of it."""

    def __init__(self, clients: Clients, ground: Ground, template: dict[str, Any]) -> None:
        self.clients, self.names, self.template = clients, ground.names, template
        self._resolver = reading.resolver(template, PARAMETERS, ground)

    def wanted(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for logical, properties in resources(self.template, kind):
            yield self.names[logical], self._resolver.resolve(properties)


@pytest.fixture(scope="module", params=["moto", pytest.param("ministack", marks=pytest.mark.ministack)])
def deployed(request: pytest.FixtureRequest) -> Iterator[Deployed]:
    if request.param == "moto":
        with moto_world(alarms=True) as world:
            yield Deployed(world.clients, world.ground, template())
        return
    if not PROGRAM.exists():
        pytest.fail("the emulator is not installed: make setup")
    emulator = Emulator().start()
    try:
        there = clients(emulator.url)
        yield Deployed(there, apply(there, load(), parameters=PARAMETERS), load())
    finally:
        emulator.stop()


def test_the_register_has_its_keys_indexes_stream_recovery_expiry_and_encryption(deployed: Deployed) -> None:
    ((name, wanted),) = deployed.wanted("AWS::DynamoDB::Table")

    found = reading.table(deployed.clients, name)

    wanted["AttributeDefinitions"] = reading._sorted(wanted["AttributeDefinitions"])
    wanted["GlobalSecondaryIndexes"] = reading._sorted(wanted["GlobalSecondaryIndexes"])
    wanted["SSESpecification"] = wanted["SSESpecification"]["SSEEnabled"]
    assert found == wanted


def test_the_buckets_are_versioned_encrypted_closed_locked_and_told_whom_to_tell(deployed: Deployed) -> None:
    for name, wanted in deployed.wanted("AWS::S3::Bucket"):
        found = reading.bucket(deployed.clients, name)

        rules = wanted["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        wanted["BucketEncryption"] = [rule["ServerSideEncryptionByDefault"] for rule in rules]
        wanted.pop("ObjectLockEnabled", None)
        if "CorsConfiguration" in wanted:
            (cors,), (read,) = wanted.pop("CorsConfiguration")["CorsRules"], found.pop("CorsConfiguration")
            assert cors == {
                "AllowedMethods": read["AllowedMethods"],
                "AllowedOrigins": read["AllowedOrigins"],
                "AllowedHeaders": read["AllowedHeaders"],
                "ExposedHeaders": read["ExposeHeaders"],
                "MaxAge": int(read["MaxAgeSeconds"]),
            }
        if "LifecycleConfiguration" in wanted:
            expected = [lifecycle_rule(rule) for rule in wanted.pop("LifecycleConfiguration")["Rules"]]
            assert [_without_nothing(rule) for rule in found.pop("LifecycleConfiguration")] == [
                _without_nothing(rule) for rule in expected
            ]
        if "NotificationConfiguration" in wanted:
            (notice,) = wanted["NotificationConfiguration"]["QueueConfigurations"]
            prefix = notice["Filter"]["S3Key"]["Rules"][0]["Value"]
            wanted["NotificationConfiguration"] = [(notice["Queue"], [notice["Event"]], [prefix])]
        assert found == wanted, name


def test_no_object_can_be_deleted_or_reached_without_tls(deployed: Deployed) -> None:
    for name, wanted in deployed.wanted("AWS::S3::BucketPolicy"):
        assert reading.bucket_policy(deployed.clients, name)["PolicyDocument"] == wanted["PolicyDocument"]


def test_a_record_cannot_be_deleted_before_its_time(deployed: Deployed) -> None:
    s3 = deployed.clients.s3
    bucket = deployed.names["Records"]
    version = s3.put_object(Bucket=bucket, Key="filings/1/files/x", Body=b"x", IfNoneMatch="*")["VersionId"]

    with pytest.raises(s3.exceptions.ClientError, match=r"AccessDenied|403"):
        s3.delete_object(Bucket=bucket, Key="filings/1/files/x", VersionId=version)
    with pytest.raises(s3.exceptions.ClientError, match=r"PreconditionFailed|412"):
        s3.put_object(Bucket=bucket, Key="filings/1/files/x", Body=b"y", IfNoneMatch="*")

    assert s3.get_object(Bucket=bucket, Key="filings/1/files/x")["Body"].read() == b"x"


def test_the_queues_have_their_order_patience_and_dead_letters(deployed: Deployed) -> None:
    for url, wanted in deployed.wanted("AWS::SQS::Queue"):
        found = reading.queue(deployed.clients, url)

        wanted.pop("QueueName")
        redrive = wanted.pop("RedrivePolicy", None)
        assert json.loads(found.get("RedrivePolicy", "null")) == redrive, url
        for key, value in wanted.items():
            expected = str(value).lower() if isinstance(value, bool) else str(value)
            assert found.get(key, "false" if expected == "false" else None) == expected, (url, key)


def test_the_topic_is_first_in_first_out_and_deduplicates_by_what_the_relay_says(deployed: Deployed) -> None:
    ((arn, _),) = deployed.wanted("AWS::SNS::Topic")

    found = reading.topic(deployed.clients, arn)

    assert (found["FifoTopic"], found["ContentBasedDeduplication"]) == ("true", "false")


def test_each_consumer_is_subscribed_raw_and_to_its_own_facts_only(deployed: Deployed) -> None:
    ((arn, _),) = deployed.wanted("AWS::SNS::Topic")

    found = reading.subscriptions(deployed.clients, arn)

    wanted = {properties["Endpoint"]: properties for _, properties in deployed.wanted("AWS::SNS::Subscription")}
    assert found.keys() == wanted.keys()
    for endpoint, properties in wanted.items():
        assert found[endpoint]["RawMessageDelivery"] == "true"
        assert json.loads(found[endpoint].get("FilterPolicy") or "{}") == properties.get("FilterPolicy", {}), endpoint


def test_a_fact_reaches_the_queues_that_asked_for_it_and_no_other(deployed: Deployed) -> None:
    ((arn, _),) = deployed.wanted("AWS::SNS::Topic")
    queues = ("Custody", "Credits", "Sealing", "Handover", "Registry")

    deployed.clients.sns.publish(
        TopicArn=arn,
        Message="{}",
        MessageGroupId="FILING#1",
        MessageDeduplicationId="a",
        MessageAttributes={"type": {"DataType": "String", "StringValue": "int.tra.fee.paid.v1"}},
    )

    got = {
        name: len(
            deployed.clients.sqs.receive_message(QueueUrl=deployed.names[name], MaxNumberOfMessages=10).get("Messages", [])
        )
        for name in queues
    }
    assert got == {"Custody": 0, "Credits": 0, "Sealing": 1, "Handover": 0, "Registry": 1}


def test_the_keys_are_of_the_kind_the_seal_needs(deployed: Deployed) -> None:
    for key_id, wanted in deployed.wanted("AWS::KMS::Key"):
        found = reading.key(deployed.clients, key_id)

        assert found == {
            "Description": wanted["Description"],
            "KeySpec": wanted.get("KeySpec", "SYMMETRIC_DEFAULT"),
            "KeyUsage": wanted.get("KeyUsage", "ENCRYPT_DECRYPT"),
            **({"EnableKeyRotation": True} if "KeySpec" not in wanted else {}),
        }


def test_every_alarm_watches_what_it_says(deployed: Deployed) -> None:
    found = reading.alarms(deployed.clients)

    wanted = {properties["AlarmName"]: properties for _, properties in deployed.wanted("AWS::CloudWatch::Alarm")}
    assert found.keys() == wanted.keys()
    for name, properties in wanted.items():
        assert {key: found[name][key] for key in properties} == properties, name


def _without_nothing(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule without what says nothing (an empty prefix)."""
    return {key: value for key, value in rule.items() if value not in ({"Prefix": ""}, {}, "") and key != "Prefix"}
