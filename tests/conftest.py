"""Fixtures that every test may ask for. No socket opens except to this machine (see `pyproject.toml`)."""

from collections.abc import Iterator

import pytest

from tests.world import World, moto_world


@pytest.fixture
def world() -> Iterator[World]:
    """The world of `infra/template.yaml`, empty, on moto in this process."""
    with moto_world() as made:
        yield made
