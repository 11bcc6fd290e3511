"""What must hold of the registry's messages, by somebody who sees every store (`invariants.py` asks it with the others)."""

from collections import defaultdict
from collections.abc import Iterator

from tests.faults.stores import Stores

REGISTERED = ("RegistryAccepted", "RegistryRejected", "RegistryStatusChanged", "OfficeLetterReceived")


def messages_are_taken_once_and_in_order(stores: Stores, final: bool) -> Iterator[str]:
    """Of each registry and filing: places rise, none comes twice, and the cursor stands at or behind none of them; a refusal
    has its case, open in the list."""
    for pk, entries in stores.streams.items():
        said: dict[str, list[int]] = defaultdict(list)
        for entry in entries:
            if entry["type"] in REGISTERED:
                said[entry["data"]["registry"]].append(int(entry["data"]["message"]))
            if entry["type"] == "RegistryRejected" and f"CASE#{entry['data']['case']}" not in stores.heads:
                yield f"{pk}: a refusal without its case"
        for registry, places in said.items():
            if places != sorted(set(places)):
                yield f"{pk}: {registry}'s messages were entered as {places}"
            box = f"INBOUND#{registry}#{pk}"
            if int(stores.items.get((box, "CURSOR"), {"place": 0})["place"]) < max(places):
                yield f"{pk}: {registry}'s cursor is behind {max(places)}"
            marks = {int(sk[5:]) for at, sk in stores.items if at == box and sk.startswith("MARK#")}
            if not set(places) <= marks:
                yield f"{pk}: {registry}'s messages {set(places) - marks} have no mark"
