"""XML as a tree of values: always written the same way, read without DTD or entity; reading gives back what was written.

Names carry ST.96's usual prefixes (`com:`, `pat:`, `dgn:`), which the root declares. White space between elements is layout and
not kept; text of an element without children is kept as it is. The parser is the standard library's: no wheel is needed to
write or check a package.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from chalicelib.kernel.errors import TraError

BASE = "http://www.wipo.int/standards/XMLSchema/ST96/"
NAMESPACES = {"com": BASE + "Common", "pat": BASE + "Patent", "dgn": BASE + "Design"}
MAX_BYTES = 5_000_000
MAX_DEPTH = 24
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0, production 2
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ATTRIBUTE = {**_TEXT, '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}


class NotSt96(TraError):
    """What was to be written or read is not a document that we may hand over; the message names elements, never their text."""


@dataclass(frozen=True)
class Node:
    """One element: children or text, never both."""

    name: str
    children: tuple["Node", ...] = ()
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)

    def get(self, name: str) -> str | None:
        """An attribute."""
        return dict(self.attributes).get(name)

    def all(self, path: str) -> tuple["Node", ...]:
        """Every element below at `com:A/com:B`."""
        first, _, rest = path.partition("/")
        found = tuple(child for child in self.children if child.name == first)
        return tuple(inner for one in found for inner in one.all(rest)) if rest else found

    def first(self, path: str) -> "Node | None":
        """The first of `all`."""
        return next(iter(self.all(path)), None)

    def said(self, path: str) -> str | None:
        """The text of the first; None where there is none, or where it is empty: not stated."""
        one = self.first(path)
        return one.text if one is not None and one.text else None

    def walk(self) -> Iterator["Node"]:
        """This element and all below."""
        yield self
        for child in self.children:
            yield from child.walk()


def to_bytes(root: Node) -> bytes:
    """The document, UTF-8. NotSt96 for characters that XML cannot hold."""
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in _used(root).items())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', *_lines(root, "", declared)]
    return ("\n".join(lines) + "\n").encode()


def parse(body: bytes) -> Node:
    """The tree in a document of ours. NotSt96 for anything else: too large, too deep, DTD, other namespaces, mixed content."""
    if len(body) > MAX_BYTES:
        raise NotSt96(f"{len(body)} bytes")
    reader = _Reader()
    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.characters
    for handler in ("StartDoctypeDeclHandler", "ProcessingInstructionHandler", "CommentHandler"):
        setattr(parser, handler, reader.refuse)
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise NotSt96(f"not well formed: line {error.lineno}") from error
    if reader.root is None:
        raise NotSt96("empty")
    return reader.root


def _used(root: Node) -> dict[str, str]:
    names = [name for node in root.walk() for name in (node.name, *(name for name, _ in node.attributes))]
    prefixes = {name.partition(":")[0] for name in names if ":" in name}
    return {prefix: uri for prefix, uri in NAMESPACES.items() if prefix in prefixes}


def _lines(node: Node, indent: str, declared: str = "") -> Iterator[str]:
    said = "".join(f' {name}="{_escaped(value, _ATTRIBUTE, node.name)}"' for name, value in node.attributes)
    if node.children:
        yield f"{indent}<{node.name}{declared}{said}>"
        for child in node.children:
            yield from _lines(child, indent + "  ")
        yield f"{indent}</{node.name}>"
    else:
        text = _escaped(node.text, _TEXT, node.name)
        begun = f"{indent}<{node.name}{declared}{said}"
        yield f"{begun}>{text}</{node.name}>" if text else f"{begun}/>"


def _escaped(text: str, table: dict[str, str], where: str) -> str:
    if _NOT_XML.search(text):
        raise NotSt96(f"{where}: a character that XML cannot hold")
    return "".join(table.get(character, character) for character in text)


class _Reader:
    """Builds the tree from the parser's calls."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[tuple[str, tuple[tuple[str, str], ...], list[Node], list[str]]] = []

    def start(self, name: str, flat: list[str]) -> None:
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        for key, value in pairs:
            if key.startswith("xmlns") and NAMESPACES.get(key.removeprefix("xmlns:")) != value:
                raise NotSt96(f"{name}: another namespace")
        attributes = tuple((key, value) for key, value in pairs if not key.startswith("xmlns"))
        if len(self._open) >= MAX_DEPTH:
            raise NotSt96(f"{name}: too deep")
        if name.partition(":")[0] not in NAMESPACES:
            raise NotSt96(f"{name}: another namespace")
        self._open.append((name, attributes, [], []))

    def end(self, _name: str) -> None:
        name, attributes, children, texts = self._open.pop()
        text = "".join(texts)
        if children and text.strip():
            raise NotSt96(f"{name}: text between elements")
        node = Node(name, tuple(children), "" if children else text, attributes=attributes)
        if self._open:
            self._open[-1][2].append(node)
        else:
            self.root = node

    def characters(self, text: str) -> None:
        self._open[-1][3].append(text)

    def refuse(self, *_: Any) -> None:
        raise NotSt96("declarations, comments and instructions have no place here")
