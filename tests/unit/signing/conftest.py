"""One key and one authority for the whole run: making RSA keys is slow."""

from pathlib import Path

import pytest

from infra.local.trust import TestTrust
from tests.unit.signing.keys import LocalSigner

FONTS = Path(__file__).parents[3] / "vendor" / "fonts"


@pytest.fixture(scope="session")
def trust() -> TestTrust:
    return TestTrust()


@pytest.fixture(scope="session")
def signer() -> LocalSigner:
    return LocalSigner()


@pytest.fixture(scope="session")
def fonts() -> Path:
    from infra.fonts.fetch import complete

    assert complete(FONTS), "fonts are missing: run `python -m infra.fonts.fetch`"
    return FONTS
