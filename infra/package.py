"""What AWS gets, in `build/package`: the code, the layers and the template. `make package`.

1. Wheels for the functions' platform, each checked by its hash, never built here.
2. `chalice package` in a copy of the project: it finds those wheels and the fonts in `vendor/`, and merges our template.
3. Each layer: what its requirements name beyond the base.
4. All compiled (Chalice's zips carry no .pyc, which doubles the import time) and zipped with fixed dates and order, so that
   the same tree gives the same bytes.
5. Each group of functions, code and layers unzipped, must fit Lambda's 250 MB.
Then: `aws cloudformation package --template-file build/package/sam.yaml ...` and `deploy`, as README.md beside this says.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from infra.local.clients import ENVIRONMENT
from infra.local.sam import ROOT, STAGE
from infra.local.template import resources

OUT = ROOT / "build" / "package"
LAMBDA_UNZIPPED = 250 * 1024 * 1024  # bytes, code and layers together (Lambda quotas)
LAYERS = ("handover", "screening", "sealing")
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
GLIBC = ("2014", "_2_17", "_2_24", "_2_26")  # Lambda's python3.11 runs on glibc 2.26
FIXED_DATE = (1980, 1, 1, 0, 0, 0)


class TooLarge(RuntimeError):
    """A group of functions does not fit Lambda."""


def package(out: Path = OUT) -> dict[str, int]:
    """Make everything. Gives the unzipped bytes of each group of functions. TooLarge if one does not fit."""
    shutil.rmtree(out, ignore_errors=True)
    project, architecture = out / "project", _architecture()
    project.mkdir(parents=True)
    for name in ("app.py", "infra"):
        (project / name).symlink_to(ROOT / name)
    kept_out = shutil.ignore_patterns("__pycache__", "deployments", "venv")
    shutil.copytree(ROOT / "chalicelib", project / "chalicelib", ignore=kept_out)
    shutil.copytree(ROOT / ".chalice", project / ".chalice", ignore=kept_out)
    shutil.copytree(ROOT / "vendor", project / "vendor")
    (project / "requirements.txt").touch()  # the wheels come through vendor/, checked by their hashes
    _install(ROOT / "requirements.txt", project / "vendor", architecture)
    _run("chalice", "package", "--stage", STAGE, "--merge-template", "infra/template.yaml", str(out), cwd=project)
    opened = out / "open"
    with zipfile.ZipFile(out / "deployment.zip") as archive:
        archive.extractall(opened / "deployment")
    base = _pins(ROOT / "requirements.txt")
    for layer in LAYERS:
        pins = _pins(ROOT / "infra" / "layers" / layer / "requirements.txt")
        wanted = opened / f"{layer}.txt"
        wanted.write_text("".join(text for name, text in pins.items() if name not in base), encoding="utf-8")
        _install(wanted, opened / layer / "python", architecture)
    shutil.move(opened / "deployment" / "fonts", opened / "sealing" / "fonts")  # /opt/fonts: only letters need them
    for part in ("deployment", *LAYERS):
        _compile(opened / part)
        _zip(opened / part, out / f"{part}.zip")
    shutil.rmtree(project)
    sizes = _group_sizes(out, opened)
    for group, size in sizes.items():
        if size > LAMBDA_UNZIPPED:
            raise TooLarge(f"{group}: {size} bytes unzipped, {LAMBDA_UNZIPPED} allowed")
    return sizes


def _architecture() -> str:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    return str(config["lambda_architecture"])


def _install(requirements: Path, target: Path, architecture: str) -> None:
    """Put the wheels that `requirements` pins, and no others, into `target`."""
    platforms = [f"--platform=manylinux{glibc}_{MACHINES[architecture]}" for glibc in GLIBC]
    _run(
        *("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps"),
        *("--require-hashes", "--only-binary=:all:", "--implementation=cp", "--python-version=3.11", *platforms),
        *("--upgrade", f"--target={target}", "--requirement", str(requirements)),
        cwd=ROOT,
    )
    shutil.rmtree(target / "bin", ignore_errors=True)


def _pins(requirements: Path) -> dict[str, str]:
    """Name → its lines (version and hashes) in a pinned requirements file."""
    pins: dict[str, str] = {}
    name = ""
    for line in requirements.read_text(encoding="utf-8").splitlines(keepends=True):
        if found := re.match(r"([A-Za-z0-9._-]+)==", line):
            name = found[1].lower().replace("_", "-")
        if name and not line.lstrip().startswith("#"):
            pins[name] = pins.get(name, "") + line
    return pins


def _compile(folder: Path) -> None:
    for stray in list(folder.rglob("__pycache__")):
        shutil.rmtree(stray)
    _run("python", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", ".", cwd=folder)


def _zip(folder: Path, file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(_files(folder)):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), FIXED_DATE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


def _group_sizes(out: Path, opened: Path) -> dict[str, int]:
    """A group is the functions that carry the same layers. TemplateError if a layer is for another machine."""
    sam: dict[str, Any] = yaml.safe_load((out / "sam.yaml").read_text(encoding="utf-8"))
    file_of = {name: Path(layer["ContentUri"]).stem for name, layer in resources(sam, "AWS::Serverless::LayerVersion")}
    parts = {part: sum(path.stat().st_size for path in _files(opened / part)) for part in ("deployment", *LAYERS)}
    groups: dict[str, list[str]] = {}
    for function, properties in resources(sam, "AWS::Serverless::Function"):
        layers = "+".join(file_of[layer["Ref"]] for layer in properties.get("Layers", []))
        groups.setdefault(layers or "base", []).append(function)
    return {
        f"{group} ({', '.join(sorted(functions))})": parts["deployment"]
        + sum(parts[layer] for layer in group.split("+") if layer != "base")
        for group, functions in sorted(groups.items())
    }


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _run(program: str, *arguments: str, cwd: Path) -> None:
    command = [str(Path(sys.executable).parent / program), *arguments]
    done = subprocess.run(  # noqa: S603 - our own environment's programs
        command, cwd=cwd, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{program} {arguments[0]} failed:\n{done.stdout}{done.stderr}")


def main() -> int:
    """Package, and print the sizes."""
    sizes = package()
    for part in ("deployment", *LAYERS):
        print(f"{part}.zip  {(OUT / f'{part}.zip').stat().st_size / 1e6:.1f} MB zipped")
    for group, size in sizes.items():
        print(f"{size / 1024**2:6.1f} of 250 MB unzipped  {group}")
    (OUT / "sizes.json").write_text(json.dumps(sizes, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
