"""From the register over topic and queue to the dossier, on DynamoDB, S3, SNS and SQS as moto has them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.attachments.s3 import S3Records
from chalicelib.aws import clients
from chalicelib.aws.s3 import Bucket
from chalicelib.contracts.events import PackageReady
from chalicelib.kernel.digest import Digest
from chalicelib.register.dynamodb import DynamoRegister
from chalicelib.register.model import StreamId
from chalicelib.registry.__main__ import DONE, IN_USE, LEFT, MARKS, UNREACHABLE, main
from chalicelib.registry.consumer import Message
from chalicelib.registry.layout import read_package
from chalicelib.registry.sqlite import SqliteMarks
from chalicelib.registry.sqs import SqsQueue
from chalicelib.relay.service import Relay
from chalicelib.relay.sns import SnsTopic
from chalicelib.signing.cms import Chain
from chalicelib.signing.kms import KmsSigner
from chalicelib.signing.receipts import SignedReceipts
from tests.faults.strict import strict
from tests.unit.registry.filings import FILES, LETTER, Filings
from tests.world import World, moto_world


class Ground:
    """The world of the template, and what reaches and reads the registry's queue in it."""

    def __init__(self, world: World, trust: Path) -> None:
        self.outputs, self.source = world.outputs, "urn:tra:kh-test"
        self.trust = trust
        trust.write_bytes(world.trust.roots())
        self.queue, self.bucket = world.outputs["RegistryQueueUrl"], world.outputs["RecordsBucket"]
        self.dead = clients.sqs().get_queue_url(QueueName="tra-test-registry-dead.fifo")["QueueUrl"]
        quarantine = Bucket(name=world.outputs["QuarantineBucket"], client=clients.s3())
        self.register = DynamoRegister(table=world.outputs["RegisterTable"], client=clients.dynamodb())
        self.filings = Filings(
            register=self.register,
            records=S3Records(name=self.bucket, client=clients.s3(), quarantine=quarantine),
            sealer=SignedReceipts(
                signer=KmsSigner(clients.kms(), world.environment["TRA_RECEIPT_KEY_ID"]),
                chain=Chain.from_pem(_parameter(world.environment["TRA_RECEIPT_CERTIFICATE_PARAMETER"]).encode()),
            ),
            upload=lambda key, body: (key, quarantine.put_once(key, body, "application/pdf").version),
        )

    def publish(self, *streams: StreamId) -> None:
        """What the relay does."""
        topic = SnsTopic(arn=self.outputs["FactsTopicArn"], client=clients.sns())
        Relay(outbox=self.register, topic=topic, source=self.source, clock=self.filings.clock).streams(streams)

    def consume(self, into: Path, *more: str, bucket: str = "") -> int:
        """The program, as the registry runs it."""
        wanted = ("--queue-url", self.queue, "--bucket", bucket or self.bucket, "--into", str(into), "--wait", "0",
                  "--trust", str(self.trust))  # fmt: skip
        return main(["consume", *wanted, *(more or ("--until-empty",))])

    def lying(self, url: str) -> int:
        """How many messages a queue holds."""
        counted = clients.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        shown, out = counted["ApproximateNumberOfMessages"], counted["ApproximateNumberOfMessagesNotVisible"]
        return int(shown) + int(out)


@pytest.fixture
def world() -> Iterator[World]:
    """The template's world, without the app in it."""
    with moto_world() as made:
        yield made


@pytest.fixture
def ground(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """An office with nothing in it yet, under AWS's rules."""
    with strict():
        yield Ground(world, tmp_path_factory.mktemp("trust") / "roots.pem")


def _parameter(name: str) -> str:
    return clients.ssm().get_parameter(Name=name)["Parameter"]["Value"]


def test_a_filing_reaches_the_registry_with_every_byte(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = ground.filings.handed_over()
    ground.publish(stream)
    assert ground.consume(tmp_path) == DONE
    there = tmp_path / "KH-D-2026-1"
    package = read_package((there / "package.json").read_bytes())
    assert {path.relative_to(there).as_posix() for path in there.rglob("*") if path.is_file()} == {
        "package.json", "data/form.json", "data/manifest.json", "data/receipt.json", "data/receipt.json.p7s",
        "data/letters/acknowledgement.pdf", "data/files/01-drawing.pdf", "data/files/02-រូបភាព កៅអី.pdf",
        "data/st96/bibliographic-data.xml", "data/edms.json", "bagit.txt", "bag-info.txt",
        "manifest-sha256.txt", "manifest-sha512.txt", "tagmanifest-sha256.txt", "tagmanifest-sha256.txt.p7s",
    }  # fmt: skip
    assert (there / "data" / "letters" / "acknowledgement.pdf").read_bytes() == LETTER
    assert [path.read_bytes() for path in sorted((there / "data" / "files").iterdir())] == [body for _, body in FILES]
    assert all(one.version for one in package.objects)
    assert {Digest.of(path.read_bytes()).hex for path in there.rglob("*") if path.is_file()} >= {
        one.sha256 for one in package.objects
    }
    said = capsys.readouterr().out.splitlines()
    assert len([line for line in said if line.startswith("laid")]) == 1
    assert ground.lying(ground.queue) == ground.lying(ground.dead) == 0


def test_handing_over_twice_and_consuming_twice_changes_nothing(ground: Ground, tmp_path: Path) -> None:
    stream = ground.filings.handed_over()
    ground.filings.hand_over(stream)
    assert len(ground.filings.load(stream).facts(PackageReady)) == 1
    ground.publish(stream)
    assert ground.consume(tmp_path) == DONE
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != MARKS}
    for entry in ground.filings.load(stream).entries:
        clients.sqs().send_message(
            QueueUrl=ground.queue,
            MessageBody=ground.filings.messages(stream)[entry.seq - 1].decode(),
            MessageGroupId=str(stream),
            MessageDeduplicationId=f"again-{entry.seq}",
        )
    assert ground.consume(tmp_path) == DONE
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != MARKS} == before
    assert ground.lying(ground.queue) == 0


def test_the_package_points_at_the_very_versions(ground: Ground, tmp_path: Path) -> None:
    stream = ground.filings.handed_over()
    for one in ground.filings.package(stream).objects:
        clients.s3().put_object(Bucket=one.bucket, Key=one.key, Body=b"later", ChecksumAlgorithm="SHA256")
    ground.publish(stream)
    assert ground.consume(tmp_path) == DONE
    assert (tmp_path / "KH-D-2026-1" / "data" / "letters" / "acknowledgement.pdf").read_bytes() == LETTER


def test_a_lost_event_parks_its_filing_and_another_goes_through(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, sound = ground.filings.handed_over(), ground.filings.handed_over()
    entries = ground.filings.load(broken).entries
    ground.register.mark_published(entries[2])  # as if dead-lettered
    ground.publish(broken, sound)
    assert ground.consume(tmp_path) == LEFT
    assert [path.name for path in tmp_path.iterdir() if path.name != MARKS] == ["KH-D-2026-2"]
    assert f"parked    {broken} 4: entry 3 has not come" in capsys.readouterr().out
    assert ground.lying(ground.queue) == len(entries) - 3


def test_a_pointer_into_another_bucket_is_refused(ground: Ground, tmp_path: Path) -> None:
    elsewhere = ground.outputs["QuarantineBucket"]
    stream = ground.filings.handed_over()
    key = ground.filings.fact(stream).key
    clients.s3().put_object(Bucket=elsewhere, Key=key, Body=ground.filings.records.read(key))
    ground.publish(stream)
    assert ground.consume(tmp_path, bucket=elsewhere) == LEFT
    assert [path.name for path in tmp_path.iterdir()] == [MARKS]


def test_once_takes_one_message_and_leaves_the_rest(ground: Ground, tmp_path: Path) -> None:
    stream = ground.filings.handed_over()
    ground.publish(stream)
    assert ground.consume(tmp_path, "--once") == DONE
    assert ground.lying(ground.queue) == ground.filings.load(stream).head.version - 1


def test_two_consumers_never_work_in_one_folder(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = SqliteMarks.open(tmp_path / MARKS)
    assert ground.consume(tmp_path) == IN_USE
    assert "another consumer" in capsys.readouterr().out
    other.close()
    assert ground.consume(tmp_path) == DONE


def test_when_aws_does_not_answer_the_program_says_so_and_ends(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from botocore.exceptions import EndpointConnectionError

    def down(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs.invalid")

    client = clients.sqs()
    client.meta.events.register("before-call.sqs.ReceiveMessage", down)
    try:
        assert ground.consume(tmp_path) == UNREACHABLE
    finally:
        client.meta.events.unregister("before-call.sqs.ReceiveMessage", down)
    assert "could not be reached" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [[], ["consume"], ["consume", "--queue-url", "q", "--bucket", "b", "--trust", "t", "--into", "d", "--wait", "20"]]
)
def test_wrong_arguments_are_told(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as told:
        main(wrong)
    assert told.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_one_hand_over_and_one_dossier_cost_so_many_calls(ground: Ground, tmp_path: Path) -> None:
    stream = ground.filings.ready()
    hand_over, consume = Counter[str](), Counter[str]()
    calls = hand_over

    def count(model: object, **_: object) -> None:
        calls[model.name] += 1  # type: ignore[attr-defined]

    for client in (clients.dynamodb(), clients.s3(), clients.sqs()):
        client.meta.events.register("before-call.*", count, unique_id="count")
    try:
        ground.filings.hand_over(stream)
        calls = consume
        ground.publish(stream)
        calls.clear()
        ground.consume(tmp_path)
    finally:
        for client in (clients.dynamodb(), clients.s3(), clients.sqs()):
            client.meta.events.unregister("before-call.*", unique_id="count")
    # the filing is read to know whose turn it is, to decide, and once more for its later papers
    assert hand_over == {"Query": 3, "GetObject": 8, "PutObject": 9, "TransactWriteItems": 1}
    events = ground.filings.load(stream).head.version
    assert consume == {
        "ReceiveMessage": events + 1, "DeleteMessage": events, "ChangeMessageVisibility": 1, "GetObject": 22,
    }  # fmt: skip


def test_a_message_whose_time_ran_out_is_neither_hidden_nor_deleted_and_that_is_no_fault(ground: Ground) -> None:
    queue = SqsQueue(url=ground.queue, client=clients.sqs())
    ground.publish(ground.filings.submit(files=()))
    message = queue.receive(wait=0)
    assert message is not None
    queue.delete(message)
    queue.delete(message)
    queue.hide(message, 10)
    queue.hide(Message(message.id, "no such handle", b""), 10)
    assert queue.receive(wait=0) is None
