"""Least privilege holds both ways: no function makes a call that its policy does not allow, and no policy allows a call to
a service that its function never uses. The emulators ask no policy; this test does, for every call of the whole journey.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest

from chalicelib.aws import clients as ours
from infra.local.clients import ACCOUNT, REGION
from infra.local.sam import ROOT
from infra.local.template import Resolver, load
from tests.faults.correspondence import accepted, letter, rejected, send, status
from tests.faults.journey import travel
from tests.faults.pump import SCHEDULES, Pump, scheduled
from tests.faults.strict import strict
from tests.faults.world import Reply, World, parameters
from tests.integration.infra import reading
from tests.world import PARAMETERS, moto_world

Needed = tuple[str, str, str]  # function, action, resource
WRITES = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
BY_RUNTIME = ("logs:", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes")

NOT_THIS_TIME = {  # they had nothing left to do; files are opened in this process here
    ("ask_due", "sqs"),
    ("ask_bank", "sqs"),
    ("relay_sweep", "sns"),
    ("api_handler", "lambda"),
}


class WatchedWorld(World):
    """Knows which function runs, and what each asked of AWS."""

    running = ""

    def request(self, *arguments: Any, **named: Any) -> Reply:
        with self._running("api_handler"):
            return super().request(*arguments, **named)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        with self._running(function):
            return super().invoke(function, event)

    def _running(self, function: str) -> "_Running":
        return _Running(self, function)


class _Running:
    def __init__(self, world: WatchedWorld, function: str) -> None:
        self.world, self.function = world, function

    def __enter__(self) -> None:
        self.world.running = self.function

    def __exit__(self, *_: object) -> None:
        self.world.running = ""


@pytest.fixture(scope="module")
def journey() -> Iterator[tuple[set[Needed], Resolver]]:
    """What each function needed on the way of one filing, schedules included."""
    with moto_world(parameters=parameters()) as made:
        world, needed = WatchedWorld(made), set[Needed]()
        resolver = reading.resolver(load(), {**PARAMETERS, **parameters()}, made.ground)
        data_key = resolver.attribute("DataKey", "Arn")

        def see(params: dict[str, Any], model: Any, **_: Any) -> None:
            if world.running:
                for action, resource in asked(model.service_model.service_name, model.name, params, data_key):
                    needed.add((world.running, action, resource))

        watched = (ours.dynamodb(), ours.s3(), ours.sns(), ours.sqs(), ours.kms(), ours.ssm())
        for client in watched:
            client.meta.events.register("provide-client-params", see)
        try:
            with strict():
                travel(world)
                for body in (accepted(world, 1), rejected(world, 2), letter(world, 3), status(world, 5)):
                    send(world, body)  # the last comes early, is parked, and goes when its turn comes
                send(world, status(world, 4, "received"))
                Pump(world).drain()
                world.clock.advance(timedelta(minutes=5))  # letters that wait for their archive are due
                for schedule in SCHEDULES:
                    world.invoke(schedule, scheduled())
        finally:
            for client in watched:
                client.meta.events.unregister("provide-client-params", see)
        yield needed, resolver


def asked(service: str, operation: str, params: Mapping[str, Any], data_key: str) -> list[tuple[str, str]]:  # noqa: C901 - a table
    """IAM actions and resources of one call (Service Authorization Reference)."""

    def table(name: str, index: str | None = None) -> str:
        return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}" + (f"/index/{index}" if index else "")

    version = "Version" if params.get("VersionId") else ""
    place = f"arn:aws:s3:::{params.get('Bucket')}"
    if service == "s3" and "-public-" in str(params.get("Bucket")):  # encrypted with S3's own key
        action = "s3:PutObject" if operation == "PutObject" else f"s3:GetObject{version}"
        return [(action, f"{place}/{params['Key']}"), ("s3:ListBucket", place)]
    match service, operation:
        case "dynamodb", "TransactWriteItems":
            return [
                (f"dynamodb:{WRITES[kind]}", table(one["TableName"]))
                for item in params["TransactItems"]
                for kind, one in item.items()
            ]
        case "dynamodb", _:
            return [(f"dynamodb:{operation}", table(params["TableName"], params.get("IndexName")))]
        case "s3", "GetObject" | "HeadObject":
            read = (f"s3:GetObject{version}", f"{place}/{params['Key']}")
            return [read, ("s3:ListBucket", place), ("kms:Decrypt", data_key)]
        case "s3", "PutObject":
            return [("s3:PutObject", f"{place}/{params['Key']}"), ("kms:GenerateDataKey", data_key)]
        case "s3", "CreateBucket":  # how botocore looks up the address of a presigned POST; the signer needs its rights
            target = f"{place}/uploads/any"
            return [("s3:PutObject", target), ("s3:PutObjectTagging", target), ("kms:GenerateDataKey", data_key)]
        case "s3", "PutObjectTagging":
            return [(f"s3:PutObject{version}Tagging", f"{place}/{params['Key']}")]
        case "s3", "CopyObject":
            source = params["CopySource"]
            return [
                ("s3:GetObjectVersion", f"arn:aws:s3:::{source['Bucket']}/{source['Key']}"),
                *(("s3:PutObject", f"{place}/{params['Key']}"), ("s3:PutObjectTagging", f"{place}/{params['Key']}")),
                *(("kms:Decrypt", data_key), ("kms:GenerateDataKey", data_key)),
            ]
        case "sns", "Publish":
            return [("sns:Publish", params["TopicArn"])]
        case "sqs", "SendMessage":
            return [("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{params['QueueUrl'].rsplit('/', 1)[1]}")]
        case "kms", "Sign" | "GetPublicKey":
            return [(f"kms:{operation}", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{params['KeyId']}")]
        case "ssm", "GetParameter":
            parameter = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{params['Name']}"
            secret = [("kms:Decrypt", data_key)] if params["Name"].endswith("/secrets") else []
            return [("ssm:GetParameter", parameter), *secret]
    raise AssertionError(f"say here what {service}.{operation} asks for")


def test_every_call_of_the_journey_is_allowed_to_the_function_that_makes_it(
    journey: tuple[set[Needed], Resolver],
) -> None:
    needed, resolver = journey

    refused = {one for one in needed if not any(allows(s, one) for s in statements(one[0], resolver))}

    assert {function for function, _, _ in needed} >= {
        "api_handler",
        "seal_letter",
        "relay",
        "hand_over",
        "ask_bank",
        "take_inbound",
    }
    assert not refused, "\n".join(map(str, sorted(refused)))


def test_a_policy_opens_no_service_that_its_function_does_not_use(journey: tuple[set[Needed], Resolver]) -> None:
    needed, resolver = journey
    used = {(function, action.split(":")[0]) for function, action, _ in needed}

    for function in {function for function, _ in used}:
        for statement in statements(function, resolver):
            for action in statement["Action"]:
                if action.startswith(BY_RUNTIME) or statement["Sid"] in {"ReadStream", "GiveUp"}:
                    continue
                assert (function, action.split(":")[0]) in used | NOT_THIS_TIME, (function, action)


def statements(function: str, resolver: Resolver) -> list[dict[str, Any]]:
    """The policy of a function, worked out."""
    text = (ROOT / ".chalice" / f"policy-{function}.json").read_text(encoding="utf-8")
    return [dict(resolver.resolve(one)) for one in json.loads(text)["Statement"]]


def allows(statement: Mapping[str, Any], needed: Needed) -> bool:
    """Whether it allows the call."""
    _, action, resource = needed
    return action in statement["Action"] and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
