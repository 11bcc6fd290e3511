"""The world the tests run in: moto in this process, built from `infra/template.yaml` by the local office's own adapter.

One world at a time, entered and left in some milliseconds. Keys are made once in a run (RSA takes long) and lent to every
world; their certificates come from one test trust. Whatever endpoint the environment names is ignored meanwhile.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from infra.local.apply import Ground, apply
from infra.local.clients import ACCOUNT, ENVIRONMENT, REGION, Clients, clients
from infra.local.office import put_certificates
from infra.local.template import load
from infra.local.trust import TestTrust
from tests.fakes import NOON

PARAMETERS: Mapping[str, str] = {
    "Stage": "test",
    "RecordsRetentionYears": "1",
    "RetrySeconds": "60",
    "DemoFees": "1",
    "Scanner": "test-signature",
    "SettleSeconds": "60",
}
SECRETS: Mapping[str, str] = {"aba-test": "not-a-secret-" + "0" * 27}
_keys: dict[str, Any] = {}


@dataclass(frozen=True)
class World:
    """Everything the template describes, in moto."""

    clients: Clients
    ground: Ground
    trust: TestTrust

    @property
    def environment(self) -> dict[str, str]:
        """What a function's environment would be."""
        return dict(self.ground.environment)

    @property
    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs."""
        return self.ground.outputs


@contextmanager
def moto_world(*, parameters: Mapping[str, str] | None = None, alarms: bool = False) -> Iterator[World]:
    """An empty world. `alarms`: build them too; only who looks at them needs them."""
    from moto import mock_aws

    kept = dict(os.environ)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    os.environ.update({**ENVIRONMENT, "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"})
    try:
        with mock_aws():
            _lend_keys()
            made = apply(_clients(), template(alarms=alarms), parameters={**PARAMETERS, **(parameters or {})})
            _keep_keys()
            _clients().ssm.put_parameter(
                Name=made.environment["TRA_PAYMENT_SECRETS_PARAMETER"], Value=json.dumps(SECRETS), Type="SecureString"
            )
            put_certificates(_clients(), _trust(), made.environment)
            yield World(_clients(), made, _trust())
    finally:
        os.environ.clear()
        os.environ.update(kept)


@cache
def _clients() -> Clients:
    return clients()


@cache
def _trust() -> TestTrust:
    return TestTrust(now=NOON)


@cache
def template(*, alarms: bool = True) -> dict[str, Any]:
    """The template as moto can take it: without the conditions of bucket policies, which it reads as unconditional."""
    whole = load()
    kept: dict[str, Any] = {}
    for name, resource in whole["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm" and not alarms:
            continue
        if resource["Type"] == "AWS::S3::BucketPolicy":
            statements = resource["Properties"]["PolicyDocument"]["Statement"]
            statements[:] = [one for one in statements if "Condition" not in one]
            if not statements:
                continue
        kept[name] = resource
    return {**whole, "Resources": kept}


def _kms() -> Any:
    from moto.kms.models import kms_backends

    return kms_backends[ACCOUNT][REGION]


def _keep_keys() -> None:
    _keys.update(_kms().keys)


def _lend_keys() -> None:
    _kms().keys.update(_keys)
