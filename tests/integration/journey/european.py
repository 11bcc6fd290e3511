"""Real European patent documents (ST.36-like XML of the EPO) as forms of ours: bibliographic data, claims, priorities.

Read by a parser that loads no DTD, resolves no entity and reaches no network; a document with entities of its own is
refused. One of the published files has an unescaped `<` in a heading, so the parser goes on after faults.
"""

from pathlib import Path
from typing import Any

from lxml import etree

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def read(path: Path) -> Any:
    """The document's root. ValueError if it declares anything itself."""
    raw = path.read_bytes()
    if b"<!ENTITY" in raw:
        raise ValueError("entities are not read")
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=True)
    return etree.fromstring(raw, parser)


def form(root: Any) -> dict[str, Any]:
    """The patent as an application for validation here."""
    priorities = [
        {"office": text(one, "B330/ctry"), "number": text(one, "B310"), "date": day(text(one, "B320/date"))}
        for one in groups(root.find(".//B300"), "B310", "B320", "B330")
    ]
    basis = {
        "office": "EP",
        "application_number": text(root, ".//B210"),
        "publication_number": f"EP{root.get('doc-number')}{root.get('kind')}",
        "filed": day(text(root, ".//B220/date")),
        "published": day(root.get("date-publ")),
    }
    if granted := root.findtext(".//B450/date"):
        basis["granted"] = day(granted)
    return {
        "kind": "patent",
        "route": "ep-validation",
        "language": "en",
        "reference": f"EP {root.get('doc-number')}",
        "title": titles(root.find(".//B540")),
        "applicants": [party(one, "organisation") for one in root.iterfind(".//B711")]
        or [party(one, "organisation") for one in root.iterfind(".//B731")],
        "agent": {"names": {"en": "Example Patent Agents"}, "kind": "organisation", "country": "KH"},
        "inventors": [party(one, "person") for one in root.iterfind(".//B721")],
        "priorities": priorities,
        "basis": basis,
        "classifications": [
            " ".join(one.text[:15].split()) for one in root.iterfind(".//B510EP/classification-ipcr/text")
        ],
        "claim_count": len(root.find(".//claims").findall("claim")),
    }


def party(element: Any, kind: str) -> dict[str, Any]:
    """An applicant, proprietor or inventor."""
    lines = [text(element, "adr/str"), text(element, "adr/city")]
    return {
        "names": {"en": text(element, "snm")},
        "kind": kind,
        "country": text(element, "adr/ctry"),
        "address": {"en": "\n".join(lines)},
    }


def titles(element: Any) -> dict[str, str]:
    """Language → title; the document writes them one after the other."""
    return {
        text(language, "."): text(title, ".")
        for language, title in zip(element.findall("B541"), element.findall("B542"), strict=True)
    }


def groups(element: Any, *tags: str) -> list[Any]:
    """Repeated siblings as one element for each repetition."""
    if element is None:
        return []
    made = []
    for parts in zip(*(element.findall(tag) for tag in tags), strict=True):
        made.append(etree.Element("group"))
        made[-1].extend(parts)
    return made


def text(element: Any, path: str) -> str:
    """The words of one element, on one line."""
    found = element if path == "." else element.find(path)
    return " ".join("".join(found.itertext()).split())


def day(digits: str) -> str:
    """`20181130` as `2018-11-30`."""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
