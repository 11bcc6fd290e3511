"""The published vectors pass or are refused as they say, where the test data is there."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.payment_vectors import main, run
from tests.unit.payment.vectors import FILE

NOT_OURS = {"gov_uk_pay", "stripe_style", "acleda_mini_app"}  # no rail of ours speaks these

there = pytest.mark.skipif(not FILE.exists(), reason=f"no test data: {FILE.name} is not in ../shared/data")


@there
def test_every_vector_does_what_it_says_or_is_of_no_rail_of_ours() -> None:
    vectors: list[Any] = json.loads(FILE.read_text("utf-8"))["vectors"]
    report = run(vectors)
    assert report.failed == {}
    other = {vector["rail"] for vector in vectors if vector["id"] in report.not_applicable}
    assert other <= NOT_OURS
    assert len(report.passed) + len(report.not_applicable) == len(vectors)


def vector(**changes: Any) -> dict[str, Any]:
    return {
        "id": "v", "rail": "aba_payway", "kind": "request_hash", "operation": "generic", "field_order": ["p1"],
        "values": ["abc"], "api_key": "1", "preimage": "abc",
        "expected": "JcTO3d5PoVoVRPIWjUg9bTRrSTpFhu9JXOLm+nLjrmDatGZuSz9eDv323DX05K1r/BYx60AQVZ+GOWbTS4XUvw==", **changes,
    }  # fmt: skip


def test_a_vector_that_does_not_do_what_it_says_fails_with_its_reason() -> None:
    report = run([vector(), vector(id="wrong", expected="x"), vector(id="broken", values=None), vector(id="o", rail="z")])
    assert (report.passed, report.not_applicable) == (("v",), ("o",))
    assert report.failed["wrong"].startswith("Failed: ")
    assert "broken" in report.failed


def test_the_command_names_them_and_ends_with_one_if_any_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "vectors.json"
    file.write_text(json.dumps({"vectors": [vector(), vector(id="wrong", expected="x"), vector(id="o", rail="z")]}))
    assert main([str(file)]) == 1
    told = capsys.readouterr().out
    assert "passed: 1\n  v\n" in told and "not applicable: 1\n  o\n" in told and "failed: 1\n  wrong: Failed" in told
    file.write_text(json.dumps({"vectors": [vector()]}))
    assert main([str(file)]) == 0
    assert main([]) == 2
