"""The ground the fault tests stand on: moto in process, one world per run, and snapshots of it.

A snapshot holds what the stores hold (tables, buckets, queues, topics); keys and parameters are made once and never change.
Going back to one takes some milliseconds, so that a test can try every call of a long journey from just before it.
"""

import copy
import copyreg
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.aws import clients

REGION = "us-east-1"  # moto's stream records always say this region
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # else table streams answer 404 in moto
}
SERVICES = ("dynamodb", "s3", "sns", "sqs", "kms", "ssm")
STORES = ("dynamodb", "dynamodbstreams", "s3", "sns", "sqs")


@contextmanager
def moto() -> Iterator[None]:
    """An empty in-process AWS. Whatever endpoint the environment names is ignored meanwhile."""
    from moto import mock_aws

    kept = dict(os.environ)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    os.environ.update(ENVIRONMENT)
    try:
        with mock_aws():
            yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def our_clients() -> tuple[Any, ...]:
    """Every client the product uses: the very ones, since they are cached."""
    return tuple(getattr(clients, service)() for service in SERVICES)


def create_register(table: str) -> None:
    """The register's table, as `infra/template.yaml` has it."""
    indexes = {"outbox": ("pending", "at", "KEYS_ONLY"), "owner": ("owner", "updated", "ALL"), "due": ("due", "due_at", "ALL")}
    names = ["pk", "sk", *(name for first, second, _ in indexes.values() for name in (first, second))]
    clients.dynamodb().create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": first, "KeyType": "HASH"},
                    {"AttributeName": second, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": projection},  # type: ignore[typeddict-item]
            }
            for index, (first, second, projection) in indexes.items()
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


class Snapshot:
    """What all stores hold at one moment."""

    def __init__(self) -> None:
        with _locks_can_be_copied():
            self._held = copy.deepcopy({key: dict(one.__dict__) for key, one in _stores().items()}, _fixed())

    def restore(self) -> None:
        """Make the stores hold it again. May be done any number of times."""
        with _locks_can_be_copied():
            held = copy.deepcopy(self._held, _fixed())
        for key, store in _stores().items():
            store.__dict__.clear()
            store.__dict__.update(held.get(key) or {"region_name": store.region_name, "account_id": store.account_id})


def _stores() -> dict[tuple[str, str, str], Any]:
    from moto.backends import get_backend

    return {
        (service, account, region): store
        for service in STORES
        for account, regions in get_backend(service).items()  # type: ignore[call-overload]
        for region, store in regions.items()
    }


def _fixed() -> dict[int, Any]:
    """A memo for deepcopy: stores refer to each other, and these references must stay what they are."""
    from moto.backends import get_backend

    kept: list[Any] = []
    for service in (*STORES, "kms", "ssm", "iam", "events", "awslambda", "cloudwatch", "s3control"):
        accounts = get_backend(service)  # type: ignore[call-overload]
        kept += [accounts, *accounts.values(), *(store for regions in accounts.values() for store in regions.values())]
    return {id(one): one for one in kept}


@contextmanager
def _locks_can_be_copied() -> Iterator[None]:
    """moto's queues hold a lock; a copy of a queue gets a fresh one."""
    lock = type(threading.RLock())
    copyreg.pickle(lock, _fresh_lock)
    try:
        yield
    finally:
        del copyreg.dispatch_table[lock]


def _fresh_lock(_: Any) -> Any:
    return threading.RLock, ()
