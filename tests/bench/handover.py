"""Hand-over and consumer against what could not be left out: `package_vs_floor`, `consumer_vs_bare_sqs`.

`package_vs_floor`: packages a second on one core, on the fakes, against writing the same bytes into a zip and the same ST.96
documents as text, and nothing else: no digest, check, register or seal. Our seal is a fake here too (it is one call to KMS).
`consumer_vs_bare_sqs`: the consumer's time for the events of filings on moto's queue and bucket, against the same receives,
gets and deletes with boto3 alone.
"""

import io
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from chalicelib.aws import clients
from chalicelib.aws.s3 import Bucket
from chalicelib.registry.consumer import Consumer
from chalicelib.registry.folder import Folder
from chalicelib.registry.sqlite import SqliteMarks
from chalicelib.registry.sqs import SqsQueue
from chalicelib.registry.st96.tree import parse, to_bytes
from tests.bench.figure import Figure
from tests.fakes import InMemoryRegister, fake_seals
from tests.unit.registry.filings import InMemoryFilings
from tests.world import moto_world

PACKAGES, FILINGS = 60, 12
FILES = tuple((f"{name}.pdf", b"%PDF " + bytes(range(256)) * 800) for name in ("description", "claims", "drawings"))


def handover() -> tuple[Figure, Figure]:
    """Both figures."""
    return package_vs_floor(), consumer_vs_bare_sqs()


def package_vs_floor() -> Figure:
    """Packages a second, on one core."""
    filings = InMemoryFilings.begin()
    ours = floor = 0.0
    for _ in range(PACKAGES):
        filings.register = InMemoryRegister()
        stream = filings.ready(FILES)
        began = time.process_time()
        filings.hand_over(stream)
        ours += time.process_time() - began
        held = filings.package(stream).objects
        objects = [(f"{one.role}/{one.name}", filings.records.read(one.key), one.role) for one in held]
        documents = [parse(body) for _, body, role in objects if role == "st96"]
        began = time.process_time()
        for document in documents:
            to_bytes(document)
        with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_STORED) as archive:
            for name, body, _ in objects:
                archive.writestr(name, body)
        floor += time.process_time() - began
    return Figure(
        name="package_vs_floor", value=PACKAGES / ours, unit="packages/s", against="zip and XML writing alone",
        ratio=ours / floor, runs=PACKAGES,
        detail={"floor_per_s": round(PACKAGES / floor), "bytes": sum(len(body) for _, body in FILES)},
    )  # fmt: skip


def consumer_vs_bare_sqs() -> Figure:
    """Milliseconds for one event, of which one in about thirteen is a package that is fetched and laid."""
    with moto_world() as world, tempfile.TemporaryDirectory() as name:
        filings, sqs, s3 = InMemoryFilings.begin(), clients.sqs(), clients.s3()
        url, bucket = world.outputs["RegistryQueueUrl"], world.outputs["RecordsBucket"]
        filings.records.name = bucket
        streams = [filings.handed_over(FILES) for _ in range(FILINGS)]
        for key, versions in filings.records.objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=versions[0][1])
        events = [(str(stream), body.decode()) for stream in streams for body in filings.messages(stream)]

        def fill(run: str) -> None:
            for number, (group, body) in enumerate(events):
                sqs.send_message(
                    QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=f"{run}-{number}"
                )

        fill("ours")
        marks = SqliteMarks.open(Path(name) / "marks")
        consumer = Consumer(
            queue=SqsQueue(url=url, client=sqs), objects=_Latest(name=bucket, client=s3), marks=marks,
            shelf=Folder(Path(name)), seals=fake_seals, say=lambda _: None,
        )  # fmt: skip
        began = time.perf_counter()
        while consumer.step(wait=0) is not None:
            pass
        ours = time.perf_counter() - began
        marks.close()
        if len([path for path in Path(name).iterdir() if path.is_dir()]) != FILINGS:
            raise RuntimeError("not every filing was laid")
        fill("bare")
        keys = [[filings.fact(stream).key, *(one.key for one in filings.package(stream).objects)] for stream in streams]
        began = time.perf_counter()
        for _ in events:
            (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=0)["Messages"]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        for key in (one for each in keys for one in each):
            s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        bare = time.perf_counter() - began
    return Figure(
        name="consumer_vs_bare_sqs", value=ours / len(events) * 1000, unit="ms/event",
        against="the same receives, gets and deletes, bare", ratio=ours / bare, runs=len(events),
        detail={"bare_ms": round(bare / len(events) * 1000, 2), "filings": FILINGS},
    )  # fmt: skip


class _Latest(Bucket):
    """The bucket, by key alone: the fakes' version names mean nothing in it."""

    def chunks(self, key: str, version: str | None = None) -> Any:
        """See `Bucket.chunks`."""
        return super().chunks(key)
