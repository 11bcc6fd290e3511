"""Real European patents with real PDF documents, and a design with a real photograph and drawing, filed as anybody would."""

import hashlib
from pathlib import Path

import pytest

from infra.local import samples
from infra.local.filer import File
from tests.faults.world import World
from tests.integration.journey import european
from tests.integration.journey.european import SHARED
from tests.integration.people import begun, filer, pay, quiet

DOCUMENTS = SHARED / "documents"
PATENTS = sorted((SHARED / "ep").glob("*.xml")) if (SHARED / "ep").is_dir() else []
pytestmark = pytest.mark.skipif(
    not PATENTS or not DOCUMENTS.is_dir(), reason="no real input: ../shared/data (ep, documents) is absent"
)
PAPERS = {
    "description": "multicolumn.pdf",
    "claims": "pdflatex-image.pdf",
    "drawings": "imagemagick-CCITTFaxDecode.pdf",
    "translation": "google-doc-document.pdf",
    "power-of-attorney": "grayscale-image.pdf",
    "other": "crazyones-pdfa.pdf",  # a validation takes no abstract of its own
}


def papers(path: Path) -> tuple[File, ...]:
    """The documents of an application, and the published patent itself where it says that it is XML."""
    made = [File(code, name, "application/pdf", (DOCUMENTS / name).read_bytes()) for code, name in PAPERS.items()]
    published = path.read_bytes()
    if published.startswith(b"<?xml"):
        made.append(File("basis-document", path.name, "application/xml", published))
    return tuple(made)


@pytest.mark.parametrize("path", PATENTS, ids=lambda path: path.stem)
def test_a_european_patent_is_filed_for_validation(world: World, path: Path) -> None:
    form = european.form(european.read(path))
    who = filer(world)
    filing, _ = begun(world, who, form, papers(path))

    receipt = who.submit(filing)
    view = who.view(filing)

    shown = view["draft"]["form"]
    for name in ("title", "applicants", "inventors", "classifications", "basis", "claim_count"):
        assert shown[name] == form[name], name
    assert shown.get("priorities", []) == form["priorities"]
    assert receipt["application_number"] == "KH/P/2026/1"
    assert {file["sha256"] for file in view["manifest"]["files"]} == {
        hashlib.sha256(file.body).hexdigest() for file in papers(path)
    }
    entries = str([event["data"] for event in view["history"]])
    for party in (*form["applicants"], *form["inventors"]):
        assert party["names"]["en"] not in entries
    quote = who.call("GET", f"/v1/filings/{filing}/fee-quote").json
    assert (quote["demo"], quote["total"]["text"]) == (False, "120000")


def test_a_european_patent_goes_the_whole_way(world: World) -> None:
    who = filer(world)
    filing, _ = begun(world, who, european.form(european.read(PATENTS[-1])), papers(PATENTS[-1]))
    who.submit(filing)
    quiet(world)
    pay(world, who, filing)
    view = who.view(filing)
    assert (view["status"], view["route"]) == ("handed-over", "ep-validation")


def test_a_design_is_filed_with_a_real_photograph_and_drawing(world: World) -> None:
    files = (
        File("design-views", "image.jpg", "image/jpeg", (DOCUMENTS / "image.jpg").read_bytes()),
        File("design-views", "page-23-Im2.png", "image/png", (DOCUMENTS / "page-23-Im2.png").read_bytes()),
    )
    who = filer(world)
    filing, attachments = begun(world, who, samples.design_form(), files)
    who.edit(filing, samples.design_form(attachments), 1)
    who.submit(filing)
    listed = [(file["name"], file["media_type"], file["size"]) for file in who.view(filing)["manifest"]["files"]]
    assert listed == [(file.name, file.media_type, len(file.body)) for file in files]
