"""People in front of the office: filers with their software, and somebody who pays; all through the public API."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from infra.local import samples
from infra.local.filer import Answer, File, Filer, all_stored
from tests.faults.pump import Pump
from tests.faults.world import World
from tests.integration.storage import Storage


def filer(world: World, subject: str = "anna") -> Filer:
    """Somebody with an account."""

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        reply = world.request(method, path, subject="", headers=headers, raw=body or None)
        return Answer(reply.status, reply.headers, reply.body)

    return Filer(send, Storage(world.clients), world._token(subject))


def begun(world: World, who: Filer, form: Mapping[str, Any], files: tuple[File, ...]) -> tuple[str, tuple[str, ...]]:
    """A draft with its files, all arrived and looked at: its id, and the attachments' ids in the order of `files`."""
    filing = who.begin(form)
    attachments = tuple(who.attach(filing, file) for file in files)
    Pump(world).drain()
    assert all_stored(who.view(filing))
    return filing, attachments


def design(world: World, who: Filer) -> tuple[str, tuple[File, ...]]:
    """A complete design, not yet submitted."""
    files = samples.design_files()
    filing, attachments = begun(world, who, samples.design_form(), files)
    who.edit(filing, samples.design_form(attachments), 1)
    return filing, files


def patent(world: World, who: Filer) -> tuple[str, tuple[File, ...]]:
    """A complete patent application, not yet submitted."""
    files = samples.patent_files()
    return begun(world, who, samples.patent_form(), files)[0], files


def finished_design(world: World) -> str:
    """Anna's design, from draft to handed over: its id."""
    anna = filer(world)
    filing, _ = design(world, anna)
    anna.submit(filing)
    quiet(world)
    pay(world, anna, filing)
    assert anna.view(filing)["status"] == "handed-over"
    return filing


def pay(world: World, who: Filer, filing: str) -> dict[str, Any]:
    """Order, scan, pay; the bank rings, and everything that follows from it is done."""
    order = who.order(filing)
    assert world.bank.pay(order["pay"]["reference"])
    for pushback in world.bank.take_due():
        path = urlsplit(pushback.url).path
        assert world.request("POST", path, subject="", headers=pushback.headers, raw=pushback.body).status == 200
    quiet(world)
    return order


def quiet(world: World) -> None:
    """Let the functions work until there is nothing left to do; nothing may have failed."""
    pump = Pump(world)
    pump.quiet()
    assert pump.failures == []
    assert list(pump.dead()) == []
