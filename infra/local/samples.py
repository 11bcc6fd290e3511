"""Two made-up applications with real files: a design (a rice bowl, three views) and a patent (a water pump).

Applicants, agents and addresses are invented. The files are drawn when asked for, with the fonts of the office, and are the
same bytes each time.
"""

from functools import cache
from typing import Any, Literal

from chalicelib.wiring.ground import fonts_folder
from infra.local.filer import File

APPLICANT = {
    "names": {"en": "Example Rice Bowl Cooperative", "km": "សហគមន៍ចានបាយគំរូ"},
    "kind": "organisation",
    "country": "KH",
    "address": {"en": "House 0, Example Street, Phnom Penh", "km": "ផ្ទះលេខ ០ ផ្លូវគំរូ រាជធានីភ្នំពេញ"},
}
CREATOR = {"names": {"en": "Sokha Example", "km": "សុខា គំរូ"}, "country": "KH"}
AGENT = {
    "names": {"en": "Example Patent Agents", "km": "ភ្នាក់ងារប៉ាតង់គំរូ"},
    "kind": "organisation",
    "country": "KH",
    "agent_number": "0000",
    "address": {"en": "House 1, Example Street, Phnom Penh"},
}


def design_form(views: tuple[str, ...] = ()) -> dict[str, Any]:
    """A design application; `views` are the attachments that show it, in the order of `design_files`."""
    shown = ("perspective", "front", "top")
    return {
        "kind": "industrial-design",
        "language": "km",
        "reference": "BOWL-2026-1",
        "title": {"km": "ចានបាយ", "en": "Rice bowl"},
        "applicants": [APPLICANT],
        "inventors": [CREATOR],
        "designs": [
            {
                "product": {"km": "ចានបាយ", "en": "Rice bowl"},
                "locarno": "07-01",
                "views": [
                    {"attachment": attachment, "shows": side} for attachment, side in zip(views, shown, strict=False)
                ],
            }
        ],
    }


def design_files() -> tuple[File, ...]:
    """Three views of a bowl, 800 pixels a side, and the statement that goes with them."""
    return (
        File("design-views", "bowl perspective.png", "image/png", _picture("perspective")),
        File("design-views", "bowl front.png", "image/png", _picture("front")),
        File("design-views", "ចានបាយ ពីលើ.png", "image/png", _picture("top")),
    )


def patent_form() -> dict[str, Any]:
    """A patent application by an applicant from abroad, through an agent."""
    return {
        "kind": "patent",
        "language": "en",
        "reference": "PUMP-2026-7",
        "title": {"en": "Foot-driven water pump", "km": "ម៉ាស៊ីនបូមទឹកជាន់ដោយជើង"},
        "applicants": [
            {
                "names": {"en": "Example Pumps Ltd."},
                "kind": "organisation",
                "country": "SG",
                "address": {"en": "0 Example Road, Singapore"},
            }
        ],
        "agent": AGENT,
        "inventors": [{"names": {"en": "Alex Example"}, "country": "SG"}],
        "priorities": [],
        "classifications": ["F04B 9/14"],
        "claim_count": 12,
        "page_count": 5,
    }


def patent_files() -> tuple[File, ...]:
    """Description, claims, abstract, drawings and a power of attorney, as PDF."""
    pdf = "application/pdf"
    return (
        File("description", "description.pdf", pdf, _paper("Description", "A pump that is driven by foot. " * 60)),
        File("claims", "claims.pdf", pdf, _paper("Claims", "1. A pump, comprising a treadle and two cylinders. " * 12)),
        File(
            "abstract", "abstract.pdf", pdf, _paper("Abstract", "A pump with a treadle lifts water from a well. " * 4)
        ),
        File("drawings", "drawings.pdf", pdf, _paper("Drawings", "Fig. 1: the pump, seen from the side.")),
        File(
            "power-of-attorney", "power of attorney.pdf", pdf, _paper("Power of attorney", "The agent may act for us.")
        ),
    )


@cache
def answer_form(letter: str = "OA/2026/17") -> dict[str, Any]:
    """A later paper that answers a letter of the office."""
    return {
        "kind": "answer",
        "language": "km",
        "reference": "BOWL-2026-1-A",
        "subject": "ចម្លើយ / Answer",
        "answers": [{"letter": letter}],
    }


def letter() -> File:
    """What the filer writes with it."""
    return File("statement", "ចម្លើយ answer.pdf", "application/pdf", _paper("Answer", "As asked, the drawings again."))


def _picture(side: str) -> bytes:
    body = {
        "perspective": '#ellipse(width: 9cm, height: 4cm, fill: rgb("b5651d"))#v(-3cm)#ellipse(width: 8cm, height: 2.4cm,'
        ' fill: rgb("f5deb3"))',
        "front": '#polygon(fill: rgb("b5651d"), (0cm, 0cm), (9cm, 0cm), (6.5cm, 4cm), (2.5cm, 4cm))',
        "top": '#circle(radius: 4.5cm, fill: rgb("b5651d"))#v(-8.5cm)#circle(radius: 3.8cm, fill: rgb("f5deb3"))',
    }[side]
    page = f"#set page(width: 10cm, height: 10cm, margin: 0.5cm)\n#set align(center + horizon)\n{body}\n"
    return _drawn(page, "png")


@cache
def _paper(title: str, text: str) -> bytes:
    page = f'#set page(paper: "a4", margin: 2.5cm)\n#set text(size: 11pt)\n= {title}\n\n{text}\n'
    return _drawn(page, "pdf")


def _drawn(source: str, form: Literal["pdf", "png"]) -> bytes:
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts_folder())])
    text = f'#set document(date: none)\n#set text(font: "Noto Sans")\n{source}'
    return typst.compile(text.encode(), format=form, font_paths=fonts, ppi=203.2, timestamp=0)
