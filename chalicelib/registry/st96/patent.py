"""Patents and utility models: `pat:BibliographicData` and `pat:ApplicationBody`, and what was filed, read back from them."""

from chalicelib.contracts.form import Form
from chalicelib.registry.st96.model import Filed
from chalicelib.registry.st96.parties import (
    LANGUAGE,
    contact,
    earlier_right,
    leaf,
    maybe,
    number_text,
    priority_claims,
    read_earlier_right,
    read_party,
    read_priorities,
)
from chalicelib.registry.st96.tree import Node

FORMATS = {"application/pdf": "PDF", "application/xml": "XML", "text/xml": "XML", "text/plain": "Text"}
_IPCR = "pat:PatentClassificationBag/pat:IPCRClassificationBag/pat:IPCRClassification"
_AGENT = "pat:PartyBag/pat:RegisteredPractitionerBag/pat:RegisteredPractitioner"


def bibliographic_data(filed: Filed) -> Node:
    """Who filed what, when, under which number, with which claims to earlier dates."""
    form = filed.form
    identification = Node(
        "pat:ApplicationIdentification",
        (
            leaf("com:IPOfficeCode", filed.office),
            number_text(filed.number),
            *maybe("com:ApplicantFileReference", form.reference),
            leaf("com:FilingLanguageCode", form.language),
            leaf("pat:FilingDate", filed.filing_date),
        ),
    )
    titles = tuple(
        Node("pat:InventionTitle", (), text, attributes=((LANGUAGE, code),)) for code, text in form.title.items()
    )
    return Node(
        "pat:BibliographicData",
        (
            identification,
            *priority_claims(form.priorities),
            *_classifications(form.classifications),
            Node("pat:InventionTitleBag", titles or (Node("pat:InventionTitle"),)),
            *maybe("pat:ClaimTotalQuantity", str(form.claim_count) if form.claim_count else None),
            *earlier_right(form.basis),
            Node("pat:PartyBag", _parties(form)),
        ),
        attributes=(("com:officeCode", filed.office), ("com:st96Version", filed.version)),
    )


def application_body(filed: Filed) -> Node | None:
    """The text of the application as the files that hold it; None if no such file was filed."""
    documents = tuple(
        Node(
            "pat:DocumentURI",
            (),
            one.path,
            attributes=(("pat:pageDocumentFormatCategory", FORMATS[one.media_type]),),
        )
        for one in filed.files
        if one.body and one.media_type in FORMATS
    )
    if not documents:
        return None
    return Node(
        "pat:ApplicationBody",
        documents,
        attributes=(
            (LANGUAGE, filed.form.language),
            ("com:receivingOffice", filed.office),
            ("com:st96Version", filed.version),
        ),
    )


def read_bibliographic_data(root: Node, kind: str, route: str) -> Form:
    """What was filed, as far as the document says it (pages and declarations are not in it)."""
    agent = root.first(_AGENT)
    return Form(
        kind=kind,
        route=route,
        language=root.said("pat:ApplicationIdentification/com:FilingLanguageCode") or "",
        reference=root.said("pat:ApplicationIdentification/com:ApplicantFileReference"),
        title={one.get(LANGUAGE) or "": one.text for one in root.all("pat:InventionTitleBag/pat:InventionTitle") if one.text},
        applicants=tuple(
            read_party(one, one.said("com:PartyIdentifier")) for one in root.all("pat:PartyBag/pat:ApplicantBag/pat:Applicant")
        ),
        agent=read_party(agent, agent.said("pat:RegisteredPractitionerRegistrationNumber")) if agent is not None else None,
        inventors=tuple(
            read_party(one, one.said("com:PartyIdentifier")) for one in root.all("pat:PartyBag/pat:InventorBag/pat:Inventor")
        ),
        priorities=read_priorities(root),
        basis=read_earlier_right(root),
        classifications=tuple(one.said("pat:PatentClassificationText") or "" for one in root.all(_IPCR)),
        claim_count=int(root.said("pat:ClaimTotalQuantity") or 0),
    )


def _classifications(symbols: tuple[str, ...]) -> tuple[Node, ...]:
    if not symbols:
        return ()
    each = tuple(
        Node(
            "pat:IPCRClassification",
            (leaf("pat:PatentClassificationText", symbol),),
            attributes=(("com:sequenceNumber", str(number)),),
        )
        for number, symbol in enumerate(symbols, start=1)
    )
    return (Node("pat:PatentClassificationBag", (Node("pat:IPCRClassificationBag", each),)),)


def _parties(form: Form) -> tuple[Node, ...]:
    bags: list[Node] = []
    for bag, name, parties in (
        ("pat:ApplicantBag", "pat:Applicant", form.applicants),
        ("pat:InventorBag", "pat:Inventor", form.inventors),
    ):
        each = tuple(
            Node(
                name,
                (*maybe("com:PartyIdentifier", party.agent_number), contact(party)),
                attributes=(("com:sequenceNumber", str(number)),),
            )
            for number, party in enumerate(parties, start=1)
        )
        bags += [Node(bag, each)] if each else []
    if form.agent:
        parts = (
            *maybe("pat:RegisteredPractitionerRegistrationNumber", form.agent.agent_number),
            leaf("pat:RegisteredPractitionerCategory", "Agent"),
            contact(form.agent),
        )
        one = Node("pat:RegisteredPractitioner", parts, attributes=(("com:sequenceNumber", "1"),))
        bags.append(Node("pat:RegisteredPractitionerBag", (one,)))
    return tuple(bags)
