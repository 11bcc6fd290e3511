"""Capture data: dossier, document, certification, sections; what is known and nothing else."""

import json
from typing import Any

import pytest

from chalicelib.contracts.events import AttachmentSecured, AttachmentStored
from chalicelib.registry.contents import Contents
from chalicelib.registry.edms import capture
from chalicelib.registry.ready import Ready
from tests.unit.registry.filings import OFFICE, InMemoryFilings


def captured(*, known: bool = True) -> tuple[dict[str, Any], InMemoryFilings, Ready]:
    """The capture data of a filing; `known`: of a kind whose drawings are text of the application, with pages counted."""
    filings = InMemoryFilings.begin()
    stream = filings.ready()
    if known:
        for entry in filings.load(stream).entries:
            if isinstance(fact := entry.fact, AttachmentStored):
                filings.forge(entry, pages=fact.size % 7 + 2)
            if entry.type == "FilingSubmitted":
                filings.forge(entry, kind="patent")
    ready = Ready.of(filings.load(stream))
    assert ready is not None
    return json.loads(capture(ready, Contents(filings.records, ready).objects(), OFFICE)), filings, ready


def test_dossier_and_document_have_one_number_and_the_files_are_certified_by_custody() -> None:
    said, _, ready = captured()
    number = {"series": "2026", "number": 1}
    assert said["dossier"] == {"office": "KH", "type": "D", "display": "KH/D/2026/1", **number}
    assert said["document"] == {"kind": "patent", "route": "national", **number}
    last = [entry for entry in ready.stream.entries if entry.type == AttachmentSecured.__name__][-1]
    assert said["certified"] == {"at": last.at, "by": "tra:take_custody"}


def test_every_file_has_its_digest_and_every_section_its_pages() -> None:
    said, _, ready = captured()
    assert [file["sha256"] for file in said["files"]] == [file.sha256 for file in ready.submitted.files]
    assert [file["pages"] for file in said["files"]] == [section["last_page"] for section in said["sections"]]
    assert {section["section"] for section in said["sections"]} == {"drawings"}
    assert said["sections"][0]["path"] == "data/files/01-drawing.pdf"


def test_pages_that_nobody_counted_and_codes_that_nobody_gave_are_not_said() -> None:
    said, _, _ = captured(known=False)
    assert all("pages" not in file for file in said["files"])
    assert said["sections"] == []
    assert "edms_type" not in said["document"]


@pytest.mark.parametrize("known", [True, False])
def test_the_same_filing_gives_the_same_bytes(known: bool) -> None:
    assert captured(known=known)[0] == captured(known=known)[0]


def test_the_package_carries_it() -> None:
    filings = InMemoryFilings.begin()
    package = filings.package(filings.handed_over())
    (one,) = [one for one in package.objects if one.role == "edms"]
    assert json.loads(filings.records.read(one.key))["schema"] == "urn:tra:edms:1"
