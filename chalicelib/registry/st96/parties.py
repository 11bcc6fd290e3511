"""People, addresses, earlier applications: the parts that patents and designs share, written and read back.

What the standard demands and nobody stated is an empty element, never a made-up value: an address line, an edition, a number.
"""

from chalicelib.contracts.form import EarlierRight, Party, Priority
from chalicelib.registry.st96.tree import Node

LANGUAGE = "com:languageCode"


def leaf(name: str, text: str | None, **attributes: str) -> Node:
    """An element with text; attributes are ST.96's common ones."""
    return Node(name, (), text or "", attributes=tuple((f"com:{key}", value) for key, value in attributes.items()))


def maybe(name: str, text: str | None) -> tuple[Node, ...]:
    """An element if there is something to say."""
    return (leaf(name, text),) if text else ()


def contact(party: Party) -> Node:
    """Names by language, addresses by language, e-mail address."""
    if party.kind == "organisation":
        names = tuple(
            Node("com:OrganizationName", (leaf("com:OrganizationStandardName", name),), attributes=((LANGUAGE, code),))
            for code, name in party.names.items()
        )
    else:
        names = tuple(
            Node("com:PersonName", (leaf("com:PersonFullName", name),), attributes=((LANGUAGE, code),))
            for code, name in party.names.items()
        )
    addresses = tuple(_address(lines, party.country, code) for code, lines in party.address.items())
    if not addresses:
        addresses = (_address("", party.country, None),)
    email = (Node("com:EmailAddressBag", (leaf("com:EmailAddressText", party.email),)),) if party.email else ()
    return Node("com:Contact", (Node("com:Name", names), Node("com:PostalAddressBag", addresses), *email))


def _address(lines: str, country: str, language: str | None) -> Node:
    parts = tuple(
        leaf("com:AddressLineText", line, sequenceNumber=str(number)) for number, line in enumerate(lines.split("\n"), 1)
    )
    return Node(
        "com:PostalAddress",
        (
            Node(
                "com:PostalStructuredAddress",
                (*parts, leaf("com:CountryCode", country)),
                attributes=((LANGUAGE, language),) if language else (),
            ),
        ),
    )


def read_party(node: Node, number: str | None) -> Party:
    """The party in an element that holds its contact; `number` is the agent's, which stands beside it."""
    there = node.first("com:Contact") or Node("com:Contact")
    names: dict[str, str] = {}
    organisation = False
    for kind, full in (("com:PersonName", "com:PersonFullName"), ("com:OrganizationName", "com:OrganizationStandardName")):
        for one in there.all(f"com:Name/{kind}"):
            names[one.get(LANGUAGE) or ""] = one.said(full) or ""
            organisation = kind == "com:OrganizationName"
    addresses = there.all("com:PostalAddressBag/com:PostalAddress/com:PostalStructuredAddress")
    return Party(
        names=names,
        kind="organisation" if organisation else "person",
        country=(addresses[0].said("com:CountryCode") if addresses else None) or "",
        address={
            code: "\n".join(line.text for line in one.all("com:AddressLineText"))
            for one in addresses
            if (code := one.get(LANGUAGE))
        },
        email=there.said("com:EmailAddressBag/com:EmailAddressText"),
        agent_number=number,
    )


def number_text(number: str) -> Node:
    """An application number as text: not every office's is in ST.13's form."""
    return Node("com:ApplicationNumber", (leaf("com:ApplicationNumberText", number),))


NUMBER_TEXT = "com:ApplicationNumber/com:ApplicationNumberText"


def priority_claims(priorities: tuple[Priority, ...]) -> tuple[Node, ...]:
    """A patent's priority claims, numbered from 1."""
    claims = tuple(
        Node(
            "pat:PriorityClaim",
            (leaf("com:IPOfficeCode", one.office), number_text(one.number), leaf("pat:FilingDate", one.date)),
            attributes=(("com:sequenceNumber", str(number)),),
        )
        for number, one in enumerate(priorities, start=1)
    )
    return (Node("pat:PriorityClaimBag", claims),) if claims else ()


def read_priorities(root: Node) -> tuple[Priority, ...]:
    """The claims, in their order."""
    return tuple(
        Priority(
            office=one.said("com:IPOfficeCode") or "",
            number=one.said(NUMBER_TEXT) or "",
            date=one.said("pat:FilingDate") or "",
        )
        for one in root.all("pat:PriorityClaimBag/pat:PriorityClaim")
    )


def earlier_right(basis: EarlierRight | None) -> tuple[Node, ...]:
    """The patent or application elsewhere that a validation stands on, as a related publication."""
    if basis is None:
        return ()
    office = leaf("com:IPOfficeCode", basis.office)
    parts = [
        Node(
            "pat:ApplicationIdentification",
            (office, number_text(basis.application_number), leaf("pat:FilingDate", basis.filed)),
        )
    ]
    if basis.publication_number or basis.published:
        number = leaf("pat:PublicationNumber", basis.publication_number)
        parts.append(
            Node("pat:PatentPublicationIdentification", (office, number, *maybe("com:PublicationDate", basis.published)))
        )
    if basis.granted:
        parts.append(
            Node(
                "pat:PatentGrantIdentification",
                (office, leaf("pat:PatentNumber", None), leaf("pat:GrantDate", basis.granted)),
            )
        )
    document = Node("pat:PatentDocumentIdentification", tuple(parts))
    return (Node("pat:RelatedDocumentBag", (Node("pat:RelatedPublication", (document,)),)),)


def read_earlier_right(root: Node) -> EarlierRight | None:
    """See `earlier_right`."""
    there = root.first("pat:RelatedDocumentBag/pat:RelatedPublication/pat:PatentDocumentIdentification")
    if there is None:
        return None
    application = there.first("pat:ApplicationIdentification") or Node("pat:ApplicationIdentification")
    return EarlierRight(
        office=application.said("com:IPOfficeCode") or "",
        application_number=application.said(NUMBER_TEXT) or "",
        publication_number=there.said("pat:PatentPublicationIdentification/pat:PublicationNumber"),
        filed=application.said("pat:FilingDate") or "",
        published=there.said("pat:PatentPublicationIdentification/com:PublicationDate"),
        granted=there.said("pat:PatentGrantIdentification/pat:GrantDate"),
    )
