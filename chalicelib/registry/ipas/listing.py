"""What IPAS lists under an id of ours, and what its integrity checks say."""

from typing import Any

from chalicelib.registry.ipas.model import Ipas, NoAnswer, Value
from chalicelib.registry.ipas.values import same_document


def listed(ipas: Ipas, filing: str) -> list[dict[str, Any]]:
    """Every file that IPAS has under our filing's id. Only what has its data is found (assumed)."""
    found = ipas.call("FileGetList", {"criteriaFilingData": {"externalSystemId": filing}}) or []
    return [one for one in found if one]


def userdoc(ipas: Ipas, filing: str, *, document: Value = None, paper: str | None = None) -> dict[str, Any] | None:
    """The user document of a file of ours, by its number or by our paper's id, if the list tells of it."""
    for file in listed(ipas, filing):
        for one in file.get("CUserdocs") or []:
            if document is not None and same_document(one.get("documentId"), document):
                return dict(one)
            if paper is not None and (one.get("filingData") or {}).get("externalSystemId") == paper:
                return dict(one)
    return None


def checked(ipas: Ipas, operation: str, key: Value) -> bool:
    """Whether a number is free (true = free: assumed). NoAnswer if nothing came: neither is certain."""
    answer = ipas.call(operation, key)
    if answer is None:
        raise NoAnswer(f"{operation} answered nothing")
    return bool(answer)
