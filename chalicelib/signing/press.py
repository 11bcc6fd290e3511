"""Where typst is called: templates and data in, PDF out; the same data always the same bytes.

- Data lie in a file beside the templates (`inputs.json`), never in `sys.inputs`: a change of those makes typst forget all
  that it laid out before, and laying out Khmer (finding its words) is most of a letter's cost. What is the same in every
  letter is laid out once; the templates keep what differs out of their page and document rules (`letters.typ`).
- One letter at a time, and nothing of it stays: the folder is this process's own and the data go when the letter is drawn.
"""

import json
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typst

TEMPLATES = Path(str(files("chalicelib.signing").joinpath("templates")))
INPUTS = "inputs.json"


@dataclass(frozen=True)
class Press:
    """Draws with the fonts in `fonts_dir` and no others."""

    fonts_dir: Path
    _compilers: dict[str, "typst.Compiler"] = field(default_factory=dict, init=False, repr=False, compare=False)
    _turn: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def draw(self, template: str, inputs: Mapping[str, Any], *, at: datetime, standards: Sequence[Any]) -> bytes:
        """The PDF that `template` makes of `inputs` (JSON); `at` is the time of the file."""
        epoch = int(at.timestamp())
        with self._turn:
            compiler = self._compilers.get(template) or self._compiler(template)
            data = self.folder / INPUTS
            try:
                data.write_text(json.dumps({**inputs, "epoch": epoch}, ensure_ascii=False), "utf-8")
                drawn: Any = compiler.compile(
                    format="pdf",
                    pdf_standards=list(standards),
                    pdf_tags="ua-1"
                    in standards,  # a panel becomes a picture inside a field, which is tagged as a whole
                    timestamp=epoch,
                )
            finally:
                data.unlink(missing_ok=True)
        return bytes(drawn) + b"\n"  # a PDF/A checker wants an end of line before the next revision

    @cached_property
    def folder(self) -> Path:
        """A folder that nobody else can read, with the templates; it goes with this object."""
        folder = tempfile.mkdtemp(prefix="tra-press-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        for path in TEMPLATES.iterdir():  # not as a tree: that would take over who may read the folder
            shutil.copy(path, folder)
        return Path(folder)

    @cached_property
    def _fonts(self) -> "typst.Fonts":
        import typst

        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(self.fonts_dir)])

    def _compiler(self, template: str) -> "typst.Compiler":
        import typst

        self._compilers[template] = typst.Compiler(
            str(self.folder / template), root=str(self.folder), font_paths=self._fonts, ignore_system_fonts=True
        )
        return self._compilers[template]
