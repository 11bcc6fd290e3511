"""IPAS's service as this connector understands it: operations and types, read from `interface.txt` beside this file.

The names of types do not matter to anybody; the names of operations and fields do, and their order.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).with_name("interface.txt")
NAMESPACE = "http://ipas.wipo.int/IpasServices"
_MARKS = {"#": "integer", "@": "time", "!": "boolean", "*": "bytes", "%": "double", "~": "long", "": "string"}
_FIELD = re.compile(r"(\w+)(?:([#@!*%~])|(\[\])?=(\w+))?")


@dataclass(frozen=True)
class Field:
    """One field of a type, or one argument of an operation. `type` is a scalar's word or a type's name."""

    name: str
    type: str
    many: bool = False


@dataclass(frozen=True)
class Operation:
    """One operation: arguments in order, and what comes back."""

    name: str
    arguments: tuple[Field, ...]
    returns: Field


@dataclass(frozen=True)
class Interface:
    """All of it."""

    operations: dict[str, Operation]
    types: dict[str, tuple[Field, ...]]


@cache
def interface() -> Interface:
    """The interface, as it stands in the file."""
    operations, types = {}, {}
    for line in HERE.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, _, rest = line.removeprefix("> ").partition(": ")
        if line.startswith("> "):
            arguments, _, returns = rest.partition(" -> ")
            each = tuple(_argument(f"arg{at}", text) for at, text in enumerate(arguments.split(", ")))
            operations[name] = Operation(name, each, _argument("return", returns))
        else:
            types[name] = tuple(_field(text) for text in rest.split(", "))
    return Interface(operations, types)


def _argument(name: str, text: str) -> Field:
    return Field(name, text.removeprefix("[]"), text.startswith("[]"))


def _field(text: str) -> Field:
    match = _FIELD.fullmatch(text)
    if match is None:
        raise ValueError(f"interface.txt: {text}")
    name, mark, many, named = match.groups()
    return Field(name, named or _MARKS[mark or ""], bool(many))
