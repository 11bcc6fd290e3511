"""What must hold of sealed letters and reports after every step (I3): see `invariants.py`."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator

from tests.faults.stores import Stores

LEVELS = ("LetterStamped", "LetterArchived")


def i3_one_letter(stores: Stores, final: bool) -> Iterator[str]:
    """One acknowledgement per filing, one signed byte range; no stored object ever changes."""
    for key, versions in stores.records.items():
        if len(versions) != 1:
            yield f"{key} was stored {len(versions)} times"
    issued = Counter(pk for pk, _ in stores.facts("LetterIssued"))
    yield from (f"{pk} has {count} letters" for pk, count in issued.items() if count > 1)
    for pk, data in stores.facts("LetterIssued"):
        body = only(stores, data["key"])
        if (hashlib.sha256(body).hexdigest(), len(body)) != (data["sha256"], data["size"]):
            yield f"{data['key']} is not the letter that was entered"
        if body.count(b"/ByteRange") != 1:
            yield f"{data['key']} has {body.count(b'/ByteRange')} signed byte ranges"
        if stores.items.get((f"SHA256#{data['sha256']}", "ISSUED"), {}).get("stream") != pk:
            yield f"the letter of {pk} cannot be looked up"
        if {one["number"] for _, one in stores.facts("LetterIntended", pk)} != {data["number"]}:
            yield f"{pk}: a letter of another number was intended"
    yield from _raised_letters(stores)
    yield from _two_persons(stores)
    letters = [key for key in stores.records if "/letters/" in key]
    entered = sum(len(stores.facts(type_)) for type_ in ("LetterIssued", *LEVELS))
    if final and len(letters) != entered:
        yield f"{len(letters)} letters stored, {entered} entered"
    yield from _sealed_reports(stores)


def _two_persons(stores: Stores) -> Iterator[str]:
    """A letter that somebody prepared is sealed only if another than any who prepared it approved what was prepared last."""
    for pk, entries in stores.streams.items():
        wrote: set[str] = set()
        prepared, approved = "", ""
        for entry in entries:
            if entry["type"] == "LetterPrepared":
                wrote.add(entry["by"])
                prepared, approved = entry["data"]["content_sha256"], ""
            elif entry["type"] == "LetterApproved":
                approved = entry["data"]["content_sha256"] if entry["by"] not in wrote else "by one who prepared it"
            elif entry["type"] in {"LetterIntended", "LetterIssued"} and wrote and approved != prepared:
                yield f"{pk} is sealed as {approved or 'nobody approved it'}"


def _raised_letters(stores: Stores) -> Iterator[str]:
    """Each level is an object of its own with the signed byte range of the letter that was issued."""
    seals = {(pk.removeprefix("FILING#"), data["code"]): data["key"] for pk, data in stores.facts("LetterIssued")}
    seals |= {
        (data["filing"], data["code"]): data["key"] for _, data in stores.facts("LetterIssued") if "filing" in data
    }
    for type_ in LEVELS:
        for pk, data in stores.facts(type_):
            body, issued = only(stores, data["key"]), only(stores, seals[data["filing"], data["code"]])
            if (hashlib.sha256(body).hexdigest(), len(body)) != (data["sha256"], data["size"]):
                yield f"{data['key']} is not the letter that was entered"
            if _sealed_bytes(body) != _sealed_bytes(issued):
                yield f"{data['key']} seals other bytes than the letter that was issued"
            if stores.items.get((f"SHA256#{data['sha256']}", "ISSUED"), {}).get("stream") != pk:
                yield f"{data['key']} cannot be looked up"


def _sealed_bytes(pdf: bytes) -> bytes:
    """What the first signature covers, cut out by its /ByteRange."""
    first, length, second, rest = (int(number) for number in re.findall(rb"/ByteRange\s*\[([\d\s]+)\]", pdf)[0].split())
    return pdf[first : first + length] + pdf[second : second + rest]


def _sealed_reports(stores: Stores) -> Iterator[str]:
    for pk, data in stores.facts("ReportSealed"):
        body = only(stores, data["key"])
        if (hashlib.sha256(body).hexdigest(), len(body)) != (data["sha256"], data["size"]):
            yield f"{data['key']} is not the report that was entered"
        if data["report_sha256"] not in {one["report_sha256"] for _, one in stores.facts("DayReconciled", pk)}:
            yield f"{data['key']} is of no run of {pk}"


def only(stores: Stores, key: str) -> bytes:
    """The one version of an object; empty if there is none."""
    return next(iter(stores.records.get(key, {}).values()), b"")
