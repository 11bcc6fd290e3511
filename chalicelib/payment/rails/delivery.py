"""Reading a delivery: the steps that are the same for every bank, before anything is believed.

Rules (payments.md sections 8, 9 and 12): size before parsing; the sender's network only from the gateway's own word;
one header of a name, in its one spelling; the media type looked at again, since the gateway's check is loose; one strict
JSON object, or one form without repeated or array fields; exactly the fields that the bank sends. Whatever is wrong is
`Rejected` with a code; senders get one answer for all of them.
"""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from chalicelib.kernel import strict
from chalicelib.kernel.errors import Refused
from chalicelib.payment.model import Delivery, Rejected
from chalicelib.payment.rails.config import RailConfig

MAX_FIELDS = 40
_JSON = re.compile(r'application/json(?: *; *charset="?utf-8"?)?', re.ASCII | re.IGNORECASE)
_FORM = re.compile(r'application/x-www-form-urlencoded(?: *; *charset="?utf-8"?)?', re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}", re.ASCII)
_ENCODED = re.compile(r"(?:[A-Za-z0-9*._+!'()~/:;,@$-]|%[0-9A-Fa-f]{2})*", re.ASCII)  # some banks leave more as it is


def admit(delivery: Delivery, config: RailConfig, door: str = "") -> None:
    """Let a delivery in to be looked at. Never a proof of anything (case 75)."""
    if len(delivery.body) > config.max_body:
        raise Rejected("too-large")
    if config.source_networks and not _from(delivery.source_ip, config):
        raise Rejected("source")
    if door and not hmac.compare_digest(_sha256(delivery.door), _sha256(door)):
        raise Rejected("door")


def only_header(delivery: Delivery, wanted: str) -> str:
    """The value of a header that must be there once. `X_Payway_…` beside `X-Payway-…` counts as repeated."""
    found = [(name, value) for name, value in delivery.headers if name.lower().replace("_", "-") == wanted]
    if len(found) != 1 or found[0][0].lower() != wanted:
        raise Rejected(f"header {wanted}")
    return found[0][1]


def json_object(
    delivery: Delivery, *, max_body: int, required: frozenset[str], optional: frozenset[str] = frozenset()
) -> Mapping[str, Any]:
    """The one flat JSON object in the body, with exactly these keys; numbers as their literal text."""
    if delivery.query:
        raise Rejected("query-string")
    if _JSON.fullmatch(only_header(delivery, "content-type")) is None:
        raise Rejected("content-type")
    try:
        body = strict.loads(delivery.body, max_bytes=max_body, max_depth=1, literal_numbers=True)
    except Refused as error:
        raise Rejected("json") from error
    if not isinstance(body, dict):
        raise Rejected("json")
    _check_keys(frozenset(body), required, optional)
    return body


def form_fields(
    delivery: Delivery, *, max_body: int, required: frozenset[str], optional: frozenset[str] = frozenset()
) -> Mapping[str, str]:
    """The fields of a posted form, each at most once, values in UTF-8."""
    if delivery.query:
        raise Rejected("query-string")
    if _FORM.fullmatch(only_header(delivery, "content-type")) is None:
        raise Rejected("content-type")
    if len(delivery.body) > max_body:
        raise Rejected("too-large")
    try:
        pairs = [pair.partition("=") for pair in delivery.body.decode("ascii").split("&")]
    except UnicodeDecodeError as error:
        raise Rejected("form") from error
    if len(pairs) > MAX_FIELDS or any(_ENCODED.fullmatch(part) is None for name, _, value in pairs
                                      for part in (name, value.rstrip("="))):  # fmt: skip
        raise Rejected("form")
    return _once([(_text(name), _text(value)) for name, _, value in pairs], required, optional)


def query_fields(
    delivery: Delivery, *, required: frozenset[str], optional: frozenset[str] = frozenset()
) -> Mapping[str, str]:
    """The fields of a browser's return in the query string, as the gateway decoded them. Never worth more than a bell."""
    if delivery.body or len(delivery.query) > MAX_FIELDS:
        raise Rejected("body")
    return _once(list(delivery.query), required, optional)


def text(body: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    """A JSON string (no number) of this form."""
    value = body.get(name)
    if type(value) is not str or form.fullmatch(value) is None:
        raise Rejected(f"value {name}")
    return value


def sha256(delivery: Delivery) -> str:
    """Digest of what came, hex: what is kept of it."""
    return hashlib.sha256(delivery.body or repr(delivery.query).encode()).hexdigest()


def _once(pairs: list[tuple[str, str]], required: frozenset[str], optional: frozenset[str]) -> Mapping[str, str]:
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields or _NAME.fullmatch(name) is None:
            raise Rejected("field repeated or of no known form")
        if "\x00" in value or "\ufffd" in value:
            raise Rejected("form")
        fields[name] = value
    _check_keys(frozenset(fields), required, optional)
    return fields


def _check_keys(there: frozenset[str], required: frozenset[str], optional: frozenset[str]) -> None:
    if not required <= there <= required | optional:
        raise Rejected("keys")


def _text(encoded: str) -> str:
    try:
        return unquote_to_bytes(encoded.replace("+", " ")).decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise Rejected("form") from error


def _from(address: str, config: RailConfig) -> bool:
    try:
        source = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(source in network for network in config.source_networks)


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
