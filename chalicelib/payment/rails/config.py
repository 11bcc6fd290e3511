"""How a rail is set up, and its keys. Configuration only names the secrets; the parameter store holds them.

Rules (payments.md section 8):
 - No default key; an empty or short secret, or a key named but not given, stops the start.
 - At most two keys verify at any time (rotation); signing uses the one that started last. An expired key is refused
   even where it matches.
 - Plain http only to loopback, and only in environment `local`.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from chalicelib.payment.model import BadConfiguration

MIN_SECRET = 16  # characters; banks give 32 and more
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
    """One rail of one office."""

    rail: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,20}$")]
    enabled: bool = True
    environment: Literal["local", "sandbox", "production"]
    merchant_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,30}$")]
    payee_accounts: tuple[str, ...] = ()
    currencies: frozenset[Literal["KHR", "USD"]] = Field(min_length=1)
    base_url: str
    egress: Literal["direct", "kh-forwarder"] = "direct"
    lifetime_minutes: Annotated[int, Field(ge=3, le=43200)] = 1440
    max_body: Annotated[int, Field(ge=1024, le=65536)] = 16384
    query_window_days: Annotated[int, Field(ge=1, le=31)] = 7
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 8.0
    keys: tuple[KeyConfig, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _address(self) -> Self:
        address = urlsplit(self.base_url)
        if (
            not address.hostname
            or address.query
            or address.fragment
            or address.username
            or address.path not in ("", "/")
        ):
            raise ValueError("base_url is scheme and host only")
        if address.scheme == "https":
            return self
        if address.scheme == "http" and self.environment == "local" and _is_loopback(address.hostname):
            return self
        raise ValueError("base_url must be https (http only to loopback in environment local)")

    @property
    def origin(self) -> str:
        """`base_url` without a trailing slash: what the host allow-list holds."""
        return self.base_url.rstrip("/")


@dataclass(frozen=True, slots=True)
class Key:
    """A key with its secret, which no repr shows."""

    id: str
    secret: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime | None
    uses: frozenset[Use]

    def valid(self, now: datetime) -> bool:
        """Whether the key may be used at `now`."""
        return self.not_before <= now and (self.not_after is None or now < self.not_after)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one rail."""

    keys: tuple[Key, ...]

    @classmethod
    def of(cls, keys: tuple[KeyConfig, ...], secrets: Mapping[str, str]) -> "KeyRing":
        """Join keys and secrets. BadConfiguration names the key at fault, never a secret."""
        if len({key.id for key in keys}) != len(keys):
            raise BadConfiguration("two keys with one id")
        made = []
        for key in keys:
            secret = secrets.get(key.id, "")
            if len(secret.strip()) < MIN_SECRET or not secret.isascii():
                raise BadConfiguration(f"key {key.id}: secret missing or too short")
            made.append(Key(key.id, secret.encode("ascii"), key.not_before, key.not_after, key.uses))
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


def read_configs(text: str) -> tuple[RailConfig, ...]:
    """The rails in the JSON of `TRA_PAYMENT_RAILS` (a list). BadConfiguration says which field is wrong."""
    try:
        configs = TypeAdapter(tuple[RailConfig, ...]).validate_json(text)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, one["loc"])) or "rails" for one in error.errors(include_input=False))
        raise BadConfiguration(f"payment rails: {places}") from error
    if len({config.rail for config in configs}) != len(configs):
        raise BadConfiguration("payment rails: one rail is configured twice")
    return configs


def expiry(config: RailConfig, now: datetime) -> datetime:
    """When an attempt issued at `now` ends."""
    return now + timedelta(minutes=config.lifetime_minutes)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
