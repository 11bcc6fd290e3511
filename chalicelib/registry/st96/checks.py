"""Our own checks of a document, always made: what the schemas let pass and a registry could not live with.

Each check is one function and gives what is wrong, naming elements and never their text. `checked` raises with all of them.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date

from chalicelib.registry.st96.model import Filed
from chalicelib.registry.st96.tree import Node, NotSt96

_DATES = re.compile(r"(Date)$")
_LOCARNO = re.compile(r"[0-9]{2}-[0-9]{2}", re.ASCII)
_OFFICE = re.compile(r"[A-Z]{2}", re.ASCII)
ROOTS = {"pat:BibliographicData", "pat:ApplicationBody", "dgn:DesignApplication"}


def checked(root: Node, filed: Filed) -> Node:
    """`root`, if nothing is wrong with it. NotSt96 otherwise."""
    if found := [f"{check.__name__}: {what}" for check in CHECKS for what in check(root, filed)]:
        raise NotSt96(f"{root.name}: " + "; ".join(found))
    return root


def is_of_the_version(root: Node, filed: Filed) -> Iterator[str]:
    """The root is one that we write, of the version asked for."""
    if root.name not in ROOTS or root.get("com:st96Version") != filed.version:
        yield "another document or version"


def has_number_and_date(root: Node, filed: Filed) -> Iterator[str]:
    """Number and filing date are those of the register (an application's text has none)."""
    if root.name == "pat:ApplicationBody":
        return
    at = "" if root.name == "dgn:DesignApplication" else "pat:ApplicationIdentification/"
    day = "com:ApplicationDate" if not at else f"{at}pat:FilingDate"
    if root.said(f"{at}com:ApplicationNumber/com:ApplicationNumberText") != filed.number:
        yield "com:ApplicationNumber"
    if root.said(day) != filed.filing_date:
        yield day


def dates_are_days(root: Node, filed: Filed) -> Iterator[str]:
    """Every date is a day of the calendar."""
    for node in root.walk():
        if _DATES.search(node.name) and not node.children:
            try:
                date.fromisoformat(node.text)
            except ValueError:
                yield node.name


def offices_are_codes(root: Node, filed: Filed) -> Iterator[str]:
    """Offices and countries are two capital letters (WIPO ST.3)."""
    for node in root.walk():
        if node.name.endswith(("OfficeCode", "CountryCode")) and not _OFFICE.fullmatch(node.text):
            yield node.name


def locarno_is_in_full(root: Node, filed: Filed) -> Iterator[str]:
    """A Locarno class is `NN-NN`, or is not stated."""
    for node in root.walk():
        if node.name in {"com:LocarnoClass", "com:LocarnoSubclass"} and node.text and not _LOCARNO.fullmatch(node.text):
            yield node.name


def files_are_in_the_package(root: Node, filed: Filed) -> Iterator[str]:
    """Every file that is named was filed, and lies where it is said."""
    there = {one.path for one in filed.files}
    for node in root.walk():
        if node.name in {"com:FileName", "pat:DocumentURI"} and node.text not in there:
            yield node.name


def somebody_applies(root: Node, filed: Filed) -> Iterator[str]:
    """There is an applicant, and each has a name."""
    if root.name == "pat:ApplicationBody":
        return
    applicants = [node for node in root.walk() if node.name in {"pat:Applicant", "dgn:Applicant"}]
    if not applicants:
        yield "no applicant"
    for one in applicants:
        names = [node.text for node in one.walk() if node.name in {"com:PersonFullName", "com:OrganizationStandardName"}]
        if not names or not all(names):
            yield f"{one.name} without a name"


CHECKS: tuple[Callable[[Node, Filed], Iterator[str]], ...] = (
    is_of_the_version,
    has_number_and_date,
    dates_are_days,
    offices_are_codes,
    locarno_is_in_full,
    files_are_in_the_package,
    somebody_applies,
)
