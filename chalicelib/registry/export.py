"""The whole register on the way out: every row, every object, as one sealed-off bag that a successor can verify without us.

    <folder>/bagit.txt bag-info.txt manifest-sha256.txt manifest-sha512.txt tagmanifest-sha256.txt
    <folder>/data/register.jsonl        every row, canonical JSON, sorted by key
    <folder>/data/objects/filings/…     every object that an entry names, under its own key

Rows are read once; objects are those that entries and packages name, each compared with what was entered as it is written.
Bells are left out (they expire), and so are uploads in quarantine: a draft's row goes along, its files do not. The folder must
be empty; an export that was killed is begun again.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from chalicelib.contracts import records
from chalicelib.kernel.digest import canonical
from chalicelib.kernel.errors import Corrupt
from chalicelib.registry.bag import Payload, tag_files

ROWS, OBJECTS = "data/register.jsonl", "data/objects/"
LEFT_OUT = ("BELL#",)
Row = Mapping[str, Any]


class Rows(Protocol):
    """The register as rows."""

    def every_row(self) -> Iterator[dict[str, Any]]:
        """Every row, plain JSON values, in no order."""


class Objects(Protocol):
    """The records bucket, read only."""

    def chunks(self, key: str, version: str | None = None) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class Wanted:
    """An object that goes along; digest and size where an entry says them."""

    key: str
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write everything into `folder`."""

    rows: Rows
    records: Objects
    folder: Path

    def __call__(self, at: str) -> tuple[int, int]:
        """Rows and objects written. Corrupt if an object is not what was entered, FileNotFoundError if it is not there."""
        if self.folder.exists() and any(self.folder.iterdir()):
            raise FileExistsError(self.folder)
        rows = sorted(
            (row for row in self.rows.every_row() if not row["pk"].startswith(LEFT_OUT)),
            key=lambda row: (row["pk"], row["sk"]),
        )
        lines = b"".join(canonical(row) + b"\n" for row in rows)
        payload = [self._write(ROWS, [lines], None)]
        wanted = dict.fromkeys(objects(rows))
        for one in wanted:
            payload.append(self._write(OBJECTS + one.key, self.records.chunks(one.key), one))
            if one.key.endswith(".json") and "/package/" in one.key:
                body = (self.folder / OBJECTS / one.key).read_bytes()
                more = [Wanted(part["key"], part["sha256"], part["size"]) for part in json.loads(body)["objects"]]
                known = {there.path for there in payload} | {OBJECTS + other.key for other in wanted}
                payload += [
                    self._write(OBJECTS + part.key, self.records.chunks(part.key), part)
                    for part in dict.fromkeys(more)
                    if OBJECTS + part.key not in known
                ]
        told = {"External-Description": "register and records of an office", "Bagging-Date": at[:10]}
        for name, body in tag_files(payload, told).items():
            (self.folder / name).write_bytes(body)
        return len(rows), len(payload) - 1

    def _write(self, path: str, chunks: Iterable[bytes], wanted: Wanted | None) -> Payload:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        short, long, size = hashlib.sha256(), hashlib.sha512(), 0
        with file.open("xb") as out:
            for chunk in chunks:
                short.update(chunk)
                long.update(chunk)
                size += len(chunk)
                out.write(chunk)
        if wanted and wanted.sha256 and (wanted.sha256, wanted.size) != (short.hexdigest(), size):
            raise Corrupt(f"{wanted.key}: what lies there is not what was entered")
        return Payload(path, size, short.hexdigest(), long.hexdigest())


def objects(rows: Iterable[Row]) -> Iterator[Wanted]:
    """Every object that an entry names, before packages are opened."""
    for row in rows:
        data, filing = row.get("data", {}), row["pk"].partition("#")[2]
        match row.get("type"):
            case "FilingSubmitted" | "PaperSubmitted" as type_:
                if type_ == "PaperSubmitted":
                    filing = records.paper(data["filing"], filing)
                yield Wanted(records.form(filing, data["form_sha256"]), data["form_sha256"], data["form_size"])
                key = records.manifest(filing, data["manifest_sha256"])
                yield Wanted(key, data["manifest_sha256"], data["manifest_size"])
                key = records.receipt(filing, data["receipt_sha256"])
                yield Wanted(key, data["receipt_sha256"], data["receipt_size"])
                yield Wanted(key + ".p7s")
            case "AttachmentSecured" | "LetterIssued" | "PackageReady" | "ReportSealed" | "OfficeLetterReceived":
                yield Wanted(data["key"], data["sha256"], data["size"])
