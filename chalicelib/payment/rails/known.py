"""Which rails there are: every module here that has a `RAIL`. A rail `wing-mini` lives in `wing_mini.py`.

So a new way of being paid is one file and one entry in the office's configuration (docs/adr/0012-one-rail-one-file.md).
Modules are imported when configured, and no sooner.
"""

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol

from chalicelib.payment.model import BadConfiguration, Rail
from chalicelib.payment.rails.config import MIN_SECRET, KeyRing, RailConfig, read_configs

RENEW_BEFORE = timedelta(days=15)  # Bakong: a token lives 90 days, is renewed at day 75,
ALARM_BEFORE = timedelta(days=10)  # and is worth an alarm at day 80


class Maker(Protocol):
    """The class of a rail."""

    CONFIG: ClassVar[type[RailConfig]]

    def __call__(self, *, config: Any, keys: KeyRing, callback_url: str, door: str) -> Rail: ...


@dataclass(frozen=True, slots=True)
class Concern:
    """A rail whose key ends soon, with no other to follow it."""

    rail: str
    key: str
    ends: datetime
    grade: Literal["renew", "alarm"]


def maker(name: str) -> Maker:
    """The class of the rail `name`. BadConfiguration if there is none."""
    try:
        made: Maker = importlib.import_module(f"{__package__}.{name.replace('-', '_')}").RAIL
    except (ModuleNotFoundError, AttributeError) as error:
        raise BadConfiguration(f"no rail of this name: {name}") from error
    return made


def read(text: str) -> tuple[RailConfig, ...]:
    """The rails in the JSON of `TRA_PAYMENT_RAILS`, each in its own class. BadConfiguration says which field is wrong."""
    return read_configs(text, lambda name: maker(name).CONFIG)


def origins(configs: Iterable[RailConfig]) -> frozenset[str]:
    """The only places we ever call."""
    return frozenset(config.origin for config in configs if config.CALLS)


def make(configs: Iterable[RailConfig], secrets: Mapping[str, str], *, public_url: str) -> Mapping[str, Rail]:
    """The rails. BadConfiguration for a secret that is missing or too short."""
    return {config.rail: _rail(config, secrets, public_url) for config in configs}


def _rail(config: RailConfig, secrets: Mapping[str, str], public_url: str) -> Rail:
    door = secrets.get(config.door_key, "") if config.door_key else ""
    if config.door_key and (len(door) < MIN_SECRET or not door.isascii() or not door.replace("-", "").isalnum()):
        raise BadConfiguration(f"key {config.door_key}: secret missing, too short, or not fit for an address")
    callback = f"{public_url}/v1/payments/{config.rail}/notifications" + (f"/{door}" if door else "")
    keys = KeyRing.of(config.keys, secrets, shortest=config.MIN_SECRET, passwords=config.PASSWORDS)
    return maker(config.rail)(config=config, keys=keys, callback_url=callback, door=door)


def concerns(configs: Iterable[RailConfig], now: datetime) -> tuple[Concern, ...]:
    """Rails whose last signing key ends soon. For the daily run: renew, or alarm."""
    found = []
    for config in configs:
        signing = [key for key in config.keys if "sign" in key.uses]
        last = max(signing, key=lambda key: (key.not_after is None, key.not_after or key.not_before), default=None)
        if last is None or last.not_after is None or now < last.not_after - RENEW_BEFORE:
            continue
        grade: Literal["renew", "alarm"] = "renew" if now < last.not_after - ALARM_BEFORE else "alarm"
        found.append(Concern(config.rail, last.id, last.not_after, grade))
    return tuple(found)
