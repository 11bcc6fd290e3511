"""The banks of the local office, with the configuration entry that offers each: all on one port.

An entry here is what an office writes into `TRA_PAYMENT_RAILS`; a bank that nobody needs to call has an entry only.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from infra.local.banks import aba_refund
from infra.local.banks.aba import AbaBank
from infra.local.banks.acleda import AcledaApp, AcledaBank
from infra.local.banks.bakong import BakongBank
from infra.local.banks.counter import Counter
from infra.local.banks.ipay88 import IPay88Bank
from infra.local.banks.model import Bank
from infra.local.banks.wing import WingApp, WingBank

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ABA_KEY = "aba-local"
MERCHANT = "tralocal"
ACCOUNT = "ipoffice@nbcq"
LOGIN, TILL, APP, CODE = "remoteuser", "5004", "WG_APPID_0001", "KH00001"
RAILS = ("aba", "khqr", "acleda", "acleda-mobile", "wing-v1", "wing-v2", "wing-mini", "ipay88", "statement")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Town:
    """Banks that know each other's machine only. `public_url` is the office's: those of no form ring there."""

    clock: Callable[[], datetime] = _now
    randomness: Callable[[int], bytes] = secrets.token_bytes
    public_url: str = ""
    opened_at: datetime = field(init=False)
    secrets: Mapping[str, str] = field(init=False)  # what the parameter store holds
    aba: AbaBank = field(init=False)
    bakong: BakongBank = field(init=False)
    acleda: AcledaBank = field(init=False)
    acleda_app: AcledaApp = field(init=False)
    wing: WingBank = field(init=False)
    wing_app: WingApp = field(init=False)
    ipay88: IPay88Bank = field(init=False)
    counter: Counter = field(init=False)

    def __post_init__(self) -> None:
        around: dict[str, Any] = {"clock": self.clock, "randomness": self.randomness}
        self.opened_at = self.clock()
        keys = {_key(name): self.randomness(20).hex() for name in RAILS if name != "statement"}
        keys[_key("wing-v2")] = keys[_key("wing-v1")]  # one bank, one `rest_api_key`
        words = {f"{_key(name)}.password": self.randomness(16).hex() for name in ("acleda", "acleda-mobile", "wing-v2")}
        self.secrets = made = {**keys, **words}
        self.aba = AbaBank(merchant_id=MERCHANT, api_key=made[ABA_KEY], refund_key=_refund_key(), **around)
        self.bakong = BakongBank(token=made[_key("khqr")], **around)
        self.acleda = AcledaBank(
            merchant_path=MERCHANT,
            merchant_id=MERCHANT,
            login_id=LOGIN,
            password=made[f"{_key('acleda')}.password"],
            secret=made[_key("acleda")],
            **around,
        )
        self.acleda_app = AcledaApp(
            secret=made[_key("acleda-mobile")],
            key=made[f"{_key('acleda-mobile')}.password"],
            callback_url=self._callback("acleda-mobile"),
            **around,
        )
        self.wing = WingBank(
            username="online.ip",
            rest_api_key=made[_key("wing-v1")],
            bill_till=TILL,
            password=made[f"{_key('wing-v2')}.password"],
            **around,
        )
        callback = self._callback("wing-mini")
        self.wing_app = WingApp(app_id=APP, secret=made[_key("wing-mini")], callback_url=callback, **around)
        self.ipay88 = IPay88Bank(merchant_code=CODE, merchant_key=made[_key("ipay88")], **around)
        self.counter = Counter(**around)

    @property
    def banks(self) -> tuple[Bank, ...]:
        """All of them."""
        return (
            self.aba, self.bakong, self.acleda, self.acleda_app, self.wing, self.wing_app, self.ipay88, self.counter
        )  # fmt: skip

    def entries(self, address: str) -> list[dict[str, Any]]:
        """The rails' configuration, with the banks at `address`."""
        called, merchant = {"base_url": address}, {"merchant_id": MERCHANT}
        wing = {"merchant_id": "tra", **called, "username": "online.ip", "bill_till": TILL}
        named = {"merchant_name": "IP OFFICE", "merchant_city": "Phnom Penh"}
        own: Mapping[str, Mapping[str, Any]] = {
            "aba": {**merchant, **called, "refund_public_key": aba_refund.public(_refund_key())},
            "khqr": {**called, **named, "payee_accounts": [ACCOUNT]},
            "acleda": {
                **merchant, **called, "merchant_path": MERCHANT, "merchant_name": "IP Office", "login_id": LOGIN
            },
            "acleda-mobile": {**merchant, "partner_id": MERCHANT, "app_name": "IP Office"},
            "wing-v1": wing,
            "wing-v2": wing,
            "wing-mini": {"merchant_id": APP, **called, "status_path": "/app/status"},
            "ipay88": {
                "merchant_id": CODE, **called, "signs_payment_id": False, "requery_path": "/epayment/enquiry.asp"
            },
            "statement": {"payee_accounts": ["KHR 000000001", "USD 000000001"]},
        }  # fmt: skip
        return [self._entry(name, own[name]) for name in RAILS]

    def _entry(self, name: str, own: Mapping[str, Any]) -> dict[str, Any]:
        begins = self.opened_at.replace(microsecond=0) - timedelta(days=1)
        key = {"id": _key(name), "not_before": begins.isoformat()}
        if name == "khqr":
            key["not_after"] = (begins + timedelta(days=90)).isoformat()  # as long as a token of Bakong lives
        keys = {"keys": [key]} if name != "statement" else {}
        return {"rail": name, "environment": "local", "currencies": ["KHR", "USD"], **keys, **own}

    def _callback(self, rail: str) -> str:
        return f"{self.public_url}/v1/payments/{rail}/notifications"


@cache
def _refund_key() -> "RSAPrivateKey":
    """Of this process: it takes a moment to make."""
    return aba_refund.new_key()


def _key(rail: str) -> str:
    """The id of a rail's key."""
    return f"{rail}-local"
