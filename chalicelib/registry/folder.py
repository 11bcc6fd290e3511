"""Dossiers in a folder of the file system.

A dossier is laid under a name of its own (`.laying-…`), every byte counted and digested on the way and forced to disk,
and appears under its number by one rename: there is never half a dossier. What lies there is never replaced. A run that
was killed leaves a `.laying-…` folder; the next one sweeps it (the marks' lock says that nobody else works here).
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from hashlib import sha256, sha512
from pathlib import Path

from chalicelib.kernel.digest import of_stream
from chalicelib.kernel.errors import Corrupt
from chalicelib.registry.model import Dossier, DossierDiffers, Part

LAYING = ".laying-"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Folder:
    """Dossiers below `root`."""

    root: Path

    def sweep(self) -> None:
        """Take away what killed runs left unfinished."""
        for left in self.root.glob(LAYING + "*"):
            shutil.rmtree(left)

    def lay(self, dossier: Dossier) -> Path:
        """Lay `dossier` out; answers where it lies. The same dossier there already is success, and nothing is fetched.

        Corrupt if an object is not what the package says. DossierDiffers if another dossier lies there; this one is
        then laid beside it, under its number and the beginning of its digest.
        """
        target = self.root / dossier.name
        if not os.path.lexists(target):
            self._lay(dossier, target)
        if lies(dossier, target):
            return target
        beside = self.root / f"{dossier.name}.other-{dossier.digest[:12]}"
        if not os.path.lexists(beside):
            self._lay(dossier, beside)
        raise DossierDiffers(f"another dossier lies in {target}; this one was laid in {beside}: compare the two")

    def _lay(self, dossier: Dossier, target: Path) -> None:
        laying = Path(tempfile.mkdtemp(prefix=LAYING, dir=self.root))
        try:
            for part in dossier.parts:
                _write(part, laying / part.path)
            for folder in [laying, *(path for path in laying.rglob("*") if path.is_dir())]:
                _force(folder)
            laying.chmod(0o750)
            laying.rename(target)
        except BaseException:
            shutil.rmtree(laying, ignore_errors=True)
            raise
        _force(self.root)


def lies(dossier: Dossier, target: Path) -> bool:
    """Whether exactly this dossier lies in `target`: no file more, none less, none a link, every byte the same."""
    if target.is_symlink() or not target.is_dir():
        return False
    there = {path.relative_to(target).as_posix(): path for path in target.rglob("*")}
    if any(path.is_symlink() for path in there.values()):
        return False
    files = {name: path for name, path in there.items() if not path.is_dir()}
    if files.keys() != {part.path for part in dossier.parts}:
        return False
    return all(_is(files[part.path], part) for part in dossier.parts)


def _is(path: Path, part: Part) -> bool:
    if path.stat().st_size != part.size:
        return False
    with path.open("rb") as stream:
        digest, _ = of_stream(iter(lambda: stream.read(CHUNK), b""))
    return digest.hex == part.sha256


def _write(part: Part, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    running, longer, size = sha256(), sha512(), 0
    with path.open("xb") as out:
        for chunk in part.chunks():
            running.update(chunk)
            longer.update(chunk)
            size += len(chunk)
            if size > part.size:
                break  # longer than it may be: do not fill the disk with it
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    if (running.hexdigest(), longer.hexdigest(), size) != (part.sha256, part.sha512, part.size):
        raise Corrupt(f"{part.path}: what was fetched is not what the package says")


def _force(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened, and its entries are written through
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
