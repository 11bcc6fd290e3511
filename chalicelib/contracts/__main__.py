"""Write, or with `--check` compare, what is published of the contract: `python -m chalicelib.contracts [--check | --release]`.

`schemas/events/<type>.json`, one for each event, `schemas/inbound/<type>.json`, one for each message that a registry may
send us, and `schemas/asyncapi.json`. `--check` also compares them with the kept copy
of every released version in `schemas/released/<version>/`; `--release` keeps such a copy of what stands now, once.
"""

import json
import sys
from pathlib import Path
from typing import Any

from chalicelib.contracts.asyncapi import asyncapi
from chalicelib.contracts.compatibility import differences
from chalicelib.contracts.inbound import schemas as inbound_schemas
from chalicelib.contracts.schemas import all_schemas

FOLDER = Path(__file__).resolve().parents[2] / "schemas"
ROOT = FOLDER / "events"
WRITTEN = ("events", "inbound")  # folders that hold what is written here, and nothing else
VERSION = "0.1.0"  # of the contract: raised with every release, whose schemas are then kept


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Exit status: 0 when written, kept or equal; 1 when something is not as it was promised."""
    schemas = all_schemas()
    if "--release" in arguments:
        return _keep(folder / "released" / VERSION, schemas)
    wanted = {folder / "events" / f"{type_}.json": _text(schema) for type_, schema in schemas.items()}
    wanted |= {folder / "inbound" / f"{type_}.json": _text(schema) for type_, schema in inbound_schemas().items()}
    wanted[folder / "asyncapi.json"] = _text(asyncapi(VERSION))
    if "--check" in arguments:
        return _check(wanted, folder, schemas)
    for name in WRITTEN:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in (folder / name).glob("*.json"):
            path.unlink()
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    return 0


def released(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Version → event type → schema, of every release that is kept."""
    return {
        kept.name: {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(kept.glob("*.json"))}
        for kept in sorted((folder / "released").iterdir())
        if kept.is_dir()
    }


def _check(wanted: dict[Path, str], folder: Path, schemas: dict[str, dict[str, Any]]) -> int:
    paths = [*(path for name in WRITTEN for path in (folder / name).glob("*.json")), *folder.glob("asyncapi.json")]
    there = {path: path.read_text("utf-8") for path in paths}
    different = sorted(path for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path))
    for path in different:
        name = path.relative_to(folder).as_posix()
        print(f"schemas/{name} is not what the code says: run `python -m chalicelib.contracts`")
    broken = [(version, what) for version, old in released(folder).items() for what in differences(old, schemas)]
    for version, what in broken:
        print(f"breaks {version}: {what}; make a new major version of the type, beside the old one")
    return 1 if different or broken else 0


def _keep(kept: Path, schemas: dict[str, dict[str, Any]]) -> int:
    if kept.exists():
        print(f"{kept.name} is released already: raise VERSION in contracts/__main__.py")
        return 1
    kept.mkdir(parents=True)
    for type_, schema in schemas.items():
        (kept / f"{type_}.json").write_text(_text(schema), "utf-8")
    return 0


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
