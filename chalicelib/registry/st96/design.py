"""Designs: `dgn:DesignApplication`, and what was filed, read back from it.

ST.96 holds one title for each design, so of a title in several languages the document has the one in the language of filing;
the product is named in every language. The form itself lies in the package beside it.
"""

from collections.abc import Mapping

from chalicelib.contracts.form import Design, Form, Party, Priority, View
from chalicelib.registry.st96.model import Filed, FiledPart
from chalicelib.registry.st96.parties import (
    LANGUAGE,
    NUMBER_TEXT,
    contact,
    leaf,
    maybe,
    number_text,
    read_party,
)
from chalicelib.registry.st96.tree import Node

IMAGES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/svg+xml": "SVG", "image/tiff": "TIFF", "image/gif": "GIF"}
SIDES = {
    "perspective": "Perspective", "front": "Front", "back": "Back", "top": "Top", "bottom": "Bottom", "left": "Left",
    "right": "Right", "isometric": "Isometric", "unfolded": "Unfolded", "exploded": "Exploded",
    "cross-sectional": "Cross sectional", "reference": "Reference",
}  # fmt: skip
OTHER_SIDES = ("detail",)  # said in words, since ST.96 has no code for it; "other" says nothing
_APPLICANTS, _DESIGNS = "dgn:ApplicantBag/dgn:Applicant", "dgn:DesignBag/dgn:Design"
_LOCARNO = "com:DesignClassificationBag/com:LocarnoClassificationBag/com:LocarnoClassification"


def design_application(filed: Filed) -> Node:
    """Who filed which designs, when, under which number."""
    form = filed.form
    files = {one.attachment: one for one in filed.files}
    designs = tuple(_design(form, design, number, files) for number, design in enumerate(form.designs, start=1))
    return Node(
        "dgn:DesignApplication",
        (
            leaf("com:RegistrationOfficeCode", filed.office),
            number_text(filed.number),
            *maybe("com:ApplicantFileReference", form.reference),
            leaf("dgn:DesignApplicationLanguageCode", form.language),
            leaf("dgn:DesignTotalQuantity", str(len(form.designs))),
            Node("dgn:DesignBag", designs),
            _bag("dgn:ApplicantBag", "dgn:Applicant", form.applicants),
            *((_bag("com:RepresentativeBag", "com:Representative", (form.agent,)),) if form.agent else ()),
            leaf("com:ApplicationDate", filed.filing_date),
        ),
        attributes=(("com:st96Version", filed.version),),
    )


def read_design_application(root: Node, kind: str, route: str, attachments: Mapping[str, str]) -> Form:
    """What was filed, as far as the document says it. `attachments` says which file name is which attachment."""
    designs, agent = root.all(_DESIGNS), root.first("com:RepresentativeBag/com:Representative")
    title = designs[0].first("dgn:DesignTitleText") if designs else None
    return Form(
        kind=kind,
        route=route,
        language=root.said("dgn:DesignApplicationLanguageCode") or "",
        reference=root.said("com:ApplicantFileReference"),
        title={title.get(LANGUAGE) or "": title.text} if title is not None else {},
        applicants=tuple(read_party(one, one.said("com:PartyIdentifier")) for one in root.all(_APPLICANTS)),
        agent=read_party(agent, agent.said("com:PartyIdentifier")) if agent is not None else None,
        inventors=tuple(
            read_party(one, one.said("com:PartyIdentifier"))
            for design in designs[:1]
            for one in design.all("dgn:DesignerBag/dgn:Designer")
        ),
        priorities=tuple(
            Priority(
                office=one.said("com:PriorityCountryCode") or "",
                number=one.said(NUMBER_TEXT) or "",
                date=one.said("com:PriorityApplicationFilingDate") or "",
            )
            for design in designs[:1]
            for one in design.all("dgn:PriorityBag/dgn:Priority")
        ),
        designs=tuple(_read_design(one, attachments) for one in designs),
    )


def _design(form: Form, design: Design, number: int, files: Mapping[str, FiledPart]) -> Node:
    there = [(seq, view) for seq, view in enumerate(design.views, start=1) if view.attachment in files]
    views = tuple(_view(files, view, seq) for seq, view in there)
    shown = Node("dgn:DesignRepresentation", (Node("dgn:ViewBag", views),))
    title = (form.language, form.title[form.language]) if form.language in form.title else next(iter(form.title.items()), None)
    priorities = tuple(
        Node(
            "dgn:Priority",
            (
                leaf("com:PriorityCountryCode", one.office),
                number_text(one.number),
                leaf("com:PriorityApplicationFilingDate", one.date),
            ),
        )
        for one in form.priorities
    )
    return Node(
        "dgn:Design",
        (
            leaf("dgn:DesignIdentifier", str(number)),
            *((leaf("dgn:DesignTitleText", title[1], languageCode=title[0]),) if title else ()),
            *((Node("dgn:DesignRepresentationBag", (shown,)),) if views else ()),
            _classification(design),
            *((Node("dgn:PriorityBag", priorities),) if priorities else ()),
            _bag("dgn:ApplicantBag", "dgn:Applicant", form.applicants),
            *((_bag("dgn:DesignerBag", "dgn:Designer", form.inventors),) if form.inventors else ()),
        ),
    )


def _classification(design: Design) -> Node:
    products = tuple(
        Node(
            "com:LocarnoSubclassBag",
            (
                leaf("com:LocarnoSubclass", design.locarno),
                leaf("com:LocarnoSubclassProductIndicationText", text, languageCode=code),
            ),
        )
        for code, text in design.product.items()
    )
    locarno = Node("com:LocarnoClassification", (leaf("com:LocarnoClass", design.locarno), *products))
    bag = Node("com:LocarnoClassificationBag", (leaf("com:LocarnoClassificationEdition", None), locarno))
    return Node("com:DesignClassificationBag", (bag,))


def _view(files: Mapping[str, FiledPart], view: View, seq: int) -> Node:
    file = files[view.attachment]
    side: tuple[Node, ...] = ()
    if view.shows in SIDES:
        side = (leaf("dgn:ViewTypeCategory", SIDES[view.shows]),)
    elif view.shows in OTHER_SIDES:
        side = (Node("dgn:ViewTypeTextBag", (leaf("dgn:ViewTypeText", view.shows, languageCode="en"),)),)
    return Node(
        "dgn:View",
        (
            leaf("com:FileName", file.path),
            leaf("dgn:ViewIdentifier", str(seq)),
            *maybe("dgn:ViewFileFormatCategory", IMAGES.get(file.media_type)),
            *side,
        ),
    )


def _read_design(node: Node, attachments: Mapping[str, str]) -> Design:
    one = node.first(_LOCARNO) or Node("com:LocarnoClassification")
    product = {
        text.get(LANGUAGE) or "": text.text
        for text in one.all("com:LocarnoSubclassBag/com:LocarnoSubclassProductIndicationText")
    }
    words = {words: code for code, words in SIDES.items()}
    views = []
    for view in node.all("dgn:DesignRepresentationBag/dgn:DesignRepresentation/dgn:ViewBag/dgn:View"):
        side = view.said("dgn:ViewTypeCategory")
        shows = words[side] if side else view.said("dgn:ViewTypeTextBag/dgn:ViewTypeText") or "other"
        views.append(
            View.model_validate({"attachment": attachments[view.said("com:FileName") or ""], "shows": shows}, strict=True)
        )
    return Design(product=product, locarno=one.said("com:LocarnoClass"), views=tuple(views))


def _bag(bag: str, name: str, parties: tuple[Party, ...]) -> Node:
    each = tuple(
        Node(
            name,
            (*maybe("com:PartyIdentifier", party.agent_number), contact(party)),
            attributes=(("com:sequenceNumber", str(number)),),
        )
        for number, party in enumerate(parties, start=1)
    )
    return Node(bag, each)
