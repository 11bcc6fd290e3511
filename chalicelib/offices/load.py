"""Reads an office's folder: every `*.toml` in it, merged by table, validated as one `Office`.

`signers/*.pem` are the roots of the authorities that the office trusts to name who signed a file that comes in; without any,
every signer is unknown. `fees.demo.toml` is read only for a stage that says so: its amounts are ours, not the office's, and are
labelled.
"""

import tomllib
from pathlib import Path
from typing import Any

from chalicelib.offices.model import Office

HERE = Path(__file__).parent


def load_office(folder: str | Path, *, demo_fees: bool = False) -> Office:
    """The office in `folder` (a name beside this file, or a path). ValidationError says what is wrong in its data."""
    path = folder if isinstance(folder, Path) else HERE / folder
    data: dict[str, Any] = {"messages": tomllib.loads((HERE / "messages.toml").read_text("utf-8"))}
    for file in sorted(path.glob("*.toml")):
        if file.name.endswith(".demo.toml"):
            continue
        for name, value in tomllib.loads(file.read_text("utf-8")).items():
            if name == "messages":
                for code, words in value.items():
                    data["messages"][code] = {**data["messages"].get(code, {}), **words}
            else:
                data[name] = value
    demo = path / "fees.demo.toml"
    if demo_fees and demo.exists():
        data["fees"]["demo"] = tomllib.loads(demo.read_text("utf-8"))["demo"]
    data["signer_roots"] = tuple(file.read_text("ascii") for file in sorted(path.glob("signers/*.pem")))
    return Office.model_validate(data)
