"""The table on whichever backend this run uses: `TRA_BACKEND=moto` (in process, default) or `ministack` (at AWS_ENDPOINT_URL).

One backend per process, because clients are cached.
"""

import os
from collections.abc import Iterator

import pytest

from chalicelib.aws import clients
from chalicelib.register.dynamodb import DynamoRegister
from tests.faults.ground import create_register, moto

TABLE = "tra-contract-register"


@pytest.fixture
def register() -> Iterator[DynamoRegister]:
    """An empty register."""
    if os.environ.get("TRA_BACKEND", "moto") == "moto":
        with moto():
            create_register(TABLE)
            yield DynamoRegister(table=TABLE, client=clients.dynamodb())
        return
    client = clients.dynamodb()
    create_register(TABLE)
    yield DynamoRegister(table=TABLE, client=client)
    client.delete_table(TableName=TABLE)
