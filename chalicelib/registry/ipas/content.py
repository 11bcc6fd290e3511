"""What a dossier says, as IPAS's records: cPatent for patents, utility models and designs, cUserdoc for later papers.

Nothing is invented: a field that nobody stated is not sent. A name in the office's language stands in `…InOtherLang`, the Latin
one beside it; where a person has only the former, the file is marked for an officer (`indManualInterpretationRequired`), and no
transliteration is made. Claims and abstracts lie in the files as filed, not as text, so they are not sent as text.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.contracts.form import EarlierRight, Form, Party
from chalicelib.kernel.clock import parse_stamp
from chalicelib.kernel.money import Money
from chalicelib.registry.ipas.dossier import Laid
from chalicelib.registry.ipas.maps import Application, Maps
from chalicelib.registry.ipas.model import LOOK_AT_IT, FileNumber, NeedsPerson, Value
from chalicelib.registry.model import Paper, Payment

POWER = "power-of-attorney"


def patent(laid: Laid, form: Form, number: FileNumber, document: Value, maps: Maps) -> dict[str, Value]:
    """The filing as cPatent, for PatentInsert."""
    package, language = laid.package, maps.receiving.main_language
    row = maps.application(package.kind, package.route)
    people = [*form.applicants, *form.inventors, *([form.agent] if form.agent else [])]
    filing: dict[str, Value] = {
        "applicationType": row.type,
        "applicationSubtype": row.subtype,
        "lawCode": row.law,
        "externalSystemId": package.filing,
        "filingDate": package.filing_date,
        "receptionDate": parse_stamp(package.received_at),
        "receptionDocument": {"documentId": document, "externalSystemId": package.filing},
        "indManualInterpretationRequired": any(not latin(one.names, language) for one in people),
        "paymentList": [payment(one, maps) for one in package.payments],
    }
    there: dict[str, Value] = {"technicalData": _technical(form, language)}
    if form.inventors:
        authors = [{"authorSeq": at, "person": person(one, language)} for at, one in enumerate(form.inventors, 1)]
        there["authorshipData"] = {"authorList": authors, "indOwnerSameAuthor": form.inventors == form.applicants}
    _earlier(there, filing, form.basis, row)
    there["file"] = {
        "fileId": number.to_key(),
        "filingData": filing,
        "ownershipData": {
            "ownerList": [
                {"orderNbr": at, "indService": False, "person": person(one, language)}
                for at, one in enumerate(form.applicants, 1)
            ]
        },
        "priorityData": {
            "parisPriorityList": [
                {"applicationId": one.number, "countryCode": one.office, "priorityDate": one.date}
                for one in form.priorities
            ]
        },
        "representationData": _represented(laid, form, document, maps),
    }
    return there


def receipt(laid: Laid, maps: Maps) -> Value:
    """CReceipt of the reception: the payment, if there is exactly one."""
    if len(laid.package.payments) != 1:
        return None
    one = payment(laid.package.payments[0], maps)
    return {
        "currencyType": one["currencyType"],
        "DReceiptAmount": one["receiptAmount"],
        "receiptDate": one.get("receiptDate"),
        "receiptType": one["receiptType"],
    }


def payment(paid: Payment, maps: Maps) -> dict[str, Value]:
    """CPayment. NeedsPerson for money of a bank's simulator, unless the configuration lets it in."""
    if paid.demo and not maps.receiving.demo_payments:
        raise NeedsPerson(f"{paid.reference} was paid at a bank's simulator", LOOK_AT_IT)
    said: dict[str, Value] = {
        "currencyType": paid.currency,
        "receiptAmount": float(Money(paid.amount, paid.currency).decimal),
        "receiptNotes": f"Tra {paid.reference}",
        "receiptType": maps.rail(paid.rail).type,
    }
    return said | ({"receiptDate": parse_stamp(paid.paid_at)} if paid.paid_at else {})


def userdoc(
    laid: Laid, paper: Paper, number: FileNumber, there: Mapping[str, Any], answered: Value, maps: Maps
) -> dict[str, Value]:
    """The later paper as cUserdoc, for UserdocUpdate. `there` is what the reception gave: key, process, row version; `answered`
    the key of the letter that it answers. What it asks for as data lies in the EDMS's folder: an officer decides on it."""
    asked = laid.asked
    kept = ("documentId", "documentSeqId", "userdocProcessId", "rowVersion")
    return {
        **{name: there[name] for name in kept if there.get(name) is not None},
        "affectedFileIdList": [number.to_key()],
        "filingData": {
            "externalSystemId": paper.id,
            "receptionDate": parse_stamp(paper.received_at),
            "filingDate": paper.received_on,
            "paymentList": [payment(one, maps) for one in laid.package.payments],
            "userdocTypeList": [{"userdocType": maps.paper(paper.kind).type}],
        },
        "indNotAllFilesCapturedYet": False,
        "notes": "\n".join(
            text for text in (f"Tra {paper.number}", asked and asked.subject, asked and asked.note) if text
        ),
        "poaData": {"documentId": there.get("documentId")} if laid.has(POWER) else None,
        "respondedOfficedocId": answered,
    }


def person(party: Party, language: str) -> dict[str, Value]:
    """cPerson: the Latin name and address, and beside them those in the office's language."""
    return {
        "addressStreet": latin(party.address, language),
        "addressStreetInOtherLang": party.address.get(language),
        "email": party.email,
        "indCompany": party.kind == "organisation",
        "personName": latin(party.names, language),
        "personNameInOtherLang": party.names.get(language),
        "residenceCountryCode": party.country,
        "agentCode": int(party.agent_number) if party.agent_number and party.agent_number.isdecimal() else None,
    }


def latin(words: Mapping[str, str], language: str) -> str | None:
    """English first, else the first language that is not the office's."""
    return words.get("en") or next((text for code, text in words.items() if code != language), None)


def _technical(form: Form, language: str) -> dict[str, Value]:
    classes = sorted({design.locarno for design in form.designs if design.locarno})
    return {
        "title": form.title.get(language) or latin(form.title, language),
        "englishTitle": form.title.get("en"),
        "locarnoClassList": [
            {"locarnoClassNbr": int(one.partition("-")[0]), "locarnoSubclassNbr": int(one.partition("-")[2])}
            for one in classes
        ],
        "ipcClassList": [_ipc(symbol) for symbol in form.classifications],
        "hasIpc": bool(form.classifications),
        "hasCpc": False,
    }


def _ipc(symbol: str) -> dict[str, Value]:
    """`A47C 7/02` in its parts (WIPO ST.8); one that has other parts stands whole in the description."""
    head, _, tail = symbol.partition(" ")
    group, _, subgroup = tail.strip().partition("/")
    if len(head) == 4 and head[0].isalpha() and head[1:3].isdigit() and group.isdigit() and subgroup.isdigit():
        return {
            "ipcSection": head[0], "ipcClass": head[1:3], "ipcSubclass": head[3], "ipcGroup": group,
            "ipcSubgroup": subgroup,
        }  # fmt: skip
    return {"ipcSymbolDescription": symbol}


def _represented(laid: Laid, form: Form, document: Value, maps: Maps) -> dict[str, Value] | None:
    if form.agent is None:
        return None
    language, kind = maps.receiving.main_language, maps.receiving.representative
    agent = {"person": person(form.agent, language), "representativeType": kind}
    said: dict[str, Value] = {"representativeList": [{**agent, "indService": True}]}
    if laid.has(POWER):
        power: dict[str, Value] = {"documentId": document, "poaGranteeList": [agent]}
        if form.applicants:
            power["poaGrantor"] = {"person": person(form.applicants[0], language)}
        said["referencedPOAData"] = power
    return said


def _earlier(there: dict[str, Value], filing: dict[str, Value], basis: EarlierRight | None, row: Application) -> None:
    if basis is None:
        return
    match row.basis:
        case "pct":
            there["pctApplicationData"] = {
                "pctApplicationId": basis.application_number, "pctApplicationDate": basis.filed,
                "pctPublicationId": basis.publication_number, "pctPublicationDate": basis.published,
            }  # fmt: skip
        case "regional":
            there["regionalApplData"] = {
                "regionalApplId": basis.application_number, "regionalApplDate": basis.filed,
                "regionalPublId": basis.publication_number, "regionalPublDate": basis.published,
            }  # fmt: skip
        case "external":
            filing["externalOfficeCode"], filing["externalOfficeFilingDate"] = basis.office, basis.filed
        case "none":
            raise NeedsPerson(
                f"{row.kind} by {row.route} stands on an earlier right, and its row says no basis", LOOK_AT_IT
            )
