"""An SVG, in the cell: an allow-list of elements and attributes, nothing that moves, runs, or reaches outward.

As the Hague image profile has it: self-contained, no image, script, style sheet or animation, width and height in
centimetres. What is neither drawn nor run (`metadata`, and attributes of drawing programs) passes.
"""

import re
from pathlib import Path

from chalicelib.attachments.screening.model import Picture, Refusal, Task
from chalicelib.attachments.screening.xml import SEPARATOR, Reading

SPACE = "http://www.w3.org/2000/svg"
XLINK_HREF = f"http://www.w3.org/1999/xlink{SEPARATOR}href"
ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "title",
        "desc",
        "defs",
        "symbol",
        "use",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
        "mask",
        "pattern",
        "marker",
        "switch",
        "metadata",
    ]
)
_OUTWARD = re.compile(r"url\s*\(\s*['\"]?\s*(?!#|['\"]?#)|@import|expression\s*\(|javascript:|data:|\\", re.IGNORECASE)
_CM = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*cm\s*")
MAX_USES = 2_000  # `use` multiplies


def look(path: Path, task: Task) -> tuple[str, ...]:
    """Findings. Refusal if it cannot be taken."""
    reading = _Drawing()
    reading.parse(path)
    if reading.root != f"{SPACE}{SEPARATOR}svg":
        raise Refusal("svg.not-allowed")
    return tuple(_sized(reading, task.picture))


def _sized(reading: "_Drawing", profile: Picture | None) -> list[str]:
    sides = [_CM.fullmatch(text) for text in reading.size]
    if not sides[0] or not sides[1]:
        return ["svg.not-in-cm"]
    if profile and profile.svg_max_cm:
        wide, high = float(sides[0][1]), float(sides[1][1])
        if wide > profile.svg_max_cm[0] or high > profile.svg_max_cm[1]:
            return ["svg.too-large"]
    return []


class _Drawing(Reading):
    """A reading that allows only what draws."""

    def __init__(self) -> None:
        super().__init__()
        self.size = ("", "")
        self.aside = 0  # depth inside `metadata`, which nobody draws
        self.uses = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        first = not self.root
        super().start(name, attributes)
        space, _, local = name.rpartition(SEPARATOR)
        if self.aside:
            self.aside += 1
            if local.lower() in {"script", "style", "foreignobject"}:
                raise Refusal("svg.not-allowed")
            return
        if local == "namedview" and space != SPACE:  # a drawing program's own window settings
            self.aside = 1
            return
        if space != SPACE or local not in ELEMENTS:
            raise Refusal("svg.not-allowed")
        if first:
            self.size = attributes.get("width", ""), attributes.get("height", "")
        self.uses += local == "use"
        if self.uses > MAX_USES:
            raise Refusal("xml.too-complex")
        for key, value in attributes.items():
            self._attribute(key, value)
        if local == "metadata":
            self.aside = 1

    def end(self, name: str) -> None:
        super().end(name)
        self.aside = max(0, self.aside - 1)

    @staticmethod
    def _attribute(key: str, value: str) -> None:
        local = key.rpartition(SEPARATOR)[2].lower()
        if local.startswith("on") or local in {"base", "src"}:
            raise Refusal("svg.not-allowed")
        if local == "href" and not value.strip().startswith("#"):
            raise Refusal("svg.not-allowed")
        if SEPARATOR not in key and _OUTWARD.search(value):
            raise Refusal("svg.not-allowed")

    def _instruction(self, target: str, data: str) -> None:  # noqa: ARG002 - expat says both
        raise Refusal("svg.not-allowed")
