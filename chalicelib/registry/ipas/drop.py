"""The EDMS's folder drop: files with their capture data and hashes, in a folder that appears whole under the file's number.

How images get into an EDMS is not known; this is the first adapter (`bring.Edms`). A folder holds the files as filed, the
letters, `edms.json` as it came in the package, `form.json` of a later paper (what it asks for), and `drop.json`: size and
SHA-256 of every file, file and document number.
"""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from chalicelib.kernel.errors import Corrupt
from chalicelib.registry.ipas.dossier import Laid
from chalicelib.registry.ipas.model import FileNumber, Value

DROPPING = ".dropping-"
PARTS = ("files", "letters")


@dataclass(frozen=True)
class FolderDrop:
    """See `bring.Edms`. `root` must be on one file system."""

    root: Path

    def sweep(self) -> None:
        """Take away what killed runs left unfinished."""
        for left in self.root.glob(DROPPING + "*"):
            shutil.rmtree(left)

    def drop(self, laid: Laid, file: FileNumber, document: Value) -> None:
        """See `bring.Edms`. Corrupt if something else lies there."""
        target = self.root / laid.folder.name
        made = Path(tempfile.mkdtemp(prefix=DROPPING, dir=self.root))
        try:
            said = self._fill(made, laid, file, document)
            if not target.exists():
                made.chmod(0o750)
                made.rename(target)
            elif (target / "drop.json").read_bytes() != said:
                raise Corrupt(f"{target}: something else was dropped here")
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def _fill(self, made: Path, laid: Laid, file: FileNumber, document: Value) -> bytes:
        data = laid.folder / "data"
        shutil.copyfile(data / "edms.json", made / "edms.json")
        if laid.paper:
            shutil.copyfile(data / "form.json", made / "form.json")
        listed = []
        for one in sorted(path for part in PARTS for path in (data / part).glob("*")):
            there = made / one.relative_to(data)
            there.parent.mkdir(exist_ok=True)
            shutil.copyfile(one, there)
            body = there.read_bytes()
            listed.append(
                {
                    "path": one.relative_to(data).as_posix(),
                    "size": len(body),
                    "sha256": hashlib.sha256(body).hexdigest(),
                }
            )
        said = {"schema": "urn:tra:edms-drop:1", "file": file.to_key(), "document": document, "files": listed}
        written = (json.dumps(said, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
        with (made / "drop.json").open("xb") as out:
            out.write(written)
            out.flush()
            os.fsync(out.fileno())
        return written
