"""The ground the fault tests stand on: moto in process, the product's own clients, and snapshots of the stores.

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
from infra.local import clients as local
from infra.local.template import Resolver, load

ENVIRONMENT = {
    **local.ENVIRONMENT,
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # else table streams answer 404 in moto
}
SERVICES = ("dynamodb", "s3", "sns", "sqs", "kms", "ssm")
STORES = ("dynamodb", "dynamodbstreams", "s3", "sns", "sqs")
FIXED = (*STORES, "kms", "ssm", "iam", "events", "awslambda", "cloudwatch", "s3control")


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
    """The register's table as `infra/template.yaml` has it, under another name and without its encryption key."""
    template = load()
    resolver = Resolver(
        template=template,
        parameters={},
        region=local.REGION,
        account=local.ACCOUNT,
        ref=str,
        attribute=lambda name, attribute: f"{name}.{attribute}",
    )
    wanted = resolver.resolve(template["Resources"]["Register"]["Properties"])
    taken = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
    clients.dynamodb().create_table(
        TableName=table,
        **{name: wanted[name] for name in taken},
        StreamSpecification={"StreamEnabled": True, **wanted["StreamSpecification"]},
    )


class Snapshot:
    """What all stores hold at one moment."""

    def __init__(self) -> None:
        with locks_can_be_copied():
            self._held = copy.deepcopy({key: dict(one.__dict__) for key, one in _stores().items()}, _fixed())

    def restore(self) -> None:
        """Make the stores hold it again. May be done any number of times."""
        with locks_can_be_copied():
            held = copy.deepcopy(self._held, _fixed())
        for key, store in _stores().items():
            if key in held:
                store.__dict__.clear()
                store.__dict__.update(held[key])
            else:
                store.reset()


def let_time_pass_for_queues() -> None:
    """Whatever waits in a queue (delayed, or out with somebody who died) may be received now."""
    for (service, _, _), store in _stores().items():
        if service == "sqs":
            for queue in store.queues.values():
                for message in queue._messages:  # noqa: SLF001 - moto has no public way to let time pass
                    message.visible_at = message.delayed_until = 0.0


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
    for service in FIXED:
        accounts = get_backend(service)  # type: ignore[call-overload]
        kept += [accounts, *accounts.values(), *(store for regions in accounts.values() for store in regions.values())]
    return {id(one): one for one in kept}


@contextmanager
def locks_can_be_copied() -> Iterator[None]:
    """moto's queues hold a condition variable; a copy of a queue gets a fresh one."""
    copyreg.pickle(threading.Condition, _fresh)
    try:
        yield
    finally:
        del copyreg.dispatch_table[threading.Condition]


def _fresh(_: Any) -> Any:
    return threading.Condition, ()
