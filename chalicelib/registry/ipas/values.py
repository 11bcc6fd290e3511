"""Plain Python values and IPAS's wrapped scalars, both ways.

`ipasInteger` is `{doubleValue: double}`: 10 travels as 10.0, and what comes back with a fraction is refused. `ipasDateTime` is
`{dateValue: dateTime}`: sent with the office's offset; a time that comes without one is read so. Which field is which comes
from the schema, so that nobody wraps by hand: `wrapped` walks a value beside the types of `interface`.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.registry.ipas.interface import Field, Interface
from chalicelib.registry.ipas.model import DoesNotFit, NoAnswer, Value

DOCUMENT = ("docLog", "docOrigin", "docSeries", "docNbr")
FILE = ("fileSeq", "fileType", "fileSeries", "fileNbr")


def wrapped(value: Value, field: Field, there: Interface, zone: str) -> Value:
    """As SOAP wants it. DoesNotFit for a field that the type does not have."""
    if value is None:
        return None
    if field.many:
        return [wrapped(one, Field(field.name, field.type), there, zone) for one in value]
    match field.type:
        case "integer":
            return {"doubleValue": float(value)}
        case "time":
            return {"dateValue": _moment(value, zone)}
        case kind if kind in there.types:
            fields = {one.name: one for one in there.types[kind]}
            if unknown := value.keys() - fields.keys():
                raise DoesNotFit(f"{kind} has no {', '.join(sorted(unknown))}")
            return {
                name: wrapped(one, fields[name], there, zone)
                for name, one in value.items()
                if one not in (None, [], {})
            }
        case _:
            return value


def plain(value: Any, zone: str) -> Value:
    """As it came, unwrapped: whole numbers as int, times in UTC, no empty items in lists. NoAnswer for what cannot be read."""
    if isinstance(value, Mapping):
        if value.keys() == {"doubleValue"}:
            return _whole(value["doubleValue"])
        if value.keys() == {"dateValue"}:
            return _utc(value["dateValue"], zone)
        return {name: plain(one, zone) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [read for one in value if not _empty(read := plain(one, zone))]
    if isinstance(value, datetime):
        return _utc(value, zone)
    return value


def _empty(value: Value) -> bool:
    """A nil item reaches us as None or as an object of which nothing is set."""
    return value is None or (isinstance(value, Mapping) and all(one in (None, [], {}) for one in value.values()))


def same_document(one: Value, other: Value) -> bool:
    """Whether two keys name one document."""
    return bool(one) and bool(other) and all(one.get(name) == other.get(name) for name in DOCUMENT)


def same_file(one: Value, other: Value) -> bool:
    """Whether two keys name one file."""
    return bool(one) and bool(other) and all(one.get(name) == other.get(name) for name in FILE)


def _moment(value: Any, zone: str) -> datetime:
    """A day stands at its beginning, on the office's clock."""
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone))
    day = value if isinstance(value, date) else date.fromisoformat(value)
    return datetime.combine(day, time.min, ZoneInfo(zone))


def _whole(value: Any) -> int | None:
    if value is None:
        return None
    number = float(value)
    if not number.is_integer():
        raise NoAnswer(f"a number with a fraction came: {number!r}")
    return int(number)


def _utc(value: datetime | None, zone: str) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=ZoneInfo(zone))
    return value.astimezone(UTC)
