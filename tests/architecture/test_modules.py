"""House rules of the source tree that a machine can check (the style guide's, with their reasons there)."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted((ROOT / "chalicelib").rglob("*.py"))
EVERYTHING = [
    ROOT / "app.py",
    *PRODUCT,
    *sorted((ROOT / "infra").rglob("*.py")),
    *sorted((ROOT / "tests").rglob("*.py")),
]
TOP = 400
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base", "core"}


IN_THE_CELL = {f"chalicelib.attachments.screening.{name}" for name in ("image", "pdf", "pdf_objects", "pdf_pages")}


def where(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, late imports too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", EVERYTHING, ids=where)
def test_no_file_has_more_than_400_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= TOP, "a file over 400 lines has two subjects"


@pytest.mark.parametrize("path", [path for path in EVERYTHING if path.stat().st_size], ids=where)
def test_every_module_says_what_it_holds(path: Path) -> None:
    words = ast.get_docstring(tree(path))
    assert words and len(words) > 15


@pytest.mark.parametrize("path", [path for path in EVERYTHING if path.name == "__init__.py"], ids=where)
def test_a_package_file_holds_a_docstring_or_nothing(path: Path) -> None:
    body = tree(path).body
    rest = body[1:] if ast.get_docstring(tree(path)) else body
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign) if "tests" in path.parts else ()
    assert all(isinstance(node, allowed) for node in rest)


@pytest.mark.parametrize("path", EVERYTHING, ids=where)
def test_a_module_is_named_for_what_it_holds(path: Path) -> None:
    assert not EMPTY_NAMES & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}


@pytest.mark.parametrize("path", PRODUCT, ids=where)
def test_nothing_happens_at_import_but_definitions(path: Path) -> None:
    """Statements at the top of a module define; they do not loop, write or raise."""
    kinds = (
        ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.If, ast.Expr,
    )  # fmt: skip
    for node in tree(path).body:
        assert isinstance(node, kinds), f"line {node.lineno}"
        if isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant), f"line {node.lineno}"
        if isinstance(node, ast.If):
            condition = ast.unparse(node.test)
            assert condition in {"TYPE_CHECKING", "__name__ == '__main__'"}, f"line {node.lineno}"


PROBE = """
import importlib, json, os, sys

class Watched(dict):
    read = []
    def __getitem__(self, key):
        self.read.append(key); return super().__getitem__(key)
    def get(self, key, default=None):
        self.read.append(key); return super().get(key, default)
    def __contains__(self, key):
        self.read.append(key); return super().__contains__(key)

watched = Watched(os.environ)
heavy = {"boto3", "botocore", "pyhanko", "typst", "pikepdf", "cryptography", "segno"}
made = []
found = {}
for name in sys.argv[1:]:
    before, Watched.read[:] = set(sys.modules), []
    real, os.environ = os.environ, watched
    try:
        importlib.import_module(name)
    finally:
        os.environ = real
    new = {one.partition(".")[0] for one in set(sys.modules) - before}
    found[name] = {"read": [key for key in Watched.read if key.startswith(("TRA_", "AWS_"))], "heavy": sorted(new & heavy)}
print(json.dumps(found))
"""


def test_importing_the_product_makes_no_client_reads_no_environment_and_loads_nothing_heavy() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in PRODUCT
        if path.name not in {"__init__.py", "__main__.py"}
    ]
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-W", "error", "-c", PROBE, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name: said for name, said in found.items() if said["read"] or (said["heavy"] and name not in IN_THE_CELL)} == {}


def test_only_the_process_in_the_cell_loads_the_parsers_of_hostile_files() -> None:
    cell = {ROOT / Path(*name.split(".")).with_suffix(".py") for name in IN_THE_CELL}
    beginning = {"chalicelib/attachments/screening/child.py", "chalicelib/attachments/screening/maker.py"}
    for path in PRODUCT:
        if path not in cell and where(path) not in beginning:
            assert not IN_THE_CELL & set(imported(path)), where(path)


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=where)
def test_no_test_patches_the_product(path: Path) -> None:
    assert not {"unittest.mock", "mock"} & set(imported(path))
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "monkeypatch":
            assert node.attr in {"setenv", "delenv", "chdir", "syspath_prepend"}, f"line {node.lineno}: use a fake"


@pytest.mark.parametrize("path", PRODUCT, ids=where)
def test_boto3_is_named_in_its_adapters_only(path: Path) -> None:
    allowed = {"chalicelib/aws/clients.py"}
    assert where(path) in allowed or not {one for one in imported(path) if one.partition(".")[0] == "boto3"}


@pytest.mark.parametrize("path", PRODUCT, ids=where)
def test_only_the_clock_reads_the_time(path: Path) -> None:
    said = path.read_text("utf-8")
    if where(path) in {"chalicelib/kernel/clock.py", "chalicelib/log.py", "chalicelib/proof/__main__.py"}:
        return  # the last is a program of its own, installed without the rest
    assert not re.search(r"datetime\.(now|utcnow|today)\(|date\.today\(|[^.\w]time\.time\(", said)


@pytest.mark.parametrize("path", PRODUCT, ids=where)
def test_no_code_names_a_country(path: Path) -> None:
    """What is Cambodia's is data. Comments and docstrings may say whose case a rule came from; banks' adapters are theirs."""
    if {"rails", "statements"} & set(path.parts) or path.name in {"khqr.py", "money.py"}:
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not _is_docstring(node, path):
            assert not re.search(r"Cambodia|Phnom|Khmer|\bKH\b|KHR", node.value), (
                f"line {node.lineno}: {node.value[:60]}"
            )


def _is_docstring(node: ast.Constant, path: Path) -> bool:
    return any(
        isinstance(parent, ast.Module | ast.ClassDef | ast.FunctionDef)
        and ast.get_docstring(parent, clean=False) == node.value
        for parent in ast.walk(tree(path))
    )
