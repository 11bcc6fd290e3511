"""The whole way once in the local office: real triggers, the template and package that AWS would get."""

import json

import pytest

from infra.local import demo

pytestmark = pytest.mark.ministack


def test_two_applications_go_from_form_to_sealed_letters_to_dossiers(capfd: pytest.CaptureFixture[str]) -> None:
    # given the demo, which fails by itself when a seal, a digest or a dossier does not hold
    # when
    status = demo.main()
    # then
    said = capfd.readouterr().out
    assert status == 0, said
    letters = sorted(path.name[:4] for path in demo.OUT.glob("*.pdf"))
    assert letters == ["KH-D", "KH-P"]
    packages = [json.loads(path.read_text("utf-8")) for path in demo.OUT.glob("registry/*/package.json")]
    assert sorted(package["kind"] for package in packages) == ["industrial-design", "patent"]
    assert said.count("the chain of hashes verifies: True") == 2
    assert said.count("sealed and valid (B-") == 2
