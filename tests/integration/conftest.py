"""The whole office on moto, made once for a module and taken back to its first moment for each test."""

from collections.abc import Iterator

import pytest

from tests.faults.world import World
from tests.faults.world import world as made


@pytest.fixture(scope="module")
def opened() -> Iterator[World]:
    """An office that has just opened."""
    with made() as world:
        yield world


@pytest.fixture
def world(opened: World) -> Iterator[World]:
    """The same, with nothing in it and nothing remembered."""
    offices = opened.office
    opened.go_back(opened.first)
    yield opened
    opened.office = offices
