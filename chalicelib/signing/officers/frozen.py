"""A letter's content kept as text and read again, the same value: what was approved is what is sealed, whatever changes.

Only what `LetterContent.to_json` writes is read; anything else is Corrupt.
"""

import dataclasses
import json
import types
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from chalicelib.kernel.clock import parse_stamp, stamp
from chalicelib.kernel.digest import Digest, canonical
from chalicelib.kernel.errors import Corrupt
from chalicelib.kernel.money import Money
from chalicelib.signing.model import LetterContent, Signatory


def text(content: LetterContent | Signatory) -> str:
    """As kept: canonical JSON."""
    plain = content.to_json() if isinstance(content, LetterContent) else _signatory(content)
    return canonical(plain).decode()


def content(kept: str) -> LetterContent:
    """The content that `text` wrote. Corrupt for anything else."""
    read: LetterContent = _read(LetterContent, kept)
    return read


def signatory(kept: str) -> Signatory:
    """The person that `text` wrote. Corrupt for anything else."""
    read: Signatory = _read(Signatory, kept)
    return read


def _signatory(person: Signatory) -> dict[str, Any]:
    return {"did": person.did, "name": dict(person.name), "title": dict(person.title), "at": stamp(person.at)}


def _read(kind: Any, kept: str) -> Any:
    try:
        return _value(kind, json.loads(kept))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Corrupt(f"a kept letter cannot be read: {type(error).__name__}") from error


def _value(hint: Any, value: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return None if value is None else _value(next(one for one in inner if one is not type(None)), value)
    if origin is tuple:
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_value(kind, one) for kind, one in zip(kinds, value, strict=True))
    if origin is not None and _is_mapping(origin):
        return {key: _value(inner[1], one) for key, one in value.items()}
    if origin is Literal and value not in inner:
        raise ValueError("a word that is not on the list")
    return _plain(hint, value)


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _plain(hint: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(hint) and hint not in {Digest, Money}:
        hints = get_type_hints(hint)
        return hint(**{name: _value(hints[name], one) for name, one in value.items()})  # type: ignore[operator]
    match hint:
        case kind if kind is Digest:
            return Digest(value)
        case kind if kind is Money:
            return Money(value["minor"], value["currency"])
        case kind if kind is datetime:
            return parse_stamp(value)
        case kind if kind is date:
            return date.fromisoformat(value)
    if isinstance(hint, type) and not isinstance(value, hint):
        raise TypeError("a value of another type")
    return value
