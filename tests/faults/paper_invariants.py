"""What must hold of later papers, beside what holds of everything (`invariants.py`): numbers, and the order of packages."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults.stores import Stores


def papers_run(stores: Stores, final: bool) -> Iterator[str]:
    """The later papers of each filing are 1..n in order of receipt; its count, their rows and lookups agree."""
    papers: dict[str, list[tuple[int, str, str, str]]] = defaultdict(list)
    for pk, data in stores.facts("PaperSubmitted"):
        papers[data["filing"]].append((data["serial"], data["received_at"], data["number"], pk))
    for filing, given in papers.items():
        given.sort()
        times = [at for _, at, _, _ in given]
        count = stores.items.get((f"FILING#{filing}", "PAPERS"), {})
        if [serial for serial, *_ in given] != list(range(1, len(given) + 1)) or times != sorted(times):
            yield f"{filing}: papers {given}"
        if (count.get("version"), count.get("last_at")) != (len(given), times[-1]):
            yield f"{filing}: the count of papers says {count}, received were {len(given)}"
        for serial, _, number, pk in given:
            row = stores.items.get((f"FILING#{filing}", f"PAPER#{pk.removeprefix('PAPER#')}"), {})
            if (row.get("serial"), row.get("number")) != (serial, number):
                yield f"{pk}: its row says {row}"
            if stores.items.get((f"NUMBER#{number}", "NUMBER"), {}).get("stream") != pk:
                yield f"{number} does not lead to {pk}"


def place(pk: str, data: Mapping[str, Any]) -> str:
    """Where the objects of what was submitted lie."""
    kind, identifier = pk.split("#")
    return f"filings/{data['filing']}/papers/{identifier}" if kind == "PAPER" else f"filings/{identifier}"


def papers_in_order(stores: Stores, final: bool) -> Iterator[str]:
    """A later paper's package was entered after the one before it, which it names; and in the end there is one for each."""
    packages = dict(stores.facts("PackageReady"))
    for pk, data in stores.facts("PaperSubmitted"):
        said = packages.get(pk)
        if said is None:
            if final and f"FILING#{data['filing']}" in packages:
                yield f"{pk} has no package"
            continue
        after = said["paper"]["after"]
        entry = next((one for one in stores.streams.get(after["stream"], []) if one["hash"] == after["hash"]), {})
        if (entry.get("type"), entry.get("sk")) != ("PackageReady", f"ENTRY#{after['seq']:06d}"):
            yield f"{pk} follows {after}, which is no package"
        before = packages.get(after["stream"], {}).get("paper")
        expected = (before["filing"], before["serial"] + 1) if before else (after["stream"].removeprefix("FILING#"), 1)
        if (data["filing"], data["serial"]) != expected:
            yield f"{pk} is paper {data['serial']} and follows {after['stream']}"
