"""Reads the product's source for message codes and the params that go with them, without running it.

A code is found where it is raised (`because("…")`), built (`Finding(code=…)`), given as a reason (`Verdict(reason=…)`),
yielded by a rule, or simply written down as text of a family we know (`attachment.…`). Params are known only where they
are written beside the code; where a code is raised at several places, words may use what every place passes.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import chalicelib

SOURCE = Path(chalicelib.__file__).parent
CODE = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Use:
    """One place in the source where a code is used; `params` is None where they are not written there."""

    code: str
    where: str
    params: frozenset[str] | None = None


@cache
def source_trees() -> tuple[tuple[str, ast.Module], ...]:
    """Every module of the product, parsed."""
    paths = sorted(SOURCE.rglob("*.py"))
    return tuple((str(path.relative_to(SOURCE)), ast.parse(path.read_text("utf-8"))) for path in paths)


@cache
def uses() -> tuple[Use, ...]:
    """Every use of a code that is raised, built, given or yielded."""
    return tuple(use for where, tree in source_trees() for use in _uses_in(where, tree))


def written(families: set[str]) -> tuple[Use, ...]:
    """Every text in the source that looks like a code of one of these families."""
    return tuple(
        Use(node.value, f"{where}:{node.lineno}")
        for where, tree in source_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
        and node.value.split(".")[0] in families
    )


def _uses_in(where: str, tree: ast.AST) -> Iterator[Use]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            names = _assigned(function)
            for node in ast.walk(function):
                for code, params in _codes(node, names):
                    yield Use(code, f"{where}:{getattr(node, 'lineno', 0)}", params)


def _assigned(function: ast.FunctionDef) -> dict[str, list[str]]:
    """The texts that each local name may hold."""
    texts: dict[str, list[str]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    texts.setdefault(target.id, []).extend(_texts(node.value))
    return texts


def _texts(node: ast.expr) -> list[str]:
    return [
        inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    ]


def _codes(node: ast.AST, names: dict[str, list[str]]) -> Iterator[tuple[str, frozenset[str] | None]]:
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        if called == "because" and node.args:
            for code in _named(node.args[0], names):
                yield code, frozenset(given) - {"pointer"}
        elif called == "Finding" and "code" in given:
            for code in _named(given["code"], names):
                yield code, _keys(given["params"]) if "params" in given else frozenset()
        elif called == "Verdict" and "reason" in given:
            for code in _named(given["reason"], names):
                yield code, frozenset()
    elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 3:
        for code in _named(node.value.elts[0], names):
            yield code, _keys(node.value.elts[2])


def _named(node: ast.expr, names: dict[str, list[str]]) -> list[str]:
    texts = names.get(node.id, []) if isinstance(node, ast.Name) else _texts(node)
    return [text for text in texts if CODE.fullmatch(text)]


def _keys(node: ast.expr) -> frozenset[str] | None:
    if not isinstance(node, ast.Dict):
        return None
    return frozenset(
        key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
    )
