"""`ipas check`: the office's WSDL held against what the connector fills in and reads, and its file against the office's kinds.

Nothing is called: the WSDL is read, no more. What would stop the connector is `wrong`, each with what to do; what a person
should compare once is `look`. The order of fields is the WSDL's business (zeep follows it); arguments have no names, so theirs
is ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from chalicelib.offices.model import Office
from chalicelib.registry.ipas.interface import NAMESPACE, Field, Interface, interface
from chalicelib.registry.ipas.maps import Maps

if TYPE_CHECKING:
    from zeep import Client

Weight = Literal["wrong", "look"]
NOT_CALLED = frozenset({"DailyLogUpdate", "PatentUpdate"})  # known, and not needed
_SCALARS = {"string": "string", "boolean": "boolean", "double": "double", "long": "long", "bytes": "base64Binary"}
_WRAPPED = {"integer": "doubleValue", "time": "dateValue"}
FILLED_IN_OR_READ = """
fileNbr fileSeq fileSeries fileType docLog docNbr docOrigin docSeries processNbr processType actionNbr processId
dailyLogDate DReceiptAmount currencyType receiptDate receiptType receiptAmount receiptNotes paymentList fileId
filingData ownershipData priorityData representationData rowVersion applicationSubtype applicationType
externalOfficeCode externalOfficeFilingDate externalSystemId filingDate indManualInterpretationRequired lawCode
receptionDate receptionDocument userdocTypeList userdocType ownerList indService orderNbr person parisPriorityList
applicationId countryCode priorityDate referencedPOAData representativeList representativeType documentId
poaGranteeList poaGrantor addressStreet addressStreetInOtherLang agentCode email indCompany personName
personNameInOtherLang residenceCountryCode authorshipData file pctApplicationData regionalApplData technicalData
authorList authorSeq indOwnerSameAuthor pctApplicationDate pctApplicationId pctPublicationDate pctPublicationId
regionalApplDate regionalApplId regionalPublDate regionalPublId englishTitle hasCpc hasIpc ipcClassList
locarnoClassList locarnoClassNbr locarnoSubclassNbr title ipcClass ipcGroup ipcSection ipcSubclass ipcSubgroup
ipcSymbolDescription affectedFileIdList indNotAllFilesCapturedYet notes userdocProcessId CUserdocs
criteriaFilingData status statusDate dueDate statusId statusCode eventActionId eventDate eventProcessId
eventTypeCode eventOfficedocTypeCode indEventIsDeleted isEventDeleted isEventRevised isSecret generatedOfficedocId
indCancelled indSignaturePending isDeleted newStatus contentData
"""
USED = frozenset(FILLED_IN_OR_READ.split())


@dataclass(frozen=True)
class Said:
    """One line: what is so, and what to do next."""

    weight: Weight
    what: str
    next_: str

    def __str__(self) -> str:
        return f"{self.weight:<9} {self.what}  →  {self.next_}"


def check_wsdl(client: "Client", there: Interface | None = None) -> list[Said]:
    """Everything in which the WSDL differs from what we understand, each once."""
    there = there or interface()
    found: dict[Said, None] = {}
    seen: set[tuple[str, str]] = set()  # each type is looked at once, wherever it stands first
    for operation in there.operations.values():
        asked = _element(client, operation.name)
        answered = _element(client, operation.name + "Response")
        if asked is None or answered is None or operation.name not in _operations(client):
            weight: Weight = "look" if operation.name in NOT_CALLED else "wrong"
            found[Said(weight, f"the WSDL has no operation {operation.name}", ASK)] = None
            continue
        for said in (
            *_arguments(operation.name, asked, operation.arguments, there, seen),
            *_arguments(operation.name + "Response", answered, (operation.returns,), there, seen),
        ):
            found[said] = None
    return list(found)


ASK = "ask the office's IPAS team which operation replaces it; the connector must be changed before go-live"
COMPARE = "compare its meaning with the office's IPAS team; the connector must be changed before go-live"
HARMLESS = "nothing to do: the connector follows the WSDL's order; compare once that the fields mean the same"


def check_maps(maps: Maps, office: Office) -> list[Said]:
    """Kinds, routes and series of our office that stand in no row, rows twice, and what production must not have."""
    found = [Said("wrong", f"{row} stands there twice", "take one of the two rows out") for row in maps.twice()]
    rows = {(row.kind, row.route) for row in maps.applications}
    for kind in office.kinds:
        if kind.series not in maps.file_types:
            found.append(Said("wrong", f"series {kind.series} is not in [file_types]", "add IPAS's file type for it"))
        found += [
            Said("wrong", f"{kind.code} by {route.code} is not in [[applications]]", "add a row")
            for route in kind.routes
            if (kind.code, route.code) not in rows
        ]
    mapped = {row.kind for row in maps.papers}
    found += [
        Said("wrong", f"the later paper {paper.code} is not in [[papers]]", "add a row")
        for paper in office.papers
        if paper.code not in mapped
    ]
    if not maps.statuses:
        found.append(
            Said("wrong", "no row in [[statuses]]: no status would reach an applicant", "add the office's codes")
        )
    found += [
        Said("look", f"status {row.code} has no st27", "add the key event (A10 …), or leave it: it is told without one")
        for row in maps.statuses
        if row.st27 is None
    ]
    if not any(row.final for row in maps.statuses):
        found.append(Said("look", "no status is final: every file is looked at for ever", "mark those that end a file"))
    if not maps.letters:
        found.append(
            Said("look", "no row in [[letters]]: no letter leaves the office", "add the kinds that applicants get")
        )
    if maps.receiving.demo_payments:
        found.append(Said("look", "demo_payments is on: a simulator's money is entered", "turn it off for production"))
    return found


def _operations(client: "Client") -> set[str]:
    return {name for binding in client.wsdl.bindings.values() for name in binding.all()}


def _element(client: "Client", name: str) -> Any:
    try:
        return client.get_element(f"{{{NAMESPACE}}}{name}").type
    except Exception:  # noqa: BLE001 - zeep raises several sorts for what is not there
        return None


def _arguments(
    where: str, type_: Any, fields: tuple[Field, ...], there: Interface, seen: set[tuple[str, str]]
) -> Iterator[Said]:
    elements = dict(_elements(type_))
    for field in fields:
        if field.name not in elements:
            yield Said("wrong", f"{where} has no {field.name} ({field.type})", COMPARE)
        else:
            yield from _field(f"{where}.{field.name}", elements[field.name], field, there, seen)
    if more := [name for name in elements if name not in {field.name for field in fields}]:
        yield Said("look", f"{where} has more: {', '.join(more)}", COMPARE)


def _field(where: str, element: Any, field: Field, there: Interface, seen: set[tuple[str, str]]) -> Iterator[Said]:
    weight: Weight = "wrong" if field.name in USED or field.name.startswith(("arg", "return")) else "look"
    if field.many != bool(element.accepts_multiple):
        yield Said(weight, f"{where}: {'a list' if field.many else 'not a list'} was expected", COMPARE)
    inside = dict(_elements(element.type))
    if field.type in _WRAPPED:
        if list(inside) != [_WRAPPED[field.type]]:
            yield Said(weight, f"{where}: {_WRAPPED[field.type]} inside was expected", COMPARE)
    elif field.type in _SCALARS:
        if inside or element.type.name != _SCALARS[field.type]:
            yield Said(weight, f"{where}: {_SCALARS[field.type]} was expected, and it is {element.type.name}", COMPARE)
    elif (key := (field.type, element.type.name or "")) not in seen:
        seen.add(key)
        yield from _fields(f"{where}", inside, there.types[field.type], there, seen)


def _fields(
    where: str, inside: dict[str, Any], fields: tuple[Field, ...], there: Interface, seen: set[tuple[str, str]]
) -> Iterator[Said]:
    for field in fields:
        if field.name in inside:
            yield from _field(f"{where}.{field.name}", inside[field.name], field, there, seen)
        else:
            yield Said("wrong" if field.name in USED else "look", f"{where} has no {field.name}", COMPARE)
    ours, theirs = [field.name for field in fields if field.name in inside], list(inside)
    both = [name for name in theirs if name in set(ours)]
    if ours != both:
        yield Said("look", f"{where}: another order, {', '.join(both)}", HARMLESS)


def _elements(type_: Any) -> list[tuple[str, Any]]:
    return [(name, element) for name, element in getattr(type_, "elements", [])]
