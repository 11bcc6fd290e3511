"""What our code adds to AWS: a five-file patent from draft to hand-over on moto, against the same AWS calls made bare.

Every call of the product is recorded with its parameters, then made again in the same order on the same empty world with
boto3 alone. Only the product's own time counts on one side, only the calls on the other.
"""

import copy
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from infra.local import samples
from infra.local.filer import Answer, Filer, all_stored
from tests.bench.figure import Figure
from tests.faults.ground import our_clients
from tests.faults.pump import Pump
from tests.faults.world import World, world

RUNS = 3


@dataclass
class Recorder:
    """Calls of the product's clients, in order, and the product's own time."""

    calls: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    seconds: float = 0.0
    _asked: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Count the time inside."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - began

    def asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Hook: before a call's parameters are built (or an address is signed: then no call follows)."""
        self._asked = copy.deepcopy(params)

    def answered(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        """Hook: after a call."""
        answer = {"VersionId": parsed["VersionId"]} if "VersionId" in parsed else {}
        self.calls.append((model.service_model.service_name, model.name, self._asked, answer))

    def by_service(self) -> dict[str, int]:
        """How many calls to each service."""
        return dict(sorted(Counter(service for service, *_ in self.calls).items()))


def journey(office: World, recorder: Recorder) -> None:
    """File, pay, and follow to the hand-over; functions stay warm."""
    pump = Pump(office)
    office.cold = lambda: None  # type: ignore[method-assign]
    invoke, request = office.invoke, office.request

    def timed_invoke(function: str, event: Mapping[str, Any]) -> Any:
        with recorder.timing():
            return invoke(function, event)

    office.invoke = timed_invoke  # type: ignore[method-assign]

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        with recorder.timing():
            reply = request(method, path, subject="", headers=headers, raw=body or None)
        return Answer(reply.status, reply.headers, reply.body)

    def upload(_: str, fields: Mapping[str, str], body: bytes) -> Answer:
        params: dict[str, Any] = {"Bucket": office.environment["TRA_QUARANTINE_BUCKET"], "Key": fields["key"], "Body": body,
                  "ContentType": fields["Content-Type"]}  # fmt: skip
        made = office.clients.s3.put_object(**params)
        recorder.calls.append(("upload", "PutObject", params, {"VersionId": made["VersionId"]}))
        return Answer(201, {}, b"")

    filer = Filer(send, upload, office._token("bench"))
    filing = filer.begin(samples.patent_form())
    for file in samples.patent_files():
        filer.attach(filing, file)
    pump.drain()
    all_stored(filer.view(filing))
    filer.submit(filing)
    pump.drain()
    order = filer.order(filing)
    pump.drain()
    office.bank.pay(order["pay"]["reference"])
    for ring in office.bank.take_due():
        send("POST", "/v1/payments/aba/notifications", ring.headers, ring.body)
    pump.drain()
    if filer.view(filing)["status"] != "handed-over":
        raise RuntimeError(f"the journey ended early: {filer.view(filing)['status']}, {pump.failures}")
    filer.acknowledgement(filing)


def bare(recorded: list[tuple[str, str, dict[str, Any], dict[str, Any]]], office: World) -> float:
    """Seconds for the same calls with boto3 alone. Version ids are those of this world."""
    clients = {client.meta.service_model.service_name: client for client in our_clients()}
    versions: dict[str, str] = {}
    seconds = 0.0
    for service, operation, params, answer in recorded:
        text = {name: _renamed(value, versions) for name, value in params.items()}
        client = office.clients.s3 if service == "upload" else clients[service]
        call = getattr(client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        began = time.perf_counter()
        try:
            made = call(**text)
            if "Body" in made:
                made["Body"].read()
        except ClientError:  # "not there yet" is an answer like any other
            made = {}
        if service != "upload":
            seconds += time.perf_counter() - began
        if "VersionId" in answer and "VersionId" in made:
            versions[answer["VersionId"]] = made["VersionId"]
    return seconds


def _renamed(value: Any, versions: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _renamed(part, versions) for name, part in value.items()}
    return versions.get(value, value) if isinstance(value, str) else value


def pipeline() -> tuple[Figure, Figure]:
    """`aws_requests_per_filing` and `pipeline_vs_bare_calls`."""
    ours, floor = [], []
    recorder = Recorder()
    with world() as office:
        empty = office.remember()
        for run in range(RUNS + 1):
            office.go_back(empty)
            recorder = Recorder()
            clients = our_clients()
            for client in clients:
                client.meta.events.register("before-parameter-build", recorder.asked)
                client.meta.events.register("after-call", recorder.answered)
            try:
                journey(office, recorder)
            finally:
                for client in clients:
                    client.meta.events.unregister("before-parameter-build", recorder.asked)
                    client.meta.events.unregister("after-call", recorder.answered)
                for name in ("cold", "invoke"):
                    office.__dict__.pop(name, None)
            office.go_back(empty)
            seconds = bare(recorder.calls, office)
            if run:  # the first warms both
                ours.append(recorder.seconds)
                floor.append(seconds)
    counted = recorder.by_service()
    counted.pop("upload", None)
    mine, least = min(ours), min(floor)
    return (
        Figure(name="aws_requests_per_filing", value=sum(counted.values()), unit="requests", detail=counted),
        Figure(
            name="pipeline_vs_bare_calls", value=mine, unit="s", against="the same AWS calls, bare", ratio=mine / least,
            runs=RUNS, detail={"bare_s": round(least, 3)},
        ),
    )  # fmt: skip
