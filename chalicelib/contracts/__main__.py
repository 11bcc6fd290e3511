"""Write, or with `--check` compare, the published JSON Schemas: `schemas/events/<type>.json`, one for each event."""

import json
import sys
from pathlib import Path
from typing import Any

from chalicelib.contracts.envelope import Envelope
from chalicelib.contracts.events import FACTS
from chalicelib.contracts.fact import Fact

ROOT = Path(__file__).resolve().parents[2] / "schemas" / "events"
BASE = "urn:tra:schema:"


def schema(fact: type[Fact]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the whole message that carries `fact`."""
    document = Envelope.model_json_schema()
    data = fact.model_json_schema()
    data["additionalProperties"] = True  # consumers accept what a later minor version adds
    document["$defs"] = {**document.get("$defs", {}), **data.pop("$defs", {})}
    document["properties"]["type"] = {"const": fact.TYPE, "type": "string"}
    document["properties"]["data"] = data
    document["required"] = sorted({*document["required"], "specversion", "datacontenttype", "data"})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": BASE + fact.TYPE,
        **document,
        "title": fact.__name__,
        "description": (fact.__doc__ or "").strip(),
    }


def main(arguments: list[str]) -> int:
    """Exit status: 0 when written or equal, 1 when `--check` finds a difference."""
    wanted = {
        ROOT / f"{fact.TYPE}.json": json.dumps(schema(fact), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for fact in FACTS.values()
    }
    if "--check" in arguments:
        there = {path: path.read_text("utf-8") for path in ROOT.glob("*.json")}
        different = sorted(path.name for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path))
        for name in different:
            print(f"schemas/events/{name} is not what the code says: run `python -m chalicelib.contracts`")
        return 1 if different else 0
    ROOT.mkdir(parents=True, exist_ok=True)
    for path in ROOT.glob("*.json"):
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
