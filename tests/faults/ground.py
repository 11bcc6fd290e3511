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
        StreamSpecification={
            "StreamEnabled": True,
            "StreamViewType": wanted["StreamSpecification"]["StreamViewType"],
        },
    )


class Snapshot:
    """What all stores hold at one moment."""

    def __init__(self) -> None:
        with _copied_whole():
            self._held = copy.deepcopy({key: dict(one.__dict__) for key, one in _stores().items()}, _fixed())

    def restore(self) -> None:
        """Make the stores hold it again. May be done any number of times."""
        with _copied_whole():
            held = copy.deepcopy(self._held, _fixed())
        _close_objects()
        for key, store in _stores().items():
            if key in held:
                store.__dict__.clear()
                store.__dict__.update(held[key])
            else:
                store.reset()
        _forget()


def let_time_pass_for_queues() -> None:
    """Whatever waits in a queue (delayed, or out with somebody who died) may be received now."""
    for (service, _, _), store in _stores().items():
        if service == "sqs":
            for queue in store.queues.values():
                for message in queue._messages:  # moto has no public way to let time pass
                    message.visible_at = message.delayed_until = 0.0


def rows(table: str) -> list[dict[str, Any]]:
    """Every row of a table as DynamoDB's attribute values, by key."""
    found = [
        {name: value.to_regular_json() for name, value in item.attrs.items()}
        for (service, _, _), store in _stores().items()
        if service == "dynamodb" and table in store.tables
        for under in store.tables[table].items.values()
        for item in under.values()
    ]
    return sorted(found, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))


def objects(bucket: str) -> dict[str, dict[str, bytes]]:
    """Key → version → bytes of a bucket. ValueError if something in it was deleted."""
    from moto.s3.models import FakeDeleteMarker

    found: dict[str, dict[str, bytes]] = {}
    for (service, _, _), store in _stores().items():
        if service == "s3" and bucket in store.buckets:
            for key, versions in store.buckets[bucket].keys.lists():
                if any(isinstance(one, FakeDeleteMarker) for one in versions):
                    raise ValueError(f"{key} was deleted")
                found[key] = {one.version_id: one.value for one in versions}
    return found


def uploads_in_parts(bucket: str) -> list[str]:
    """The key of every upload in parts that is under way."""
    return sorted(
        upload.key_name
        for (service, _, _), store in _stores().items()
        if service == "s3" and bucket in store.buckets
        for upload in store.buckets[bucket].multiparts.values()
    )


def lying_in_queues() -> list[tuple[str, str]]:
    """Queue and body of every message, without receiving any."""
    return [
        (name, message.body)
        for (service, _, _), store in _stores().items()
        if service == "sqs"
        for name, queue in store.queues.items()
        for message in queue._messages  # receiving would change what is looked at
    ]


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


def _close_objects() -> None:
    """Close the bodies of all objects in the buckets: nothing else holds them, a snapshot has its own."""
    from moto.s3.models import FakeKey

    for (service, _, _), store in _stores().items():
        for bucket in store.buckets.values() if service == "s3" else ():
            for _, versions in bucket.keys.lists():
                for one in versions:
                    if isinstance(one, FakeKey):
                        one.dispose()


def _forget() -> None:
    """moto keeps everything that it ever made or copied, to show it on a page of its own: a thousand snapshots, gigabytes.
    Objects whose bodies are open are kept, since moto closes them in the end."""
    from moto.core.model_instances import model_data
    from moto.s3.models import FakeKey

    for models in model_data.values():
        for model in models.values():
            made: Any = model
            made.instances_tracked = [
                one for one in made.instances_tracked if isinstance(one, FakeKey) and not one._value_buffer.closed
            ]


@contextmanager
def _copied_whole() -> Iterator[None]:
    """moto's queues hold a condition variable, of which a copy is a fresh one; its buckets hold their keys in a dict whose
    copy would keep the newest version only."""
    from moto.s3.utils import _VersionedKeyStore

    rules: dict[Any, Any] = {threading.Condition: _fresh, _VersionedKeyStore: _versions}
    for kind, rule in rules.items():
        copyreg.pickle(kind, rule)
    try:
        yield
    finally:
        for kind in rules:
            del copyreg.dispatch_table[kind]


def _fresh(_: Any) -> Any:
    return threading.Condition, ()


def _versions(store: Any) -> Any:
    return _with_versions, (dict(store.lists()),)


def _with_versions(versions: dict[str, list[Any]]) -> Any:
    from moto.s3.utils import _VersionedKeyStore

    made: Any = _VersionedKeyStore()
    for key, kept in versions.items():
        made.setlist(key, kept)
    return made
