"""WIPO's official schemas, where an office has put them into a folder: `<document>_<version>.xsd`, with what they import.

All the time of compiling goes into MathML (3 s). None of our documents has a `math` element, so a stub of one element stands in
for it and compiling takes milliseconds; a document that has one is checked against the whole schema. Nothing but the folder is
read: no network, no DTD, no entity.
"""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.registry.st96.tree import NotSt96

if TYPE_CHECKING:
    from lxml import etree

MATHML = "http://www.w3.org/1998/Math/MathML3"
MATHML_FILE = "FlattenedMathML3.xsd"
STUB = (
    f'<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="{MATHML}" elementFormDefault="qualified">'
    '<xsd:element name="math"/></xsd:schema>'
).encode()


@dataclass(frozen=True)
class OfficialSchemas:
    """The schemas below `folder`, compiled when first needed."""

    folder: Path
    _compiled: dict[tuple[str, bool], "etree.XMLSchema"] = field(default_factory=dict)

    def __call__(self, body: bytes) -> None:
        """NotSt96 if the document is not valid; it names lines and elements, never text. FileNotFoundError if the folder has no
        schema of its name and version."""
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
        root = etree.parse(BytesIO(body), parser).getroot()
        version = next((str(value) for name, value in root.attrib.items() if str(name).endswith("}st96Version")), "")
        name = f"{etree.QName(root).localname}_{version}"
        schema = self._schema(name, whole=next(root.iter(f"{{{MATHML}}}*"), None) is not None)
        if not schema.validate(root):
            found = [f"line {fault.line}: {fault.type_name}" for fault in schema.error_log]
            raise NotSt96(f"{name}: " + "; ".join(found[:20]))

    def _schema(self, name: str, *, whole: bool) -> "etree.XMLSchema":
        if (name, whole) not in self._compiled:
            self._compiled[name, whole] = self._compile(name, whole)
        return self._compiled[name, whole]

    def _compile(self, name: str, whole: bool) -> "etree.XMLSchema":
        from lxml import etree

        folder = self.folder
        if not (file := folder / f"{name}.xsd").is_file():
            raise FileNotFoundError(file.name)

        class Folder(etree.Resolver):  # type: ignore[misc]  # lxml has no types
            """Answers from the folder only."""

            def resolve(self, url: str, _id: str | None, context: Any) -> Any:
                wanted = Path(url).name
                if wanted == MATHML_FILE and not whole:
                    return self.resolve_string(STUB, context)
                return self.resolve_string((folder / wanted).read_bytes(), context)

        parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
        parser.resolvers.add(Folder())
        return etree.XMLSchema(etree.parse(BytesIO(file.read_bytes()), parser, base_url=str(file)))
