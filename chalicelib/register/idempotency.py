"""Repeats: the same key and body give the first result again; the same key with another body is refused (invariant I7).

The row is written in the transaction of the effect itself, holds a result of ids only (never a refusal, never an address
that expires), and is kept for ever. Keys are the caller's own: two callers may use the same one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.kernel.digest import Digest
from chalicelib.kernel.errors import Conflict
from chalicelib.register.model import Key, Put, Register


@dataclass(frozen=True)
class Repeat:
    """One request that may come again: who asks, under which key, and the digest of method, path and body."""

    account: str
    key: str
    request: Digest

    @property
    def item_key(self) -> Key:
        """Where the row lies."""
        return Key(f"IDEMPOTENCY#{self.account}#{self.key}", "IDEMPOTENCY")

    def earlier(self, register: Register) -> Mapping[str, Any] | None:
        """The result of the first time, if there was one. Conflict if the key was used for something else."""
        row = register.item(self.item_key)
        if row is None:
            return None
        if row.attributes["request"] != self.request.hex:
            raise Conflict.because("idempotency.other-request", "", key=self.key)
        result: Mapping[str, Any] = row.attributes["result"]
        return result

    def kept(self, **result: str | int) -> Put:
        """The row to write with the effect."""
        return Put(self.item_key, {"request": self.request.hex, "result": result})
