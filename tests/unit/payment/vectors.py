"""The published vectors of the rails, where the test data is there (`../shared/data` from the project's root)."""

import json
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[4] / "shared" / "data" / "payment_vectors.json"


def vectors(kind: str, rail: str = "aba_payway") -> list[Any]:
    """Parameters for every vector of one kind; one that skips with a plain message where the file is absent."""
    if not FILE.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"no test data: {FILE.name} is not in ../shared/data"))]
    found = [
        pytest.param(vector, id=vector["id"])
        for vector in json.loads(FILE.read_text("utf-8"))["vectors"]
        if vector["rail"] == rail and vector["kind"] == kind
    ]
    assert found, f"no vector of kind {kind}"
    return found
