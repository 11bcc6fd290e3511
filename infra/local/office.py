"""The whole office on this machine: `make run`, or `with LocalOffice() as office:`.

1. Start the emulator, a bank, an issuer of tokens and a time-stamp authority, each on loopback.
2. Make the template that AWS would get (`sam.py`) and put the code into a bucket.
3. Create the stack from it; every failed resource stops the start and is named.
4. Mend what the emulator's CloudFormation left out (`apply.py`).
5. Put what a stack never holds: the bank's secret, and certificates from the test trust for the keys just made.
Stopping ends every process and thread; nothing is kept.
"""

import argparse
import io
import json
import signal
import sys
import sysconfig
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from infra.local.apply import Ground, apply
from infra.local.authority import TestAuthority
from infra.local.bank_page import BankServer
from infra.local.banks.aba import AbaBank
from infra.local.banks.town import Town
from infra.local.clients import ENVIRONMENT, REGION, Clients, clients
from infra.local.emulator import Emulator, EmulatorFailed, free_port
from infra.local.issuer import Issuer
from infra.local.sam import API_ID, ROOT, from_subprocess
from infra.local.serving import LOOPBACK, serving
from infra.local.template import load
from infra.local.trust import TestTrust

STACK = "tra-local"
DEPLOY_BUCKET = "local-deploy"
CODE_KEY = "code.zip"
STACK_SECONDS = 120
PORT = 4566


class OfficeFailed(RuntimeError):
    """The local office did not come up; says what failed."""


@dataclass(kw_only=True)
class LocalOffice:
    """A context manager. `port` 0 takes a free one, so that several may run beside each other."""

    port: int = 0
    root: Path = ROOT
    parameters: Mapping[str, str] = field(default_factory=dict)  # of the template, over those set here
    clients: Clients = field(init=False)
    ground: Ground = field(init=False)
    town: Town = field(init=False)
    bank: AbaBank = field(init=False)
    bank_url: str = field(init=False)
    issuer: Issuer = field(init=False)
    trust: TestTrust = field(init=False)
    authority: TestAuthority = field(init=False)
    authority_url: str = field(init=False)
    emulator: Emulator = field(init=False)
    _open: ExitStack = field(default_factory=ExitStack, repr=False)

    @property
    def api_url(self) -> str:
        """The public address; `/v1/filings` is appended to it."""
        return f"{self.emulator.url}/restapis/{API_ID}/api/_user_request_"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to act as one of the functions, or as the registry."""
        return {**self.ground.environment, **ENVIRONMENT, "AWS_ENDPOINT_URL": self.emulator.url}

    def token(self, subject: str, roles: Sequence[str] = ()) -> str:
        """A bearer token."""
        return self.issuer.mint(subject, roles)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _start(self) -> None:
        port = self.port or free_port()
        self.emulator = Emulator(port=port, log=self.root / "build" / "local" / f"emulator-{port}.log")
        with ThreadPoolExecutor(2) as beside:  # the template takes longest: begin with it
            code = f"s3://{DEPLOY_BUCKET}/{CODE_KEY}"
            wheels = {"PYTHONPATH": sysconfig.get_paths()["purelib"]}
            template = beside.submit(from_subprocess, self.root, code, wheels)
            trust = beside.submit(TestTrust)
            self._open.callback(self.emulator.stop)
            self.emulator.start()
            self.trust = trust.result()
            self._open_doors()
            self.clients = clients(self.emulator.url)
            self._upload(CODE_KEY, package(self.root))
            functions = self._create_stack(json.dumps(template.result()).encode())
        ours = load(self.root / "infra" / "template.yaml")
        self.ground = apply(self.clients, ours, parameters=self._parameters(), functions=functions)
        self._put_secrets()

    def _open_doors(self) -> None:
        self.town = Town(public_url=self.api_url)
        self.bank = self.town.aba
        server = BankServer(*self.town.banks).start()
        self._open.callback(server.stop)
        self.bank_url = server.address
        self.authority = TestAuthority(trust=self.trust)
        self.authority_url = self._open.enter_context(serving(self.authority))
        self.issuer = Issuer(url="")
        self.issuer.url = self._open.enter_context(serving(self.issuer))

    def _parameters(self) -> dict[str, str]:
        return {
            "Stage": "local",
            "PublicUrl": self.api_url,
            "RecordsRetentionYears": "1",
            "RetrySeconds": "60",
            "OidcIssuer": self.issuer.url,
            "OidcAudience": self.issuer.audience,
            "OidcJwksUrl": self.issuer.jwks_url,
            "PaymentRails": json.dumps(self.town.entries(self.bank_url)),
            "TsaUrl": f"{self.authority_url}/tsa",
            "OcspUrl": f"{self.authority_url}/ocsp",
            "CrlUrls": f"{self.authority_url}/crl",
            "SettleSeconds": "0",
            "DemoFees": "1",
            "Scanner": "test-signature",
            **self.parameters,
        }

    def _upload(self, key: str, body: bytes) -> None:
        if key == CODE_KEY:
            self.clients.s3.create_bucket(
                Bucket=DEPLOY_BUCKET,
                CreateBucketConfiguration={"LocationConstraint": REGION},
            )
        self.clients.s3.put_object(Bucket=DEPLOY_BUCKET, Key=key, Body=body)

    def _create_stack(self, template: bytes) -> dict[str, str]:
        """Logical → physical names of the functions. OfficeFailed names what CloudFormation could not make."""
        cloudformation = self.clients.cloudformation
        self._upload("template.json", template)
        cloudformation.create_stack(
            StackName=STACK,
            TemplateURL=f"{self.emulator.url}/{DEPLOY_BUCKET}/template.json",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in self._parameters().items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        deadline = time.monotonic() + STACK_SECONDS
        while (status := self._stack_status()) != "CREATE_COMPLETE":
            if status != "CREATE_IN_PROGRESS" or time.monotonic() > deadline:
                events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
                failed = [
                    f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason')}"
                    for event in events
                    if "FAILED" in event.get("ResourceStatus", "")
                ]
                raise OfficeFailed(f"the stack is {status}: {failed}")
            time.sleep(0.05)
        listed = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in listed
            if one["ResourceType"] == "AWS::Lambda::Function"
        }

    def _stack_status(self) -> str:
        return self.clients.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]

    def _put_secrets(self) -> None:
        ssm, environment = self.clients.ssm, self.ground.environment
        ssm.put_parameter(
            Name=environment["TRA_PAYMENT_SECRETS_PARAMETER"],
            Value=json.dumps(dict(self.town.secrets)),
            Type="SecureString",
            Overwrite=True,
        )
        put_certificates(self.clients, self.trust, environment)


def put_certificates(clients: Clients, trust: TestTrust, environment: Mapping[str, str]) -> None:
    """Certificates of the test trust for the stage's seal and receipt keys, into the parameters named for them."""
    for key, name in (("SEAL", "Tra local office"), ("RECEIPT", "Tra local office, receipts")):
        public = clients.kms.get_public_key(KeyId=environment[f"TRA_{key}_KEY_ID"])["PublicKey"]
        chain = trust.issue_seal_certificate(_pem(public), name)
        clients.ssm.put_parameter(
            Name=environment[f"TRA_{key}_CERTIFICATE_PARAMETER"],
            Value=chain.decode("ascii"),
            Type="String",
            Tier="Intelligent-Tiering",  # a chain of RSA-3072 is above the 4 KB of the standard tier
            Overwrite=True,
        )
    roots = trust.roots().decode("ascii")
    clients.ssm.put_parameter(
        Name=environment["TRA_TRUST_ROOTS_PARAMETER"], Value=roots, Type="String", Overwrite=True
    )


def _pem(public_key: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_der_public_key(public_key)
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def package(root: Path) -> bytes:
    """The functions' code as Chalice would zip it, without the wheels: the workers find those on their path."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        archive.write(root / "app.py", "app.py")
        for top, into in ((root / "chalicelib", root), (root / "vendor", root / "vendor")):
            for path in sorted(top.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, path.relative_to(into))
    return held.getvalue()


@contextmanager
def until_told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()
    before = {one: signal.signal(one, lambda *_: stop.set()) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the office until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.office", description="The office on this machine.")
    parser.add_argument("--port", type=int, default=PORT, help="of the API and the emulator (0: a free one)")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    with until_told_to_stop() as stop:
        try:
            with LocalOffice(port=chosen.port) as office:
                sys.stdout.write(addresses(office, time.monotonic() - began))
                sys.stdout.flush()
                stop.wait()
        except (EmulatorFailed, OfficeFailed) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    sys.stdout.write("stopped\n")
    return 0


def addresses(office: LocalOffice, seconds: float) -> str:
    """What a person needs to begin."""
    return f"""The office is open ({seconds:.1f} s). Everything is on {LOOPBACK}; Ctrl-C stops it, and nothing is kept.
  API       {office.api_url}/v1/filings
  bank      {office.bank_url}   (a page where one clicks "pay")
  issuer    {office.issuer.url}   (POST /token with sub=NAME gives a bearer token)
  AWS       {office.emulator.url}   (region {REGION}; any key)
  registry  {office.ground.outputs["RegistryQueueUrl"]}
  log       {office.emulator.log}
  token     {office.token("filer-1")}
"""


if __name__ == "__main__":
    sys.exit(main())
