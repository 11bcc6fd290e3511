"""ST.96 documents: what was filed and nothing else, valid by our rules, and read back without loss."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.registry.st96 import design, patent
from chalicelib.registry.st96.checks import checked
from chalicelib.registry.st96.model import Filed
from chalicelib.registry.st96.tree import Node, NotSt96, parse, to_bytes
from chalicelib.registry.st96.xsd import OfficialSchemas
from infra.local.samples import design_form, patent_form
from tests.integration.journey import european
from tests.unit.registry.st96.filed import ATTACHMENTS, documents, filed

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data"
SCHEMAS = SHARED / "st96"
PATENTS = sorted((SHARED / "ep").glob("*.xml")) if (SHARED / "ep").is_dir() else []
needs_schemas = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="no official schemas: ../shared/data/st96 is absent")
needs_patents = pytest.mark.skipif(not PATENTS, reason="no real patents: ../shared/data/ep is absent")
NOT_IN_ST96 = {"page_count": 0, "declarations": ()}

FULL: dict[str, Any] = patent_form() | {
    "priorities": [{"office": "SG", "number": "10 2026 (1)", "date": "2026-01-31"}],
    "basis": {"office": "EP", "application_number": "13189031.1", "filed": "2013-10-17", "granted": "2019-01-02"},
}
MADE = {
    "patent": patent_form(),
    "patent with everything": FULL,
    "design": design_form(ATTACHMENTS),
    "design with priority": design_form(ATTACHMENTS) | {"priorities": FULL["priorities"]},
}


def read_back(root: Node, one: Filed) -> object:
    """What the document says was filed."""
    if one.form.designs:
        paths = {file.path: file.attachment for file in one.files}
        return design.read_design_application(root, one.form.kind, one.form.route, paths)
    return patent.read_bibliographic_data(root, one.form.kind, one.form.route)


@pytest.mark.parametrize("name", MADE)
def test_a_document_is_read_back_into_what_was_filed_and_written_again_the_same(name: str) -> None:
    one = filed(MADE[name])
    for root in documents(one):
        body = to_bytes(checked(root, one))
        assert to_bytes(parse(body)) == body
    whole = documents(one)[0]
    wanted = one.form.model_copy(update=NOT_IN_ST96)
    if one.form.designs:  # one title for each design is all that ST.96 has
        wanted = wanted.model_copy(update={"title": {"km": one.form.title["km"]}})
    assert read_back(parse(to_bytes(whole)), one) == wanted


@needs_schemas
@pytest.mark.parametrize("name", MADE)
def test_a_document_is_valid_by_the_official_schema(name: str) -> None:
    official = OfficialSchemas(SCHEMAS)
    for root in documents(filed(MADE[name])):
        official(to_bytes(root))


@needs_schemas
@needs_patents
@pytest.mark.parametrize("path", PATENTS, ids=lambda path: path.stem)
def test_a_real_patent_is_valid_by_the_official_schemas_and_nothing_of_it_is_lost(path: Path) -> None:
    form = european.form(european.read(path))
    one = filed(form)
    for root in documents(one):
        body = to_bytes(checked(root, one))
        OfficialSchemas(SCHEMAS)(body)
        assert to_bytes(parse(body)) == body
    back = patent.read_bibliographic_data(parse(to_bytes(documents(one)[0])), one.form.kind, one.form.route)
    assert back == one.form.model_copy(update=NOT_IN_ST96)
    assert documents(replace(one, form=back))[0] == documents(one)[0]


@needs_schemas
def test_the_official_schema_refuses_what_is_not_valid_and_names_no_text() -> None:
    root = patent.bibliographic_data(filed(patent_form()))
    wrong = replace(root, children=root.children[1:])
    with pytest.raises(NotSt96, match="BibliographicData_V6_0: line") as told:
        OfficialSchemas(SCHEMAS)(to_bytes(wrong))
    assert "Example" not in str(told.value)


@needs_schemas
def test_another_version_has_no_schema_here() -> None:
    with pytest.raises(FileNotFoundError, match=r"BibliographicData_V7_0\.xsd"):
        OfficialSchemas(SCHEMAS)(to_bytes(patent.bibliographic_data(filed(patent_form(), version="V7_0"))))


@needs_schemas
def test_without_mathml_compiling_is_fast_because_a_stub_stands_in_and_a_formula_gets_the_whole_schema() -> None:
    official = OfficialSchemas(SCHEMAS)
    official(to_bytes(patent.bibliographic_data(filed(patent_form()))))
    assert list(official._compiled) == [("BibliographicData_V6_0", False)]
    formula = (
        b'<pat:BibliographicData xmlns:pat="http://www.wipo.int/standards/XMLSchema/ST96/Patent"'
        b' xmlns:com="http://www.wipo.int/standards/XMLSchema/ST96/Common" com:st96Version="V6_0">'
        b'<m:math xmlns:m="http://www.w3.org/1998/Math/MathML3"/></pat:BibliographicData>'
    )
    with pytest.raises(NotSt96):
        official(formula)
    assert ("BibliographicData_V6_0", True) in official._compiled


def test_the_version_is_a_parameter() -> None:
    for root in documents(filed(patent_form(), version="V7_0")):
        assert root.get("com:st96Version") == "V7_0"


def test_what_nobody_stated_is_empty_and_never_made_up() -> None:
    form = design_form(ATTACHMENTS)
    del form["designs"][0]["locarno"]
    (root,) = documents(filed(form))
    said = {node.name: node.text for node in root.walk() if not node.children}
    assert said["com:LocarnoClass"] == said["com:LocarnoClassificationEdition"] == said["com:LocarnoSubclass"] == ""
    bare = patent_form() | {"applicants": [{"names": {"en": "A"}, "country": "SG"}]}
    lines = [node.text for node in documents(filed(bare))[0].walk() if node.name == "com:AddressLineText"]
    assert lines[0] == ""


def test_a_picture_that_is_withheld_is_not_named_and_the_others_keep_their_numbers() -> None:
    whole = filed(design_form(ATTACHMENTS), media_type="image/png")
    (root,) = documents(whole)
    (less,) = documents(replace(whole, files=whole.files[1:]))
    named = [node.text for node in root.walk() if node.name == "com:FileName"]
    assert whole.files[0].path in named
    assert [node.text for node in less.walk() if node.name == "com:FileName"] == [
        name for name in named if name != whole.files[0].path
    ]


def test_every_text_of_a_document_was_filed_or_given_by_the_office() -> None:
    one = filed(FULL)
    known = one.form.to_bytes().decode() + one.number + one.filing_date + one.office + "Agent"
    for root in documents(one)[:1]:
        for node in root.walk():
            for line in node.text.split("\n"):
                assert line in known, node.name


def test_an_application_whose_files_are_no_text_has_no_body() -> None:
    assert len(documents(filed(patent_form(), media_type="image/png"))) == 1


def change(form: dict[str, Any], act: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The form with one thing changed."""
    changed = copy.deepcopy(form)
    act(changed)
    return changed


def swapped(root: Node, name: str, text: str) -> Node:
    """The document, with another text in every element of this name."""
    if root.name == name:
        return replace(root, text=text)
    return replace(root, children=tuple(swapped(child, name, text) for child in root.children))


@pytest.mark.parametrize(
    ("form", "name", "text", "why"),
    [
        ("patent", "pat:FilingDate", "2026-11-26", "has_number_and_date"),
        ("patent", "com:ApplicationNumberText", "KH/P/2026/2", "has_number_and_date"),
        ("design", "com:ApplicationDate", "", "has_number_and_date"),
        ("patent with everything", "pat:GrantDate", "2019-02-30", "dates_are_days"),
        ("patent", "com:CountryCode", "Cambodia", "offices_are_codes"),
        ("design", "com:LocarnoClass", "6-1", "locarno_is_in_full"),
        ("design", "com:FileName", "../../etc/passwd", "files_are_in_the_package"),
        ("patent", "com:OrganizationStandardName", "", "somebody_applies"),
    ],
)
def test_our_own_checks_find_what_the_schema_lets_pass(form: str, name: str, text: str, why: str) -> None:
    one = filed(MADE[form])
    with pytest.raises(NotSt96, match=why):
        checked(swapped(documents(one)[0], name, text), one)


def test_a_body_that_names_a_file_that_was_not_filed_is_refused() -> None:
    one = filed(patent_form())
    with pytest.raises(NotSt96, match="files_are_in_the_package"):
        checked(swapped(documents(one)[1], "pat:DocumentURI", "https://elsewhere.invalid/x.pdf"), one)


def test_nobody_applying_and_another_version_are_refused() -> None:
    one = filed(patent_form())
    root = documents(one)[0]
    with pytest.raises(NotSt96, match="somebody_applies"):
        checked(replace(root, children=root.children[:-1]), one)
    with pytest.raises(NotSt96, match="is_of_the_version"):
        checked(root, replace(one, version="V7_0"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b'<!DOCTYPE x [<!ENTITY a "b">]><pat:X xmlns:pat="http://www.wipo.int/standards/XMLSchema/ST96/Patent"/>',
        b"<x/>",
        b'<pat:X xmlns:pat="urn:other"/>',
        b'<pat:X xmlns:pat="http://www.wipo.int/standards/XMLSchema/ST96/Patent"><!-- a --></pat:X>',
        b'<pat:X xmlns:pat="http://www.wipo.int/standards/XMLSchema/ST96/Patent">a<pat:Y/></pat:X>',
        b'<pat:X xmlns:pat="http://www.wipo.int/standards/XMLSchema/ST96/Patent">' + b"<pat:Y>" * 40,
        b" " * 5_000_001,
    ],
)
def test_what_is_no_document_of_ours_is_not_read(body: bytes) -> None:
    with pytest.raises(NotSt96):
        parse(body)


def test_markup_in_a_text_stays_text() -> None:
    root = Node("pat:InventionTitle", (), 'a <b>&amp; "c"\r\n ]]>', attributes=(("com:languageCode", 'x"\n\t<'),))
    assert parse(to_bytes(root)) == root


@pytest.mark.parametrize("text", ["\x00", "\x0b", "\ufffe", "\ud800"])
def test_what_xml_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(NotSt96, match="pat:InventionTitle"):
        to_bytes(Node("pat:InventionTitle", (), text))
