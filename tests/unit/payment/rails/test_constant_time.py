"""How signatures are compared. Numbers are cases of payments.md section 12. Nothing is timed: what is done is counted."""

import ast
from pathlib import Path
from typing import Any

import pytest

from chalicelib.payment import rails as package
from chalicelib.payment.model import Rejected
from chalicelib.payment.rails.config import Key, KeyRing
from tests.unit.payment.orders import NOW
from tests.unit.payment.rails.setting import DAY

FILES = sorted(Path(package.__path__[0]).glob("*.py"))


def ring(*validity: tuple[int, int | None]) -> KeyRing:
    return KeyRing(
        tuple(
            Key(f"k{n}", b"s" * 16, NOW + start * DAY, None if end is None else NOW + end * DAY, frozenset({"verify"}))
            for n, (start, end) in enumerate(validity)
        )
    )


@pytest.mark.parametrize("fitting", [{0}, {1}, {2}, {0, 1, 2}, set()])
def test_case_13_every_key_is_tried_whichever_fits(fitting: set[int]) -> None:
    tried: list[str] = []

    def fits(key: Key) -> bool:
        tried.append(key.id)
        return int(key.id[1]) in fitting

    keys = ring((-9, -1), (-5, None), (1, None))
    try:
        keys.matching(NOW, fits)
    except Rejected:
        assert 1 not in fitting
    assert tried == ["k0", "k1", "k2"]


def test_case_13_two_forms_of_an_amount_are_both_tried_and_several_signatures_all() -> None:
    for name in ("wing_mini.py", "forwarder.py"):
        text = next(file for file in FILES if file.name == name).read_text("utf-8")
        assert "sum(" in text and "any(" not in text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_case_13_a_digest_is_compared_in_constant_time_only(file: Path) -> None:
    """Whatever holds a signature is compared by `hmac.compare_digest`, never by `==`."""
    secret = {"signature", "digest", "given", "mac", "secret"}
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Compare) and any(isinstance(one, ast.Eq | ast.NotEq) for one in node.ops):
            sides: list[Any] = [node.left, *node.comparators]
            names = {side.id for side in sides if isinstance(side, ast.Name)}
            assert not names & secret, f"{file.name}:{node.lineno}"
