"""How a rail is set up, and its keys. Configuration only names the secrets; the parameter store holds them.

`RailConfig` holds what every rail has; a rail with more has a class of its own in its own file (`known.py` finds it).
Rules (payments.md section 8):
 - No default key; an empty or short secret, or a key named but not given, stops the start.
 - At most two keys verify at any time (rotation); signing uses the one that started last. An expired key is refused
   even where it matches.
 - Plain http only to loopback, and only in environment `local`; anywhere else only hosts of the bank's own domains, or
   the office's forwarder where the bank answers no foreign address. No relay of a third party (case 74).
 - A call-back address may end with an unguessable part, and senders may be held to known networks. Neither is ever
   enough: whatever a rail's deliveries prove, they prove without them (case 75).
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from chalicelib.payment.model import BadConfiguration, Rejected

MIN_SECRET = 16  # characters; banks give 32 and more
MIN_PASSWORD = 8
MAX_VERIFYING = 2

Use = Literal["sign", "verify"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeyConfig(_Strict):
    """One key without its secret. Valid from `not_before` (included) to `not_after` (excluded)."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    not_before: AwareDatetime
    not_after: AwareDatetime | None = None
    uses: frozenset[Use] = frozenset({"sign", "verify"})


class RailConfig(_Strict):
    """One rail of one office. `door_key` names the secret that ends the call-back address."""

    DOMAINS: ClassVar[tuple[str, ...]] = ()  # of the bank; empty: not checked
    SANDBOX: ClassVar[tuple[str, ...]] = ()  # hosts where no money moves, as far as they are known
    MIN_SECRET: ClassVar[int] = MIN_SECRET  # what this bank is known to give
    PASSWORDS: ClassVar[bool] = False  # whether each key comes with a password, `<id>.password`
    CALLS: ClassVar[bool] = True  # whether we ever call this bank

    rail: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,20}$")]
    enabled: bool = True
    environment: Literal["local", "sandbox", "production"]
    merchant_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,30}$")]
    payee_accounts: tuple[str, ...] = ()
    currencies: frozenset[Literal["KHR", "USD"]] = Field(min_length=1)
    base_url: str
    egress: Literal["direct", "kh-forwarder"] = "direct"
    forwarder_url: str = ""
    door_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,40}$")] = ""
    source_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    max_skew_seconds: Annotated[int, Field(ge=5, le=3600)] = 60
    lifetime_minutes: Annotated[int, Field(ge=3, le=43200)] = 1440
    max_body: Annotated[int, Field(ge=1024, le=65536)] = 16384
    query_window_days: Annotated[int, Field(ge=0, le=31)] = 7  # 0: this bank cannot be asked
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 8.0
    keys: tuple[KeyConfig, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        if not self.CALLS:
            return self
        host = _origin_host(self.base_url, "base_url", self.environment)
        if self.DOMAINS and self.environment != "local" and not _within(host, self.DOMAINS):
            raise ValueError("base_url is not the bank's own host")
        if self.SANDBOX and self.environment != "local" and (host in self.SANDBOX) != (self.environment == "sandbox"):
            raise ValueError("base_url is of the other environment")
        if (self.egress == "kh-forwarder") != bool(self.forwarder_url):
            raise ValueError("forwarder_url goes with egress kh-forwarder")
        if self.forwarder_url:
            _origin_host(self.forwarder_url, "forwarder_url", self.environment)
        return self

    @property
    def origin(self) -> str:
        """What we call, without a trailing slash, and what the host allow-list holds: the bank, or the office's
        forwarder, which passes path and body on to the bank and nothing else."""
        return (self.forwarder_url or self.base_url).rstrip("/")


@dataclass(frozen=True, slots=True)
class Key:
    """A key with its secret and, where the bank gives one along, its password; no repr shows them."""

    id: str
    secret: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime | None
    uses: frozenset[Use]
    password: str = field(default="", repr=False)

    def valid(self, now: datetime) -> bool:
        """Whether the key may be used at `now`."""
        return self.not_before <= now and (self.not_after is None or now < self.not_after)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one rail."""

    keys: tuple[Key, ...]

    @classmethod
    def of(
        cls,
        keys: tuple[KeyConfig, ...],
        secrets: Mapping[str, str],
        *,
        shortest: int = MIN_SECRET,
        passwords: bool = False,
    ) -> "KeyRing":
        """Join keys and secrets. BadConfiguration names the key at fault, never a secret."""
        if len({key.id for key in keys}) != len(keys):
            raise BadConfiguration("two keys with one id")
        made = []
        for key in keys:
            secret = _secret(secrets, key.id, shortest)
            password = _secret(secrets, f"{key.id}.password", MIN_PASSWORD) if passwords else ""
            made.append(Key(key.id, secret.encode("ascii"), key.not_before, key.not_after, key.uses, password))
        ring = cls(tuple(made))
        for key in keys:
            if sum(one.valid(key.not_before) and "verify" in one.uses for one in ring.keys) > MAX_VERIFYING:
                raise BadConfiguration(f"more than {MAX_VERIFYING} keys would verify once {key.id} starts")
        return ring

    def signing(self, now: datetime) -> Key:
        """The key to sign with: of those valid, the one that started last. BadConfiguration if there is none."""
        usable = [key for key in self.keys if "sign" in key.uses and key.valid(now)]
        if not usable:
            raise BadConfiguration("no key may sign now")
        return max(usable, key=lambda key: key.not_before)

    def matching(self, now: datetime, fits: Callable[[Key], bool]) -> Key:
        """The key whose signature fits: every verifying key is tried, none is skipped for being out of time, so that
        time tells nothing. Rejected if none fits, with an alarm if only one that is not valid now does."""
        found = [key for key in self.keys if fits(key) and "verify" in key.uses]
        if not found:
            raise Rejected("signature")
        valid = [key for key in found if key.valid(now)]
        if not valid:
            raise Rejected("key-out-of-time", alarm=True)
        return valid[0]


def read_configs(text: str, form: Callable[[str], type[RailConfig]] = lambda _: RailConfig) -> tuple[RailConfig, ...]:
    """The rails in the JSON of `TRA_PAYMENT_RAILS` (a list), each of the class that `form` has for its name.
    BadConfiguration says which field is wrong, never its value."""
    try:
        entries = TypeAdapter(tuple[_Named, ...]).validate_json(text)
    except ValidationError as error:
        raise _at_fault(error) from error
    configs: list[RailConfig] = []
    for row, entry in enumerate(entries):
        try:
            configs.append(form(entry.rail).model_validate_json(entry.model_dump_json()))
        except ValidationError as error:
            raise _at_fault(error, f"{row}.") from error
    if len({config.rail for config in configs}) != len(configs):
        raise BadConfiguration("payment rails: one rail is configured twice")
    return tuple(configs)


def expiry(config: RailConfig, now: datetime) -> datetime:
    """When an attempt issued at `now` ends."""
    return now + timedelta(minutes=config.lifetime_minutes)


class _Named(BaseModel):
    model_config = ConfigDict(extra="allow")
    rail: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,20}$")]


def _at_fault(error: ValidationError, row: str = "") -> BadConfiguration:
    found = error.errors(include_input=False, include_url=False)
    places = [row + ".".join(map(str, one["loc"])) or "rails" for one in found]
    reasons = [f" ({one['msg']})" if one["type"] == "value_error" else "" for one in found]  # our own words, no values
    return BadConfiguration("payment rails: " + ", ".join(map("".join, zip(places, reasons, strict=True))))


def _secret(secrets: Mapping[str, str], name: str, shortest: int) -> str:
    secret = secrets.get(name, "")
    if len(secret.strip()) < shortest or not secret.isascii():
        raise BadConfiguration(f"key {name}: secret missing or too short")
    return secret


def _within(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _origin_host(text: str, name: str, environment: str) -> str:
    address = urlsplit(text)
    if not address.hostname or address.query or address.fragment or address.username or address.path not in ("", "/"):
        raise ValueError(f"{name} is scheme and host only")
    local = address.scheme == "http" and environment == "local" and _is_loopback(address.hostname)
    if address.scheme != "https" and not local:
        raise ValueError(f"{name} must be https (http only to loopback in environment local)")
    return address.hostname


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
