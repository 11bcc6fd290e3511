"""The whole way, through the public API: from a draft to the sealed letter, the package and the registry's dossier."""

import base64
import hashlib
import json
from collections.abc import Callable
from itertools import pairwise

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from chalicelib.signing.check import check_sealed
from infra.local.filer import File, Filer, Refusal
from tests.faults import journey
from tests.faults.world import Moment, World
from tests.integration.people import design, filer, finished_design, patent, pay, quiet
from tests.integration.storage import presigned


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def receipt_signature_holds(receipt: bytes, signature: bytes, root: bytes) -> bool:
    """RFC 5652 section 5.4 and 5.6, and a chain of names and signatures to `root`."""
    signed = cms.ContentInfo.load(signature)["content"]
    (signer,) = signed["signer_infos"]
    attributes = {one["type"].native: one["values"][0].native for one in signer["signed_attrs"]}
    if (
        attributes["message_digest"] != hashlib.sha256(receipt).digest()
        or signed["encap_content_info"]["content"].native
    ):
        return False
    own = signer["sid"].chosen["serial_number"].native
    chain = [x509.load_der_x509_certificate(one.chosen.dump()) for one in signed["certificates"]]
    chain.sort(key=lambda one: one.serial_number != own)  # a set has no order; the signer's first
    chain.append(x509.load_pem_x509_certificate(root))
    key = chain[0].public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    untagged = b"\x31" + signer["signed_attrs"].dump()[1:]  # a SET OF, whatever tag it travels under
    key.verify(signer["signature"].native, untagged, padding.PKCS1v15(), hashes.SHA256())
    for one, issuer in pairwise(chain):
        if one != issuer:
            one.verify_directly_issued_by(issuer)
    return True


@pytest.mark.parametrize(
    ("make", "number"), [(design, "KH/D/2026/1"), (patent, "KH/P/2026/1")], ids=["design", "patent"]
)
def test_an_application_goes_from_draft_to_the_registry(
    world: World, make: Callable[[World, Filer], tuple[str, tuple[File, ...]]], number: str
) -> None:
    who = filer(world)
    filing, files = make(world, who)

    receipt = who.submit(filing)
    quiet(world)
    pay(world, who, filing)
    view = who.view(filing)
    letter = who.acknowledgement(filing)
    while not journey.consume(world):
        pass

    # the receipt lists what was sent, and its signature holds
    lines = json.loads(receipt["receipt"])["files"]
    assert {line["sha256"] for line in lines} == {sha256(file.body) for file in files}
    assert {line["name"] for line in lines} == {file.name for file in files}
    signature = base64.b64decode(receipt["signature"]["value"])
    assert receipt_signature_holds(receipt["receipt"].encode(), signature, world.roots)

    # the view is folded from the entries
    assert (view["status"], view["number"], receipt["application_number"]) == ("handed-over", number, number)
    assert view["chain"]["verified"] is True
    types = [event["type"] for event in view["history"]]
    once = ("FilingSubmitted", "FeePaid", "LetterIntended", "LetterIssued", "PackageReady")
    assert [types.count(name) for name in once] == [1] * 5
    assert types.count("AttachmentSecured") == len(files)
    assert [name for name in types if name in once] == list(once)

    # the letter is sealed, whole, and carries the receipt
    sealed = fetched(world, letter["url"])
    assert sha256(sealed) == letter["sha256"]
    assert (letter["level"], letter["issued_sha256"]) == ("b-lta", view["acknowledgement"]["sha256"])
    report = check_sealed(sealed, world.roots, at=world.clock())
    assert report.valid, report
    assert dict(report.attachments)["receipt.json"] == receipt["receipt"].encode()

    # the registry holds the very bytes
    dossier = number.replace("/", "-") + "/"
    there = {sha256(body) for path, body in world.memory.journey["dossiers"].items() if path.startswith(dossier)}
    assert {sha256(file.body) for file in files} | {letter["issued_sha256"], receipt["receipt_sha256"]} <= there


def fetched(world: World, url: str) -> bytes:
    """What lies behind a presigned address."""
    bucket = world.environment["TRA_RECORDS_BUCKET"]
    key = presigned(url)["path"].removeprefix(f"/{bucket}").lstrip("/")
    return world.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


@pytest.fixture(scope="module")
def finished(opened: World) -> tuple[Moment, str]:
    """The moment at which Anna's first design is handed over, and its id."""
    opened.go_back(opened.first)
    filing = finished_design(opened)
    return opened.remember(), filing


@pytest.fixture
def handed_over(world: World, finished: tuple[Moment, str]) -> tuple[Filer, str]:
    """Anna, and her design that is handed over."""
    world.go_back(finished[0])
    return filer(world), finished[1]


def test_a_demo_fee_is_labelled_wherever_it_is_shown(handed_over: tuple[Filer, str]) -> None:
    who, filing = handed_over
    quote = who.call("GET", f"/v1/filings/{filing}/fee-quote").json
    assert quote["demo"] is True and [line["demo"] for line in quote["lines"]] == [True]
    assert who.call("GET", f"/v1/filings/{filing}/payment-orders").json["quote"] == quote
    (paid,) = [event for event in who.view(filing)["history"] if event["type"] == "FeePaid"]
    assert paid["data"]["demo"] is True


def test_the_letter_is_had_by_a_link_of_a_minute_that_downloads_and_is_not_kept(
    handed_over: tuple[Filer, str],
) -> None:
    who, filing = handed_over
    answer = who.call("GET", f"/v1/filings/{filing}/acknowledgement")
    link = presigned(answer.json["url"])
    assert int(link["x-amz-expires"]) <= 60 and answer.json["seconds"] <= 60
    assert link["response-content-disposition"] == "attachment; filename*=UTF-8''KH-D-2026-1-ACK.pdf"
    assert link["response-cache-control"] == "no-store"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_receipt_asked_for_again_is_the_same_to_the_byte(world: World, handed_over: tuple[Filer, str]) -> None:
    who, filing = handed_over
    view = who.view(filing)
    submitted = next(event["data"] for event in view["history"] if event["type"] == "FilingSubmitted")
    confirmed = {name: submitted[name] for name in ("draft_version", "manifest_sha256")}
    path = f"/v1/filings/{filing}/submission"
    first, again = (who.call("POST", path, confirmed, Idempotency_Key=f"press-000{number}") for number in (1, 2))
    assert first.body == again.body
    assert sha256(first.json["receipt"].encode()) == view["receipt"]["sha256"]
    assert who.view(filing) == view


def test_what_is_paid_is_not_paid_again(handed_over: tuple[Filer, str]) -> None:
    who, filing = handed_over
    with pytest.raises(Refusal, match=r"order\.paid"):
        who.order(filing)
    order = who.call("GET", f"/v1/filings/{filing}/payment-orders").json
    assert order["status"] == "paid" and "pay" not in order


def test_every_message_twice_and_in_another_order_and_all_is_as_before(
    world: World, handed_over: tuple[Filer, str]
) -> None:
    who, filing = handed_over
    before = who.view(filing)
    assert {queue for queue, _ in world.memory.handled} >= {
        "uploads",
        "custody",
        "bells",
        "credits",
        "sealing",
        "handover",
    }
    for queue, message in reversed(list(world.memory.handled)):
        fifo = {"MessageGroupId": "again", "MessageDeduplicationId": message["MessageId"]}
        url = world.queues[queue]
        sent = {"QueueUrl": url, "MessageBody": message["Body"], **(fifo if url.endswith(".fifo") else {})}
        world.clients.sqs.send_message(**sent)
    quiet(world)
    assert who.view(filing) == before
