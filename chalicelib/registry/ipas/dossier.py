"""A dossier that the consumer laid: what its package and form say. Digests were compared when it was laid; `load` compares the
form's again, since a folder of the office's building is not the records."""

from dataclasses import dataclass
from pathlib import Path

from chalicelib.contracts.form import Form, parse_form, parsed
from chalicelib.contracts.paper import PaperForm
from chalicelib.kernel import strict
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.registry.layout import MAX_PACKAGE
from chalicelib.registry.model import Package, Paper

MAX_FORM = 2_000_000


@dataclass(frozen=True)
class Laid:
    """A dossier in the folder: of a filing, with its form, or of a later paper, with what the filer asks for."""

    folder: Path
    package: Package
    form: Form | None
    asked: PaperForm | None

    @property
    def paper(self) -> Paper | None:
        """The later paper that it is of."""
        return self.package.paper

    def has(self, document: str) -> bool:
        """Whether a file of this kind of document is in it."""
        return any(one.role == "file" and one.document == document for one in self.package.objects)


def load(folder: Path) -> Laid:
    """The dossier in `folder`. Corrupt if it is not as it was laid."""
    try:
        body = (folder / "package.json").read_bytes()
        package = Package.model_validate(strict.loads(body, max_bytes=MAX_PACKAGE))
        (form,) = [one for one in package.objects if one.role == "form"]
        written = (folder / "data" / "form.json").read_bytes()
    except (OSError, ValueError) as error:
        raise Corrupt(f"{folder.name}: the dossier is not as it was laid: {type(error).__name__}") from error
    if Digest.of(written).hex != form.sha256:
        raise Corrupt(f"{folder.name}: the form is not the one that was laid")
    value = strict.loads(written, max_bytes=MAX_FORM)
    if package.paper:
        return Laid(folder, package, None, parsed(PaperForm, value))
    return Laid(folder, package, parse_form(value), None)
