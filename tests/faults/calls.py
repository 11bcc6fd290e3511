"""Every AWS call of the product, seen just before it is made and just after it was answered.

Botocore fires `before-call` and `after-call` around each operation of a client; its own retries happen inside. The hooks are
put on the cached clients of `chalicelib.aws.clients`, so that nothing in the product knows of them; the tests' own calls
go through other clients and are not seen.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults.ground import our_clients

Before = Callable[[str], None]
After = Callable[[str, bool], None]


def _name(model: Any) -> str:
    return f"{model.service_model.service_name}.{model.name}"


@contextmanager
def watching(*, before: Before | None = None, after: After | None = None) -> Iterator[None]:
    """While inside: `before("dynamodb.GetItem")`, and `after("dynamodb.GetItem", ok)` where `ok` says that AWS did it."""

    def on_before(model: Any, **_: Any) -> None:
        if before:
            before(_name(model))

    def on_after(model: Any, http_response: Any, **_: Any) -> None:
        if after:
            after(_name(model), http_response.status_code < 300)

    clients = our_clients()
    for client in clients:
        client.meta.events.register_first("before-call", on_before)  # before a shim that answers itself
        client.meta.events.register("after-call", on_after)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", on_before)
            client.meta.events.unregister("after-call", on_after)
