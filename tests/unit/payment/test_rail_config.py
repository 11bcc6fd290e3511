"""How a rail is set up, and its keys. Numbers are cases of payments.md section 12."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.payment.model import BadConfiguration
from chalicelib.payment.rails import known
from chalicelib.payment.rails.config import KeyConfig, KeyRing, RailConfig
from tests.unit.payment.orders import API_KEY, NOW, SECRETS, config

DAY = timedelta(days=1)


def key(name: str, start: int, end: int | None = None, **changes: Any) -> KeyConfig:
    """A key from day `start` to day `end`, counted from now."""
    return KeyConfig(
        id=name, not_before=NOW + start * DAY, not_after=None if end is None else NOW + end * DAY, **changes
    )


def ring(*keys: KeyConfig) -> KeyRing:
    return KeyRing.of(keys, {one.id: f"a secret for tests of key {one.id}" for one in keys})


def test_the_key_that_started_last_signs() -> None:
    keys = ring(key("a", -9, 1), key("b", -1), key("c", 1))
    assert keys.signing(NOW).id == "b"
    assert keys.signing(NOW + 2 * DAY).id == "c"


def test_a_key_is_valid_from_its_start_and_no_more_at_its_end() -> None:
    one = ring(key("a", 0, 1)).keys[0]
    assert [one.valid(NOW - timedelta(microseconds=1)), one.valid(NOW), one.valid(NOW + DAY)] == [False, True, False]


def test_without_a_key_that_may_sign_nothing_is_signed() -> None:
    with pytest.raises(BadConfiguration, match="no key may sign"):
        ring(key("a", -9, -1), key("b", -1, uses=frozenset({"verify"}))).signing(NOW)


@pytest.mark.parametrize("secret", [None, "", " " * 40, "15 characters..", "ខ្មែរ" * 10])
def test_case_07_an_empty_short_or_missing_secret_stops_the_start_and_is_not_shown(secret: str | None) -> None:
    with pytest.raises(BadConfiguration, match="key a: secret missing or too short") as refused:
        KeyRing.of((key("a", 0),), {} if secret is None else {"a": secret})
    assert not secret or secret.strip() == "" or secret not in str(refused.value)


def test_at_most_two_keys_verify_at_once() -> None:
    ring(key("a", -9, 1), key("b", -1), key("c", 1))
    with pytest.raises(BadConfiguration, match="more than 2"):
        ring(key("a", -9), key("b", -1), key("c", 1))


def test_two_keys_with_one_id_are_refused() -> None:
    with pytest.raises(BadConfiguration, match="one id"):
        ring(key("a", -9, -1), key("a", 0))


def test_case_78_no_repr_shows_a_secret() -> None:
    assert API_KEY not in repr(KeyRing.of(config().keys, SECRETS))


@pytest.mark.parametrize(
    "address",
    [
        "http://checkout.payway.com.kh", "https://user@checkout.payway.com.kh", "https://checkout.payway.com.kh/other",
        "https://checkout.payway.com.kh?x=1", "ftp://checkout.payway.com.kh", "checkout.payway.com.kh", "",
        "http://127.0.0.1:8080",
    ],
)  # fmt: skip
def test_only_an_https_origin_is_an_address_of_a_bank(address: str) -> None:
    with pytest.raises(ValidationError, match="base_url"):
        config(base_url=address)


def test_plain_http_is_for_loopback_on_the_local_stage() -> None:
    made = config(environment="local", base_url="http://127.0.0.1:8080/")
    assert made.origin == "http://127.0.0.1:8080"
    with pytest.raises(ValidationError, match="base_url"):
        config(environment="local", base_url="http://bank.example")


def test_rails_are_read_from_json_and_errors_name_the_field_only() -> None:
    text = json.dumps([json.loads(config().model_dump_json())])
    assert known.read(text) == (config(),)
    broken = json.loads(text)
    broken[0]["merchant_id"] = "wrong merchant!"
    with pytest.raises(BadConfiguration, match=r"0\.merchant_id$") as refused:
        known.read(json.dumps(broken))
    assert "wrong merchant" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "{}", "null", "[1]"])
def test_what_is_no_list_of_rails_is_refused(text: str) -> None:
    with pytest.raises(BadConfiguration):
        known.read(text)


def test_a_rail_configured_twice_is_refused() -> None:
    one = json.loads(config().model_dump_json())
    with pytest.raises(BadConfiguration, match="twice"):
        known.read(json.dumps([one, one]))


@pytest.mark.parametrize("changes", [{"lifetime_minutes": 2}, {"lifetime_minutes": 43201}, {"currencies": set()},
                                     {"keys": ()}, {"unknown": 1}, {"reference_prefix": "TR"}], ids=str)  # fmt: skip
def test_values_beyond_what_the_bank_takes_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**changes)


def test_a_configuration_holds_no_secret() -> None:
    assert not [name for name in RailConfig.model_fields if "secret" in name]
