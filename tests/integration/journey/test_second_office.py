"""Another office: the same app with other data files an application, is paid and issues a letter. No change of code."""

import io
import shutil
from pathlib import Path

import pikepdf
import pypdfium2  # type: ignore[import-untyped]
import pytest

from chalicelib.offices.load import load_office
from chalicelib.signing.check import check_sealed
from infra.local.filer import File, Refusal
from tests.faults.world import World
from tests.integration.journey.test_journey import fetched
from tests.integration.people import begun, filer, pay, quiet
from tests.offices import RURITANIA

FORM = {
    "kind": "plant-variety",
    "language": "fr",
    "title": {"fr": "Rose de Strelsau"},
    "applicants": [
        {"names": {"fr": "Flavie Exemple"}, "country": "ZZ", "address": {"fr": "1, rue du Château\nStrelsau"}}
    ],
    "declarations": ["new-variety"],
}


def paper() -> File:
    with pikepdf.new() as document:
        document.add_blank_page()
        held = io.BytesIO()
        document.save(held, deterministic_id=True)
    return File("botanical-description", "Description à jour.pdf", "application/pdf", held.getvalue())


@pytest.fixture
def in_dollars(tmp_path: Path) -> Path:
    """Ruritania's folder with its fees in dollars, which the one rail we have can carry: a change of data."""
    folder = tmp_path / "ruritania"
    shutil.copytree(RURITANIA, folder)
    for name in ("office.toml", "fees.toml"):
        file = folder / name
        file.write_text(file.read_text("utf-8").replace('currency = "EUR"', 'currency = "USD"'), "utf-8")
    return folder


def test_a_second_office_files_is_paid_and_seals_in_its_own_way(world: World, in_dollars: Path) -> None:
    world.office = load_office(in_dollars)
    who = filer(world)
    filing, _ = begun(world, who, FORM, (paper(),))

    receipt = who.submit(filing)
    assert receipt["application_number"] == "OV2026-00001"
    assert '"received_at":"2026-11-25T06:00:00.000+01:00"' in receipt["receipt"]
    quiet(world)
    order = pay(world, who, filing)
    assert (order["quote"]["total"], order["quote"]["demo"]) == (
        {"minor": 25000, "currency": "USD", "text": "250.00"},
        False,
    )
    assert order["pay"]["reference"].startswith("RZ")

    view = who.view(filing)
    assert view["status"] == "handed-over"
    assert set(view["history"][0]["description"]) == {"fr", "en"}
    sealed = fetched(world, who.acknowledgement(filing)["url"])
    assert check_sealed(sealed, world.roots, at=world.clock()).valid
    with pypdfium2.PdfDocument(sealed) as document:
        text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    for wanted in (
        "OV2026-00001",
        "Principauté de Ruritanie",
        "Flavie Exemple",
        "250",
        "USD",
        "Description à jour.pdf",
    ):
        assert wanted in text, wanted
    for foreign in ("Cambodia", "Phnom", "KHR", "KH/"):
        assert foreign not in text, foreign
    assert not any("\u1780" <= character <= "\u17ff" for character in text)


def test_a_second_office_refuses_in_its_own_languages(world: World) -> None:
    world.office = load_office(RURITANIA)
    who = filer(world)
    with pytest.raises(Refusal) as refused:
        who.submit(who.begin({"kind": "plant-variety"}))
    for finding in refused.value.answer.json["findings"]:
        assert set(finding["message"]) == set(finding["action"]) == {"fr", "en"}


def test_a_currency_that_no_rail_carries_is_refused_and_nothing_is_opened(world: World) -> None:
    world.office = load_office(RURITANIA)
    who = filer(world)
    filing, _ = begun(world, who, FORM, (paper(),))
    who.submit(filing)
    with pytest.raises(Refusal, match=r"rail\.currency"):
        who.order(filing)
    assert world.bank.transactions == {}


def test_what_the_other_office_files_this_one_does_not(world: World) -> None:
    with pytest.raises(Refusal, match=r"kind\.unknown"):
        filer(world).begin(FORM)
