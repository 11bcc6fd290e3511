"""An export put into an empty office: other table, other bucket, other version ids. Verified first; begun again, it goes on.

Objects first, then rows, counters last, so that nothing can be numbered before everything is there. A counter is set to the
highest number that entries or receipts show: where the register is older than the receipts that filers hold, the receipts
(`receipts`: a folder of them, of filings and of later papers) are replayed, and no number is given twice. What is there
already must be the same.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from chalicelib.contracts.paper import COUNT, RECEIPT_SCHEMA
from chalicelib.kernel.clock import stamp
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.registry.export import OBJECTS
from chalicelib.registry.proof import Proof

MEDIA_TYPES = {".json": "application/json", ".pdf": "application/pdf", ".p7s": "application/pkcs7-signature",
               ".xml": "application/xml", ".txt": "text/plain"}  # fmt: skip


class Lying(Protocol):
    """An object as it lies in a bucket."""

    @property
    def sha256(self) -> Digest: ...


class Records(Protocol):
    """The new records bucket."""

    def put_once(self, key: str, body: bytes, media_type: str) -> Lying: ...


class Table(Protocol):
    """The new register."""

    def restore_row(self, row: dict[str, Any]) -> bool:
        """Put the row if its key is free; whether the row is there now as given."""


@dataclass(frozen=True, kw_only=True)
class Restore:
    """Fill an empty office."""

    proof: Proof
    records: Records
    table: Table
    say: Callable[[str], None]
    receipts: Path | None = None

    def __call__(self) -> dict[str, int]:
        """What was verified and restored. Corrupt if the export does not hold, or something else is there already."""
        told, rows = self.proof(), self.proof.rows()
        counters = {place: row for place, row in rows.items() if place[1] in ("COUNTER", COUNT)}
        raised = self._raised(counters)
        base = self.proof.folder / OBJECTS
        for path in sorted(path for path in base.rglob("*") if path.is_file()):
            body, key = path.read_bytes(), path.relative_to(base).as_posix()
            there = self.records.put_once(key, body, MEDIA_TYPES.get(path.suffix, "application/octet-stream"))
            if there.sha256 != Digest.of(body):
                raise Corrupt(f"{key}: something else lies there already")
        for place, row in rows.items():
            if place not in counters:
                self._put(row)
        for row in raised.values():
            self._put(row)
        return told

    def _raised(self, counters: dict[tuple[str, str], dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
        raised = {key: dict(row) for key, row in counters.items()}
        for pk, sk, serial, at in self._replayed():
            row = raised.setdefault((pk, sk), {"pk": pk, "sk": sk, "version": 0, "last_at": at})
            if serial > row["version"]:
                name = pk.removeprefix("COUNTER#").replace("#", " ")
                self.say(f"raised    {name}: {row['version']} to {serial}, by a receipt that the register has not")
                row["version"], row["last_at"] = serial, max(row["last_at"], at)
        return raised

    def _replayed(self) -> Iterator[tuple[str, str, int, str]]:
        """Key of a counter, serial and time of each receipt."""
        for path in sorted(self.receipts.rglob("*.json")) if self.receipts else ():
            body = path.read_bytes()
            said = json.loads(body)
            at = datetime.fromisoformat(said["received_at"])
            self.proof.seals(body, path.with_name(path.name + ".p7s").read_bytes(), at)  # a forged one would burn numbers
            if said.get("schema") == RECEIPT_SCHEMA:
                yield f"FILING#{said['filing']}", COUNT, int(said["serial"]), stamp(at)
            else:
                number = said["application_number"]
                yield f"COUNTER#{number['series']}#{number['year']}", "COUNTER", int(number["serial"]), stamp(at)

    def _put(self, row: dict[str, Any]) -> None:
        if not self.table.restore_row(row):
            raise Corrupt(f"{row['pk']}/{row['sk']}: something else is there already")
