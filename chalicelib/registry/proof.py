"""Verifies an export without the office that made it: digests, chains, heads, numbers, objects, seals. Offline.

1. The bag is whole: both manifests list exactly what lies there, every digest computed again.
2. Every stream's entries run 1..n and each hash follows; its head says what they say.
3. Numbers of each series and year run 1..n in order of receipt, and so do the papers of each filing; counters and lookups
   agree.
4. Every object that an entry names is there, in the digest that the entry says.
5. Every receipt's signature, and every package's seal, holds under the roots that one trusts, as of the time of its entry.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from chalicelib.contracts import records
from chalicelib.contracts.paper import COUNT
from chalicelib.kernel.clock import parse_stamp
from chalicelib.kernel.errors import Corrupt
from chalicelib.register.model import Entry, StreamId, verify_chain
from chalicelib.register.timeline import status
from chalicelib.registry.bag import SEAL, TAG_FILES, TAG_MANIFEST, Payload, verify
from chalicelib.registry.export import OBJECTS, ROWS, objects

CHUNK = 1 << 20
ENTRY = "ENTRY#"
Seals = Callable[[bytes, bytes, datetime], None]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One export in `folder`."""

    folder: Path
    seals: Seals

    def __call__(self) -> dict[str, int]:
        """How much was verified of what. Corrupt, naming the first thing that does not hold."""
        payload = self._bag()
        rows = self.rows()
        entries = _entries(rows)
        for stream, chain in entries.items():
            verify_chain(chain)
            self._head(stream, chain, rows)
        numbers = sum(len(given) for given in self._numbers(entries, rows).values())
        there = {one.path: one for one in payload}
        for wanted in objects(rows.values()):
            one = there.get(OBJECTS + wanted.key)
            if one is None or (wanted.sha256 and (one.sha256, one.size) != (wanted.sha256, wanted.size)):
                raise Corrupt(f"{wanted.key}: an entry names it, and it is not there as entered")
        seals = sum(1 for _ in self._sealed(entries))
        return {"rows": len(rows), "streams": len(entries), "numbers": numbers, "objects": len(payload) - 1, "seals": seals}

    def rows(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Key → row."""
        with (self.folder / ROWS).open(encoding="utf-8") as lines:
            return {(row["pk"], row["sk"]): row for row in map(json.loads, lines)}

    def _bag(self) -> list[Payload]:
        found = []
        for path in sorted((self.folder / "data").rglob("*")):
            if path.is_symlink():
                raise Corrupt(f"{path.name}: a link has no place here")
            if path.is_file():
                found.append(_weighed(path, path.relative_to(self.folder).as_posix()))
        try:
            verify({name: (self.folder / name).read_bytes() for name in TAG_FILES}, found)
        except FileNotFoundError as error:
            raise Corrupt("the bag has not all its tag files") from error
        return found

    def _head(self, stream: StreamId, chain: list[Entry], rows: dict[tuple[str, str], dict[str, Any]]) -> None:
        head = rows.get((str(stream), "HEAD"), {})
        said = (head.get("version"), head.get("hash"), head.get("status"))
        if said != (len(chain), chain[-1].hash, status(stream.kind, [entry.type for entry in chain])):
            raise Corrupt(f"{stream}: the head does not say what the entries say")

    def _numbers(
        self, entries: dict[StreamId, list[Entry]], rows: dict[tuple[str, str], dict[str, Any]]
    ) -> dict[tuple[str, str], list[Any]]:
        """Key of each counter → what was given by it: serial and time."""
        series: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for stream, chain in entries.items():
            for entry in chain:
                data = entry.data
                if entry.type == "FilingSubmitted":
                    counter = f"COUNTER#{data['series']}#{data['year']}", "COUNTER"
                elif entry.type == "PaperSubmitted":
                    counter = f"FILING#{data['filing']}", COUNT
                else:
                    continue
                series[counter].append((data["serial"], data["received_at"]))
                if rows.get((f"NUMBER#{data['number']}", "NUMBER"), {}).get("stream") != str(stream):
                    raise Corrupt(f"{data['number']} does not lead to what it was given to")
        for key, given in series.items():
            _run(key[0].removeprefix("COUNTER#").replace("#", " "), given, rows.get(key, {}))
        return series

    def _sealed(self, entries: dict[StreamId, list[Entry]]) -> Iterator[str]:
        for stream, chain in entries.items():
            for entry in chain:
                at = parse_stamp(entry.at)
                if entry.type in ("FilingSubmitted", "PaperSubmitted"):
                    paper = entry.type == "PaperSubmitted"
                    place = records.paper(entry.data["filing"], stream.id) if paper else stream.id
                    receipt = records.receipt(place, entry.data["receipt_sha256"])
                    self.seals(self._read(receipt), self._read(receipt + ".p7s"), at)
                    yield receipt
                elif entry.type == "PackageReady":
                    said = json.loads(self._read(entry.data["key"]))["objects"]
                    named = {one["name"]: one["key"] for one in said if one["role"] in {"tag", "seal"}}
                    self.seals(self._read(named[TAG_MANIFEST]), self._read(named[SEAL]), at)
                    yield entry.data["key"]

    def _read(self, key: str) -> bytes:
        return (self.folder / OBJECTS / key).read_bytes()


def _run(name: str, given: list[Any], counter: dict[str, Any]) -> None:
    """Corrupt unless these serials, each with its time, run 1..n in order of receipt, and the counter gives none again."""
    given.sort()
    times = [at for _, at in given]
    if [serial for serial, _ in given] != list(range(1, len(given) + 1)) or times != sorted(times):
        raise Corrupt(f"{name}: numbers do not run 1 to n in order of receipt")
    if counter.get("version", 0) < len(given):
        raise Corrupt(f"{name}: the counter would give a number twice")


def _entries(rows: dict[tuple[str, str], dict[str, Any]]) -> dict[StreamId, list[Entry]]:
    found: dict[StreamId, list[Entry]] = defaultdict(list)
    for (pk, sk), row in sorted(rows.items()):
        if sk.startswith(ENTRY):
            stream = StreamId.parse(pk)
            found[stream].append(
                Entry(
                    stream, int(sk.removeprefix(ENTRY)), row["type"], row["schema"], row["at"], row["by"], row["data"],
                    row["previous"], row["hash"],
                )
            )  # fmt: skip
    return found


def _weighed(path: Path, name: str) -> Payload:
    short, long, size = hashlib.sha256(), hashlib.sha512(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            short.update(chunk)
            long.update(chunk)
            size += len(chunk)
    return Payload(name, size, short.hexdigest(), long.hexdigest())
