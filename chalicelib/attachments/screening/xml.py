"""XML, in the cell: read once by expat, with no network and no declared entities; sequence listings known by their root.

A document type may be *named*, because WIPO ST.26 asks for it and European documents carry one, but only by a bare file name,
which is never fetched. An internal subset, an entity, XInclude, a style sheet: refused.
"""

from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from chalicelib.attachments.screening.model import Refusal, Task

DEPTH = 200
ELEMENTS = 5_000_000
ATTRIBUTES = 200
LISTING = "ST26SequenceListing"
SEPARATOR = "\x1f"
INCLUDE = "http://www.w3.org/2001/XInclude"
_KNOWN_CODES = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "utf-16"}


def look(path: Path, task: Task) -> tuple[str, ...]:
    """Findings. Refusal if it cannot be taken."""
    reading = _Document()
    reading.parse(path)
    if task.listing and reading.root != LISTING:
        return ("xml.not-a-listing",)
    return ()


class Reading:
    """One pass over a document. What it may hold is decided by the methods that expat calls."""

    def __init__(self) -> None:
        self.root = ""
        self.depth = self.elements = 0
        self.parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        self.parser.buffer_text = False
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.XmlDeclHandler = self._declared
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._refused
        self.parser.UnparsedEntityDeclHandler = self._refused
        self.parser.ExternalEntityRefHandler = self._refused
        self.parser.SkippedEntityHandler = self._refused
        self.parser.ProcessingInstructionHandler = self._instruction
        self.parser.StartNamespaceDeclHandler = self._space
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = None

    def parse(self, path: Path) -> None:
        """Read the file. Refusal for what is not well-formed or not allowed."""
        try:
            with path.open("rb") as file:
                self.parser.ParseFile(file)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise Refusal("xml.damaged") from error

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins; names are `namespace SEPARATOR local name`."""
        self.root = self.root or name
        self.depth += 1
        self.elements += 1
        if self.depth > DEPTH or self.elements > ELEMENTS or len(attributes) > ATTRIBUTES:
            raise Refusal("xml.too-complex")

    def end(self, name: str) -> None:  # noqa: ARG002 - expat says which
        """An element ends."""
        self.depth -= 1

    def _space(self, prefix: str | None, address: str | None) -> None:  # noqa: ARG002 - expat says both
        if address == INCLUDE:
            raise Refusal("xml.reaches-out")

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:  # noqa: ARG002 - expat's order
        if encoding and encoding.lower() not in _KNOWN_CODES:
            raise Refusal("xml.damaged")

    def _doctype(self, name: str, system: str | None, public: str | None, internal: int) -> None:  # noqa: ARG002
        if internal or any(sign in (system or "") for sign in ":/\\%"):
            raise Refusal("xml.reaches-out")

    def _instruction(self, target: str, data: str) -> None:  # noqa: ARG002 - expat says both
        if target.lower().startswith("xml-"):
            raise Refusal("xml.reaches-out")

    def _refused(self, *_: object) -> NoReturn:
        raise Refusal("xml.reaches-out")


class _Document(Reading):
    """A reading that only counts what is open: a listing of 200 MB has millions of elements, and seconds to be read in."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """The root; the others meet `begin` and `finish`."""
        super().start(name, attributes)
        depth = 1

        def begin(name: str, attributes: dict[str, str]) -> None:  # noqa: ARG001 - expat says both
            nonlocal depth
            depth += 1
            if depth > DEPTH or len(attributes) > ATTRIBUTES:
                raise Refusal("xml.too-complex")

        def finish(name: str) -> None:  # noqa: ARG001 - expat says which
            nonlocal depth
            depth -= 1

        self.parser.StartElementHandler, self.parser.EndElementHandler = begin, finish
