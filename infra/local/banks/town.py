"""The banks of the local office, with the configuration entry that offers each: all on one port.

An entry here is what an office writes into `TRA_PAYMENT_RAILS`; a bank that nobody needs to call has an entry only.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.banks.aba import AbaBank
from infra.local.banks.bakong import BakongBank
from infra.local.banks.model import Bank

ABA_KEY, BAKONG_KEY = "aba-local", "khqr-local"
MERCHANT = "tralocal"
ACCOUNT = "ipoffice@nbcq"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Town:
    """Banks that know each other's machine only."""

    clock: Callable[[], datetime] = _now
    randomness: Callable[[int], bytes] = secrets.token_bytes
    aba: AbaBank = field(init=False)
    bakong: BakongBank = field(init=False)
    opened_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        around: dict[str, Any] = {"clock": self.clock, "randomness": self.randomness}
        self.aba = AbaBank(merchant_id=MERCHANT, api_key=self.randomness(20).hex(), **around)
        self.bakong = BakongBank(token=self.randomness(20).hex(), **around)
        self.opened_at = self.clock()

    @property
    def banks(self) -> tuple[Bank, ...]:
        """Those that answer."""
        return (self.aba, self.bakong)

    def entries(self, address: str) -> list[dict[str, Any]]:
        """The rails' configuration, with the banks at `address`."""
        begins = self.opened_at.replace(microsecond=0) - timedelta(days=1)
        ends = begins + timedelta(days=90)  # as long as a token of Bakong lives
        around = {"environment": "local", "currencies": ["KHR", "USD"]}
        return [
            {
                "rail": "aba",
                **around,
                "merchant_id": MERCHANT,
                "base_url": address,
                "keys": [{"id": ABA_KEY, "not_before": begins.isoformat()}],
            },
            {
                "rail": "khqr",
                **around,
                "base_url": address,
                "payee_accounts": [ACCOUNT],
                "merchant_name": "IP OFFICE",
                "merchant_city": "Phnom Penh",
                "keys": [{"id": BAKONG_KEY, "not_before": begins.isoformat(), "not_after": ends.isoformat()}],
            },
        ]

    @property
    def secrets(self) -> Mapping[str, str]:
        """What the parameter store holds for them."""
        return {ABA_KEY: self.aba.api_key, BAKONG_KEY: self.bakong.token}
