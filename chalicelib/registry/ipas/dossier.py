"""A dossier that the consumer laid: what its package and form say. Digests were compared when it was laid; `load` compares the
form's again, since a folder of the office's building is not the records."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.contracts.fact import Code, Day, Id, Number, Stamp
from chalicelib.contracts.form import Form, parse_form
from chalicelib.kernel import strict
from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Corrupt
from chalicelib.registry.layout import MAX_PACKAGE
from chalicelib.registry.model import Package

MAX_FORM = 2_000_000


class Later(BaseModel):
    """The later paper that a package is of."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: Id
    number: Number
    serial: Annotated[int, Field(ge=1)]
    kind: Code
    received_at: Stamp
    received_on: Day


@dataclass(frozen=True)
class Laid:
    """A dossier in the folder. `form` is a filing's; a later paper's form is of another shape and not read here."""

    folder: Path
    package: Package
    form: Form | None
    paper: Later | None

    def has(self, document: str) -> bool:
        """Whether a file of this kind of document is in it."""
        return any(one.role == "file" and one.document == document for one in self.package.objects)


def load(folder: Path) -> Laid:
    """The dossier in `folder`. Corrupt if it is not as it was laid."""
    try:
        body = (folder / "package.json").read_bytes()
        package = Package.model_validate(strict.loads(body, max_bytes=MAX_PACKAGE))
        said: dict[str, Any] = strict.loads(body, max_bytes=MAX_PACKAGE)
        (form,) = [one for one in package.objects if one.role == "form"]
        written = (folder / "data" / "form.json").read_bytes()
    except (OSError, ValueError) as error:
        raise Corrupt(f"{folder.name}: the dossier is not as it was laid: {type(error).__name__}") from error
    if Digest.of(written).hex != form.sha256:
        raise Corrupt(f"{folder.name}: the form is not the one that was laid")
    paper = Later.model_validate(said["paper"]) if said.get("paper") else None
    read = None if paper else parse_form(strict.loads(written, max_bytes=MAX_FORM))
    return Laid(folder, package, read, paper)
