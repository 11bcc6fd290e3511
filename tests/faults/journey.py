"""One filing from draft to dossier, as steps that may each be repeated: what a filer, a bank and the registry do.

Each step is one request (or one invocation of a function, taken from the pump) and names the workflow it belongs to. A step
reads and writes `world.memory.journey` only, uses the same idempotency key each time, and insists on the answer it needs;
so it can be killed anywhere and done again.
"""

import hashlib
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chalicelib.aws import clients as ours
from chalicelib.aws.s3 import Bucket
from chalicelib.registry.consumer import Consumer, Outcome
from chalicelib.registry.folder import Folder
from chalicelib.registry.seal import TrustedSeals
from chalicelib.registry.sqlite import SqliteMarks
from chalicelib.registry.sqs import SqsQueue
from infra.local.banks.model import Pushback
from tests.faults.ground import let_time_pass_for_queues
from tests.faults.pump import SCHEDULES, Invocation, Pump, scheduled
from tests.faults.world import Reply, World

MARKS = ".consumer.sqlite3"
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture of a chair" * 20
NAMES = {"en": "Sokha Design Co., Ltd.", "km": "ក្រុមហ៊ុន សុខា ឌីហ្សាញ"}


def pdf(text: str) -> bytes:
    """A small PDF that opens."""
    import pikepdf

    with pikepdf.new() as document:
        document.add_blank_page()
        document.docinfo["/Title"] = text
        held = io.BytesIO()
        document.save(held, deterministic_id=True)
    return held.getvalue()


FILES: tuple[tuple[str, str, str, bytes], ...] = (
    ("design-views", "កៅអី front.png", "image/png", PNG),
    ("power-of-attorney", "power of attorney.pdf", "application/pdf", pdf("power")),
)


@dataclass(frozen=True)
class Step:
    """One thing somebody does. `act` answers whether it is done; if not it is called again."""

    workflow: str
    name: str
    act: Callable[[World], bool]


def wanted(reply: Reply, *statuses: int) -> Reply:
    """The reply, which must have one of these statuses."""
    if reply.status not in statuses:
        raise AssertionError(f"answered {reply.status}: {reply.body[:600].decode(errors='replace')}")
    return reply


def form(attachments: tuple[str, ...] = ()) -> dict[str, Any]:
    """A complete design application, with the attachments that its views are."""
    return {
        "kind": "industrial-design",
        "reference": "OUR-7",
        "applicants": [
            {"names": NAMES, "kind": "organisation", "country": "KH", "address": {"en": "12 Street 240, Phnom Penh"}}
        ],
        "designs": [
            {
                "product": {"en": "Chair", "km": "កៅអី"},
                "locarno": "06-01",
                "views": [{"attachment": one, "shows": "front"} for one in attachments],
            }
        ],
    }


def begin(world: World) -> bool:
    """POST a draft. The same key each time: the same filing."""
    reply = world.request("POST", "/v1/filings", form(), headers={"Idempotency-Key": "journey-begin"})
    filing = wanted(reply, 201).json["id"]
    known = world.memory.journey.setdefault("filing", filing)
    if known != filing:
        raise AssertionError(f"a second filing {filing} for one key; the first is {known}")
    world.memory.journey["answered"] = [*world.memory.journey.get("answered", []), filing]
    return True


def wait(world: World) -> bool:
    """A second passes: attachments are listed in the order of their ids, which are as fine as a millisecond."""
    world.clock.advance(timedelta(seconds=1))
    return True


def reserve(number: int) -> Callable[[World], bool]:
    """Announce file `number`."""
    document, name, media_type, body = FILES[number]

    def act(world: World) -> bool:
        said = {"document": document, "name": name, "media_type": media_type, "size": len(body)}
        said["sha256"] = hashlib.sha256(body).hexdigest()
        reply = world.request(
            "POST", f"{_path(world)}/attachments", said, headers={"Idempotency-Key": f"journey-file-{number}"}
        )
        upload = wanted(reply, 201).json
        known = world.memory.journey.setdefault(f"file {number}", upload["id"])
        if known != upload["id"]:
            raise AssertionError(f"a second attachment {upload['id']} for one key")
        if upload["upload"]:  # none is given for what is there already
            world.memory.journey[f"key {number}"] = upload["upload"]["fields"]["key"]
        return True

    return act


def send(number: int) -> Callable[[World], bool]:
    """What the browser does with the address it got: straight to quarantine."""

    def act(world: World) -> bool:
        _, _, media_type, body = FILES[number]
        world.clients.s3.put_object(
            Bucket=world.environment["TRA_QUARANTINE_BUCKET"],
            Key=world.memory.journey[f"key {number}"],
            Body=body,
            ContentType=media_type,
            Tagging="state=draft",
        )
        return True

    return act


def edit(world: World) -> bool:
    """PUT the form that names its view."""
    body = form((world.memory.journey["file 0"],))
    wanted(world.request("PUT", _path(world), body, headers={"If-Match": '"1"'}), 200)
    return True


def submit(world: World) -> bool:
    """POST the submission, confirming what is shown."""
    memory = world.memory.journey
    if "confirmed" not in memory:
        shown = wanted(world.request("GET", _path(world)), 200)
        memory["confirmed"] = {
            "draft_version": shown.json["draft"]["version"],
            "manifest_sha256": shown.json["manifest"]["sha256"],
        }
    reply = world.request(
        "POST", f"{_path(world)}/submission", memory["confirmed"], headers={"Idempotency-Key": "journey-submit"}
    )
    said = wanted(reply, 201).json
    if memory.setdefault("receipt", said) != said:
        raise AssertionError("a second answer to one submission")
    return True


def order(world: World) -> bool:
    """POST an order, answered with something to pay by."""
    reply = world.request(
        "POST", f"{_path(world)}/payment-orders", {"rail": "aba"}, headers={"Idempotency-Key": "journey-order"}
    )
    said = wanted(reply, 201).json
    if world.memory.journey.setdefault("order", said["id"]) != said["id"]:
        raise AssertionError("a second order")
    world.memory.journey["reference"] = said["pay"]["reference"]
    return True


def pay(world: World) -> bool:
    """The filer pays at the bank."""
    reference = world.memory.journey["reference"]
    if not world.bank.transactions[reference].payments and not world.bank.pay(reference):
        raise AssertionError("the bank would not take the money")
    world.memory.journey["pushbacks"] = list(world.bank.take_due()) or world.memory.journey.get("pushbacks", [])
    return True


def notify(world: World) -> bool:
    """The bank rings."""
    pushback: Pushback
    for pushback in world.memory.journey["pushbacks"]:
        reply = world.request(
            "POST", urlsplit(pushback.url).path, subject="", headers=pushback.headers, raw=pushback.body
        )
        wanted(reply, 200)
    return True


def pump(world: World) -> bool:
    """One invocation of whatever is next."""
    bench = Pump(world)
    invocation = bench.next()
    if invocation is None:
        return True
    bench.run(invocation)
    if bench.failures:
        raise AssertionError("; ".join(bench.failures))
    return False


def sweep(world: World) -> bool:
    """The schedules run once: late questions, yesterday's books, entries that nobody published."""
    bench = Pump(world)
    for schedule in SCHEDULES:
        bench.run(Invocation(schedule, scheduled()))
    if bench.failures:
        raise AssertionError("; ".join(bench.failures))
    return True


def fetch(world: World) -> bool:
    """GET the letter's address, and the letter."""
    reply = wanted(world.request("GET", f"{_path(world)}/acknowledgement"), 200, 302, 303)
    world.memory.journey["letter"] = reply.json if reply.status == 200 else dict(reply.headers)
    return True


def consume(world: World) -> bool:
    """The registry's own program takes one message off its queue. Its folder outlives being killed."""
    memory = world.memory.journey
    let_time_pass_for_queues()
    with tempfile.TemporaryDirectory(prefix="tra-dossiers-") as name:
        folder = Path(name)
        _lay_out(folder, memory.get("dossiers", {}))
        try:
            return _consume(world, folder)
        finally:
            memory["dossiers"] = {
                str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
            }


def _consume(world: World, folder: Path) -> bool:
    marks = SqliteMarks.open(folder / MARKS)
    try:
        shelf = Folder(folder)
        shelf.sweep()
        consumer = Consumer(
            queue=SqsQueue(url=world.queues["registry"], client=ours.sqs()),
            objects=Bucket(name=world.environment["TRA_RECORDS_BUCKET"], client=ours.s3()),
            marks=marks,
            shelf=shelf,
            seals=TrustedSeals(world.roots),
            say=lambda line: None,
        )
        outcome = consumer.step(wait=0)
        if outcome in {Outcome.PARKED, Outcome.LEFT}:
            raise AssertionError(f"the consumer could not go on: {outcome.value}")
        return outcome is None
    finally:
        marks.close()


def _lay_out(folder: Path, files: dict[str, bytes]) -> None:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def _path(world: World) -> str:
    return f"/v1/filings/{world.memory.journey['filing']}"


PUMP = Step("", "pump", pump)
JOURNEY: tuple[Step, ...] = (
    Step("draft", "begin", begin),
    Step("upload", "reserve", reserve(0)),
    Step("", "send", send(0)),
    Step("", "wait", wait),
    Step("upload", "reserve", reserve(1)),
    Step("", "send", send(1)),
    PUMP,
    Step("draft", "edit", edit),
    Step("submit", "submit", submit),
    PUMP,
    Step("pay", "order", order),
    Step("", "pay", pay),
    Step("pay", "notify", notify),
    PUMP,
    Step("pay", "sweep", sweep),
    PUMP,
    Step("seal", "fetch", fetch),
    Step("consume", "consume", consume),
)


def travel(world: World, steps: tuple[Step, ...] = JOURNEY) -> None:
    """Go the whole way."""
    for step in steps:
        while not step.act(world):
            pass


def archived(world: World) -> None:
    """Time passes until letters are archived; then everything is quiet."""
    world.clock.advance(timedelta(seconds=int(world.environment["TRA_SETTLE_SECONDS"])))
    Pump(world).quiet()


PRIVATE = (*NAMES.values(), "12 Street 240", "OUR-7", *(name for _, name, _, _ in FILES))
