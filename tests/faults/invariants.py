"""What must hold after every step, by somebody who sees every store (`design/architecture.md`, I1 to I13).

`check` raises `Violated` with every violation found. It reads rows, objects and published messages as they lie there, folds
and hashes them itself, and asks no use case of the product. `final` adds what must hold once everything is quiet:
everything published, nothing without an owner, no dead letters. I7 is in the journey (the same answer again) and in
`test_journey.py` (another body); I12 waits for restores.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import rfc8785

from chalicelib.register.timeline import NotAllowed, status
from tests.faults import log, registered
from tests.faults.ground import uploads_in_parts
from tests.faults.letter_invariants import LEVELS, i3_one_letter, only
from tests.faults.paper_invariants import papers_in_order, papers_run, place
from tests.faults.pump import Pump
from tests.faults.stores import Stores, Violated
from tests.faults.world import World

NOTHING_BEFORE = "0" * 64


@dataclass
class Judge:
    """Runs every check and collects."""

    stores: Stores
    final: bool
    violations: list[str] = field(default_factory=list)

    def all(self) -> None:
        """Violated with everything found."""
        for check in CHECKS:
            self.violations += [f"{check.__name__}: {what}" for what in check(self.stores, self.final)]
        if self.violations:
            raise Violated("\n".join(self.violations))


def check(world: World, *, final: bool = False, private: tuple[str, ...] = ()) -> None:
    """Everything at once."""
    Judge(Stores(world, private), final).all()


def i1_answered_exists(stores: Stores, final: bool) -> Iterator[str]:
    """What was answered 201 exists, as exactly one filing; what was numbered stays numbered so."""
    journey = stores.world.memory.journey
    for filing in journey.get("answered", ()):
        if f"FILING#{filing}" not in stores.heads:
            yield f"{filing} was answered, and is not there"
    asked = {str(row["result"].get("filing")) for row in stores.rows if row["pk"].startswith("IDEMPOTENCY#")}
    begun = {str(row["result"].get("paper")) for row in stores.rows if row["pk"].startswith("IDEMPOTENCY#")}
    for pk in stores.heads:
        if pk.startswith("FILING#") and pk.removeprefix("FILING#") not in asked:
            yield f"{pk} was begun by no request that we remember: begun again, it would be a second one"
        if pk.startswith(("FILING#", "PAPER#")) and (pk, "DRAFT") not in stores.items:
            yield f"{pk} has no form"
        if pk.startswith("PAPER#") and pk.removeprefix("PAPER#") not in begun:
            yield f"{pk} was begun by no request that we remember"
    if receipt := journey.get("receipt"):
        found = [data for _, data in stores.facts("FilingSubmitted", f"FILING#{receipt['filing']}")]
        if [one["number"] for one in found] != [receipt["application_number"]]:
            yield f"{receipt['application_number']} was answered, and the register says {found}"


def i2_numbers_run(stores: Stores, final: bool) -> Iterator[str]:
    """Numbers per type and year are 1..n, in order of filing time; counter and lookups agree."""
    series: dict[tuple[str, int], list[tuple[int, str, str, str]]] = defaultdict(list)
    for pk, data in stores.facts("FilingSubmitted"):
        series[data["series"], data["year"]].append((data["serial"], data["received_at"], data["number"], pk))
    for (name, year), given in series.items():
        given.sort()
        if [serial for serial, *_ in given] != list(range(1, len(given) + 1)):
            yield f"{name} {year}: {[serial for serial, *_ in given]}"
        times = [at for _, at, _, _ in given]
        if times != sorted(times):
            yield f"{name} {year}: numbers and times disagree: {times}"
        counter = stores.items.get((f"COUNTER#{name}#{year}", "COUNTER"), {})
        if (counter.get("version"), counter.get("last_at")) != (len(given), times[-1]):
            yield f"{name} {year}: the counter says {counter}, given were {len(given)}"
        for _, _, number, pk in given:
            if stores.items.get((f"NUMBER#{number}", "NUMBER"), {}).get("stream") != pk:
                yield f"{number} does not lead to {pk}"
    numbers = sum(pk.startswith("NUMBER#") for pk, _ in stores.items) - len(stores.facts("PaperSubmitted"))
    if numbers != sum(map(len, series.values())):
        yield f"{numbers} numbers, {sum(map(len, series.values()))} submissions"
    counted = sum(row["version"] for (pk, _), row in stores.items.items() if pk.startswith("COUNTER#"))
    if counted != numbers:
        yield f"counters gave {counted} numbers, {numbers} are used"


def i4_filed_as_confirmed(stores: Stores, final: bool) -> Iterator[str]:
    """What was confirmed = what was recorded = what lies in quarantine."""
    journey = stores.world.memory.journey
    for pk, data in (*stores.facts("FilingSubmitted"), *stores.facts("PaperSubmitted")):
        filing = pk.partition("#")[2]
        confirmed = journey.get("confirmed", data) if journey.get("filing") == filing else data
        if data["manifest_sha256"] != confirmed["manifest_sha256"]:
            yield f"{filing}: another manifest was filed than confirmed"
        draft = stores.items[pk, "DRAFT"]
        for name in ("form", "manifest", "receipt"):
            if hashlib.sha256(draft[name].encode()).hexdigest() != data[f"{name}_sha256"]:
                yield f"{filing}: the kept {name} is not the recorded one"
        for file in data["files"]:
            there = stores.items[pk, f"ATTACHMENT#{file['attachment']}"]
            body = stores.quarantine.get(there["key"], {}).get(there["object_version"], b"")
            if (hashlib.sha256(body).hexdigest(), len(body)) != (file["sha256"], file["size"]):
                yield f"{filing}: {file['attachment']} in quarantine is not what was filed"


def i4_stored_as_entered(stores: Stores, final: bool) -> Iterator[str]:
    """What lies in the records = what was entered; a package points at what lies there."""
    for type_ in ("AttachmentSecured", "PackageReady", "OfficeLetterReceived"):
        for pk, data in stores.facts(type_):
            body = only(stores, data["key"])
            if (hashlib.sha256(body).hexdigest(), len(body)) != (data["sha256"], data["size"]):
                yield f"{pk}: {data['key']} is not what was entered"
    for pk, data in stores.facts("PackageReady"):
        for one in json.loads(only(stores, data["key"]) or b"{}").get("objects", []):
            lying = stores.records.get(one["key"], {}).get(one["version"], b"")
            if hashlib.sha256(lying).hexdigest() != one["sha256"]:
                yield f"{pk}: the package points at {one['key']}, which is another"


def i5_published(stores: Stores, final: bool) -> Iterator[str]:
    """Every published event has its entry, and says what it says; in order; and, in the end, every entry is published."""
    entries = {entry["hash"]: (pk, entry) for pk, rows in stores.streams.items() for entry in rows}
    seen: dict[str, int] = defaultdict(int)
    ids = set()
    for event in stores.published:
        if event["id"] not in entries:
            yield f"{event['subject']} {event['sequence']} was published and never entered"
            continue
        pk, entry = entries[event["id"]]
        if (event["subject"], event["data"], event["time"], event["actor"], event["previous"]) != (
            pk, entry["data"], entry["at"], entry["by"], entry["previous"],
        ):  # fmt: skip
            yield f"{pk} {entry['sk']} was published as something else"
        if event["id"] not in ids and int(event["sequence"]) != seen[pk] + 1:
            yield f"{pk}: {event['sequence']} was published after {seen[pk]}"
        seen[pk] = max(seen[pk], int(event["sequence"]))
        ids.add(event["id"])
    for own, (pk, entry) in entries.items():
        if "pending" not in entry and own not in ids:
            yield f"{pk} {entry['sk']} counts as published, and was not"
        if final and "pending" in entry:
            yield f"{pk} {entry['sk']} was never published"


def i6_money_counts_once(stores: Stores, final: bool) -> Iterator[str]:
    """Each bank transaction counts once; paid = due before anything says so; nothing is sealed unpaid."""
    verified = stores.facts("PaymentVerified")
    counted = Counter((data["rail"], data["bank_ref"]) for _, data in verified)
    yield from (f"{key} counted {count} times" for key, count in counted.items() if count > 1)
    for pk, data in verified:
        opened = [one for _, one in stores.facts("OrderOpened", pk)]
        if [(data["amount"], data["currency"])] != [(one["amount"], one["currency"]) for one in opened]:
            yield f"{pk} is paid with {data['amount']}, due was {opened}"
        if (f"BANKTX#{data['rail']}#{data['bank_ref']}", "BANKTX") not in stores.items:
            yield f"{pk}: no mark for {data['bank_ref']}"
        taken = stores.world.bank.transactions.get(data["reference"])
        if taken is None or not taken.payments:
            yield f"{pk} is paid, and the bank took nothing"
    paid = {pk for pk, _ in verified}
    for pk, data in stores.facts("FeePaid"):
        if f"ORDER#{data['order']}" not in paid:
            yield f"{pk} is credited from an order that is not paid"
    credits_ = Counter((pk, data["order"]) for pk, data in stores.facts("FeePaid"))
    yield from (f"{key} was credited {count} times" for key, count in credits_.items() if count > 1)
    orders = Counter(data.get("paper", data["filing"]) for _, data in stores.facts("OrderOpened"))
    yield from (f"filing {key} has {count} orders" for key, count in orders.items() if count > 1)
    credited = {pk for pk, _ in stores.facts("FeePaid")}
    acknowledged = [pk for pk, data in stores.facts("LetterIntended") if data["code"] == "acknowledgement"]
    yield from (f"{pk} has a letter and is not paid" for pk in acknowledged if pk not in credited)
    if final:
        known = {data["reference"] for _, data in verified} | {d["reference"] for _, d in stores.facts("PaymentParked")}
        for reference, transaction in stores.world.bank.transactions.items():
            if transaction.payments and reference not in known:
                yield f"the bank took money for {reference}, and nobody here knows"


def i8_uploads_are_owned(stores: Stores, final: bool) -> Iterator[str]:
    """Every object in quarantine belongs to a draft's attachment; so does every upload in parts that is under way, and there
    is one for an attachment, as long as it waits for its bytes."""
    attachments = [row for row in stores.rows if row["sk"].startswith("ATTACHMENT#")]
    announced = {row["key"] for row in attachments}
    files = {(row["pk"].partition("#")[2], row["sk"].removeprefix("ATTACHMENT#")) for row in attachments}
    for key in stores.quarantine:
        top, *names = key.split("/")
        derived = top == "derived" and tuple(names[:2]) in files  # what we make expires with its draft
        if key not in announced and not derived and top != "inbox":  # the registry's letters expire
            yield f"{key} was announced by nobody"
    under_way = Counter(uploads_in_parts(stores.world.environment["TRA_QUARANTINE_BUCKET"]))
    waiting = {row["key"] for row in attachments if row["state"] == "reserved"}
    for key, count in under_way.items():
        if count > 1 or key not in (waiting if final else announced):
            yield f"{count} uploads in parts are under way for {key}"


def i8_objects_are_owned(stores: Stores, final: bool) -> Iterator[str]:
    """Every object in the records belongs to an entry, or to a step that has stored it and not entered it yet."""
    owned: set[str] = set()
    begun: set[str] = set()  # what a step may store before it enters it
    for pk, data in (*stores.facts("FilingSubmitted"), *stores.facts("PaperSubmitted")):
        base = place(pk, data)
        owned |= {f"{base}/form/{data['form_sha256']}.json", f"{base}/manifest/{data['manifest_sha256']}.json"}
        owned |= {f"{base}/receipt/{data['receipt_sha256']}.json{ending}" for ending in ("", ".p7s")}
        owned |= {f"{base}/files/{file['sha256']}" for file in data["files"]}
        filed = {file["attachment"] for file in data["files"]}
        seen = [*stores.facts("AttachmentStored", pk), *stores.facts("AttachmentHeld", pk)]
        refused = {fact["attachment"] for _, fact in stores.facts("AttachmentRefused", pk)}
        copies = [one["sha256"] for _, fact in seen if fact["attachment"] in filed - refused
                  for one in fact.get("derived", ())]  # fmt: skip
        owned |= {f"{base}/derived/{sha256}" for sha256 in copies}
        if final and (lost := [sha256 for sha256 in copies if f"{base}/derived/{sha256}" not in stores.records]):
            yield f"{pk}: copies {lost} are not beside their files"
        begun |= {key for key in stores.records if key.startswith(f"{base}/letters/")}
        begun |= {
            key for key in stores.records if key.startswith((f"{base}/package/", f"{base}/parts/", f"{base}/office/"))
        }
    for _, data in stores.facts("DayReconciled"):
        begun |= {key for key in stores.records if key.startswith(f"reconciliations/{data['day']}/")}
    for _, data in stores.facts("PackageReady"):
        owned |= {one["key"] for one in json.loads(only(stores, data["key"]) or b"{}").get("objects", [])}
    for type_ in ("LetterIssued", *LEVELS, "PackageReady", "ReportSealed", "OfficeLetterReceived"):
        owned |= {data["key"] for _, data in stores.facts(type_)}
    for key in stores.records:
        if key not in owned and (final or key not in begun):
            yield f"{key} belongs to nothing"


def i9_states_are_allowed(stores: Stores, final: bool) -> Iterator[str]:
    """No state outside the graph; the head says what the entries say."""
    for pk, head in stores.heads.items():
        entries = stores.streams.get(pk, [])
        try:
            state = status(pk.partition("#")[0], [entry["type"] for entry in entries])
        except NotAllowed as error:
            yield f"{pk}: {error}"
            continue
        last = entries[-1]["hash"] if entries else NOTHING_BEFORE
        if (head["status"], head["version"], head["hash"]) != (state, len(entries), last):
            yield f"{pk}: the head says {head['status']} {head['version']}, the entries {state} {len(entries)}"
    yield from (f"{pk} has entries and no head" for pk in stores.streams if pk not in stores.heads)


def i10_chains_verify(stores: Stores, final: bool) -> Iterator[str]:
    """Each entry's hash follows from what it says and the one before."""
    for pk, entries in stores.streams.items():
        previous = NOTHING_BEFORE
        for seq, entry in enumerate(entries, start=1):
            own = chained(pk, seq, entry)
            if (entry["sk"], entry["previous"], entry["hash"]) != (f"ENTRY#{seq:06d}", previous, own):
                yield f"{pk} breaks at {entry['sk']}"
                break
            previous = own


def chained(stream: str, seq: int, entry: Mapping[str, Any]) -> str:
    """The hash of an entry, computed from the format's description and not by the product."""
    body = {name: entry[name] for name in ("type", "schema", "at", "by", "data", "previous")}
    return hashlib.sha256(rfc8785.dumps({**body, "stream": stream, "seq": seq})).hexdigest()


def i11_only_screened_versions(stores: Stores, final: bool) -> Iterator[str]:
    """What is filed was looked at in that very version; what is secured or handed on was scanned for malware too."""
    for pk, data in (*stores.facts("FilingSubmitted"), *stores.facts("PaperSubmitted")):
        looked_at = [*stores.facts("AttachmentStored", pk), *stores.facts("AttachmentHeld", pk)]
        stored = {one["attachment"]: one["sha256"] for _, one in looked_at}
        for file in data["files"]:
            if stored.get(file["attachment"]) != file["sha256"]:
                yield f"{pk}: {file['attachment']} was filed and never looked at"
    for pk, data in stores.facts("AttachmentSecured"):
        scanned = [*stores.facts("AttachmentStored", pk), *stores.facts("AttachmentCleared", pk)]
        if (data["attachment"], data["sha256"]) not in {(one["attachment"], one["sha256"]) for _, one in scanned}:
            yield f"{pk}: {data['attachment']} was secured and never scanned"
    for pk, data in stores.facts("PackageReady"):
        secured = {one["sha256"] for _, one in stores.facts("AttachmentSecured", pk)}
        for one in json.loads(only(stores, data["key"]) or b"{}").get("objects", []):
            if one["role"] == "file" and one["sha256"] not in secured:
                yield f"{pk}: {one['key']} was handed on and never secured"


def i13_no_personal_data(stores: Stores, final: bool) -> Iterator[str]:
    """No name, address or file name in entries and events."""
    entries = json.dumps(stores.streams, ensure_ascii=False)
    events = json.dumps(stores.published, ensure_ascii=False)
    for text in stores.private:
        if text in entries or text in events:
            yield f"{text!r} stands in an entry or an event"


def the_log_is_whole(stores: Stores, final: bool) -> Iterator[str]:
    """Every receipt and every level of a letter once in the public log, in one sequence that was never signed otherwise."""
    logged = [*stores.facts("ReceiptLogged"), *stores.facts("LetterLogged")]
    wanted = {data["receipt_sha256"] for _, data in stores.facts("FilingSubmitted")}
    wanted |= {data["sha256"] for type_ in ("LetterIssued", *LEVELS) for _, data in stores.facts(type_)}
    yield from log.broken(stores.world, logged, wanted, final=final)
    if final and len(logged) != len(wanted):
        yield f"{len(wanted)} receipts and letters, {len(logged)} entered as logged"


def no_dead_letters(stores: Stores, final: bool) -> Iterator[str]:
    """In the end nothing was given up."""
    if final:
        yield from (f"{queue}: {body[:200]}" for queue, body in Pump(stores.world).dead())


CHECKS: tuple[Callable[[Stores, bool], Iterator[str]], ...] = (
    i1_answered_exists,
    i2_numbers_run,
    i3_one_letter,
    i4_filed_as_confirmed,
    i4_stored_as_entered,
    i5_published,
    i6_money_counts_once,
    i8_uploads_are_owned,
    i8_objects_are_owned,
    papers_run,
    papers_in_order,
    i9_states_are_allowed,
    i10_chains_verify,
    i11_only_screened_versions,
    i13_no_personal_data,
    registered.messages_are_taken_once_and_in_order,
    the_log_is_whole,
    no_dead_letters,
)
