"""The fake register keeps the register's contract."""

import pytest

from tests.fakes import InMemoryRegister
from tests.integration.register.contract import OutboxContract, RegisterContract, StreamsContract


class TestInMemoryRegister(RegisterContract, OutboxContract, StreamsContract):
    """The same tests as the real one."""

    @pytest.fixture
    def register(self) -> InMemoryRegister:
        return InMemoryRegister()
