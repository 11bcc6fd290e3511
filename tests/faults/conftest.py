"""Prints and keeps the figures once the tests are through."""

from typing import Any

import pytest

from tests.faults import figures


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table, and the file."""
    if figures.anything():
        terminalreporter.section("faults")
        for line in figures.lines():
            terminalreporter.line(line)
        terminalreporter.line(f"written to {figures.write(config.rootpath)}")
